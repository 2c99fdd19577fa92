# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The debug kernel of the lab: Debian's 6.12 source with the little that L1
# needs and every checker that finds our mistakes (debug-kernel.config), built
# once into the cache. Sourced after source.sh and boot.sh.

DEBUG_CONFIG=$PROJECT/scripts/debug-kernel.config

debug_kernel_build() {
	local src=$1 obj=$2
	mkdir -p "$obj"
	KCONFIG_ALLCONFIG=$DEBUG_CONFIG source_make "$src" "$obj" allnoconfig >/dev/null
	source_check_config "$DEBUG_CONFIG" "$obj/.config"
	say "building the debug kernel: about 1000 CPU seconds, once; progress in $CACHE/debug-kernel.log"
	source_make "$src" "$obj" V=0 vmlinux modules >"$CACHE/debug-kernel.log" 2>&1 ||
		die "the debug kernel does not build: see $CACHE/debug-kernel.log"
}

debug_kernel_fetch_locked() {
	local series=6.12-debug final src obj kver
	kernel_present $series && cmp -s "$DEBUG_CONFIG" "$(kernel_dir $series)/fragment" && return
	[ "$(free_mib "$CACHE")" -ge 6000 ] || die "under 6 GB free below $CACHE: make room"
	final=$(kernel_dir $series)
	source_fetch 6.12 whole
	src=$(source_dir 6.12)
	# Built in place: the objects hold absolute paths, and make goes on where
	# a run was cut short. `env` comes last, as everywhere.
	obj=$final/obj
	mkdir -p "$final"
	rm -f "$final/env"
	debug_kernel_build "$src" "$obj"
	kver=$(cat "$obj/include/config/kernel.release")
	rm -rf "${final:?}/lib" "${final:?}/boot"
	mkdir -p "$final/boot"
	source_make "$src" "$obj" INSTALL_MOD_PATH="$final" modules_install >>"$CACHE/debug-kernel.log" 2>&1
	boot_archive "$final" "$kver"
	strip -g -o "$final/boot/vmlinux" "$obj/vmlinux"
	cp "$DEBUG_CONFIG" "$final/fragment"
	kernel_write_env "$final" <<-EOF
		SERIES='$series'
		KVER='$kver'
		KVERSION='$(make -s -C "$src" kernelversion), debug'
		KDIR='$obj'
		VMLINUZ='$final/boot/vmlinux'
		IMAGE='$final/boot/vmlinux'
		ARCHIVE='$final/boot/lab.cpio'
		MODULES='$final/lib/modules/$kver'
		SRC='$src'
	EOF
}

debug_kernel_fetch() {
	if ! kernel_present 6.12-debug || ! cmp -s "$DEBUG_CONFIG" "$(kernel_dir 6.12-debug)/fragment"; then
		with_lock kernel-6.12-debug debug_kernel_fetch_locked
	fi
}
