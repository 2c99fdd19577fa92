# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A guest with Debian's stock kernel: busybox, and a process 1 that says who it
# is and turns the machine off (demo/guest-init). Sourced after common.sh.

# debian_guest SERIES DIR: have vmlinux and guest.cpio in DIR.
debian_guest() {
	local series=$1 dir=$2 tree=$2/guest name IMAGE
	mkdir -p "$tree"/{bin,proc}
	cp "$(command -v busybox)" "$tree/bin/busybox"
	for name in sh mount uname cut poweroff; do ln -sfn busybox "$tree/bin/$name"; done
	install -m 755 "$PROJECT/scripts/demo/guest-init" "$tree/init"
	(cd "$tree" && find . -mindepth 1 | cpio -o -H newc --quiet) >"$dir/guest.cpio"
	# Decompressed: emulation makes that slow.
	eval "$("$PROJECT/scripts/kernel.sh" path "$series")"
	ln -sfn "$IMAGE" "$dir/vmlinux"
}
