#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nptbudget floor and sweep on a guest whose least budget is known: its additions need
# a page of code and one of data at once.
set -u
# shellcheck source-path=SCRIPTDIR/../lib source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

need_module
need_command nptbudget
need_command jq
need_command parallel
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# says COMMAND...: run it; its output is in $dir/out and $dir/err.
says() {
	nptbudget "$@" >"$dir/out" 2>"$dir/err" </dev/null && return
	sed 's/^/# /' "$dir/out" "$dir/err"
	return 1
}
has() {
	grep -qE -- "$1" "$dir/out" && return
	sed 's/^/# /' "$dir/out"
	return 1
}
# json EXPRESSION: true of the object that was printed.
json() { is_json "$1" "$dir/out"; }
fails() { ! nptbudget "${@:2}" >"$dir/out" 2>"$dir/err" && grep -qE -- "$1" "$dir/err"; }

plan 20
result "floor finds one" says floor -- "$BUILT/addloop" --pages 3 --seconds 600
result "it is 2 pages" has '^The least budget is 2 pages, policy fifo\.$'
result "and names the loop below" has 'loop: vCPU 0, rip 0x[0-9a-f]+, add '
result "it needs 2 pages" has 'needs at least 2 pages at once, has 1'
result "the same as JSON, by another policy" says floor --json --policy lru -- \
	"$BUILT/addloop" --pages 1 --seconds 600
result "which says so" json '.floor == 2 and .policy == "lru" and
	.below.pages == 1 and .below.why == "loop" and .below.loop.vcpu == 0 and
	(.runs | length) >= 3 and .runs[0].completed'
# Passed over: 5, as it never had so many; 3, as 2 did.
result "from a guess" says floor --json --first 5,2,3,1 -- "$BUILT/addloop" --pages 3 --seconds 600
result "it takes two runs more" json '.floor == 2 and [.runs[].pages][1:] == [2, 1]'
result "nothing to hold" fails 'created no VM' floor -- true
result "told in words" has 'does not: no VM$'
result "a workload that fails anyhow" fails 'does not complete with all' \
	floor -- "$BUILT/addloop" --pages 3 --seconds 1 --laps 1000000000

# Cut short in the run that loops, with one page.
one_page() { grep -qx 1 "$NPTB"/vms/*/budget; }
cut_short() {
	local pid
	nptbudget floor --json --patience 3600 -- "$BUILT/addloop" --pages 3 --seconds 600 \
		>"$dir/out" 2>"$dir/err" &
	pid=$!
	within_a_minute one_page
	kill -INT $pid
	wait $pid
	[ $? = 1 ] && json '.floor == null and .more_than == 0 and .at_most == 2 and (.runs | length) == 2' &&
		grep -q 'interrupted; the least budget is more than 0, and at most 2 pages' "$dir/err" && return
	sed 's/^/# /' "$dir/out" "$dir/err"
	return 1
}
result "interrupted, it says at once what it found" cut_short

sweep() { says sweep --pages 1,2 --policy fifo,lru "$@" -- "$BUILT/addloop" --pages 3 --seconds 600; }
runs() { [ "$(wc -l <"$1")" = "$2" ]; }
result "sweep" sweep -o "$dir/all"
result "it completes with 2 pages, with many faults" has '^fifo +2 +1/1 +[0-9]{3,} '
result "and not with one" has '^lru +1 +0/1 +- .* loop$'
# A line that tells what was run, one without a budget, and four.
result "every run is in the file" runs "$dir/all" 6
head -n 3 "$dir/all" >"$dir/part"
sed -n 4p "$dir/all" | head -c 40 >>"$dir/part"
resumes() { sweep -o "$dir/part" && runs "$dir/part" 6 && cmp -s <(head -n 3 "$dir/all") <(head -n 3 "$dir/part"); }
result "it goes on where it was cut short" resumes
# As in docs/SWEEPS.md.
shards() {
	parallel --will-cite -j 1 nptbudget sweep --pages 1,2 --policy fifo,lru \
		--shard '{}/2' -o "$dir/shard{}" -- "$BUILT/addloop" --pages 3 --seconds 600 ::: 1 2 \
		>"$dir/out" 2>&1 && return
	sed 's/^/# /' "$dir/out"
	return 1
}
result "two shards, by GNU parallel" shards
result "made one" says sweep --merge "$dir/both" "$dir/shard1" "$dir/shard2"
result "have every run" runs "$dir/both" 7
finished
