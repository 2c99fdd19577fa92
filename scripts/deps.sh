#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Install the Debian packages that the project needs and this machine lacks.
#   deps.sh [--missing] [GROUP]...   GROUP: build lab check debug full guests uefi bochs fresh deb host headers
# Without a GROUP: build, lab and check. --missing names them, and installs nothing.
# Ends at once where nothing is missing; says what to do where it cannot go on.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/all.sh
. "$here/lib/all.sh"

BUILD="gcc make libc6-dev pkg-config libtracecmd-dev libtracefs-dev libtraceevent-dev
	libzydis-dev
	libjson-c-dev libncurses-dev zlib1g-dev"
LAB="gcc make rsync qemu-system-x86 busybox-static cpio xz-utils zstd kmod binutils
	debootstrap debian-archive-keyring util-linux perl procps libelf1 gcc-12 dwarves"
CHECK="shellcheck tmux mandoc man-db sparse gnuplot-nox jq trace-cmd linux-perf libcmocka-dev perl apt-utils gpg gpg-agent ccache
	parallel"
# For the debug kernel alone.
DEBUG="bc bison flex libelf-dev libssl-dev dwarves"

# For scripts/check.sh --full, beside that.
FULL="bpftrace libvirt-daemon-system libvirt-clients slurmctld slurmd slurm-client munge prometheus"

# For scripts/check-guests.sh, beside what the lab takes.
GUESTS="qemu-utils ipxe-qemu seabios u-boot-qemu memtest86+ xen-hypervisor-4.17-amd64
	grub-common grub-pc-bin jq"

# For scripts/check-secureboot.sh, beside what the lab takes.
UEFI="ovmf shim-signed grub-efi-amd64-signed mokutil openssl kmod"

# For the second model of the CPU: see scripts/probe-bochs.sh.
BOCHS="bochs bochsbios vgabios grub-common grub-pc-bin xorriso mtools cpio"

# For scripts/host-check.sh, beside what builds.
REAL_HOST="rsync kmod xz-utils procps perl debian-archive-keyring jq parallel trace-cmd"

# For scripts/check-fresh.sh.
FRESH="debootstrap debian-archive-keyring util-linux zstd git"

# For scripts/deb.sh: debian/control names the libraries, which BUILD has.
DEB="build-essential debhelper dh-dkms fakeroot lintian git"

# What a first run leaves in the cache: three kernels, the trixie folder and
# the parts of sources; the debug kernel takes as much again.
NEED_MIB=12000

check_machine() {
	[ "$(uname -m)" = x86_64 ] ||
		die "this is a $(uname -m) machine: the project needs x86_64 (amd64)"
	if [ ! -r /etc/debian_version ] || ! command -v apt-get >/dev/null; then
		die "this is not Debian: use a Debian 12 machine, or install by hand: $*"
	fi
}

# Is there any kernel in the cache? Then this is no first run.
kernels_cached() { ls "$CACHE"/kernels/*/env >/dev/null 2>&1; }

check_space() {
	local free
	! kernels_cached || return 0
	free=$(free_mib "$CACHE")
	[ "$free" -ge $NEED_MIB ] ||
		die "only $free MiB free below $CACHE: $NEED_MIB are needed; make room, or set NPTBUDGET_CACHE to a folder on a larger disk"
}

# Before apt tries again and again. What is cached already needs no network. apt
# has its own way through proxies, so it is asked.
check_network() {
	local url reply
	! kernels_cached || return 0
	url=$(mirror main) || exit 1
	reply=$(mktemp)
	/usr/lib/apt/apt-helper -o Acquire::Retries=0 -o Acquire::http::Timeout=20 download-file \
		"$url/dists/bookworm/Release" "$reply" >/dev/null 2>&1 ||
		{ rm -f "$reply"; die "no network to Debian's mirror at $url: connect this machine (for a proxy: Acquire::http::Proxy in /etc/apt/apt.conf.d), then run this again"; }
	rm -f "$reply"
}

missing() {
	local name
	for name in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
	done
}

install() {
	local -a apt=(apt-get -q -y -o Acquire::Retries=4 -o DPkg::Lock::Timeout=300)
	local -a get=("${apt[@]}" install --no-install-recommends)
	local name
	[ "$(id -u)" = 0 ] ||
		die "packages are missing and installing them needs root: run as root: apt-get install $*"
	for name in "$@"; do
		# No candidate: the lists are missing or old.
		apt-cache policy "$name" 2>/dev/null | grep -q 'Candidate: [0-9]' || {
			say "updating Debian's package lists"
			"${apt[@]}" update >&2 || die "apt-get update failed: check the network and /etc/apt/sources.list*"
			break
		}
	done
	say "installing: $*"
	export DEBIAN_FRONTEND=noninteractive
	"${get[@]}" --download-only "$@" >&2 || {
		# The lists may name versions that have aged out.
		"${apt[@]}" update >&2 || die "no network to Debian's mirror: connect this machine, then run this again"
		"${get[@]}" --download-only "$@" >&2 || die "apt-get could not fetch: $*"
	}
	# An installation that is cut short leaves a machine that wants mending.
	trap '' INT TERM HUP
	"${get[@]}" "$@" >&2 || die "apt-get could not install: $*"
}

main() {
	local group list=0
	local -a want=() lack=()
	[ "${1-}" != --missing ] || { list=1; shift; }
	[ $# -gt 0 ] || set -- build lab check
	for group in "$@"; do
		case $group in
		build) read -r -d '' -a more <<<"$BUILD" || true ;;
		lab) read -r -d '' -a more <<<"$LAB" || true ;;
		check) read -r -d '' -a more <<<"$CHECK" || true ;;
		debug) read -r -d '' -a more <<<"$DEBUG" || true ;;
		full) read -r -d '' -a more <<<"$FULL" || true ;;
		guests) read -r -d '' -a more <<<"$GUESTS" || true ;;
		uefi) read -r -d '' -a more <<<"$UEFI" || true ;;
		bochs) read -r -d '' -a more <<<"$BOCHS" || true ;;
		deb) read -r -d '' -a more <<<"$BUILD $DEB" || true ;;
		fresh) read -r -d '' -a more <<<"$FRESH" || true ;;
		host) read -r -d '' -a more <<<"$REAL_HOST" || true ;;
		headers) more=("linux-headers-$(uname -r)") ;;
		*) usage_error "usage: deps.sh [--missing] [build|lab|check|debug|full|guests|uefi|bochs|fresh|deb|host|headers]...; not '$group'" ;;
		esac
		want+=("${more[@]}")
	done
	check_machine "${want[@]}"
	case " $* " in *" lab "*) check_space; check_network ;; esac
	mapfile -t lack < <(missing "${want[@]}" | sort -u)
	[ ${#lack[@]} != 0 ] || return 0
	if [ $list = 1 ]; then printf '%s\n' "${lack[@]}"; else install "${lack[@]}"; fi
}

main "$@"
