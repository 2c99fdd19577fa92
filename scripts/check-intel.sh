#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Run selftests on Intel's VT-x: in Bochs, a Haswell with EPT, under Debian's kernels.
#   check-intel.sh [--kernel SERIES]... [--cpu-seconds S] [--out DIR] [TEST...]
# Those of FIT below, or those named, in one boot a kernel (6.12). QEMU emulates no VT-x.
# Bochs has one CPU, no disk and no network, so what a test calls has to be in the
# initramfs: LEFT_OUT below names those that do not fit, and why. It is slow, and how
# slow depends on what else the machine does: CPU time is what is counted, and a boot
# that took S seconds of it (--cpu-seconds, 1500) is ended. Results are TAP, a test's
# name in each; "N passed, N failed, N skipped" comes last. Logs: DIR (build/intel).
# shellcheck disable=SC2317 # job calls what it is given
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/all.sh
. "$here/lib/all.sh"
# shellcheck source-path=SCRIPTDIR source=lib/bochs.sh
. "$here/lib/bochs.sh"

SELFTESTS=$PROJECT/build/selftests
FIT="test_loop test_onloop test_knobs test_fetch test_explain"
# NAME REASON; what is in neither list has not been tried there.
LEFT_OUT="
*.sh needs bash and this machine's programs
test_change needs two CPUs
test_dirty needs two CPUs
test_flush needs two CPUs
test_iret enters with STI's shadow and IF clear, which VT-x takes for no valid state
test_paths loads kvm_amd with other parameters
test_unload loads and unloads kvm_amd
test_vmm its guest that only spins was not seen to be stopped within 50 CPU seconds
"
out=$PROJECT/build/intel limit=1500 tmp='' failed=0
series=() tests=()
total=(0 0 0)

parse() {
	while [ $# -gt 0 ]; do
		case $1 in
		--kernel) is_stock "${2-}" || usage_error "--kernel takes one of $SERIES_ALL"; series+=("$2"); shift 2 ;;
		--cpu-seconds) [[ ${2-} =~ ^[0-9]+$ ]] || usage_error "--cpu-seconds takes seconds"; limit=$2; shift 2 ;;
		--out) [ -n "${2-}" ] || usage_error "--out takes a folder"; out=$2; shift 2 ;;
		-h|--help) sed -n '3,11s/^# \?//p' "$0"; exit 0 ;;
		-*) usage_error "no such option: $1" ;;
		*) tests+=("$1"); shift ;;
		esac
	done
	[ ${#series[@]} -gt 0 ] || series=(6.12)
	[ ${#tests[@]} -gt 0 ] || read -r -a tests <<<"$FIT"
}

# The console is a serial line that the kernel writes to as well.
write_init() {
	bochs_init_head
	cat <<-'END'
		export LAB_MODULE=/modules/nptbudget.ko
		echo "INTEL CPU $(sed -n 's/^model name[^:]*: *//p;T;q' /proc/cpuinfo), kernel $(uname -r)"
		for t in $(cat /tests); do
			echo "INTEL BEGIN $t"
			timeout -s KILL 900 $t </dev/null 2>&1
			echo "INTEL END $t $?"
		done
		rmmod nptbudget
		echo "INTEL UNLOADED $?"
		dmesg | sed 's/^/KLOG /'
		echo "INTEL OVER"
		sleep 1000000
	END
}

said() { grep -aq "^INTEL $1" "$console"; }

# Wait for the end. 1: Bochs died; 3: it took too long.
watch() {
	while kill -0 "$bochs_pid" 2>/dev/null; do
		! said OVER || return 0
		[ "$(cpu_seconds "$bochs_pid")" -lt "$limit" ] || return 3
		sleep 2
	done
	return 1
}

# told NAME: a test's own lines, from the console.
told() {
	tr -d '\r' <"$console" | awk -v name="$1" '
		$0 == "INTEL BEGIN " name { on = 1; next }
		on && /^INTEL / { exit }
		on { print }'
}

# Nested TAP, as kselftest's runner has it, and the sum of it.
report() {
	local name=$1 kernel=$2 status i
	local -a sum
	told "$name" >"$tmp/told"
	sed 's/^/# /' "$tmp/told"
	status=$(tr -d '\r' <"$console" | sed -n "s/^INTEL END $name //p")
	read -r -a sum < <(awk -v status="${status:-1}" -f "$here/lib/tally.awk" "$tmp/told")
	for i in 0 1 2; do total[i]=$((total[i] + sum[i])); done
	if [ "${sum[1]}" = 0 ]; then
		echo "ok $((++n)) - $name $kernel"
	else
		echo "not ok $((++n)) - $name $kernel (status ${status:-none: it did not end})"
		failed=1
	fi
}

boot() {
	local kernel=$1 rc=0 name
	console=$out/console-$kernel.log
	tmp=$(mktemp -d "${TMPDIR:-/tmp}/nptbudget-intel.XXXXXX")
	BOCHS_SERIES=$kernel
	bochs_intel
	bochs_tree "$PROJECT/build/bin/nptbudget" "${tests[@]/#/$SELFTESTS/}"
	tr ' ' '\n' <<<"${tests[*]}" >"$tmp/initramfs/tests"
	write_init >"$tmp/initramfs/init"
	bochs_cd
	bochs_start "$console"
	watch || rc=$?
	echo "# $(tr -d '\r' <"$console" | sed -n 's/^INTEL CPU //p'): $(cpu_seconds "$bochs_pid") CPU seconds"
	bochs_stop
	[ $rc = 0 ] || say "$kernel: $([ $rc = 3 ] && echo "ended after $limit CPU seconds" || echo "Bochs died: $(bochs_last_words)")"
	for name in "${tests[@]}"; do report "$name" "$kernel"; done
	rm -rf "$tmp"
	tmp=
}

main() {
	local kernel n=0 console
	parse "$@"
	"$here/deps.sh" build lab check bochs
	make -s -C "$PROJECT" cli
	make -s -C "$PROJECT/selftests" all
	trap bochs_end EXIT
	trap 'exit 143' TERM
	mkdir -p "$out"
	out=$(cd "$out" && pwd -P)
	echo "TAP version 13"
	sed -n 's/^\([^ ]*\) /# left out: \1: /p' <<<"$LEFT_OUT"
	for kernel in "${series[@]}"; do boot "$kernel"; done
	echo "1..$n"
	echo "${total[0]} passed, ${total[1]} failed, ${total[2]} skipped"
	[ $failed = 0 ] && [ "${total[0]}" -gt 0 ]
}

run_whole main "$@"
