#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What SIGTERM leaves behind of the scripts that run for long, TAP on stdout: no
# process and no file. They run in a copy in which the programs that they call do
# nothing, but for one, which does not end. (The lab's own QEMU: test-lab.sh.)
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/tap.sh
. "$here/lib/tap.sh"
tmp=$(mktemp -d "${TMPDIR:-/tmp}/nptbudget-stop.XXXXXX")
trap 'rm -rf "$tmp"' EXIT

STUBS="deps.sh kernel.sh build-module.sh static.sh test-tally.sh test-messages.sh test-stop.sh
	test-kernels.sh lab"
project=$tmp/project

# stub FILE: a program that does nothing, or, where it is the one that is meant,
# waits for ever, with a child that does so too.
stub() {
	cat >"$1" <<-'END'
		#!/bin/sh
		case $1 in path) echo IMAGE=/dev/null KVERSION=0 KVER=0; exit ;; esac
		[ "$STOP_AT" = "${0##*/}" ] || exit 0
		touch "$STOP_AT_FILE"
		sleep 1000 & sleep 1000
	END
	chmod +x "$1"
}

# copy SCRIPT: the project's scripts, all but this one stubs where they can be.
copy() {
	local name
	rm -rf "$project" "${tmp:?}/bin" "$tmp/there"
	mkdir -p "$project/build" "$tmp/bin" "$tmp/tmp"
	cp -r "$here" "$project/scripts"
	cp -r "$here/../module" "$here/../uapi" "$here/../README.md" "$project/"
	for name in $STUBS; do
		[ "$name" = "$1" ] || stub "$project/scripts/$name"
	done
	for name in make apt-get; do stub "$tmp/bin/$name"; done
}

# The processes that were started by what was ended: all have its environment.
left() {
	grep -lsz "^STOP_AT_FILE=$tmp/there$" /proc/[0-9]*/environ || true
}

# stops STATUS SCRIPT AT [ARGS...]: ended while AT runs.
stops() {
	local want=$1 script=$2 at=$3 pid rc=0 n=0
	shift 3
	copy "$script"
	env STOP_AT="$at" STOP_AT_FILE="$tmp/there" TMPDIR="$tmp/tmp" PATH="$tmp/bin:$PATH" \
		NPTBUDGET_CACHE="$tmp/cache" "$project/scripts/$script" "$@" >"$tmp/said" 2>&1 &
	pid=$!
	until [ -e "$tmp/there" ]; do
		n=$((n + 1))
		if [ $n = 300 ] || ! kill -0 $pid 2>/dev/null; then
			echo "$at was not run:"; tail -n 5 "$tmp/said"
			kill $pid
			return 1
		fi
		sleep 0.1
	done
	kill -TERM $pid
	for ((n = 0; n < 600; n++)); do kill -0 $pid 2>/dev/null || break; sleep 0.1; done
	kill -KILL $pid 2>/dev/null || true
	wait $pid || rc=$?
	if [ -n "$(left)" ]; then
		echo "processes are left:"
		left | while IFS=/ read -r _ _ pid _; do tr '\0' ' ' <"/proc/$pid/cmdline"; echo; kill -KILL "$pid" || true; done
		return 1
	fi
	[ -z "$(ls "$tmp/tmp")" ] || { echo "files are left: $(ls "$tmp/tmp")"; rm -rf "$tmp/tmp"; return 1; }
	[ "$rc" = "$want" ] || { echo "status $rc, not $want"; tail -n 5 "$tmp/said"; return 1; }
}

tap_begin
for script in limit.sh policies.sh bench.sh demo.sh check.sh check-fresh.sh check-alarms.sh probe-bochs.sh; do
	tap_check "$script, while packages are installed" stops 143 $script deps.sh
done
for script in policies.sh bench.sh demo.sh check.sh check-alarms.sh; do
	tap_check "$script, while the lab runs" stops 143 $script lab
done
tap_check "demo.sh --tap, while the lab runs" stops 143 demo.sh lab --tap
tap_check "demo.sh --tap, while it builds" stops 143 demo.sh make --tap
tap_check "lab, while it fetches" stops 143 lab apt-get -- true
tap_end
