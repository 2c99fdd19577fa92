#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What the bench has beside the cost of a fault: flushes and waits with several vCPUs, the
# module's memory, events, peers, and vCPUs in parallel.
#   bench-more.sh [--kernel SERIES] CASE...   measure, print, note in docs/BENCH-MORE.json
#   bench-more.sh --write                     the end of docs/BENCH.md from what is noted
#   bench-more.sh --document                  print that; for scripts/bench.sh
# CASE: flushes, waits, growth, events, peers, parallel. They take minutes each. What is not
# measured again keeps its date.
# shellcheck disable=SC2317 # job calls what it is given
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/all.sh
. "$here/lib/all.sh"
LOGS=$PROJECT/build/bench
NOTED=$PROJECT/docs/BENCH-MORE.json
read -r -a kernels <<<"$SERIES_ALL"

# How the lab is started. 6.1 does not boot on several CPUs whose clock counts instructions.
LABS=("--icount --cpus 8" "--cpus 8" "--icount --cpus 1 --mem 3G" "--threads --cpus 2")
# lab_of SERIES CASE
lab_of() {
	case $1:$2 in
	6.1:flushes) echo "${LABS[1]}" ;;
	*:flushes) echo "${LABS[0]}" ;;
	*:growth|*:events|*:peers) echo "${LABS[2]}" ;;
	*:waits|*:parallel) echo "${LABS[3]}" ;;
	*) usage_error "no such case: $2" ;;
	esac
}

prepare() {
	"$here/deps.sh" build lab
	make -s -C "$PROJECT" cli >&2
	make -s -C "$PROJECT/selftests" -j"$(nproc)" all >&2
	[[ " $* " != *" peers "* ]] || "$here/bench/demand-paging.sh" "$LOGS/demand_paging_test"
}

# How busy this machine was, for what is a matter of time.
busy() { [ "$1" != parallel ] || printf 'load %s on %s CPUs' "$(cut -d ' ' -f 1-3 /proc/loadavg)" "$(nproc)"; }

# measure SERIES OPTIONS CASE...: cases that the lab is started in the same way for.
measure() {
	local series=$1 options=$2 case KVERSION was
	local -a command
	shift 2
	eval "$("$here/kernel.sh" path "$series")"
	"$here/build-module.sh" "$series"
	say "$* on $series"
	was=$(busy "$1")
	read -r -a command <<<"$options"
	# The kernel log of peers has OOM kills of a cgroup, which the lab takes for a failure.
	"$here/lab" --kernel "$series" "${command[@]}" --timeout 1800 -- selftests/more.sh "$@" |
		tee "$LOGS/more.tsv" || [[ " $* " = *" peers "* ]]
	for case in "$@"; do
		sed -n "/^# $case\$/,/^# end\$/p" "$LOGS/more.tsv" | grep -v '^#' >"$LOGS/$case-$series.tsv"
		perl "$here/bench/more.pl" note "$NOTED" "$case" "$series" "$(date -I)" \
			"scripts/lab --kernel K $options -- selftests/more.sh $case" \
			"Debian's $KVERSION" "$was${was:+; after: }$(busy "$case")" <"$LOGS/$case-$series.tsv"
	done
}

write() {
	perl "$here/bench/more.pl" write "$NOTED" "$here/bench" "$PROJECT/docs/BENCH.md"
	say "wrote the end of docs/BENCH.md"
}

main() {
	local series options case usage="usage: bench-more.sh [--kernel SERIES] CASE... | --write | --document"
	local -a cases
	while [ $# -gt 0 ]; do
		case $1 in
		--document)
			[ ! -f "$NOTED" ] || perl "$here/bench/more.pl" document "$NOTED" "$here/bench"
			return ;;
		--write) write; return ;;
		--kernel)
			[ $# -ge 2 ] || usage_error "$usage"
			need_series "$2"
			kernels=("$2")
			shift ;;
		-*) usage_error "$usage" ;;
		*) break ;;
		esac
		shift
	done
	[ $# -gt 0 ] || usage_error "$usage"
	for case in "$@"; do lab_of "${kernels[0]}" "$case" >/dev/null; done
	mkdir -p "$LOGS"
	prepare "$@"
	for series in "${kernels[@]}"; do
		for options in "${LABS[@]}"; do
			cases=()
			for case in "$@"; do [ "$(lab_of "$series" "$case")" != "$options" ] || cases+=("$case"); done
			[ ${#cases[@]} = 0 ] || measure "$series" "$options" "${cases[@]}"
		done
	done
	write
}

run_whole main "$@"
