#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Run a command in another root folder, with /proc, /dev and /sys, and with
# folders of this machine, each given with the place that it has there:
#   in-root.sh ROOT [DIR PLACE]... -- COMMAND...
# Run it by unshare --mount --propagation unchanged: the mounts are then gone with
# the command, however it ends. An environment is COMMAND's own affair.
set -euo pipefail

root=$1
shift

# Nothing that is mounted below may be seen outside. Where / is no mount point,
# as in a plain chroot, it cannot be made private; but /proc can, and so what is
# mounted on a folder of it.
if ! mount --make-rprivate / 2>/dev/null; then
	mount --make-private /proc
	mount --bind "$root" /proc/fs
	mount --make-private /proc/fs
	root=/proc/fs
fi

while [ "$1" != -- ]; do
	mkdir -p "$root$2"
	mount --bind "$1" "$root$2"
	shift 2
done
shift
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount -t proc proc "$root/proc"
exec chroot "$root" "$@"
