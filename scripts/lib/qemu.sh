# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# L1 as a QEMU process. Sourced by lab, whose settings it reads.
# shellcheck disable=SC2154,SC2034

# auto: KVM where this machine is an AMD host that lets its guests have SVM.
qemu_accel() {
	local usable=0 nested
	nested=$(cat /sys/module/kvm_amd/parameters/nested 2>/dev/null || true)
	if [ -r /dev/kvm ] && [ -w /dev/kvm ] && grep -qw svm /proc/cpuinfo; then
		case $nested in 1|Y) usable=1 ;; esac
	fi
	case $1$usable in
	auto1|kvm1) echo kvm ;;
	kvm0) die "--accel kvm needs an AMD host, read-write access to /dev/kvm, and kvm_amd loaded with nested=1" ;;
	*) echo tcg ;;
	esac
}

# 9p shares: this machine's root, read-only, and $OUT.
qemu_share() {
	local tag=$1 path=$2 more=${3-}
	qemu_args+=(-fsdev "local,id=$tag,path=$path,security_model=none,multidevs=remap$more"
		-device "virtio-9p-pci,fsdev=$tag,mount_tag=$tag")
}

# One-way channels out of L1.
qemu_port() {
	qemu_args+=(-chardev "file,id=port$1,path=$2" -device "virtserialport,nr=$1,chardev=port$1")
}

# Start L1 in the background and set qemu_pid.
qemu_start() {
	local cmdline model=$cpu_model
	# -no-reboot turns a panic (at once: panic=-1), and the end, into an exit.
	# quiet: the serial line costs seconds; lab-init turns it up before COMMAND.
	cmdline="console=ttyS0 quiet panic=-1 oops=panic softlockup_panic=1 no_timer_check"
	cmdline+=" log_buf_len=4M random.trust_cpu=1 reboot=t"
	if [ "$kernel" = 6.12-debug ]; then
		# Under its checkers ACPI's interpreter takes minutes. Without ACPI
		# nothing is there to measure the TSC by, and with a TSC of unknown
		# speed KVM never enters a guest: any value in its place will do.
		cmdline+=" acpi=off panic_on_warn=1 tsc_early_khz=2000000"
	elif [ -z "$uefi" ]; then
		# Half a second, and nothing in L1 needs ACPI to route its IRQs.
		cmdline+=" pci=noacpi"
	fi
	cmdline+=" $append"
	# A package for each CPU: without ACPI the kernel finds one CPU a package.
	qemu_args=(-nodefaults -no-user-config -display none -no-reboot
		-smp "$cpus,sockets=$cpus,cores=1,threads=1" -m "$mem" -device virtio-serial-pci)
	if [ -n "$uefi" ]; then
		uefi_args "$cmdline"
	else
		qemu_args+=(-machine pc -kernel "$IMAGE" -initrd "$tmp/initrd" -append "$cmdline"
			-serial "file:$tmp/serial.log")
	fi
	qemu_port 1 "$tmp/stdout"
	qemu_port 2 "$tmp/stderr"
	qemu_port 3 "$tmp/word"
	qemu_port 4 "$tmp/early.log"
	qemu_share nptroot / ,readonly=on
	qemu_share nptout "${out:-$tmp/out}"
	if [ "$accel" = kvm ]; then
		qemu_args+=(-accel kvm -cpu "${model:-host}")
	else
		# One thread: QEMU's multi-threaded mode can crash a kernel that
		# patches its own text, and both L1 and the module do.
		if [ "$threads" = 1 ]; then
			qemu_args+=(-accel "tcg,thread=multi")
		else
			qemu_args+=(-accel "tcg,thread=single")
		fi
		[ "$icount" = 0 ] || qemu_args+=(-icount "shift=0,sleep=off")
		qemu_args+=(-cpu "${model:-EPYC,+svm,+npt}")
	fi
	# QEMU goes when lab goes, be it by SIGKILL.
	setpriv --pdeathsig TERM timeout -k 5 "$timeout" \
		setpriv --pdeathsig KILL qemu-system-x86_64 "${qemu_args[@]}" \
		</dev/null >"$tmp/qemu.log" 2>&1 &
	qemu_pid=$!
}
