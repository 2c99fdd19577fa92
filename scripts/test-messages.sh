#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What "make demo" and "make check" say on a machine that cannot run them, TAP on
# stdout: not root, another architecture, too little disk, no network. Each ends
# at once, with what to do.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/tap.sh
. "$here/lib/tap.sh"
tmp=$(mktemp -d "${TMPDIR:-/tmp}/nptbudget-messages.XXXXXX")
cleanup() {
	! mountpoint -q "$tmp/small" || umount "$tmp/small"
	rm -rf "$tmp"
}
trap cleanup EXIT

# refuses WORDS COMMAND...: fails with those words, and with nothing else.
refuses() {
	local words=$1 said rc=0
	shift
	said=$("$@" 2>&1 </dev/null) || rc=$?
	printf '%s\n' "status $rc" "$said"
	[ "$rc" != 0 ] && [[ $said == *"$words"* ]] && ! grep -qE 'line [0-9]+:' <<<"$said"
}

# As somebody else, who cannot write here: all that these read is copied.
as_nobody() {
	cp -r "$here" "$tmp/"
	chmod -R a+rX "$tmp"
	setpriv --reuid=65534 --clear-groups "$tmp/$(basename "$here")/$1"
}

# An empty cache of so many bytes.
small_cache() {
	mkdir -p "$tmp/small"
	mount -t tmpfs -o size=1m nptbudget "$tmp/small"
	NPTBUDGET_CACHE=$tmp/small "$here/deps.sh" lab
}

tap_begin
for script in check.sh demo.sh; do
	tap_check "$script: not root" refuses "run it as root" as_nobody $script
done
tap_check "another architecture" refuses "needs x86_64" setarch i686 "$here/deps.sh" lab
tap_check "too little disk" refuses "set NPTBUDGET_CACHE" small_cache
tap_check "no network" refuses "connect this machine" \
	env NPTBUDGET_CACHE="$tmp/none" unshare -n "$here/deps.sh" lab
tap_end
