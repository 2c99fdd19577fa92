#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Write docs/PROBE.md: the text of scripts/probe.md, and the table of what was
# measured on each model of the CPU, userspace/probe/expect/*.csv.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
. "$here/lib/common.sh"
dir=$PROJECT/userspace/probe/expect

# name FILE: who measured, out of the lines at the file's head.
heads() {
	local file name
	for name in qemu qemu-la57 qemu-npt0 bochs; do
		file=$dir/$name.csv
		[ -f "$file" ] || continue
		printf -- '- **%s**\n' "$name"
		sed -n 's/^# \(.*\)/  - \1/p' "$file"
	done
	echo "- **host**: a physical host; nobody has run it there yet"
}

# Case by case, in the catalogue's order: theory, QEMU, Bochs, a host. Rows of
# modes that QEMU's usual model lacks come from the one that has them.
table() {
	local -a files=("$dir/qemu.csv" "$dir/qemu-la57.csv")
	[ ! -f "$dir/bochs.csv" ] || files+=("$dir/bochs.csv")
	"$PROJECT/build/bin/nptbudget" probe --list >"$tmp/list"
	awk -F, -v list="$tmp/list" '
	function told(m, k) {
		if (!((m, k) in pages)) return "-"
		if (result[m, k] == "skipped") return "-"
		if (result[m, k] != "done") return result[m, k]
		return pages[m, k] " (" roles[m, k] ")"
	}
	/^#/ { next }
	$1 == "case" { next }
	{
		m = FILENAME ~ /\/bochs\.csv$/ ? "bochs" : "qemu"
		k = $1 SUBSEP $2
		if (m == "qemu" && $3 == "skipped" && FILENAME !~ /la57\.csv$/) { order[++n] = k; next }
		if (m == "qemu" && FILENAME ~ /la57\.csv$/ && $2 !~ /^la57/) next
		if (m == "qemu" && FILENAME !~ /la57\.csv$/) order[++n] = k
		result[m, k] = $3; pages[m, k] = $4; roles[m, k] = $5; below[m, k] = $9; agrees[m, k] = $8
		steps[k] = $10; if ($6 != "-") theory[k] = $6 " (" $7 ")"
	}
	END {
		while ((getline line < list) > 0) {
			if (line ~ /^[a-z]/) family = line
			if (line !~ /^  [a-z0-9_]+ .* modes?\)$/) continue
			name = line; sub(/^  /, "", name); sub(/ .*/, "", name)
			text = line; sub(/^  [a-z0-9_]+ +/, "", text); sub(/ \([0-9]+ modes?\)$/, "", text)
			about[name] = text; of[name] = family
		}
		for (i = 1; i <= n; i++) {
			split(order[i], part, SUBSEP)
			if (of[part[1]] != last) {
				last = of[part[1]]
				printf "\n### %s\n", toupper(substr(last, 1, 1)) substr(last, 2)
			}
			if (part[1] != before) {
				before = part[1]
				printf "\n`%s`: %s\n\n", part[1], about[part[1]]
				print "| mode | theory | QEMU | Bochs | host | one page less |"
				print "| --- | --- | --- | --- | --- | --- |"
			}
			k = order[i]
			q = told("qemu", k); b = told("bochs", k)
			if (q != "-" && agrees["qemu", k] != "yes") q = "**" q "**"
			if (b != "-" && agrees["bochs", k] != "yes") b = "**" b "**"
			extra = below["qemu", k] == "" ? "-" : below["qemu", k]
			if (steps[k] != "-" && steps[k] != "") extra = extra "; " steps[k]
			printf "| %s | %s | %s | %s | | %s |\n", part[2], theory[k], q, b, extra
		}
	}' "${files[@]}"
}

# The same cases without nested paging.
shadow() {
	local file=$dir/qemu-npt0.csv
	[ -f "$file" ] || return 0
	echo "| case | mode | theory | QEMU, npt=0 | one page less |"
	echo "| --- | --- | --- | --- | --- |"
	awk -F, '/^#/ || $1 == "case" || $3 == "skipped" { next }
		{ printf "| `%s` | %s | %s (%s) | %s (%s) | %s |\n", $1, $2, $6, $7, $4, $5, $9 }' "$file"
}

counts() {
	awk -F, '
	/^#/ || $1 == "case" { next }
	{ m = FILENAME; sub(/.*\//, "", m); sub(/\.csv$/, "", m); if (!(m in all)) name[++n] = m; all[m]++; r[m, $3]++; a[m, $8]++ }
	END { for (i = 1; i <= n; i++) { m = name[i]
		printf "| %s | %d | %d | %d | %d | %d | %d | %d |\n", m, all[m], r[m, "done"], a[m, "yes"],
			a[m, "no"], r[m, "failed"] + r[m, "wrong"], r[m, "died"], r[m, "skipped"] } }' "$dir"/*.csv
}

# The two models side by side, in numbers.
same() {
	[ -f "$dir/bochs.csv" ] || return 0
	awk -F, '
	/^#/ || $1 == "case" || $3 != "done" { next }
	FILENAME ~ /\/qemu\.csv$/ { pages[$1, $2] = $4; roles[$1, $2] = $5; next }
	($1, $2) in pages { n++; p += pages[$1, $2] == $4; r += roles[$1, $2] == $5 }
	END { printf "Of %d pairs that both QEMU and Bochs measured, %d have the same number of pages, and %d of\n", n, p, r
		print "them the same roles too." }' "$dir/qemu.csv" "$dir/bochs.csv"
}

differences() {
	awk -F, '
	/^#/ || $1 == "case" { next }
	$8 == "no" || ($3 != "done" && $3 != "skipped") { m = FILENAME; sub(/.*\//, "", m); sub(/\.csv$/, "", m)
		k = m ", `" $1 "`"; if (!(k in list)) name[++n] = k
		list[k] = list[k] (list[k] == "" ? "" : ", ") $2 " " ($3 == "done" ? $4 " for " $6 : $3) }
	END { for (i = 1; i <= n; i++) print "- " name[i] ": " list[name[i]] }' "$dir"/*.csv
}

main() {
	tmp=$(mktemp -d "${TMPDIR:-/tmp}/nptbudget-doc.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	make -s -C "$PROJECT" cli >/dev/null
	heads >"$tmp/heads"
	counts >"$tmp/counts"
	same >"$tmp/same"
	table >"$tmp/table"
	differences >"$tmp/differences"
	shadow >"$tmp/shadow"
	awk -v tmp="$tmp" '
	/^@[a-z]+@$/ { f = tmp "/" substr($0, 2, length($0) - 2)
		while ((getline line < f) > 0) print line
		close(f); next }
	{ print }' "$here/probe.md" >"$tmp/PROBE.md"
	mv "$tmp/PROBE.md" "$PROJECT/docs/PROBE.md"
}

main "$@"
