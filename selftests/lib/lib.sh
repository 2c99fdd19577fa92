# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What the tests in shell share: kselftest's own reporting in KTAP, and skipping
# with 4 and a reason. Sourced by them from where they are built or installed.

BUILT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
NPTB=/sys/kernel/debug/nptbudget
FAILED=0
# The command as it was built, or installed, with them.
PATH=$BUILT/../bin:$PATH
export NPTB
# Where BUILT is all there is, the framework is in it.
if [ -d "$BUILT/kselftest" ]; then
	# shellcheck disable=SC1091
	. "$BUILT/kselftest/ktap_helpers.sh"
else
	# shellcheck disable=SC1091
	. "$BUILT/../kselftest/ktap_helpers.sh"
fi

# skip REASON: the whole test.
skip() {
	ktap_print_header
	ktap_skip_all "$*"
	exit 4
}

need_kvm() { [ -w /dev/kvm ] || skip "no /dev/kvm"; }

need_module() {
	need_kvm
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ -d $NPTB ] || skip "module nptbudget is not loaded"
}

# As host_is_shared() of nptb.h, for a whole test.
need_own_host() {
	[ -n "${LAB_KERNEL-}${NPTB_OWN_HOST-}" ] ||
		skip "others may have VMs here (NPTB_OWN_HOST=1: nobody has)"
}

# Where all that scripts/deps.sh installs is there, one that is missing has been
# forgotten there.
need_command() {
	command -v "$1" >/dev/null && return
	[ -z "${NPTB_INSTALLED-}" ] || { echo "# no $1: scripts/deps.sh does not install it"; exit 1; }
	skip "no $1"
}

# need_test_module NAME: the file of one of the selftests' own modules, into $test_module.
need_test_module() {
	local ours=${NPTB_MODULE:-${LAB_MODULE:-}}
	need_command insmod
	test_module=$(dirname "$(dirname "$ours")")/kmod/$1.ko
	[ -r "$test_module" ] || skip "no $test_module: scripts/build-module.sh makes it"
}

plan() {
	ktap_print_header
	ktap_set_plan "$1"
}

# result NAME COMMAND...: one result, by the command's exit status.
result() {
	local name=$1
	shift
	if "$@"; then
		ktap_test_pass "$name"
	else
		ktap_test_fail "$name"
		# shellcheck disable=SC2034 # for the test
		FAILED=1
	fi
}

# is_json FILTER [FILE]: true of the one JSON value there; jq 1.6 finds nothing wrong with
# no value at all.
is_json() { jq -se "length == 1 and (.[0] | $1)" ${2:+"$2"} >/dev/null; }

# within_a_minute COMMAND...: until it succeeds.
within_a_minute() {
	local end=$((SECONDS + 60))
	until "$@" 2>/dev/null; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

# vm_of FILE: the VM of addloop, whose output FILE is; within ten seconds.
vm_of() {
	local vm
	for _ in $(seq 100); do
		vm=$(sed -n 's/^VM \([^:]*\):.*/\1/p' "$1")
		[ -z "$vm" ] || { echo "$vm"; return; }
		sleep 0.1
	done
	return 1
}

# A livepatch, by the name of its module: it waits for every task, to come and to go.
patch_settled() { [ "$(cat "/sys/kernel/livepatch/$1/transition")" = 0 ]; }
patch_gone() { [ ! -e "/sys/kernel/livepatch/$1" ]; }
patch_remove() {
	[ -d "/sys/module/$1" ] || return 0
	patch_gone "$1" || echo 0 >"/sys/kernel/livepatch/$1/enabled"
	within_a_minute patch_gone "$1" && within_a_minute rmmod "$1"
}

# Ends the test; fails where results are missing.
finished() { ktap_finished; }
