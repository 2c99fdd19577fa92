# SPDX-License-Identifier: GPL-2.0-only
# Count the results in the output of a test program: prints "PASSED FAILED
# SKIPPED". `status` is how the program ended; `sofar=1` counts what there is
# without judging how it ended.
#
# Results are TAP lines at the left margin, from one program or several in turn,
# or a line "N passed, N failed, N skipped", which speaks for the TAP lines
# above it, so that these are not counted twice. What a plan promised and did
# not come has failed, and so has a program that ended badly or without a word.

{ sub(/\r$/, "") }

/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ {
	passed += $1
	failed += $3
	skipped += $5
	spoke = 1
	plan = ok = bad = skip = 0
	next
}

/^1\.\.0/ { skip++; plan++; next }
/^1\.\.[0-9]+/ { plan += substr($1, 4); next }
/^not ok( |$)/ { bad++; next }
/^ok( |$)/ { if (toupper($0) ~ /# *(SKIP|XFAIL)/) skip++; else ok++; next }
/^Bail out!/ { bad++; plan++ }

END {
	missing = plan - ok - bad - skip
	passed += ok
	failed += bad
	skipped += skip
	if (!sofar) {
		if (missing > 0) failed += missing
		if (!failed && (status != 0 || (!passed && !skipped && !spoke))) failed++
		if (!failed && !passed && !skipped) failed++
	}
	print passed + 0, failed + 0, skipped + 0
}
