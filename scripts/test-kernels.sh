#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Which kernels are fetched from an archive that moves, TAP on stdout: from small
# archives that are made here (test-kernels/archive.sh), in the states that
# Debian's has been seen in. No kernel is in them, and no network is needed.
#   test-kernels.sh [TEST...]   all, or some of the functions test_* below
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
. "$here/lib/common.sh"
# shellcheck source-path=SCRIPTDIR source=lib/series.sh
. "$here/lib/series.sh"
# shellcheck source-path=SCRIPTDIR source=lib/tap.sh
. "$here/lib/tap.sh"

# Where there is room: a cache that is too small is refused.
mkdir -p "$PROJECT/build"
tmp=$(mktemp -d "$PROJECT/build/test-kernels.XXXXXX")
# shellcheck source-path=SCRIPTDIR source=test-kernels/archive.sh
. "$here/test-kernels/archive.sh"
server=''
cleanup() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	key_remove
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 143' TERM HUP INT
unset "${!NPTBUDGET_@}" http_proxy https_proxy no_proxy
# What this machine's apt is told is of no account here.
export APT_CONFIG=$tmp/apt.conf
printf '%s\n' "Dir::Etc::main \"none\";" "Dir::Etc::parts \"none\";" >"$APT_CONFIG"

# A whole set of 6.1, and a newer one, less kbuild: as publish takes them.
OLD=(linux-image-6.1.0-56-amd64_ linux-headers-6.1.0-56-)
NEW=(linux-image-6.1.0-57-amd64_6.1.192-4 linux-headers-6.1.0-57-amd64_6.1.192-4
	linux-headers-6.1.0-57-common_6.1.192-4)

# use ARCHIVE: what follows asks that one, with a cache of its own.
use() {
	export NPTBUDGET_KEYRING=$tmp/keyring.gpg NPTBUDGET_CACHE=$tmp/cache-$1
	export NPTBUDGET_MIRROR=file://$tmp/$1/main NPTBUDGET_SECURITY_MIRROR=file://$tmp/$1/security
	mkdir -p "$NPTBUDGET_CACHE/trixie"
	touch "$NPTBUDGET_CACHE/trixie/.complete"
}

