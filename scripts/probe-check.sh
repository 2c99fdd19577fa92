#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Run the whole catalogue of nptbudget probe in the lab, on one kernel, and
# compare with what is recorded: TAP, a result for each case and mode.
#   probe-check.sh                    compare with userspace/probe/expect/qemu.csv
#   probe-check.sh --record qemu      write that file anew
#   probe-check.sh --record qemu-la57 the same with five levels, for the documents
#   probe-check.sh --record qemu-npt0 some of it under shadow paging, likewise
#   probe-check.sh --record bochs     what scripts/probe-bochs.sh found, the same
#   probe-check.sh --record haswell   what scripts/check-intel.sh found on 6.12, likewise
#                                     haswell-ug0 and haswell-ept0
#   probe-check.sh --csv FILE [NAME [CASE...]]
#                                     compare a file that the probe printed with
#                                     userspace/probe/expect/NAME.csv (qemu), or some cases
# What a CPU model gives is recorded, not what theory says: docs/PROBE.md tells
# the two apart. --record is for a change that was looked at and is right.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
. "$here/lib/common.sh"
# shellcheck source-path=SCRIPTDIR source=lib/tap.sh
. "$here/lib/tap.sh"

KERNEL=6.12
EXPECT=$PROJECT/userspace/probe/expect/qemu.csv
COLUMNS="case mode result pages roles theory theory_roles agrees below steps"
out=$PROJECT/build/probe
lab_args=()

# The columns that are compared; none of them holds a comma. Registers and memory
# that are not as without a budget make another result.
columns() {
	awk -F, -v want="$COLUMNS" '
	BEGIN { n = split(want, name, " ") }
	/^#/ { next }
	$1 == "case" && header { next }
	!header { for (i = 1; i <= NF; i++) at[$i] = i; header = 1; next }
	{
		if (at["same"] && $at["same"] == "no") $at["result"] = "wrong"
		for (i = 1; i <= n; i++) printf "%s%s", $at[name[i]], i < n ? "," : "\n"
	}' "$1"
}

# run [OPTION...]: the probe once for each, into one file.
run() {
	mkdir -p "$out"
	rm -f "$out/probe.csv"
	# shellcheck disable=SC2016 # for the shell in L1
	"$here/lab" --kernel $KERNEL --timeout 1500 --out "$out" "${lab_args[@]}" -- \
		sh -c 'rc=0
			for mode in "${@:---csv}"; do
				nptbudget probe --csv "$mode" >>"$OUT/probe.csv" || rc=$?
			done
			sed -n "s/^model name[^:]*: *//p;T;q" /proc/cpuinfo >"$OUT/cpu"
			uname -rv >"$OUT/kernel"; exit $rc' sh "$@"
}

# What was measured, below lines that say where: for the documents too.
record() {
	local file=$PROJECT/userspace/probe/expect/$1.csv cpu left boot=cpu kernel=kernel
	[[ $1 != haswell* ]] || boot=cpu-6.12 kernel=release-6.12
	cpu=$(cat "$out/$boot")
	case $1 in
	bochs) cpu="Bochs $(dpkg-query -W -f '${Version}' bochs), its ryzen, $cpu" ;;
	haswell*) cpu="Bochs $(dpkg-query -W -f '${Version}' bochs), its corei7_haswell_4770, $cpu" ;;
	*) cpu="$(qemu-system-x86_64 --version | head -n 1), TCG, $cpu" ;;
	esac
	{
		echo "# CPU: $cpu"
		echo "# Kernel: Debian's $(cat "$out/$kernel")"
		case $1 in
		bochs)
			echo "# Command: scripts/probe-bochs.sh"
			left=$(($("$PROJECT/build/bin/nptbudget" probe --list |
				sed -n 's/^[0-9]* cases, \([0-9]*\) pairs.*/\1/p') - $(grep -c '^[a-z]' "$out/probe.csv") + 1))
			[ $left = 0 ] || echo "# Not complete: $left pairs are not measured" ;;
		haswell) echo "# Command: scripts/check-intel.sh --kernel 6.12 probe" ;;
		haswell-ug0) echo "# Command: scripts/check-intel.sh --kernel 6.12 probe,unrestricted_guest=0" ;;
		haswell-ept0) echo "# Command: scripts/check-intel.sh --kernel 6.12 probe,ept=0" ;;
		*) echo "# Command: scripts/probe-check.sh --record $1" ;;
		esac
		echo "$COLUMNS" | tr ' ' ,
		columns "$csv"
	} >"$file"
	say "$(($(grep -vc '^#' "$file") - 1)) pairs recorded in ${file#"$PROJECT/"}"
}

# compare FILE [CASE...]
compare() {
	local name rest got mode only
	local -A measured=()
	only=" ${*:2} "
	while IFS=, read -r name mode rest; do measured["$name,$mode"]=$rest; done < <(columns "$1")
	while IFS=, read -r name mode rest; do
		[ $# = 1 ] || [[ $only == *" $name "* ]] || continue
		got=${measured["$name,$mode"]-nothing}
		unset "measured[$name,$mode]"
		if [ "$got" = "$rest" ]; then
			tap_ok "$name in mode $mode: ${rest//,/ }"
		else
			tap_fail "$name in mode $mode" "recorded: $rest; measured: $got"
		fi
	done < <(columns "$EXPECT")
	for name in "${!measured[@]}"; do
		tap_fail "${name/,/ in mode }" "is not recorded"
	done
}

usage() { usage_error "usage: probe-check.sh [--record qemu|qemu-la57|qemu-npt0|bochs|haswell|haswell-ug0|haswell-ept0 | --csv FILE [NAME [CASE...]]]"; }

main() {
	local csv=$out/probe.csv rc=0
	local -a cases=()
	case ${1-} in
	--csv)
		[ $# -ge 2 ] || usage
		csv=$2
		EXPECT=$PROJECT/userspace/probe/expect/${3-qemu}.csv
		[ -r "$EXPECT" ] || die "there is no ${EXPECT#"$PROJECT/"}"
		cases=("${@:4}") ;;
	'') run || rc=$? ;;
	--record)
		case ${2-} in
		qemu) run ;;
		qemu-la57)
			lab_args=(--cpu-model "EPYC,+svm,+npt,+la57")
			run --mode=la57{,-far,-2m,-2m-far,-1g,-1g-far} ;;
		qemu-npt0)
			lab_args=(--npt 0)
			run paging_{32,pae,long} code_is_table smc_next add movsd record_{32,64} ;;
		bochs)
			out=$PROJECT/build/bochs
			csv=$out/probe.csv
			[ -s "$csv" ] || die "there is nothing in $out: run make probe-bochs" ;;
		haswell|haswell-ug0|haswell-ept0)
			out=$PROJECT/build/intel
			csv=$out/$2-6.12.csv
			[ -s "$csv" ] || die "there is no $csv: run make check-intel" ;;
		*) usage ;;
		esac
		record "$2"
		return ;;
	*) usage ;;
	esac
	tap_begin
	tap_check "the catalogue ran" [ $rc = 0 -a -s "$csv" ]
	[ ! -s "$csv" ] || compare "$csv" "${cases[@]}"
	tap_end
}

main "$@"
