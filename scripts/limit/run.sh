#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# One run of a guest at the limit, inside L1:
#   run.sh small|debian PAGES ON_LOOP SECONDS
# Leaves $OUT/console, $OUT/summary.json and $OUT/result ("how seconds").
set -uo pipefail
guest=$1 pages=$2 on_loop=$3 limit=$4
dir=build/limit
# Not in $OUT: what is read there while it grows gets holes (9p).
console=$(mktemp)
trap 'cp "$console" "$OUT/console"' EXIT

case $guest in
small)
	# Where delays are calibrated a guest counts 28 million instructions more.
	set -- -M microvm,rtc=on -m 32 -kernel $dir/small/vmlinux -initrd $dir/small/init.cpio \
		-append "console=ttyS0 reboot=t panic=-1 lpj=4000000 tsc_early_khz=1000000 no_timer_check random.trust_cpu=1"
	done_when='^sum right'
	;;
debian)
	set -- -m 256 -kernel $dir/debian/vmlinux -initrd $dir/debian/guest.cpio \
		-append "console=ttyS0 quiet panic=-1 pci=noearly no_timer_check"
	done_when='^user space: Linux'
	;;
esac

start=$SECONDS
timeout --foreground -k 10 "$limit" nptbudget run --pages "$pages" --on-loop "$on_loop" \
	--json --summary "$OUT/summary.json" -- \
	qemu-system-x86_64 -accel kvm -nodefaults -display none -no-reboot \
	-serial "file:$console" "$@" >"$OUT/qemu.log" 2>&1 &
pid=$!

# Reached, stopped in a loop, or ended.
how=unknown
while kill -0 $pid 2>/dev/null; do
	if grep -q "$done_when" "$console"; then how=reached; break; fi
	if [ "$on_loop" = stop ] &&
		grep -qs '^stopped [1-9]' /sys/kernel/debug/nptbudget/vms/*/stats; then
		how=stopped
		break
	fi
	sleep 0.2
done
grep -q "$done_when" "$console" && how=reached
seconds=$((SECONDS - start))
[ $how != unknown ] || [ $seconds -lt "$limit" ] || how=timeout
# The summary is written when QEMU has ended.
[ $how = reached ] && sleep 1
pkill -TERM qemu-system 2>/dev/null
wait $pid
echo "$how $seconds" >"$OUT/result"
cat "$OUT/result"
[ $how != unknown ]
