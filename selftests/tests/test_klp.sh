#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A livepatch holds a function that nptbudget redirects: loading nptbudget fails
# with EBUSY and names the function; where it is loaded already and the function
# is one of faults, which nobody has while no VM is under budget, a VM is refused
# its budget, and `nptbudget run` says so. When the livepatch is gone all is well.
set -u
# shellcheck source-path=SCRIPTDIR/../lib source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

need_module
# Every VM goes through what it holds.
need_own_host
need_command insmod
module=${NPTB_MODULE:-${LAB_MODULE:-}}
klp=$(dirname "$(dirname "$module")")/kmod/nptb_klp.ko
[ -r "$module" ] || skip "no module file: set NPTB_MODULE"
[ -r "$klp" ] || skip "no $klp: scripts/build-module.sh makes it"
functions="kvm_mmu_page_fault kvm_mmu_hugepage_adjust kvm_arch_destroy_vm"
plan 8

dir=$(mktemp -d)

hold() {
	insmod "$klp" "func=$1" && within_a_minute patch_settled nptb_klp
}

let_go() { patch_remove nptb_klp; }

cleanup() {
	let_go
	[ -d /sys/module/nptbudget ] || insmod "$module"
	rm -rf "$dir"
}
trap cleanup EXIT

# refused NAME: loading fails, with an error and a line of the log that name the reason.
refused() {
	local name=$1 before
	before=$(dmesg | wc -l)
	if insmod "$module" 2>"$dir/err"; then
		rmmod nptbudget
		return 1
	fi
	grep -q 'busy' "$dir/err" || { sed 's/^/# /' "$dir/err"; return 1; }
	dmesg | tail -n +$((before + 1)) | grep -q "nptbudget: $name is held by somebody else"
}

# A VM is refused, and the summary tells; then it is not, and does not.
run_refused() {
	nptbudget run --pages 8 -- "$BUILT/addloop" >"$dir/out" 2>&1 &&
		grep -q 'REFUSED budget 8 and began without one: a livepatch' "$dir/out"
}

run_held() {
	nptbudget run --pages 8 -- "$BUILT/addloop" >"$dir/out" 2>&1 &&
		grep -q 'began with budget 8' "$dir/out"
}

rmmod nptbudget
for name in $functions; do
	hold "$name"
	result "loading is refused while $name is held" refused "$name"
	let_go
done
result "the livepatch goes" patch_gone nptb_klp
result "it loads when the function is free" insmod "$module"
hold kvm_mmu_hugepage_adjust
result "a VM is refused its budget, and run says so" run_refused
let_go
result "it has its budget when the function is free" run_held
result "nothing is left to unload" rmmod nptbudget
finished
