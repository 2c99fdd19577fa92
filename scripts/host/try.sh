#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Inside L1, for test-host.sh: try.sh MODULE KSELFTEST-FOLDER ALL
# host-check.sh as its user would call it, beside a VM of somebody else, which
# stands still so that whoever touches it is seen in KVM's counters of it.
set -u
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=../lib/tap.sh
. "$here/../lib/tap.sh"
module=$1 all=$3
# Nothing tells that this is the lab, and nothing is called by the lab's name.
for name in "${!LAB_@}"; do unset "$name"; done
hostname a-name-to-keep
debugfs=/sys/kernel/debug
tmp=$(mktemp -d)
folder=$tmp/folder
cp -r "$2" "$folder"
few=(--tests test_knobs --cases add)
[ "$all" = 0 ] || few=()

# started ARGUMENTS...: host-check in the background, with signals as a terminal has.
started() {
	env --default-signal=INT,TERM scripts/host-check.sh --no-install --module "$module" \
		--kselftest "$folder" --out "$tmp/report.tar.xz" "$@" \
		>"$tmp/out" 2>&1 </dev/null &
	check=$!
}

run() {
	started "$@"
	rc=0
	wait $check || rc=$?
}

# Conditions, for tap_check: what host-check said is the reason to fail.
ended_with() { [ "$rc" = "$1" ] || { echo "exit status $rc"; cat "$tmp/out"; return 1; }; }
said() { grep -qE -- "$1" "$tmp/out" || { cat "$tmp/out"; return 1; }; }
reported() { tar -xJOf "$tmp/report.tar.xz" "nptbudget-host/$1" | grep -qE -- "$2" || { tar -xJOf "$tmp/report.tar.xz" "nptbudget-host/$1"; return 1; }; }

# What the host is like, with its modules and the processes that may be ours.
state() {
	cat /proc/sys/vm/nr_hugepages /sys/kernel/rcu_expedited /sys/kernel/tracing/tracing_on
	stat -c %a $debugfs
	ls -d build/host-check.* /sys/module/{nptbudget,kvm_amd} $debugfs/nptbudget 2>/dev/null
	ps -eo pid=,comm= | awk '$2 ~ /^(test_|nptb|addloop|run_ksel|timeout|faultb|trace-cmd)/'
}
nothing_left() { diff "$tmp/before" <(state); }

# until_true SECONDS COMMAND...
until_true() {
	local end=$((SECONDS + $1))
	until "${@:2}" 2>/dev/null; do
		[ $SECONDS -lt $end ] || { echo "not within $1 s: ${*:2}"; return 1; }
		sleep 0.2
	done
}

# A VM of somebody else, with 64 pages of data; then it stands still.
bystander() {
	"$folder/nptbudget/addloop" --laps 1000000000 --pages 64 --seconds 86400 >"$tmp/bystander" &
	by=$!
	until_true 60 grep -q '^VM ' "$tmp/bystander"
	vm=$(sed -n 's/^VM \([^:]*\):.*/\1/p' "$tmp/bystander")
	# shellcheck disable=SC2016 # the other shell reads them
	until_true 60 bash -c '[ "$(cat "$1")" -ge 65 ]' bash "$debugfs/kvm/$vm/pages_4k" &&
		kill -STOP $by && until_true 60 grep -q '^State:.*T' /proc/$by/status &&
		counters >"$tmp/counters"
}
counters() { grep -r . "$debugfs/kvm/$vm" | sort; }
unchanged() { diff "$tmp/counters" <(counters); }

# Its budget, for as long as this runs: each other value that is seen.
watch_budget() {
	local value
	while sleep 0.2; do
		read -r value <"$debugfs/nptbudget/vms/$vm/budget" 2>/dev/null || continue
		echo "$value" >>"$tmp/budgets"
	done 2>/dev/null
}
always_off() { [ "$(sort -u "$tmp/budgets")" = off ] || { sort "$tmp/budgets" | uniq -c; return 1; }; }
goes_on() {
	local from
	from=$(cut -d ' ' -f 14,15 </proc/$by/stat)
	kill -CONT $by
	until_true 60 bash -c "[ '$from' != \"\$(cut -d ' ' -f 14,15 </proc/$by/stat)\" ]"
}

