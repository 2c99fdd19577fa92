#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Have one guest run with few pages in host memory, in four ways: backing=reclaim,
# memory.max of a cgroup, a userfaultfd pager, and MADV_PAGEOUT by a thread beside it. For
# the emulated host, with the
# module loaded and its clock counting instructions:
#   scripts/lab --icount --cpus 1 -- selftests/backers.sh
# Prints TSV with a header; tools/backers.c says what its columns are. The last cgroup
# is the least memory.max, to 8 pages, with which the guest ends. Takes swap on zram
# for itself, so it wants a machine without any.
set -euo pipefail

top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
backers=$top/build/selftests/backers
[ -x "$backers" ] || { echo "backers.sh: no $backers: run make -C selftests" >&2; exit 1; }
[ -d /sys/module/nptbudget ] || { echo "backers.sh: the module is not loaded" >&2; exit 1; }
[ "$(wc -l </proc/swaps)" = 1 ] || { echo "backers.sh: this machine has swap of its own" >&2; exit 1; }

zrams=()
zram() {
	local nr
	[ -d /sys/class/zram-control ] || modprobe zram num_devices=0
	nr=$(cat /sys/class/zram-control/hot_add)
	echo "$1" >"/sys/block/zram$nr/disksize"
	zrams+=("$nr")
}
cluster=$(cat /proc/sys/vm/page-cluster)
leave() {
	local nr
	for nr in "${zrams[@]}"; do
		swapoff "/dev/zram$nr" 2>/dev/null || true
		echo "$nr" >/sys/class/zram-control/hot_remove || true
	done
	echo "$cluster" >/proc/sys/vm/page-cluster
}
trap leave EXIT

zram 256M
zram 64M
mkswap "/dev/zram${zrams[0]}" >/dev/null
swapon "/dev/zram${zrams[0]}"
# Neighbours are read ahead by nobody.
echo 0 >/proc/sys/vm/page-cluster

# Without the samplers' notes.
run() {
	"$backers" "$1" "$2" "/dev/zram${zrams[1]}" | { grep -v '^#' || true; }
}

printf 'way\tlimit\tend\tbacked\tover\tsamples\trefaults\tper_refault\toom_kills\n'
run reclaim 64
run reclaim 2
run reclaim-strict 1
run uffd 64
run uffd 2
run pageout 64
run pageout 16
run cgroup 1024
# It ends with so many pages, and does not with so few.
high=1024 low=0 line=
while [ $((high - low)) -gt 8 ]; do
	try=$(((high + low) / 2))
	line=$(run cgroup $try)
	printf '%s\n' "$line"
	if [ "$(cut -f 3 <<<"$line")" = "done" ]; then high=$try; else low=$try; fi
done
run cgroup $high
