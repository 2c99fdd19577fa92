#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Does damo read what `nptbudget export --to damo` writes? Records a guest on an emulated
# host, and opens the export with the damo of Debian 13, in a pristine machine. What damo
# shows is compared with the same recording as csv. TAP; takes four minutes.
# shellcheck disable=SC2317 # prepared calls what it is given
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/all.sh
. "$here/lib/all.sh"
# shellcheck source-path=SCRIPTDIR source=lib/fresh.sh
. "$here/lib/fresh.sh"
# shellcheck source-path=SCRIPTDIR source=lib/tap.sh
. "$here/lib/tap.sh"
SERIES=6.12
OUT=$PROJECT/build/check-damo

finish() { fresh_remove damo; }
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

prepare() {
	"$here/deps.sh" build lab fresh check
	"$here/kernel.sh" fetch "$SERIES"
	make -s -C "$PROJECT" cli
	make -s -C "$PROJECT/selftests" all
	"$here/build-module.sh" "$SERIES"
	fresh_release damo trixie ""
	fresh_run "$FRESH/damo" / env DEBIAN_FRONTEND=noninteractive sh -ec '
		apt-get -q update
		apt-get -q -y --no-install-recommends install damo file less'
}

# Four pages at a time, of eight that are added to in turn, for a while.
recorded() {
	local format
	"$here/lab" --kernel "$SERIES" --timeout 300 --out "$OUT" -- nptbudget record \
		-o /run/lab/out/a.dat -- nptbudget run --pages 4 -- \
		build/selftests/addloop --pages 8 --laps 5000 || return 1
	for format in damo csv; do
		"$PROJECT/build/bin/nptbudget" export "$OUT/a.dat" --to $format -o "$OUT/a.$format" || return 1
	done
	install -m 644 "$OUT/a.damo" "$FRESH/damo/root/a.damo"
}

damo() { fresh_run "$FRESH/damo" /root damo "$@"; }

# Each page that a fault mapped, and no other, as csv and as damo have it.
in_csv() { awk -F, '$2 == "fault" && $10 == "mapped" { print $7 }' "$OUT/a.csv" | sort -u; }
in_damo() {
	damo report access --input a.damo --json --raw_number >"$OUT/access.json" || return 1
	jq -r '.[].snapshots[].regions[] | "\(.start) \(.end)"' "$OUT/access.json" | tr -d , |
		while read -r start end; do
			for ((; start < end; start += 4096)); do printf '0x%x\n' $((start >> 12)); done
		done | sort -u
}

pages() {
	in_csv >"$OUT/csv.pages"
	in_damo >"$OUT/damo.pages"
	[ "$(wc -l <"$OUT/csv.pages")" -ge 9 ] || { echo "too few pages recorded"; return 1; }
	diff "$OUT/csv.pages" "$OUT/damo.pages"
}

# shows REPORT... -- PATTERN: damo's report of it has a line like that.
shows() {
	local -a report=()
	while [ "$1" != -- ]; do report+=("$1"); shift; done
	damo report "${report[@]}" --input a.damo >"$OUT/report" || { tail "$OUT/report"; return 1; }
	grep -qE "$2" "$OUT/report" || { head "$OUT/report"; return 1; }
}

main() {
	[ $# = 0 ] || usage_error "usage: check-damo.sh"
	need_root "this makes a root folder of another system"
	rm -rf "$OUT"
	mkdir -p "$OUT" "$FRESH"
	prepared "$OUT/prepare.log" "the machine" prepare
	tap_begin
	tap_check "a recording, exported" recorded
	tap_check "damo report access shows a page" shows access -- 'addr 2\.000 MiB  *size '
	tap_check "all pages that were mapped, and no other" pages
	# Nothing is left out of the beginning.
	tap_check "damo report wss" shows wss --exclude_samples 0 -- '^# avr:.[1-9][0-9.]* KiB$'
	tap_check "damo report heatmap" shows heatmap --output stdout -- '^# x-axis: space'
	tap_end
}

with_lock fresh main "$@"
