#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Run nptbudget probe on the second model of the CPU: Bochs' ryzen, a Zen 1 with
# SVM and nested paging, with Debian's stock 6.1 as its kernel.
#   probe-bochs.sh [--timeout S] [--out DIR] [--modes "MODE..."] [CASE...]
# What the probe prints goes to DIR/probe.csv, and the kernel's console to
# DIR/console.log (build/bochs); what a run that was cut short found is kept.
# Exit status: the probe's; 124 on timeout; 1 where L1 did not come that far.
# Boot takes three to five minutes of CPU, the whole catalogue some twenty.
#
# Bochs has no 9p and no disk here: all that is needed is in the initramfs, and
# the results come back over the serial line, between two marks.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/all.sh
. "$here/lib/all.sh"

SERIES=6.1
timeout=7200 out=$PROJECT/build/bochs bochs_pid='' tmp='' modes=
cases=()

# clearcpuid=221: its MWAITX never wakes, and the boot would hang. The clock
# counts instructions, 50 million a second, as bochsrc says below.
CMDLINE="console=ttyS0,115200 clearcpuid=221 tsc=reliable tsc_early_khz=50000 mitigations=off"
CMDLINE+=" quiet panic=-1 oops=panic nokaslr"
MODULES="irqbypass ccp kvm kvm-amd"
APPLETS="sh mount insmod mkdir cat dmesg sleep stty sed uname tail"

parse() {
	while [ $# -gt 0 ]; do
		case $1 in
		--timeout) [[ ${2-} =~ ^[0-9]+$ ]] || usage_error "--timeout takes seconds"; timeout=$2; shift 2 ;;
		--out) [ -n "${2-}" ] || usage_error "--out takes a folder"; out=$2; shift 2 ;;
		--modes) [ -n "${2-}" ] || usage_error "--modes takes names of modes"; modes=$2; shift 2 ;;
		-h|--help) sed -n '3,13s/^# \?//p' "$0"; exit 0 ;;
		-*) usage_error "no such option: $1" ;;
		*) cases+=("$1"); shift ;;
		esac
	done
}

# shellcheck disable=SC2317 # called by the trap
cleanup() {
	[ -z "$bochs_pid" ] || kill "$bochs_pid" 2>/dev/null || true
	[ -z "$tmp" ] || rm -rf "$tmp"
}

# Process 1 of L1. The serial line turns \n into \r\n unless told not to.
write_init() {
	cat <<-EOF
		#!/bin/sh
		export PATH=/bin
		mount -t proc proc /proc
		mount -t sysfs sys /sys
		mount -t devtmpfs dev /dev
		exec </dev/console >/dev/console 2>&1
		mount -t debugfs debugfs /sys/kernel/debug
		stty -onlcr </dev/ttyS0
		for m in $MODULES nptbudget; do insmod /modules/\$m.ko || echo "PROBE FAILED insmod \$m"; done
		echo "PROBE CPU \$(sed -n 's/^model name[^:]*: *//p;T;q' /proc/cpuinfo)"
		echo "PROBE KERNEL \$(uname -rv)"
		echo "PROBE BEGIN"
		status=0
		for m in ${modes:-all}; do
			[ "\$m" = all ] || mode="--mode \$m"
			nptbudget probe --csv \$mode ${cases[*]} 2>>/stderr || status=\$?
		done
		echo "PROBE END \$status"
		cat /stderr
		dmesg | tail -n 20
		echo "PROBE OVER"
		sleep 1000000
	EOF
}

# The libraries that a program needs, its loader among them.
libraries() { ldd "$1" | grep -o '/[^ ]*'; }

make_initramfs() {
	local tree=$tmp/initramfs name lib
	mkdir -p "$tree"/{bin,modules,proc,sys,dev}
	cp "$(command -v busybox)" "$tree/bin/"
	for name in $APPLETS; do ln -s busybox "$tree/bin/$name"; done
	for name in $MODULES; do
		cp "$(find "$MODULES_DIR" -name "$name.ko")" "$tree/modules/"
	done
	module_take "$SERIES" "$tree/modules/nptbudget.ko"
	cp "$PROJECT/build/bin/nptbudget" "$tree/bin/"
	for lib in $(libraries "$PROJECT/build/bin/nptbudget"); do
		mkdir -p "$tree/$(dirname "$lib")"
		cp -L "$lib" "$tree/$lib"
	done
	write_init >"$tree/init"
	chmod +x "$tree/init"
	(cd "$tree" && find . -mindepth 1 | cpio -o -H newc --quiet) >"$tmp/cd/boot/initrd"
}

