#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The command nptbudget: each wrong use exits with 2, says why on stderr in few
# words, prints nothing on stdout and changes nothing; and the right uses of it
# on a live VM do what they say.
set -u
# shellcheck source-path=SCRIPTDIR/../lib source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

need_module
need_command nptbudget
need_command jq
dir=$(mktemp -d)
guest=
cleanup() {
	[ -z "$guest" ] || kill "$guest" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT

wrong=(
	''
	'nonsense'
	'--nonsense'
	'list extra'
	'doctor extra'
	'list --nonsense'
	'set'
	'set VM'
	'set VM --pages'
	'set VM --pages 0'
	'set VM --pages -1'
	'set VM --pages 1x'
	'set VM --pages 4294967296'
	'set VM --pages 99999999999999999999'
	'set VM --policy'
	'set VM --policy none'
	'set VM --pages 1 extra'
	'set 1-2-3 --pages 1'
	'set x --pages 1'
	'loops x'
	'loops --nonsense'
	'run'
	'run --pages'
	'run --pages 1'
	'run --pages 1 --'
	'run --pages 0 -- true'
	'run --pages x -- true'
	'run --policy none --pages 1 -- true'
	'run --on-loop none --pages 1 -- true'
	'run --pages 5 --pin 1-5 -- true'
	'run --pages 9 --pin 1-5 --exempt 5 -- true'
	'run --pages 9 --pin 5-1 -- true'
	'watch x'
	'watch 1 2'
	'watch --seconds 0'
	'watch 1 --seconds 1'
	'floor --policy none -- true'
	'sweep --pages 4 --policy none -- true'
	'sweep --pages 4 --on-loop none -- true'
	'probe --policy none add'
	'record --seconds 1 -o /nonexistent/x'
	'metrics extra'
	'metrics -o'
	'version extra'
	'help nonsense'
)
plan $((${#wrong[@]} + 23))

# As who has heard the command's name alone: what is there, what one of them is for, and
# the same from the command itself.
help_lists() {
	nptbudget help >"$dir/help" && [ "$(nptbudget --help)" = "$(cat "$dir/help")" ] &&
		grep -q '^  watch  ' "$dir/help" && grep -q "nptbudget help COMMAND" "$dir/help"
}
help_explains() {
	local name nr=0
	while read -r name; do
		echo "# help $name"
		nptbudget help "$name" >"$dir/one" || return 1
		grep -qE "^Usage: nptbudget $name( |$)" "$dir/one" || return 1
		[ "$(nptbudget "$name" --help)" = "$(cat "$dir/one")" ] || return 1
		((++nr))
	done < <(sed -n 's/^  \([a-z]*\)  .*/\1/p' "$dir/help")
	[ $nr -ge 19 ]
}
help_leads_on() {
	nptbudget help list | grep -q -- '--json' && nptbudget list --json | is_json '. != null'
}
# Which policy, which mode, which file: said by name, and what there is instead.
named() {
	refused "${@:2}" && grep -qE -- "$1" "$dir/err" && return
	sed 's/^/# /' "$dir/err"
	return 1
}
# Of the module, and of a command that was built with it.
versions_agree() {
	local module
	module=$(cut -d' ' -f1 "$NPTB/version")
	nptbudget version >"$dir/version" && [ "$(nptbudget --version)" = "$(cat "$dir/version")" ] &&
		grep -qE "^nptbudget ${module//./\\.}, format" "$dir/version" &&
		grep -qE "^module ${module//./\\.}, format" "$dir/version" &&
		nptbudget version --json | is_json ".version == \"$module\" and .module.version == .version"
}
result "version tells both" versions_agree
result "help lists the commands" help_lists
result "help explains each of them, as the command itself does" help_explains
result "what it says of list works" help_leads_on

# A VM with no budget at first. Its process stands still until it is to loop: it
# would take the CPUs from the many short commands.
"$BUILT/addloop" --laps 1000000000 --pages 64 --seconds 3600 >"$dir/addloop" &
guest=$!
vm=$(vm_of "$dir/addloop")
kill -STOP $guest

# All that a wrong use could have changed, without starting a process.
state() {
	local file value
	state=
	for file in "$NPTB/vms/$vm/"{budget,policy,on_loop} "$NPTB/defaults/"{budget,policy,on_loop}; do
		value=unreadable
		read -r value <"$file"
		state+=" $value"
	done
}

# refused ARGUMENTS...
refused() {
	local before
	state
	before=$state
	nptbudget "$@" >"$dir/out" 2>"$dir/err" </dev/null
	local rc=$? lines
	mapfile -t lines <"$dir/err"
	state
	# What only the module, or /proc, knows to be wrong is no wrong usage: 1, not 2.
	[ $rc = 2 ] || { [ $rc = 1 ] && [[ "$*" =~ none|pin\ 1-5|^[a-z]+\ (x|1-2-3|1\ --seconds)( |$) ]]; } &&
		[ ! -s "$dir/out" ] && [ "$before" = "$state" ] &&
		[[ $state != *unreadable* ]] &&
		[ ${#lines[@]} -ge 1 ] && [ ${#lines[@]} -le 4 ] && return
	echo "# exit $rc, stdout: $(head -c 100 "$dir/out"), stderr: $(head -c 200 "$dir/err")"
	return 1
}

for use in "${wrong[@]}"; do
	read -ra words <<<"${use//VM/$vm}"
	result "refused: nptbudget ${use:-(nothing)}" refused "${words[@]}"
done

result "floor names the policies" named "no policy 'none'; it has: fifo " floor --policy none -- true
result "sweep names the policies" named "no policy 'none'; it has: fifo " \
	sweep --pages 4 --policy none -- true
result "sweep names the mode" named "cannot do 'none' on a loop: see --on-loop" \
	sweep --pages 4 --on-loop none -- true
result "probe names the policies" named "no policy 'none'; it has: fifo " probe --policy none add
result "record names its file" named 'cannot record to /nonexistent/x: No such file' \
	record --seconds 1 -o /nonexistent/x

kill -CONT $guest
budget_is() { [ "$(cat "$NPTB/vms/$vm/budget")" = "$1" ]; }
policy_is() { [ "$(cat "$NPTB/vms/$vm/policy")" = "$1" ]; }
set_and() { nptbudget set "$vm" "$1" "$2" >/dev/null && "${@:3}"; }
lists() { nptbudget list | grep -q -- "$vm"; }
loops_shown() {
	for _ in $(seq 20); do
		nptbudget loops "$vm" | grep -qi 7c && return
		sleep 0.1
	done
	return 1
}
json_read() { nptbudget "$@" --json | is_json '. != null'; }

result "set --pages 1" set_and --pages 1 budget_is 1
result "set --policy clock" set_and --policy clock policy_is clock
result "list names the VM" lists
result "loops shows the loop" loops_shown
result "list --json is JSON" json_read list
result "loops --json is JSON" json_read loops "$vm"
# While it stands still, no counter moves.
kill -STOP $guest
sleep 0.2
metric() { nptbudget metrics | sed -n "s/^nptbudget_$1{vm=\"$vm\".*} //p"; }
same() { [ -n "$(metric "$1")" ] && [ "$(metric "$1")" = "$2" ]; }
counter() { sed -n "s/^$1 //p" "$NPTB/vms/$vm/stats"; }
metrics_right() {
	same vm_faults_total "$(counter faults)" && same vm_evictions_total "$(counter evictions)" &&
		same vm_loops_total "$(counter loops)" && same vm_budget_pages 1 &&
		same vm_resident_pages "$(cat "$NPTB/vms/$vm/resident")" && same vm_vcpus 1
}
metrics_file() {
	nptbudget metrics -o "$dir/x.prom" && grep -q '^nptbudget_up 1$' "$dir/x.prom" &&
		[ -z "$(find "$dir" -name '.x.prom*')" ]
}
result "metrics are the VM's counters" metrics_right
result "metrics for a collector" metrics_file
if command -v promtool >/dev/null; then
	result "promtool finds metrics right" promtool check metrics <"$dir/x.prom"
else
	ktap_test_skip "promtool finds metrics right: not installed"
fi
kill -CONT $guest
result "set --pages off" set_and --pages off budget_is off
run_ends() {
	nptbudget run --pages 1 -- "$BUILT/addloop" --stop-on-loop >"$dir/run" 2>&1
	local rc=$?
	[ $rc = 3 ] && grep -q 'memory right' "$dir/run" && return
	echo "# exit $rc"
	sed 's/^/# /' "$dir/run" | head -n 20
	return 1
}
result "run gives the VM's exit status" run_ends
# This host is able, and the module is the command's; another user sees less.
doctor_says() {
	"${@:2}" nptbudget doctor >"$dir/doctor" 2>&1 && grep -qE "$1" "$dir/doctor" && return
	sed 's/^/# /' "$dir/doctor"
	return 1
}
result "doctor finds this host able" doctor_says '^ok +module'
result "doctor says what another user cannot see" doctor_says '^unknown +debugfs' \
	setpriv --reuid 65534 --regid 65534 --clear-groups
result "doctor --json is JSON" json_read doctor
finished
