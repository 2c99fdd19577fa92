# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Debian's stock kernels in the cache: which is the newest of a series, its
# image, modules and headers, unpacked and made to work outside /usr/src.
# Sourced after common.sh, apt.sh and trixie.sh.
#
# kernels/SERIES/ holds boot/, lib/modules/VERSION/, usr/ (headers) and `env`,
# which is written last: a folder without it is not complete.

release_of() {
	case $1 in
	7.3) echo trixie ;;
	*) echo bookworm ;;
	esac
}

# Raised when the folder's contents change: older ones are then made anew.
CACHE_FORMAT=2

kernel_dir() { printf '%s/kernels/%s\n' "$CACHE" "$1"; }

# The newest image package of a series: one line, "NAME VERSION".
# The stock flavour only: no cloud, rt, dbg or unsigned.
kernel_resolve() {
	local series=$1 release names
	release=$(release_of "$series")
	apt_update "$release"
	names=$(apt_in "$release" cache search --names-only "^linux-image-${series/./\\.}\\." |
		awk '{ print $1 }' | grep -E '^linux-image-[0-9.]+(-[0-9]+|\+[a-z0-9]+)-amd64$') || return
	# shellcheck disable=SC2086
	apt_in "$release" cache madison $names | tr -d ' ' |
		awk -F'|' '{ print $2, $1 }' | sort -V | awk 'END { if (NR) print $2, $1 }'
}

# The packages to fetch for an image package, each NAME=VERSION, or NAME for its
# newest: 6.1 has one kbuild package for all its ABIs, of which headers want their
# own version or any later one, and the archive may have a later one alone.
kernel_packages() {
	local series=$1 image=$2 version=$3 abi=${2#linux-image-}
	local common=${abi%-amd64}-common kbuild=linux-kbuild-${abi%-amd64}
	[ "$series" != 6.1 ] || kbuild=linux-kbuild-6.1
	if [ "$series" = 7.3 ]; then
		echo "linux-base-$abi=$version" "linux-binary-$abi=$version" "linux-modules-$abi=$version"
	else
		echo "$image=$version"
	fi
	echo "linux-headers-$abi=$version" "linux-headers-$common=$version" "$kbuild"
}

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

kernel_unpack() {
	local series=$1 tmp=$2 final=$3 image=$4 version=$5 deb kver headers
	local -a packages
	read -r -d '' -a packages < <(kernel_packages "$series" "$image" "$version") || true
	apt_fetch "$(release_of "$series")" "$tmp/debs" "${packages[@]}"
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
		SRC='$CACHE/sources/$series'
	EOF
}

kernel_fetch_locked() {
	local series=$1 final tmp image version
	final=$(kernel_dir "$series")
	! kernel_present "$series" || return 0
	[ "$(free_mib "$CACHE")" -ge 3000 ] ||
		die "under 3 GB free below $CACHE: make room, or set NPTBUDGET_CACHE to a larger disk"
	read -r image version < <(kernel_resolve "$series") ||
		die "got no $series kernel from Debian's archive"
	say "fetching kernel $series: $image $version"
	tmp=$CACHE/kernels/.$series.new
	rm -rf "$tmp" "$final"
	mkdir -p "$tmp"
	kernel_unpack "$series" "$tmp" "$final" "$image" "$version"
	mv "$tmp" "$final"
}

kernel_present() { grep -qsx "FORMAT=$CACHE_FORMAT" "$(kernel_dir "$1")/env"; }

# Have a kernel of the series in the cache.
kernel_fetch() {
	local series=$1
	if [ "$series" = 6.12-debug ]; then
		debug_kernel_fetch
		return
	fi
	kernel_present "$series" || with_lock "kernel-$series" kernel_fetch_locked "$series"
	[ "$(release_of "$series")" != trixie ] || trixie_fetch
}

# Forget a kernel of which the archive has a newer version.
kernel_forget_old() {
	local series=$1 image version
	[ "$series" != 6.12-debug ] || return 0
	kernel_present "$series" || return 0
	read -r image version < <(kernel_resolve "$series") || return 0
	grep -qx "KVERSION='$version'" "$(kernel_dir "$series")/env" && return
	say "there is a newer $series: $image $version"
	rm -f "$(kernel_dir "$series")/env"
}
