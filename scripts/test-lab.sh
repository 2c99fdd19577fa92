#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests of the lab itself, TAP on stdout: that a command's words, streams,
# status and files come through, and that nothing bad passes for good.
# test-lab.sh [SERIES]: L1's kernel (6.12). Few boots, many checks in each.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
kernel=${1:-6.12}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/nptbudget-test.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
n=0 failed=0

lab() { "$here/lab" --kernel "$kernel" --no-module --timeout 120 --out "$tmp/dir" "$@"; }

# check NAME COMMAND...: one test, passed when the command succeeds.
check() {
	local name=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		failed=$((failed + 1))
		sed 's/^/# /' "$tmp/err" 2>/dev/null | tail -n 15
	fi
}

# run LAB ARGS: run the lab, keep both streams and the status.
run() {
	rc=0
	lab "$@" >"$tmp/out" 2>"$tmp/err" || rc=$?
}

ended_with() { [ "$rc" = "$1" ]; }
said() { grep -q -- "$1" "$tmp/err"; }

same_words() {
	printf '<%s>\n' "${words[@]}" >"$tmp/want"
	cmp -s "$tmp/want" <(sed '/^--$/,$d' "$tmp/out")
}

# The first half of the output must be here well before the second half.
arrives_live() {
	local early=0 late=0
	read -r early late <"$tmp/times" || true
	[ $((late - early)) -ge 1500 ]
}

stamp() {
	local line
	while read -r line; do
		[ "$line" != live ] || printf '%s ' "$(date +%s%3N)"
	done >"$tmp/times"
}

no_process() { ! pgrep -f "$1" >/dev/null; }

test_wrong_usage() {
	run --kernel 2.6 -- true
	check "an unknown kernel is wrong usage" ended_with 2
	run
	check "no command is wrong usage" ended_with 2
	run --npt 2 -- true
	check "a bad value is wrong usage" ended_with 2
	run --cpus
	check "a missing value is wrong usage" ended_with 2
	run --no-such-option -- true
	check "an unknown option is wrong usage" ended_with 2
	check "and is named" said --no-such-option
}

# One boot for all that a command sees and sends back.
test_command() {
	# shellcheck disable=SC2016 # to come through as they are
	words=("a b" '$HOME `id` "q"' "it's" '' '*' $'two\nlines' '--' 'back\slash' '%s')
	# shellcheck disable=SC2016 # L1's shell expands these
	run --npt 0 --thp never -- bash -c '
		printf "<%s>\n" "$@"
		echo --
		pwd; uname -r
		printf "50%%\r100%%\n"
		echo to-stderr >&2
		echo again >/dev/stderr
		test -c /dev/kvm && echo has-kvm
		test -d /sys/kernel/debug/kvm && echo has-debugfs
		test -d /sys/kernel/tracing/events/kvm && echo has-tracefs
		echo 4 >/proc/sys/vm/nr_hugepages && cat /proc/sys/vm/nr_hugepages
		echo "npt $(cat /sys/module/kvm_amd/parameters/npt)"
		grep -o "\[never\]" /sys/kernel/mm/transparent_hugepage/enabled
		echo written >"$OUT/file"; mkdir "$OUT/sub"; head -c 100000 /dev/zero >"$OUT/sub/zeros"
		sleep 600 & # holds the streams open, which must not hold the lab
		exit 7' bash "${words[@]}"
	check "the exit status comes through" ended_with 7
	check "the command's words come through unchanged" same_words
	check "stdout and stderr stay apart" bash -c \
		"! grep -q to-stderr '$tmp/out' && grep -qx to-stderr '$tmp/err' && grep -qx again '$tmp/err'"
	check "stderr holds nothing else" bash -c "[ \$(wc -l <'$tmp/err') = 2 ]"
	check "a carriage return comes through" grep -q $'^50%\r100%$' "$tmp/out"
	check "the command runs in the project's folder" grep -qx "$(dirname "$here")" "$tmp/out"
	check "L1 has /dev/kvm" grep -qx has-kvm "$tmp/out"
	check "L1 has debugfs and tracefs" bash -c "grep -qx has-debugfs '$tmp/out' && grep -qx has-tracefs '$tmp/out'"
	check "L1 can set huge pages aside" grep -qx 4 "$tmp/out"
	check "--npt 0 reaches kvm_amd" grep -qxE 'npt (0|N)' "$tmp/out"
	check "--thp never reaches L1" grep -qFx '[never]' "$tmp/out"
	check "\$OUT comes back" bash -c "[ \$(cat '$tmp/dir/file') = written ] && [ \$(stat -c %s '$tmp/dir/sub/zeros') = 100000 ]"
	check "the kernel log is kept" grep -q 'Linux version' "$tmp/dir/kernel.log"
}

test_live() {
	rc=0
	lab -- bash -c 'echo live; sleep 2; echo live; echo "WARNING: test of the lab" >/dev/kmsg' \
		2>"$tmp/err" | stamp || rc=$?
	check "output arrives as it is written" arrives_live
	check "a warning in the kernel log fails the run" ended_with 1
	check "and is printed" said 'WARNING: test of the lab'
}

# The emulated CPU of L1 has defects that lab-svm/ works around. Counted
# instructions: it then delivers the interrupts twice each time, without.
test_interrupts() {
	make -s -C "$here/../selftests" "$here/../build/selftests/interrupts" >&2
	run --icount --cpus 1 --timeout 400 -- bash -c '
		build/selftests/interrupts &&
			rmmod kvm_amd && rmmod kvm && modprobe kvm && modprobe kvm_amd &&
			build/selftests/interrupts'
	check "a guest's interrupts come once, also after kvm was loaded anew" bash -c \
		"[ \$(grep -cx '5 interrupts, handled 5 times' '$tmp/out') = 2 ]"
	check "a guest may write CR8 while an interrupt waits" bash -c \
		"[ \$(grep -c 'CR8 was written' '$tmp/out') = 2 ]"
	check "and that ends well" ended_with 0
}

test_oops() {
	run -- bash -c 'echo c >/proc/sysrq-trigger; sleep 600'
	check "an oops fails the run, at once" ended_with 1
	check "and is printed" said 'Kernel panic'
}

test_timeout() {
	run --timeout 15 -- sleep 600
	check "--timeout ends with 124" ended_with 124
	check "and says so" said timeout
}

# A killed lab leaves no QEMU and no files.
test_kill() {
	local pid
	mkdir "$tmp/t"
	TMPDIR=$tmp/t "$here/lab" --kernel "$kernel" --no-module -- sleep 600 >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	sleep 4
	check "while it runs it has files" bash -c "[ -n \"\$(ls '$tmp/t')\" ]"
	rc=0
	kill -TERM $pid
	wait $pid || rc=$?
	check "TERM ends it" ended_with 143
	check "and it leaves no files" bash -c "[ -z \"\$(ls '$tmp/t')\" ]"
	check "and no process" no_process "$tmp/t/"
}

echo "TAP version 13"
test_wrong_usage
test_command
test_live
test_interrupts
test_oops
test_timeout
test_kill
echo "1..$n"
[ $failed = 0 ] || { echo "# $failed of $n failed"; exit 1; }
