# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Kernel sources in the cache, from Debian's linux-source packages: checkpatch,
# kselftest's headers and runner, KVM's private headers to compare with, and
# the tree the debug kernel is built from. Sourced after kernel.sh.

# What is unpacked of a source unless it is wanted whole.
SOURCE_PARTS="Makefile COPYING arch/x86 include scripts tools virt"

source_dir() { printf '%s/sources/%s\n' "$CACHE" "$(kernel_name "$1")"; }

# The versions there are of a source, the best first: the kernel's own, then the
# next later ones, then the next older ones.
source_versions() {
	local series=$1 version=$2 release
	release=$(release_of "$series")
	apt_in "$release" cache madison "linux-source-$series" 2>/dev/null | tr -d ' ' | cut -d '|' -f 2 |
		{ cat; echo "$version here"; } | sort -uV | awk -v own="$version" '
		$2 == "here" { passed = 1; next }
		$1 == own { print; next }
		passed { later = later $1 "\n"; next }
		{ older = $1 "\n" older }
		END { printf "%s%s", later, older }'
}

# Download the source that belongs to a kernel of the cache, or the nearest where
# that one has left the archive, or the newest where there is no kernel there. Sets
# source_version.
source_download() {
	local series=$1 dir=$2 version=$3 release each why rc
	release=$(release_of "$series")
	apt_update "$release"
	for each in $(source_versions "$series" "${version:-999}"); do
		[ -z "$version" ] || [ "$each" = "$version" ] ||
			say "no source of $version to be had: taking that of $each"
		rc=0 source_version=$each
		why=$(apt_fetch "$release" "$dir" "linux-source-$series=$each") || rc=$?
		case $rc in
		0) return ;;
		3) say "linux-source-$series $each is listed and cannot be downloaded: $why" ;;
		*) exit 1 ;;
		esac
	done
	die "Debian's archive has no linux-source-$series that can be had now: try again in some hours, or see docs/KERNELS.md"
}

source_fetch_locked() {
	local series=$1 how=$2 final tmp top part version
	local -a parts=()
	source_present "$series" "$how" && return
	version=$(kernel_version "$series")
	final=$(source_dir "$series")
	say "fetching the kernel source of $series"
	tmp=$CACHE/sources/.$(kernel_name "$series").new
	rm -rf "$tmp"
	mkdir -p "$tmp"
	source_download "$series" "$tmp/debs" "$version"
	top=linux-source-$series
	if [ "$how" = parts ]; then
		for part in $SOURCE_PARTS; do parts+=("$top/$part"); done
	fi
	dpkg-deb --fsys-tarfile "$tmp"/debs/*.deb |
		tar -x -O "./usr/src/$top.tar.xz" | xz -dc |
		tar -x -C "$tmp" "${parts[@]}" || die "cannot unpack the source of $series"
	echo "${version:-$source_version}" >"$tmp/$top/.$how"
	rm -rf "$final"
	mv "$tmp/$top" "$final"
	rm -rf "$tmp"
}

# Is it there, for the kernel that is there? What it was fetched for is in .parts
# or .whole; nothing is, where that was not written down yet.
source_present() {
	local dir version each
	dir=$(source_dir "$1")
	version=$(kernel_version "$1")
	for each in "$2" whole; do
		[ -f "$dir/.$each" ] || continue
		[ -z "$version" ] || [ ! -s "$dir/.$each" ] || grep -qxF "$version" "$dir/.$each" && return
	done
	return 1
}

# source_fetch SERIES [whole]: have it at SRC= of kernel.sh path.
source_fetch() {
	local series how=${2:-parts}
	series=$(stock_of "$1")
	source_present "$series" "$how" ||
		with_lock "source-$(kernel_name "$series")" source_fetch_locked "$series" "$how"
}

# source_make SRC OBJ ARGS: make in a source that was fetched whole.
source_make() { nice -n 10 make -s -C "$1" O="$2" -j"$(nproc)" "${@:3}"; }

# source_check_config FRAGMENT CONFIG: every line of the fragment must have come
# true: a symbol that another one keeps off would be one that is silently gone.
source_check_config() {
	local fragment=$1 config=$2 line missing=0
	while read -r line; do
		case $line in
		# A symbol that is not there at all is off as well.
		"# CONFIG_"*" is not set") ! grep -q "^${line:2:${#line}-13}=" "$config" && continue ;;
		CONFIG_*=n) ! grep -q "^${line%=n}=" "$config" && continue ;;
		CONFIG_*) grep -qxF "$line" "$config" && continue ;;
		*) continue ;;
		esac
		say "the kernel's configuration lacks: $line"
		missing=1
	done <"$fragment"
	[ $missing = 0 ] || die "${fragment##*/} asks for what this source does not give"
}
