#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Install what the tests need, build, run every test, and end with one plain
# line, "N passed, N failed, N skipped". Exit status 0 only where nothing failed
# and something passed. Logs: build/check/.
#   check.sh           what every change has to pass
#   check.sh --full    everything on every kernel, all paths at all budgets, the
#                      selftests on the debug kernel as well, the demo, the check
#                      of a host, Debian under budgets with an eye on loops, real guests,
#                      Intel's VT-x
#   check.sh --debug   the selftests on the debug kernel alone
#   check.sh --short   all that installs, fetches and builds, what needs no lab but
#                      checkpatch (which needs no package), and a selftest on each
#                      kernel. Asked for by NPTBUDGET_CHECK=short
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
ALONE=(test_replay.sh test_record.sh test_corpus test_memory)
# perf takes its time to find out about events, bpftrace comes with a compiler, and gnuplot
# draws fourteen pictures.
ALONE_FULL=(test_perf.sh test_tools.sh test_plot.sh)
STATIC=(shell layers prototypes checkpatch)

trap 'pieces_end' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
export CMOCKA_MESSAGE_OUTPUT=TAP

step_failed() {
	failed=1
	pieces_sum
}

# Debian's ccache stands before the compilers, for all that is run from here on: a
# clean clone has most of its objects from the last one, with their warnings.
use_ccache() {
	[ -d /usr/lib/ccache ] || return 0
	export PATH="/usr/lib/ccache:$PATH" CCACHE_DIR="$CACHE/ccache" CCACHE_MAXSIZE=2G \
		CCACHE_BASEDIR="$PROJECT" CCACHE_NOHASHDIR=1
}

build() {
	make -C "$PROJECT" -j"$(nproc)" cli
	make -C "$PROJECT/selftests" -j"$(nproc)" all
}

# check_unit FOLDER: the unit tests of the command, or of the module.
check_unit() { make -s -C "$PROJECT/$1" check; }

# selftests all|each SERIES SECONDS [NAME=VALUE...]: all, or those that every kernel
# is to have.
selftests() {
	local which=$1 series=$2 seconds=$3
	local -a run=(selftests/run.sh)
	shift 3
	[ "$which" = all ] || run+=(--each)
	"$here/lab" --kernel "$series" --timeout "$seconds" --out "$LOGS/selftests-$series" \
		-- env NPTB_INSTALLED=1 "$@" "${run[@]}"
}

# alone SERIES TEST...: tests that are run by name, where once is enough: small
# guest programs whose least budget is known; recorded faults run through policies.
alone() {
	"$here/lab" --kernel "$1" --timeout "$SELFTEST_SECONDS" --out "$LOGS/$2-$1" \
		-- env NPTB_INSTALLED=1 selftests/run.sh "${@:2}"
}

# late SERIES: ends of VMs and of the module that come at the worst moments, where
# use of freed memory shows; and how long others wait beside a VM whose pager is slow.
# Time goes by instructions in both.
late() {
	"$here/lab" --kernel "$1" --icount --cpus 1 --tdp-mmu 0 --append slub_debug=FZP \
		--timeout "$SELFTEST_SECONDS" --out "$LOGS/late-$1" \
		-- env NPTB_INSTRUCTIONS=1 selftests/run.sh test_late test_neighbours
}

# bounded SERIES: for how long a CPU is kept from others, with many resident pages.
bounded() {
	"$here/lab" --kernel "$1" --icount --cpus 1 --mem 3G --append preempt=full \
		--timeout "$SELFTEST_SECONDS" --out "$LOGS/bounded-$1" \
		-- env NPTB_INSTRUCTIONS=1 selftests/run.sh test_bounded
}

# cost SERIES: has a fault become dearer than recorded? Counted, not timed.
cost() {
	"$here/lab" --kernel "$1" --icount --cpus 1 --no-lab-svm \
		--timeout "$SELFTEST_SECONDS" --out "$LOGS/cost-$1" -- selftests/cost.sh
}

# paths SERIES [NAME=VALUE...]: every path that makes or removes a leaf. Pages
# that move between memory nodes and a page of 1 GiB take parameters of the boot; and
# so does use of a page table that was freed, to show.
paths() {
	local series=$1
	shift
	"$here/lab" --kernel "$series" --mem 5G \
		--append "numa=fake=2 hugepagesz=1G hugepages=1 page_poison=1" \
		--timeout "$PATHS_SECONDS" --out "$LOGS/paths-$series" \
		-- env NPTB_TEST_TIMEOUT="$PATHS_SECONDS" "$@" selftests/run.sh test_paths test_trail
}

# The one that stock kernels lack: a VM whose memory may become private.
paths_debug() {
	"$here/lab" --kernel 6.12-debug --timeout "$DEBUG_SECONDS" \
		--out "$LOGS/paths-6.12-debug" -- build/selftests/test_paths private
}

