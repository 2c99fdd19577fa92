#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What check-guests.sh found.
#   tables.sh --list RESULTS       a line for each guest
#   tables.sh RESULTS DOCUMENT     the tables of DOCUMENT, between its marks, anew
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")

names() { awk '!/^#/ { print $1 }' "$here/table"; }

list() {
	local name floor runs
	while read -r name; do
		floor="no floor yet" runs="not run yet"
		[ ! -f "$1/$name-floor/floor.json" ] ||
			floor=$(jq -r '"\(.floor) pages"' "$1/$name-floor/floor.json")
		[ ! -f "$1/$name/runs" ] ||
			runs=$(jq -rs 'map("\(.pages) \(.policy)\(if .done then "" else " FAILED" end)") | join(", ")' \
				"$1/$name/runs")
		printf '%-12s %-14s %s\n' "$name" "$floor" "$runs"
	done < <(names)
}

# What each guest did under each budget.
runs() {
	local name
	echo "| guest | budget | policy | faults | evictions | most resident | loops | done |"
	echo "| --- | ---: | --- | ---: | ---: | ---: | ---: | --- |"
	while read -r name; do
		jq -r '"| \(.guest) | \(.pages) | \(.policy) | \(.faults) | \(.evictions) | \(.peak) | \(.loops) | \(if .done then "yes" else "no" end) |"' \
			"$1/$name/runs" 2>/dev/null || true
	done < <(names)
}

# The least budget of each, and what stops it below that. Where it has not been searched for,
# the least of those that did.
floors() {
	local name
	echo "| guest | touches | least budget | faults with it | one page below |"
	echo "| --- | ---: | ---: | ---: | --- |"
	while read -r name; do
		if [ -f "$1/$name-floor/floor.json" ]; then
			floor_row "$name" "$1/$name-floor/floor.json"
		else
			jq -rs 'map(select(.done and .policy == "fifo")) | min_by(.pages) | select(.) |
				"| \(.guest) | - | at most \(.pages) | \(.faults) | less has not been tried |"' \
				"$1/$name/runs" 2>/dev/null || true
		fi
	done < <(names)
}

floor_row() {
	jq -r --arg name "$1" '. as $all | (.runs | map(select(.completed and .pages == $all.floor)) | first) as $at |
		"| \($name) | \(.runs[0].peak) | **\(.floor)** | \($at.faults // "-") | \(
		if .below == null then "-" elif .below.why == "loop" then
			"a loop: \(.below.text // "" | gsub("\\s+"; " ") | gsub("\\|"; "/") | .[0:160])"
		elif .below.why == "time" then "not in \(.limit_seconds) s" else "the guest fails" end) |"' "$2"
}

# between MARK: a document on stdin, with what FUNCTION prints below <!-- MARK -->.
put() {
	local mark=$1 text
	text=$("$1" "$2")
	TEXT=$text awk -v mark="<!-- $mark -->" '
		$0 == mark { print; print ""; print ENVIRON["TEXT"]; print ""; skip = 1; next }
		/^<!-- end -->$/ { skip = 0 }
		!skip'
}

case ${1-} in
--list) list "$2" ;;
*)
	new=$(put runs "$1" <"$2" | put floors "$1")
	printf '%s\n' "$new" >"$2" ;;
esac
