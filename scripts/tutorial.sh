#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Make docs/TUTORIAL.md of scripts/tutorial/tutorial.md: run its commands in the lab, and
# put in what they print.
#   tutorial.sh          make it
#   tutorial.sh --check  run its commands, and compare what they print with what the
#                        document has, as far as it does not depend on the moment. TAP
#   tutorial.sh --fill   inside L1: the text on stdout; fails with a command that does
# A command is a line of the text that begins with four spaces, # and a space.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
. "$here/lib/common.sh"
# shellcheck source-path=SCRIPTDIR source=lib/tap.sh
. "$here/lib/tap.sh"

TEXT=$here/tutorial/tutorial.md
DOC=$PROJECT/docs/TUTORIAL.md

# show COMMAND: it, and what it says, indented; in this shell, for it may set things.
show() {
	local out rc=0
	out=$(mktemp)
	printf '    # %s\n' "$1"
	eval "$1" >"$out" 2>&1 || rc=$?
	# Without the framework's folder, and what ends a line.
	sed -e "s|$PROJECT/build/||g" -e 's/[ \t]*$//' -e 's/^\(..*\)$/    \1/' "$out"
	# addloop ends with 3 where it was stopped for a loop, which run hands on.
	case $rc in 0|3) return ;; esac
	say "$1: exit status $rc"
	return 1
}

fill() {
	local line cpu
	cpu=$(sed -n 's/^model name.*: //p;T;q' /proc/cpuinfo)
	while IFS= read -r line <&3; do
		case $line in
		'    # '*) show "${line#    \# }" ;;
		*)
			line=${line//@HOST@/Linux $(uname -r)}
			line=${line//@CPU@/$cpu}
			printf '%s\n' "${line//@DATE@/$(date -I)}"
			;;
		esac
	done 3<"$TEXT"
}

# As many commands, in the same order, are in the document.
same_commands() { diff <(grep '^    # ' "$TEXT") <(grep '^    # ' "$1"); }

# The words of all that was printed, once each, without pictures and lists of loops, which
# are of the moment. Numbers are left in where they are the guest's: a report's and a replay's.
words() {
	sed -n 's/^    //p' "$1" | grep -vE ' \||^ *(loop: |needs |and [0-9]+ more)' | sed -E "
		s/\b[0-9]+-[0-9]+\b/VM/g; s/\b0x[0-9a-f]+/ADDRESS/g; s/kernel [^ ,;]+/kernel K/g; s/[0-9.]+ (s|KiB|laps)\b/N \1/g
		/ events|replayed|recorded|^      [a-z_' ]+  +[0-9]/!s/[0-9]+(\.[0-9]+)?/N/g
		s/ +/ /g" | sort -u
}
same_words() { diff <(words "$DOC") <(words "$1"); }
filled() { "$here/lab" --timeout 1800 -- scripts/tutorial.sh --fill >"$new" || { cat "$new"; return 1; }; }

case $#${1-} in
0|1--check) ;;
1--fill) fill; exit ;;
*) usage_error "usage: tutorial.sh [--check|--fill]" ;;
esac
new=$(mktemp)
trap 'rm -f "$new"' EXIT
if [ "${1-}" = --check ]; then
	tap_begin
	tap_check "each command of the tutorial, in the lab" filled
	tap_check "docs/TUTORIAL.md has these commands" same_commands "$DOC"
	tap_check "and what they print" same_words "$new"
	tap_end
	exit
fi
# By a clock that counts instructions: else a slowdown tells what this machine did besides.
"$here/lab" --icount --cpus 1 --timeout 900 -- scripts/tutorial.sh --fill >"$new"
cp "$new" "$DOC"
