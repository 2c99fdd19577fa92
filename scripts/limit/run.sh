#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# One run of a guest at the limit, inside L1:
#   run.sh small|smp|busybox|debian PAGES ON_LOOP SECONDS [reclaim]
# Leaves $OUT/console, $OUT/summary.json, $OUT/result ("how seconds", by L1's
# clock, from the guest's first fault on) and $OUT/oracle (see tools/oracle.c).
# With reclaim, what is evicted goes to swap on zram.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=guests.sh
. "$(dirname "$0")/guests.sh"
guest=$1 pages=$2 on_loop=$3 limit=$4 backing=${5-}
# How often pagemap is looked at, in ms of L1's clock.
PAUSE=10
# Not in $OUT: what is read there while it grows gets holes (9p).
console=$(mktemp)
trap 'cp "$console" "$OUT/console"' EXIT

command=() done_when='' memory=''
slow=$backing
[ "$guest-$on_loop" != debian-strict ] || slow=yes
guest_command "$guest" "$console" "$slow"
[ -z "$backing" ] || swap_on_zram 512M
nptbudget run --pages "$pages" --on-loop "$on_loop" ${backing:+--backing "$backing"} \
	--json --summary "$OUT/summary.json" -- "${command[@]}" >"$OUT/qemu.log" 2>&1 &
pid=$!

progress() {
	printf '%d s: %s faults, %s instructions emulated, %s pages at most: %s\n' \
		"$1" "$(counter faults)" "$(counter instructions)" "$(counter peak)" \
		"$(tail -n 1 "$console" | tr -cd '[:print:]' | cut -c 1-60)"
}

# Reached, stopped in a loop, out of time, or ended by itself.
how=ended
guest_begins $pid
begun=$(now) told=0 spent=0
name=$(basename /sys/kernel/debug/nptbudget/vms/*)
build/selftests/oracle "$name" "$memory" ${backing:+$PAUSE} >"$OUT/oracle" 2>&1 &
oracle=$!
while kill -0 $pid 2>/dev/null; do
	spent=$(($(now) - begun))
	if grep -q "$done_when" "$console"; then how=reached; break; fi
	if [[ $on_loop = s* ]] && [ "$(counter stopped)" != 0 ]; then how=stopped; break; fi
	if [ $spent -ge $((limit * 1000)) ]; then how=timeout; break; fi
	if [ $((spent / 10000)) -gt $told ]; then
		told=$((spent / 10000))
		progress $((spent / 1000))
	fi
	sleep 0.2
done
grep -q "$done_when" "$console" && how=reached
# The summary is written when QEMU has ended.
[ $how = reached ] && sleep 1
pkill -TERM -P $pid
wait $pid
wait $oracle
printf '%s %d.%d\n' $how $((spent / 1000)) $((spent % 1000 / 100)) >"$OUT/result"
cat "$OUT/oracle" "$OUT/result"
[ $how != ended ]
