#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Install what is needed, build, and show what this project is for, on an
# emulated host. Fails where anything that is shown is not as it should be.
#   demo.sh         for people
#   demo.sh --tap   as a test: results as TAP, all else as comments
#   demo.sh --build build what the demo's guest needs, and no more
# shellcheck disable=SC2317 # step calls the functions it is given
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
. "$here/lib/common.sh"
LOGS=$PROJECT/build/demo
# shellcheck source-path=SCRIPTDIR source=lib/pieces.sh
. "$here/lib/pieces.sh"
# shellcheck source-path=SCRIPTDIR source=lib/debian-guest.sh
. "$here/lib/debian-guest.sh"

# L1's kernel, and the guest's: the first of these that can be had.
HOSTS="6.12 6.1 7.3" GUESTS="6.1 6.12 7.3"
HOST='' GUEST=''

step_failed() { exit 1; }

# The first kernel that can be had, into the variable NAME: first_kernel NAME SERIES...
first_kernel() {
	local -n chosen=$1
	local series
	shift
	for series in "$@"; do
		step_run "kernel $series" "$here/kernel.sh" fetch "$series"
		[ "$step_status" != 0 ] || { chosen=$series; break; }
	done
	[ -n "$chosen" ] || step_failed
	[ "$chosen" = "$1" ] || say "$1 cannot be had, see above: going on with $chosen"
}

kernels() {
	# shellcheck disable=SC2086 # lists
	{ first_kernel HOST $HOSTS; first_kernel GUEST $GUESTS; }
}

build() {
	export KSELFTEST_SERIES=$HOST
	make -s -C "$PROJECT" cli
	make -s -C "$PROJECT/selftests" -j"$(nproc)" all
	"$here/build-module.sh" "$HOST"
	debian_guest "$GUEST" "$LOGS"
}

# For the shell that runs steps. In a pipeline, bash has no EXIT trap when it exits
# out of another trap.
end_steps() {
	trap pieces_kill EXIT
	trap 'pieces_kill; exit 143' TERM
}

demo() {
	local -a live=()
	end_steps
	[ "$terminal" = 0 ] || live=(--live)
	need_root "this installs packages, and builds in a chroot"
	mkdir -p "$LOGS"
	rm -rf "$LOGS/out"
	step "packages" "$here/deps.sh" build lab
	kernels
	step "build" build
	echo "An emulated AMD Zen host with Debian's Linux $HOST and the module starts ..."
	# One CPU: with two in turn on one thread, a Linux guest's clocks go wrong.
	"$here/lab" --kernel "$HOST" --cpus 1 --timeout 1800 --out "$LOGS/out" -- \
		scripts/demo/show.sh "$GUEST" "${live[@]}" ||
		die "not all of this went as it should"
}

main() {
	case ${1-} in
	'')
		# No `||` here: behind one, set -e would not see the steps' failures.
		demo
		printf '\nAll of this was checked: %s.\n' \
			"$(grep -c '^ok' "$LOGS/out/results") results, $SECONDS s" ;;
	--tap)
		demo 2>&1 | sed 's/^/# /'
		cat "$LOGS/out/results" ;;
	--build)
		mkdir -p "$LOGS"
		end_steps
		kernels
		build ;;
	*) usage_error "usage: demo.sh [--tap|--build]" ;;
	esac
}

run_whole main "$@"
