# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2034 # reply is for those that source this
# What guests share, inside L1. Each scripts/guests/NAME.sh is a VMM to those that run
# it: it starts QEMU, has the guest do what it is for, and ends with status 0 where the
# guest did, at once. Its standard output says what came of it. With GUEST_SHORT it is to do the
# same less often, which takes as many pages.

GUESTS=build/guests
# How many times longer to wait, on a slow host.
PATIENCE=${NPTB_PATIENCE:-1}
# Not in $OUT: what is read there while it grows gets holes (9p).
dir=$(mktemp -d)
console=$dir/console
errors=$dir/qemu.log
qemu='' reply=''

guest_ends() {
	[ -z "$qemu" ] || { kill -KILL "$qemu"; wait "$qemu"; } 2>/dev/null
	rm -rf "$dir"
}
trap guest_ends EXIT
trap 'exit 143' TERM INT HUP

# start ARGS...: QEMU, spoken to by QMP.
start() {
	coproc VMM {
		exec qemu-system-x86_64 -accel "${GUEST_ACCEL:-kvm}" -nodefaults -display none \
			-qmp stdio "$@" 2>>"$errors"
	}
	qemu=$VMM_PID
	exec {to}>&"${VMM[1]}" {from}<&"${VMM[0]}"
	qmp '{"execute":"qmp_capabilities"}' || failed "QEMU does not start"
}

# quit: end QEMU, for another one.
quit() {
	qmp '{"execute":"quit"}'
	wait "$qemu"
	qemu=
	exec {to}>&- {from}<&-
}

# qmp COMMAND: its answer in $reply; events before it are passed over.
qmp() {
	printf '%s\n' "$1" >&"$to" || return
	while read -r -t $((300 * PATIENCE)) -u "$from" reply; do
		case $reply in
		'{"return"'*) return 0 ;;
		'{"error"'*) return 1 ;;
		esac
	done
	return 1
}

# hmp COMMAND: of QEMU's other monitor; what it says is an error.
hmp() {
	qmp "{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":\"$1\"}}" &&
		[[ $reply == '{"return": ""}'* ]]
}

# The guest does not do what it is for: why, and what was last heard of it.
failed() {
	{
		echo "${0##*/}: $*"
		cat "$errors"
		tr -cd '[:print:]\n' <"$console" | grep -v '^ *$' | tail -n 12
	} >&2 2>/dev/null
	exit 1
}

# within SECONDS COMMAND...: until it is true, while QEMU runs.
within() {
	local end=$((SECONDS + $1 * PATIENCE))
	shift
	until "$@"; do
		kill -0 "$qemu" 2>/dev/null || return
		[ $SECONDS -lt $end ] || return
		sleep 0.2
	done
}

# How often the console has a pattern.
seen() { grep -acE -- "$1" "$console" 2>/dev/null || true; }
more_than() { [ "$(seen "$1")" -gt "$2" ]; }
# await SECONDS PATTERN: until the console has it. A guest that finds something amiss says
# WRONG.
await() {
	within "$1" more_than "$2|WRONG" 0 || failed "not on the console: $2"
	right
}
# goes_on SECONDS PATTERN: until the console has it three times more.
goes_on() {
	local before
	before=$(seen "$2")
	within "$1" more_than "$2|WRONG" $((before + 2)) || failed "it does not go on: $2"
	right
}
right() { [ "$(seen WRONG)" = 0 ] || failed "the guest says that something is WRONG"; }
