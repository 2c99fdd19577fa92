#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Inside L1: one guest of the table, without a budget and with each of its own. TAP.
#   run.sh NAME [PAGES,...]   and what each run came to, as JSON lines in $OUT/runs
#   run.sh --floor SECONDS NAME [PAGES,...]
#                             its least hard budget, in $OUT/floor.json, or as much as is known
#                             of it after SECONDS; PAGES are tried first
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../lib/l1.sh
. "$(dirname "$0")/../lib/l1.sh"
here=$(dirname "$0")
KVM=/sys/kernel/debug/kvm
OVERVIEW=/sys/kernel/debug/nptbudget/overview
# Seconds of a fault loop, by a clock that counts instructions, after which it has no end.
PATIENCE=1
export LC_ALL=C
tmp=$(mktemp -d)
helper=''

stop_helper() { [ -z "$helper" ] || { kill "$helper"; wait "$helper"; } 2>/dev/null; helper=; }
trap 'stop_helper; rm -rf "$tmp"' EXIT

# row NAME: what the table has of it, in $guest $budgets $policies $limit $first and $vmm.
row() {
	local line
	line=$(grep -P "^$1\t" "$here/table") || { echo "run.sh: no such guest: $1" >&2; exit 2; }
	read -r guest budgets policies limit first line <<<"$line"
	read -r -a vmm <<<"$line"
	vmm[0]=$here/${vmm[0]}
}

# The most pages that KVM counts in any VM, and in how many samples, by its own counters.
sample() {
	local most=0 samples=0 dir small large huge now
	while sleep 0.2; do
		for dir in "$KVM"/*-*/; do
			small='' large='' huge=''
			{ read -r small <"$dir/pages_4k" && read -r large <"$dir/pages_2m" &&
				read -r huge <"$dir/pages_1g"; } 2>/dev/null || continue
			now=$((small + 512 * large + 512 * 512 * huge))
			[ $now -gt 0 ] || continue
			samples=$((samples + 1))
			[ $now -le $most ] || most=$now
		done
		echo "$most $samples" >"$tmp/sampled.new"
		mv "$tmp/sampled.new" "$tmp/sampled"
	done
}

# does WHAT COMMAND...: the guest does what it is for; what it says goes to $tmp/WHAT.
does() {
	local what=$1 begun=$SECONDS status=0
	shift
	"$@" >"$tmp/$what" 2>"$tmp/errors" || status=$?
	seconds=$((SECONDS - begun))
	[ $status = 0 ] && sed 's/^/# /' "$tmp/$what" && return
	tail -n 20 "$tmp/errors" | tr -cd '[:print:]\n' | cut -c -150 | sed 's/^/# /'
	return 1
}
alone() { does alone "${vmm[@]}"; }

# under PAGES POLICY: it does what it does without a budget.
under() {
	rm -f "$tmp/summary" "$tmp/sampled"
	sample &
	helper=$!
	does budget nptbudget run --pages "$1" --policy "$2" --quiet --summary "$tmp/summary" --json -- "${vmm[@]}"
	local status=$?
	stop_helper
	note "$1" "$2" $status
	[ $status = 0 ] && cmp -s "$tmp/alone" "$tmp/budget"
}

# For the document: what QEMU runs before the guest has no vCPU, and no faults.
note() {
	jq -c --arg guest "$guest" --argjson pages "$1" --arg policy "$2" --argjson status "$3" \
		--argjson seconds "$seconds" --arg kernel "$LAB_KVER" '{ guest: $guest, pages: $pages,
		policy: $policy, done: ($status == 0), seconds: $seconds, kernel: $kernel,
		date: (now | strftime("%Y-%m-%d")),
		faults: ([.vms[].stats.faults] | add), evictions: ([.vms[].stats.evictions] | add),
		loops: ([.vms[].stats.loops] | add), peak: ([.vms[].stats.peak] | max) }' \
		"$tmp/summary" >>"$OUT/runs"
}

# held PAGES: by KVM's counters and the module's, and the budget mattered.
held() {
	local most=0 samples=0
	read -r most samples <"$tmp/sampled"
	echo "# KVM counts $most pages at most, in $samples samples; $(jq -r '[.vms[].stats] |
		"\(map(.faults) | add) faults, \(map(.evictions) | add) evictions, peak \(map(.peak) | max)"' "$tmp/summary"), $seconds s"
	[ "$samples" -gt 0 ] && [ "$most" -le "$1" ] && [ -s "$tmp/summary" ] &&
		jq -e --argjson pages "$1" '.missed == 0 and (.vms | length > 0) and
			all(.vms[]; .refused == null and .stats.peak <= $pages) and
			any(.vms[]; .stats.evictions > 0)' "$tmp/summary" >/dev/null
}

# Where a search is, every ten seconds: the VM's budget and counters, and what it said last.
# $OUT/stop ends it with what it has found by then.
progress() {
	local now
	while sleep 10; do
		[ ! -e "$OUT/stop" ] || pkill -INT -x nptbudget
		now=$(grep -oE '(budget|faults|peak)=[0-9]+' "$OVERVIEW") || continue
		echo "# $SECONDS s: ${now//$'\n'/ }: $(tail -qn 1 "$TMPDIR"/*/console | tr -cd '[:print:]' | cut -c -80)"
	done 2>/dev/null
}

floor() {
	export GUEST_SHORT=1 TMPDIR=$tmp/guest
	mkdir "$TMPDIR"
	# While the host is waited for, such a clock leaps. What this reads is there afterwards.
	NPTB_PATIENCE=1000 alone || exit 1
	progress &
	helper=$!
	timeout -s INT "$1" nptbudget floor --first "$first" --limit "$limit" --patience $PATIENCE --json -- \
		"${vmm[@]}" >"$tmp/floor" 2>"$tmp/errors"
	cat "$tmp/errors" >&2
	jq --arg kernel "$LAB_KVER" '. + { kernel: $kernel, date: (now | strftime("%Y-%m-%d")) }' \
		"$tmp/floor" >"$tmp/floor.json" && [ -s "$tmp/floor.json" ] || exit 1
	cp "$tmp/floor.json" "$OUT/floor.json"
	jq -r --arg guest "$guest" '"\($guest): \(.floor // "\(.more_than + 1) to \(.at_most)") pages; tried: " +
		([.runs[] | "\(.pages) \(.why) \(.seconds | round) s"] | join(", "))' "$OUT/floor.json"
}

if [ "$1" = --floor ]; then row "$3"; first=${4:-$first}; floor "$2"; exit; fi
row "$1"
[ -z "${2-}" ] || budgets=$2 policies=-
IFS=, read -r -a pages <<<"$budgets"
IFS=, read -r -a policy <<<"${policies/-/}"
echo "1..$((1 + 2 * (${#pages[@]} + ${#policy[@]})))"
result "$guest: without a budget" alone
# The budget that is least hard first, by each policy: it takes the least time.
for each in fifo "${policy[@]}"; do
	result "$guest, ${pages[0]} pages, $each: as without" under "${pages[0]}" "$each"
	result "$guest, ${pages[0]} pages, $each: held" held "${pages[0]}"
done
for each in "${pages[@]:1}"; do
	result "$guest, $each pages: as without" under "$each" fifo
	result "$guest, $each pages: held" held "$each"
done
