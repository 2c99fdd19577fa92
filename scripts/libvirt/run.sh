#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Inside L1: libvirtd, and a guest that is started, reset, saved, restored, destroyed; each
# time its budget has to be in force before its first fault, and never exceeded. TAP.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../lib/l1.sh
. "$(dirname "$0")/../lib/l1.sh"
NPTB=/sys/kernel/debug/nptbudget
KVM=/sys/kernel/debug/kvm
TRACE=/sys/kernel/tracing/instances/libvirt
export LC_ALL=C
dir=$(mktemp -d)
daemon=

# What is said belongs to the result.
virsh() { command virsh -q -c qemu:///system "$@" 2>&1 | sed '/^$/d; s/^/# /'; return "${PIPESTATUS[0]}"; }

# Without systemd, a log daemon, or another user for QEMU.
configure() {
	cat >/etc/libvirt/qemu.conf <<-'EOF'
		user = "root"
		group = "root"
		security_driver = "none"
		stdio_handler = "file"
		namespaces = []
		remember_owner = 0
		dynamic_ownership = 0
	EOF
	mkdir -p /etc/libvirt/hooks /run/libvirt
	install build/libvirt/hook /etc/libvirt/hooks/qemu
	cp build/libvirt/disk "$dir/disk"
}

# domain NAME MORE: the XML of a guest.
domain() {
	cat <<-EOF
		<domain type='kvm'>
		  <name>$1</name>
		  <memory unit='MiB'>16</memory>
		  <vcpu>1</vcpu>
		  $2
		  <os><type arch='x86_64' machine='pc'>hvm</type><boot dev='fd'/></os>
		  <features><acpi/></features>
		  <devices>
		    <emulator>/usr/bin/qemu-system-x86_64</emulator>
		    <disk type='file' device='floppy'><driver name='qemu' type='raw'/>
		      <source file='$dir/disk'/><target dev='fda'/><readonly/></disk>
		    <serial type='file'><source path='$dir/$1.serial'/></serial>
		    <controller type='usb' model='none'/>
		    <memballoon model='none'/>
		  </devices>
		</domain>
	EOF
}

start_daemon() {
	libvirtd >"$dir/libvirtd.log" 2>&1 &
	daemon=$!
	within 120 virsh list
}

# vm_of GUEST: the name of its VM, in $vm.
vm_of() {
	vm=$(nptbudget list --json | jq -r --arg name "$1" '.vms[] | select(.name == $name) | .vm')
	[ -n "$vm" ]
}

# What comes first is kept.
trace_begin() {
	echo 0 >$TRACE/tracing_on
	echo >$TRACE/trace
	echo 1 >$TRACE/tracing_on
}

# The VM's first fault comes behind its budget, by KVM's own event.
budget_first() {
	echo 0 >$TRACE/tracing_on
	awk -v pid="${vm%-*}" -v fd="${vm#*-}" '
		/nptb_attach:/ && $0 ~ "vm=" pid "-" fd " " { attached = NR }
		/kvm_page_fault:/ { faults++; if (!first) first = NR }
		END {
			printf "# budget in line %d, first of %d faults in line %d\n", attached, faults, first
			exit !(attached && first > attached)
		}' $TRACE/trace
}

# held PAGES [PEAK]: the guest faults, and never has more pages by KVM's own counters; the
# module's peak is since it began, which may have been with more.
held() {
	local now peak most=0 before after i
	before=$(sed -n 's/^faults //p' "$NPTB/vms/$vm/stats")
	for ((i = 0; i < 30; i++)); do
		now=$(cat "$KVM/$vm/pages_4k")
		[ "$now" -le "$most" ] || most=$now
		sleep 0.1
	done
	after=$(sed -n 's/^faults //p' "$NPTB/vms/$vm/stats")
	peak=$(sed -n 's/^peak //p' "$NPTB/vms/$vm/stats")
	echo "# VM $vm: $((after - before)) faults, KVM counts $most pages at most, peak $peak"
	[ "$after" -gt "$before" ] && [ "$most" -gt 0 ] && [ "$most" -le "$1" ] && [ "$peak" -le "${2-$1}" ] &&
		[ "$(cat "$KVM/$vm/pages_2m")" = 0 ]
}

# It has got to where it writes dots, and writes more of them.
runs() {
	local size
	size=$(stat -c %s "$dir/$1.serial") || return
	within 120 more_than "$dir/$1.serial" "$size"
}
more_than() { [ "$(stat -c %s "$1")" -gt $(($2 + 2)) ]; }
gone() { ! vm_of "$1" && [ -z "$(ls "$NPTB/vms")" ]; }
begins() { within 60 vm_of "$1" && runs "$1"; }
same_vm() {
	local was=$vm
	vm_of "$1" && [ "$vm" = "$was" ]
}
not_started() {
	! virsh start web >"$dir/refused" || return 1
	cat "$dir/refused"
	grep -qi hook "$dir/refused" && [ ! -e /sys/module/nptbudget ]
}

end() {
	virsh destroy web >/dev/null
	virsh destroy tiny >/dev/null
	[ -z "$daemon" ] || { kill "$daemon"; wait "$daemon"; } 2>/dev/null
	rmdir $TRACE 2>/dev/null
	rm -rf "$dir"
}
trap end EXIT

configure
mkdir $TRACE
echo 0 >$TRACE/options/overwrite
echo 1 >$TRACE/events/nptbudget/nptb_attach/enable
echo 1 >$TRACE/events/kvm/kvm_page_fault/enable
echo "1..28"
libvirtd --version | sed 's/^/# /'
result "libvirtd runs" start_daemon
domain web '' >"$dir/web.xml"
domain small '<resource><partition>/machine/small</partition></resource>' >"$dir/small.xml"
domain tiny '' >"$dir/tiny.xml"
result "define" virsh define "$dir/web.xml"

trace_begin
result "start" virsh start web
result "the guest runs" begins web
result "started: the budget came before the first fault" budget_first
result "started: held" held 128

result "reset" virsh reset web
result "the guest runs again, the same VM" same_vm web
result "reset: held" held 128
result "it gets on" runs web
virsh suspend web
result "suspend, resume" virsh resume web
result "it gets on, the same VM" eval 'runs web && same_vm web'

result "save" virsh save web "$dir/saved"
result "its VM is gone" within 20 gone web
trace_begin
result "restore" virsh restore "$dir/saved"
result "it goes on where it was, as another VM" begins web
result "restored: the budget came before the first fault" budget_first
result "restored: held" held 128
result "destroy" virsh destroy web
result "nothing is left of it" within 20 gone web

virsh define "$dir/tiny.xml" >/dev/null
result "start, with a hook that sets another budget by the domain's name" virsh start tiny
result "it runs" begins tiny
result "held to that" held 16 128
result "destroy it" virsh destroy tiny

mkdir -p /sys/fs/cgroup/machine/small.partition
nptbudget defaults --cgroup /machine/small.partition --pages 64 --on-loop lend
trace_begin
result "start in a partition of its own" virsh create "$dir/small.xml"
result "it runs, and its cgroup's budget came before the first fault" eval 'begins small && budget_first'
result "held to that" held 64
virsh destroy small >/dev/null
within 20 gone small
rmmod nptbudget
result "no module, no guest: the hook fails the start" not_started
