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
	for name in qemu qemu-la57 qemu-npt0 bochs haswell haswell-ug0 haswell-ept0; do
		file=$dir/$name.csv
		[ -f "$file" ] || continue
		printf -- '- **%s**\n' "$name"
		sed -n 's/^# \(.*\)/  - \1/p' "$file"
	done
	echo "- **host**: a physical host; nobody has run it there yet"
}

# Case by case, in the catalogue's order: theory, QEMU, Bochs' two CPUs, a host. Rows of
# modes that QEMU's usual model lacks come from the one that has them.
table() {
	local name
	local -a files=("$dir/qemu.csv" "$dir/qemu-la57.csv")
	for name in bochs haswell; do
		[ ! -f "$dir/$name.csv" ] || files+=("$dir/$name.csv")
	done
	"$PROJECT/build/bin/nptbudget" probe --list >"$tmp/list"
	awk -F, -v list="$tmp/list" '
	function told(m, k) {
		if (!((m, k) in pages)) return "-"
		if (result[m, k] == "skipped") return "-"
		if (result[m, k] == "emulated") return "emulated"
		if (result[m, k] != "done") return result[m, k]
		return pages[m, k] " (" roles[m, k] ")"
	}
	/^#/ { next }
	$1 == "case" { next }
	{
		m = FILENAME ~ /\/bochs\.csv$/ ? "bochs" : FILENAME ~ /\/haswell\.csv$/ ? "haswell" : "qemu"
		k = $1 SUBSEP $2
		if (m == "qemu" && $3 == "skipped" && FILENAME !~ /la57\.csv$/) { order[++n] = k; next }
		if (m == "qemu" && FILENAME ~ /la57\.csv$/ && $2 !~ /^la57/) next
		if (m == "qemu" && FILENAME !~ /la57\.csv$/) order[++n] = k
		result[m, k] = $3; pages[m, k] = $4; roles[m, k] = $5; below[m, k] = $9; agrees[m, k] = $8
		steps[k] = $10
		if ($6 != "-" && m != "haswell") theory[k] = $6 " (" $7 ")"
		if ($6 != "-" && m == "haswell") intel[k] = $6 " (" $7 ")"
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
				print "| mode | theory | QEMU, AMD | Bochs, AMD | Bochs, Intel | host | one page less |"
				print "| --- | --- | --- | --- | --- | --- | --- |"
			}
			k = order[i]
			q = told("qemu", k); b = told("bochs", k); h = told("haswell", k)
			t = theory[k]
			if ((k in intel) && intel[k] != t) t = t "; Intel " intel[k]
			if (q != "-" && agrees["qemu", k] != "yes") q = "**" q "**"
			if (b != "-" && agrees["bochs", k] != "yes") b = "**" b "**"
			if (h != "-" && agrees["haswell", k] != "yes") h = "**" h "**"
			extra = below["qemu", k] == "" ? "-" : below["qemu", k]
			if (steps[k] != "-" && steps[k] != "") extra = extra "; " steps[k]
			printf "| %s | %s | %s | %s | %s | | %s |\n", part[2], t, q, b, h, extra
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

# Models side by side, in numbers.
same() {
	pair_of qemu bochs "QEMU and Bochs' ryzen"
	pair_of bochs haswell "Bochs' ryzen and its Haswell"
	pair_of qemu haswell "QEMU and Bochs' Haswell"
}

# pair_of NAME NAME WORDS
pair_of() {
	if [ ! -f "$dir/$1.csv" ] || [ ! -f "$dir/$2.csv" ]; then return 0; fi
	awk -F, -v words="$3" '
	/^#/ || $1 == "case" || $3 != "done" { next }
	FNR == NR { pages[$1, $2] = $4; roles[$1, $2] = $5; next }
	($1, $2) in pages { n++; p += pages[$1, $2] == $4; r += roles[$1, $2] == $5 }
	END { printf "Of %d pairs that both %s measured, %d have the same number of pages, and %d of\n", n, words, p, r
		print "them the same roles too." }' "$dir/$1.csv" "$dir/$2.csv"
}

# Where theory itself has another number for VT-x: those of PAE modes with a page less in one
# line, the others case by case.
vendors() {
	[ -f "$dir/haswell.csv" ] || return 0
	awk -F, '
	/^#/ || $1 == "case" { next }
	FILENAME ~ /\/qemu(-la57)?\.csv$/ { if ($6 != "-") amd[$1, $2] = $6; next }
	$3 != "done" || !(($1, $2) in amd) { next }
	$2 ~ /^pae/ { pae++; same += amd[$1, $2] == $6 }
	amd[$1, $2] == $6 { next }
	$2 ~ /^pae/ && amd[$1, $2] == $6 + 1 { less++; next }
	{
		if (!($1 in list)) name[++n] = $1
		list[$1] = list[$1] (list[$1] == "" ? "" : ", ") $2 " " $6 " for " amd[$1, $2] }
	END {
		printf "- a page less in %d pairs of the %d in a mode of PAE, and as many in %d\n", less, pae, same
		for (i = 1; i <= n; i++) print "- `" name[i] "`: " list[name[i]] }' \
		"$dir/qemu.csv" "$dir/qemu-la57.csv" "$dir/haswell.csv"
}

# Parameters of kvm_intel side by side.
intel() {
	local file=$dir/haswell-ug0.csv
	local -a files=("$dir/haswell.csv" "$file")
	[ -f "$file" ] || return 0
	[ ! -f "$dir/haswell-ept0.csv" ] || files+=("$dir/haswell-ept0.csv")
	echo "| case | mode | as it is | unrestricted_guest=0 | ept=0 |"
	echo "| --- | --- | --- | --- | --- |"
	awk -F, '
	function told(m, k) {
		if (!((m, k) in pages)) return "-"
		if (result[m, k] != "done") return result[m, k]
		return (agrees[m, k] == "yes" ? "" : "**") pages[m, k] " (" roles[m, k] ")" (agrees[m, k] == "yes" ? "" : "**")
	}
	/^#/ || $1 == "case" || $3 == "skipped" { next }
	{
		m = FILENAME; sub(/.*\//, "", m); sub(/\.csv$/, "", m)
		k = $1 SUBSEP $2
		if (m == "haswell-ug0") order[++n] = k
		result[m, k] = $3; pages[m, k] = $4; roles[m, k] = $5; agrees[m, k] = $8
	}
	END { for (i = 1; i <= n; i++) { split(order[i], part, SUBSEP)
		printf "| `%s` | %s | %s | %s | %s |\n", part[1], part[2], told("haswell", order[i]),
			told("haswell-ug0", order[i]), told("haswell-ept0", order[i]) } }' \
		"${files[@]}"
}

differences() {
	awk -F, '
	/^#/ || $1 == "case" { next }
	$8 == "no" || ($3 != "done" && $3 != "skipped" && $3 != "emulated") { m = FILENAME; sub(/.*\//, "", m); sub(/\.csv$/, "", m)
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
	vendors >"$tmp/vendors"
	intel >"$tmp/intel"
	awk -v tmp="$tmp" '
	/^@[a-z]+@$/ { f = tmp "/" substr($0, 2, length($0) - 2)
		while ((getline line < f) > 0) print line
		close(f); next }
	{ print }' "$here/probe.md" >"$tmp/PROBE.md"
	mv "$tmp/PROBE.md" "$PROJECT/docs/PROBE.md"
}

main "$@"
