#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A VM under each name that people have for it: two of QEMU's VMs, one in a cgroup.
set -u
# shellcheck source-path=SCRIPTDIR/../lib source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

need_module
need_command nptbudget
need_command qemu-system-x86_64
dir=$(mktemp -d)
cgroup=$(sed -n 's/^[^ ]* \([^ ]*\) cgroup2 .*/\1/p' /proc/mounts | head -n 1)
slice=nptb-test.slice scope=nptb\\x2dweb.scope
pids=()
cleanup() {
	[ ${#pids[@]} = 0 ] || { kill -KILL "${pids[@]}"; wait "${pids[@]}"; } 2>/dev/null
	[ -z "$cgroup" ] || rmdir "$cgroup/$slice/$scope" "$cgroup/$slice" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT

# vmm NAME: one that has made its VM and runs nothing. Its pid is in $pid, its VM in
# $vm.
vmm() {
	qemu-system-x86_64 -accel kvm -m 16 -nodefaults -display none -S \
		-name "guest=$1,debug-threads=on" </dev/null >"$dir/$1" 2>&1 &
	pid=$!
	pids+=("$pid")
	for _ in $(seq 300); do
		for vm in "$NPTB"/vms/*-*; do
			vm=${vm##*/}
			[ "$(sed -n 's/^Tgid:\t//p' "/proc/${vm%%-*}/status" 2>/dev/null)" != $pid ] || return 0
		done
		sleep 0.1
	done
	echo "# $(cat "$dir/$1")"
	return 1
}

plan 12
result "a VMM whose guest has a name" vmm web,,1
web=$pid web_vm=$vm
result "another" vmm db
db=$pid

pages=40
# called NAME: the VM of web is set by it, and no other one.
called() {
	pages=$((pages + 1))
	nptbudget set "$1" --pages $pages && [ "$(cat "$NPTB/vms/$web_vm/budget")" = $pages ] &&
		[ "$(cat "$NPTB/vms/$vm/budget")" = off ]
}
refused() {
	! nptbudget set "$1" --pages 9 2>"$dir/err" && grep -q "$2" "$dir/err" && return
	sed 's/^/# /' "$dir/err"
	return 1
}
listed() { nptbudget list --json >"$dir/json" && grep -q '"name": *"web,1"' "$dir/json"; }
in_cgroup() {
	[ -n "$cgroup" ] && mkdir -p "$cgroup/$slice/$scope" &&
		echo "$web" >"$cgroup/$slice/$scope/cgroup.procs"
}

result "<pid>-<fd>" called "$web_vm"
result "pid" called "$web"
result "name, as libvirt gives a domain's" called web,1
result "the list has the name" listed
result "a cgroup to be in" in_cgroup
result "path of a cgroup" called "$cgroup/$slice/$scope"
result "name of a cgroup" called $scope
result "slice that a cgroup is in" called "/$slice"
result "a name that nobody has" refused web 'no VM'
echo "$db" >"$cgroup/$slice/$scope/cgroup.procs"
result "a cgroup of two" refused $slice "2 VMMs.*$db"
finished
