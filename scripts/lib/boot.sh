# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The part of L1's initramfs that depends on the kernel alone: busybox and the
# modules that find the root over 9p. Sourced after common.sh.

# What L1 loads, in no order: modprobe sorts that out. Those that are built into
# a kernel are skipped.
BOOT_MODULES="virtio_pci virtio_console 9pnet_virtio 9p overlay kvm_amd"
# Unpacked in the cache, because unpacking them in L1 costs time.
HOT_MODULES="zram"
APPLETS="sh mount insmod rmmod mkdir rmdir ln cat cp sync reboot sleep usleep setsid chroot"
APPLETS+=" mkfifo kill dmesg grep tail hostname ifconfig"

# Module files, dependencies first, as modprobe would load them.
module_files() {
	local dir=$1 kver=$2 name
	shift 2
	for name in "$@"; do
		modprobe -d "$dir" -S "$kver" --show-depends "$name" 2>/dev/null |
			awk '$1 == "insmod" { print $2 }'
	done | awk '!seen[$0]++'
}

module_unpack() {
	case $1 in
	*.xz) xz -d "$1" ;;
	*.zst) zstd -q -d --rm "$1" ;;
	esac
}

# Make DIR/boot/lab.cpio, and unpack what L1 loads later.
boot_archive() {
	local dir=$1 kver=$2 file tree=$1/initramfs name
	depmod -b "$dir" "$kver" 2>/dev/null
	# shellcheck disable=SC2086
	for file in $(module_files "$dir" "$kver" $BOOT_MODULES $HOT_MODULES); do
		module_unpack "$file"
	done
	depmod -b "$dir" "$kver"
	mkdir -p "$tree"/{bin,modules,lab,proc,sys,dev,lower,upper,root}
	cp "$(command -v busybox)" "$tree/bin/busybox"
	for name in $APPLETS; do ln -s busybox "$tree/bin/$name"; done
	# shellcheck disable=SC2086
	for file in $(module_files "$dir" "$kver" $BOOT_MODULES); do
		cp "$file" "$tree/modules/"
		basename "$file" .ko >>"$tree/modules/order"
	done
	(cd "$tree" && find . -mindepth 1 | cpio -o -H newc --quiet) >"$dir/boot/lab.cpio"
	rm -rf "$tree"
}

# The kernel inside a bzImage, decompressed: QEMU can start it directly (PVH),
# and a TCG guest would take seconds to decompress it itself. The boot
# protocol's header tells where it lies (setup_sects, payload_offset and
# payload_length); zeros after the stream are padding.
kernel_extract() {
	local image=$1 sects offset length magic tool
	sects=$(od -An -tu1 -j $((0x1f1)) -N1 "$image")
	offset=$(od -An -tu4 -j $((0x248)) -N4 "$image")
	length=$(od -An -tu4 -j $((0x24c)) -N4 "$image")
	offset=$(((sects + 1) * 512 + offset))
	magic=$(od -An -tx1 -j $offset -N4 "$image" | tr -d ' ')
	case $magic in
	fd377a58) tool="xz -dc --single-stream" ;;
	28b52ffd) tool="zstd -dc" ;;
	1f8b*) tool="gzip -dc" ;;
	*) die "$image: unknown compression (magic $magic)" ;;
	esac
	# The stream's last four bytes are its unpacked size, added by the build.
	head -c $((offset + length - 4)) "$image" | tail -c $((length - 4)) | $tool
}
