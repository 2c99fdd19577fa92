#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Is every subcommand of nptbudget, with every option that its --help names, in the
# manual and in the completion, with examples that it takes, and are the pages clean? TAP on stdout. Needs the
# command in build/bin.
#   check-command.sh [NPTBUDGET]
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/tap.sh
. "$here/lib/tap.sh"
top=$(dirname "$here")
man=$top/userspace/man
nptbudget=${1:-$top/build/bin/nptbudget}
[ -x "$nptbudget" ] || { echo "Bail out! $nptbudget is not there: make cli"; exit 1; }

# The names in the overview: a list with two blanks before each.
commands() { "$nptbudget" help | sed -n 's/^  \([a-z]\+\)  .*/\1/p'; }

# What the completion offers behind these words.
# shellcheck disable=SC2034 # the completion reads them
offers() {
	local -a COMP_WORDS=(nptbudget "$@" '') COMPREPLY=()
	local COMP_CWORD=$(($# + 1))
	_nptbudget
	printf '%s\n' "${COMPREPLY[@]}"
}

options() { "$nptbudget" "$1" --help | grep -oE -- '--[a-z][a-z-]*' | sort -u; }

has_page() {
	[ -f "$man/nptbudget-$1.8" ] || { echo "no userspace/man/nptbudget-$1.8"; return 1; }
	grep -qx "\.It Xr nptbudget-$1 8" "$man/nptbudget.8" ||
		{ echo "nptbudget.8 does not list it"; return 1; }
}

# mdoc has the first dash of a long option in Fl.
page_options() {
	local option rc=0
	while read -r option; do
		sed 's/\\-/-/g' "$man/nptbudget-$1.8" | grep -E -- "Fl [^.]*${option#-}\b|$option\b" >/dev/null ||
			{ echo "$option is not in the page"; rc=1; }
	done < <(options "$1")
	return $rc
}

# Each page has an example of its command, and its examples have no option that the command
# they are of does not name; what stands behind -- or a pipe is another program's.
page_examples() {
	local line option rc=0 own=0
	while read -r line; do
		[[ $line != "$1"* ]] || own=1
		while read -r option; do
			options "${line%% *}" | grep -qx -- "$option" ||
				{ echo "nptbudget ${line%% *} has no $option"; rc=1; }
		done < <(grep -oE -- ' --[a-z][a-z-]*' <<<"$line" | tr -d ' ')
	done < <(sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$man/nptbudget-$1.8" | sed 's/\\-/-/g' |
		grep -oE 'nptbudget [a-z]+( [^|]*)?$|nptbudget [a-z]+ [^|]*' | sed 's/^nptbudget //; s/ -- .*//')
	[ $own = 1 ] || { echo "no example of nptbudget $1"; rc=1; }
	return $rc
}

completes() { offers | grep -x "$1" >/dev/null && offers help | grep -x "$1" >/dev/null; }

completes_options() {
	local option rc=0 offered
	# nptbudget itself has nothing to complete.
	[ "$1" != help ] || return 0
	offered=$(offers "$1")
	while read -r option; do
		grep -qx -- "$option" <<<"$offered" || { echo "$option is not offered"; rc=1; }
	done < <(options "$1")
	return $rc
}

# A page, or a word of the completion, for what there no longer is.
all_alive() {
	local page name rc=0
	for page in "$man"/nptbudget-*.8; do
		name=${page##*/nptbudget-} name=${name%.8}
		commands | grep -x "$name" >/dev/null || { echo "$page: no such command"; rc=1; }
	done
	while read -r name; do
		commands | grep -x "$name" >/dev/null || { echo "completion: no command $name"; rc=1; }
	done < <(offers)
	return $rc
}

mandoc_clean() { mandoc -T lint -W warning "$1"; }

man_clean() {
	local said
	said=$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 \
		man --warnings -E UTF-8 -l -Tutf8 -Z "$1" 2>&1 >/dev/null) || true
	[ -z "$said" ] || { echo "$said"; return 1; }
}

# shellcheck source-path=SCRIPTDIR source=../userspace/completion/nptbudget
. "$top/userspace/completion/nptbudget"
PATH=$(dirname "$nptbudget"):$PATH
export NPTBUDGET_DEBUGFS=/nonexistent
mapfile -t names < <(commands)
tap_begin
tap_check "the overview lists commands" test ${#names[@]} -ge 10
for name in "${names[@]}"; do
	tap_check "$name: a page" has_page "$name"
	tap_check "$name: its options are in the page" page_options "$name"
	tap_check "$name: its examples" page_examples "$name"
	tap_check "$name: completed" completes "$name"
	tap_check "$name: its options are completed" completes_options "$name"
done
tap_check "no page and no word for a command that is gone" all_alive
for page in "$man"/*.[1-9]; do
	tap_check "${page##*/}: mandoc -T lint" mandoc_clean "$page"
	tap_check "${page##*/}: man --warnings" man_clean "$page"
done
tap_end
