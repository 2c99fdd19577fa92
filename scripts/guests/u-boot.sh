#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# U-Boot for x86_64 as the firmware: to its prompt, through its SPL; then it adds up its ROM,
# or the last page of it.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
rom=/usr/lib/u-boot/qemu-x86_64/u-boot.rom
size=$(stat -c %s "$rom")
[ -z "${GUEST_SHORT-}" ] || size=4096
# The last eight bytes of gzip's are CRC32 and size, least byte first.
sum=$(tail -c "$size" "$rom" | gzip -c | tail -c 8 | head -c 4 | od -An -tx4 | tr -d ' ')
mkfifo "$dir/tty.in" "$dir/tty.out"
cat "$dir/tty.out" >"$console" &
start -M pc -m 64 -no-reboot -bios "$rom" -chardev "pipe,id=tty,path=$dir/tty" -serial chardev:tty
await 300 '^=> '
printf 'crc32 %x %x\n' $((0x100000000 - size)) "$size" >"$dir/tty.in"
await 120 "==> $sum"
