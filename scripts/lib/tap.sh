# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Results in TAP, for scripts that check things. Sourced, never run. What a
# check prints is its reason to fail, shown only then.

tap_n=0 tap_failed=0

tap_begin() { echo "TAP version 13"; }

tap_ok() {
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1"
}

# tap_fail NAME REASON
tap_fail() {
	tap_n=$((tap_n + 1)) tap_failed=$((tap_failed + 1))
	echo "not ok $tap_n - $1"
	[ -z "$2" ] || printf '%s\n' "$2" | sed 's/^/# /'
}

# tap_check NAME COMMAND...: passed when the command succeeds.
tap_check() {
	local name=$1 said
	shift
	if said=$("$@" 2>&1); then
		tap_ok "$name"
	else
		tap_fail "$name" "$said"
	fi
}

# The plan, and the status of the whole.
tap_end() {
	echo "1..$tap_n"
	[ $tap_failed = 0 ] || {
		echo "# $tap_failed of $tap_n failed"
		exit 1
	}
}
