# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The small Linux for guests at the limit: Debian's 6.12 source with the little
# that takes it to user space (limit/guest.config), built once into the cache,
# and an initramfs with one small program. A flavour adds a fragment of its own:
# "smp" is limit/guest-smp.config; "balloon" and "xen" are for guests/. Two, since what a
# domain 0 takes changes how any kernel with it switches tasks, returns from interrupts and
# writes page tables. Sourced after all.sh.

SMALL_CONFIG=$PROJECT/scripts/limit/guest
SMALL_INIT=$PROJECT/scripts/limit/init.c

# small_guest_dir [FLAVOUR]
small_guest_dir() { printf '%s/small-guest%s\n' "$CACHE" "${1:+-$1}"; }

small_guest_fragment() { cat "$SMALL_CONFIG.config" ${1:+"$SMALL_CONFIG-$1.config"}; }

small_guest_present() {
	small_guest_fragment "$1" | cmp -s - "$(small_guest_dir "$1")/fragment"
}

small_guest_build_locked() {
	local flavour=$1 final src obj log
	small_guest_present "$flavour" && return
	[ "$(free_mib "$CACHE")" -ge 3000 ] || die "under 3 GB free below $CACHE: make room"
	final=$(small_guest_dir "$flavour")
	log=$final.log
	source_fetch 6.12 whole
	src=$(source_dir 6.12)
	obj=$final/obj
	mkdir -p "$obj"
	rm -f "$final/fragment"
	small_guest_fragment "$flavour" >"$final/fragment.new"
	KCONFIG_ALLCONFIG=$final/fragment.new source_make "$src" "$obj" allnoconfig >/dev/null
	source_check_config "$final/fragment.new" "$obj/.config"
	say "building the small guest kernel${flavour:+ ($flavour)}: about 440 CPU seconds, once; progress in $log"
	source_make "$src" "$obj" V=0 vmlinux >"$log" 2>&1 ||
		die "the small guest kernel does not build: see $log"
	strip -g -o "$final/vmlinux" "$obj/vmlinux"
	make -s -C "$src" kernelversion >"$final/version"
	mv "$final/fragment.new" "$final/fragment"
}

# small_guest DIR [FLAVOUR]: have vmlinux, init.cpio and version in DIR.
small_guest() {
	local dir=$1 flavour=${2-} root
	small_guest_present "$flavour" ||
		with_lock "small-guest${flavour:+-$flavour}" small_guest_build_locked "$flavour"
	mkdir -p "$dir"
	cp "$(small_guest_dir "$flavour")"/{vmlinux,version} "$dir"
	root=$(mktemp -d)
	mkdir "$root/dev"
	gcc -static -nostdlib -ffreestanding -fno-stack-protector -fno-pie -no-pie \
		-O2 -Wall -Wextra -Werror -o "$root/init" "$SMALL_INIT"
	strip "$root/init"
	(cd "$root" && find . -mindepth 1 | cpio -o -H newc --quiet) >"$dir/init.cpio"
	rm -rf "$root"
}

# busybox_guest DIR LINES BYTES: the same kernel, with busybox (Debian's static one) and
# limit/busybox-init. What that is to come to is worked out here, by other programs.
busybox_guest() {
	local dir=$1 lines=$2 bytes=$3 root
	small_guest "$dir"
	root=$(mktemp -d)
	mkdir -p "$root"/{bin,dev}
	cp /bin/busybox "$root/bin/"
	ln -s busybox "$root/bin/sh"
	cp "$PROJECT/scripts/limit/busybox-init" "$root/init"
	seq 1 "$lines" | LC_ALL=C sort -r >"$root/sorted"
	printf '%s %s %s\n' "$(head -n 1 "$root/sorted")" "$(grep -c 7 "$root/sorted")" \
		"$(head -c "$bytes" /bin/busybox | sha256sum)" >"$root/expected"
	rm "$root/sorted"
	(cd "$root" && find . -mindepth 1 | cpio -o -H newc --quiet) >"$dir/init.cpio"
	rm -rf "$root"
	echo "LINES=$lines BYTES=$bytes" >"$dir/append"
}