make_cd() {
	mkdir -p "$tmp/cd/boot/grub"
	cp "$VMLINUZ" "$tmp/cd/boot/vmlinuz"
	make_initramfs
	cat >"$tmp/cd/boot/grub/grub.cfg" <<-EOF
		set timeout=0
		linux /boot/vmlinuz $CMDLINE
		initrd /boot/initrd
		boot
	EOF
	grub-mkrescue -o "$tmp/cd.iso" "$tmp/cd" >"$tmp/mkrescue.log" 2>&1 ||
		die "grub-mkrescue: $(tail -n 3 "$tmp/mkrescue.log")"
}

write_bochsrc() {
	cat <<-EOF
		config_interface: textconfig
		display_library: rfb, options="timeout=0"
		romimage: file=/usr/share/bochs/BIOS-bochs-latest
		vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
		megs: 512
		cpu: model=ryzen, count=1, ips=50000000, reset_on_triple_fault=0
		clock: sync=none, time0=local
		ata0-master: type=cdrom, path=$tmp/cd.iso, status=inserted
		boot: cdrom
		com1: enabled=1, mode=file, dev=$out/console.log
		log: $tmp/bochs.log
		sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
		speaker: enabled=1, mode=none
		panic: action=fatal
		error: action=ignore
		info: action=ignore
		debug: action=ignore
	EOF
}

# Debian's Bochs starts in its debugger, which wants to be told to go on.
start() {
	write_bochsrc >"$tmp/bochsrc"
	echo c >"$tmp/rc"
	rm -f "$out/console.log"
	: >"$out/console.log"
	nice -n 5 bochs -q -f "$tmp/bochsrc" -rc "$tmp/rc" </dev/null >"$tmp/stdout" 2>&1 &
	bochs_pid=$!
}

wait_end() {
	local end=$((SECONDS + timeout))
	until grep -q '^PROBE OVER' "$out/console.log"; do
		kill -0 "$bochs_pid" 2>/dev/null || return 1
		[ $SECONDS -lt $end ] || return 124
		sleep 1
	done
}

# Lines of CSV alone: the kernel may say something on the same console.
collect() {
	tr -d '\r' <"$out/console.log" >"$tmp/console"
	sed -n '/^PROBE BEGIN/,/^PROBE END/p' "$tmp/console" |
		awk -F, '/^case,/ { n = NF } NF >= n && n' >"$out/probe.csv"
	sed -n 's/^PROBE CPU //p' "$tmp/console" >"$out/cpu"
	sed -n 's/^PROBE KERNEL //p' "$tmp/console" >"$out/kernel"
}

main() {
	local rc=0 VMLINUZ MODULES_DIR
	parse "$@"
	"$here/deps.sh" build lab bochs
	kernel_fetch $SERIES
	MODULES_DIR=$(eval "$("$here/kernel.sh" path $SERIES)"; echo "$MODULES")
	VMLINUZ=$(eval "$("$here/kernel.sh" path $SERIES)"; echo "$VMLINUZ")
	make -s -C "$PROJECT" cli
	module_fresh $SERIES || module_build $SERIES
	trap cleanup EXIT
	tmp=$(mktemp -d "${TMPDIR:-/tmp}/nptbudget-bochs.XXXXXX")
	mkdir -p "$out"
	out=$(cd "$out" && pwd -P)
	make_cd
	start
	wait_end || rc=$?
	collect
	[ $rc != 0 ] || rc=$(sed -n 's/^PROBE END \([0-9]*\).*/\1/p' "$out/console.log")
	case $rc in
	0) ;;
	124) say "Bochs: not done after $timeout s" ;;
	*) say "Bochs: status $rc; console: $out/console.log"; tail -n 5 "$tmp/stdout" "$tmp/bochs.log" >&2 || true ;;
	esac
	exit "${rc:-1}"
}

main "$@"
