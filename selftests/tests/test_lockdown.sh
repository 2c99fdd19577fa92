#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What is left of the command when the kernel is locked down (integrity), as Debian's is
# under Secure Boot: nothing that writes to debugfs, all that only looks. Nothing undoes a
# lockdown: it wants a host that ends with it.
set -u
# shellcheck source-path=SCRIPTDIR/../lib source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
# shellcheck source-path=SCRIPTDIR/../lib source=screen.sh
. "$BUILT/screen.sh"

need_module
need_own_host
need_command nptbudget
lock=/sys/kernel/security/lockdown
[ -e $lock ] || mount -t securityfs none /sys/kernel/security || skip "no securityfs"
[ -e $lock ] || skip "this kernel has no lockdown"
need_command tmux
dir=$(mktemp -d)
guest=
cleanup() {
	mux kill-server 2>/dev/null
	[ -z "$guest" ] || kill -KILL "$guest" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT
plan 27

nptbudget defaults --comm addloop --pages 3
"$BUILT/addloop" --pages 6 --laps 1000000000 --seconds 3600 >"$dir/addloop" &
guest=$!
vm=$(vm_of "$dir/addloop")

# refused ARGUMENTS...: it fails, and speaks of lockdown.
refused() {
	nptbudget "$@" >"$dir/out" 2>"$dir/err" </dev/null
	[ $? = 1 ] && grep -q lockdown "$dir/err" && return
	head -n 5 "$dir/out" "$dir/err" | sed 's/^/# /'
	return 1
}
# works REGEX ARGUMENTS...
works() {
	local regex=$1
	shift
	nptbudget "$@" >"$dir/out" 2>"$dir/err" </dev/null && grep -qE -- "$regex" "$dir/out" && return
	head -n 5 "$dir/out" "$dir/err" | sed 's/^/# /'
	return 1
}
doctor() {
	nptbudget doctor >"$dir/out" 2>&1
	[ $? = 1 ] && grep -q '^failed *lockdown' "$dir/out" && grep -q 'watch.*record' "$dir/out" && return
	sed 's/^/# /' "$dir/out"
	return 1
}
held() {
	local before
	before=$(sed -n 's/^faults //p' "$NPTB/vms/$vm/stats")
	sleep 1
	[ "$(sed -n 's/^faults //p' "$NPTB/vms/$vm/stats")" -gt "$before" ] &&
		[ "$(cat "/sys/kernel/debug/kvm/$vm/pages_4k")" -le 3 ]
}
recorded() {
	nptbudget record --vm "$vm" --seconds 1 -o "$dir/x.dat" >"$dir/out" 2>&1 &&
		works 'nptb_fault|faults' report "$dir/x.dat" && return
	sed 's/^/# /' "$dir/out"
	return 1
}

# The budget is not changed, and the screen says why.
top_refused() {
	mux send-keys b
	shows '^Budget' || return
	mux send-keys 9 Enter
	shows 'lockdown'
}

result "before: a budget is set" nptbudget set "$vm" --pages 3
result "the kernel is locked down" eval "echo integrity >$lock"
result "doctor says so, and what works" doctor
result "refused: set" refused set "$vm" --pages 4
result "refused: set by pid" refused set "$guest" --pages 4
result "refused: defaults" refused defaults --pages 4
result "refused: run" refused run --pages 4 -- true
result "the budget that there is holds" held
result "version" works 'module' version
result "metrics" works "^nptbudget_vm_resident_pages\{vm=\"$vm\".*\} [1-3]$" metrics
result "loops" works '.' loops "$vm"
result "list" works "$vm .* 3 " list
result "watch" works '.' watch "$vm" --seconds 2
result "record and report" recorded
result "export" works '^[0-9]+,fault,' export "$dir/x.dat" --to csv
result "replay" works 'replayed with 4 pages, policy lru' replay "$dir/x.dat" --policy lru --pages 4
result "plot" works '^Faults by page and time' plot "$dir/x.dat"
mux new-session -d -x 80 -y 24 "nptbudget top $vm -d 0.5"
result "top looks into a VM" shows "^VM $vm "
result "top: its hottest pages" shows '^ +[0-9]+  gfn 0x[0-9a-f]+ '
result "top: a new budget is refused" top_refused
result "the budget is as it was" works "$vm .* 3 " list
result "refused: probe" refused probe add
result "refused: floor" refused floor -- "$BUILT/addloop" --laps 5
result "refused: floor of a policy" refused floor --policy fifo -- "$BUILT/addloop" --laps 5
result "refused: sweep" refused sweep --pages 2,4 -o "$dir/sweep" -- "$BUILT/addloop" --laps 5
result "refused: record --gfn" refused record --vm "$vm" --gfn 0x7 --seconds 1 -o "$dir/y.dat"
result "refused: run of a guest" refused run --pages 4 -- "$BUILT/addloop" --laps 5
finished
