# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Pristine Debian 12 machines, each a folder below the cache: a minimal system with
# its security updates, git and make, and nothing else. Sourced after all.sh.
#
# fresh/base.tar.zst is the system as it was made; fresh/NAME/ is a machine, and gone
# when the script ends; fresh/debs/NAME/ has the packages that apt fetched in it, which
# it takes from there again as long as the archive has the very same. Each machine has
# its own: apt locks the folder.

FRESH=$CACHE/fresh
# Days until the base is made anew, with what the archive then has, and until a
# package is fetched again.
FRESH_DAYS=14
# Raised when what is in the base changes.
FRESH_FORMAT=1

# What of this machine's settings says how to reach the archive. A program that
# finds a proxy is not in the folder.
fresh_apt_conf() {
	apt-config dump | grep -vi 'auto-\?detect' |
		grep -E '^Acquire::((http|https|ftp)\b|Retries|ForceIPv|Check-|Max-ValidTime|Min-ValidTime)' || true
}

# The rest of what an installed machine has been told about where it is.
fresh_network() {
	local root=$1 file
	for file in /etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt; do
		[ ! -f "$file" ] || { rm -f "$root$file"; install -D -m 644 "$file" "$root$file"; }
	done
	fresh_apt_conf >"$root/etc/apt/apt.conf.d/80machine"
}

# The archive, as the installer of Debian 12 names it.
fresh_sources() {
	local main security
	main=$(mirror main) || exit 1
	security=$(mirror security) || exit 1
	printf '%s\n' "deb $main bookworm main" "deb $main bookworm-updates main" \
		"deb $security bookworm-security main"
}

# fresh_run ROOT DIR COMMAND...: run it as root of the machine in ROOT, in DIR, with
# processes and mounts of its own, which end with it. Its first process heeds no
# signal that it has no trap for.
fresh_run() {
	local root=$1 dir=$2 name debs
	local -a proxy=()
	debs=$FRESH/debs/$(basename "$root")
	shift 2
	for name in http_proxy https_proxy no_proxy; do
		[ -z "${!name-}" ] || proxy+=("$name=${!name}")
	done
	mkdir -p "$debs/partial"
	# shellcheck disable=SC2016 # for the shell in there
	unshare --mount --propagation unchanged --pid --fork --kill-child \
		"$PROJECT/scripts/lib/in-root.sh" "$root" \
		"$debs" /var/cache/apt/archives -- \
		/usr/bin/env -i HOME=/root USER=root LANG=C.UTF-8 TERM=dumb "${proxy[@]}" \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		/bin/sh -c 'trap "exit 143" TERM; cd "$1"; shift; "$@" & wait $!' sh "$dir" "$@"
}

fresh_base_key() { echo "$FRESH_FORMAT"; fresh_sources; }

# Have the base.
fresh_base() {
	local tmp=$FRESH/.base.new sources main
	main=$(mirror main) || exit 1
	sources=$(fresh_sources) || exit 1
	find "$FRESH/debs" -name '*.deb' -ctime +$FRESH_DAYS -delete 2>/dev/null || true
	if [ -n "$(find "$FRESH/base.tar.zst" -mtime -$FRESH_DAYS 2>/dev/null)" ] &&
		fresh_base_key | cmp -s - "$FRESH/base.key"; then
		return
	fi
	say "making a minimal Debian 12"
	fresh_remove .base.new
	mkdir -p "$tmp"
	http_proxy=$(proxy_for "$main") debootstrap --variant=minbase --keyring="$KEYRING" \
		--include=git,make bookworm "$tmp" "$main" || die "debootstrap failed (above)"
	printf '%s\n' "$sources" >"$tmp/etc/apt/sources.list"
	fresh_network "$tmp"
	fresh_run "$tmp" / sh -ec 'apt-get -q update
		DEBIAN_FRONTEND=noninteractive apt-get -q -y dist-upgrade'
	# As a machine that has not asked for a long time.
	rm -rf "$tmp"/var/lib/apt/lists/* "$tmp"/var/cache/apt/*
	tar -C "$tmp" -c . | zstd -q -T0 -f -o "$FRESH/base.tar.zst.new"
	rm -f "$FRESH/base.key"
	mv "$FRESH/base.tar.zst.new" "$FRESH/base.tar.zst"
	fresh_base_key >"$FRESH/base.key"
	fresh_remove .base.new
}

# fresh_machine NAME: a machine in fresh/NAME, with the project as the newcomer
# cloned it, and with what git knows of it as the only thing that it shares with
# this one. Shallow, as a newcomer may have it.
fresh_machine() {
	local root=$FRESH/$1
	fresh_remove "$1"
	mkdir -p "$root"
	zstd -dcq "$FRESH/base.tar.zst" | tar -x -C "$root"
	fresh_network "$root"
	git -c advice.detachedHead=false clone -q --depth 1 "file://$PROJECT" "$root$FRESH_PROJECT"
}

# fresh_release NAME RELEASE SUITE: the same of any release of Debian, with the packages
# of one more suite; SUITE may be empty.
fresh_release() {
	local root=$FRESH/$1 main security
	if [ "$2" = bookworm ]; then
		fresh_base
		fresh_machine "$1"
		return
	fi
	main=$(mirror main) || exit 1
	security=$(mirror security) || exit 1
	fresh_remove "$1"
	mkdir -p "$root"
	http_proxy=$(proxy_for "$main") debootstrap --variant=minbase --keyring="$KEYRING" \
		--include=git,make "$2" "$root" "$main"
	printf '%s\n' "deb $main $2 main" "deb $main $2-updates main" \
		"deb $security $2-security main" >"$root/etc/apt/sources.list"
	[ -z "$3" ] || echo "deb $main $3 main" >>"$root/etc/apt/sources.list"
	fresh_network "$root"
	git -c advice.detachedHead=false clone -q --depth 1 "file://$PROJECT" "$root$FRESH_PROJECT"
}

# Where the newcomer clones to.
FRESH_PROJECT=/root/nptbudget

# All mounts are in namespaces that have ended by now.
fresh_remove() { rm -rf --one-file-system "${FRESH:?}/$1"; }
