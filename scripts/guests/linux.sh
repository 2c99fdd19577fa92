#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Linux whose first process (laps.c) writes to memory in laps and checks it:
#   linux.sh microvm MIB   Debian's on QEMU's microvm; the laps go through three quarters of its
#                          memory, a page of each MiB: with huge pages they would go through all,
#                          and on a busy host the guest would do little but serve its timer
#   linux.sh reset         the small one of LIMIT.md, reset five times
#   linux.sh migrate       the same, migrated to a file meanwhile, and on from there
#   linux.sh balloon       Debian's, the same; then it gives up a quarter of its memory and takes it back
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
SMALL="console=ttyS0 reboot=t panic=-1 lpj=4000000 tsc_early_khz=1000000 no_timer_check random.trust_cpu=1"
DEBIAN="console=ttyS0 quiet panic=-1 pci=noearly no_timer_check"

span=2048
[ -z "${GUEST_SHORT-}" ] || span=128
small=(-M pc -m 32 -kernel "$GUESTS/small/vmlinux" -initrd "$GUESTS/laps.cpio"
	-append "$SMALL span=$span" -serial "file:$console")
balloon=(-M pc -m 128 -kernel "$GUESTS/debian/vmlinux" -initrd "$GUESTS/balloon.cpio"
	-append "$DEBIAN span=4096" -serial "file:$console" -device virtio-balloon-pci)

laps() { goes_on "$1" '^lap [0-9]+ right'; }
is() { qmp "{\"execute\":\"$1\"}" && [[ $reply == *"$2"* ]]; }

# migrate ARGS...: to a file, and to another QEMU from there.
migrate() {
	qmp '{"execute":"migrate-set-parameters","arguments":{"max-bandwidth":0,"downtime-limit":20000}}' ||
		failed "migrate-set-parameters: $reply"
	qmp "{\"execute\":\"migrate\",\"arguments\":{\"uri\":\"exec:cat >$dir/state\"}}" ||
		failed "migrate: $reply"
	within 600 is query-migrate '"status": "completed"' || failed "it is not migrated: $reply"
	quit
	# Its console goes on.
	mv "$console" "$dir/console.before"
	start "$@" -incoming "exec:cat $dir/state"
	within 600 is query-status '"running"' || failed "it does not go on from the file"
}
balloon_is() { qmp '{"execute":"query-balloon"}' && [[ $reply == *"\"actual\": $(($1 << 20))"* ]]; }
balloon_to() {
	qmp "{\"execute\":\"balloon\",\"arguments\":{\"value\":$(($1 << 20))}}" || failed "balloon: $reply"
	within 600 balloon_is "$1" || failed "the balloon is not at $1 MiB: $reply"
}

case $1 in
microvm)
	start -M microvm,rtc=on,isa-serial=on -m "$2" -no-reboot -serial "file:$console" \
		-kernel "$GUESTS/debian/vmlinux" -initrd "$GUESTS/laps.cpio" \
		-append "$DEBIAN transparent_hugepage=never span=$(($2 * 1024 * 3 / 4)) step=1024"
	laps 1200 ;;
reset)
	start "${small[@]}"
	times=${GUEST_SHORT:+1}
	for ((n = 1; n <= ${times:-5}; n++)); do
		laps 900
		qmp '{"execute":"system_reset"}' || failed "reset $n: $reply"
		within 1800 more_than "^lap 1 right" "$n" || failed "it does not boot after reset $n"
	done
	laps 900 ;;
migrate)
	start "${small[@]}"
	laps 900
	migrate "${small[@]}"
	laps 900 ;;
balloon)
	start "${balloon[@]}"
	laps 1200
	migrate "${balloon[@]}"
	laps 900
	balloon_to 96
	laps 900
	balloon_to 128
	laps 900 ;;
*)
	echo "linux.sh: no such guest: $1" >&2
	exit 2 ;;
esac
