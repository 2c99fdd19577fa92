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
REPORTS+='|ODEBUG:|kmemleak: [0-9]+ new|unreferenced object|refcount_t:|list_(add|del) corruption'
REPORTS+='|Call Trace:|---\[ cut here'

# The lines of a log that make a run fail, less those of the allow-list.
log_reports() {
	grep -nE "$REPORTS" "$1" | grep -vEf <(grep -vE '^(#|$)' "$here/lab-allow.txt") || true
}

# Multi-threaded TCG: a breakpoint that text patching left behind, seen by a
# CPU for which the kernel no longer knows it. Happens without our module.
emulator_crashed() { [ "$status" = lost ] && grep -qE 'Oops: int3|^.*int3: 0000' "$1"; }

# Keep the log of a run that failed where it can be read.
keep_log() {
	local to
	[ -z "$out" ] || return 0
	to=$PROJECT/out/lab-$(date +%Y%m%d-%H%M%S)-$$.log
	mkdir -p "$PROJECT/out"
	cp "$log" "$to"
	log=$to
}

verdict() {
	local reports
	# The console ends its lines with CR LF.
	sed -i 's/\r$//' "$log"
	reports=$(log_reports "$log")
	if [ -n "$reports" ]; then
		keep_log
		say "the kernel log of L1 ($SERIES) holds reports:"
		head -n 60 <<<"$reports" >&2
		say "the whole log: $log"
		exit 1
	fi
	case $status in
	lost)
		keep_log
		say "L1 ($SERIES) went without a word; its last lines:"
		tail -n 20 "$log" >&2
		cat "$tmp/qemu.log" >&2
		say "the whole log: $log"
		exit 1 ;;
	124)
		# COMMAND may itself end with 124; then L1 said so.
		[ -f "$tmp/ctl/status" ] || { keep_log; say "timeout after $timeout s; kernel log: $log"; } ;;
	esac
	if [ -f "$tmp/ctl/failure" ]; then
		keep_log
		say "$(cat "$tmp/ctl/failure"); kernel log: $log"
		exit 1
	fi
	exit "$status"
}
