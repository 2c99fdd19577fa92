#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Run selftests and the probe on Intel's VT-x: in Bochs, a Haswell with EPT, under
# Debian's kernels; QEMU emulates no VT-x.
#   check-intel.sh [--kernel SERIES]... [--cpu-seconds S] [--out DIR]
#                  [--short | --pml | --list | PIECE...]
# One boot a kernel, of all three, unless some are named. In it: every selftest in C but
# those of LEFT_OUT below; a few again under each of VARIANTS, parameters with which
# kvm_intel is loaded anew; nptbudget probe, its whole catalogue, compared with
# userspace/probe/expect/haswell.csv. --short: what SHORT says, on 6.12. PIECE is
# "test_loop", "test_loop,ept=0", "command" (scripts/intel/command.sh), "probe" and the
# like. --list names all pieces, and what is left out, and why.
# Bochs has one CPU, no disk and no network, so what a test calls has to be in the
# initramfs. It is slow, and how slow depends on what else the machine does: CPU time is
# what is counted, and a boot that took S seconds of it (--cpu-seconds, 5000) is ended.
# Last comes a boot of 6.12 on a CPU with PML, unless pieces are named; --pml: that alone.
# Results are TAP, a piece's name in each; "N passed, N failed, N skipped" comes last.
# DIR/times-SERIES has the CPU seconds at which each piece began.
# Logs, and what the probe printed: DIR (build/intel).
# shellcheck disable=SC2317 # job calls what it is given
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/all.sh
. "$here/lib/all.sh"
# shellcheck source-path=SCRIPTDIR source=lib/bochs.sh
. "$here/lib/bochs.sh"
# shellcheck source-path=SCRIPTDIR source=lib/verdict.sh
. "$here/lib/verdict.sh"

SELFTESTS=$PROJECT/build/selftests
# NAME REASON; docs/LAB.md has them for readers.
LEFT_OUT="
*.sh need this machine's programs, which the lab has by 9p: scripts/intel/command.sh has some of it
test_bounded counts instructions, as the lab does with --icount
test_late counts instructions, as the lab does with --icount
test_neighbours counts instructions, as the lab does with --icount
test_failslab needs a kernel with fault injection
test_backing needs zram, swap and disks, and so modules that are not in the initramfs
test_change needs two CPUs
test_dirty needs two CPUs
test_dying needs two CPUs
test_flush needs two CPUs
test_corpus:146 a split instruction that repeats: Bochs does not fetch its second page again
test_corpus:368 likewise
test_emulate:code its breakpoint on code: Bochs keeps debug exceptions over an exit
test_emulate:REP its single steps of REP: the same
test_iret:tf frames that set TF: the same
probe,unrestricted_guest=0:rm_add_split a split instruction that repeats, as above
"
# PARAMETERS PIECE...
VARIANTS="
ept=0 test_loop test_onloop probe
unrestricted_guest=0 test_loop test_onloop probe
eptad=0 test_loop test_policy
vpid=0 test_loop test_onloop
"
# Where the CPU logs dirty pages itself: on another model, and 6.12 alone.
PML_CPU=corei7_skylake_x
PML="pml test_loop paths_dirty"
SHORT="test_loop test_onloop test_budget probe_few"
# What the probe runs where it is not the whole catalogue, and what it is compared with.
PROBE_FEW="nop add movsd push_mem int_same int_same_64 int_inner irq_own mov_cr3 paging_32 paging_pae paging_long rm_int"
PROBE_VARIANT="nop add movsd record_32 record_64 int_same int_same_64 mov_cr3 code_is_table
	paging_32 paging_pae paging_long rm_nop rm_add rm_add_split rm_movs rm_push rm_int rm_int3
	rm_ud rm_irq rm_out rm_iret"
BOCHS_APPLETS+=" killall rm wc"
out=$PROJECT/build/intel limit=5000 tmp='' failed=0 short='' pml='' list='' whole=''
series=() pieces=()
total=(0 0 0)

