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

# The version of the command and the module.
project_version() { sed -n 's/^#define NPTB_VERSION[ \t]*"\(.*\)"/\1/p' "$PROJECT/uapi/nptbudget.h"; }

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

# Is anything of a process group left? What is dead and not waited for is not.
group_lives() {
	# Some are gone before cat comes to them.
	{ cat /proc/[0-9]*/stat 2>/dev/null || true; } |
		awk -v g="$1" '{ sub(/.*\) /, "") } $3 == g && $1 !~ /[ZX]/ { n++ } END { exit !n }'
}

# End a process group, and wait until it is gone. Asked again and again, for what
# must not be cut short, such as dpkg, ignores it while it lasts.
group_end() {
	while kill -TERM -- "-$1" 2>/dev/null && group_lives "$1"; do sleep 0.2; done
	wait "$1" 2>/dev/null || true
}

# job COMMAND...: run it in a process group of its own, without input, and return
# its status. job_end, for a trap, ends it with all that it started: a shell that
# waits for a command heeds no signal until that ends, and leaves it behind where
# it has no trap.
job_group=
job() {
	local rc=0
	set -m
	"$@" </dev/null &
	job_group=$!
	set +m
	wait "$job_group" || rc=$?
	job_group=
	return $rc
}

job_end() {
	[ -z "$job_group" ] || group_end "$job_group"
	job_group=
}

# prepared LOG WHAT COMMAND...: run it; what it says is in LOG, and shown where it fails.
# Not behind ||, where set -e would not see what fails in it.
prepared() {
	local log=$1 what=$2
	shift 2
	"$@" >"$log" 2>&1 &
	wait $! || { cat "$log" >&2; die "cannot prepare $what"; }
}

# run_whole MAIN...: all that a script does, so that a signal leaves nothing behind.
run_whole() {
	trap 'job_end; exit 130' INT
	trap 'job_end; exit 143' TERM HUP
	job "$@"
}
