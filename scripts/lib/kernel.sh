# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Debian's stock kernels in the cache: image, modules and headers, unpacked and
# made to work outside /usr/src. Sourced after resolve.sh and trixie.sh.
#
# kernels/NAME/ holds boot/, lib/modules/VERSION/, usr/ (headers) and `env`,
# which is written last: a folder without it is not complete.

# Raised when the folder's contents change: older ones are then made anew.
CACHE_FORMAT=2

kernel_env_file() { printf '%s/kernels/%s/env\n' "$CACHE" "$1"; }

# What a kernel's folders are called: as its series; where another version was
# picked by hand than is there, with that one's, so that the two lie side by side.
kernel_name() {
	local pick env
	pick=$(pick_of "$1")
	env=$(kernel_env_file "$(stock_of "$1")")
	if [ -z "$pick" ] || grep -qsxE "(KVERSION|KVER)='${pick//[+.]/\\&}(-amd64)?'" "$env"; then
		printf '%s\n' "$1"
	else
		printf '%s_%s\n' "$1" "$pick"
	fi
}

kernel_dir() { printf '%s/kernels/%s\n' "$CACHE" "$(kernel_name "$1")"; }

# The headers' Makefiles name /usr/src. Make them name the place they will have.
kernel_relocate() {
	local dir=$1 final=$2 kver=$3 headers common
	headers=$(basename "$dir"/usr/src/linux-headers-*-amd64)
	common=$(basename "$dir"/usr/src/linux-headers-*-common)
	sed -i "s|/usr/src/|$final/usr/src/|g" "$dir/usr/src/$headers/Makefile"
	ln -sfn "$final/usr/src/$headers" "$dir/lib/modules/$kver/build"
	ln -sfn "$final/usr/src/$common" "$dir/lib/modules/$kver/source"
	# Newer packages keep the image with the modules.
	[ -f "$dir/boot/vmlinuz-$kver" ] || {
		mkdir -p "$dir/boot"
		mv "$dir/lib/modules/$kver/vmlinuz" "$dir/boot/vmlinuz-$kver"
	}
}

# Write DIR/env from stdin, all at once.
kernel_write_env() {
	{ echo "FORMAT=$CACHE_FORMAT"; cat; } >"$1/env.new"
	mv "$1/env.new" "$1/env"
}

# kernel_unpack SERIES TMP FINAL VERSION: what was fetched into TMP/debs.
kernel_unpack() {
	local series=$1 tmp=$2 final=$3 version=$4 deb kver headers
	for deb in "$tmp"/debs/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$tmp" --exclude=./usr/share ||
			die "cannot unpack $deb"
	done
	rm -rf "$tmp/debs"
	# From trixie on, modules (and the kernel) live below /usr.
	if [ -d "$tmp/usr/lib/modules" ]; then
		mkdir -p "$tmp/lib"
		mv "$tmp/usr/lib/modules" "$tmp/lib/modules"
	fi
	kver=$(basename "$tmp"/lib/modules/*)
	headers=$(basename "$tmp"/usr/src/linux-headers-*-amd64)
	kernel_relocate "$tmp" "$final" "$kver"
	boot_archive "$tmp" "$kver"
	kernel_extract "$tmp/boot/vmlinuz-$kver" >"$tmp/boot/vmlinux"
	kernel_write_env "$tmp" <<-EOF
		SERIES='$series'
		KVER='$kver'
		KVERSION='$version'
		KDIR='$final/usr/src/$headers'
		VMLINUZ='$final/boot/vmlinuz-$kver'
		MODULES='$final/lib/modules/$kver'
		IMAGE='$final/boot/vmlinux'
		ARCHIVE='$final/boot/lab.cpio'
		SRC='$(source_dir "$series")'
	EOF
}

# Fetch a kernel in place of the one that may be there, which goes when the new
# one is complete.
kernel_replace() {
	local series=$1 final=$2 tmp=$3
	[ "$(free_mib "$CACHE")" -ge 3000 ] ||
		die "under 3 GB free below $CACHE: make room, or set NPTBUDGET_CACHE to a larger disk"
	rm -rf "$tmp"
	mkdir -p "$tmp"
	kernel_take "$series" "$tmp/debs"
	# shellcheck disable=SC2154 # kernel_take sets them
	say "$series: taking $taken_version ($taken_abi)"
	kernel_unpack "$series" "$tmp" "$final" "$taken_version"
	rm -rf "$tmp.old"
	[ ! -d "$final" ] || mv "$final" "$tmp.old"
	mv "$tmp" "$final"
	rm -rf "$tmp.old"
}

kernel_fetch_locked() {
	local series=$1 name
	! kernel_present "$series" || return 0
	name=$(kernel_name "$series")
	say "fetching kernel $name"
	kernel_replace "$series" "$CACHE/kernels/$name" "$CACHE/kernels/.$name.new"
}

# Debian's version of a kernel that is there, or nothing.
kernel_version() {
	sed -n "s/^KVERSION='\(.*\)'$/\1/p" "$(kernel_dir "$1")/env" 2>/dev/null || true
}

kernel_present() { grep -qsx "FORMAT=$CACHE_FORMAT" "$(kernel_dir "$1")/env"; }

# Have a kernel in the cache. One that is there needs neither network nor archive.
kernel_fetch() {
	local series=$1
	if ! is_stock "$series"; then
		debug_kernel_fetch
		return
	fi
	kernel_present "$series" || with_lock "kernel-$(kernel_name "$series")" kernel_fetch_locked "$series"
	[ "$(release_of "$series")" != trixie ] || trixie_fetch
}

kernel_refresh_locked() {
	local series=$1 name newest rc=0 KVERSION=
	name=$(kernel_name "$series")
	kernel_env "$series"
	newest=$(kernel_take "$series" >&2; echo "$taken_version") || rc=$?
	if [ $rc = 0 ] && dpkg --compare-versions "$newest" gt "$KVERSION"; then
		kernel_replace "$series" "$CACHE/kernels/$name" "$CACHE/kernels/.$name.new"
		return
	fi
	say "$series: $KVERSION stays"
	[ $rc = 0 ] || [ $rc = "$GONE" ]
}

# Have the newest kernel in the cache that can be had; one that is there stays
# until a newer one has taken its place.
kernel_refresh() {
	local series=$1
	if is_stock "$series" && kernel_present "$series"; then
		with_lock "kernel-$(kernel_name "$series")" kernel_refresh_locked "$series"
	fi
	kernel_fetch "$series"
}
