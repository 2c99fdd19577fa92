#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Run nptbudget probe on the second model of the CPU: Bochs' ryzen, a Zen 1 with
# SVM and nested paging, with Debian's stock 6.1 as its kernel.
#   probe-bochs.sh [--timeout S] [--stall S] [--out DIR] [--modes "MODE..."] [CASE...]
# What is found is kept in DIR (build/bochs), row by row, as probe.csv; a pair
# that has a row there is not run again, so a run that was cut short goes on where
# it stopped. Remove DIR to start anew. Bochs itself dies on some pairs: then it is
# booted again for the rest. A pair whose guest shuts down, which kills Bochs 2.7,
# is recorded as died. Another on which it dies, or says nothing for S seconds of
# CPU time (--stall, 400), is tried once more, first after a boot, before it is.
# Exit status: 0 where each pair has a row; 124 after --timeout S seconds; else 1.
# A boot takes about two minutes of CPU, all that does not kill it ten more.
# shellcheck disable=SC2317 # job calls what it is given
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/all.sh
. "$here/lib/all.sh"
# shellcheck source-path=SCRIPTDIR source=lib/bochs.sh
. "$here/lib/bochs.sh"

PROBE=$PROJECT/build/bin/nptbudget
# Those first that have most to say; what is not named comes after them.
MODES_FIRST="real prot 32 long pae-far long-far"
timeout=28800 stall=400 out=$PROJECT/build/bochs tmp='' modes=
cases=()

parse() {
	while [ $# -gt 0 ]; do
		case $1 in
		--timeout) [[ ${2-} =~ ^[0-9]+$ ]] || usage_error "--timeout takes seconds"; timeout=$2; shift 2 ;;
		--stall) [[ ${2-} =~ ^[0-9]+$ ]] || usage_error "--stall takes seconds"; stall=$2; shift 2 ;;
		--out) [ -n "${2-}" ] || usage_error "--out takes a folder"; out=$2; shift 2 ;;
		--modes) [ -n "${2-}" ] || usage_error "--modes takes names of modes"; modes=$2; shift 2 ;;
		-h|--help) sed -n '3,15s/^# \?//p' "$0"; exit 0 ;;
		-*) usage_error "no such option: $1" ;;
		*) cases+=("$1"); shift ;;
		esac
	done
}

all_modes() {
	{ tr ' ' '\n' <<<"$MODES_FIRST"; "$PROBE" probe --list | sed -n '/ Modes:$/,$s/^  \([^ ]*\) .*/\1/p'; } |
		awk '!seen[$0]++'
}

# "GROUP MODE CASE", in the order in which they are run: software interrupts, on
# which Bochs 2.7 dies, last, but for modes that its ryzen lacks: they are skipped
# by name, at once. The probe keeps the catalogue's order in a group.
pairs() {
	local mode
	for mode in ${modes:-$(all_modes)}; do
		"$PROBE" probe --list --mode "$mode" "${cases[@]}" | awk -v mode="$mode" '
			/^  [a-z0-9_]+ .* modes?\)$/ { print $1 ~ /^int_|^tss_/ && mode !~ /^la57/ ? 2 : 1, mode, $1 }'
	done | sort -s -n -k 1,1
}

# Those of them that have no row yet.
left() {
	awk 'rows { split($0, f, ","); done[f[3] " " f[1]] = 1; next }
		!(($2 " " $3) in done)' rows=1 "$out/rows" rows=0 "$tmp/pairs"
}

# A line for each group: its mode, its cases.
groups() {
	awk '{ key = $1 " " $2 } key != last { printf "%s%s", last == "" ? "" : "\n", $2; last = key }
		{ printf " %s", $3 } END { print "" }'
}

write_init() {
	bochs_init_head
	cat <<-'END'
		echo "PROBE CPU $(sed -n 's/^model name[^:]*: *//p;T;q' /proc/cpuinfo)"
		echo "PROBE KERNEL $(uname -rv)"
		echo "PROBE BEGIN"
		while read mode cases; do
			nptbudget probe --csv --mode $mode $cases </dev/null 2>>/stderr
		done </todo
		echo "PROBE END"
		cat /stderr
		dmesg | tail -n 20
		echo "PROBE OVER"
		sleep 1000000
	END
}

# The console so far, in whole lines.
console() {
	if [ -z "$(tail -c 1 "$out/console.log")" ]; then
		cat "$out/console.log"
	else
		sed '$d' "$out/console.log"
	fi | tr -d '\r'
}

