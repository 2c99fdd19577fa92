#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Inside L1: the transcripts of docs/FAULT-LOOPS.md.
#   scripts/lab --cpus 1 -- scripts/loops-show.sh
set -uo pipefail
guest=build/selftests/addloop

title() { printf '\n== %s ==\n' "$*"; }

shown() {
	printf '$ %s\n' "$*"
	"$@" 2>&1
}

echo "$(uname -r), $(sed -n 's/^model name.*: //p;T;q' /proc/cpuinfo)"
title "log"
shown nptbudget run --pages 1 -- $guest --pages 1 --stop-on-loop
title "log, while it loops"
nptbudget run --quiet --pages 6 -- $guest --pages 1 --mode long --seconds 60 >/dev/null 2>&1 &
vm=
until [ -n "$vm" ]; do vm=$(nptbudget loops | sed -n 's/^VM \([0-9-]*\) .*/\1/p'); done
shown nptbudget loops
shown nptbudget set "$vm" --pages 7
wait
title "stop"
shown nptbudget run --pages 6 --on-loop stop -- $guest --pages 1 --mode long --seconds 3
title "lend"
shown nptbudget run --pages 1 --on-loop lend -- $guest --pages 1 --mode long
title "emulate"
shown nptbudget run --pages 1 --on-loop emulate -- $guest --pages 1 --mode long
title "enough"
shown nptbudget run --pages 7 -- $guest --pages 1 --mode long
