#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Measure policies inside the lab, for scripts/policies.sh; TSV to stdout:
#   policies.sh work     a recording of the guest "work" into $OUT/work.dat, and
#                        live runs of it: guest, pages, policy, faults, evictions
#   policies.sh linux    a recording of the demo's Linux with 256 pages into
#                        $OUT/linux.dat, and live runs of it: the same columns
#   policies.sh cost     instructions per fault with one eviction (with --icount)
set -euo pipefail
built=$(cd "$(dirname "$(readlink -f "$0")")/../build/selftests" && pwd)
defaults=/sys/kernel/debug/nptbudget/defaults

of() { sed -n "s/^ *\"$2\": *\([0-9]*\),\{0,1\}$/\1/p" "$1" | head -n 1; }

# live GUEST PAGES POLICY VMM...: one run under a budget, as a line.
live() {
	local guest=$1 pages=$2 policy=$3
	shift 3
	nptbudget run --pages "$pages" --policy "$policy" --json --summary "$OUT/summary" -- "$@" >"$OUT/log" 2>&1 ||
		{ echo "$guest, $pages pages, $policy: failed" >&2; cat "$OUT/log" >&2; return 1; }
	printf '%s\t%s\t%s\t%s\t%s\n' "$guest" "$pages" "$policy" \
		"$(of "$OUT/summary" mapped)" "$(of "$OUT/summary" evictions)"
}

work() {
	local pages policy
	trace-cmd record -q -o "$OUT/work.dat" -b 20000 -e nptbudget \
		nptbudget run --pages 8 -- "$built/work" >&2
	for pages in 12 16 24 32; do
		for policy in fifo clock random lru mru wsclock; do
			live work "$pages" "$policy" "$built/work"
		done
	done
}

guest=(qemu-system-x86_64 -accel kvm -m 256 -nodefaults -display none -no-reboot
	-serial "file:$OUT/console" -kernel build/demo/vmlinux -initrd build/demo/guest.cpio
	-append "console=ttyS0 quiet panic=-1 pci=noearly no_timer_check")

linux() {
	local policy
	trace-cmd record -q -o "$OUT/linux.dat" -b 20000 -e nptbudget \
		nptbudget run --pages 256 -- "${guest[@]}" >&2
	for policy in fifo clock random lru wsclock; do
		live linux 512 "$policy" "${guest[@]}"
		grep -q '^user space: Linux' "$OUT/console"
	done
}

# cost_of NAME POLICY FLUSH_AGED
cost_of() {
	local each
	echo "$2" >$defaults/policy
	echo "$3" >$defaults/flush_aged
	each=$("$built/faultbench" evict-64 | cut -f 4)
	printf 'cost\t64\t%s\t%s\n' "$1" "$each"
}

cost() {
	local policy
	"$built/faultbench" first-touch >/dev/null
	for policy in fifo clock lru random mru wsclock; do cost_of $policy $policy off; done
	cost_of 'lru, flush_aged' lru on
	cost_of 'clock, flush_aged' clock on
}

case ${1-} in
work|linux|cost) "$1" ;;
*) echo "usage: policies.sh work|linux|cost" >&2; exit 2 ;;
esac
