#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# plot as a person uses it: a guest is recorded, another swept, and each picture drawn as
# text, SVG and PNG, and looked at for what is known of these guests. And the commands of
# docs/GALLERY.md, as they stand there.
set -u
# shellcheck source-path=SCRIPTDIR/../lib source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

need_module
need_command nptbudget
need_command gnuplot
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
kinds=(heatmap evictions resident loops misses slowdown faults)
plan $((4 + 4 * ${#kinds[@]}))

# Six pages of data from frame 0x200 on in turn, and one of code, 7, with three resident:
# each touch of data is a fault. And the addition that cannot be done with one.
recorded() {
	nptbudget record -o "$dir/pages.dat" -- nptbudget run --pages 3 -- \
		"$BUILT/addloop" --pages 6 --laps 50 >"$dir/out" 2>&1 && return
	sed 's/^/# /' "$dir/out"
	return 1
}
looped() {
	nptbudget record -o "$dir/loop.dat" -- nptbudget run --pages 1 -- \
		"$BUILT/addloop" --stop-on-loop >"$dir/out" 2>&1
	[ -s "$dir/loop.dat" ]
}
swept() {
	nptbudget sweep --pages 2,4,16 --policy fifo,lru -o "$dir/s.jsonl" -- \
		"$BUILT/addloop" --pages 6 --laps 50 >"$dir/out" 2>&1 && return
	sed 's/^/# /' "$dir/out"
	return 1
}
from() {
	case $1 in
	loops) echo "$dir/loop.dat" ;;
	slowdown | faults) echo "$dir/s.jsonl" ;;
	*) echo "$dir/pages.dat" ;;
	esac
}
draws() {
	nptbudget plot "$(from "$1")" --what "$1" -o "$dir/$1.$2" 2>"$dir/err" && [ ! -s "$dir/err" ] && return
	sed 's/^/# /' "$dir/err"
	return 1
}
as_text() { nptbudget plot "$(from "$1")" --what "$1" >"$dir/$1.txt" && says "$1"; }
row() { grep -qE -- "$1" "$dir/$2.txt"; }

# What has to be in the text.
says() {
	local ok=0
	case $1 in
	heatmap | evictions)
		# A row for each frame that is touched, and none between.
		row '^ +7 \|.*[^ ]' "$1" && row '^ +200 \|.*[^ ]' "$1" && row '^ +205 \|.*[^ ]' "$1" &&
			[ "$(grep -c '|' "$dir/$1.txt")" = 7 ] && row 'budget 3 pages, policy fifo' "$1" ;;
	resident) row '^ +3 \|.*#' resident ;;
	loops) row '^ +7c[0-9a-f]+ \|.*[^ ]' loops && row 'budget 1 pages' loops ;;
	# With room for all seven, each is missed once; with three, all but the code.
	misses) awk '$1 == "pages" { for (i = 2; i <= NF; i++) at[$i] = i }
		$1 == "fifo" { sub("%", "", $at[3]); sub("%", "", $at[12]); ok = $at[3] + 0 > 50 && $at[12] + 0 < 5 }
		END { exit !ok }' "$dir/misses.txt" ;;
	slowdown) awk '/^ +pages/ { on = $2 == "fifo" && $3 == "lru"; next } on && $1 > 0 { rows += $2 > 0 && $3 > 0 }
		END { exit rows != 3 }' "$dir/slowdown.txt" ;;
	faults) awk '$1 == 16 { few = $2; lru = $3 } $1 == 2 { many = $2; more = $3 }
		END { exit !(few > 0 && lru > 0 && many > 20 * few && more > 20 * lru) }' "$dir/faults.txt" ;;
	esac || ok=1
	[ $ok = 0 ] || cut -c1-100 "$dir/$1.txt" | sed 's/^/# /'
	return $ok
}

# Words that a reader finds in the picture: title, axes with units, kernel.
labelled() {
	local word
	local -a words
	case $1 in
	heatmap) words=('Faults by page and time' 'time since the first event (s)' 'faults per cell' 0x205) ;;
	evictions) words=('Evictions by page and time' 'evictions per cell' 0x200) ;;
	resident) words=('Resident pages over time' 'resident pages (4 KiB)' 'budget at the beginning') ;;
	loops) words=('Fault loops by place and time' 'RIP of the instruction' 0x7c) ;;
	misses) words=('Misses by budget and policy' 'budget (pages of 4 KiB)' fifo wsclock opt) ;;
	slowdown) words=('Slowdown by budget and policy' 'times that without a budget' 'budget (pages of 4 KiB)' fifo lru) ;;
	faults) words=('Faults by budget and policy' 'nested page faults' 'addloop --pages 6' lru) ;;
	esac
	for word in "${words[@]}" "kernel $(uname -r)"; do
		grep -qF -- "$word" "$dir/$1.svg" || { echo "# not in it: $word"; return 1; }
	done
}
# Of the size that it is to have, and not empty.
is_png() {
	[ "$(od -An -tx1 -N24 "$dir/$1.png" | tr -d ' \n')" = 89504e470d0a1a0a0000000d49484452000004b0000002ee ] &&
		[ "$(stat -c %s "$dir/$1.png")" -gt 8000 ]
}
png() { draws "$1" png && is_png "$1"; }

# Each picture of the document is made by its commands, and is one.
gallery() {
	local doc=$BUILT/../../docs/GALLERY.md command picture
	mkdir "$dir/gallery" && cd "$dir/gallery" || return 1
	while IFS= read -r command; do
		PATH=$PATH:$BUILT bash -c "$command" >out 2>&1 </dev/null && continue
		sed 's/^/# /' out
		echo "# $command"
		return 1
	done < <(sed -n 's/^    \(nptbudget .*\)/\1/p' "$doc")
	while IFS= read -r picture; do
		is_png "gallery/$picture" || { echo "# no $picture.png"; return 1; }
	done < <(sed -n 's|^!\[.*\](gallery/\(.*\)\.png)$|\1|p' "$doc")
	[ "$(find . -name '*.png' | wc -l)" = "${#kinds[@]}" ]
}

result "a guest is recorded" recorded
result "a fault loop is recorded" looped
result "a sweep of two policies" swept
for kind in "${kinds[@]}"; do
	result "$kind: text" as_text "$kind"
	result "$kind: SVG" draws "$kind" svg
	result "$kind: title, axes and units in it" labelled "$kind"
	result "$kind: PNG" png "$kind"
done
result "the gallery's pictures, by its commands" gallery
[ -z "${OUT-}" ] || { cp "$dir"/*.png "$dir"/*.svg "$OUT"; cp -r "$dir/gallery" "$OUT"; }
finished
