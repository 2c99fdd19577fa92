#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Loops that are reported, checked by the events of their attempts: the short way
# of scripts/check-alarms.sh, with guests of a few hundred faults, in loops or not.
set -u
# shellcheck source-path=SCRIPTDIR/../lib source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

need_module
plan 8
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# alarms LOOPS PAGES ADDLOOP-ARGUMENTS...: the checker agrees with the module, and
# so many loops were reported. On one CPU, so that events come in order.
alarms() {
	local loops=$1 pages=$2 status
	shift 2
	taskset -c 0 "$BUILT/alarms" -b 1024 nptbudget run --quiet --pages "$pages" -- \
		"$BUILT/addloop" "$@" >"$log" 2>&1
	status=$?
	if [ $status = 0 ] &&
		grep -q "^alarms: [1-9].*; $loops loops and .* 0 of them false; 0 loops not reported;" "$log"
	then
		return 0
	fi
	sed 's/^/# /' "$log"
	return 1
}

result "real mode, 1 page: a loop" alarms 1 1 --pages 1 --stop-on-loop
result "real mode, 2 pages: none" alarms 0 2 --pages 8
result "protected mode, 1 page: a loop" alarms 1 1 --mode prot --pages 3 --stop-on-loop
result "protected mode, 2 pages: none" alarms 0 2 --mode prot --pages 8
result "long mode, 3 pages: a loop" alarms 1 3 --mode long --pages 3 --stop-on-loop
result "long mode, 6 pages: a loop" alarms 1 6 --mode long --pages 3 --stop-on-loop
result "long mode, 7 pages: none" alarms 0 7 --mode long --pages 8
result "long mode, 64 pages: none" alarms 0 64 --mode long --pages 100 --laps 5
finished