parse() {
	while [ $# -gt 0 ]; do
		case $1 in
		--kernel) is_stock "${2-}" || usage_error "--kernel takes one of $SERIES_ALL"; series+=("$2"); shift 2 ;;
		--cpu-seconds) [[ ${2-} =~ ^[0-9]+$ ]] || usage_error "--cpu-seconds takes seconds"; limit=$2; shift 2 ;;
		--out) [ -n "${2-}" ] || usage_error "--out takes a folder"; out=$2; shift 2 ;;
		--short) short=yes; shift ;;
		--pml) pml=yes; shift ;;
		--list) list=yes; shift ;;
		-h|--help) sed -n '3,20s/^# \?//p' "$0"; exit 0 ;;
		-*) usage_error "no such option: $1" ;;
		*) pieces+=("$1"); shift ;;
		esac
	done
	[ -z "$short" ] || [ ${#pieces[@]} = 0 ] || usage_error "--short names its pieces itself"
}

# Where none are named. The selftests are built by now, and their list.
choose() {
	if [ -n "$short" ]; then
		[ ${#series[@]} -gt 0 ] || series=(6.12)
		read -r -a pieces <<<"$SHORT"
	fi
	[ ${#series[@]} -gt 0 ] || read -r -a series <<<"$SERIES_ALL"
	[ ${#pieces[@]} -gt 0 ] || { whole=yes; mapfile -t pieces < <(all_pieces); }
}

# The selftests in C, in the order in which they are run: build/selftests has them all.
selftests() {
	local left
	left=$(sed -n 's/^\(test_[^ :]*\) .*/\1/p' <<<"$LEFT_OUT")
	sed -n 's/^[a-z]*:\(test_[^.]*\)$/\1/p' "$SELFTESTS/kselftest-list.txt" | grep -vxFe "$left"
}

left_out() { sed -n 's/^\([^ ]*\) /# left out: \1: /p' <<<"$LEFT_OUT"; }

all_pieces() {
	local parameters name
	local -a names
	selftests
	echo command
	echo probe
	while read -r parameters names; do
		for name in $names; do echo "$name,$parameters"; done
	done < <(grep . <<<"$VARIANTS")
}

# What is needed of a piece: "test_loop,ept=0" is the test "test_loop".
programs() { printf '%s\n' "${pieces[@]%%,*}" | sed -n 's/^command$\|^probe.*/addloop/; s/^paths_.*/test_paths/; /^test_\|^addloop/p' | sort -u; }

# probe_cases PIECE: the cases that it runs; none for all of them.
probe_cases() {
	case $1 in
	probe_few) xargs <<<"$PROBE_FEW" ;;
	probe,*) xargs -n 1 <<<"$PROBE_VARIANT" | grep -vxFe "$(sed -n "s/^$1:\([^ ]*\) .*/\1/p" <<<"$LEFT_OUT")" | xargs ;;
	esac
}

# probe_name PIECE: of the file that it is compared with, userspace/probe/expect/NAME.csv.
probe_name() {
	case $1 in
	probe,ept=0) echo haswell-ept0 ;;
	probe,unrestricted_guest=0) echo haswell-ug0 ;;
	*) echo haswell ;;
	esac
}

# For L1, a line each: "kvm PARAMETERS" loads kvm_intel anew; "run NAME SECONDS COMMAND...",
# the most that it may take, by L1's clock; "hold" and "let" before and after the probe.
plan() {
	local piece name rest cases seconds now=
	for piece in "${pieces[@]}"; do
		name=${piece%%,*} rest='' seconds=300
		[ "$name" = "$piece" ] || rest=${piece#*,}
		cases=$(probe_cases "$piece")
		case $name in
		probe*) name="nptbudget probe --csv" seconds=2000 ;;
		command) name=command.sh ;;
		pml) name=pml.sh ;;
		test_paths) name="test_paths -m tdp -b 64 nested" ;;
		test_corpus) name="test_corpus -x 146 -x 368" ;;
		test_emulate) name="test_emulate -x code REP" ;;
		test_iret) name="test_iret -x tf" ;;
		paths_dirty) name="test_paths -m tdp -b 64 dirty" ;;
		esac
		[ "$rest" = "$now" ] || echo "kvm $rest"
		now=$rest
		[[ $piece != probe* ]] || echo hold
		echo "run $piece $seconds $name${cases:+ $cases}"
		[[ $piece != probe* ]] || echo let
	done
}

