#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Measure the cost of a nested page fault, on the emulated host with its clock
# counting instructions:
#   scripts/lab --icount --cpus 1 --no-module -- selftests/bench.sh MODULE.ko
# Prints TSV with a header: case, faults, instructions, instructions per fault,
# ratio to plain KVM in the same run. The module is loaded on the way. One CPU:
# the pager's wakeups across CPUs would count as its cost.
set -euo pipefail

top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
bench=$top/build/selftests/faultbench
module=${1:-$top/build/${LAB_KERNEL:-}/module/nptbudget.ko}
[ -x "$bench" ] || { echo "bench.sh: no $bench: run make -C selftests" >&2; exit 1; }
[ -r "$module" ] || { echo "bench.sh: no module at $module" >&2; exit 1; }
[ ! -d /sys/module/nptbudget ] || { echo "bench.sh: the module is loaded: use --no-module" >&2; exit 1; }
trap 'rmmod nptbudget 2>/dev/null || true' EXIT

plain=
# line NAME CASE: one case, under the name it has in the table.
line() {
	local name=$1 out faults ns each
	out=$("$bench" "$2")
	IFS=$'\t' read -r _ faults ns each <<<"$out"
	[ -n "$plain" ] || plain=$each
	printf '%s\t%s\t%s\t%s\t%s\n' "$name" "$faults" "$ns" "$each" \
		"$(awk -v a="$each" -v b="$plain" 'BEGIN { printf "%.2f", a / b }')"
}

printf 'case\tfaults\tinstructions\tper_fault\tratio\n'
# Once for nothing: the first run pays for caches of KVM and of the allocator.
"$bench" first-touch >/dev/null
line plain first-touch
line uffd-64 uffd-64
insmod "$module"
line loaded first-touch
line other-vm other-vm
line room room
for case in evict-1 evict-2 evict-64 evict-4096; do
	line "$case" "$case"
done
