#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `nptbudget run` compares the VMs that KVM created with those that the module
# held: where the module is made to overlook one, run says so and fails; VMs that
# share a name, and one that never has a vCPU, are no such case.
set -u
# shellcheck source-path=SCRIPTDIR/../lib source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

need_module
need_test_module nptb_detour
plan 4

dir=$(mktemp -d)
cleanup() {
	[ ! -d /sys/module/nptb_detour ] || rmmod nptb_detour
	rm -rf "$dir"
}
trap cleanup EXIT

run() {
	nptbudget run --pages 16 --json --summary "$dir/json" -- "$@" >"$dir/out" 2>&1
}

shown() {
	sed 's/^/# /' "$dir/out" "$dir/json"
	return 1
}

missed_none() { grep -q '"missed": 0' "$dir/json"; }

held() {
	if run "$BUILT/addloop" && missed_none; then return; fi
	shown
}

# The second VM of that name, which KVM has no folder for.
twin() {
	if run "$BUILT/twin" && grep -Eq '"vm": "[0-9]+-[0-9]+\.2"' "$dir/json" &&
		missed_none && grep -q '"peak": 16' "$dir/json"; then return; fi
	shown
}

# A VM without a folder and without a vCPU has nothing to hold.
idle() {
	if run "$BUILT/twin" --idle && missed_none; then return; fi
	shown
}

overlooked() {
	local status
	insmod "$test_module" func=nptb_vm_create ms=-1 || return 1
	run "$BUILT/addloop"
	status=$?
	rmmod nptb_detour
	if [ $status = 1 ] && grep -q '"missed": 1' "$dir/json" &&
		grep -q '1 VMs RAN WITHOUT A BUDGET' "$dir/out"; then return; fi
	shown
}

result "a VM that is held is none that was missed" held
result "a VM whose name another has is known and held" twin
result "a VM without a vCPU is none that was missed" idle
result "a VM that the module overlooks fails the run" overlooked
finished
