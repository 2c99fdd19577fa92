# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# L1 in Bochs: Debian's stock kernel and an initramfs on a CD. There is no 9p
# and no disk: all that is needed is in the initramfs, and what was found comes
# back over the serial line. Sourced after all.sh; $tmp is the caller's folder.

: "${tmp=}"
bochs_pid=
BOCHS_SERIES=6.1
BOCHS_APPEND=
# Bochs' name of the CPU, what L1 is to hide of it, and modules in the order of insmod.
# 221: ryzen's MWAITX never wakes, and the boot would hang; 321 and 323: its XSAVEC and
# XSAVES write YMM registers where XRSTOR does not look for them.
BOCHS_CPU=model=ryzen
BOCHS_CLEARCPUID=221,321,323
BOCHS_MODULES="irqbypass ccp kvm kvm-amd"
# Its clock counts instructions, so many a second.
BOCHS_IPS=50000000
BOCHS_CMDLINE="console=ttyS0,115200 tsc=reliable mitigations=off quiet panic=-1 oops=panic nokaslr"
BOCHS_APPLETS="sh mount insmod rmmod mkdir cat dmesg sleep stty sed uname tail env timeout grep"

# bochs_intel [MODEL]: Haswell, or another, with Intel's VT-x in place of ryzen. It has
# EPT, with accessed bits, VPID and "unrestricted guest", and MSRs that Bochs lacks and a
# kernel reads.
bochs_intel() {
	local model=${1:-corei7_haswell_4770}
	BOCHS_CPU=model=$model,ignore_bad_msrs=1
	# 131: MWAIT, with XSAVEC and XSAVES; 6.12 boots with them on Haswell.
	BOCHS_CLEARCPUID=131,321,323
	[ "$BOCHS_SERIES $model" != "6.12 corei7_haswell_4770" ] || BOCHS_CLEARCPUID=
	BOCHS_MODULES="irqbypass kvm kvm-intel"
}

# The libraries that a program needs, its loader among them.
libraries() { ldd "$1" | grep -o '/[^ ]*'; }

# bochs_tree PROGRAM...: what is on the CD, but for the initramfs's init.
bochs_tree() {
	local tree=$tmp/initramfs VMLINUZ MODULES name file program lib
	kernel_fetch $BOCHS_SERIES
	eval "$("$PROJECT/scripts/kernel.sh" path $BOCHS_SERIES)"
	module_fresh $BOCHS_SERIES || module_build $BOCHS_SERIES
	mkdir -p "$tree"/{bin,modules,proc,sys,dev} "$tmp/cd/boot/grub"
	cp "$VMLINUZ" "$tmp/cd/boot/vmlinuz"
	cp "$(command -v busybox)" "$tree/bin/busybox"
	for name in $BOCHS_APPLETS; do ln -s busybox "$tree/bin/$name"; done
	for name in $BOCHS_MODULES; do
		file=$(find "$MODULES" -name "$name.ko*" | head -n 1)
		cp "$file" "$tree/modules/"
		case $file in *.xz) xz -d "$tree/modules/$name.ko.xz" ;; esac
	done
	module_take $BOCHS_SERIES "$tree/modules/nptbudget.ko"
	for program; do
		cp --remove-destination "$program" "$tree/bin/" # not what a link is to
		for lib in $(libraries "$program"); do
			mkdir -p "$tree/$(dirname "$lib")"
			cp -L "$lib" "$tree/$lib"
		done
	done
	cat >"$tmp/cd/boot/grub/grub.cfg" <<-END
		set timeout=0
		linux /boot/vmlinuz $BOCHS_CMDLINE tsc_early_khz=$((BOCHS_IPS / 1000)) ${BOCHS_CLEARCPUID:+clearcpuid=$BOCHS_CLEARCPUID} $BOCHS_APPEND
		initrd /boot/initrd
		boot
	END
}

# Process 1 of L1, before what the caller adds to it. The serial line turns \n
# into \r\n unless told not to.
bochs_init_head() {
	cat <<-END
		#!/bin/sh
		export PATH=/bin
		mount -t proc proc /proc
		mount -t sysfs sys /sys
		mount -t devtmpfs dev /dev
		exec </dev/console >/dev/console 2>&1
		mount -t debugfs debugfs /sys/kernel/debug
		mount -t tracefs tracefs /sys/kernel/tracing
		stty -onlcr </dev/ttyS0
		for m in $BOCHS_MODULES nptbudget; do insmod /modules/\$m.ko || echo "PROBE FAILED insmod \$m"; done
	END
}

# bochs_cd: the image, of the tree with its init.
bochs_cd() {
	chmod +x "$tmp/initramfs/init"
	(cd "$tmp/initramfs" && find . -mindepth 1 | cpio -o -H newc --quiet) >"$tmp/cd/boot/initrd"
	grub-mkrescue -o "$tmp/cd.iso" "$tmp/cd" >"$tmp/mkrescue.log" 2>&1 ||
		die "grub-mkrescue: $(tail -n 3 "$tmp/mkrescue.log")"
}

# bochs_start CONSOLE: run it, as $bochs_pid. Debian's Bochs starts in its
# debugger, which wants to be told to go on.
bochs_start() {
	cat >"$tmp/bochsrc" <<-END
		config_interface: textconfig
		display_library: rfb, options="timeout=0"
		romimage: file=/usr/share/bochs/BIOS-bochs-latest
		vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
		megs: 1024
		cpu: ${BOCHS_CPU//,/, }, count=1, ips=$BOCHS_IPS, reset_on_triple_fault=0
		clock: sync=none, time0=local
		ata0-master: type=cdrom, path=$tmp/cd.iso, status=inserted
		boot: cdrom
		com1: enabled=1, mode=file, dev=$1
		log: $tmp/bochs.log
		sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
		speaker: enabled=1, mode=none
		panic: action=fatal
		error: action=ignore
		info: action=ignore
		debug: action=ignore
	END
	echo c >"$tmp/rc"
	: >"$1"
	nice -n 5 bochs -q -f "$tmp/bochsrc" -rc "$tmp/rc" </dev/null >"$tmp/stdout" 2>&1 &
	bochs_pid=$!
}

bochs_stop() {
	[ -n "$bochs_pid" ] || return 0
	kill "$bochs_pid" 2>/dev/null || true
	wait "$bochs_pid" 2>/dev/null || true
	bochs_pid=
}

# For an EXIT trap.
bochs_end() {
	bochs_stop
	[ -z "$tmp" ] || rm -rf "$tmp"
}

# The CPU time of a process in seconds: what counts on a busy machine.
cpu_seconds() { awk '{ print int(($14 + $15) / 100) }' "/proc/$1/stat" 2>/dev/null || echo 0; }

# What Bochs said last of a thing that went wrong, fit for a field of CSV.
bochs_last_words() {
	cat "$tmp/stdout" "$tmp/bochs.log" 2>/dev/null |
		sed -n 's/^[0-9]*[a-z]*\(\[[^]]*\]\) *\(.*>>PANIC<<\|exception()\)/\1 \2/p' | tail -n 1 | tr -d '",\r'
}
