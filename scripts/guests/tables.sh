#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What check-guests.sh found, as record.pl noted it.
#   tables.sh --list FILE       a line for each guest
#   tables.sh FILE DOCUMENT     the tables of DOCUMENT, between its marks, anew
# shellcheck disable=SC2016 # $ is for jq
set -euo pipefail
shopt -s inherit_errexit
here=$(dirname "$(readlink -f "$0")")

# ask FILE FILTER: jq, with the names of the guests as $names, in order, and their runs as
# runs(NAME): by policy, the table's first, and budget.
ask() {
	awk '!/^#/ { print $1 }' "$here/table" | jq -nRr --slurpfile all "$1" '
		[inputs] as $names | $all[0] as $all |
		["fifo", "clock", "lru", "random", "mru", "wsclock", "last-only"] as $policies |
		def runs($name): [$all.runs[] | select(.guest == $name)] |
			sort_by([(.policy as $p | $policies | index($p)), -.pages]);
		# A floor of these is that of the small Linux, where their runs are of Debian'"'"'s.
		def short: IN("xen", "microvm-1g", "microvm-2g", "balloon");
		def least($name): runs($name) | map(select(.done and .policy == "fifo")) | min_by(.pages);
		# Where a run was stopped for want of time, less may do.
		def stopped($f): $f.stopped // if $f.below.why == "time" then null else $f.below end;
		def most_stopped($f): stopped($f) | if . then .pages // $f.more_than else 0 end;
		def found($f): $f.at_most == most_stopped($f) + 1;
		def row: "| " + (map(. // "-" | tostring) | join(" | ")) + " |";
		'"$2"
}

list() {
	ask "$1" '$names[] | . as $name | $all.floors[$name] as $f | [$name,
		if $f == null then "no floor yet" elif found($f) then "\($f.at_most) pages" else
			"\(most_stopped($f) + 1) to \($f.at_most) pages" end,
		(runs($name) | map("\(.pages) \(.policy)\(if .done then "" else " FAILED" end)") |
			join(", ") | if . == "" then "not run yet" else . end)] | @tsv' | expand -t 16,36
}

# What each guest did under each budget.
runs() {
	echo "| guest | budget | policy | faults | evictions | most resident | loops | done | date |"
	echo "| --- | ---: | --- | ---: | ---: | ---: | ---: | --- | --- |"
	ask "$1" '$names[] | runs(.)[] | [.guest, .pages, .policy, .faults, .evictions, .peak, .loops,
		if .done then "yes" else "no" end, .date] | row'
}

# The least budget of each, and what stops it below that. Where it has not been searched for,
# the least of those that did.
floors() {
	echo "| guest | touches | least budget | faults with it | one page below | date |"
	echo "| --- | ---: | ---: | ---: | --- | --- |"
	ask "$1" 'def needs: if .vector != null then "the delivery of vector \(.vector) at rip \(.rip)" else
			"`\(.insn // "?")` at rip \(.rip)" end + " needs at least \(.needs) pages at once";
		def stops: if . == null then "-" elif .why == "loop" then needs else "the guest fails" end;
		def slow($f): $f.slow // if $f.below.why == "time" then [$f.more_than] else [] end |
			map(select(. > most_stopped($f)) | tostring) | join(" and ") |
			if . == "" then "less has not been tried" else
				"with \(.): not in \($f.limit_seconds | round) s" end;
		def seen($name; $title): least($name) | select(.) |
			[$title, "-", "at most \(.pages)", .faults, "less has not been tried", .date];
		def floor($f; $title):
			if found($f) then
				[$title, $f.touches, "**\($f.at_most)**", $f.faults, (stopped($f) | stops), $f.date]
			elif stopped($f) then
				[$title, $f.touches, "\(most_stopped($f) + 1) to \($f.at_most)", $f.faults,
					"with \(most_stopped($f)): \(stopped($f) | stops); \(slow($f))", $f.date]
			else
				[$title, $f.touches, "at most \($f.at_most)", $f.faults, slow($f), $f.date]
			end;
		$names[] | . as $name | $all.floors[$name] as $f |
		if $f == null then seen($name; $name)
		elif short then floor($f; "\($name), small Linux"), seen($name; "\($name), Debian'"'"'s Linux")
		else floor($f; $name) end | row'
}

# put MARK FILE: a document on stdin, with what the function MARK prints below <!-- MARK -->.
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
