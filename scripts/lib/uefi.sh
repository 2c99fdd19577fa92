# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# L1 by firmware with Secure Boot, as on a real machine: OVMF with Microsoft's keys, shim, GRUB
# and a kernel as Debian signs them. Sourced by lab, whose settings it reads.
# shellcheck disable=SC2154

UEFI_CODE=/usr/share/OVMF/OVMF_CODE_4M.ms.fd
UEFI_VARS=/usr/share/OVMF/OVMF_VARS_4M.ms.fd
UEFI_SHIM=/usr/lib/shim/shimx64.efi.signed
UEFI_MOK=/usr/lib/shim/mmx64.efi.signed
UEFI_GRUB=/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed

# uefi_disk CMDLINE: what the firmware starts from, a folder that QEMU shows as a disk.
uefi_disk() {
	local disk=$tmp/esp boot=$tmp/esp/EFI/BOOT
	rm -rf "$disk"
	mkdir -p "$boot" "$disk/EFI/debian"
	cp "$UEFI_SHIM" "$boot/BOOTX64.EFI"
	cp "$UEFI_MOK" "$boot/mmx64.efi"
	cp "$UEFI_GRUB" "$boot/grubx64.efi"
	cp "$VMLINUZ" "$disk/vmlinuz"
	cp "$tmp/initrd" "$disk/initrd"
	printf 'linux /vmlinuz %s\ninitrd /initrd\nboot\n' "$1" >"$disk/EFI/debian/grub.cfg"
}

# uefi_args CMDLINE: to qemu_args. The console is a pipe, so that keys can be pressed.
uefi_args() {
	local file
	for file in "$UEFI_CODE" "$UEFI_VARS" "$UEFI_SHIM" "$UEFI_MOK" "$UEFI_GRUB"; do
		[ -f "$file" ] || die "no $file: run scripts/deps.sh uefi"
	done
	mkdir -p "$uefi"
	[ -f "$uefi/vars.fd" ] || cp "$UEFI_VARS" "$uefi/vars.fd"
	uefi_disk "$1"
	rm -f "$tmp"/tty.in "$tmp"/tty.out
	mkfifo "$tmp/tty.in" "$tmp/tty.out"
	cat "$tmp/tty.out" >"$tmp/serial.log" & cats+=" $!"
	# shellcheck disable=SC2054 # QEMU's commas
	qemu_args+=(-machine q35,smm=on -global driver=cfi.pflash01,property=secure,value=on
		-drive "if=pflash,unit=0,format=raw,readonly=on,file=$UEFI_CODE"
		-drive "if=pflash,unit=1,format=raw,file=$uefi/vars.fd"
		-drive "if=none,id=esp,format=raw,readonly=on,file=fat:$tmp/esp"
		-device virtio-blk-pci,drive=esp,bootindex=1
		-chardev "pipe,id=tty,path=$tmp/tty" -serial chardev:tty)
	[ -f "$uefi/keys" ] || return 0
	uefi_keys &
	# shellcheck disable=SC2034 # lab ends it
	keys_pid=$!
}

# Press keys: a line of $uefi/keys is a text that the console has to show, a tab, and what
# is then sent, as printf(1) reads it.
uefi_keys() {
	local text keys
	while IFS=$'\t' read -r text keys; do
		until grep -aqF -- "$text" "$tmp/serial.log"; do sleep 0.5; done
		# It may be drawn before it listens.
		sleep 2
		# shellcheck disable=SC2059 # escapes are meant
		printf "$keys" >"$tmp/tty.in"
	done <"$uefi/keys"
}
