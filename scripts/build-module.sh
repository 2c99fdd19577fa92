#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# build-module.sh SERIES [MAKE ARGUMENTS]: build module/ for a kernel of the
# cache into build/SERIES/module/, e.g. build-module.sh 6.12 W=1 C=2
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/all.sh
. "$here/lib/all.sh"

[ $# -ge 1 ] || usage_error "usage: build-module.sh SERIES [MAKE ARGUMENTS]"
series=$1
shift
need_series "$series"
kernel_fetch "$series"
module_build "$series" "$@"
