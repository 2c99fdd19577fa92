#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Measure the cost of a nested page fault, on the emulated host with its clock
# counting instructions, or on a real one in cycles:
#   scripts/lab --icount --cpus 1 --no-module -- selftests/bench.sh MODULE.ko
#   selftests/bench.sh --counter cycles --runs 5 MODULE.ko
# Prints TSV with a header: case, faults, count, count per fault, ratio to plain
# KVM in the same run, and the least and the most per fault. Of several runs (on a
# real host no two are alike) the median one is given. The module is loaded on the
# way. All runs on one CPU: the pager's wakeups across CPUs would count as its cost.
#   --counter NAME   what is counted (clock): see lib/counter.h; exit status 4 and
#                    no figures where it is not there
#   --runs N         of each case (1)
#   --bench FILE     faultbench (build/selftests/faultbench)
set -euo pipefail

top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
bench=$top/build/selftests/faultbench counter=clock runs=1
while [ $# -gt 1 ]; do
	case $1 in
	--counter) counter=$2 ;;
	--runs) runs=$2 ;;
	--bench) bench=$2 ;;
	*) echo "bench.sh: no such option: $1" >&2; exit 2 ;;
	esac
	shift 2
done
module=${1:-$top/build/${LAB_KERNEL:-}/module/nptbudget.ko}
[ -x "$bench" ] || { echo "bench.sh: no $bench: run make -C selftests" >&2; exit 1; }
[ -r "$module" ] || { echo "bench.sh: no module at $module" >&2; exit 1; }
[ ! -d /sys/module/nptbudget ] || { echo "bench.sh: the module is loaded: use --no-module" >&2; exit 1; }
trap 'rmmod nptbudget 2>/dev/null || true' EXIT

# The first CPU that there is for us.
cpu=$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')
run() { taskset -c "$cpu" "$bench" --counter "$counter" "$1"; }

plain=
# line NAME CASE: one case, under the name it has in the table.
line() {
	local name=$1 out faults count each low high i
	out=$(for ((i = 0; i < runs; i++)); do run "$2" || exit; done | sort -t $'\t' -k 4n)
	IFS=$'\t' read -r _ faults count each <<<"$(sed -n $(((runs + 1) / 2))p <<<"$out")"
	low=$(head -n 1 <<<"$out" | cut -f 4) high=$(tail -n 1 <<<"$out" | cut -f 4)
	[ -n "$plain" ] || plain=$each
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$name" "$faults" "$count" "$each" \
		"$(awk -v a="$each" -v b="$plain" 'BEGIN { printf "%.2f", a / b }')" "$low" "$high"
}

# Once for nothing: the first run pays for caches of KVM and of the allocator. And
# where there is no such counter, that is the end.
run first-touch >/dev/null
what=$counter
[ "$counter" != clock ] || what=instructions
printf 'case\tfaults\t%s\tper_fault\tratio\tleast\tmost\n' "$what"
line plain first-touch
line uffd-64 uffd-64
insmod "$module"
line loaded first-touch
line other-vm other-vm
line room room
for case in evict-1 evict-2 evict-64 evict-4096; do
	line "$case" "$case"
done
