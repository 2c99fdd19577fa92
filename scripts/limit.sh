#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Linux at the limit: with how few resident pages does it boot to user space?
#   limit.sh [RUN...]     the runs that are missing, or those named, again
#   limit.sh --list       the runs, and how far they are
#   limit.sh --write      docs/LIMIT.md from what is there
# Each run boots the lab and one guest in it, and leaves its results below
# build/limit/results/, so that this can be cut short and taken up again. They are
# noted in docs/LIMIT.json, with their dates, and docs/LIMIT.md is made of that: a run
# that is not done again keeps its row.
# A run is named GUEST-ON_LOOP-PAGES, with "-reclaim" where the host gives up what is
# evicted as well.
# shellcheck disable=SC2317 # job calls what it is given
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/all.sh
. "$here/lib/all.sh"
# shellcheck source-path=SCRIPTDIR source=lib/debian-guest.sh
. "$here/lib/debian-guest.sh"

# L1's kernel, and the Debian guest's.
HOST=6.12 GUEST=6.1
DIR=$PROJECT/build/limit
RESULTS=$DIR/results
# Seconds that one guest may take, by L1's clock. Ten are 40 of this machine's CPU
# where the guest is emulated, and 130 where it faults all the time.
SMALL_SECONDS=60
# Or with two vCPUs, or with pages on zram.
LONG_SECONDS=300
BUSYBOX_SECONDS=600
DEBIAN_SECONDS=60
# With one page: an hour of this machine's CPU, and more.
DEBIAN_STRICT_SECONDS=3600
# What busybox sorts and searches, and takes a SHA-256 of; and more of QEMU's names for
# features of its CPU, such as +avx2.
BUSYBOX_LINES=${BUSYBOX_LINES:-100} BUSYBOX_BYTES=${BUSYBOX_BYTES:-1048576}
BUSYBOX_CPU=${BUSYBOX_CPU:-}
# Six pages do not get there in 40 seconds; fewer are shown to loop no less.
FEW=5 FEW_SECONDS=10
# Bursts to compare, between which numbers of instructions emulated.
BURSTS="1 8 32 130"
BURSTS_FROM=20000
BURSTS_TO=300000
RUNS="small-strict-1 smp-strict-1 small-strict-1-reclaim smp-strict-1-reclaim
	busybox-strict-1 debian-strict-1 small-emulate-1 bursts
	small-lend-16 small-lend-12 small-lend-8 small-lend-6 small-lend-5 small-lend-4
	small-lend-3 small-lend-2
	small-least
	debian-lend-64 debian-lend-48 debian-lend-32 debian-lend-24 debian-lend-16"

# prepare RUN...: what those runs need.
prepare() {
	local guests
	guests=$(printf '%s\n' "$@" | sed 's/^bursts/small/; s/-.*//' | sort -u)
	"$here/deps.sh" build lab debug
	kernel_fetch $HOST
	make -s -C "$PROJECT" cli
	"$here/build-module.sh" $HOST
	make -s -C "$PROJECT/selftests" all
	! grep -qx small <<<"$guests" || small_guest "$DIR/small"
	! grep -qx smp <<<"$guests" || small_guest "$DIR/smp" smp
	! grep -qx busybox <<<"$guests" ||
		{ busybox_guest "$DIR/busybox" "$BUSYBOX_LINES" "$BUSYBOX_BYTES" &&
			echo "$BUSYBOX_CPU" >"$DIR/busybox/cpu"; }
	! grep -qx debian <<<"$guests" || debian_guest $GUEST "$DIR/debian"
}

# in_lab NAME SECONDS COMMAND...: run it in L1; its output, and "wall CPU" seconds
# in the file cost, in $RESULTS/NAME.
# L1's clock counts instructions: a guest that is given the same number of them
# between its timer's ticks, however busy this machine is, does the same again.
# One CPU: with two in turn on one thread, a Linux guest's clocks go wrong.
in_lab() {
	local name=$1 seconds=$2 tmp=$DIR/now TIMEFORMAT='%0R %0U'
	shift 2
	rm -rf "$tmp"
	mkdir -p "$tmp" "$RESULTS"
	{ time "$here/lab" --kernel $HOST --cpus 1 --icount --timeout $((seconds * 30 + 300)) \
		--out "$tmp" -- "$@" 2>&3 | sed -u "s/^/$name: /" >&3; } 3>&2 2>"$DIR/cost" ||
		{ say "$name: FAILED, see $tmp"; return 1; }
	mv "$DIR/cost" "$tmp"
	rm -rf "${RESULTS:?}/$name"
	mv "$tmp" "$RESULTS/$name"
}

