# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A minimal Debian trixie in a folder of the cache: kernels of its backports
# need a newer compiler and a newer libc than this machine has. Sourced after
# common.sh and apt.sh.

TRIXIE=$CACHE/trixie
TRIXIE_PACKAGES=gcc-14,make,libc6-dev,libelf1t64,libssl3t64,zlib1g,pahole,sparse,perl,kmod

# Is it there, with these packages? Which it was made with is in .complete;
# nothing is, where that was not written down yet.
trixie_present() {
	[ -f "$TRIXIE/.complete" ] &&
		{ [ ! -s "$TRIXIE/.complete" ] || grep -qxF "$TRIXIE_PACKAGES" "$TRIXIE/.complete"; }
}

# The proxy that apt uses for an address, as debootstrap's own downloader wants to
# be told: in the environment.
proxy_for() {
	local url=$1 name host proxy=''
	host=${url#*://} host=${host%%[:/]*}
	for name in "Acquire::http::Proxy::$host" Acquire::http::Proxy; do
		eval "$(apt-config shell proxy "$name")"
		[ -z "$proxy" ] || break
	done
	[ "$proxy" = DIRECT ] || printf '%s\n' "${proxy:-${http_proxy-}}"
}

trixie_fetch_locked() {
	local tmp=$CACHE/.trixie.new main
	! trixie_present || return 0
	[ "$(id -u)" = 0 ] || die "building for 7.3 needs a debootstrap folder, and that needs root: run as root once"
	command -v debootstrap >/dev/null || die "no debootstrap: run scripts/deps.sh lab"
	[ "$(free_mib "$CACHE")" -ge 2000 ] || die "under 2 GB free below $CACHE: make room"
	main=$(mirror main) || exit 1
	say "making the trixie folder that builds for 7.3 (about two minutes)"
	rm -rf --one-file-system "$tmp"
	mkdir -p "$tmp"
	http_proxy=$(proxy_for "$main") debootstrap --variant=minbase --keyring="$KEYRING" \
		--include="$TRIXIE_PACKAGES" trixie "$tmp" "$main" >"$CACHE/trixie.log" 2>&1 ||
		die "debootstrap failed with $main: $(tail -n 1 "$CACHE/trixie.log"); see $CACHE/trixie.log"
	rm -rf "$tmp"/var/cache/apt/archives/*.deb "$tmp"/var/lib/apt/lists/*
	echo "$TRIXIE_PACKAGES" >"$tmp/.complete"
	rm -rf --one-file-system "$TRIXIE"
	mv "$tmp" "$TRIXIE"
}

trixie_fetch() {
	trixie_present || with_lock trixie trixie_fetch_locked
}

# Run a command in the trixie folder. The cache and the project are there at
# the paths they have here, so that messages name files as they are.
in_trixie() {
	local dir
	local -a share=()
	[ "$(id -u)" = 0 ] || die "building for 7.3 happens in a chroot, and that needs root"
	for dir in "$CACHE/kernels" "$CACHE/sources" "$PROJECT"; do
		[ ! -d "$dir" ] || share+=("$dir" "$dir")
	done
	unshare --mount --propagation unchanged \
		"$PROJECT/scripts/lib/in-root.sh" "$TRIXIE" "${share[@]}" -- \
		/usr/bin/env -i HOME=/root LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}
