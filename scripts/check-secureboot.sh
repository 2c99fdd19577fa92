#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Secure Boot from the firmware on: OVMF with Microsoft's keys, shim, GRUB and a kernel as
# Debian signs them, on an emulated host. The module is refused, its key is enrolled as
# docs/SECUREBOOT.md tells, with somebody who presses the keys, and it is loaded. TAP; three
# boots, a minute each on an idle machine.
#   check-secureboot.sh [SERIES]
# shellcheck disable=SC2317 # prepared calls what it is given
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/all.sh
. "$here/lib/all.sh"
# shellcheck source-path=SCRIPTDIR source=lib/tap.sh
. "$here/lib/tap.sh"
DIR=$PROJECT/build/secureboot
SECONDS_BOOT=1200
series=${1-6.12}

prepare() {
	"$here/deps.sh" build lab uefi
	kernel_fetch "$series"
	make -s -C "$PROJECT" cli
	make -s -C "$PROJECT/selftests" all
	"$here/build-module.sh" "$series"
	kernel_env "$series"
	# As in docs/SECUREBOOT.md.
	openssl req -new -x509 -nodes -days 3650 -subj "/CN=nptbudget" -newkey rsa:2048 \
		-keyout "$DIR/key" -outform DER -out "$DIR/key.der"
	cp "$(module_file "$series")" "$DIR/unsigned.ko"
	cp "$DIR/unsigned.ko" "$DIR/signed.ko"
	"$KDIR/scripts/sign-file" sha256 "$DIR/key" "$DIR/key.der" "$DIR/signed.ko"
}

boot() {
	"$here/lab" --kernel "$series" --no-module --uefi "$DIR" --out "$DIR/$1" \
		--timeout $SECONDS_BOOT -- scripts/secureboot/inside.sh "$1" "$DIR"
}

# What a person before the screen does after mokutil --import: shim starts its MOK
# manager, and in the end that resets the machine, which ends the lab.
enrol() {
	printf '%s\t%s\n' 'Press any key' '\r' 'Enroll MOK' '\033[B\r' 'View key 0' '\033[B\r' \
		'Enroll the key' '\033[B\r' 'Password' 'nptbudget\r' 'Reboot' '\r' >"$DIR/keys"
	boot enrolled >"$DIR/enrolled.log" 2>&1 || true
	rm "$DIR/keys"
	grep -aq 'Enroll the key' "$DIR/enrolled/kernel.log" && ! grep -aq 'lab: command starts' "$DIR/enrolled/kernel.log" &&
		return
	tr -cd '[:print:]\n' <"$DIR/enrolled/kernel.log" | tail -n 20
	return 1
}

# The results of a boot, among ours.
results() {
	local line log=$DIR/$1.log
	boot "$1" >"$log" 2>&1 || true
	grep '^#' "$log" || true
	while IFS= read -r line; do
		tap_check "$1: ${line#*ok * - }" [ "${line#not }" = "$line" ]
	done < <(grep -E '^(not )?ok ' "$log")
	tap_check "$1: all were tried" [ "$(grep -cE '^(not )?ok ' "$log")" = "$(sed -n 's/^1\.\.//p' "$log")" ]
}

main() {
	[ $# -le 1 ] || usage_error "usage: check-secureboot.sh [SERIES]"
	need_series "$series"
	rm -rf "$DIR"
	mkdir -p "$DIR"
	prepared "$DIR/prepare.log" "the machine" prepare
	tap_begin
	results before
	tap_check "the key is enrolled by shim's MOK manager" enrol
	results after
	tap_end
}

run_whole main "$@"
