#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Recordings and their replay: one command records, and the same budget and
# policy give exactly the recorded misses and evictions, by the trace's own
# fields and by the module's counters. The guest is one vCPU that does real work.
set -u
# shellcheck source-path=SCRIPTDIR/../lib source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

need_module
need_command nptbudget
need_command trace-cmd

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# The least budget that this guest runs with: what its neediest instruction needs
# is its code, a page of data, one of stack or of data, and tables to them.
LEAST=8
# All of it is some 200,000 faults with so few pages; these will do.
WORK=("$BUILT/work" --part hash)

# record NAME PAGES POLICY [OPTION...]: into $dir/NAME.dat and NAME.json.
record() {
	local name=$1 pages=$2 policy=$3
	shift 3
	trace-cmd record -q -o "$dir/$name.dat" -b 20000 -e nptbudget \
		nptbudget run --pages "$pages" --policy "$policy" "$@" --json \
		--summary "$dir/$name.json" -- "${WORK[@]}" >"$dir/$name.log" 2>&1
	grep -q '^work: done, .* right$' "$dir/$name.log" || { sed 's/^/# /' "$dir/$name.log"; return 1; }
}

# of FILE KEY: a number in JSON, the first of that key.
of() { sed -n "s/^ *\"$2\": *\([0-9]*\),\{0,1\}$/\1/p" "$1" | head -n 1; }

replay() {
	local name=$1
	shift
	nptbudget replay "$dir/$name.dat" "$@" --json >"$dir/replayed" || return 1
	# The recorded counts come last.
	sed -n '/"recorded"/,$p' "$dir/replayed" >"$dir/was"
}

# Exactly what was recorded, and what the module counted.
exact() {
	local name=$1 key counter
	replay "$name" || return 1
	grep -q '"complete": *true' "$dir/was" || { echo "# not complete"; return 1; }
	for key in misses evictions; do
		counter=$key
		[ $key = evictions ] || counter=mapped
		echo "# $name: $key replayed $(of "$dir/replayed" $key), recorded $(of "$dir/was" $key), counted $(of "$dir/$name.json" $counter)"
		[ "$(of "$dir/replayed" $key)" = "$(of "$dir/was" $key)" ] &&
			[ "$(of "$dir/was" $key)" = "$(of "$dir/$name.json" $counter)" ] || return 1
	done
	[ "$(of "$dir/was" misses)" -gt 1000 ]
}

no_loops() { [ "$(of "$dir/$1.json" loops)" = 0 ] && [ "$(of "$dir/replayed" own)" = 0 ]; }

# Another budget or policy than recorded is not the recorded one.
differs() {
	local misses
	replay least || return 1
	misses=$(of "$dir/replayed" misses)
	replay least --pages 16 || return 1
	[ "$(of "$dir/replayed" misses)" -lt $((misses / 2)) ] || return 1
	[ $(($(of "$dir/replayed" hits) + $(of "$dir/replayed" misses))) = "$misses" ]
}

# No policy does better than one that knows the future.
opt_is_best() {
	local best policy
	replay least --pages 16 --policy opt || return 1
	best=$(of "$dir/replayed" misses)
	for policy in fifo clock lru random mru wsclock true-lru; do
		replay least --pages 16 --policy $policy || return 1
		echo "# 16 pages, $policy: $(of "$dir/replayed" misses), opt $best"
		[ "$(of "$dir/replayed" misses)" -ge "$best" ] || return 1
	done
}

another_seed() {
	replay random --seed 6 && [ "$(of "$dir/replayed" misses)" != "$(of "$dir/was" misses)" ]
}

no_such_vm() {
	! nptbudget replay "$dir/least.dat" --vm 1-2 2>"$dir/err" && grep -q 'no VM 1-2 in it' "$dir/err"
}

# Lost events are told, and how many: a filter loses exactly eleven.
lossy() {
	trace-cmd record -q -o "$dir/lossy.dat" -b 20000 -e nptbudget:nptb_attach \
		-e nptbudget:nptb_evict -e nptbudget:nptb_fault -f 'seq < 1000 || seq > 1010' \
		nptbudget run --pages $LEAST -- "${WORK[@]}" >/dev/null 2>&1
	! nptbudget replay "$dir/lossy.dat" >"$dir/out" 2>"$dir/err" &&
		[ ! -s "$dir/out" ] &&
		grep -q ': 11 of [0-9]* faults of VM .* are missing' "$dir/err" && return
	sed 's/^/# /' "$dir/err"
	return 1
}

# Without the budget's beginning there is nothing to be exact about.
late() {
	trace-cmd record -q -o "$dir/late.dat" -b 20000 -e nptbudget:nptb_fault \
		nptbudget run --pages $LEAST -- "${WORK[@]}" >/dev/null 2>&1
	! nptbudget replay "$dir/late.dat" >"$dir/out" 2>"$dir/err" &&
		grep -q 'give --policy and --pages' "$dir/err" &&
		nptbudget replay "$dir/late.dat" --policy fifo --pages 16 >"$dir/out" 2>"$dir/err" &&
		grep -q 'begins after' "$dir/err" && grep -q 'policy fifo: hits' "$dir/out"
}

# A policy that draws lots, beside one that does not; the others with NPTB_FULL, for
# they are the same source in the module and in replay.
more=(random)
[ -z "${NPTB_FULL-}" ] || more+=(fifo mru)
plan $((9 + 2 * ${#more[@]}))
result "records with the least budget" record least $LEAST fifo
result "the same budget and policy: exact" exact least
result "no fault loops" no_loops least
for policy in "${more[@]}"; do
	# mru gives up most of what it needs again: more for it.
	pages=12
	[ "$policy" != mru ] || pages=16
	result "records $policy, $pages pages" record "$policy" $pages "$policy" --seed 5
	result "the same budget and policy: exact, $policy" exact "$policy"
done
result "another seed is another run" another_seed
result "more pages: hits, and fewer misses" differs
result "none is better than opt" opt_is_best
result "what was lost is told" lossy
result "what came before is told" late
result "a VM that is not in it is told" no_such_vm
finished
