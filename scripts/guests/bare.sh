#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Small guests of our own (bare-NAME.S), which say on the serial port what came of it:
#   bare.sh sse    SSE stores to VGA memory, read back
#   bare.sh avx    AVX stores there, which KVM's emulator need not be able to do
#   bare.sh hole   jumps to where there is no memory
#   bare.sh two N  two vCPUs in laps through 64 pages each, snapshotted N times, and taken
#                  back to each tenth
# The outcome, on standard output, is to be the same with and without a budget.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# How it ended: what it says, or that KVM gave up.
outcome() {
	local said
	said=$(sed -n 's/^outcome: //p' "$console" | tr -d '\r')
	[ -z "$said" ] || { echo "outcome: $said"; return; }
	qmp '{"execute":"query-status"}' && [[ $reply == *'"internal-error"'* ]] &&
		echo "outcome: KVM cannot emulate it"
}
ended() { outcome >"$dir/outcome"; }

# It has to go on ten times: that takes far longer than to go back.
snapshots() {
	local n times=$1
	goes_on 120 '^laps'
	for ((n = 1; n <= times; n++)); do
		hmp "savevm one" || failed "snapshot $n: $reply"
		[ $((n % 10)) = 0 ] || continue
		hmp "loadvm one" || failed "back to snapshot $n: $reply"
		[ $((n % (times / 10))) != 0 ] || goes_on 120 '^laps'
	done
	goes_on 120 '^laps'
	echo "outcome: $times snapshots"
}

bare=(-M pc -m 4 -no-reboot -serial "file:$console" -kernel "$GUESTS/bare-$1")
case $1 in
two)
	qemu-img create -q -f qcow2 "$dir/disk" 16M || failed "no disk"
	[ -z "${GUEST_SHORT-}" ] || set -- two $(($2 / 5))
	start "${bare[@]}" -smp 2 -drive "if=none,id=disk,format=qcow2,cache=unsafe,file=$dir/disk"
	snapshots "$2" ;;
*)
	start "${bare[@]}" -cpu "${GUEST_CPU:-host}" -vga std
	within 120 ended || failed "nothing comes of it"
	cat "$dir/outcome" ;;
esac
