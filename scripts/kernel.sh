#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The kernels of the cache, for other scripts.
#   kernel.sh fetch SERIES        have it in the cache
#   kernel.sh refresh SERIES      the same, the newest that can be had
#   kernel.sh path SERIES         print KVER=, KDIR=, VMLINUZ=, MODULES=, SRC= to source
#   kernel.sh make SERIES ARGS    make in its build folder with its compiler
#   kernel.sh source SERIES       have the parts of its source that checks need at SRC
#   kernel.sh kselftest SERIES    the same, and print where kselftest is in it
#   kernel.sh resolve SERIES      the packages of the newest that can be had now
#   kernel.sh list                the supported series
# Exit status 4: Debian's archive has no kernel of that series at all.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/all.sh
. "$here/lib/all.sh"

# shellcheck disable=SC2034 # for resolve.sh
GONE=4
[ "${1-}" != list ] || { printf '%s\n' "$SERIES_NAMES"; exit; }
[ $# -ge 2 ] || usage_error "usage: kernel.sh fetch|refresh|path|make|source|kselftest|resolve SERIES [ARGS]"
verb=$1 series=$2
shift 2
need_series "$series"
case $verb in
fetch) kernel_fetch "$series" ;;
refresh) kernel_refresh "$series" ;;
path) kernel_fetch "$series"; cat "$(kernel_dir "$series")/env" ;;
make) kernel_fetch "$series"; kernel_make "$series" "$@" ;;
source) source_fetch "$series" ;;
kselftest) source_fetch "$series"; echo "$(source_dir "$(stock_of "$series")")/tools/testing/selftests" ;;
resolve) kernel_take "$(stock_of "$series")"; printf '%s\n' "$taken_packages" ;;
*) usage_error "no such verb: $verb" ;;
esac
