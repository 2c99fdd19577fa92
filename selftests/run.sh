#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Run the selftests on this host, which is to be the emulated one (L1):
#   selftests/run.sh [TEST...]      all, or those named
#   selftests/run.sh --each         without those that one kernel is enough for
# Prints TAP and ends with one plain line, "N passed, N failed, N skipped",
# which counts the single results inside the tests. Exit status 0 only where
# nothing failed and something passed. `make -C selftests` comes first. The runner
# is kselftest's own, run_kselftest.sh.
#   NPTB_TEST_TIMEOUT   seconds for one test (of selftests/settings)
#   NPTB_INSTALLED      fail, not skip, where a program is missing that a test calls
#   NPTB_PATIENCE       how many times longer to wait for what a test waits for (1)
#   NPTB_TIMES          how often test_unload loads and unloads (50)
#   NPTB_FULL           all of test_backing; with 2 vCPUs as well, in test_budget
set -o pipefail
# With another locale each program takes twice as long to start on an emulated host.
export LC_ALL=C

top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
built=$top/build/selftests
list=$built/kselftest-list.txt
if ! [ -r "$list" ]; then
	echo "run.sh: nothing in $built: run make -C selftests" >&2
	exit 1
fi
which=(-c nptbudget)
if [ "${1-}" = --each ]; then
	mapfile -t names < <(sed -n 's/^nptbudget://p' "$list" | grep -vxFf "$built/once.txt")
	set -- "${names[@]}"
fi
[ $# = 0 ] || which=()
for name in "$@"; do
	test=$(grep -x "[a-z]*:$name" "$list") || { echo "run.sh: no such test: $name" >&2; exit 2; }
	which+=(-t "$test")
done
[ -z "${NPTB_TEST_TIMEOUT-}" ] || which+=(-o "$NPTB_TEST_TIMEOUT")

# Counted when all is said.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$built/run_kselftest.sh" "${which[@]}" | tee "$log" || exit 1
awk -f "$top/selftests/count.awk" "$log"