# Each allocation fails once, each in a VM of its own.
failslab() {
	"$here/lab" --kernel 6.12-debug --timeout "$DEBUG_SECONDS" --out "$LOGS/failslab-6.12-debug" \
		-- env "NPTB_TEST_TIMEOUT=$DEBUG_SECONDS" selftests/run.sh test_failslab
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
	local -a groups
	read -r -a groups <<<"$1"
	shift
	step "packages" "$here/deps.sh" build lab check "${groups[@]}"
	fetch_kernels "$@"
	go_on
	use_ccache
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

# check_built CHECK...: what needs no lab: the modules, which are then there for the
# labs, and beside it what is done when an emulated host sleeps, as it does now and
# then. CHECK is one of static.sh.
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
	beside "instructions, this CPU" check_unit selftests/native
	beside "unit tests, command" check_unit userspace
	beside "manual, completion" "$here/check-command.sh"
	beside "static checks" "$here/static.sh" "$@"
}

# A test that takes a few seconds, with tracing by a program that is installed.
check_short() {
	local series
	for series in "${STOCK[@]}"; do
		piece "selftest $series" alone "$series" test_trace.sh
	done
}

# The check of every change: everything on one kernel, and on the others what depends
# on the kernel; every path at one budget, another one on each. What takes longest
# comes first, so that short pieces fill up the end.
check_quick() {
	local series which
	local -a budgets=(1 64 5)
	for series in "${STOCK[@]}"; do
		which=each
		[ "$series" != "$HOST" ] || which=all
		piece "selftests $series" selftests $which "$series" "$SELFTEST_SECONDS" NPTB_TIMES=8
	done
	for series in "${STOCK[@]}"; do
		piece "paths $series" paths "$series" "NPTB_PATHS=${budgets[0]}"
		budgets=("${budgets[@]:1}" "${budgets[0]}")
	done
	piece "replay, record, corpus, memory $HOST" alone "$HOST" "${ALONE[@]}"
	piece "late ends, neighbours $HOST" late "$HOST"
	for series in "${STOCK[@]}"; do
		piece "cost of a fault $series" cost "$series"
	done
	only 6.12 piece "probe" "$here/probe-check.sh"
	piece "test of the lab" "$here/test-lab.sh" "$HOST"
	piece "other CPUs $HOST" "$here/test-cpus.sh" "$HOST"
}

# All of it on all kernels, and what takes long.
check_full() {
	local series
	for series in "${STOCK[@]}"; do
		piece "selftests $series" selftests all "$series" "$SELFTEST_SECONDS" NPTB_FULL=1
	done
	for series in "${STOCK[@]}"; do
		piece "paths $series" paths "$series" NPTB_PATHS=full
	done
	for series in "${STOCK[@]}"; do
		piece "replay, record, perf, plot, corpus, memory $series" alone "$series" "${ALONE[@]}" "${ALONE_FULL[@]}"
		piece "late ends, neighbours $series" late "$series"
		piece "cost of a fault $series" cost "$series"
	done
	piece "bounded $HOST" bounded "$HOST"
	only 6.12 piece "probe" "$here/probe-check.sh"
	piece "test of the lab" "$here/test-lab.sh" "$HOST"
	piece "other CPUs $HOST" "$here/test-cpus.sh" "$HOST"
	piece "demo" "$here/demo.sh" --tap
	for series in "${STOCK[@]}"; do
		piece "host check $series" "$here/test-host.sh" --all "$series"
	done
	only "6.12 6.1" piece "false alarms" "$here/check-alarms.sh"
	piece "lockdown $HOST" alone "$HOST" test_lockdown.sh
	only 6.12 piece "Secure Boot" "$here/check-secureboot.sh"
	only 6.12 piece "tutorial" "$here/tutorial.sh" --check
	piece "guests $HOST" "$here/check-guests.sh" --kernel "$HOST"
	piece "libvirt $HOST" "$here/check-libvirt.sh" "$HOST"
	piece "Slurm $HOST" "$here/check-slurm.sh" "$HOST"
	piece "damo" "$here/check-damo.sh"
	for series in "${STOCK[@]}"; do
		piece "VT-x $series" "$here/check-intel.sh" --kernel "$series" --out "$LOGS/intel"
	done
	debug
}

debug() {
	# It takes ten times as long for everything.
	only 6.12-debug piece "selftests 6.12-debug" selftests all 6.12-debug "$DEBUG_SECONDS" \
		NPTB_PATIENCE=6 "NPTB_TEST_TIMEOUT=$DEBUG_SECONDS"
	only 6.12-debug piece "paths 6.12-debug" paths_debug
	only 6.12-debug piece "failing allocations 6.12-debug" failslab
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
	'') prepare check "${STOCK[@]}"; check_built "${STATIC[@]}"; check_quick ;;
	--short) prepare check "${STOCK[@]}"; check_built shell layers; check_short ;;
	--full) prepare "debug full guests uefi bochs" "${STOCK[@]}" 6.12-debug; check_built "${STATIC[@]}"; check_full ;;
	--debug) prepare debug 6.12-debug; debug ;;
	*) usage_error "$usage" ;;
	esac
	pieces_wait 0 all
	pieces_sum
}

main "$@"
