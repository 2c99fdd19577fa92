#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The command where there is little else, as in an initramfs with busybox: run, record and
# replay of a small guest. TAP. Programs: nptbudget, addloop.
# shellcheck disable=SC2317 # result is given what they come to
n=0 bad=0
dir=/tmp/command.$$
mkdir -p "$dir"

result() {
	n=$((n + 1))
	if [ "$2" = yes ]; then
		echo "ok $n $1"
	else
		sed 's/^/# /' "$dir/out"
		echo "not ok $n $1"
		bad=1
	fi
}

# of FILE KEY: the first number of that key in JSON, or nothing.
of() { sed -n "s/^ *\"$2\": *\([0-9]*\),\{0,1\}$/\1/p" "$1" | sed -n 1p; }

# run PAGES ON_LOOP ADDLOOP_ARGS...: its summary in $dir/json.
run() {
	pages=$1 on_loop=$2
	shift 2
	nptbudget run --pages "$pages" --on-loop "$on_loop" --json --summary "$dir/json" -- \
		addloop "$@" >"$dir/out" 2>&1 && grep -q '^memory right' "$dir/out"
}

yes_if() { if "$@"; then echo yes; else echo no; fi; }

# Never more than that, nothing lent, and no loop but where one is emulated.
fits() { [ "$(of "$dir/json" peak)" = "$1" ] && [ "$(of "$dir/json" lent)" = 0 ]; }

# Without "unrestricted guest" KVM emulates real mode in no page at all, and protected mode
# takes one page more.
modes="real prot long" need=2
if grep -qs N /sys/module/kvm_intel/parameters/unrestricted_guest; then
	modes="prot long"
	grep -q N /sys/module/kvm_intel/parameters/ept || need=3
fi

two() { run $need log --mode prot --pages 1 && fits "$need" && [ "$(of "$dir/json" loops)" = 0 ]; }
strict() {
	run 1 strict --mode "$1" && fits 1 && [ "$(of "$dir/json" instructions)" -gt 0 ] &&
		[ "$(of "$dir/json" refused)" = 0 ]
}

record() {
	nptbudget record -o "$dir/dat" -- nptbudget run --pages 8 --policy "$1" --json \
		--summary "$dir/json" -- addloop --mode prot --pages 12 --laps 20 >"$dir/out" 2>&1
}

# The same policy and budget do the same again, by the trace and by the module's counters.
exact() {
	record "$1" && nptbudget replay "$dir/dat" --json >"$dir/out" 2>&1 || return 1
	sed -n '/"recorded"/,$p' "$dir/out" >"$dir/was"
	echo "# $1: misses $(of "$dir/out" misses), evictions $(of "$dir/out" evictions)"
	[ "$(of "$dir/out" misses)" -gt 12 ] &&
		[ "$(of "$dir/out" misses)" = "$(of "$dir/was" misses)" ] &&
		[ "$(of "$dir/was" misses)" = "$(of "$dir/json" mapped)" ] &&
		[ "$(of "$dir/out" evictions)" = "$(of "$dir/was" evictions)" ] &&
		[ "$(of "$dir/was" evictions)" = "$(of "$dir/json" evictions)" ]
}

echo "TAP version 13"
echo "1..$((4 + $(echo "$modes" | wc -w)))"
result "run: $need pages for $need" "$(yes_if two)"
for mode in $modes; do
	result "run: strict, one page, $mode" "$(yes_if strict "$mode")"
done
for policy in fifo lru; do
	if exact $policy; then ok=yes; else ok=no; fi
	result "record and replay, $policy: exact" $ok
done
[ "$(nptbudget replay "$dir/dat" --pages 20 --json 2>&1 | sed -n 's/^ *"misses": *\([0-9]*\).*/\1/p' |
	sed -n 1p)" = $((11 + need)) ] && ok=yes || ok=no
result "replay with room for all: a miss for each page" "$ok"
rm -rf "$dir"
exit $bad
