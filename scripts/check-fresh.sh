#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Does it start on a fresh machine? Makes a pristine minimal Debian 12 in a folder,
# clones HEAD into it, and runs there, with empty caches, the very commands that
# README.md gives. Ends with one plain line, "N passed, N failed, N skipped"; exit
# status 0 only where nothing failed. Logs: build/check-fresh/.
#   check-fresh.sh          `make check` as its short form: see check.sh
#   check-fresh.sh --keep   leave the machine in the cache, and say how to enter it
# shellcheck disable=SC2317 # piece and step call the functions they are given
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/all.sh
. "$here/lib/all.sh"
LOGS=$PROJECT/build/check-fresh
# shellcheck source-path=SCRIPTDIR source=lib/pieces.sh
. "$here/lib/pieces.sh"
# shellcheck source-path=SCRIPTDIR source=lib/fresh.sh
. "$here/lib/fresh.sh"

# One after the other on the newcomer's machine; the real host is another, beside it.
JOBS=1
keep=0

step_failed() {
	failed=1
	pieces_sum
}

# Whoever read what is said may be gone. Only who has the lock has the folders.
locked=0
finish() {
	pieces_end || true
	[ $locked = 1 ] && [ $keep = 0 ] || return 0
	fresh_remove newcomer
	fresh_remove host
	fresh_remove .base.new
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# readme SECTION [START]: the commands of a section, or of those of its blocks that
# start with that word.
readme() {
	awk -v "section=$1" -v "start=${2-}" -f "$here/lib/readme.awk" "$PROJECT/README.md"
}

# newcomer COMMAND: as README.md has it; the results inside it count as well.
newcomer() {
	local rc=0
	fresh_run "$FRESH/newcomer" $FRESH_PROJECT env NPTBUDGET_CHECK=short bash -c "$1" || rc=$?
	cp -r "$FRESH/newcomer$FRESH_PROJECT/build/check" "$LOGS/inside" 2>/dev/null || true
	if [ $rc = 0 ]; then echo "ok - $1"; else echo "not ok - $1 (status $rc)"; fi
	return $rc
}

# A host that runs Debian 12's own kernel is one whose uname says so, and that has
# what every installed kernel brings along.
host_prepare() {
	local root=$FRESH/host
	fresh_machine host
	echo 'APT::Get::Assume-Yes "true";' >"$root/etc/apt/apt.conf.d/90yes"
	# shellcheck disable=SC2016 # for the shell in there
	fresh_run "$root" / sh -ec '
		apt-get -q update
		DEBIAN_FRONTEND=noninteractive apt-get -q install --no-install-recommends kmod
		kver=$(apt-cache depends linux-headers-amd64 | sed -n "s/.*Depends: linux-headers-//p" | sort -V | tail -n 1)
		[ -n "$kver" ]
		printf "#!/bin/sh\n[ \"\$*\" != -r ] || { echo %s; exit; }\nexec /bin/uname \"\$@\"\n" "$kver" \
			>/usr/local/bin/uname
		chmod +x /usr/local/bin/uname'
}

# What README.md says of a real host, by hand and for DKMS: what starts with packages
# to install. All but to load the module: that takes the host's kernel.
host() {
	local command
	host_prepare
	while read -r command; do
		[[ $command != modprobe* ]] || continue
		if fresh_run "$FRESH/host" $FRESH_PROJECT \
			env DEBIAN_FRONTEND=noninteractive bash -c "$command" </dev/null; then
			echo "ok - $command"
		else
			echo "not ok - $command"
			return 1
		fi
	done < <(readme "On a real host" apt-get)
}

main() {
	local command
	local -a commands
	case $*$# in
	0) ;;
	--keep1) keep=1 ;;
	*) usage_error "usage: check-fresh.sh [--keep]" ;;
	esac
	need_root "this makes a root folder of another system"
	rm -rf "$LOGS"
	mkdir -p "$LOGS" "$FRESH"
	with_lock fresh check
}

check() {
	locked=1
	mapfile -t commands < <(readme "Two commands")
	[ ${#commands[@]} -ge 2 ] || die "README.md gives no commands below 'Two commands'"
	[ "$(readme "On a real host" apt-get | grep -c make)" -ge 2 ] ||
		die "README.md no longer says below 'On a real host' how to build"
	[ -z "$(git -C "$PROJECT" status --porcelain --untracked-files=no)" ] ||
		say "what is not committed is not looked at"
	step "packages" "$here/deps.sh" fresh
	step "base" fresh_base
	step "clone" fresh_machine newcomer
	beside "real host" host
	for command in "${commands[@]}"; do piece "$command" newcomer "$command"; done
	pieces_wait 0 all
	[ $keep = 0 ] || say "the machines are in $FRESH: enter with chroot"
	pieces_sum
}

main "$@"
