# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The supported kernels: the one table that names them, and where Debian has
# them. docs/KERNELS.md tells how to add one. Sourced after common.sh.

# A kernel a line. `stock` is one of Debian's, from the archive of that release;
# `built` is made here, from the source of that stock series.
SERIES_TABLE="
6.1         stock  bookworm
6.12        stock  bookworm
7.3         stock  trixie
6.12-debug  built  6.12
"

# The suites of a release that are asked for kernels, with the archive that has
# each. Those of backports are preferred where they are asked.
release_suites() {
	case $1 in
	bookworm) printf '%s\n' "main bookworm" "security bookworm-security" ;;
	trixie) printf '%s\n' "main trixie" "main trixie-backports" "security trixie-security" ;;
	esac
}

# series_of KIND: those in the table; for KIND "all", of either kind.
series_of() {
	awk -v k="$1" 'NF && (k == "all" || $2 == k) { printf "%s%s", sep, $1; sep = " " }' \
		<<<"$SERIES_TABLE"
}

series_column() { awk -v s="$1" -v n="$2" '$1 == s { print $n }' <<<"$SERIES_TABLE"; }

# Those that scripts go through: the stock ones, or some of them by choice.
SERIES_STOCK=$(series_of stock)
SERIES_ALL=${NPTBUDGET_SERIES:-$SERIES_STOCK}
# For messages and usage.
SERIES_NAMES=$(series_of all)
: "$SERIES_NAMES"

is_series() { [[ $1 != *[[:space:]]* && " $SERIES_NAMES " == *" $1 "* ]]; }
is_stock() { [ "$(series_column "$1" 2)" = stock ]; }

need_series() { is_series "$1" || usage_error "no such kernel: $1 (there are: $SERIES_NAMES)"; }

# The stock series that a kernel is, or is built from.
stock_of() { if is_stock "$1"; then echo "$1"; else series_column "$1" 3; fi; }

# The release of Debian that a kernel comes from, whose compiler builds for it.
release_of() { series_column "$(stock_of "$1")" 3; }

# The environment variable that picks a version by hand, and what it says.
pick_variable() {
	local series
	series=$(stock_of "$1")
	printf 'NPTBUDGET_KERNEL_%s\n' "${series//./_}"
}

pick_of() {
	local name
	name=$(pick_variable "$1")
	printf '%s\n' "${!name-}"
}

# What the environment says of kernels is looked at once, and first: a name that
# is not understood would be one that is silently without effect.
series_check_environment() {
	local name series known=
	for series in $SERIES_ALL; do
		is_stock "$series" ||
			usage_error "NPTBUDGET_SERIES: no such kernel: $series (there are: $SERIES_STOCK)"
	done
	for series in $SERIES_STOCK; do known+=" $(pick_variable "$series")"; done
	for name in "${!NPTBUDGET_KERNEL_@}"; do
		[[ " $known " == *" $name "* ]] ||
			usage_error "$name picks no kernel: there are:$known"
		[[ ${!name} =~ ^([0-9][0-9A-Za-z.+~-]*)?$ ]] ||
			usage_error "$name takes a package version such as 6.1.192-2, or a release such as 6.1.0-56-amd64; not '${!name}'"
	done
}

series_check_environment
