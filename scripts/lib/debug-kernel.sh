# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The debug kernel of the lab: Debian's source of a series with the little that L1
# needs and every checker that finds our mistakes (debug-kernel.config), built
# once into the cache. Sourced after source.sh and boot.sh.

DEBUG_SERIES=6.12-debug
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

# debug_kernel_of SRC DIR: is what lies there made of this source? A source that
# does not say what it was fetched for is older than this question.
debug_kernel_of() { [ -f "$1/.whole" ] && { [ ! -s "$1/.whole" ] || cmp -s "$1/.whole" "$2/source"; }; }

debug_kernel_present() {
	local dir
	dir=$(kernel_dir $DEBUG_SERIES)
	kernel_present $DEBUG_SERIES && cmp -s "$DEBUG_CONFIG" "$dir/fragment" &&
		debug_kernel_of "$(source_dir "$(stock_of $DEBUG_SERIES)")" "$dir"
}

debug_kernel_fetch_locked() {
	local series=$DEBUG_SERIES final src obj kver
	! debug_kernel_present || return 0
	[ "$(free_mib "$CACHE")" -ge 6000 ] || die "under 6 GB free below $CACHE: make room"
	final=$(kernel_dir $series)
	source_fetch $series whole
	src=$(source_dir "$(stock_of $series)")
	# Built in place: the objects hold absolute paths, and make goes on where
	# a run was cut short. `env` comes last, as everywhere.
	obj=$final/obj
	mkdir -p "$final"
	rm -f "$final/env"
	# Objects of another source are of no use, whatever their times.
	debug_kernel_of "$src" "$final" || rm -rf "$obj"
	cp "$src/.whole" "$final/source"
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
	debug_kernel_present ||
		with_lock "kernel-$(kernel_name $DEBUG_SERIES)" debug_kernel_fetch_locked
}
