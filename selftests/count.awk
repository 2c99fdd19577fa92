# SPDX-License-Identifier: GPL-2.0-only
# Count the results in what run_kselftest.sh prints: "N passed, N failed, N
# skipped". Exit status 0 only where nothing failed and something passed. The TAP
# of a test is nested: the runner puts "# " before each of its lines. A test that
# failed without a failed result (a crash, a timeout) counts as one failed, one
# that reported nothing at all as failed too, whatever it returned.

/^# not ok [0-9]/ { failed++; bad++; results++; next }
/^# ok [0-9].*# (SKIP|XFAIL)/ { skipped++; results++; next }
/^# ok [0-9]/ { passed++; results++; next }
/^not ok [0-9]/ { if (!bad) failed++; bad = results = 0; next }
/^ok [0-9].*# SKIP/ { if (!results) skipped++; bad = results = 0; next }
/^ok [0-9]/ { if (!results) failed++; bad = results = 0 }

END {
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
	exit failed || !passed
}
