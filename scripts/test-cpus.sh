#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# CPUs on which the module must not load, TAP on stdout: it says why, and names the CPU's
# vendor. Nor has the command anything to watch there. A boot for each.
#   test-cpus.sh [SERIES]      L1's kernel (6.12)
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/all.sh
. "$here/lib/all.sh"
# shellcheck source-path=SCRIPTDIR source=lib/tap.sh
. "$here/lib/tap.sh"
kernel=${1:-6.12}

# refuses MODEL VENDOR: a CPU that QEMU calls MODEL.
refuses() {
	local said
	# shellcheck disable=SC2016 # for the shell in L1
	said=$("$here/lab" --kernel "$kernel" --no-kvm --cpu-model "$1" --timeout 300 -- \
		sh -c '! insmod "$1" && [ ! -d /sys/module/nptbudget ] && dmesg | grep "nptbudget: " &&
			! nptbudget watch --seconds 1' \
		sh "$(module_file "$kernel")" 2>&1) || { echo "$said"; return 1; }
	echo "$said"
	grep -q "nptbudget: this CPU ($2) has neither AMD-V nor VT-x" <<<"$said" &&
		grep -q "^nptbudget: watch: neither .* is loaded.*: see nptbudget doctor" <<<"$said"
}

make -s -C "$PROJECT" cli
module_fresh "$kernel" || module_build "$kernel"
tap_begin
tap_check "AMD's without AMD-V" refuses EPYC,-svm AuthenticAMD
tap_check "Intel's without VT-x" refuses Nehalem,-vmx GenuineIntel
tap_check "another vendor's" refuses EPYC,-svm,vendor=CentaurHauls CentaurHauls
tap_end
