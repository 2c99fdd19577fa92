# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A command as a session of its own, so that all of its processes can be ended,
# whatever process groups they made; and settings of the host that come back.
# Sourced, never run.

session=

# session_start LOG COMMAND...: `wait $session` gives its status. Signals as they
# are for a shell in the foreground: a background job would begin with SIGINT ignored.
# Appended: kselftest's runner opens /dev/stdout anew, with an offset of its own.
session_start() {
	local log=$1
	shift
	env --default-signal=INT,QUIT,TERM,HUP,PIPE setsid "$@" >>"$log" 2>&1 </dev/null &
	session=$!
}

# Its processes that run or stand still.
session_left() { ps -o pid=,stat= -s "$1" 2>/dev/null | awk '$2 !~ /^Z/ { print $1 }'; }

# End all that is left of it: ten seconds to go by themselves. One that was stopped
# hears of it when it goes on.
session_end() {
	local sid=$session pid n
	session=
	[ -n "$sid" ] || return 0
	for ((n = 0; n < 100; n++)); do
		[ -n "$(session_left "$sid")" ] || return 0
		for pid in $(session_left "$sid"); do
			case $n in
			0) kill -TERM "$pid" ;;
			99) kill -KILL "$pid" ;;
			esac
			kill -CONT "$pid"
		done 2>/dev/null
		sleep 0.1
	done
	for ((n = 0; n < 100; n++)); do
		[ -n "$(session_left "$sid")" ] || return 0
		sleep 0.1
	done
	say "left behind: processes $(session_left "$sid" | xargs)"
	return 1
}

declare -A setting=()

# keep FILE...: what they hold now comes back with settings_restore.
settings_keep() {
	local file value
	for file in "$@"; do
		[ -w "$file" ] || continue
		value=$(cat "$file" 2>/dev/null) || continue
		# tracefs tells of a buffer that is not there yet: 7 (expanded: 1408)
		[[ $value != *"expanded: "* ]] || { value=${value#*expanded: }; value=${value%)}; }
		setting[$file]=$value
	done
}

settings_restore() {
	local file left=0
	for file in "${!setting[@]}"; do
		[[ $(cat "$file" 2>/dev/null) != *"${setting[$file]}"* ]] || continue
		echo "${setting[$file]}" >"$file" || { say "left behind: $file was ${setting[$file]}"; left=1; }
	done 2>/dev/null
	setting=()
	return $left
}
