#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The commands of docs/TOOLS.md as they stand there, with a small guest for the VMM:
# tools know the module's events, and say what the run did.
set -u
# shellcheck source-path=SCRIPTDIR/../lib source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

need_module
need_command bpftrace
need_command trace-cmd
need_command perf
doc=$BUILT/../../docs/TOOLS.md
[ -r "$doc" ] || skip "no docs/TOOLS.md beside the build folder"
plan 9

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# commands TOOL: those of the document, each in a file TOOL.1, TOOL.2 and so on. One goes
# on in lines that are indented further.
commands() {
	awk -v tool="$1" -v vmm="$BUILT/addloop --pages 3 --laps 20" '
	/^    [^ ]/ { on = $1 == tool; if (on) n++ }
	!/^    / { on = 0 }
	on { gsub(/VMM ARGS/, vmm); print > (tool "." n) }' "$doc"
}

# says FILE REGEX: the command ends well, and says so; or what it said.
says() {
	bash -e "$1" >"$1.out" 2>&1 && grep -qE -- "$2" "$1.out" && return
	sed 's/^/# /' "$1" "$1.out"
	return 1
}

for tool in bpftrace trace-cmd perf; do commands "$tool"; done
result "three for bpftrace, two for trace-cmd, three for perf" \
	test "$(echo bpftrace.* trace-cmd.* perf.*)" = "bpftrace.1 bpftrace.2 bpftrace.3 trace-cmd.1 trace-cmd.2 perf.1 perf.2 perf.3"
result "bpftrace: how faults end, 0 for mapped" says bpftrace.1 '^@\[0\]: [1-9]'
result "bpftrace: how long pages are gone" says bpftrace.2 '^[[(][0-9].*@'
result "bpftrace: which instructions fault" says bpftrace.3 '^@\[[0-9]+\]: [1-9]'
result "trace-cmd records" says trace-cmd.1 'peak resident 2'
result "and reports" says trace-cmd.2 'nptb_fault: .* victim=0x[0-9a-f]{1,10} '
result "perf stat counts" says perf.1 '[1-9][0-9]* +nptbudget:nptb_fault'
result "perf record records" says perf.2 'loops [1-9]'
result "the loops" says perf.3 'nptbudget:nptb_loop: .*laps='
finished
