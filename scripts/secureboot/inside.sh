#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Inside L1, which has booted with Secure Boot: what docs/SECUREBOOT.md says. TAP.
#   inside.sh before FOLDER   no key is enrolled; ends with one to be
#   inside.sh after FOLDER    it is
# FOLDER has the module, unsigned.ko and signed.ko, and the key's certificate, key.der.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../lib/l1.sh
. "$(dirname "$0")/../lib/l1.sh"
folder=$2
tmp=$(mktemp -d)
guest=
cleanup() {
	[ -z "$guest" ] || kill -KILL "$guest" 2>/dev/null
	rm -rf "$tmp"
}
trap cleanup EXIT
modprobe efivarfs
mount -t efivarfs none /sys/firmware/efi/efivars
mount -t securityfs none /sys/kernel/security

# says REGEX COMMAND...: it is among what the command says, however it ends.
says() {
	local regex=$1
	shift
	"$@" >"$tmp/said" 2>&1
	grep -qE -- "$regex" "$tmp/said" && return
	sed 's/^/# /' "$tmp/said"
	return 1
}
refused() { says 'Key was rejected by service' insmod "$folder/$1.ko" && [ ! -d /sys/module/nptbudget ]; }
loads() { insmod "$folder/signed.ko" && [ -d /sys/module/nptbudget ]; }
recorded() {
	says '[1-9][0-9]* events' nptbudget record --seconds 2 -o "$tmp/x.dat" -- true &&
		says 'kernel ' nptbudget report "$tmp/x.dat"
}

before() {
	echo 1..7
	result "Secure Boot is enabled" says '^SecureBoot enabled' mokutil --sb-state
	result "the kernel is locked down" grep -qF '[integrity]' /sys/kernel/security/lockdown
	result "doctor says both" says '^failed +lockdown' nptbudget doctor
	sed 's/^/# /' "$tmp/said"
	result "the unsigned module is refused" refused unsigned
	result "so is the one with a key that nobody knows" refused signed
	mokutil --generate-hash=nptbudget >"$tmp/hash"
	result "mokutil --import" mokutil --hash-file "$tmp/hash" --import "$folder/key.der"
	result "the key waits for the next boot" says 'CN=nptbudget' mokutil --list-new
}

after() {
	echo 1..12
	result "mokutil --test-key" says 'is already enrolled' mokutil --test-key "$folder/key.der"
	result "the unsigned module is refused" refused unsigned
	result "the signed one is loaded" loads
	result "modinfo names the signer" says '^nptbudget$' modinfo -F signer "$folder/signed.ko"
	result "doctor finds it" says '^ok +module' nptbudget doctor
	sed 's/^/# /' "$tmp/said"
	build/selftests/addloop --pages 4 --laps 1000000000 --seconds 3600 >"$tmp/addloop" 2>&1 &
	guest=$!
	result "a guest starts" within 60 grep -q '^VM ' "$tmp/addloop"
	vm=$(sed -n 's/^VM \([^:]*\):.*/\1/p' "$tmp/addloop")
	result "list has it" says "^$vm " nptbudget list
	result "metrics have it" says "vm=\"$vm\"" nptbudget metrics
	result "watch" says 'No fault repeats on 1 of 1|^No vCPU ran' nptbudget watch "$vm" --seconds 3
	result "record and report" recorded
	result "a budget is refused, and why is said" says lockdown nptbudget set "$vm" --pages 4
	result "run is refused" says lockdown nptbudget run --pages 4 -- true
}
"$1"
