#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Defaults of a program and of a cgroup: which VMs start with them, that they are held
# from the first fault on, and what the file refuses.
set -u
# shellcheck source-path=SCRIPTDIR/../lib source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

need_module
need_own_host
need_command nptbudget
need_command jq
dir=$(mktemp -d)
file=$NPTB/defaults/bindings
cgroup=$(sed -n 's/^[^ ]* \([^ ]*\) cgroup2 .*/\1/p' /proc/mounts | head -n 1)
slice=nptb-test.slice
scope='nptb-test.slice/a b'
pids=()
cleanup() {
	[ ${#pids[@]} = 0 ] || { kill -KILL "${pids[@]}"; wait "${pids[@]}"; } 2>/dev/null
	echo none >"$file"
	[ -z "$cgroup" ] || rmdir "$cgroup/$scope" "$cgroup/$slice" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT

# What a process is called is what it was started as.
long=nptb-name-of-22-chars
ln -s "$BUILT/addloop" "$dir/$long"
ln -s "$BUILT/addloop" "$dir/other"
[ -z "$cgroup" ] || mkdir -p "$cgroup/$scope"

# guest NAME [CGROUP]: a VM of that process, in that cgroup; it ends, with the module's
# word for its budget in $budget, and the most pages that it had.
guest() {
	local vm
	(
		[ $# = 1 ] || echo $BASHPID >"$cgroup/$2/cgroup.procs" || exit
		exec "$dir/$1" --pages 40 --laps 1000000000 --seconds 600
	) >"$dir/out" 2>&1 &
	pids=("$!")
	vm=$(vm_of "$dir/out") || { cat "$dir/out"; return 1; }
	budget=$(cat "$NPTB/vms/$vm/budget")
	policy=$(cat "$NPTB/vms/$vm/policy")
	[ "$budget" = off ] || within_a_minute grep -q '^evictions [1-9]' "$NPTB/vms/$vm/stats"
	peak=$(sed -n 's/^peak //p' "$NPTB/vms/$vm/stats")
	taken=$(sed -n 's/^faults //p' "$NPTB/vms/$vm/stats")
	kill -KILL "${pids[@]}"
	wait "${pids[@]}" 2>/dev/null
	pids=()
}

# starts_with BUDGET POLICY NAME [CGROUP]
starts_with() {
	guest "${@:3}" || return
	echo "# budget $budget, policy $policy, peak $peak, faults $taken"
	[ "$budget $policy" = "$1 $2" ] || return 1
	# Held from the first fault on: never more pages, and there were faults.
	[ "$1" = off ] || { [ "$peak" -le "$1" ] && [ "$taken" -gt "$1" ]; }
}

bind() { nptbudget defaults "$@"; }
holds() { diff "$file" - <<<"$1" | sed 's/^/# /'; return "${PIPESTATUS[0]}"; }
# refuses ERROR LINE: a write of it changes nothing.
refuses() {
	local before after
	before=$(cat "$file")
	printf '%s' "$2" >"$dir/line"
	# In one write.
	LC_ALL=C cat "$dir/line" 2>"$dir/err" >"$file" && { echo "# taken"; return 1; }
	after=$(cat "$file")
	[ "$before" = "$after" ] && grep -q "$1" "$dir/err" && return
	sed 's/^/# /' "$dir/err"
	return 1
}

bad=(
	'Invalid argument|budget=4'
	'Invalid argument|comm='
	'Invalid argument|cgroup='
	'Invalid argument|cgroup=a'
	'Invalid argument|budget=4 comm='
	'Invalid argument|budget=4  comm=x'
	'Invalid argument|frob=4 comm=x'
	'Invalid argument|budget comm=x'
	'Invalid argument|policy=none comm=x'
	'Invalid argument|pin=4 comm=x'
	'Invalid argument|!'
	'Invalid argument|!x'
	'Invalid argument|none none'
	'Numerical result out of range|budget=0 comm=x'
	'Numerical result out of range|lend_max=4097 budget=4 comm=x'
	'Numerical result out of range|batch=33 budget=4 comm=x'
	'No such file or directory|!comm=x'
	'No such file or directory|!cgroup=/x'
)
bad+=("Invalid argument|budget=4 comm=x"$'\n'"budget=4 comm=y")
plan $((${#bad[@]} + 17))

result "a name is cut as the kernel does" bind --comm "$long" --pages 5 --policy clock
rest="seed=0 flush_aged=off lend_max=64 burst=130 backing=resident batch=1"
result "and read back" holds "budget=5 policy=clock on_loop=log $rest comm=${long:0:15}"
result "its VMs start with that" starts_with 5 clock "$long"
result "others do not" starts_with off fifo other
result "what is not given stays" bind --comm "$long" --pages 6
result "so it does" holds "budget=6 policy=clock on_loop=log $rest comm=${long:0:15}"
bind --cgroup "$cgroup/$slice/" --pages 7
result "a cgroup's path, and what is below it" starts_with 7 fifo other "$scope"
result "a cgroup goes before a name" starts_with 7 fifo "$long" "$slice"
bind --cgroup "/$scope" --pages 8 --policy lru
bind --cgroup "/" --pages 9
result "the deepest cgroup" starts_with 8 lru other "$scope"
result "all that is in any" starts_with 9 fifo other
run_wins() {
	nptbudget run --pages 10 --json --summary "$dir/json" -- "$dir/$long" --pages 40 >/dev/null &&
		is_json '.vms[0].stats.peak == 10' "$dir/json"
}
result "run goes before all" run_wins
as_json() {
	nptbudget defaults --json | is_json '.bindings | length == 4 and
		(.[] | select(.cgroup == "/nptb-test.slice/a b") | .budget == 8 and .policy == "lru")'
}
result "the list as JSON" as_json
shown() { nptbudget defaults | grep -qE '^lru .* 8 .*cgroup /nptb-test.slice/a b$'; }
result "the list" shown
for line in "${bad[@]}"; do
	result "refused: ${line#*|}" refuses "${line%%|*}" "${line#*|}"
done
away() { nptbudget defaults --cgroup / --remove && ! nptbudget defaults --cgroup / --remove 2>/dev/null; }
result "taken away, once" away
result "and no more in force" starts_with off fifo other
many() {
	local i
	for ((i = 0; i < 64; i++)); do echo "budget=4 comm=$i" >"$file" || break; done 2>/dev/null
	[ "$(wc -l <"$file")" = 64 ]
}
result "as many as there may be, and no more" many
forget() { echo none >"$file" && [ -z "$(cat "$file")" ]; }
result "none" forget
finished
