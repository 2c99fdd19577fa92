#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Run the selftests on this host, which is to be the emulated one (L1):
#   selftests/run.sh [TEST...]      all, or those named
# Prints TAP and ends with one plain line, "N passed, N failed, N skipped",
# which counts the single results inside the tests. Exit status 0 only where
# nothing failed and something passed. `make -C selftests` comes first.
#   NPTB_TEST_TIMEOUT   seconds for one test (1200)
#   NPTB_PATIENCE       how many times longer to wait for what a test waits for (1)
#   NPTB_TIMES          how often test_unload loads and unloads (50)
set -o pipefail
# With another locale each program takes twice as long to start on an emulated host.
export LC_ALL=C

top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
built=$top/build/selftests
if ! [ -r "$built/kselftest.list" ] || ! [ -r "$built/kselftest/runner.sh" ]; then
	echo "run.sh: nothing in $built: run make -C selftests" >&2
	exit 1
fi
mapfile -t tests <"$built/kselftest.list"
if [ $# -gt 0 ]; then
	for name in "$@"; do
		[ -x "$built/$name" ] || { echo "run.sh: no such test: $name" >&2; exit 2; }
	done
	tests=("$@")
fi

# The TAP of a test is nested: the runner puts "# " before each of its lines.
# A test that failed without a failed result (a crash, a timeout) counts as one
# failed, one that reported nothing at all as failed too, whatever it returned.
count() {
	local line passed=0 failed=0 skipped=0 results=0 bad=0
	while IFS= read -r line; do
		case $line in
		"# not ok "[0-9]*) ((failed++, bad++, results++)) ;;
		"# ok "[0-9]*"# SKIP"*|"# ok "[0-9]*"# XFAIL"*) ((skipped++, results++)) ;;
		"# ok "[0-9]*) ((passed++, results++)) ;;
		"not ok "[0-9]*) [ $bad -gt 0 ] || ((failed++)); bad=0 results=0 ;;
		"ok "[0-9]*"# SKIP"*) [ $results -gt 0 ] || ((skipped++)); bad=0 results=0 ;;
		"ok "[0-9]*) [ $results -gt 0 ] || ((failed++)); bad=0 results=0 ;;
		esac
	done
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed = 0 ] && [ $passed -gt 0 ]
}

run() {
	cd "$built" || exit 1
	export BASE_DIR=$built kselftest_override_timeout=${NPTB_TEST_TIMEOUT:-1200}
	# shellcheck disable=SC1091
	. "$BASE_DIR/kselftest/runner.sh"
	# The runner's own reads and writes each character by itself, and an emulated
	# host takes 0.1 ms for that.
	# shellcheck disable=SC2317 # the runner calls it
	tap_prefix() { stdbuf -oL sed 's/^/# /'; }
	# With it the runner makes the name of a variable that nobody sets.
	# shellcheck disable=SC2034 # the runner reads it
	TR_CMD=
	local test n=0
	echo "TAP version 13"
	echo "1..${#tests[@]}"
	for test in "${tests[@]}"; do
		run_one nptbudget "$test" $((++n))
	done
}

# Counted when all is said: of a pipe, the shell reads each character by itself.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run | tee "$log" || exit 1
count <"$log"
