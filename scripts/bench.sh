#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Measure what a nested page fault costs, in instructions, on each stock kernel,
# and write docs/BENCH.md.
#   bench.sh            measure, print, write docs/BENCH.md and docs/BENCH.json
#   bench.sh --check    measure and compare with the marks: TAP, nothing written
#   bench.sh [--kernel SERIES] [--case NAME] [--json]
#                       measure that alone, and print it; nothing written
# shellcheck disable=SC2317 # job calls what it is given
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/all.sh
. "$here/lib/all.sh"
LOGS=$PROJECT/build/bench
HOW="scripts/lab --kernel K --icount --cpus 1 --mem 3G --no-module --no-lab-svm -- selftests/bench.sh"
read -r -a STOCK <<<"$SERIES_ALL"

# A case, and the ratio to what it is compared with, to three digits, that it may cost at
# most, and what it is to come to.
MARKS="loaded 1.00 1.00
other-vm 1.02 1.01
room 1.08 1.04
evict-1 1.30 1.15
evict-64 1.30 1.15
evict-4096 1.30 1.15
evict-262144 1.30 1.15
clock-1 1.30 1.15
clock-64 1.30 1.15
clock-4096 1.30 1.15
clock-262144 1.30 1.15
evict-64-traced 1.60 1.40
protected-room 1.02 1.01
mmio-room 1.02 1.01
emulate 2.00 1.00
own-8 1.15 1.00
same-8 1.15 1.00"
# What it may take, and is to come to, for each resident page.
PAGE_MARKS="attach 1500 750
lower 1500 750
detach 1500 750"
# How many times evict-64 the userfaultfd pager costs at least.
PAGER_MARK=6
# By how much more than another of a line an eviction may cost.
FLAT="evict-1 evict-64 evict-4096 evict-262144
clock-1 clock-64 clock-4096 clock-262144"
FLAT_MARK=1.03
only=

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
	"$here/lab" --kernel "$series" --icount --cpus 1 --mem 3G --no-module --no-lab-svm --timeout 1800 -- \
		selftests/bench.sh ${only:+--case "$only"} "$(module_build_dir "$series")/module/nptbudget.ko" \
		>"$LOGS/$series.tsv"
}

# The TSV of a kernel as rows: kernel, case, faults, per fault, ratio, to.
rows() {
	awk -F'\t' -v OFS='\t' -v k="$1" 'NR > 1 && !/^#/ { print k, $1, $2, $4, $5, $8 }' \
		"$LOGS/$1.tsv"
}

# How the kernel's multi-generational LRU was, where a case does not say.
lru_of() { awk -F'\t' '$1 == "# lru_gen" { print ($2 ~ /^(absent|0x0000)$/) ? "off" : "on" }' "$LOGS/$1.tsv"; }

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
		printf "| %-15s |", "case"
		for (j = 1; j <= nk; j++) printf " %8s | %5s |", k[j], "ratio"
		printf "\n| --------------- |"
		for (j = 1; j <= nk; j++) printf " -------: | ----: |"
		print ""
		for (i = 1; i <= n; i++) {
			printf "| %-15s |", name[i]
			for (j = 1; j <= nk; j++)
				printf " %8s | %5s |", each[k[j], name[i]], ratio[k[j], name[i]]
			print ""
		}
	}'
}

# All of it for programs: an object for each kernel.
json() {
	local series KVER KVERSION first=1
	printf '{\n'
	printf '  "unit": "instructions per nested page fault",\n'
	printf '  "cpu": "QEMU %s, TCG, EPYC (emulated)",\n' "$(qemu_version)"
	printf '  "command": "%s",\n  "kernels": [' "$HOW"
	for series in "${STOCK[@]}"; do
		eval "$("$here/kernel.sh" path "$series")"
		[ $first = 1 ] || printf ','
		first=0
		printf '\n    {\n      "series": "%s",\n      "kernel": "%s",\n' "$series" "$KVER"
		printf '      "lru_gen": "%s",\n      "cases": [' "$(lru_of "$series")"
		rows "$series" | awk -F'\t' '
		NR > 1 { printf "," }
		{ printf "\n        { \"case\": \"%s\", \"faults\": %d, \"per_fault\": %d, \"ratio\": %s, \"to\": \"%s\" }",
			$2, $3, $4, $5, $6 }'
		printf '\n      ]\n    }'
	done
	printf '\n  ]\n}\n'
}

qemu_version() { qemu-system-x86_64 --version | awk 'NR == 1 { print $4 }'; }

versions() {
	local series KVER KVERSION
	for series in "${STOCK[@]}"; do
		eval "$("$here/kernel.sh" path "$series")"
		echo "- $series: Debian's $KVERSION ($KVER), MGLRU $(lru_of "$series")"
	done
}

