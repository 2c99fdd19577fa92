#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Cases of the bench that are no faults of one vCPU, on the emulated host, module loaded:
#   scripts/lab --icount --cpus 8 -- selftests/more.sh flushes
#   scripts/lab --icount --cpus 1 --mem 3G -- selftests/more.sh growth
#   scripts/lab --icount --cpus 1 --mem 3G -- selftests/more.sh events
#   scripts/lab --icount --cpus 1 --mem 3G -- selftests/more.sh peers
#   scripts/lab --threads --cpus 2 -- selftests/more.sh waits
#   scripts/lab --threads --cpus 2 -- selftests/more.sh parallel
# Prints TSV with a header for each, between lines "# CASE" and "# end". scripts/bench-more.sh calls it and keeps what it prints.
set -euo pipefail

top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
built=$top/build/selftests
PATH=$top/build/bin:$PATH
[ -d /sys/module/nptbudget ] || { echo "more.sh: the module is not loaded" >&2; exit 1; }

# Flushes for evictions, of vCPUs that all fault.
flushes() {
	local n batch
	printf 'guests\tvcpus\tbatch\tevictions\tflushes\twaits\tdone\n'
	for n in 2 4 8; do
		for batch in 1 8 32; do "$built/flushbench" all $n $batch; done
	done
}

# The same where another vCPU stays in the guest, and is interrupted.
waits() {
	local batch
	printf 'guests\tvcpus\tbatch\tevictions\tflushes\twaits\tdone\n'
	for batch in 1 8 32; do "$built/flushbench" one 2 $batch; done
}

# The module's memory.
growth() {
	local vms
	printf 'vms\tresident\tbytes\tbeside\tper_page\n'
	for vms in 1 4 16; do "$built/growthbench" $vms "${PAGES:-1000000}"; done
}

# recorded LOAD...: what eventbench does is recorded, 4 MiB for each CPU.
recorded() {
	local dir
	dir=$(mktemp -d /dev/shm/nptb-events.XXXXXX)
	nptbudget record -o "$dir/events.dat" --buffer 4096 --json -- "$built/eventbench" "$@" \
		>"$dir/out" 2>"$dir/err" || { cat "$dir/err" >&2; exit 1; }
	cat "$dir/out" "$dir/err" | awk -v OFS='\t' '
	/^(faults|lower)\t/ { load = $1; vcpus = $2; ns = $3; evictions = $4 }
	match($0, /"events": *[0-9]+/) { split(substr($0, RSTART, RLENGTH), f, / */); events = f[2] }
	match($0, /"lost_events": *[0-9]+/) { split(substr($0, RSTART, RLENGTH), f, / */); lost = f[2] }
	END {
		# What comes before a budget is lowered is recorded, and not timed.
		timed = load == "lower" ? evictions : events
		printf "%s\t%s\t%d\t%d\t%d\t%.3f\t%d\n", load, vcpus, events, lost, timed, ns / 1e9, timed / (ns / 1e9)
	}'
	rm -rf "$dir"
}

# Events in a row, at a rate that a reader has to keep up with.
events() {
	printf 'load\tvcpus\tevents\tlost\ttimed\tseconds\tevents_per_second\n'
	recorded faults 1 400
	recorded faults 4 25
	recorded lower 65536
}

# fault NAME: instructions a fault, by faultbench.
fault() { taskset -c 0 "$built/faultbench" "$1" | cut -f 4; }

# peer WHAT PAGES PER_FAULT END: a row, beside the base; 0 for a fault: there was none.
peer() {
	awk -v OFS='\t' -v what="$1" -v pages="$2" -v each="$3" -v base="$base" -v end="$4" \
		'BEGIN { print what, pages, each ? each : "-", each ? sprintf("%.2f", each / base) : "-", end }'
}

# What KVM's own selftest says of pages a second, as ns a page.
demand_paging() {
	local each
	each=$(taskset -c 0 "$top/build/bench/demand_paging_test" -b 16M "${@:2}" |
		sed -n 's/^Overall demand paging rate:[^0-9]*\([0-9.]*\) pgs.*/\1/p' |
		awk '{ printf "%.0f", 1e9 / $1 }') || each=
	peer "$1" all "${each:-0}" "$([ -n "$each" ] && echo "done" || echo "does not run on this kernel")"
}

# The same guest held to few pages by others, and by us.
peers() {
	local way limit end each
	fault first-touch >/dev/null
	base=$(fault refault)
	printf 'what\tpages\tper_fault\tratio\tend\n'
	peer refault all "$base" "done"
	peer evict-64 64 "$(fault evict-64)" "done"
	peer batch-8 64 "$(fault batch-8)" "done"
	peer uffd-64 64 "$(fault uffd-64)" "done"
	if [ -x "$top/build/bench/demand_paging_test" ]; then
		demand_paging demand_paging_test
		demand_paging demand_paging_test-uffd -u MISSING
	fi
	taskset -c 0 "$top/selftests/backers.sh" | while IFS=$'\t' read -r way limit end _ _ _ _ each _; do
		[ "$way" != way ] || continue
		peer "zram-$way" "$limit" "$each" "$end"
	done
}

# spent VCPUS BATCH: ns a fault, the median of five.
spent() {
	for _ in 1 2 3 4 5; do "$built/parallelbench" "$1" "$2"; done |
		awk '{ print $2 / $1 }' | sort -n | sed -n 3p
}

# vCPUs on CPUs of their own, and how long faults take them, beside plain KVM's.
parallel() {
	local vcpus batch plain each
	printf 'vcpus\tbatch\tplain_ns\tns\tratio\n'
	for vcpus in 1 2; do
		plain=$(spent $vcpus 0)
		for batch in 1 8 32; do
			each=$(spent $vcpus $batch)
			awk -v OFS='\t' -v n=$vcpus -v b=$batch -v p="$plain" -v e="$each" \
				'BEGIN { print n, b, int(p), int(e), sprintf("%.2f", e / p) }'
		done
	done
}

[ $# -gt 0 ] || set -- help
for case in "$@"; do
	case $case in
	flushes|waits|growth|events|peers|parallel) ;;
	*) echo "usage: more.sh flushes|waits|growth|events|peers|parallel..." >&2; exit 2 ;;
	esac
done
for case in "$@"; do
	echo "# $case"
	"$case"
	echo "# end"
done
