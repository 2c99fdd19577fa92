#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Measure what a nested page fault costs, in instructions, on each stock kernel,
# and write docs/BENCH.md.
#   bench.sh            measure, print and write the table
#   bench.sh --check    measure and compare with the marks: TAP, nothing written
# shellcheck disable=SC2317 # job calls what it is given
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/all.sh
. "$here/lib/all.sh"
LOGS=$PROJECT/build/bench
HOW="scripts/lab --kernel K --icount --cpus 1 --no-module --no-lab-svm -- selftests/bench.sh"
read -r -a STOCK <<<"$SERIES_ALL"

# A case, and the ratio to plain KVM, to two digits, that it may cost at most.
MARKS="loaded 1.00
room 1.10
evict-1 1.45
evict-64 1.45
evict-4096 1.45"
# How many times evict-64 the userfaultfd pager costs at least.
PAGER_MARK=5

prepare() {
	"$here/deps.sh" build lab
	make -s -C "$PROJECT" cli >&2
	make -s -C "$PROJECT/selftests" -j"$(nproc)" all >&2
}

# Measure on one kernel, into LOGS/SERIES.tsv.
measure() {
	local series=$1
	"$here/kernel.sh" fetch "$series"
	"$here/build-module.sh" "$series"
	say "measuring on $series"
	"$here/lab" --kernel "$series" --icount --cpus 1 --no-module --no-lab-svm --timeout 900 -- \
		selftests/bench.sh "$(module_build_dir "$series")/module/nptbudget.ko" \
		>"$LOGS/$series.tsv"
}

# The TSV of a kernel as rows: kernel, case, faults, per fault, ratio.
rows() { awk -F'\t' -v OFS='\t' -v k="$1" 'NR > 1 { print k, $1, $2, $4, $5 }' "$LOGS/$1.tsv"; }

all_rows() {
	local series
	for series in "${STOCK[@]}"; do rows "$series"; done
}

# One row a case, two columns a kernel: instructions per fault, ratio.
table() {
	all_rows | awk -F'\t' -v kernels="$SERIES_ALL" '
	{ if (!($2 in seen)) { seen[$2] = 1; name[++n] = $2 } each[$1, $2] = $4; ratio[$1, $2] = $5 }
	END {
		nk = split(kernels, k, " ")
		printf "| %-12s |", "case"
		for (j = 1; j <= nk; j++) printf " %8s | %5s |", k[j], "ratio"
		printf "\n| ------------ |"
		for (j = 1; j <= nk; j++) printf " -------: | ----: |"
		print ""
		for (i = 1; i <= n; i++) {
			printf "| %-12s |", name[i]
			for (j = 1; j <= nk; j++)
				printf " %8d | %5s |", each[k[j], name[i]], ratio[k[j], name[i]]
			print ""
		}
	}'
}

versions() {
	local series KVER KVERSION
	for series in "${STOCK[@]}"; do
		eval "$("$here/kernel.sh" path "$series")"
		echo "- $series: Debian's $KVERSION ($KVER)"
	done
}

document() {
	cat <<-EOF
	# What a nested page fault costs

	Made by \`make bench\`; do not edit. Instructions that the host executes per
	nested page fault, and the ratio to plain KVM (\`plain\`) in the same run,
	so that kernels can be compared. The host's clock counts instructions, so the
	same run gives the same figures on a busy machine.

	    $HOW

	CPU: QEMU $(qemu-system-x86_64 --version | awk 'NR == 1 { print $4 }'), TCG, EPYC (emulated), one CPU, one vCPU. Kernels:

	$(versions)

	$(table)

	| case | what |
	| --- | --- |
	| plain | KVM alone; the guest touches each of its pages once, all in host memory |
	| uffd-64 | KVM alone; a userfaultfd pager in user space keeps 64 pages, one eviction a fault |
	| loaded | as plain, nptbudget loaded, no VM under a budget |
	| other-vm | another VM is under a budget |
	| room | this VM is under a budget with room left |
	| evict-N | this VM has a budget of N pages, one eviction a fault |

	Marks: loaded $(mark loaded), room $(mark room), evict-1, -64 and -4096 $(mark evict-64), and a pager that costs at
	least $PAGER_MARK times as much as evict-64. Checked by \`scripts/bench.sh --check\`:

	$(check | sed -n 's/^ok [0-9]* - /- met: /p; s/^not ok [0-9]* - /- MISSED: /p')
	EOF
}

mark() { awk -v c="$1" '$1 == c { print $2 }' <<<"$MARKS"; }

# The marks as TAP.
check() {
	all_rows | awk -F'\t' -v marks="$MARKS" -v pager=$PAGER_MARK \
		-v kernels="$SERIES_ALL" '
	function result(good, what) {
		printf "%s %d - %s\n", good ? "ok" : "not ok", ++t, what
		if (!good) bad = 1
	}
	{ each[$1, $2] = $4; ratio[$1, $2] = $5 }
	END {
		nk = split(kernels, k, " ")
		nm = split(marks, m, "\n")
		for (j = 1; j <= nk; j++) {
			for (i = 1; i <= nm; i++) {
				split(m[i], f, " ")
				r = ratio[k[j], f[1]]
				result(r != "" && r + 0 <= f[2] + 0,
					k[j] " " f[1] ": " (r == "" ? "not measured" : r) ", at most " f[2])
			}
			e = each[k[j], "evict-64"]
			r = e ? each[k[j], "uffd-64"] / e : 0
			result(r >= pager, sprintf("%s pager to evict-64: %.1f, at least %s", k[j], r, pager))
		}
		print "1.." t
		exit bad
	}'
}

main() {
	local series
	case $*$# in
	0|--check1) ;;
	*) usage_error "usage: bench.sh [--check]" ;;
	esac
	mkdir -p "$LOGS" "$PROJECT/docs"
	rm -f "$LOGS"/*.tsv
	prepare
	for series in "${STOCK[@]}"; do measure "$series"; done
	if [ "${1-}" = --check ]; then
		check
	else
		document >"$LOGS/BENCH.md"
		mv "$LOGS/BENCH.md" "$PROJECT/docs/BENCH.md"
		table
		check || true
	fi
}

run_whole main "$@"