# New rows on the console: the kernel may say something there too.
collect() {
	[ -s "$out/console.log" ] || return 0
	console >"$tmp/console"
	sed '/^PROBE END/,$d' "$tmp/console" |
		awk -F, 'rows { old[$0] = 1; next }
			/^case,/ { n = NF } n && NF >= n && $1 != "case" && !($0 in old)' \
			rows=1 "$out/rows" rows=0 - >"$tmp/new"
	[ -s "$tmp/new" ] || return 0
	cat "$tmp/new" >>"$out/rows"
	sed -n '/^case,/{p;q}' "$tmp/console" >"$out/head"
	sed -n 's/^PROBE CPU //p' "$tmp/console" >"$out/cpu"
	sed -n 's/^PROBE KERNEL //p' "$tmp/console" >"$out/kernel"
	in_order
}

# probe.csv: the rows in the catalogue's order.
in_order() {
	[ -s "$out/head" ] || return 0
	"$PROBE" probe --list | awk -F, '
		rows { row[$1] = row[$1] $0 "\n"; next }
		{ split($0, w, " ") } /^  / && w[1] in row { printf "%s", row[w[1]]; delete row[w[1]] }' \
		rows=1 "$out/rows" rows=0 - | cat "$out/head" - >"$out/probe.csv"
}

# died REASON GROUP MODE CASE
died() {
	say "$4 in mode $3: Bochs died: $1"
	printf '%s,-,%s,died,-,-,-,-,-,-,-,-,-,-,-,-,"%s"\n' "$4" "$3" "$1" >>"$out/rows"
	in_order
}

# Wait for the end of a boot, and tell how far it is. 1: Bochs died; 3: stalled.
watch() {
	local size=0 then=0 now told='' first nr
	while kill -0 "$bochs_pid" 2>/dev/null; do
		! grep -q '^PROBE OVER' "$out/console.log" || return 0
		[ $SECONDS -lt "$timeout" ] || return 124
		now=$(cpu_seconds "$bochs_pid")
		[ "$(stat -c %s "$out/console.log")" = "$size" ] || {
			size=$(stat -c %s "$out/console.log") then=$now
			collect
		}
		[ $((now - then)) -lt "$stall" ] || return 3
		first=$(left | head -n 1) nr=$(left | wc -l)
		[ "$nr $first" = "$told" ] || say "$(($(wc -l <"$tmp/pairs") - nr)) of $(wc -l <"$tmp/pairs") pairs; next: ${first#* }"
		told="$nr $first"
		sleep 2
	done
	return 1
}

# Boot once, with all pairs that are left. A triple fault is the guest's: Bochs 2.7
# has no intercept of a shutdown, and panics.
boot() {
	local rc=0 before after why
	left | groups >"$tmp/initramfs/todo"
	before=$(left | head -n 1)
	bochs_cd
	bochs_start "$out/console.log"
	watch || rc=$?
	bochs_stop
	collect
	cp "$tmp/stdout" "$out/stdout"
	cp "$tmp/bochs.log" "$out/bochs.log" 2>/dev/null || true
	after=$(left | head -n 1)
	[ $rc != 124 ] || { say "not done after $timeout s"; return 124; }
	[ -n "$after" ] || return 0
	grep -q '^PROBE BEGIN' "$out/console.log" || die "L1 does not boot: $out/console.log"
	why=$(bochs_last_words)
	[ $rc != 3 ] || why="nothing happened for $stall s of CPU time"
	say "boot ended at ${after#* }: ${why:-status $rc}"
	# shellcheck disable=SC2086 # three words
	[[ "$before" != "$after" && $why != *3rd*exception* ]] || died "${why:-no word}" $after
}

main() {
	parse "$@"
	"$here/deps.sh" build lab bochs
	make -s -C "$PROJECT" cli
	trap bochs_end EXIT
	trap 'exit 143' TERM
	tmp=$(mktemp -d "${TMPDIR:-/tmp}/nptbudget-bochs.XXXXXX")
	mkdir -p "$out"
	out=$(cd "$out" && pwd -P)
	touch "$out/rows"
	bochs_tree "$PROBE"
	write_init >"$tmp/initramfs/init"
	pairs >"$tmp/pairs"
	[ -s "$tmp/pairs" ] || die "no such pairs"
	collect
	while left | grep -q .; do boot || exit $?; done
	in_order
	say "$(wc -l <"$out/rows") pairs are in $out/probe.csv"
}

run_whole main "$@"
