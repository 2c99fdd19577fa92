# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2034
# The guests at the limit, inside L1. Sourced.

LIMIT_DIR=build/limit

# guest_command small|debian CONSOLE: sets `command`, and `done_when`, which
# CONSOLE has when the guest is through.
guest_command() {
	command=(qemu-system-x86_64 -accel kvm -nodefaults -display none -no-reboot
		-serial "file:$2")
	case $1 in
	small)
		# Where delays are calibrated a guest counts 28 million instructions more.
		command+=(-M "microvm,rtc=on" -m 32 -kernel "$LIMIT_DIR/small/vmlinux"
			-initrd "$LIMIT_DIR/small/init.cpio"
			-append "console=ttyS0 reboot=t panic=-1 lpj=4000000 tsc_early_khz=1000000 no_timer_check random.trust_cpu=1")
		done_when='^sum right' ;;
	debian)
		command+=(-m 256 -kernel "$LIMIT_DIR/debian/vmlinux"
			-initrd "$LIMIT_DIR/debian/guest.cpio"
			-append "console=ttyS0 quiet panic=-1 pci=noearly no_timer_check")
		done_when='^user space: Linux' ;;
	*)
		echo "no such guest: $1" >&2
		exit 2 ;;
	esac
}

# The counter NAME of the VM that there is, or nothing.
counter() {
	sed -n "s/^$1 //p" /sys/kernel/debug/nptbudget/vms/*/stats 2>/dev/null
}

# guest_begins PID: wait for the first fault of a guest; PID is its command's.
guest_begins() {
	until [ "$(counter faults || true)" != "" ] && [ "$(counter faults)" -gt 0 ]; do
		kill -0 "$1" 2>/dev/null || return 1
		sleep 0.05
	done
}

# Of L1's clock, which counts instructions, in milliseconds.
now() { echo $(($(date +%s%N) / 1000000)); }
