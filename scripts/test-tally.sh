#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests of how results are added up, TAP on stdout: nothing is counted twice,
# and nothing that went wrong is counted as passed.
set -euo pipefail
# The counters below outlive the pipes.
shopt -s lastpipe
here=$(dirname "$(readlink -f "$0")")
n=0 failed=0

# tally WANT STATUS NAME: what the output on stdin comes to, "PASSED FAILED SKIPPED".
tally() {
	local want=$1 status=$2 name=$3 got
	got=$(awk -v "status=$status" -f "$here/lib/tally.awk")
	n=$((n + 1))
	if [ "$got" = "$want" ]; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		echo "# wanted '$want', got '$got'"
		failed=$((failed + 1))
	fi
}

lines() { printf '%s\n' "$@"; }

lines 'TAP version 13' '1..2' 'ok 1 - a' 'ok 2 - b' | tally '2 0 0' 0 "plan first"
lines 'ok 1 - a' 'ok 2 - b' '1..2' | tally '2 0 0' 0 "plan last"
lines '1..1' 'ok 1' '1..2' 'ok 1' 'not ok 2' | tally '2 1 0' 1 "two programs in turn"
lines '1..2' 'ok 1 - a' 'ok 2 # SKIP no KVM' | tally '1 0 1' 0 "a skip is no pass"
lines '1..2' 'ok 1 - a' 'ok 2 - skipping is fine' | tally '2 0 0' 0 "a name is no skip"
lines '1..0 # SKIP no KVM' | tally '0 0 1' 0 "all skipped"
lines '1..3' 'ok 1 - a' | tally '1 2 0' 0 "what was promised and did not come"
lines '1..3' 'ok 1 - a' 'Bail out! no memory' | tally '1 3 0' 255 "gave up"
lines '1..1' 'ok 1 - a' | tally '1 1 0' 139 "died at the end"
lines '1..1' 'not ok 1 - a' | tally '0 1 0' 1 "the status of a failure counts no second time"
lines 'hello' | tally '0 1 0' 0 "nothing reported"
tally '0 1 0' 0 "no output" </dev/null
lines '1..1' 'ok 1 selftests: a' '5 passed, 0 failed, 1 skipped' |
	tally '5 0 1' 0 "a sum speaks for the lines above it"
lines '1..9' 'ok 1 - a' '5 passed, 0 failed, 0 skipped' 'ok 1 - b' '1..1' |
	tally '6 0 0' 0 "and not for those below it"
lines '0 passed, 0 failed, 0 skipped' | tally '0 1 0' 1 "a sum of nothing"
lines '5 passed, 0 failed, 0 skipped' 'lab: a warning' | tally '5 1 0' 1 "failed after its sum"
lines '# ok 1 - nested' '    not ok 2 - nested' 'ok 1 - a' '1..1' | tally '1 0 0' 0 "only the left margin"
lines $'1..1\r' $'ok 1 - a\r' | tally '1 0 0' 0 "carriage returns"
echo "1..$n"
[ $failed = 0 ]
