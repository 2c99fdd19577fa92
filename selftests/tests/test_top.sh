#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nptbudget top in a terminal of 80x24, as a person uses it: finds the VM that loops,
# looks into it, mends it, and has the terminal back in the end. With
# NPTB_SCREENS=FOLDER, screens are left there, for docs/.
set -u
# shellcheck source-path=SCRIPTDIR/../lib source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
# shellcheck source-path=SCRIPTDIR/../lib source=screen.sh
. "$BUILT/screen.sh"

need_module
need_command nptbudget
need_command tmux
dir=$(mktemp -d)
guests=()
cleanup() {
	mux kill-server 2>/dev/null
	[ ${#guests[@]} = 0 ] || { kill -KILL "${guests[@]}"; wait "${guests[@]}"; } 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT

# guest NAME ARGUMENTS...: its VM is in $vm.
guest() {
	"$BUILT/addloop" --laps 1000000000 --seconds 3600 "${@:2}" >"$dir/$1" 2>&1 &
	guests+=("$!")
	vm=$(vm_of "$dir/$1")
}

# The guest is stopped, but what it did before that may be read after the first z.
zeroed() {
	for _ in 1 2 3; do
		types z
		lacks '^ +[0-9]+  gfn 0x' && return
	done
	return 1
}
# first VM: it is in the first row, below title and heads.
in_first_row() { [[ $(sed -n 3p "$dir/screen") == "$1 "* ]]; }
first() { screen_is in_first_row "$1"; }
types() { mux send-keys "$@"; }
# As by a program that writes to this terminal as well.
spoil() { printf '\rSPOILED' >"$(mux display-message -p '#{pane_tty}')" && shows SPOILED; }
keep() { [ -z "${NPTB_SCREENS-}" ] || cp "$dir/screen" "$NPTB_SCREENS/$1"; }
value() { [ "$(cat "$NPTB/vms/$looping/$1")" = "$2" ]; }
soon() {
	for _ in $(seq 100); do
		"$@" && return
		sleep 0.2
	done
	return 1
}
ended() { grep -qx "status $1" "$dir/status"; }
start() {
	rm -f "$dir/status"
	mux new-session -d -x 80 -y 24 "stty -g >$dir/before; $*; echo status \$? >$dir/status
		stty -g >$dir/after; echo back; sleep 100"
}
same_terminal() { soon cmp -s "$dir/before" "$dir/after"; }
no_instance() { [ -z "$(find /sys/kernel/tracing/instances -maxdepth 1 -name 'nptbudget-top*')" ]; }

plan 31
# A VM that stands still takes no CPU from the many short commands.
guest fine --pages 4 && fine=$vm && nptbudget set "$vm" --pages 64
sleep 1
kill -STOP "${guests[0]}"
guest loops --pages 1 && looping=$vm
nptbudget set "$looping" --pages 1
start nptbudget top -d 0.5
result "the VM that faults is first" shows "^$looping +addloop +[0-9]+ +1 +1 +1 +[1-9][0-9]*"
result "both are counted" shows '^nptbudget: 2 VMs, 2 under budget'
keep top-list.txt
types r
result "r: the other way round" first "$fine"
types r
result "r: and back" first "$looping"
types S
result "S: by the column before, resident pages" first "$fine"
types s
result "s: by the next one" first "$looping"
types -
result "-: refreshed less often" shows 'refreshed every 1\.0 s'
types +
result "+: more often" shows 'refreshed every 0\.5 s'
types Space
result "Space: paused" shows 'PAUSED$'
types Space
result "Space: goes on" lacks 'PAUSED$'
types h
result "h: the keys" shows '^ z  +in a VM: count faults anew'
types Escape
result "and back" shows "^$looping "
result "another program writes to the terminal" spoil
types C-l
result "Ctrl-L: drawn anew" lacks SPOILED
types Down Enter
result "Down, Enter: the second VM" shows "^VM $fine "
types Left
shows "^$looping "
types Up Enter
result "into it" shows "^VM $looping "
result "its instruction" shows 'loop: vCPU 0, rip 0x[0-9a-f]+, add '
result "its hottest pages and instructions" shows '^ +[0-9]+  gfn 0x[0-9a-f]+ +[0-9]+  rip 0x[0-9a-f]+'
result "its vCPU" shows '^   0 +[0-9]+  0x[0-9a-f]+'
keep top-vm.txt
types p
shows 'Policy: 1 fifo 2 clock' && types 2
result "another policy" soon value policy clock
types o
shows 'In a fault loop: 1 log' && types 3
result "another way to go on" soon value on_loop lend
types b
shows 'Budget' && types 2 Enter
result "two pages" soon value budget 2
result "it says so" shows "VM $looping: budget is 2 now"
kill -STOP "${guests[1]}"
result "z: faults are counted anew" zeroed
types Escape
mux resize-window -x 50 -y 10
result "a smaller window" shows '^Enter open'
mux resize-window -x 120 -y 30
result "a wider one has more" shows 'POLICY +ON-LOOP'
types q
result "q ends it" soon ended 0
result "and gives the terminal back" same_terminal
result "nothing is left in tracefs" no_instance
mux kill-server
start nptbudget top "$looping"
shows "^VM $looping"
pkill -TERM -P "$(mux display-message -p '#{pane_pid}')" -x nptbudget
result "SIGTERM ends it" soon ended 143
result "and gives the terminal back" same_terminal
finished
