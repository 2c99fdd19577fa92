# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Pieces of a check: programs that run beside each other, each into a log of its
# own, and whose results are added up. Sourced after common.sh.

: "${LOGS:?where the logs go}"
passed=0 failed=0 skipped=0 summed=0
declare -A piece_name=() piece_start=() piece_beside=()
# What has failed, said once more at the end, where it is looked for.
failures=()
[ -t 1 ] && terminal=1 || terminal=0

# Wide enough for what is said, and no wider than the terminal: a line that
# wraps cannot be taken back.
live_line() {
	[ "$terminal" = 1 ] || return 0
	local width=${COLUMNS:-80}
	printf '\r%-*s\r' $((width - 1)) "$(cut -c-$((width - 1)) <<<"$1")"
}

tally() { awk -v "$2" -f "$PROJECT/scripts/lib/tally.awk" "$1"; }

# "unit tests, module" is unit-tests-module.log.
piece_log() { printf '%s/%s.log\n' "$LOGS" "$(tr -d , <<<"${1// /-}")"; }

# What runs now, for how long, and how far it is.
pieces_show() {
	local pid text='' ok bad rest
	[ "$terminal" = 1 ] || return 0
	for pid in "${!piece_name[@]}"; do
		read -r ok bad rest < <(tally "$(piece_log "${piece_name[$pid]}")" sofar=1)
		text+="${text:+; }${piece_name[$pid]}, $((SECONDS - piece_start[$pid])) s, $ok ok"
		[ "$bad" = 0 ] || text+=", $bad FAILED"
	done
	live_line "now: $text"
}

# The end of a log, and what failed in it. Every line is marked, so that nobody
# takes what is in it for the result of the whole.
piece_show_log() {
	local log=$1
	grep -nE '^(# )*not ok|^Bail out!' "$log" | head -n 40 | sed 's/^/  ! /' || true
	tail -n 20 "$log" | sed 's/^/  | /'
	echo "  the whole log: ${log#"$PROJECT/"}"
}

piece_end() {
	local name=$1 status=$2 seconds=$3 log line p f s mark=ok
	log=$(piece_log "$name")
	read -r p f s < <(tally "$log" "status=$status")
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	[ "$f" = 0 ] || mark=FAILED
	live_line ''
	printf '%-7s%-26s%5d s  passed %d, failed %d, skipped %d\n' \
		"$mark" "$name" "$seconds" "$p" "$f" "$s"
	[ "$f" != 0 ] || return 0
	piece_show_log "$log"
	failures+=("FAILED $name")
	while IFS= read -r line; do failures+=("  $line"); done \
		< <(grep -hE '^(# )*not ok|^Bail out!' "$log" | head -n 10)
}

# Tell of those that have ended.
pieces_reap() {
	local pid
	for pid in "${!piece_name[@]}"; do
		kill -0 "$pid" 2>/dev/null && continue
		local rc=0 name=${piece_name[$pid]}
		wait "$pid" || rc=$?
		unset "piece_name[$pid]" "piece_beside[$pid]"
		piece_end "$name" $rc $((SECONDS - piece_start[$pid]))
	done
}

# pieces_wait MAX [WHAT]: until no more than MAX run, those beside left out; with
# WHAT "all" these as well.
pieces_wait() {
	local beside
	while pieces_reap; do
		beside=${#piece_beside[@]}
		[ "${2-}" != all ] || beside=0
		[ $((${#piece_name[@]} - beside)) -gt "$1" ] || break
		pieces_show
		sleep 0.5
	done
}

# piece_begin NAME COMMAND... A process group of its own (set -m) lets all of it
# be ended.
piece_begin() {
	local name=$1 log
	shift
	log=$(piece_log "$name")
	[ "$terminal" = 1 ] || echo "start  $name"
	: >"$log"
	set -m
	"$@" </dev/null >"$log" 2>&1 &
	set +m
	piece_name[$!]=$name
	piece_start[$!]=$SECONDS
}

# piece NAME COMMAND...: start it when one of $JOBS places is free.
piece() {
	pieces_wait $((JOBS - 1))
	piece_begin "$@"
}

nicely() {
	renice -n 19 -p "$BASHPID" >/dev/null
	"$@"
}

# beside NAME COMMAND...: start it now, for what time the others leave: something
# that watches no clock. Where they wait for a clock of theirs, it goes on.
beside() {
	piece_begin "$1" nicely "${@:2}"
	piece_beside[$!]=1
}

# End what still runs; for the traps. A second signal, or nobody left to read what
# is said, does not end this.
pieces_kill() {
	local pid
	trap '' INT TERM HUP PIPE
	for pid in "${!piece_name[@]}"; do kill -TERM -- "-$pid" 2>/dev/null || true; done
	for pid in "${!piece_name[@]}"; do group_end "$pid"; done
	piece_name=()
}

# step_run NAME COMMAND...: something that has to be done first and is no test; how
# it ended is in step_status.
step_run() {
	local name=$1 start=$SECONDS mark=FAILED log
	shift
	log=$(piece_log "$name")
	JOBS=1 piece "$name" "$@"
	local pid=$!
	while kill -0 "$pid" 2>/dev/null; do pieces_show; sleep 0.5; done
	step_status=0
	wait "$pid" || step_status=$?
	unset "piece_name[$pid]"
	live_line ''
	case $step_status in
	0) mark='done' ;;
	4) mark=none ;;
	esac
	printf '%-7s%-26s%5d s\n' $mark "$name" $((SECONDS - start))
	[ $step_status = 0 ] || piece_show_log "$log"
}

# step NAME COMMAND...: where it fails it calls step_failed, which is the script's
# own and is to end it.
step() {
	step_run "$@"
	[ $step_status = 0 ] || step_failed
}

# What is not tested, and why: each line is a failure, or a skip.
declare -A untested=()
untested_skip() { skipped=$((skipped + 1)) untested[$1]="$2 (skipped)"; }
untested_fail() { failed=$((failed + 1)) untested[$1]="$2 (failed)"; }

untested_show() {
	local what
	for what in "${!untested[@]}"; do echo "NOT TESTED: $what: ${untested[$what]}"; done
}

# fetch_kernels SERIES...: sets kernels_there. One that cannot be had keeps no other
# from being tested. It is a failure, or a skip where Debian's archive has none of
# that series at all (status 4 of kernel.sh).
fetch_kernels() {
	local series log
	kernels_there=()
	for series in "$@"; do
		step_run "kernel $series" "$PROJECT/scripts/kernel.sh" fetch "$series"
		log=$(piece_log "kernel $series")
		case $step_status in
		0) kernels_there+=("$series") ;;
		4) untested_skip "kernel $series" "Debian's archive has none: ${log#"$PROJECT/"}" ;;
		*) untested_fail "kernel $series" "it could not be had: ${log#"$PROJECT/"}" ;;
		esac
	done
}

# only "SERIES..." COMMAND...: do it if these are there; NAME of a piece is $3.
only() {
	local series
	for series in $1; do
		[[ " ${kernels_there[*]} " == *" $series "* ]] || {
			untested_skip "$3" "it needs kernel $series"
			return 0
		}
	done
	"${@:2}"
}

# The last line, and the end.
pieces_sum() {
	live_line ''
	untested_show
	[ ${#failures[@]} = 0 ] || printf '%s\n' "${failures[@]}"
	summed=1
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ] && [ "$passed" -gt 0 ] && exit 0
	exit 1
}

# For the EXIT trap: however a check ends, its last line is there. An end before
# the sum is a failure.
pieces_end() {
	pieces_kill
	[ $summed = 1 ] || echo "$passed passed, $((failed + 1)) failed, $skipped skipped"
}
