#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A kernel that lacks a symbol, has one with another prototype, or a structure of
# another shape: loading fails and names it. Such a kernel is made the other way
# round: copies of the module want what this kernel does not have.
set -u
# shellcheck source-path=SCRIPTDIR/../lib source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

need_module
need_command insmod
module=${NPTB_MODULE:-${LAB_MODULE:-}}
[ -r "$module" ] || skip "no module file: set NPTB_MODULE"

dir=$(mktemp -d)
cleanup() {
	[ -d /sys/module/nptbudget ] || insmod "$module"
	rm -rf "$dir"
}
trap cleanup EXIT

# refused FROM TO WORDS: the strings FROM of the module made TO, of equal length.
# insmod fails, the kernel log says why, and the module is not there.
refused() {
	local from=$1 to=$2 words=$3 before
	[ ${#from} = ${#to} ] || return 1
	perl -0777 -pe 'BEGIN { ($from, $to) = splice @ARGV, 0, 2 } s/\0\Q$from\E\0/\0$to\0/g' \
		"$from" "$to" "$module" >"$dir/nptbudget.ko"
	! cmp -s "$module" "$dir/nptbudget.ko" || { echo "# no '$from' in it"; return 1; }
	before=$(dmesg | wc -l)
	if insmod "$dir/nptbudget.ko" 2>"$dir/err"; then
		rmmod nptbudget
		return 1
	fi
	dmesg | tail -n +$((before + 1)) >"$dir/log"
	sed 's/^/# /' "$dir/err" "$dir/log"
	[ ! -d /sys/module/nptbudget ] && grep -q "nptbudget: $words" "$dir/log"
}

# prototype NAME FROM TO WORDS: as refused, where the kernel tells prototypes.
prototype() {
	if [ -r /sys/kernel/btf/kvm ]; then
		result "$1" refused "${@:2}"
	else
		ktap_test_skip "$1: this kernel has no BTF of kvm"
	fi
}

plan 6
rmmod nptbudget
for name in kvm_mmu_page_fault vm_list; do
	result "no symbol $name" refused "$name" "${name%?}_" \
		"this kernel has no symbol ${name%?}_;"
done
prototype "another prototype of what is hooked" 'ip<kvm_vcpu>llpi' 'vp<kvm_vcpu>llpi' \
	"kvm_mmu_page_fault has another prototype"
prototype "another prototype of what is called" 'vp<kvm>ll' 'vp<kvm>li' \
	"kvm_zap_gfn_range has another prototype"
result "it loads as it is" insmod "$module"
result "and runs" grep -q . $NPTB/defaults/budget
finished
