#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# host-check.sh on an emulated host, as if that were a real one: TAP on stdout.
#   test-host.sh [SERIES]        few selftests and cases of the probe
#   test-host.sh --all SERIES    all of them
# It builds what is tried there: compilers take too long on an emulated host.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
. "$here/lib/common.sh"
# shellcheck source-path=SCRIPTDIR source=lib/series.sh
. "$here/lib/series.sh"

all=0
[ "${1-}" != --all ] || { all=1; shift; }
[ $# -le 1 ] || usage_error "usage: test-host.sh [--all] [SERIES]"
series=${1:-6.12}
need_series "$series"

folder=$PROJECT/build/host-$series
"$here/build-module.sh" "$series"
rm -rf "$folder"
make -s -C "$PROJECT/selftests" install INSTALL_PATH="$folder" >&2
"$here/lab" --kernel "$series" --no-module --timeout 2400 -- \
	scripts/host/try.sh "build/$series/stripped/nptbudget.ko" "$folder" $all
