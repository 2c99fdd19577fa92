#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Debian's Xen, with Debian's Linux as a paravirtualized dom0, to its user space. With
# GUEST_SHORT that is the small Linux, since Debian's is too slow with few pages, and memory is
# as little as both take, since what they do at first is in proportion to it.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
memory=512 dom0=320 kernel=debian append="quiet span=2048"
[ -z "${GUEST_SHORT-}" ] || memory=96 dom0=40 kernel=small-xen append="span=128 swiotlb=256"
start -M pc -m $memory -no-reboot -serial "file:$console" -kernel "$GUESTS/xen" \
	-append "console=com1 com1=115200,8n1 dom0_mem=${dom0}M loglvl=warning no-bootscrub" \
	-initrd "$GUESTS/$kernel/vmlinux console=hvc0 $append,$GUESTS/laps.cpio"
await 900 '^lap [0-9]+ right'
goes_on 300 '^lap [0-9]+ right'
