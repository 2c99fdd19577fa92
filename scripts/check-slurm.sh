#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Does a sweep run as an array of jobs of Slurm, as docs/SWEEPS.md has it? Runs Debian's
# Slurm, a cluster of one node, on an emulated host. TAP.
#   check-slurm.sh [SERIES]
# shellcheck disable=SC2317 # job calls what it is given
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
. "$here/lib/common.sh"
OUT=$PROJECT/build/slurm
WORKLOAD="$PROJECT/build/selftests/addloop --pages 3 --seconds 600"

# The document's only script, with a small sweep of a small guest.
document() {
	sed -n 's/^    //; /^#!\/bin\/bash$/,/ -- VMM ARGS$/p' "$PROJECT/docs/SWEEPS.md" |
		sed "s|--pages 16:4096:9 --policy fifo,clock,lru|--pages 2:9:4 --policy fifo,lru|
			s|VMM ARGS|\${BEFORE-} $WORKLOAD|"
}

prepare() {
	"$here/deps.sh" build lab full
	"$here/kernel.sh" fetch "$1"
	make -s -C "$PROJECT" cli
	make -s -C "$PROJECT/selftests" all
	"$here/build-module.sh" "$1"
	document >"$OUT/sweep.sbatch"
	grep -q '^#SBATCH --array=1-4$' "$OUT/sweep.sbatch"
	grep -q -- '--policy fifo,lru' "$OUT/sweep.sbatch"
	grep -q 'addloop --pages 3' "$OUT/sweep.sbatch"
}

main() {
	local series=${1-6.12}
	[ $# -le 1 ] || usage_error "usage: check-slurm.sh [SERIES]"
	mkdir -p "$OUT"
	prepared "$OUT/build.log" "the sweep" prepare "$series"
	"$here/lab" --kernel "$series" --timeout 900 --out "$OUT/out" -- scripts/slurm/run.sh
}

run_whole main "$@"
