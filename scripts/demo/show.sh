#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The demo, inside L1: show.sh GUEST [--live], GUEST being the guest's kernel series.
# Shows commands and what they print, and writes whether that was as it should
# be to $OUT/results, as TAP.
set -uo pipefail
guest=$1 live=${2-}
pages=1024
log=$OUT/log
n=0

title() { printf '\n== %s ==\n' "$*"; }

# shown COMMAND...: show it, run it, and keep both what it prints and its status.
shown() {
	fold -s -w 74 <<<"\$ $*" | sed '2,$ s/^/    /; s/ $//'
	"$@" 2>&1 | tee "$log"
	status=${PIPESTATUS[0]}
}

# expect NAME CONDITION...: one thing that must have happened.
expect() {
	local name=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $name" >>"$OUT/results"
	else
		echo "not ok $n - $name" >>"$OUT/results"
		echo "FAILED: $name"
	fi
}

ended_with() { [ "$status" = "$1" ]; }
said() { grep -qE -- "$1" "$log"; }

tiny_guest() {
	title "A tiny guest does add [mem], reg on two pages: one of code, one of data"
	shown nptbudget run --pages 2 -- build/selftests/addloop --pages 1
	expect "two pages: it ends, its memory is right" ended_with 0
	expect "two pages: no fault loop" said 'loops 0$'
	echo
	shown nptbudget run --pages 1 -- build/selftests/addloop --pages 1 --stop-on-loop
	expect "one page: it was in a fault loop and ended its run" ended_with 3
	expect "one page: the loop is told with its instruction" \
		said 'loop: vCPU 0, rip 0x[0-9a-f]+, add \[.*\], .* laps?$'
	expect "one page: and both pages with their roles" \
		said 'needs at least 2 pages at once, has 1: .*read/write.*fetch'
	expect "one page: never more than one" said 'peak resident 1,'
}

# KVM's own count of a VM's leaves, in 4 KiB pages.
kvm_pages() {
	local dir=$1 small=0 large=0 huge=0
	{ read -r small <"$dir/pages_4k" && read -r large <"$dir/pages_2m" &&
		read -r huge <"$dir/pages_1g"; } 2>/dev/null || return
	echo $((small + 512 * large + 262144 * huge))
}

# Watch KVM's counters, until $OUT/stop is there, of the one VM there is. "MAX SAMPLES".
# No signal ends it: bash 5.2 loses a trap that comes while it reads $(...).
sample() {
	local dir now max=0 samples=0
	while [ ! -e "$OUT/stop" ]; do
		sleep 0.2
		for dir in /sys/kernel/debug/kvm/*-*/; do
			now=$(kvm_pages "$dir") || continue
			samples=$((samples + 1))
			[ "$now" -le "$max" ] || max=$now
		done
	done
	echo "$max $samples" >"$OUT/sampled"
}

linux_guest() {
	local sampler max=0 samples=0 peak
	title "Debian's Linux boots with $pages resident pages, 4 MiB of its 256"
	local -a run=(nptbudget run --pages "$pages")
	[ -z "$live" ] || run+=(--live)
	sample & sampler=$!
	# Early scans of PCI are thousands of exits to QEMU: left out, for time. A
	# check of the timer would be none of the guest's business here.
	shown "${run[@]}" -- qemu-system-x86_64 -accel kvm -m 256 -nodefaults \
		-display none -no-reboot -serial "file:$OUT/console" \
		-kernel build/demo/vmlinux -initrd build/demo/guest.cpio \
		-append "console=ttyS0 quiet panic=-1 pci=noearly no_timer_check"
	touch "$OUT/stop"
	wait $sampler
	read -r max samples <"$OUT/sampled"
	peak=$(sed -n 's/.*evictions [0-9]*, peak resident \([0-9]*\),.*/\1/p' "$log")
	echo "The guest's console:"
	tr -d '\r' <"$OUT/console" | tail -n 3 | cut -c1-76 | sed 's/^/  /'
	echo "KVM's own counters (debugfs kvm/): at most $max pages, in $samples samples"
	expect "Linux: QEMU ended well" ended_with 0
	expect "Linux: reached user space" grep -qF "user space: Linux $guest." "$OUT/console"
	expect "Linux: powered off by itself" grep -q 'reboot: Power down' "$OUT/console"
	expect "Linux: its budget was used, and kept to by KVM's counters" [ "$max" = $pages ]
	expect "Linux: the summary agrees with KVM's counters" [ "$peak" = "$max" ]
	expect "Linux: pages were evicted" said 'evictions [1-9]'
}

tiny_guest
linux_guest
echo "1..$n" >>"$OUT/results"
! grep -q '^not ok' "$OUT/results"
