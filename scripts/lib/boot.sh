# shellcheck shell=bash
# The part of L1's initramfs that depends on the kernel alone: busybox and the
# modules that find the root over 9p. Sourced after common.sh.

# In no order: modprobe sorts that out. Those built into a kernel are skipped.
BOOT_MODULES="virtio_pci virtio_console 9pnet_virtio 9p overlay"
# Unpacked in the cache, because unpacking them in L1 costs boot time.
HOT_MODULES="kvm_amd zram"

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

# Make DIR/boot/lab-modules.cpio, and unpack what L1 loads later.
boot_archive() {
	local dir=$1 kver=$2 file tree=$1/initramfs n=10
	depmod -b "$dir" "$kver" 2>/dev/null
	# shellcheck disable=SC2086
	for file in $(module_files "$dir" "$kver" $BOOT_MODULES $HOT_MODULES); do
		module_unpack "$file"
	done
	depmod -b "$dir" "$kver"
	mkdir -p "$tree/bin" "$tree/boot"
	cp "$(command -v busybox)" "$tree/bin/busybox"
	# shellcheck disable=SC2086
	for file in $(module_files "$dir" "$kver" $BOOT_MODULES); do
		cp "$file" "$tree/boot/$n-$(basename "$file")"
		n=$((n + 1))
	done
	(cd "$tree" && find . | cpio -o -H newc --quiet) >"$dir/boot/lab-modules.cpio"
	rm -rf "$tree"
}
