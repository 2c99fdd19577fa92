#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Install what the tests need, build, run every test, and end with one plain
# line, "N passed, N failed, N skipped". Exit status 0 only where nothing failed
# and something passed. Logs: build/check/.
#   check.sh           what every change has to pass
#   check.sh --full    all paths at all budgets, the selftests on the debug
#                      kernel as well, the corpus and the check of a host on
#                      all kernels, Debian under budgets with an eye on loops
#   check.sh --debug   the selftests on the debug kernel alone
#   check.sh --short   all that installs, fetches and builds, what needs no lab, and
#                      a selftest on each kernel. Asked for by NPTBUDGET_CHECK=short
#                      as well: check-fresh.sh does, where it says make check
# shellcheck disable=SC2317 # piece and step call the functions they are given
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
. "$here/lib/common.sh"
# shellcheck source-path=SCRIPTDIR source=lib/series.sh
. "$here/lib/series.sh"
LOGS=$PROJECT/build/check
# shellcheck source-path=SCRIPTDIR source=lib/pieces.sh
. "$here/lib/pieces.sh"

# An emulated host is one thread, so as many run as there are CPUs; each takes
# 2 GB of memory, though, and the tests watch the clock.
JOBS=$(nproc)
[ "$JOBS" -le 3 ] || JOBS=3
# Seconds for one run of the selftests: three of them, one after the other,
# leave room under the 90 minutes that CI allows. The debug kernel takes longer.
SELFTEST_SECONDS=2400
DEBUG_SECONDS=7200
# And for all paths at all budgets.
PATHS_SECONDS=7200
read -r -a STOCK <<<"$SERIES_ALL"

trap 'pieces_end' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
export CMOCKA_MESSAGE_OUTPUT=TAP

step_failed() {
	failed=1
	pieces_sum
}

build() {
	make -C "$PROJECT" -j"$(nproc)" cli
	make -C "$PROJECT/selftests" -j"$(nproc)" all
}

# check_unit FOLDER: the unit tests of the command, or of the module.
check_unit() { make -s -C "$PROJECT/$1" check; }

# selftests SERIES SECONDS [NAME=VALUE...]
selftests() {
	local series=$1 seconds=$2
	shift 2
	"$here/lab" --kernel "$series" --timeout "$seconds" --out "$LOGS/selftests-$series" \
		-- env NPTB_INSTALLED=1 "$@" selftests/run.sh
}

# alone SERIES TEST...: tests that are run by name, where once is enough: small
# guest programs whose least budget is known; recorded faults run through policies;
# perf, which takes its time to find out about events.
alone() {
	"$here/lab" --kernel "$1" --timeout "$SELFTEST_SECONDS" --out "$LOGS/$2-$1" \
		-- env NPTB_INSTALLED=1 selftests/run.sh "${@:2}"
}

# late SERIES: ends of VMs and of the module that come at the worst moments, where
# use of freed memory shows, and time goes by instructions.
late() {
	"$here/lab" --kernel "$1" --icount --cpus 1 --tdp-mmu 0 --append slub_debug=FZP \
		--timeout "$SELFTEST_SECONDS" --out "$LOGS/late-$1" -- selftests/run.sh test_late
}

# paths SERIES [NAME=VALUE...]: every path that makes or removes a leaf. Pages
# that move between memory nodes and a page of 1 GiB take parameters of the boot.
paths() {
	local series=$1
	shift
	"$here/lab" --kernel "$series" --mem 5G \
		--append "numa=fake=2 hugepagesz=1G hugepages=1" \
		--timeout "$PATHS_SECONDS" --out "$LOGS/paths-$series" \
		-- env NPTB_TEST_TIMEOUT="$PATHS_SECONDS" "$@" selftests/run.sh test_paths
}

# The one that stock kernels lack: a VM whose memory may become private.
paths_debug() {
	"$here/lab" --kernel 6.12-debug --timeout "$DEBUG_SECONDS" \
		--out "$LOGS/paths-6.12-debug" -- build/selftests/test_paths private
}

# What a run leaves of a former one would be taken for its own.
start() {
	local series
	need_root "this installs packages, and builds in a chroot"
	rm -rf "$LOGS"
	mkdir -p "$LOGS"
	cd "$PROJECT"
	for series in $SERIES_STOCK; do
		[[ " ${STOCK[*]} " == *" $series "* ]] ||
			untested_skip "kernel $series" "left out by NPTBUDGET_SERIES"
	done
}

