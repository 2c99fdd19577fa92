#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The module's tracepoints as users have them: trace-cmd records nptbudget:* from
# before a VM begins until it has ended, trace-cmd reports them, and the fields
# tell the story of the run.
set -u
# shellcheck source-path=SCRIPTDIR/../lib source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

need_module
need_command trace-cmd
need_command nptbudget
plan 8

dir=$(mktemp -d)
record=
cleanup() {
	[ -z "$record" ] || kill -INT "$record" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT

# Budget 1, a loop; budget 2 while it runs, and the guest ends.
trace-cmd record -q -o "$dir/trace.dat" -b 20000 -e 'nptbudget:*' >"$dir/log" 2>&1 &
record=$!
for _ in $(seq 100); do
	grep -q 1 /sys/kernel/tracing/events/nptbudget/enable && break
	sleep 0.1
done
nptbudget run --quiet --pages 1 -- "$BUILT/addloop" --laps 3 --seconds 20 >"$dir/addloop" &
guest=$!
vm=
for _ in $(seq 100); do
	vm=$(sed -n 's/^VM \([^:]*\):.*/\1/p' "$dir/addloop")
	[ -n "$vm" ] && grep -q '^loop ' "$NPTB/vms/$vm/loops" 2>/dev/null && break
	sleep 0.1
done
echo 2 >"$NPTB/vms/$vm/budget"
wait $guest
ended=$?
sleep 0.3
kill -INT $record
wait $record
record=
trace-cmd report -i "$dir/trace.dat" 2>/dev/null | grep "vm=$vm" >"$dir/report"

# event NAME REGEX: an event of that name matches.
event() {
	grep -Eq "nptb_$1: +vm=$vm .*$2" "$dir/report"
}

result "the guest ends when it is given a second page" [ $ended = 0 ]
result "attach" event attach 'budget=1 policy=[a-z]+'
result "budget" event budget 'old=1 new=2'
result "fault" event fault 'vcpu=0 rip=0x7c[0-9a-f]{2} gpa=0x200[0-9a-f]{3} error_code=0x[0-9a-f]+ verdict=mapped evicted=1'
result "what went for a fault" event fault 'verdict=mapped evicted=1 .*victim=0x7 victim_as=0'
result "loop" event loop 'vcpu=0 .*rip=0x7c'
result "detach" event detach 'reason=end'
# shellcheck disable=SC2016
result "no fault event shows more than two resident pages" \
	awk '/nptb_fault:/ { n++; sub(/.*resident=/, ""); if ($1 + 0 > 2) bad++ }
	     END { exit !(n > 10 && !bad) }' "$dir/report"
[ "$FAILED" = 0 ] || head -n 20 "$dir/report" | sed 's/^/# /'
finished
