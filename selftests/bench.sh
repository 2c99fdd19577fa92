#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Measure the cost of a nested page fault, on the emulated host with its clock
# counting instructions, or on a real one in cycles:
#   scripts/lab --icount --cpus 1 --no-module -- selftests/bench.sh MODULE.ko
#   selftests/bench.sh --counter cycles --runs 5 MODULE.ko
# Prints TSV with a header: case, faults, count, count per fault, ratio to a case of
# plain KVM in the same run, the least and the most per fault, and which case that is:
# "plain" touches pages for the first time, "refault" pages whose leaves went, as those
# that are evicted. Of several runs (on a real host no two are alike) the median one is
# given. Cases that end in -gen1 and -gen0 are run with the multi-generational LRU on
# and off, the others with it as it is; a line "# lru_gen" says how. The module is
# loaded on the way. All runs on one CPU: the pager's wakeups across CPUs would count as
# its cost.
#   --counter NAME   what is counted (clock): see lib/counter.h; exit status 4 and
#                    no figures where it is not there
#   --runs N         of each case (1)
#   --case NAME      this case and what it is compared with, alone
#   --bench FILE     faultbench (build/selftests/faultbench)
# "own", "same" and "vms" are by scalebench beside it, compared with one vCPU, or one VM;
# attach, detach and lower are for each resident page, and compared with nothing.
set -euo pipefail

top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
bench=$top/build/selftests/faultbench counter=clock runs=1 only=
while [ $# -gt 1 ]; do
	case $1 in
	--counter) counter=$2 ;;
	--runs) runs=$2 ;;
	--case) only=$2 ;;
	--bench) bench=$2 ;;
	*) echo "bench.sh: no such option: $1" >&2; exit 2 ;;
	esac
	shift 2
done
module=${1:-$top/build/${LAB_KERNEL:-}/module/nptbudget.ko}
[ -x "$bench" ] || { echo "bench.sh: no $bench: run make -C selftests" >&2; exit 1; }
[ -r "$module" ] || { echo "bench.sh: no module at $module" >&2; exit 1; }
[ ! -d /sys/module/nptbudget ] || { echo "bench.sh: the module is loaded: use --no-module" >&2; exit 1; }

# The kernel's way of finding old pages, which a guest's first touch of one pays for.
lru=/sys/kernel/mm/lru_gen/enabled
lru_was=$(cat $lru 2>/dev/null || true)
trace=/sys/kernel/tracing/events/nptbudget/enable
leave() {
	rmmod nptbudget 2>/dev/null || true
	[ -z "$lru_was" ] || echo "$lru_was" >$lru
}
trap leave EXIT

# The first CPU that there is for us.
cpu=$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')
run() { taskset -c "$cpu" "$bench" --counter "$counter" "$1"; }

# What others are compared with: measured whatever was asked for.
BASES="plain|refault|protected|mmio|emulate-kvm"
declare -A each
printed=
# row NAME FAULTS COUNT PER LEAST MOST BASE: what was measured, for the table.
row() {
	each[$1]=$4
	printed+=" $1"
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" \
		"$(awk -v a="$4" -v b="${each[$7]}" 'BEGIN { printf "%.3f", a / b }')" "$5" "$6" "$7"
}

# line NAME CASE BASE: one case, under the name it has in the table.
line() {
	local name=$1 out faults count per low high i
	[ -z "$only" ] || [ "$name" = "$only" ] || [[ $name =~ ^($BASES)$ ]] || return 0
	out=$(for ((i = 0; i < runs; i++)); do run "$2" || exit; done | sort -t $'\t' -k 4n)
	IFS=$'\t' read -r _ faults count per <<<"$(sed -n $(((runs + 1) / 2))p <<<"$out")"
	low=$(head -n 1 <<<"$out" | cut -f 4) high=$(tail -n 1 <<<"$out" | cut -f 4)
	row "$name" "$faults" "$count" "$per" "$low" "$high" "$3"
}

# Everything recorded, into a buffer that is overwritten.
traced() {
	echo 1 >$trace
	line "$1" "$2" "$3"
	echo 0 >$trace
}

# scale CASE N BASE: by scalebench, where a host's clock counts instructions.
scale() {
	local name faults count per
	[ "$counter" = clock ] || return 0
	[[ -z $only || $only = "$1"-* || $1-$only =~ ^knobs-(attach|detach|lower)$ ]] || return 0
	while IFS=$'\t' read -r name faults count per; do
		row "$name" "$faults" "$count" "$per" "$per" "$per" "${3:-$name}"
	done < <(taskset -c "$cpu" "${bench%/*}/scalebench" "$1" "$2")
}

# lru_lines STATE: the baselines and an eviction, with that 1 or 0.
lru_lines() {
	# Not on a real host: what it has set is left alone.
	[ "$counter" = clock ] || return 0
	[ -n "$lru_was" ] || return 0
	[[ -z $only || $only = *-gen$1 ]] || return 0
	if [ "$1" = 1 ]; then echo y >$lru; else echo n >$lru; fi
	# As with the first: new pages of this setting.
	run first-touch >/dev/null
	if [ ! -d /sys/module/nptbudget ]; then
		only='' line "plain-gen$1" first-touch "plain-gen$1"
		only='' line "refault-gen$1" refault "plain-gen$1"
	else
		line "evict-64-gen$1" evict-64 "refault-gen$1"
	fi
	echo "$lru_was" >$lru
}

# Once for nothing: the first run pays for caches of KVM and of the allocator. And
# where there is no such counter, that is the end.
run first-touch >/dev/null
what=$counter
[ "$counter" != clock ] || what=instructions
printf 'case\tfaults\t%s\tper_fault\tratio\tleast\tmost\tto\n' "$what"
printf '# lru_gen\t%s\n' "${lru_was:-absent}"
line plain first-touch plain
line refault refault plain
for state in 1 0; do lru_lines $state; done
line uffd-64 uffd-64 refault
for case in protected mmio emulate-kvm; do line $case $case $case; done
insmod "$module"
line loaded first-touch plain
line other-vm other-vm plain
line room room plain
for case in evict-1 evict-2 evict-64 evict-4096 evict-262144 clock-1 clock-64 clock-4096 clock-262144 clock-busy; do
	line "$case" "$case" refault
done
for case in batch-8 batch-32; do line $case $case refault; done
traced evict-64-traced evict-64 refault
line protected-room protected-room protected
line mmio-room mmio-room mmio
line emulate emulate emulate-kvm
for case in own same; do
	for n in 1 2 4 8; do scale $case $n $case-1; done
done
for n in 1 4 16; do scale vms $n vms-1; done
scale knobs 262144 ""
for state in 1 0; do lru_lines $state; done
[ -z "$only" ] || [[ " $printed " = *" $only "* ]] || { echo "bench.sh: no such case: $only" >&2; exit 2; }
