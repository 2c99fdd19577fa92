#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Inside L1: boot Debian and sort 1 MiB in it under each budget, with every loop
# that is reported checked by the events of its attempt. TAP.
#   run.sh BUDGET...
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../lib/l1.sh
. "$(dirname "$0")/../lib/l1.sh"
# The guest's memory, MiB.
MEM=128

said() { grep -aqE -- "$1" "$2"; }

echo "1..$((5 * $#))"
for budget; do
	log=$OUT/log-$budget console=$OUT/console-$budget
	build/selftests/alarms nptbudget run --pages "$budget" -- \
		qemu-system-x86_64 -accel kvm -m $MEM -nodefaults -display none -no-reboot \
		-serial "file:$console" -kernel build/alarms/vmlinux \
		-initrd build/alarms/guest.cpio \
		-append "console=ttyS0 quiet panic=-1 pci=noearly no_timer_check" \
		>"$log" 2>&1
	status=$?
	sed 's/^/# /' "$log" | cut -c1-200 | tail -n 40
	tr -d '\r' <"$console" | tail -n 3 | sed 's/^/# /'
	result "$budget pages: Debian booted" said '^user space: Linux' "$console"
	result "$budget pages: 1 MiB is sorted" \
		said '^sorted: 16384 lines, 1048576 bytes' "$console"
	result "$budget pages: the budget was used" said "peak resident $budget," "$log"
	result "$budget pages: no loop was made up or missed, no event lost" [ $status = 0 ]
	result "$budget pages: every fault was looked at" \
		said '^alarms: [1-9][0-9]* faults.*status 0$' "$log"
done
