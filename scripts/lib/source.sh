# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Kernel sources in the cache, from Debian's linux-source packages: checkpatch,
# kselftest's headers and runner, KVM's private headers to compare with, and
# the tree the debug kernel is built from. Sourced after kernel.sh.

# What is unpacked of a source unless it is wanted whole.
SOURCE_PARTS="Makefile COPYING arch/x86 include scripts tools virt"

source_dir() { printf '%s/sources/%s\n' "$CACHE" "$1"; }

# Download the source that belongs to a kernel of the cache, or the newest where
# there is none there or that one has aged out of the archive.
source_download() {
	local series=$1 dir=$2 release KVERSION=
	release=$(release_of "$series")
	apt_update "$release"
	if kernel_present "$series"; then
		kernel_env "$series"
		(apt_fetch "$release" "$dir" "linux-source-$series=$KVERSION") && return
		say "no source of $KVERSION any more: taking the newest $series"
	fi
	apt_fetch "$release" "$dir" "linux-source-$series"
}

source_fetch_locked() {
	local series=$1 how=$2 final tmp top part
	local -a parts=()
	final=$(source_dir "$series")
	source_present "$series" "$how" && return
	say "fetching the kernel source of $series"
	tmp=$CACHE/sources/.$series.new
	rm -rf "$tmp"
	mkdir -p "$tmp"
	source_download "$series" "$tmp/debs"
	top=linux-source-$series
	if [ "$how" = parts ]; then
		for part in $SOURCE_PARTS; do parts+=("$top/$part"); done
	fi
	dpkg-deb --fsys-tarfile "$tmp"/debs/*.deb |
		tar -x -O "./usr/src/$top.tar.xz" | xz -dc |
		tar -x -C "$tmp" "${parts[@]}" || die "cannot unpack the source of $series"
	touch "$tmp/$top/.$how"
	rm -rf "$final"
	mv "$tmp/$top" "$final"
	rm -rf "$tmp"
}

source_present() {
	local dir
	dir=$(source_dir "$1")
	[ -f "$dir/.whole" ] || { [ "$2" = parts ] && [ -f "$dir/.parts" ]; }
}

# source_fetch SERIES [whole]: have it at sources/SERIES (SRC= of kernel.sh path).
source_fetch() {
	local series=${1%-debug} how=${2:-parts}
	source_present "$series" "$how" || with_lock "source-$series" source_fetch_locked "$series" "$how"
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