prepare() {
	local group=$1
	shift
	step "packages" "$here/deps.sh" build lab check "$group"
	fetch_kernels "$@"
	go_on
	step "build" build
}

# Go on with those that are there, and have every script do so. What needs one
# kernel runs on 6.12, if it is there.
go_on() {
	local series
	STOCK=() HOST=''
	for series in "${kernels_there[@]}"; do
		! is_stock "$series" || STOCK+=("$series")
		if [ -z "$HOST" ] || [ "$series" = 6.12 ]; then HOST=$series; fi
	done
	[ -n "$HOST" ] || step_failed
	[ ${#STOCK[@]} = 0 ] || export NPTBUDGET_SERIES="${STOCK[*]}"
	KSELFTEST_SERIES=$(stock_of "$HOST")
	export KSELFTEST_SERIES
}

# What needs no lab: the modules, which are then there for the labs, and beside it
# what is done when an emulated host sleeps, as it does now and then.
check_built() {
	local series
	for series in "${STOCK[@]}"; do
		piece "sparse and W=1 $series" "$here/static.sh" "build-$series"
	done
	beside "test of the checker" "$here/test-tally.sh"
	beside "messages" "$here/test-messages.sh"
	beside "ends" "$here/test-stop.sh"
	beside "kernels from archives" "$here/test-kernels.sh"
	beside "unit tests, module" check_unit selftests/unit
	beside "unit tests, command" check_unit userspace
	beside "manual, completion" "$here/check-command.sh"
	beside "static checks" "$here/static.sh" shell layers prototypes checkpatch
}

# A test that takes a few seconds, with tracing by a program that is installed.
check_short() {
	local series
	for series in "${STOCK[@]}"; do
		piece "selftest $series" alone "$series" test_trace.sh
	done
}

# check quick|full: what takes longest comes first, so that short pieces fill up the
# end.
check() {
	local series
	for series in "${STOCK[@]}"; do
		piece "selftests $series" selftests "$series" "$SELFTEST_SECONDS"
	done
	for series in "${STOCK[@]}"; do
		piece "paths $series" paths "$series" "NPTB_PATHS=$1"
	done
	piece "replay, record, perf, corpus $HOST" alone "$HOST" test_replay.sh test_record.sh test_perf.sh test_corpus
	for series in "${STOCK[@]}"; do
		if [ "$1" = full ] || [ "$series" = "$HOST" ]; then
			piece "late ends $series" late "$series"
		fi
	done
	only 6.12 piece "probe" "$here/probe-check.sh"
	piece "test of the lab" "$here/test-lab.sh" "$HOST"
	piece "demo" "$here/demo.sh" --tap
}

debug() {
	# It takes ten times as long for everything.
	only 6.12-debug piece "selftests 6.12-debug" selftests 6.12-debug "$DEBUG_SECONDS" \
		NPTB_PATIENCE=6 "NPTB_TEST_TIMEOUT=$DEBUG_SECONDS"
	only 6.12-debug piece "paths 6.12-debug" paths_debug
}

main() {
	local series
	local usage="usage: check.sh [--full|--debug|--short]"
	[ $# -le 1 ] || usage_error "$usage"
	case ${NPTBUDGET_CHECK-} in
	'') ;;
	short) [ $# -gt 0 ] || set -- --short ;;
	*) usage_error "NPTBUDGET_CHECK is short, or not set; not '$NPTBUDGET_CHECK'" ;;
	esac
	start
	case ${1-} in
	'') prepare check "${STOCK[@]}"; check_built; check quick ;;
	--short) prepare check "${STOCK[@]}"; check_built; check_short ;;
	--full)
		prepare debug "${STOCK[@]}" 6.12-debug
		check_built
		check full
		for series in "${STOCK[@]}"; do
			[ "$series" != "$HOST" ] || continue
			piece "replay, record, perf, corpus $series" \
				alone "$series" test_replay.sh test_record.sh test_perf.sh test_corpus
		done
		for series in "${STOCK[@]}"; do
			piece "host check $series" "$here/test-host.sh" --all "$series"
		done
		only "6.12 6.1" piece "false alarms" "$here/check-alarms.sh"
		debug ;;
	--debug) prepare debug 6.12-debug; debug ;;
	*) usage_error "$usage" ;;
	esac
	pieces_wait 0 all
	pieces_sum
}

main "$@"
