#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Debian's Xen, with Debian's Linux as a paravirtualized dom0, to its user space.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start -M pc -m 512 -no-reboot -serial "file:$console" -kernel "$GUESTS/xen" \
	-append "console=com1 com1=115200,8n1 dom0_mem=320M loglvl=warning no-bootscrub" \
	-initrd "$GUESTS/debian/vmlinux console=hvc0 quiet span=2048,$GUESTS/laps.cpio"
await 900 '^lap [0-9]+ right'
goes_on 300 '^lap [0-9]+ right'