# The console is a serial line that the kernel writes to as well, and a slow one: a file
# for stderr, lest the probe take it for a terminal and show how far it is. While the probe
# runs another VM is under budget, and stands still: each of its cases would else be the first
# and the last, and have the kernel's text patched twice.
write_init() {
	bochs_init_head
	cat <<-'END'
		export LAB_MODULE=/modules/nptbudget.ko LAB_KERNEL=intel NPTB_PATIENCE=8 NPTB_TIMES=4
		echo "INTEL CPU $(sed -n 's/^model name[^:]*: *//p;T;q' /proc/cpuinfo)"
		echo "INTEL KERNEL $(uname -rv)"
		while read -r what name seconds rest; do
			case $what in
			kvm)
				rmmod nptbudget
				rmmod kvm_intel
				insmod /modules/kvm-intel.ko $name && insmod /modules/nptbudget.ko ||
					echo "INTEL FAILED to load with '$name'" ;;
			hold)
				nptbudget run --pages 3 -- addloop --mode prot --seconds 86400 \
					--laps 1000000000 >/dev/null 2>&1 &
				sleep 3
				killall -STOP addloop || echo "INTEL FAILED to have another VM" ;;
			let)
				killall -KILL addloop
				wait ;;
			run)
				echo "INTEL BEGIN $name"
				timeout -s KILL $seconds $rest </dev/null 2>/stderr
				status=$?
				cat /stderr
				echo "INTEL END $name $status" ;;
			esac
		done </plan
		rmmod nptbudget
		echo "INTEL UNLOADED $?"
		dmesg | sed 's/^/KLOG /'
		echo "INTEL OVER"
		sleep 1000000
	END
}

# Tests load KVM and modules of their own.
write_modprobe() {
	cat <<-'END'
		#!/bin/sh
		[ "$1" != -q ] || shift
		file=/modules/$(echo "$1" | sed y/_/-/).ko
		shift
		exec insmod "$file" "$@"
	END
}

# Does the CPU log dirty pages for KVM? KVM says so where both can.
write_pml() {
	cat <<-'END'
		#!/bin/sh
		echo "1..1"
		grep -q Y /sys/module/kvm_intel/parameters/pml && echo "ok 1 PML is on" || echo "not ok 1 PML is on"
	END
}

said() { grep -aq "^INTEL $1" "$console"; }

# Wait for the end. 1: Bochs died; 3: it took too long.
watch() {
	local now told='' spent
	: >"$out/times-$boot"
	while kill -0 "$bochs_pid" 2>/dev/null; do
		! said OVER || return 0
		spent=$(cpu_seconds "$bochs_pid")
		[ "$spent" -lt "$limit" ] || return 3
		now=$(tr -d '\r' <"$console" | sed -n 's/^INTEL BEGIN //p' | tail -n 1)
		[ "$now" = "$told" ] || echo "$spent $now" >>"$out/times-$boot"
		[ ! -t 2 ] || [ "$now" = "$told" ] || say "$now"
		told=$now
		sleep 2
	done
	return 1
}

# told NAME: a piece's own lines, from the console.
told() {
	tr -d '\r' <"$console" | awk -v name="$1" '
		$0 == "INTEL BEGIN " name { on = 1; next }
		/^INTEL / { on = 0 }
		on { print }'
}

# judge NAME: what a piece printed, as TAP, in $tmp/told.
judge() {
	local csv
	told "$1" >"$tmp/told"
	case $1 in
	probe*)
		csv=$out/$(probe_name "$1")$([ "$1" != probe_few ] || echo -few)-$kernel.csv
		awk -F, '/^case,/ { n = NF } n && NF >= n' "$tmp/told" >"$csv"
		# shellcheck disable=SC2046 # words
		"$here/probe-check.sh" --csv "$csv" "$(probe_name "$1")" $(probe_cases "$1") >"$tmp/compared" || true
		mv "$tmp/compared" "$tmp/told" ;;
	esac
}

# Nested TAP, as kselftest's runner has it, and the sum of it.
report() {
	local name=$1 status i
	local -a sum
	judge "$name"
	sed 's/^/# /' "$tmp/told"
	status=$(tr -d '\r' <"$console" | sed -n "s/^INTEL END $name //p")
	read -r -a sum < <(awk -v status="${status:-1}" -f "$here/lib/tally.awk" "$tmp/told")
	for i in 0 1 2; do total[i]=$((total[i] + sum[i])); done
	if [ "${sum[1]}" = 0 ]; then
		echo "ok $((++n)) - $name $kernel${model:+ $model}"
	else
		echo "not ok $((++n)) - $name $kernel${model:+ $model} (status ${status:-none: it did not end})"
		failed=1
	fi
}