# The same archive has changed: nobody waits an hour here.
changed() { rm -f "$NPTBUDGET_CACHE"/apt/*/stamp; }

# run COMMAND...: what it said is in $tmp/said, its status in rc.
run() {
	rc=0
	"$@" >"$tmp/said" 2>&1 </dev/null || rc=$?
}

# tap_check shows what a check prints: the whole of what was said.
ended() { [ "$rc" = "$1" ] || { echo "status $rc"; cat "$tmp/said"; return 1; }; }
said() { grep -qF -- "$1" "$tmp/said" || { echo "not said: $1"; cat "$tmp/said"; return 1; }; }
not_said() { ! said "$1" >/dev/null || { echo "said: $1"; cat "$tmp/said"; return 1; }; }

# has NAME VERSION: that kernel is in the cache, and works.
has() {
	local env=$NPTBUDGET_CACHE/kernels/$1/env
	local KVERSION='' KDIR='' MODULES='' IMAGE='' ARCHIVE=''
	[ -f "$env" ] || { echo "no $env"; cat "$tmp/said"; return 1; }
	# shellcheck disable=SC1090
	. "$env"
	[ "$KVERSION" = "$2" ] || { echo "is $KVERSION, not $2"; return 1; }
	[ "$(cat "$IMAGE")" = kernel ] && [ -f "$KDIR/Makefile" ] &&
		[ -f "$MODULES/build/Makefile" ] && [ -f "$MODULES/source/Makefile" ] && [ -s "$ARCHIVE" ]
}

took() {
	run "$here/kernel.sh" fetch "$1"
	tap_check "$3: it ends well" ended 0
	tap_check "$3: $2 is there" has "$1" "$2"
}

test_kbuild_newer() {
	archive a
	publish a main/bookworm "${OLD[@]}" \
		linux-kbuild-6.1_6.1.192-3 kmod
	use a
	took 6.1 6.1.192-2 "kbuild newer than the image"
	tap_check "kbuild newer than the image: that kbuild" grep -qx 6.1.192-3 \
		"$NPTBUDGET_CACHE/kernels/6.1/usr/lib/linux-kbuild-6.1/version"
	tap_check "kbuild newer than the image: what is not the kernel's stays there" \
		[ ! -e "$NPTBUDGET_CACHE/kernels/6.1/bin/kmod" ]
}

test_kbuild_older() {
	archive a
	publish a main/bookworm "${OLD[@]}" "${NEW[@]}" \
		linux-kbuild-6.1_6.1.192-2 kmod
	use a
	took 6.1 6.1.192-2 "kbuild older than the headers"
	tap_check "kbuild older than the headers: says why not the newest" \
		said "6.1.192-4 (6.1.0-57-amd64) cannot be had whole: linux-headers-6.1.0-57-amd64 Depends: linux-kbuild-6.1 (>= 6.1.192-4)"
}

test_image_newer() {
	archive a
	publish a main/bookworm "${OLD[@]}" linux-image-6.1.0-57-amd64_6.1.192-4 \
		linux-kbuild-6.1_6.1.192-4 kmod
	use a
	took 6.1 6.1.192-2 "image newer than the headers"
	tap_check "image newer than the headers: says what is missing" \
		said "the archive lacks linux-headers-6.1.0-57-amd64 6.1.192-4"
	archive b
	publish b main/bookworm linux-image-6.1.0-57-amd64_6.1.192-{3,4} \
		linux-headers-6.1.0-57-amd64_6.1.192-3 linux-headers-6.1.0-57-common_6.1.192-{3,4} \
		linux-kbuild-6.1_6.1.192-4 kmod
	use b
	took 6.1 6.1.192-3 "image newer than the headers, in one ABI"
	# No dependency of 6.1's keeps these two apart.
	publish b main/bookworm linux-image-6.1.0-57-amd64_6.1.192-{3,4} \
		linux-headers-6.1.0-57-{amd64,common}_6.1.192-3 linux-kbuild-6.1_6.1.192-4 kmod
	use b
	changed
	rm -rf "$NPTBUDGET_CACHE/kernels"
	took 6.1 6.1.192-3 "image newer than all headers, in one ABI"
}

test_meta() {
	archive a
	publish a main/bookworm "${OLD[@]}" linux-headers-6.1.0-57 \
		linux-image-amd64 linux-headers-amd64 linux-kbuild-6.1_6.1.192-4 kmod
	use a
	took 6.1 6.1.192-2 "a meta package that names an ABI that is not there"
	tap_check "a meta package that names an ABI that is not there: says what is missing" \
		said "the archive lacks linux-image-6.1.0-57-amd64 6.1.192-4"
}

test_two_abis() {
	archive a
	publish a main/bookworm linux-image-6.1.0-{9,10}-amd64 linux-headers-6.1.0-{9,10}- \
		linux-kbuild-6.1_6.1.192-4 kmod
	use a
	took 6.1 6.1.100-1 "two ABIs: the newer, by number"
	tap_check "two ABIs: nothing is passed over" not_said "cannot be had"
}

# One that is listed and not there, by http, and from files.
test_404() {
	local how
	archive a
	publish a main/bookworm "${OLD[@]}" "${NEW[@]}" \
		linux-kbuild-6.1_6.1.192-4 kmod
	rm "$tmp"/a/main/pool/bookworm/linux-headers-6.1.0-57-common_6.1.192-4*
	for how in http file; do
		use a
		rm -rf "$NPTBUDGET_CACHE/kernels"
		[ $how != http ] || export NPTBUDGET_MIRROR=http://127.0.0.1:$port/a/main
		took 6.1 6.1.192-2 "listed and not there, by $how"
		tap_check "listed and not there, by $how: says so" \
			said "6.1.192-4 (6.1.0-57-amd64) cannot be had whole: Failed to fetch $how:"
		tap_check "listed and not there, by $how: looks again first" said "looking again"
	done
	rm "$tmp"/a/main/pool/bookworm/linux-headers-6.1.0-56-common_6.1.192-2*
	rm -rf "$NPTBUDGET_CACHE/kernels"
	run "$here/kernel.sh" fetch 6.1
	tap_check "none is whole: fails" ended 1
	tap_check "none is whole: names the series" said "no kernel 6.1 can be had whole"
	tap_check "none is whole: names the others" said "K one of: 6.12 7.3"
	tap_check "none is whole: says what to do" said "try again in some hours"
}

# Another series is where 7.3 was; what else there is is fetched all the same.
test_moved_on() {
	archive a
	publish a main/bookworm "${OLD[@]}" \
		linux-kbuild-6.1_6.1.192-4 linux-{image,headers,kbuild}-6.12. kmod
	publish a main/trixie-backports linux-{base,binary,modules,image,headers,kbuild}-7.4. \
		linux-base_4.17 kmod
	use a
	run "$here/kernel.sh" fetch 7.3
	tap_check "moved on: has a status of its own" ended 4
	tap_check "moved on: says to what" said "no kernel 7.3 any more: it has moved on to 7.4"
	tap_check "moved on: says what to do" said "docs/KERNELS.md, \"The next series\""
	run "$here/lab" --kernel 7.3 --no-module -- true
	tap_check "moved on: the lab fails, as it does" ended 1
	# The one that is missing first: the others are fetched all the same.
	NPTBUDGET_SERIES="7.3 6.1 6.12" run "$here/lab" --fetch-only
	tap_check "moved on: fetching all fails" ended 1
	tap_check "moved on: and names the one" said "not all went well, see above: 7.3"
	tap_check "moved on: 6.1 is there" has 6.1 6.1.192-2
	tap_check "moved on: 6.12 is there" has 6.12 6.12.117-1~deb12u1
	NPTBUDGET_SERIES="6.1 6.12" run "$here/lab" --fetch-only
	tap_check "moved on: the others alone, by choice" ended 0
}

# What backports have is preferred for what backports' kernels want.
test_backports() {
	archive a
	publish a main/trixie linux-image-6.12. linux-headers-6.12. linux-kbuild-6.12. linux-base_4.12 kmod
	publish a main/trixie-backports linux-{base,binary,modules,image,headers,kbuild}-7.{3,4}. linux-base_4.17
	use a
	took 7.3 7.3.4-1~bpo13+1 "backports with two series"
}

test_cached() {
	archive a
	publish a main/bookworm "${OLD[@]}" \
		linux-kbuild-6.1_6.1.192-4 kmod
	use a
	took 6.1 6.1.192-2 "in the cache"
	publish a main/bookworm kmod
	changed
	export NPTBUDGET_MIRROR=http://127.0.0.1:9/ NPTBUDGET_SECURITY_MIRROR=http://127.0.0.1:9/
	run unshare -n "$here/kernel.sh" path 6.1
	tap_check "in the cache, gone from the archive, no network: works" ended 0
	run env NPTBUDGET_KERNEL_6_1=6.1.192-2 unshare -n "$here/kernel.sh" path 6.1
	tap_check "in the cache, picked by hand, no network: works" ended 0
	use a
	run "$here/kernel.sh" refresh 6.1
	tap_check "in the cache, gone from the archive, looking for newer: fine" ended 0
	tap_check "in the cache, gone from the archive, looking for newer: stays" has 6.1 6.1.192-2
}

test_refresh() {
	archive a
	publish a main/bookworm "${OLD[@]}" \
		linux-kbuild-6.1_6.1.192-4 kmod
	use a
	took 6.1 6.1.192-2 "before a refresh"
	publish a main/bookworm "${OLD[@]}" "${NEW[@]}" \
		linux-kbuild-6.1_6.1.192-4 kmod
	took 6.1 6.1.192-2 "without a refresh"
	changed
	run "$here/lab" --kernel 6.1 --fetch-only --refresh
	tap_check "refresh: ends well" ended 0
	tap_check "refresh: the newer one is there" has 6.1 6.1.192-4
	publish a main/bookworm "${OLD[@]}" linux-image-6.1.0-57-amd64_6.1.192-4 \
		linux-kbuild-6.1_6.1.192-4 kmod
	changed
	run "$here/kernel.sh" refresh 6.1
	tap_check "refresh: none goes for an older one" has 6.1 6.1.192-4
	publish a main/bookworm "${OLD[@]}" linux-{image,headers}-6.1.0-58- \
		linux-kbuild-6.1_6.1.193-1 kmod
	rm "$tmp"/a/main/pool/bookworm/linux-image-6.1.0-5*
	changed
	run "$here/kernel.sh" refresh 6.1
	tap_check "refresh: one that cannot be downloaded is a failure" ended 1
	tap_check "refresh: and takes nothing away" has 6.1 6.1.192-4
}

test_pick() {
	archive a
	publish a main/bookworm "${OLD[@]}" "${NEW[@]}" \
		linux-kbuild-6.1_6.1.192-4 kmod
	use a
	took 6.1 6.1.192-4 "before a pick"
	NPTBUDGET_KERNEL_6_1=6.1.192-2 run "$here/kernel.sh" path 6.1
	tap_check "picked by version: ends well" ended 0
	tap_check "picked by version: it is that one" said "KVERSION='6.1.192-2'"
	tap_check "picked by version: the other is still there" has 6.1 6.1.192-4
	NPTBUDGET_KERNEL_6_1=6.1.0-56-amd64 run "$here/kernel.sh" path 6.1
	tap_check "picked by release: it is that one" said "KVERSION='6.1.192-2'"
	run "$here/kernel.sh" path 6.1
	tap_check "no longer picked: it is the other" said "KVERSION='6.1.192-4'"
	NPTBUDGET_KERNEL_6_1=6.1.1-1 run "$here/kernel.sh" fetch 6.1
	tap_check "picked and not there: wrong usage" ended 2
	tap_check "picked and not there: says what there is" \
		said "there are: 6.1.192-4 (6.1.0-57-amd64), 6.1.192-2 (6.1.0-56-amd64)"
	NPTBUDGET_KERNEL_5_10=5.10.1-1 run "$here/kernel.sh" fetch 6.1
	tap_check "picked of no series: wrong usage" ended 2
	NPTBUDGET_KERNEL_6_1=../etc run "$here/kernel.sh" fetch 6.1
	tap_check "picked and no version: wrong usage" ended 2
}

test_no_network() {
	archive a
	use a
	export NPTBUDGET_MIRROR=http://127.0.0.1:9/ NPTBUDGET_SECURITY_MIRROR=http://127.0.0.1:9/
	run unshare -n "$here/kernel.sh" fetch 6.1
	tap_check "no network: fails" ended 1
	tap_check "no network: says so" said "check the network"
}

# archive.invalid has no address: nobody gets there but through the proxy.
test_proxy() {
	local how
	archive a
	publish a main/bookworm "${OLD[@]}" \
		linux-kbuild-6.1_6.1.192-4 kmod
	publish a main/trixie-backports linux-{base,binary,modules,image,headers,kbuild}-7.3. linux-base_4.17 kmod
	use a
	export NPTBUDGET_MIRROR=http://archive.invalid/a/main
	export NPTBUDGET_SECURITY_MIRROR=http://archive.invalid/a/security
	{ cat "$APT_CONFIG"; echo "Acquire::http::Proxy \"http://127.0.0.1:$port/\";"; } >"$tmp/proxy.conf"
	for how in "APT_CONFIG=$tmp/proxy.conf" "http_proxy=http://127.0.0.1:$port/"; do
		rm -rf "$NPTBUDGET_CACHE/kernels"
		changed
		: >"$tmp/log"
		run env "$how" "$here/kernel.sh" fetch 6.1
		tap_check "a proxy by ${how%%=*}: it is fetched" has 6.1 6.1.192-2
		tap_check "a proxy by ${how%%=*}: through the proxy" grep -q '^http://archive.invalid/.*deb$' "$tmp/log"
	done
	# debootstrap has a downloader of its own.
	mkdir -p "$tmp/bin"
	printf '%s\n' '#!/bin/sh' "echo \"\$http_proxy\" >'$tmp/proxy'" >"$tmp/bin/debootstrap"
	chmod +x "$tmp/bin/debootstrap"
	for how in "APT_CONFIG=$tmp/proxy.conf" "http_proxy=http://127.0.0.1:$port/"; do
		rm -rf "$NPTBUDGET_CACHE/trixie" "$tmp/proxy"
		run env "$how" PATH="$tmp/bin:$PATH" "$here/kernel.sh" fetch 7.3
		tap_check "a proxy by ${how%%=*}: debootstrap is told" grep -qx "http://127.0.0.1:$port/" "$tmp/proxy"
	done
}

# An old state of an archive is good enough where it was asked for; not what
# somebody else signed, or changed.
test_signed() {
	local deb
	archive a
	publish a main/bookworm "${OLD[@]}" "${NEW[@]}" linux-kbuild-6.1_6.1.192-4 kmod
	release_sign "$tmp/a/main/dists/bookworm" bookworm "Valid-Until: Mon, 02 Nov 2026 10:00:00 UTC"
	use a
	deb=$(echo "$tmp"/a/main/pool/bookworm/linux-image-6.1.0-57-*)
	sed 's/amd64/amd46/' "$deb" >"$tmp/deb"
	rm "$deb"
	mv "$tmp/deb" "$deb"
	took 6.1 6.1.192-2 "an archive past its date"
	tap_check "a package that is not as it was signed: passed over, and why" \
		said "6.1.192-4 (6.1.0-57-amd64) cannot be had whole: Failed to fetch file:$deb  Hash Sum mismatch"
	rm -rf "$NPTBUDGET_CACHE/kernels"
	# Debian's key has signed none of this.
	export NPTBUDGET_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
	run "$here/kernel.sh" fetch 6.1
	tap_check "an archive that somebody else signed: refused" ended 1
	tap_check "an archive that somebody else signed: nothing is taken" \
		[ ! -e "$NPTBUDGET_CACHE/kernels/6.1" ]
}

test_source() {
	local dir
	archive a
	publish a main/bookworm "${OLD[@]}" "${NEW[@]}" \
		linux-kbuild-6.1_6.1.192-4 linux-source-6.1_6.1.192-{1,2,3,4} kmod
	use a
	dir=$NPTBUDGET_CACHE/sources
	run "$here/kernel.sh" source 6.1
	tap_check "source, no kernel: the newest" grep -qx 6.1.192-4 "$dir/6.1/Makefile"
	export NPTBUDGET_KERNEL_6_1=6.1.192-2
	run "$here/kernel.sh" fetch 6.1
	run "$here/kernel.sh" source 6.1
	tap_check "source: the kernel's own" grep -qx 6.1.192-2 "$dir/6.1_6.1.192-2/Makefile"
	rm -rf "$dir"
	rm "$tmp"/a/main/pool/bookworm/linux-source-6.1_6.1.192-2*
	run "$here/kernel.sh" source 6.1
	tap_check "source, listed and not there: the next" grep -qx 6.1.192-3 "$dir/6.1_6.1.192-2/Makefile"
	unset NPTBUDGET_KERNEL_6_1
	publish a main/bookworm "${OLD[@]}" linux-kbuild-6.1_6.1.192-4 linux-source-6.1_6.1.192-{1,2} kmod
	changed
	took 6.1 6.1.192-2 "source, a kernel"
	run "$here/kernel.sh" source 6.1
	publish a main/bookworm "${OLD[@]}" "${NEW[@]}" linux-kbuild-6.1_6.1.192-4 \
		linux-source-6.1_6.1.192-{1,2,3,4} kmod
	run "$here/kernel.sh" source 6.1
	tap_check "source: stays with its kernel" grep -qx 6.1.192-2 "$dir/6.1/Makefile"
	changed
	run "$here/kernel.sh" refresh 6.1
	run "$here/kernel.sh" source 6.1
	tap_check "source: anew for another kernel" grep -qx 6.1.192-4 "$dir/6.1/Makefile"
}

# The checker goes on with what there is, and says what there is not.
test_checker() {
	local tree=$tmp/tree name
	mkdir -p "$tree"/{userspace,selftests/{unit,native}}
	cp -r "$here" "$tree/"
	# shellcheck disable=SC2016 # for the shell that runs them
	for name in "$tree"/scripts/{lab,deps.sh,static.sh,check-command.sh,probe-check.sh,test-*.sh}; do
		printf '%s\n' '#!/bin/sh' 'echo "ok 1 - $0 $*"; echo 1..1' >"$name"
	done
	# shellcheck disable=SC2016 # likewise
	printf '%s\n' '#!/bin/sh' 'echo "a reason" >&2' 'case $2 in 7.3) exit 4 ;; 6.12) exit 1 ;; esac' \
		>"$tree/scripts/kernel.sh"
	printf '%s\n' 'all cli check:' "	@echo 'ok 1 - make'; echo 1..1" >"$tree/Makefile"
	cp "$tree/Makefile" "$tree/userspace/"
	cp "$tree/Makefile" "$tree/selftests/"
	cp "$tree/Makefile" "$tree/selftests/unit/"
	cp "$tree/Makefile" "$tree/selftests/native/"
	run "$tree/scripts/check.sh"
	tap_check "the checker, a kernel failing: fails" ended 1
	tap_check "the checker: one that is not in the archive is a skip" \
		said "NOT TESTED: kernel 7.3: Debian's archive has none: build/check/kernel-7.3.log (skipped)"
	tap_check "the checker: one that could not be fetched is a failure" \
		said "NOT TESTED: kernel 6.12: it could not be had: build/check/kernel-6.12.log (failed)"
	tap_check "the checker: a piece that needs it is a skip" said "NOT TESTED: probe: it needs kernel 6.12"
	tap_check "the checker: the other is tested" said "ok     selftests 6.1 "
	tap_check "the checker: and does all that takes one kernel" said "ok     replay, record, corpus, memory 6.1 "
	tap_check "the checker: the sum" grep -qE '^[0-9]+ passed, 1 failed, 2 skipped$' "$tmp/said"
	sed -i 's/ 6.12) exit 1 ;;//' "$tree/scripts/kernel.sh"
	run "$tree/scripts/check.sh"
	tap_check "the checker, none failing: ends well" ended 0
	tap_check "the checker, none failing: the sum" grep -qE '^[0-9]+ passed, 0 failed, 1 skipped$' "$tmp/said"
}

# Documents and tables that name the supported series name these.
test_table() {
	local series
	for series in $SERIES_STOCK; do
		tap_check "$series is in README.md" grep -qF "$series" "$PROJECT/README.md"
		tap_check "$series is in docs/LAB.md" grep -qE -- "--kernel [^ ]*\b$series\b" "$PROJECT/docs/LAB.md"
		tap_check "$series is in docs/KERNELS.md" grep -qE "^\| $series +\|" "$PROJECT/docs/KERNELS.md"
	done
	for series in $(grep -oE '^[0-9.,]+ ' "$here/prototypes.txt" | tr ',' '\n' | sort -u); do
		tap_check "$series of prototypes.txt is supported" is_stock "$series"
	done
}

packages() {
	local abi
	image_make
	deb kmod 30 '' bin/kmod
	deb linux-base 4.12 ''
	deb linux-base 4.17 ''
	for abi in 6.1.0-56/6.1.192-2 6.1.0-57/6.1.192-3 6.1.0-57/6.1.192-4 6.1.0-58/6.1.193-1 \
		6.1.0-9/6.1.99-1 6.1.0-10/6.1.100-1; do
		image "${abi%/*}" "${abi#*/}"
		headers "${abi%/*}" "${abi#*/}"
	done
	for abi in 6.1.192-{2,3,4} 6.1.193-1; do kbuild "$abi"; done
	deb linux-image-amd64 6.1.192-4 "linux-image-6.1.0-57-amd64 (= 6.1.192-4)"
	deb linux-headers-amd64 6.1.192-4 "linux-headers-6.1.0-57-amd64 (= 6.1.192-4)"
	set_612 6.12.117+deb12 6.12.117-1~deb12u1
	set_trixie 7.3.4+deb13 7.3.4-1~bpo13+1
	set_trixie 7.4.1+deb13 7.4.1-1~bpo13+1
	for abi in 6.1.192-{1,2,3,4}; do kernel_source 6.1 "$abi"; done
}

serve() {
	perl "$here/test-kernels/serve.pl" "$tmp" "$tmp/port" "$tmp/log" &
	server=$!
	while [ ! -f "$tmp/port" ]; do kill -0 $server; sleep 0.05; done
	port=$(cat "$tmp/port")
}

main() {
	local name
	[ $# -gt 0 ] || read -r -d '' -a tests < <(declare -F | sed -n 's/^declare -f \(test_.*\)/\1/p') || true
	for name in "$@"; do
		declare -F "$name" >/dev/null || usage_error "no such test: $name"
	done
	[ $# = 0 ] || tests=("$@")
	need_root "this makes networks without a network"
	key_make
	packages
	serve
	tap_begin
	for name in "${tests[@]}"; do "$name"; done
	tap_end
}

main "$@"
