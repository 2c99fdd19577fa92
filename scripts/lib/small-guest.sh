# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The small Linux for guests at the limit: Debian's 6.12 source with the little
# that takes it to user space (limit/guest.config), built once into the cache,
# and an initramfs with one small program. Sourced after all.sh.

SMALL_CONFIG=$PROJECT/scripts/limit/guest.config
SMALL_INIT=$PROJECT/scripts/limit/init.c

small_guest_dir() { printf '%s/small-guest\n' "$CACHE"; }

small_guest_present() {
	cmp -s "$SMALL_CONFIG" "$(small_guest_dir)/fragment"
}

small_guest_build_locked() {
	local final src obj
	small_guest_present && return
	[ "$(free_mib "$CACHE")" -ge 3000 ] || die "under 3 GB free below $CACHE: make room"
	final=$(small_guest_dir)
	source_fetch 6.12 whole
	src=$(source_dir 6.12)
	obj=$final/obj
	mkdir -p "$obj"
	rm -f "$final/fragment"
	KCONFIG_ALLCONFIG=$SMALL_CONFIG source_make "$src" "$obj" allnoconfig >/dev/null
	source_check_config "$SMALL_CONFIG" "$obj/.config"
	say "building the small guest kernel: about 440 CPU seconds, once; progress in $CACHE/small-guest.log"
	source_make "$src" "$obj" V=0 vmlinux >"$CACHE/small-guest.log" 2>&1 ||
		die "the small guest kernel does not build: see $CACHE/small-guest.log"
	strip -g -o "$final/vmlinux" "$obj/vmlinux"
	make -s -C "$src" kernelversion >"$final/version"
	cp "$SMALL_CONFIG" "$final/fragment"
}

# small_guest DIR: have vmlinux, init.cpio and version in DIR.
small_guest() {
	local dir=$1 root
	small_guest_present || with_lock small-guest small_guest_build_locked
	mkdir -p "$dir"
	cp "$(small_guest_dir)"/{vmlinux,version} "$dir"
	root=$(mktemp -d)
	mkdir "$root/dev"
	gcc -static -nostdlib -ffreestanding -fno-stack-protector -fno-pie -no-pie \
		-O2 -Wall -Wextra -Werror -o "$root/init" "$SMALL_INIT"
	strip "$root/init"
	(cd "$root" && find . -mindepth 1 | cpio -o -H newc --quiet) >"$dir/init.cpio"
	rm -rf "$root"
}
