#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nptbudget record, as a person uses it: what it records is what happened, by the
# module's counters and by trace-cmd, and it leaves all other tracing alone.
set -u
# shellcheck source-path=SCRIPTDIR/../lib source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

need_module
need_command nptbudget
need_command jq
need_command trace-cmd

TRACING=/sys/kernel/tracing
dir=$(mktemp -d)
guest=
cleanup() {
	[ -z "$guest" ] || kill -KILL "$guest" 2>/dev/null
	! mountpoint -q "$dir/small" || umount "$dir/small"
	rm -rf "$dir"
}
trap cleanup EXIT

# of FILE KEY: a number in JSON, the first of that key.
of() { sed -n "s/^ *\"$2\": *\([0-9]*\),\{0,1\}$/\1/p" "$1" | head -n 1; }

# Rows of an event in a recording, by trace-cmd; the right ones first in time.
rows() { trace-cmd report -i "$1" 2>"$dir/report.err" | grep -F " $2: "; }

# record NAME RECORD-OPTIONS... -- COMMAND...
record() {
	local name=$1
	shift
	nptbudget record -o "$dir/$name.dat" --json "$@" >"$dir/$name.out" 2>"$dir/$name.err" && return
	sed 's/^/# /' "$dir/$name.out" "$dir/$name.err"
	return 1
}

