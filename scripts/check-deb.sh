#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The Debian packages of HEAD, in pristine machines: built in one; in another
# installed, used, upgraded and purged, with DKMS building the module for each kernel
# whose headers that release of Debian has and the project supports. TAP on stdout.
#   check-deb.sh [RELEASE...]    bookworm trixie
# Takes a quarter of an hour for each. Logs: build/check-deb/.
# shellcheck disable=SC2034,SC2016 # read by their names; for the shell in there
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/all.sh
. "$here/lib/all.sh"
# shellcheck source-path=SCRIPTDIR source=lib/fresh.sh
. "$here/lib/fresh.sh"
# shellcheck source-path=SCRIPTDIR source=lib/tap.sh
. "$here/lib/tap.sh"
LOGS=$PROJECT/build/check-deb

# The packages that bring a release's kernel headers, one after the other, as both of
# trixie have one name; and the suite beside it that has one more.
headers_bookworm="linux-headers-amd64 linux-headers-6.12-amd64"
suites_bookworm=""
headers_trixie="linux-headers-amd64 linux-headers-amd64/trixie-backports"
suites_trixie=trixie-backports

finish() {
	fresh_remove deb-build
	fresh_remove deb-use
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# machine NAME RELEASE: a pristine machine. Debian 12 is the one of check-fresh.
machine() {
	local suites="suites_$2"
	fresh_release "$1" "$2" "${!suites}"
	printf '%s\n' 'APT::Get::Assume-Yes "true";' 'APT::Install-Recommends "false";' \
		>"$FRESH/$1/etc/apt/apt.conf.d/90yes"
	in_machine "$1" apt-get -q update
}

in_machine() { fresh_run "$FRESH/$1" $FRESH_PROJECT env DEBIAN_FRONTEND=noninteractive "${@:2}"; }

# Version 0.1 as it is, and then 99.1, the same with another number everywhere.
build() {
	machine deb-build "$1"
	in_machine deb-build sh -ec '
		apt-get -q install lintian build-essential fakeroot
		apt-get -q build-dep ./
		scripts/deb.sh /root/old
		old=$(sed -n "s/.*NPTB_VERSION[^\"]*\"\(.*\)\"/\1/p" uapi/nptbudget.h)
		sed -i "/NPTB_VERSION/s/\"$old\"/\"99.1\"/" uapi/nptbudget.h
		sed -i "/PACKAGE_VERSION/s/\"$old\"/\"99.1\"/" dkms.conf
		sed -i "1s/($old)/(99.1)/" debian/changelog
		git -c user.name=x -c user.email=x@invalid commit -qam "Another version"
		scripts/deb.sh /root/new'
}

packages() { mkdir -p "$FRESH/deb-use/root"; cp -r "$FRESH"/deb-build/root/{old,new} "$FRESH/deb-use/root/"; }

# Before it is installed, all that could be taken for ours is gone.
prepare() {
	local headers="headers_$1" package
	machine deb-use "$1"
	rm -rf "$FRESH/deb-use$FRESH_PROJECT"
	mkdir -p "$FRESH/deb-use$FRESH_PROJECT"
	packages
	in_machine deb-use apt-get -q install man-db
	# Those of another kernel stay.
	for package in ${!headers}; do in_machine deb-use apt-get -q install "$package" || return 1; done
}

installed() { in_machine deb-use sh -ec "cd /root/$1; apt-get -q install ./nptbudget_*.deb ./nptbudget-dkms_*.deb"; }

# Each kernel that has headers here has the module, of this version and no other.
modules() {
	in_machine deb-use sh -ec '
		n=0
		for kernel in /lib/modules/*/build; do
			kver=${kernel#/lib/modules/} kver=${kver%/build}
			file=$(find "/lib/modules/$kver" -name "nptbudget.ko*")
			[ "$(printf "%s\n" "$file" | grep -c ko)" = 1 ] || { echo "$kver: ${file:-no module}"; exit 1; }
			modinfo -F version "$file" | grep -qx "$1" || { echo "$kver: of another version"; exit 1; }
			echo "# module $1 for $kver"
			n=$((n + 1))
		done
		[ $n -ge 2 ] || { echo "headers of $n kernels alone"; exit 1; }
		dkms status' sh "$1"
}

used() {
	in_machine deb-use sh -ec '
		nptbudget version | grep -F "$1"
		nptbudget help run | grep -q Usage
		man -w nptbudget nptbudget-run
		man -w 4 nptbudget
		test -s /usr/share/bash-completion/completions/nptbudget
		nptbudget doctor --json | grep -q able' sh "$1"
}

purged() {
	in_machine deb-use sh -ec '
		apt-get -q purge nptbudget nptbudget-dkms
		left=$(find / -xdev -name "*nptbudget*" ! -path "/root/*" ! -path "/proc/*")
		[ -z "$left" ] || { echo "left: $left"; exit 1; }'
}

# logged NAME COMMAND...: what it says goes to a log, its end to whoever asks.
logged() {
	local log=$LOGS/$1.log
	"${@:2}" >"$log" 2>&1 </dev/null || { tail -n 20 "$log"; return 1; }
}

check() {
	local release=$1 version
	version=$(project_version)
	tap_check "$release: the packages build, and lintian is silent" logged "$release-build" build "$release"
	tap_check "$release: a machine with kernel headers" logged "$release-prepare" prepare "$release"
	tap_check "$release: installed" logged "$release-install" installed old
	tap_check "$release: a module for each kernel" logged "$release-modules" modules "$version"
	tap_check "$release: used" logged "$release-used" used "$version"
	tap_check "$release: upgraded" logged "$release-upgrade" installed new
	tap_check "$release: the new module for each kernel" logged "$release-new" modules 99.1
	tap_check "$release: the new one used" logged "$release-new-used" used 99.1
	tap_check "$release: purged, and nothing left" logged "$release-purge" purged
	grep -h '^# module' "$LOGS/$release-modules.log" || true
}

main() {
	local release
	need_root "this makes root folders of other systems"
	[ $# -gt 0 ] || set -- bookworm trixie
	for release in "$@"; do
		case $release in bookworm|trixie) ;; *) usage_error "usage: check-deb.sh [bookworm|trixie]..." ;; esac
	done
	rm -rf "$LOGS"
	mkdir -p "$LOGS" "$FRESH"
	tap_begin
	for release in "$@"; do check "$release"; done
	tap_end
}

with_lock fresh main "$@"
