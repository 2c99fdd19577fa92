# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2034
# The guests at the limit, inside L1. Sourced.

LIMIT_DIR=build/limit
# A CPU for a guest that has no clock but its TSC.
SLOW_CPU=qemu64,+tsc-deadline,+arat

# slow_clock KHZ: for a guest's command line: a TSC so fast, and no other clock.
slow_clock() { echo "tsc_early_khz=$1 no-kvmclock tsc=reliable"; }

# guest_command small|smp|busybox|debian CONSOLE [SLOW]: sets `command`; `done_when`, which CONSOLE
# has when the guest is through; and `memory`, how much it has, in MiB. SLOW, if it is not
# empty, is for a small guest whose instructions take long; with two CPUs they do.
guest_command() {
	command=(qemu-system-x86_64 -accel kvm -nodefaults -display none -no-reboot
		-serial "file:$2")
	case $1 in
	small | smp | busybox)
		memory=32 done_when='^sum right'
		# Where delays are calibrated a guest counts 28 million instructions more.
		local append="console=ttyS0 reboot=t panic=-1 lpj=4000000 random.trust_cpu=1"
		if [ "$1" = small ] && [ -z "${3-}" ]; then
			append+=" tsc_early_khz=1000000 no_timer_check"
		else
			# A tick takes thousands of instructions, which may well be more than
			# there is time for between two of them: nothing else would be done.
			# So the guest is told that its TSC is ten times as fast as it is, and
			# has no clock but that: what it takes for 10 ms are 100.
			append+=" $(slow_clock 10000000)"
			local more=''
			[ "$1" != busybox ] || more=$(cat "$LIMIT_DIR/busybox/cpu")
			command+=(-cpu "$SLOW_CPU${more:+,$more}")
		fi
		[ "$1" != smp ] || command+=(-smp 2)
		# How much it is to do.
		[ "$1" != busybox ] || append+=" $(cat "$LIMIT_DIR/busybox/append")"
		command+=(-M "microvm,rtc=on" -m "$memory" -kernel "$LIMIT_DIR/$1/vmlinux"
			-initrd "$LIMIT_DIR/$1/init.cpio" -append "$append") ;;
	debian)
		memory=256 done_when='^user space: Linux'
		local append="console=ttyS0 quiet panic=-1"
		if [ -z "${3-}" ]; then
			append+=" pci=noearly no_timer_check"
		else
			# Its ticks come each 4 ms; and two thirds of what it executes until its
			# init are tests of its ciphers, signatures of its own certificates, and a
			# walk through its page tables for what is writable and executable.
			memory=128
			append+=" reboot=t no_timer_check nokaslr lpj=4000000 random.trust_cpu=1"
			append+=" mitigations=off rodata=off cryptomgr.notests"
			append+=" initcall_blacklist=load_system_certificate_list"
			append+=" $(slow_clock 25000000)"
			command+=(-M "microvm,rtc=on" -cpu "$SLOW_CPU")
		fi
		command+=(-m "$memory" -kernel "$LIMIT_DIR/debian/vmlinux"
			-initrd "$LIMIT_DIR/debian/guest.cpio" -append "$append") ;;
	*)
		echo "no such guest: $1" >&2
		exit 2 ;;
	esac
}

# Swap on zram, without reading ahead.
swap_on_zram() {
	modprobe zram num_devices=1
	echo "$1" >/sys/block/zram0/disksize
	mkswap /dev/zram0 >/dev/null
	swapon /dev/zram0
	echo 0 >/proc/sys/vm/page-cluster
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
