# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Everything below scripts/lib, in the order it builds on itself.
lib=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$lib/common.sh"
# shellcheck source-path=SCRIPTDIR source=series.sh
. "$lib/series.sh"
# shellcheck source-path=SCRIPTDIR source=apt.sh
. "$lib/apt.sh"
# shellcheck source-path=SCRIPTDIR source=resolve.sh
. "$lib/resolve.sh"
# shellcheck source-path=SCRIPTDIR source=trixie.sh
. "$lib/trixie.sh"
# shellcheck source-path=SCRIPTDIR source=boot.sh
. "$lib/boot.sh"
# shellcheck source-path=SCRIPTDIR source=kernel.sh
. "$lib/kernel.sh"
# shellcheck source-path=SCRIPTDIR source=build.sh
. "$lib/build.sh"
# shellcheck source-path=SCRIPTDIR source=source.sh
. "$lib/source.sh"
# shellcheck source-path=SCRIPTDIR source=debug-kernel.sh
. "$lib/debug-kernel.sh"
# shellcheck source-path=SCRIPTDIR source=small-guest.sh
. "$lib/small-guest.sh"
