# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For scripts that the lab runs inside L1: results in TAP, as they come. Sourced, never
# run. What a check prints comes before its result.

n=0

# result NAME COMMAND...: one result, by the command's exit status.
result() {
	local name=$1
	shift
	n=$((n + 1))
	if "$@"; then echo "ok $n - $name"; else echo "not ok $n - $name"; fi
}

# within SECONDS COMMAND...: until it succeeds.
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.2
	done
}
