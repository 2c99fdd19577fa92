#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Linux whose first process (laps.c) writes to memory in laps and checks it:
#   linux.sh microvm MIB   Debian's on QEMU's microvm; the laps go through three quarters of its
#                          memory, a page of each MiB: with huge pages they would go through all,
#                          and on a busy host the guest would do little but serve its timer
#   linux.sh reset         the small one of LIMIT.md, reset five times
#   linux.sh migrate       the same, migrated to a file meanwhile, and on from there
#   linux.sh balloon       Debian's, the same; then it gives up a quarter of its memory and takes it back
# With GUEST_SHORT each is the small one, since Debian's is too slow with as few pages
# as that is for. A lap is of 32 pages then, in microvm over as much memory as otherwise.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
SMALL="console=ttyS0 reboot=t panic=-1 lpj=4000000 tsc_early_khz=1000000 no_timer_check random.trust_cpu=1"
DEBIAN="console=ttyS0 quiet panic=-1 pci=noearly no_timer_check"

PAGES_SHORT=32

# small FLAVOUR MIB ARGS...: sets command: the small Linux on the PC.
small() {
	local span=2048
	[ -z "${GUEST_SHORT-}" ] || span=$((PAGES_SHORT * 4))
	command=(-M pc -m "$2" -kernel "$GUESTS/$1/vmlinux" -initrd "$GUESTS/laps.cpio"
		-append "$SMALL span=$span" -serial "file:$console" "${@:3}")
}

# microvm MIB: sets command.
microvm() {
	local span=$(($1 * 1024 * 3 / 4)) kernel=debian append step=1024
	append="$DEBIAN transparent_hugepage=never"
	[ -z "${GUEST_SHORT-}" ] || kernel=small append=$SMALL step=$((span / PAGES_SHORT))
	command=(-M "microvm,rtc=on,isa-serial=on" -m "$1" -no-reboot -serial "file:$console"
		-kernel "$GUESTS/$kernel/vmlinux" -initrd "$GUESTS/laps.cpio"
		-append "$append span=$span step=$step")
}

# with_balloon: sets command, and memory in MiB.
with_balloon() {
	memory=128
	command=(-M pc -m "$memory" -kernel "$GUESTS/debian/vmlinux" -initrd "$GUESTS/balloon.cpio"
		-append "$DEBIAN span=4096" -serial "file:$console" -device virtio-balloon-pci)
	[ -n "${GUEST_SHORT-}" ] || return
	memory=32
	small small-balloon $memory -device virtio-balloon-pci
}

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
	microvm "$2"
	start "${command[@]}"
	laps 1200 ;;
reset)
	small small 32
	start "${command[@]}"
	times=${GUEST_SHORT:+1}
	for ((n = 1; n <= ${times:-5}; n++)); do
		laps 900
		qmp '{"execute":"system_reset"}' || failed "reset $n: $reply"
		within 1800 more_than "^lap 1 right" "$n" || failed "it does not boot after reset $n"
	done
	laps 900 ;;
migrate)
	small small 32
	start "${command[@]}"
	laps 900
	migrate "${command[@]}"
	laps 900 ;;
balloon)
	with_balloon
	start "${command[@]}"
	laps 1200
	migrate "${command[@]}"
	laps 900
	balloon_to $((memory * 3 / 4))
	laps 900
	balloon_to $memory
	laps 900 ;;
*)
	echo "linux.sh: no such guest: $1" >&2
	exit 2 ;;
esac
