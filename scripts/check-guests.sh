#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Firmware, boot loaders, memtest86+, Xen and Linux as guests of an emulated host, each
# with and without a budget: docs/GUESTS.md. TAP, and one line of counts at the end.
#   check-guests.sh [--kernel SERIES] [GUEST...]   all of scripts/guests/table, or those named
#   check-guests.sh --pages LIST [GUEST...]        with these budgets, fifo alone, in place of
#                                                  the table's; beside what is known
#   check-guests.sh --floor [--seconds N] [--first LIST] [GUEST...]
#                                                  the least hard budget of each, or what is
#                                                  known of it after N seconds for each; LIST
#                                                  is tried first, in place of the table's;
#                                                  with the small Linux for Debian's; it ends early by
#                                                  touch build/guests/out/GUEST-floor.*/stop
#   check-guests.sh --list                         the guests, and what is known of each
#   check-guests.sh --write                        the tables of docs/GUESTS.md and LIMIT.md anew
# With --pages and --floor the lab's clock counts instructions, on one CPU: few pages make a
# guest slow, and its timer, and what waits for it, are not to be faster on a busy machine.
# Each has a lab of its own; results stay in build/guests/results/. --list and --write note them
# in docs/GUESTS.json, where what was not done again stays.
# shellcheck disable=SC2317 # job calls what it is given
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/all.sh
. "$here/lib/all.sh"
# shellcheck source-path=SCRIPTDIR source=lib/debian-guest.sh
. "$here/lib/debian-guest.sh"
USAGE="usage: check-guests.sh [--kernel SERIES] [--floor [--seconds N] [--first LIST]|--pages LIST] [GUEST...] | --list | --write"

# The Linux guests' kernel.
GUEST=6.1
DIR=$PROJECT/build/guests
RESULTS=$DIR/results
KNOWN=$PROJECT/docs/GUESTS.json
# Seconds for one guest; for one floor, by L1's clock; and to start a lab and end it.
SECONDS_RUN=7200 SECONDS_FLOOR=600 SECONDS_LAB=300
# By a clock that counts instructions a second takes up to so many.
COUNTED=30
# For microvm's 2 GiB.
MEM=4G

names() { awk '!/^#/ { print $1 }' "$here/guests/table"; }

# cpio FOLDER FILE
archive() { (cd "$1" && find . -mindepth 1 | cpio -o -H newc --quiet) >"$2"; }

# The first process of Linux guests.
build_laps() {
	local root=$DIR/root
	rm -rf "$root"
	mkdir -p "$root/dev"
	gcc -static -O2 -Wall -Wextra -Werror -o "$root/init" "$here/guests/laps.c"
	strip "$root/init"
	archive "$root" "$DIR/laps.cpio"
}

# The same with the modules that a balloon takes in Debian's.
build_modules() {
	local root=$DIR/root module file MODULES
	build_laps
	mkdir "$root/modules"
	eval "$("$here/kernel.sh" path $GUEST)"
	for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_balloon; do
		file=$(find "$MODULES/" -name "$module.ko")
		cp "$file" "$root/modules/"
		echo "/modules/$module.ko" >>"$root/modules/order"
	done
	archive "$root" "$DIR/balloon.cpio"
}

# What iPXE loads: a script, and a GRUB that has what it is to add up in itself.
build_tftp() {
	local root=$DIR/memdisk n
	rm -rf "$root"
	mkdir -p "$root" "$DIR/tftp"
	for n in 1 2 3; do seq "$n" 16000 | head -c 90000 >"$root/file$n"; done
	(cd "$root" && sha256sum file* >sums)
	cp "$here/guests/grub.cfg" "$root"
	tar -C "$root" -cf "$DIR/memdisk.tar" file1 file2 file3 sums grub.cfg
	echo "normal (memdisk)/grub.cfg" >"$DIR/grub-first.cfg"
	grub-mkimage -O i386-pc-pxe -o "$DIR/tftp/grub.pxe" -c "$DIR/grub-first.cfg" \
		-m "$DIR/memdisk.tar" -p '(memdisk)' \
		pxe serial terminal echo hashsum gcry_sha256 halt test tar memdisk sleep normal
	cp "$here/guests/boot.ipxe" "$DIR/tftp"
}

build_bare() {
	local name
	for name in sse avx hole two; do
		gcc -m32 -c -o "$DIR/bare-$name.o" "$here/guests/bare-$name.S"
		ld -m elf_i386 -Ttext 0x100000 -e start -o "$DIR/bare-$name" "$DIR/bare-$name.o"
	done
}

# needs GUEST: the parts that it takes, a line each. A floor is searched for with the small Linux.
needs() {
	case $floor-$1 in
	*-ipxe | *-grub) echo tftp ;;
	*-reset | *-migrate | 1-microvm-*) printf '%s\n' laps small ;;
	1-balloon) printf '%s\n' laps small-balloon ;;
	1-xen) printf '%s\n' xen laps small-xen ;;
	0-microvm-* | 0-balloon) printf '%s\n' laps debian ;;
	0-xen) printf '%s\n' xen laps debian ;;
	*-sse | *-avx | *-hole | *-snapshots*) echo bare ;;
	esac
}

