#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What bursts gain, inside L1: the small guest with one page, up to the same
# number of instructions, with bursts of different lengths.
#   bursts.sh FROM TO BURST...
# For each, a line, also in $OUT/result: BURST, and what was counted between FROM
# and TO instructions emulated: instructions of the guest, faults, and instructions
# of L1.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=guests.sh
. "$(dirname "$0")/guests.sh"
from=$1 to=$2
shift 2

# "instructions faults nanoseconds"
counts() { echo "$(counter instructions) $(counter faults) $(date +%s%N)"; }

# Wait for an instruction count; then as above. To look is some million of L1's instructions,
# which are counted as well: it sleeps for half of what the rest will take, by the rate so far.
count_at() {
	local to=$1 begin now i0 t0 i t rest=100
	begin=$(counts)
	read -r i0 _ t0 <<<"$begin"
	while now=$(counts) && read -r i _ t <<<"$now" && [ "${i:-0}" -lt "$to" ]; do
		[ "$i" -le "$i0" ] || rest=$(((t - t0) * (to - i) / (i - i0) / 2000000))
		sleep "$(printf '%d.%03d' $((rest / 1000)) $((rest % 1000 + 20)))"
	done
	echo "$now"
}

one() {
	local burst=$1 console pid i0 f0 t0 i1 f1 t1 command=()
	console=$(mktemp)
	guest_command small "$console"
	nptbudget run --quiet --pages 1 --on-loop emulate --burst "$burst" -- "${command[@]}" >/dev/null 2>&1 &
	pid=$!
	guest_begins $pid
	read -r i0 f0 t0 < <(count_at "$from")
	read -r i1 f1 t1 < <(count_at "$to")
	pkill -TERM -P $pid
	wait $pid || true
	echo "$burst $((i1 - i0)) $((f1 - f0)) $((t1 - t0))"
}

for burst in "$@"; do one "$burst"; done | tee "$OUT/result"
