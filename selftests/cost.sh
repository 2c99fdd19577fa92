#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Has a nested page fault become dearer? A few cases of bench.sh, in instructions, beside
# what cost.txt recorded for this kernel: TAP.
#   scripts/lab --kernel K --icount --cpus 1 --no-lab-svm -- selftests/cost.sh
#   scripts/lab ... -- selftests/cost.sh --record		its lines for cost.txt
# What costs less than recorded by as much passes, with a word to record it. Plain KVM is
# among them: where that fails, too, the kernel is another, or it is not --icount.
set -euo pipefail

CASES="first-touch room evict-64 clock-64"
PERCENT=10
top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
bench=$top/build/selftests/faultbench
records=$top/selftests/cost.txt

case $#${1-} in
0|1--record) ;;
*) echo "usage: cost.sh [--record]" >&2; exit 2 ;;
esac
[ -n "${LAB_KERNEL-}" ] || { echo "cost.sh: this is for scripts/lab --icount" >&2; exit 2; }
[ -d /sys/module/nptbudget ] || { echo "cost.sh: the module is not loaded" >&2; exit 1; }

# The first run pays for caches of KVM and of the allocator.
"$bench" first-touch >/dev/null
n=0 rc=0
for case in $CASES; do
	now=$("$bench" "$case" | cut -f 4)
	if [ $# = 1 ]; then
		printf '%s\t%s\t%s\n' "$LAB_KERNEL" "$case" "$now"
		continue
	fi
	n=$((n + 1))
	was=$(awk -F'\t' -v k="$LAB_KERNEL" -v c="$case" '$1 == k && $2 == c { print $3 }' "$records")
	what="$n - a fault, $case: $now instructions, ${was:-nothing} recorded"
	if [ -n "$was" ] && [ $((now * 100)) -le $((was * (100 + PERCENT))) ]; then
		echo "ok $what"
		[ $((now * 100)) -ge $((was * (100 - PERCENT))) ] || echo "# cheaper: record it (cost.sh --record)"
	else
		echo "not ok $what"
		rc=1
	fi
done
[ $# = 1 ] || echo "1..$n"
exit $rc
