#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# memtest86+ on 64 MiB, until its tests 0 to 2 have gone through all of them:
#   memtest86.sh VCPUS
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start -M pc -m 64 -smp "$1" -vga std -serial "file:$console" \
	-kernel /boot/memtest86+x64.bin -append "console=ttyS0,115200 nopause"
await 900 '#(3|4|5|6|7|8|9|10) '
grep -aqE 'Errors: *[1-9]' "$console" && failed "memtest86+ found errors"
exit 0