# run NAME SECONDS: one run; its result in $RESULTS/NAME.
run() {
	local name=$1 seconds=$2 guest on_loop pages backing
	IFS=- read -r guest on_loop pages backing <<<"$name"
	say "$name: $guest guest, $pages pages, on_loop $on_loop${backing:+, backing $backing} ..."
	in_lab "$name" "$seconds" scripts/limit/run.sh "$guest" "$pages" "$on_loop" "$seconds" \
		${backing:+"$backing"} || return
	(kernel_env $HOST; echo "$KVERSION $seconds" >"$RESULTS/$name/what")
	[ "$guest" != busybox ] ||
		sed "s/\$/${BUSYBOX_CPU:+ CPU=$BUSYBOX_CPU}/" "$DIR/busybox/append" >"$RESULTS/$name/work"
	record
}

# What bursts gain.
bursts() {
	say "bursts: of $BURSTS instructions ..."
	# shellcheck disable=SC2086 # a list
	in_lab bursts 300 scripts/limit/bursts.sh $BURSTS_FROM $BURSTS_TO $BURSTS || return
	(kernel_env $HOST; echo "$KVERSION 0" >"$RESULTS/bursts/what")
	record
}

record() { perl "$here/limit/record.pl" "$RESULTS" "$PROJECT/docs/LIMIT.json"; }

reached() { grep -qs '^reached' "$RESULTS/$1/result"; }

# A run of the small guest that ends at its first loop, unless there is one.
stop_run() {
	[ -f "$RESULTS/small-stop-$1/result" ] ||
		run "small-stop-$1" $SMALL_SECONDS
}

# The least budget with which no loop stops the small guest, by bisection: a
# loop that is confirmed never ends, so the guest is stopped at the first.
least() {
	local low=1 high=64 middle
	while [ $((high - low)) -gt 1 ]; do
		middle=$(((low + high) / 2))
		stop_run $middle || return
		if reached small-stop-$middle; then high=$middle; else low=$middle; fi
	done
	stop_run $low || return
	stop_run $high || return
	mkdir -p "$RESULTS/small-least"
	echo "$low $high" >"$RESULTS/small-least/result"
	record
}

one() {
	local name=$1
	case $name in
	small-least) least ;;
	bursts) bursts ;;
	small-lend-[2-$FEW]) run "$name" $FEW_SECONDS ;;
	small-*-reclaim) run "$name" $LONG_SECONDS ;;
	small-*-*) run "$name" $SMALL_SECONDS ;;
	smp-*-*) run "$name" $LONG_SECONDS ;;
	busybox-*-*) run "$name" $BUSYBOX_SECONDS ;;
	debian-strict-*) run "$name" $DEBIAN_STRICT_SECONDS ;;
	debian-*-*) run "$name" $DEBIAN_SECONDS ;;
	*) usage_error "no such run: $name (see --list)" ;;
	esac
}

write() {
	perl "$here/limit/table.pl" "$PROJECT/docs/LIMIT.json" >"$PROJECT/docs/LIMIT.md"
	say "wrote docs/LIMIT.md"
}

main() {
	local name rc=0
	case ${1-} in
	--list)
		for name in $RUNS; do
			printf '%-22s %s\n' "$name" "$(head -n 1 "$RESULTS/$name/result" 2>/dev/null || echo missing)"
		done
		return ;;
	--write) write; return ;;
	-*) usage_error "usage: limit.sh [--list|--write|RUN...]" ;;
	esac
	# shellcheck disable=SC2068 # a list
	prepare ${@:-$RUNS}
	if [ $# -gt 0 ]; then
		for name in "$@"; do one "$name" || rc=1; done
	else
		for name in $RUNS; do
			[ -f "$RESULTS/$name/result" ] || one "$name" || rc=1
		done
	fi
	write
	return $rc
}

run_whole main "$@"
