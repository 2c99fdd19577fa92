#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Encrypted guests, as far as KVM's emulator tells of them: it answers "handled"
# without having run anything (SEV-ES), or with a #UD (SEV). A livepatch has it
# answer so for plain guests. Neither is taken for an instruction done, and where KVM
# says that it cannot read the guest, the VM has no budget and the user is told.
set -u
# shellcheck source-path=SCRIPTDIR/../lib source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

need_module
need_test_module nptb_sev
plan 7

dir=$(mktemp -d)
guest=

parameters=/sys/module/nptb_sev/parameters

# answers KIND TIMES: 0 as of plain guests, 1 of SEV, 2 of SEV-ES; so many times
# also where it is only asked whether it could.
answers() {
	echo "$2" >$parameters/honest && echo "$1" >$parameters/answer
}

let_go() { patch_remove nptb_sev; }

cleanup() {
	[ -z "$guest" ] || kill "$guest"
	let_go
	rm -rf "$dir"
}
trap cleanup EXIT

# adds KIND TIMES ON_LOOP: a guest that is short of pages, in all modes.
adds() {
	local mode
	for mode in real prot long; do
		answers "$1" "$2"
		nptbudget run --pages 1 --on-loop "$3" -- \
			"$BUILT/addloop" --pages 2 --mode $mode --seconds 20 >"$dir/$mode" 2>&1 ||
			{ sed 's/^/# /' "$dir/$mode"; return 1; }
		grep -q '^memory right' "$dir/$mode" || { sed 's/^/# /' "$dir/$mode"; return 1; }
	done
}

# The guest gets on, by what is lent to it, and nothing counts as emulated.
lent() {
	local mode
	adds "$1" 0 emulate || return 1
	for mode in real prot long; do
		if ! grep -q 'pages lent' "$dir/$mode" ||
			grep -q 'instructions emulated [1-9]' "$dir/$mode"; then
			sed 's/^/# /' "$dir/$mode"
			return 1
		fi
	done
}

refused() {
	local mode before
	before=$(dmesg | wc -l)
	adds "$1" 1 log || return 1
	for mode in real prot long; do
		grep -q 'REFUSED budget 1 and began without one' "$dir/$mode" ||
			{ sed 's/^/# /' "$dir/$mode"; return 1; }
	done
	[ "$(dmesg | tail -n +$((before + 1)) | grep -c 'cannot have a budget, and has lost it')" = 3 ]
}

# A VM that runs already: it is asked at the write, or at its next fault.
later() {
	local vm ok=1
	answers 0 0
	stdbuf -oL "$BUILT/addloop" --pages 2 --laps 1000000000 --seconds 100 >"$dir/endless" 2>&1 &
	guest=$!
	within_a_minute grep -q "^VM" "$dir/endless" || return 1
	vm=$(sed -n 's/^VM \([0-9-]*\):.*/\1/p' "$dir/endless")
	answers 2 1
	nptbudget set "$vm" --pages 4 >"$dir/out" 2>&1
	within_a_minute grep -qx off "/sys/kernel/debug/nptbudget/vms/$vm/budget" || ok=0
	kill "$guest"
	wait "$guest" 2>/dev/null
	guest=
	[ $ok = 1 ] || sed 's/^/# /' "$dir/out"
	[ $ok = 1 ]
}

hold() {
	insmod "$test_module" && within_a_minute patch_settled nptb_sev
}

result "kvm_amd's answers are ours" hold
result "guests that are not encrypted are emulated" adds 0 0 emulate
result "what was 'handled' without having run is lent pages" lent 2
result "a #UD that the guest did not earn is undone" lent 1
result "SEV-ES: no budget, aloud" refused 2
result "SEV: no budget, aloud" refused 1
result "nor for one that runs already" later
finished
