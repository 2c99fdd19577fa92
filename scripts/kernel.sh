#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The kernels of the cache, for other scripts.
#   kernel.sh fetch SERIES        have it in the cache
#   kernel.sh path SERIES         print KVER=, KDIR=, VMLINUZ=, MODULES=, SRC= to source
#   kernel.sh make SERIES ARGS    make in its build folder with its compiler
#   kernel.sh source SERIES       have the parts of its source that checks need at SRC
#   kernel.sh kselftest SERIES    the same, and print where kselftest is in it
#   kernel.sh resolve SERIES      the newest in Debian's archive
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/all.sh
. "$here/lib/all.sh"

[ $# -ge 2 ] || usage_error "usage: kernel.sh fetch|path|make|source|kselftest|resolve SERIES [ARGS]"
verb=$1 series=$2
shift 2
is_series "$series" || usage_error "no such kernel: $series (there are: $SERIES_ALL 6.12-debug)"
case $verb in
fetch) kernel_fetch "$series" ;;
path) kernel_fetch "$series"; cat "$(kernel_dir "$series")/env" ;;
make) kernel_fetch "$series"; kernel_make "$series" "$@" ;;
source) source_fetch "$series" ;;
kselftest) source_fetch "$series"; echo "$(source_dir "$series")/tools/testing/selftests" ;;
resolve) kernel_resolve "$series" ;;
*) usage_error "no such verb: $verb" ;;
esac
