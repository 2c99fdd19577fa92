# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What a run came to: the kernel log's reports first, COMMAND's status second.
# Sourced by lab, whose variables it reads.
# shellcheck disable=SC2154

REPORTS='Oops|BUG:|WARNING:|INFO: task .* blocked|INFO: possible|INFO: suspicious'
REPORTS+='|possible circular locking|possible recursive locking|soft lockup|hard LOCKUP'
REPORTS+='|rcu:.*(stall|detected|starved)|self-detected stall|KASAN:|KFENCE:|UBSAN:'
REPORTS+='|general protection fault|[Uu]nable to handle|invalid opcode:|divide error:'
REPORTS+='|stack segment:|double fault:|int3:|Kernel panic|sleeping function called'
REPORTS+='|bad page|Bad page|bad rss|scheduling while atomic|INVALID|DEBUG_LOCKS'
REPORTS+='|ODEBUG:|refcount_t:|list_(add|del) corruption'
REPORTS+='|Call Trace:|---\[ cut here'

# The lines of a log that make a run fail, less those of the allow-list.
log_reports() {
	grep -nE "$REPORTS" "$1" | grep -vEf <(grep -vE '^(#|$)' "$here/lab-allow.txt") || true
}

# Multi-threaded TCG: a breakpoint that text patching left behind, seen by a
# CPU for which the kernel no longer knows it. Happens without our module.
emulator_crashed() { [ "$status" = lost ] && grep -qE 'Oops: int3|^.*int3: 0000' "$1"; }

# One log of two: the messages up to COMMAND came at once, the rest over the
# serial line, which ends its lines with CR LF and repeats the worst of them.
gather_log() {
	local serial=$tmp/serial.log
	sed -i 's/\r$//' "$serial" 2>/dev/null || true
	if [ -s "$tmp/early.log" ]; then
		cp "$tmp/early.log" "$log"
		grep -vxFf "$tmp/early.log" "$serial" >>"$log" || true
	else
		cp "$serial" "$log"
	fi
}

# Keep the log of a run that failed where it can be read.
keep_log() {
	local to
	[ -z "$out" ] || return 0
	to=$PROJECT/out/lab-$(date +%Y%m%d-%H%M%S)-$$.log
	mkdir -p "$PROJECT/out"
	cp "$log" "$to"
	log=$to
}

# End lab with an exit status, after saying why.
verdict_end() {
	local rc=$1
	shift
	keep_log
	say "$*; the kernel log: $log"
	exit "$rc"
}

verdict() {
	local reports
	reports=$(log_reports "$log")
	if [ -n "$reports" ]; then
		head -n 60 <<<"$reports" >&2
		verdict_end 1 "the kernel log of L1 ($kernel) holds the reports above"
	fi
	case $status in
	timeout) verdict_end 124 "timeout after $timeout s" ;;
	lost)
		{ tail -n 20 "$log"; grep -v 'TCG doesn.t support' "$tmp/qemu.log"; } >&2 || true
		verdict_end 1 "L1 ($kernel) went without a word; its last lines are above" ;;
	esac
	[ -z "$why" ] || verdict_end 1 "L1 ($kernel): $why"
	exit "$status"
}