document() {
	cat <<-EOF
	# What a nested page fault costs

	Made by \`make bench\` on $(date -I); do not edit. Instructions that the host executes per
	nested page fault, and the ratio to plain KVM in the same run, so that kernels can
	be compared. The host's clock counts instructions, so the same run gives the same
	figures on a busy machine. BENCH.json has them for programs.

	    $HOW

	CPU: QEMU $(qemu_version), TCG, EPYC (emulated), one CPU; one vCPU, but for own-N, same-N and vms-N. Kernels:

	$(versions)

	$(table)

	| case | what | compared with |
	| --- | --- | --- |
	| plain | KVM alone; the guest touches each of its pages once, all in host memory | |
	| refault | KVM alone; the guest touches them for the fourth time, each time after all leaves went with the memory slot | plain |
	| uffd-64 | KVM alone; a userfaultfd pager in user space keeps 64 pages, one eviction a fault | refault |
	| loaded | as plain, nptbudget loaded, no VM under a budget | plain |
	| other-vm | another VM is under a budget | plain |
	| room | this VM is under a budget with room left | plain |
	| evict-N | this VM has a budget of N pages, one eviction a fault, by fifo | refault |
	| clock-N | evict-N by clock; each page comes, is used once, and goes | refault |
	| clock-busy | clock with a budget of 16,384, of 16,640 pages that are all used between two evictions: the hand passes 32 for each, the most that it may | refault |
	| batch-N | as evict-64, N pages at a time with one flush (the knob batch) | refault |
	| evict-64-traced | as evict-64, with all tracepoints of nptbudget recording | refault |
	| protected | KVM alone; writes to resident pages that dirty logging has write-protected | |
	| protected-room | the same, under a budget with room left | protected |
	| mmio | KVM alone; reads where there is no memory, which exit to user space | |
	| mmio-room | the same, under a budget with room left | mmio |
	| emulate-kvm | KVM alone; writes to an ioeventfd, each an exit and an instruction that KVM emulates | |
	| emulate | budget 1 with on_loop=emulate; one emulated instruction, in bursts | emulate-kvm |
	| own-N, same-N | N vCPUs under one budget, with pages of their own (64 to stay for each), or all with the same (64 to stay) | own-1, same-1 |
	| vms-N | N VMs under budgets of 64 | vms-1 |
	| attach, detach, lower | a budget with room is put on a VM with 262,144 resident pages, or taken off it, or made 1: for each page | |
	| *-gen1, *-gen0 | with the kernel's multi-generational LRU (MGLRU) on, and off | the like |

	A page that is evicted has been touched before, so that is what evictions are compared
	with. Without MGLRU the kernel does more at the first touch of a page: it puts it among
	the active ones, which a refault finds done.

	Marks, as ratios: $(marks_text "$MARKS"); a pager that costs at least $PAGER_MARK times as much as
	evict-64; ${FLAT/$'\n'/, and } within 3 % of each other; and instructions for each
	resident page: $(marks_text "$PAGE_MARKS"). Checked by \`scripts/bench.sh --check\`:

	$(check | sed -n 's/^ok [0-9]* - /- met: /p; s/^not ok [0-9]* - /- MISSED: /p')
	EOF
	cat "$here/bench-notes.md"
	"$here/bench-more.sh" --document
}

# marks_text MARKS: in words.
marks_text() { awk '{ printf "%s%s %s (aim %s)", (NR > 1 ? ", " : ""), $1, $2, $3 }' <<<"$1"; }

# The marks as TAP.
check() {
	all_rows | awk -F'\t' -v marks="$MARKS" -v pages="$PAGE_MARKS" -v pager=$PAGER_MARK -v flat="$FLAT" -v most=$FLAT_MARK \
		-v kernels="$SERIES_ALL" '
	function result(good, what) {
		printf "%s %d - %s\n", good ? "ok" : "not ok", ++t, what
		if (!good) bad = 1
	}
	{ each[$1, $2] = $4; ratio[$1, $2] = $5 }
	END {
		nk = split(kernels, k, " ")
		nm = split(marks, m, "\n")
		np = split(pages, p, "\n")
		for (j = 1; j <= nk; j++) {
			for (i = 1; i <= nm; i++) {
				split(m[i], f, " ")
				r = ratio[k[j], f[1]]
				result(r != "" && r + 0 <= f[2] + 0,
					k[j] " " f[1] ": " (r == "" ? "not measured" : r) ", at most " f[2])
			}
			for (i = 1; i <= np; i++) {
				split(p[i], f, " ")
				e = each[k[j], f[1]]
				result(e != "" && e + 0 <= f[2] + 0,
					k[j] " " f[1] ": " (e == "" ? "not measured" : e) " instructions a page, at most " f[2])
			}
			e = each[k[j], "evict-64"]
			r = e ? each[k[j], "uffd-64"] / e : 0
			result(r >= pager, sprintf("%s pager to evict-64: %.1f, at least %s", k[j], r, pager))
			nl = split(flat, line, "\n")
			for (l = 1; l <= nl; l++) {
				nf = split(line[l], f, " ")
				low = high = 0
				for (i = 1; i <= nf; i++) {
					e = each[k[j], f[i]]
					if (i == 1 || e < low) low = e
					if (i == 1 || e > high) high = e
				}
				r = low ? high / low : 0
				result(r && r <= most, sprintf("%s %s: the dearest to the cheapest %.3f, at most %s", k[j], line[l], r, most))
			}
		}
		print "1.." t
		exit bad
	}'
}

main() {
	local series mode=write usage="usage: bench.sh [--check] [--json] [--kernel SERIES] [--case NAME]"
	while [ $# -gt 0 ]; do
		case $1 in
		--check|--json) mode=${1#--} ;;
		--kernel|--case)
			[ $# -ge 2 ] || usage_error "$usage"
			[ "$mode" != write ] || mode=print
			if [ "$1" = --case ]; then only=$2; else need_series "$2"; STOCK=("$2"); fi
			shift ;;
		*) usage_error "$usage" ;;
		esac
		shift
	done
	SERIES_ALL=${STOCK[*]}
	mkdir -p "$LOGS" "$PROJECT/docs"
	rm -f "$LOGS"/*.tsv
	prepare
	for series in "${STOCK[@]}"; do measure "$series"; done
	case $mode in
	check) check ;;
	json) json ;;
	print) table ;;
	write)
		json >"$LOGS/BENCH.json"
		document >"$LOGS/BENCH.md"
		mv "$LOGS/BENCH.json" "$LOGS/BENCH.md" "$PROJECT/docs/"
		table
		check || true ;;
	esac
}

run_whole main "$@"