# The module left, and the kernel had nothing to say of it. What it says before it loads
# the first module of ours is of Bochs: 6.12 warns of how its CPU counts its cores.
report_end() {
	local reports
	tr -d '\r' <"$console" | sed -n 's/^KLOG //p' |
		sed -n '/loading out-of-tree module/,$p' >"$out/kernel-$boot.log"
	reports=$(log_reports "$out/kernel-$boot.log"; grep -a '^INTEL FAILED' "$console" || true)
	if said "UNLOADED 0" && [ -s "$out/kernel-$boot.log" ] && [ -z "$reports" ]; then
		total[0]=$((total[0] + 1))
		echo "ok $((++n)) - kernel log, unloading $kernel${model:+ $model}"
	else
		total[1]=$((total[1] + 1)) failed=1
		printf '%s\n' "$reports" | sed 's/^/# /'
		echo "not ok $((++n)) - kernel log, unloading $kernel${model:+ $model}"
	fi
}

# boot SERIES [MODEL]
boot() {
	local kernel=$1 model=${2-} rc=0 name boot=$1${2:+-$2}
	local console=$out/console-$boot.log
	tmp=$(mktemp -d "${TMPDIR:-/tmp}/nptbudget-intel.XXXXXX")
	BOCHS_SERIES=$kernel
	# test_trail looks for what is read after it was freed.
	[[ " ${pieces[*]} " != *" test_trail "* ]] || BOCHS_APPEND=page_poison=1
	bochs_intel "$model"
	mapfile -t programs < <(programs)
	bochs_tree "$PROJECT/build/bin/nptbudget" "$(command -v dash)" "${programs[@]/#/$SELFTESTS/}"
	# busybox's would take its own modprobe for ours.
	ln -sf dash "$tmp/initramfs/bin/sh"
	plan >"$tmp/initramfs/plan"
	# Where tests look for their own: beside the module's folder.
	mkdir -p "$tmp/initramfs/kmod"
	cp "$(module_build_dir "$kernel")"/kmod/*.ko "$tmp/initramfs/kmod/"
	write_init >"$tmp/initramfs/init"
	write_modprobe >"$tmp/initramfs/bin/modprobe"
	write_pml >"$tmp/initramfs/bin/pml.sh"
	cp "$here/intel/command.sh" "$tmp/initramfs/bin/"
	chmod +x "$tmp/initramfs/bin"/{modprobe,pml.sh}
	bochs_cd
	bochs_start "$console"
	watch || rc=$?
	tr -d '\r' <"$console" | sed -n 's/^INTEL CPU //p' >"$out/cpu-$boot"
	tr -d '\r' <"$console" | sed -n 's/^INTEL KERNEL //p' >"$out/release-$boot"
	echo "# $(cat "$out/cpu-$boot"), Linux $(cat "$out/release-$boot"): $(cpu_seconds "$bochs_pid") CPU seconds"
	bochs_stop
	[ $rc = 0 ] || say "$kernel: $([ $rc = 3 ] && echo "ended after $limit CPU seconds" || echo "Bochs died: $(bochs_last_words)")"
	for name in "${pieces[@]}"; do report "$name"; done
	report_end
	rm -rf "$tmp"
	tmp=
}

main() {
	local kernel n=0
	local -a programs
	parse "$@"
	[ -n "$list" ] || "$here/deps.sh" build lab check bochs
	make -s -C "$PROJECT" cli
	make -s -C "$PROJECT/selftests" all
	choose
	if [ -n "$list" ]; then
		printf '%s\n' "${pieces[@]}"
		left_out
		return
	fi
	trap bochs_end EXIT
	trap 'exit 143' TERM
	mkdir -p "$out"
	out=$(cd "$out" && pwd -P)
	echo "TAP version 13"
	left_out
	[ -n "$pml" ] || for kernel in "${series[@]}"; do boot "$kernel"; done
	if [ -n "$whole" ] && [[ " ${series[*]} " = *" 6.12 "* ]]; then
		read -r -a pieces <<<"$PML"
		boot 6.12 "$PML_CPU"
	fi
	echo "1..$n"
	echo "${total[0]} passed, ${total[1]} failed, ${total[2]} skipped"
	[ $failed = 0 ] && [ "${total[0]}" -gt 0 ]
}

run_whole main "$@"
