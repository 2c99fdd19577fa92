# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What every script of the project shares: where things are, how it speaks,
# and how it ends. Sourced, never run.

PROJECT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
CACHE=${NPTBUDGET_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/nptbudget}
# Used by the scripts that source this file.
: "$PROJECT" "$CACHE"

# All chatter goes to stderr: stdout belongs to the command in L1, or to the
# answer a script was asked for.
say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit 1; }
usage_error() { say "$*"; exit 2; }

# need_root WHAT: before anything is written, or it ends in the middle of it.
need_root() { [ "$(id -u)" = 0 ] || die "$1: run it as root"; }

# The disk space, in MiB, that is free where PATH is or will be.
free_mib() {
	local dir=$1
	while [ ! -d "$dir" ]; do dir=$(dirname "$dir"); done
	df -Pm "$dir" | awk 'NR == 2 { print $4 }'
}

# Run a function while holding the lock NAME of the cache. The lock dies with
# the processes that hold it, so a killed run leaves nothing to clean up. No
# `||` here: behind one, set -e would not see the function's failures.
with_lock() {
	local fd name=$1
	shift
	mkdir -p "$CACHE/locks"
	exec {fd}>"$CACHE/locks/$name"
	if ! flock -n "$fd"; then
		say "waiting for another run that holds the lock '$name'"
		flock "$fd"
	fi
	"$@"
	exec {fd}>&-
}
