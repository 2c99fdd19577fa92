#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Compare policies, live and by replay, and write the figures of
# docs/POLICIES.md. The text of it is in scripts/policies.md.
#   policies.sh           measure (some 10 minutes), and write
#   policies.sh --write   write from the last measurement alone
# shellcheck disable=SC2317 # job calls what it is given
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
. "$here/lib/common.sh"
LOGS=$PROJECT/build/policies
HOST=6.12
NPTBUDGET=$PROJECT/build/bin/nptbudget

prepare() {
	"$here/deps.sh" build lab check
	"$here/kernel.sh" fetch $HOST
	make -s -C "$PROJECT" cli >&2
	make -s -C "$PROJECT/selftests" -j"$(nproc)" all >&2
	"$here/build-module.sh" $HOST
	"$here/demo.sh" --build
}

# measure PART LAB-OPTION...
measure() {
	local part=$1
	shift
	say "measuring: $part"
	"$here/lab" --kernel $HOST --cpus 1 --timeout 1500 --out "$LOGS/$part.out" "$@" -- \
		selftests/policies.sh "$part" >"$LOGS/$part.tsv"
}

# Misses of a replay: GUEST POLICY PAGES.
replayed() {
	"$NPTBUDGET" replay "$LOGS/$1.out/$1.dat" --policy "$2" --pages "$3" --json |
		sed -n 's/^ *"misses": *\([0-9]*\),*$/\1/p' | head -n 1
}

percent() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%+.1f %%", b ? 100 * (a - b) / b : 0 }'; }

# Live runs of a guest beside replays: what was measured.
replay_table() {
	local guest pages policy faults replay
	echo "| guest | pages | policy | live | replayed | difference |"
	echo "| ----- | ----: | ------ | ---: | -------: | ---------: |"
	cat "$LOGS/work.tsv" "$LOGS/linux.tsv" | while IFS=$'\t' read -r guest pages policy faults _; do
		replay=$(replayed "$guest" "$policy" "$pages")
		echo "| $guest | $pages | $policy | $faults | $replay | $(percent "$replay" "$faults") |"
	done
}

# yardsticks GUEST PAGES...: all policies in replays of a recording.
yardsticks() {
	local guest=$1 pages policy
	shift
	echo "| pages | fifo | clock | random | lru | mru | wsclock | true-lru | opt |"
	echo "| ----: | ---: | ----: | -----: | --: | --: | ------: | -------: | --: |"
	for pages; do
		printf '| %s |' "$pages"
		for policy in fifo clock random lru mru wsclock true-lru opt; do
			printf ' %s |' "$(replayed "$guest" $policy "$pages")"
		done
		echo
	done
}

cost_table() {
	echo "| policy | instructions per fault |"
	echo "| ------ | ---------------------: |"
	awk -F'\t' '{ printf "| %s | %s |\n", $3, $4 }' "$LOGS/cost.tsv"
}

versions() {
	local KVER KVERSION
	eval "$("$here/kernel.sh" path $HOST)"
	echo "CPU: QEMU $(qemu-system-x86_64 --version | awk 'NR == 1 { print $4 }'), TCG, EPYC (emulated), one CPU. Kernel: Debian's $KVERSION ($KVER)."
}

document() {
	local line
	while IFS= read -r line; do
		case $line in
		@REPLAY@) replay_table ;;
		@WORK@) yardsticks work 8 12 16 24 32 48 ;;
		@LINUX@) yardsticks linux 256 512 768 1024 ;;
		@COST@) cost_table ;;
		@VERSIONS@) versions ;;
		*) printf '%s\n' "$line" ;;
		esac
	done <"$here/policies.md"
}

main() {
	case $*$# in
	0)
		mkdir -p "$LOGS"
		prepare
		measure work
		measure cost --icount
		measure linux ;;
	--write1) ;;
	*) usage_error "usage: policies.sh [--write]" ;;
	esac
	document >"$LOGS/POLICIES.md"
	mv "$LOGS/POLICIES.md" "$PROJECT/docs/POLICIES.md"
	say "docs/POLICIES.md is written"
}

run_whole main "$@"
