#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Is every fault loop that is reported one? Boots Debian as a guest on an emulated
# host, under a budget of half its memory and of 256 pages, and sorts 1 MiB there;
# each report is compared with the events of its attempt. TAP.
#   check-alarms.sh [BUDGET...]
# shellcheck disable=SC2317 # job calls what it is given
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
. "$here/lib/common.sh"
OUT=$PROJECT/build/alarms

# L1's kernel, and the guest's.
HOST=6.12 GUEST=6.1

# 16384 lines of 64 bytes each, in no order, the same every time.
data() {
	awk 'BEGIN {
		x = 1
		for (i = 0; i < 16384; i++) {
			x = (x * 1103515245 + 12345) % 2147483648
			printf "%010d %052d\n", x, i
		}
	}'
}

guest() {
	local tree=$OUT/guest name IMAGE
	rm -rf "$tree"
	mkdir -p "$tree"/{bin,proc}
	cp "$(command -v busybox)" "$tree/bin/busybox"
	for name in sh mount uname sort wc poweroff; do ln -sfn busybox "$tree/bin/$name"; done
	install -m 755 "$here/alarms/guest-init" "$tree/init"
	data >"$tree/data"
	(cd "$tree" && find . -mindepth 1 | cpio -o -H newc --quiet) >"$OUT/guest.cpio"
	eval "$("$here/kernel.sh" path $GUEST)"
	ln -sfn "$IMAGE" "$OUT/vmlinux"
}

prepare() {
	"$here/deps.sh" build lab
	"$here/kernel.sh" fetch $HOST
	"$here/kernel.sh" fetch $GUEST
	make -s -C "$PROJECT" cli
	make -s -C "$PROJECT/selftests" -j"$(nproc)" all
	"$here/build-module.sh" $HOST
	guest
}

main() {
	[ $# -gt 0 ] || set -- 16384 256
	mkdir -p "$OUT"
	prepared "$OUT/build.log" "the guest" prepare
	# One CPU: events are then in order, and a Linux guest's clocks go right.
	"$here/lab" --kernel $HOST --cpus 1 --timeout 3000 --out "$OUT/out" -- \
		scripts/alarms/run.sh "$@"
}

run_whole main "$@"
