#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Are guests of Debian's libvirt under their budget from the first fault on, however they
# come to run? Runs libvirtd on an emulated host, with the hook of docs/LIBVIRT.md. TAP.
#   check-libvirt.sh [SERIES]
# shellcheck disable=SC2317 # job calls what it is given
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
. "$here/lib/common.sh"
OUT=$PROJECT/build/libvirt

# The hook as the document has it: its only block of shell.
hook() { awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' "$PROJECT/docs/LIBVIRT.md"; }

prepare() {
	"$here/deps.sh" build lab full
	"$here/kernel.sh" fetch "$1"
	make -s -C "$PROJECT" cli
	"$here/build-module.sh" "$1"
	gcc -m32 -c -o "$OUT/guest.o" "$here/libvirt/guest.S"
	objcopy -O binary "$OUT/guest.o" "$OUT/disk"
	truncate -s 1474560 "$OUT/disk"
	hook >"$OUT/hook"
	chmod +x "$OUT/hook"
}

main() {
	local series=${1-6.12}
	[ $# -le 1 ] || usage_error "usage: check-libvirt.sh [SERIES]"
	mkdir -p "$OUT"
	prepared "$OUT/build.log" "the guest" prepare "$series"
	"$here/lab" --kernel "$series" --timeout 2400 --out "$OUT/out" -- scripts/libvirt/run.sh
}

run_whole main "$@"
