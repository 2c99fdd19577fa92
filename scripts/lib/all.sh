# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Everything below scripts/lib, in the order it builds on itself.
lib=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=scripts/lib/common.sh
. "$lib/common.sh"
# shellcheck source=scripts/lib/apt.sh
. "$lib/apt.sh"
# shellcheck source=scripts/lib/trixie.sh
. "$lib/trixie.sh"
# shellcheck source=scripts/lib/boot.sh
. "$lib/boot.sh"
# shellcheck source=scripts/lib/kernel.sh
. "$lib/kernel.sh"
# shellcheck source=scripts/lib/build.sh
. "$lib/build.sh"
