#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SeaBIOS, from ROM, and iPXE, which gets an address and a script over the network:
#   ipxe.sh ipxe    until the script runs
#   ipxe.sh grub    until GRUB, which the script loads, has added up 270 kB
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start -M pc,graphics=off -m 64 -no-reboot -serial "file:$console" \
	-netdev "user,id=net,tftp=$GUESTS/tftp,bootfile=boot.ipxe" -device virtio-net-pci,netdev=net
await 300 'iPXE script runs'
[ "$1" = ipxe ] || await 600 'GRUB: sums right'