# What the user's own tracing is set to.
tracing() {
	(cd $TRACING && cat tracing_on trace_clock buffer_size_kb set_event set_event_pid events/nptbudget/filter events/nptbudget/*/filter && ls instances)
}

whole() {
	tracing >"$dir/before"
	record whole -- nptbudget run --pages 8 --policy fifo --json --summary "$dir/whole.json" \
		-- "$BUILT/work" --part hash || return 1
	grep -q '^work: done, .* right$' "$dir/whole.out" || return 1
	[ "$(of "$dir/whole.out" lost_events)" = 0 ] || { cat "$dir/whole.out"; return 1; }
	nptbudget replay "$dir/whole.dat" --json >"$dir/replay" || return 1
	grep -q '"complete": *true' "$dir/replay" &&
		[ "$(of "$dir/replay" misses)" = "$(of "$dir/whole.json" mapped)" ]
}

# Each fault once, and who recorded what on which machine.
by_trace_cmd() {
	local faults
	faults=$(rows "$dir/whole.dat" nptb_fault | wc -l)
	echo "# $faults faults in the file, $(of "$dir/whole.json" faults) counted"
	[ "$faults" = "$(of "$dir/whole.json" faults)" ] && [ ! -s "$dir/report.err" ] || return 1
	trace-cmd report -i "$dir/whole.dat" 2>/dev/null | grep -o 'nptbudget: .*' >"$dir/notes"
	grep -q "^nptbudget: kernel=$(uname -r) " "$dir/notes" &&
		grep -q '^nptbudget: cpu=.*[A-Z]' "$dir/notes" &&
		grep -q '^nptbudget: record=1 command=.* module=[0-9.]* format=[0-9]' "$dir/notes" &&
		grep -q '^nptbudget: clock=mono mono_ns=[0-9]* realtime_ns=[0-9]*$' "$dir/notes" &&
		grep -q '^nptbudget: end=vmm lost=0$' "$dir/notes" && return
	sed 's/^/# /' "$dir/notes"
	return 1
}

# The report's counts are the module's.
reported() {
	local key
	nptbudget report "$dir/whole.dat" --json >"$dir/report.json" 2>"$dir/err" || { cat "$dir/err"; return 1; }
	[ ! -s "$dir/err" ] || return 1
	for key in faults evictions peak; do
		echo "# $key: reported $(sed -n '/"counts"/,$p' "$dir/report.json" | of /dev/stdin $key), counted $(of "$dir/whole.json" $key)"
		[ "$(sed -n '/"counts"/,$p' "$dir/report.json" | of /dev/stdin $key)" = "$(of "$dir/whole.json" $key)" ] || return 1
	done
	nptbudget report "$dir/whole.dat" | grep -q '^Reuse distances' &&
		nptbudget report "$dir/whole.dat" --csv pages --top 1000 | grep -q '^[0-9]*-[0-9]*,0,0x' &&
		nptbudget report "$dir/whole.dat" --against "$dir/whole.dat" | grep -q ' 1\.00$'
}

inflated() { perl -MCompress::Zlib -0777 -ne 'print uncompress($_)' "$1"; }

# Each fault in each format; and trace-cmd reads its own.
exported() {
	local faults format
	faults=$(of "$dir/whole.json" faults)
	for format in csv jsonl perfetto damo; do
		nptbudget export "$dir/whole.dat" --to $format -o "$dir/whole.$format" || return 1
	done
	[ "$(grep -cE '^[0-9]+,fault,' "$dir/whole.csv")" = "$faults" ] &&
		[ "$(grep -c '"event":"fault"' "$dir/whole.jsonl")" = "$faults" ] &&
		[ "$(grep -c '"verdict"' "$dir/whole.perfetto")" = "$faults" ] &&
		inflated "$dir/whole.damo" | is_json '[.[].snapshots[].regions[]] | length > 10' &&
		jq -e -f "$BUILT/trace-event.jq" "$dir/whole.perfetto" >/dev/null || return 1
	nptbudget export "$dir/whole.dat" --to trace.dat -o "$dir/copy.dat" &&
		[ "$(rows "$dir/copy.dat" nptb_fault | wc -l)" = "$faults" ]
}

untouched() {
	tracing >"$dir/after"
	diff "$dir/before" "$dir/after" | sed 's/^/# /'
	cmp -s "$dir/before" "$dir/after"
}

status() {
	nptbudget record -o "$dir/status.dat" -- sh -c 'exit 7' 2>/dev/null
	[ $? = 7 ] || return 1
	cp "$dir/status.dat" "$dir/status.old"
	! nptbudget record -o "$dir/status.dat" -- "$dir/none" 2>"$dir/err" &&
		grep -q "cannot start" "$dir/err" && cmp "$dir/status.dat" "$dir/status.old" &&
		! nptbudget record -o "$dir/new.dat" -- "$dir/none" 2>"$dir/err" &&
		[ ! -e "$dir/new.dat" ]
}

# A guest that adds to pages 0x200 to 0x203, in turn, and has no budget.
begin_guest() {
	"$BUILT/addloop" --laps "$1" --pages "$2" --seconds 600 >"$dir/guest" 2>&1 &
	guest=$!
	vm=$(vm_of "$dir/guest")
}

end_guest() {
	kill -KILL "$guest"
	wait "$guest" 2>/dev/null
	guest=
	true
}

# recording: waits until there is an instance that records.
recording() {
	for _ in $(seq 100); do
		grep -qsx 1 $TRACING/instances/nptbudget-record-*/events/nptbudget/nptb_fault/enable && return
		sleep 0.1
	done
	return 1
}

by_signal() {
	begin_guest 1000000000 4 || return 1
	nptbudget set "$vm" --pages 4 --on-loop lend >/dev/null || return 1
	nptbudget record --vm "$vm" -o "$dir/signal.dat" --json >"$dir/signal.out" 2>"$dir/signal.err" &
	local pid=$! rc
	recording || return 1
	sleep 0.3
	kill -INT $pid
	wait $pid
	rc=$?
	grep -q '"ended_by": *"signal"' "$dir/signal.out" && [ $rc = 0 ] &&
		[ "$(rows "$dir/signal.dat" nptb_fault | wc -l)" -gt 100 ] &&
		trace-cmd report -i "$dir/signal.dat" 2>/dev/null |
			grep -q "nptbudget: vm=$vm pid=$guest comm=addloop budget=4 policy=fifo on_loop=lend" && return
	sed 's/^/# /' "$dir/signal.out" "$dir/signal.err"
	return 1
}

# Nobody else's events; and it ends with the VM.
by_end() {
	nptbudget record --vm "$vm" -o "$dir/end.dat" --json >"$dir/end.out" 2>"$dir/end.err" &
	local pid=$!
	recording || return 1
	nptbudget run --quiet --pages 2 -- "$BUILT/addloop" --laps 50 >/dev/null 2>&1
	end_guest
	wait $pid || return 1
	grep -q '"ended_by": *"vm"' "$dir/end.out" || return 1
	rows "$dir/end.dat" nptb_fault >"$dir/rows"
	[ -s "$dir/rows" ] && ! grep -v "vm=$vm " "$dir/rows"
}

# Each page once a lap, in the order in which it is touched, and nothing else.
touches() {
	local lap page
	record touches --gfn 0x200-0x203 --every 0 -- "$BUILT/addloop" --laps 5 --pages 4 || return 1
	for lap in 1 2 3 4 5; do
		for page in 200 201 202 203; do echo "${page}000 $lap"; done
	done | sed 's/ .*//' >"$dir/want"
	rows "$dir/touches.dat" nptb_fault >"$dir/rows"
	sed -n 's/.* gpa=0x\([0-9a-f]*\) .*/\1/p' "$dir/rows" >"$dir/got"
	diff "$dir/want" "$dir/got" >"$dir/diff" || { head -n 20 "$dir/diff" | sed 's/^/# /'; return 1; }
	# One vCPU, one instruction, one kind of access.
	[ "$(sed 's/.* \(vcpu=[0-9]*\) \(rip=0x[0-9a-f]*\) gpa=[^ ]* \(error_code=[^ ]*\) .*/\1 \2 \3/' "$dir/rows" | sort -u | wc -l)" = 1 ]
}

# One page is touched again and again: without evictions that shows once.
again() {
	local once often
	begin_guest 1000000000 1 || return 1
	nptbudget set "$vm" --pages 32 --exempt 0x300-0x301 --on-loop stop >/dev/null
	cat "$NPTB/vms/$vm/"{budget,policy,on_loop,exempt} >"$dir/had"
	record once --vm "$vm" --gfn 0x200 --every 0 --seconds 1 &&
		record often --vm "$vm" --gfn 512 --every 20 --seconds 2 || return 1
	cat "$NPTB/vms/$vm/"{budget,policy,on_loop,exempt} >"$dir/has"
	once=$(rows "$dir/once.dat" nptb_fault | wc -l)
	often=$(rows "$dir/often.dat" nptb_fault | wc -l)
	echo "# seen $once times, with evictions $often times"
	diff "$dir/had" "$dir/has" | sed 's/^/# /'
	[ "$once" = 1 ] && [ "$often" -ge 5 ] && cmp -s "$dir/had" "$dir/has"
}

evict_file() {
	local file=$NPTB/vms/$vm/evict before
	before=$(sed -n 's/^evictions //p' "$NPTB/vms/$vm/stats")
	echo 0x200 >"$file" || return 1
	[ "$(sed -n 's/^evictions //p' "$NPTB/vms/$vm/stats")" -gt "$before" ] || return 1
	! echo 0x100000-0x200000 2>/dev/null >"$file" && ! echo x 2>/dev/null >"$file" &&
		! echo '' 2>/dev/null >"$file" && ! cat "$file" 2>/dev/null || return 1
	nptbudget set "$vm" --pages off >/dev/null
	! echo 0x200 2>"$dir/err" >"$file" && grep -q 'not permitted' "$dir/err"
}

# A recorder that is held up while faults go on loses some, says so, and how many.
lossy() {
	local pid lost
	nptbudget set "$vm" --pages 1 --on-loop log >/dev/null || return 1
	nptbudget record --vm "$vm" --buffer 16 -o "$dir/lossy.dat" --json >"$dir/lossy.out" 2>"$dir/lossy.err" &
	pid=$!
	recording || return 1
	kill -STOP $pid
	sleep 1
	kill -CONT $pid
	sleep 0.5
	kill -TERM $pid
	wait $pid || return 1
	lost=$(of "$dir/lossy.out" lost_events)
	echo "# $lost events lost"
	[ "$lost" -gt 0 ] && grep -q "$lost events were lost" "$dir/lossy.err" || return 1
	trace-cmd report -i "$dir/lossy.dat" 2>/dev/null | grep -q "nptbudget: end=signal lost=$lost$"
}

# A disk that is full ends it, and what is there can be read.
full() {
	local n
	mkdir "$dir/small"
	mount -t tmpfs -o size=512k tmpfs "$dir/small" || return 1
	! timeout 60 nptbudget record --vm "$vm" -o "$dir/small/full.dat" 2>"$dir/full.err" || return 1
	grep -q 'No space left on device: it has what was recorded before' "$dir/full.err" || { cat "$dir/full.err"; return 1; }
	[ "$(ls "$dir/small")" = full.dat ] || return 1
	n=$(rows "$dir/small/full.dat" nptb_fault | wc -l)
	echo "# $n faults, $(stat -c %s "$dir/small/full.dat") bytes of 524288"
	[ "$n" -gt 2000 ]
}

plan 14
result "records all that happened" whole
result "trace-cmd reads it, with the notes" by_trace_cmd
result "report: the module's counts" reported
result "export: each fault in each format" exported
result "other tracing is untouched" untouched
result "the exit status is the command's" status
result "ends at a signal" by_signal
result "records the one VM, and ends with it" by_end
result "--gfn: each touch of another page" touches
result "--gfn --every: touches of one page, and the VM has its own back" again
result "evict" evict_file
result "lost events are told" lossy
result "a full disk ends it with what it has" full
result "nothing is left in tracefs" untouched
finished
