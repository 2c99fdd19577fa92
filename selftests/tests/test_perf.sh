#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The lines of README.md for perf, as they stand there: perf knows the module's
# events, and what it counts is what the run did.
set -u
# shellcheck source-path=SCRIPTDIR/../lib source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

need_module
need_command perf
plan 5

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# counted NAME: what perf stat counted of an event.
counted() { awk -F, -v e="nptbudget:$1" '$3 == e { print $1 }' stat; }

perf stat -x , -o stat -a -e 'nptbudget:*' -- \
	nptbudget run --pages 64 --json --summary sum -- "$BUILT/addloop" >/dev/null 2>&1
result "perf stat: the run ends" [ $? = 0 ]
faults=$(sed -n 's/.*"faults": *\([0-9]*\).*/\1/p' sum)
same() { [ -n "$faults" ] && [ "$(counted nptb_fault)" = "$faults" ]; }
result "perf stat counts the faults that there were" same
result "and one attach" [ "$(counted nptb_attach)" = 1 ]
perf record -q -a -o perf.data -e nptbudget:nptb_loop -- \
	nptbudget run --pages 1 --on-loop lend -- "$BUILT/addloop" >/dev/null 2>&1
result "perf record ends with the guest, which goes on after a loop" [ $? = 0 ]
perf script -i perf.data >report 2>/dev/null
result "perf record has the loop" grep -q 'nptbudget:nptb_loop: .*rip=0x7c' report
[ "$FAILED" = 0 ] || tail -n 20 stat sum report | sed 's/^/# /'
finished