wrong_usage() {
	run
	tap_check "no terminal and no --yes: wrong usage" ended_with 2
	run --nonsense
	tap_check "an unknown option: wrong usage" ended_with 2
	run --look
	tap_check "--look: it could be done" ended_with 0
	tap_check "it sees the VM of somebody else" said "other VMs: 1 \($vm\)"
	rc=0
	# shellcheck disable=SC2024
	script -qec "scripts/host-check.sh --no-install --module $module --kselftest $folder" /dev/null \
		<<<n >"$tmp/out" 2>&1 || rc=$?
	tap_check "asked, and told no: exit status 1" ended_with 1
	tap_check "it said before what it would do" said 'load and unload the module'
	tap_check "and did nothing" said 'Nothing was done'
	insmod "$module"
	run --yes
	tap_check "the module is there already: refused" ended_with 1
	tap_check "it says what to do" said 'LACKS.*rmmod nptbudget'
	rmmod nptbudget
	tap_check "nothing is left" nothing_left
}

# A selftest that does at once as it is told: told NAME RESULT STATUS.
told() {
	printf '#!/bin/sh\necho 1..1\necho %s 1 - as told\nexit %s\n' "$2" "$3" >"$folder/nptbudget/$1"
	chmod +x "$folder/nptbudget/$1"
	echo "nptbudget:$1" >>"$folder/kselftest-list.txt"
}

# began LOG [REGEX]: a stage's log is there, and REGEX in it.
began() {
	local log
	log=$(echo build/host-check.*/nptbudget-host/"$1".log)
	[ -e "$log" ] && { [ -z "$2" ] || grep -qE "$2" "$log"; }
}

# stopped SIGNAL STATUS LOG REGEX ARGUMENTS...: at that moment.
stopped() {
	local signal=$1 status=$2 log=$3 regex=$4
	started --yes "${@:5}"
	tap_check "SIG$signal: $log begins" until_true 300 began "$log" "$regex"
	sleep 1
	kill "-$signal" $check
	rc=0
	wait $check || rc=$?
	tap_check "SIG$signal in $log: ends with $status" ended_with "$status"
	tap_check "SIG$signal in $log: nothing is left" nothing_left
}

failures() {
	echo nonsense >"$tmp/nptbudget.ko"
	module=$tmp/nptbudget.ko run --yes
	tap_check "a module that does not load: exit status 1" ended_with 1
	tap_check "the file to send in tells" reported summary.txt '^FAILED  load'
	run --yes --tests told_to_fail --cases add
	tap_check "a selftest that fails: exit status 1" ended_with 1
	tap_check "the file to send in tells" reported summary.txt '^FAILED  kselftest  0 passed, 1 failed'
}

whole() {
	local watcher
	sed -i '/:told_/d' "$folder/kselftest-list.txt"
	watch_budget & watcher=$!
	run --yes "${few[@]}"
	kill $watcher
	sed 's/^/# /' "$tmp/out"
	tap_check "it ends well" ended_with 0
	tap_check "the file has the CPU" reported host.txt "CPU: $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)"
	tap_check "and the kernel" reported host.txt "kernel: $(uname -r | sed 's/+/\\+/')"
	tap_check "and the selftests" reported summary.txt '^ok      kselftest  [1-9][0-9]* passed, 0 failed'
	tap_check "and the probe" reported probe.json '"pairs"'
	tap_check "and our part of the kernel log" reported dmesg.log 'nptbudget'
	# An emulated CPU has no counter of cycles.
	tap_check "no counter of cycles: no figures" reported summary.txt '^skipped bench .*no figures'
	tar -xJOf "$tmp/report.tar.xz" >"$tmp/all"
	tap_check "neither the host's name nor a path" bash -c \
		"[ -s '$tmp/all' ] && ! grep -nE 'a-name-to-keep|$PWD' '$tmp/all'"
	tap_check "nothing is left" nothing_left
	tap_check "somebody else's VM never had a budget" always_off
}

# The lab's CPU has no counter of cycles; the kernel's of time goes the same way.
counts_threads() {
	"$folder/nptbudget/faultbench" --counter task-clock "$1" >"$tmp/out" || return
	cat "$tmp/out"
	awk -F'\t' '$2 > 0 && $3 > 0 { ok = 1 } END { exit !ok }' "$tmp/out"
}

trap 'kill -KILL $by; rm -rf "$tmp"' EXIT
trap 'exit 143' TERM
tap_begin
told told_to_pass ok 0
told told_to_fail 'not ok' 1
bystander || { echo "Bail out! no VM of somebody else"; exit 1; }
state >"$tmp/before"
stopped TERM 143 kselftest 'selftests: nptbudget: test_unload' --tests 'test_huge test_unload'
if [ "$all" = 1 ]; then
	wrong_usage
	stopped INT 130 probe '' --tests told_to_pass
	failures
	for case in first-touch uffd-64; do
		tap_check "the bench counts what its threads do: $case" counts_threads $case
	done
fi
whole
tap_check "no counter of KVM's of that VM has moved" unchanged
tap_check "and it goes on" goes_on
tap_end
