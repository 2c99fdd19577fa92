#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Small guests of our own (bare-NAME.S), which say on the serial port what came of it:
#   bare.sh sse    SSE stores to VGA memory, read back
#   bare.sh avx    AVX stores there, which KVM's emulator need not be able to do
#   bare.sh hole   jumps to where there is no memory
#   bare.sh two    two vCPUs in laps through 64 pages each, snapshotted and taken back
# The outcome, on standard output, is to be the same with and without a budget.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# How many snapshots; every tenth is gone back to.
TIMES=${GUEST_SNAPSHOTS:-100}

# How it ended: what it says, or that KVM gave up.
outcome() {
	local said
	said=$(sed -n 's/^outcome: //p' "$console" | tr -d '\r')
	[ -z "$said" ] || { echo "outcome: $said"; return; }
	qmp '{"execute":"query-status"}' && [[ $reply == *'"internal-error"'* ]] &&
		echo "outcome: KVM cannot emulate it"
}
ended() { outcome >"$dir/outcome"; }

snapshots() {
	local n
	goes_on 120 '^laps'
	for ((n = 1; n <= TIMES; n++)); do
		hmp "savevm one" || failed "snapshot $n: $reply"
		[ $((n % 10)) != 0 ] || {
			hmp "loadvm one" || failed "back to snapshot $n: $reply"
			goes_on 120 '^laps'
		}
	done
	goes_on 120 '^laps'
	echo "outcome: $TIMES snapshots"
}

bare=(-M pc -m 16 -no-reboot -serial "file:$console" -kernel "$GUESTS/bare-$1")
case $1 in
two)
	qemu-img create -q -f qcow2 "$dir/disk" 16M || failed "no disk"
	start "${bare[@]}" -smp 2 -drive "if=none,id=disk,format=qcow2,file=$dir/disk"
	snapshots ;;
*)
	start "${bare[@]}" -cpu "${GUEST_CPU:-host}" -vga std
	within 120 ended || failed "nothing comes of it"
	cat "$dir/outcome" ;;
esac