build_part() {
	case $1 in
	debian)
		kernel_fetch $GUEST
		debian_guest $GUEST "$DIR/debian"
		build_modules ;;
	small) "$here/deps.sh" debug; small_guest "$DIR/small" ;;
	small-*) "$here/deps.sh" debug; small_guest "$DIR/$1" "${1#small-}" ;;
	xen) zcat /boot/xen-4.*-amd64.gz >"$DIR/xen" ;;
	*) "build_$1" ;;
	esac
}

# prepare SERIES GUEST...: what these take. A small Linux takes minutes to build.
prepare() {
	local series=$1 name part
	shift
	"$here/deps.sh" build lab guests
	kernel_fetch "$series"
	make -s -C "$PROJECT" cli
	"$here/build-module.sh" "$series"
	for part in $(for name in "$@"; do needs "$name"; done | sort -u); do build_part "$part"; done
}

# in_lab SERIES CLOCK WHAT SECONDS ARGS...: run.sh's results in $RESULTS/WHAT, also those of a
# lab that was cut short. CLOCK: real, or counted.
in_lab() {
	local series=$1 clock=$2 what=$3 seconds=$4 out rc=0
	local -a counted=()
	shift 4
	[ "$clock" = real ] || counted=(--icount --cpus 1)
	mkdir -p "$DIR/out" "$RESULTS/$what"
	out=$(mktemp -d "$DIR/out/$what.XXXXXX")
	"$here/lab" --kernel "$series" --mem $MEM "${counted[@]}" --timeout "$seconds" --out "$out" -- \
		scripts/guests/run.sh "$@" || rc=$?
	# The later of two counts.
	[ ! -f "$out/runs" ] || cat "$out/runs" >>"$RESULTS/$what/runs"
	[ ! -f "$out/floor.json" ] || mv "$out/floor.json" "$RESULTS/$what/"
	[ $rc != 0 ] || rm -rf "$out"
	return $rc
}

note_results() { perl "$here/guests/record.pl" "$RESULTS" "$KNOWN"; }

# Each guest, and the sum of all.
check() {
	local series=$1 name log=$DIR/log clock=real
	shift
	[ -z "$pages" ] || clock=counted
	: >"$log"
	for name in "$@"; do
		{ in_lab "$series" $clock "$name" $SECONDS_RUN "$name" ${pages:+"$pages"} || echo "Bail out! $name"; } | tee -a "$log"
	done
	read -r passed failed skipped < <(awk -v status=0 -f "$here/lib/tally.awk" "$log")
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ]
}

floors() {
	local series=$1 name rc=0
	shift
	for name in "$@"; do
		in_lab "$series" counted "$name-floor" $((seconds * COUNTED + SECONDS_LAB)) \
			--floor "$seconds" "$name" ${first:+"$first"} ||
			{ say "$name: no floor"; rc=1; }
	done
	return $rc
}

main() {
	local name series=6.12 floor=0 pages='' first='' seconds=$SECONDS_FLOOR
	case ${1-} in
	--list) note_results; "$here/guests/tables.sh" --list "$KNOWN"; return ;;
	--write)
		note_results
		"$here/guests/tables.sh" "$KNOWN" "$PROJECT/docs/GUESTS.md"
		perl "$here/limit/table.pl" "$PROJECT/docs/LIMIT.json" >"$PROJECT/docs/LIMIT.md"
		return ;;
	esac
	while [ $# -gt 0 ]; do
		case $1 in
		--kernel) [ $# -ge 2 ] || usage_error "$USAGE"; series=$2; shift 2 ;;
		--floor) floor=1; shift ;;
		--seconds) [ $# -ge 2 ] || usage_error "$USAGE"; seconds=$2; shift 2 ;;
		--first) [ $# -ge 2 ] || usage_error "$USAGE"; first=$2; shift 2 ;;
		--pages) [ $# -ge 2 ] || usage_error "$USAGE"; pages=$2; shift 2 ;;
		-*) usage_error "$USAGE" ;;
		*) break ;;
		esac
	done
	need_series "$series"
	for name in "$pages" "$first"; do
		[[ $name =~ ^([1-9][0-9]*(,[1-9][0-9]*)*)?$ ]] || usage_error "a LIST is of numbers, as 256,64; not '$name'"
	done
	[[ $seconds =~ ^[1-9][0-9]*$ ]] || usage_error "--seconds takes a number, not '$seconds'"
	mkdir -p "$DIR"
	local -a guests=()
	mapfile -t guests < <(names)
	for name in "$@"; do
		[[ " ${guests[*]} " == *" $name "* ]] || usage_error "no such guest: $name (${guests[*]})"
	done
	[ $# = 0 ] || guests=("$@")
	prepared "$DIR/build.log" "the guests" prepare "$series" "${guests[@]}"
	if [ $floor = 1 ]; then floors "$series" "${guests[@]}"; else check "$series" "${guests[@]}"; fi
}

run_whole main "$@"
