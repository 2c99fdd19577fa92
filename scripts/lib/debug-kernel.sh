# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The debug kernel of the lab: Debian's 6.12 source with the little that L1
# needs and every checker that finds our mistakes (debug-kernel.config), built
# once into the cache. Sourced after source.sh and boot.sh.

DEBUG_CONFIG=$PROJECT/scripts/debug-kernel.config

debug_kernel_make() { nice -n 10 make -s -C "$1" O="$2" -j"$(nproc)" "${@:3}"; }

# Every line of the fragment must have come true: a symbol that another one
# keeps off would be a checker that silently does not check.
debug_kernel_check_config() {
	local config=$1 line missing=0
	while read -r line; do
		case $line in
		# A symbol that is not there at all is off as well.
		"# CONFIG_"*" is not set") ! grep -q "^${line:2:${#line}-13}=" "$config" && continue ;;
		CONFIG_*) grep -qxF "$line" "$config" && continue ;;
		*) continue ;;
		esac
		say "the debug kernel's configuration lacks: $line"
		missing=1
	done <"$DEBUG_CONFIG"
	[ $missing = 0 ] || die "debug-kernel.config asks for what this source does not give"
}

debug_kernel_build() {
	local src=$1 obj=$2
	mkdir -p "$obj"
	KCONFIG_ALLCONFIG=$DEBUG_CONFIG debug_kernel_make "$src" "$obj" allnoconfig >/dev/null
	debug_kernel_check_config "$obj/.config"
	say "building the debug kernel: about 1000 CPU seconds, once; progress in $CACHE/debug-kernel.log"
	debug_kernel_make "$src" "$obj" V=0 vmlinux modules >"$CACHE/debug-kernel.log" 2>&1 ||
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
	debug_kernel_make "$src" "$obj" INSTALL_MOD_PATH="$final" modules_install >>"$CACHE/debug-kernel.log" 2>&1
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
