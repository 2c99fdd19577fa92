# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What a real host is and can do. Looks only, and changes nothing. Sourced after
# series.sh. Whatever is found goes to stdout, a line each, and to $facts_file:
#
#   has    NAME: VALUE
#   note   NAME: VALUE         worth knowing, for whoever reads the results
#   LACKS  NAME: WHAT TO DO    without it nothing can be done here
#
# No host name, no address and no serial number: the file is to be sent in.

facts_file=/dev/null facts_lacking=0
DEBUGFS=/sys/kernel/debug TRACEFS=/sys/kernel/tracing

fact() { printf '%-7s%s: %s\n' "$1" "$2" "$3" | tee -a "$facts_file"; }
has() { fact has "$@"; }
noted() { fact note "$@"; }
lacks() {
	facts_lacking=$((facts_lacking + 1))
	fact LACKS "$@"
}

# either NAME VALUE OTHERWISE COMMAND...: has, where the command succeeds; else lacks.
either() {
	if "${@:4}"; then has "$1" "$2"; else lacks "$1" "$3"; fi
}

# Of the first CPU.
cpuinfo() { sed -n "s/^$1[ \t]*: //p" /proc/cpuinfo | head -n 1; }
cpu_flag() { [[ " $(cpuinfo flags) " = *" $1 "* ]]; }
mounted() { [ "$(stat -f -c %T "$2" 2>/dev/null)" = "$1" ]; }

# KVM's module for this CPU.
kvm_vendor() {
	if [ "$(cpuinfo vendor_id)" = GenuineIntel ]; then echo kvm_intel; else echo kvm_amd; fi
}

facts_cpu() {
	local flag name="SVM (AMD-V)"
	local -a flags=(svm npt)
	has CPU "$(cpuinfo 'model name'), family $(cpuinfo 'cpu family') model $(cpuinfo model) stepping $(cpuinfo stepping), microcode $(cpuinfo microcode), $(nproc) CPUs"
	case $(cpuinfo vendor_id) in
	AuthenticAMD|HygonGenuine) ;;
	GenuineIntel) flags=(vmx ept) name="VT-x" ;;
	*) lacks "an AMD or Intel CPU" "this one is of $(cpuinfo vendor_id), and the module is for AMD-V and VT-x" ;;
	esac
	for flag in "${flags[@]}"; do
		if cpu_flag "$flag"; then
			has "CPU flag" "$flag"
		else
			lacks "CPU flag $flag" "switch $name on in the firmware's setup"
		fi
	done
	! cpu_flag hypervisor ||
		noted "hypervisor" "this host is a virtual or emulated machine itself"
}

# facts_kernel ANY: ANY=1 takes a kernel of another series.
facts_kernel() {
	local kernel series known='' to=lacks
	kernel=$(uname -r)
	has kernel "$kernel, $(uname -v)"
	has distribution "$(. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME-}")"
	for series in $SERIES_STOCK; do
		case $kernel in "$series".*|"$series"[-+]*) known=$series ;; esac
	done
	[ "$1" = 0 ] || to=noted
	[ -n "$known" ] || $to "a supported kernel" \
		"Linux $SERIES_STOCK are; this one is untried, and only --any-kernel takes it"
	[ "$(cat /proc/sys/kernel/tainted)" = 0 ] ||
		noted "tainted" "$(cat /proc/sys/kernel/tainted), before anything was done"
	[ "$(cat /proc/sys/kernel/ftrace_enabled 2>/dev/null)" = 1 ] ||
		lacks ftrace "sysctl kernel.ftrace_enabled=1"
	if [ -r /sys/kernel/btf/kvm ] || ! [ -d /sys/module/kvm ]; then
		return
	fi
	noted "BTF of kvm" "missing: the module cannot check prototypes"
}

facts_kvm() {
	local module file vendor
	vendor=$(kvm_vendor)
	if [ -d "/sys/module/$vendor" ]; then
		either /dev/kvm yes "$vendor is loaded and it is not there: see dmesg" test -w /dev/kvm
	elif modprobe -n -q "$vendor"; then
		noted "$vendor" "not loaded: it will be, and unloaded again"
	else
		lacks "$vendor" "this kernel has no such module"
	fi
	for module in kvm "$vendor"; do
		for file in npt nested avic sev vgif ept eptad unrestricted_guest vpid pml tdp_mmu nx_huge_pages; do
			[ ! -r "/sys/module/$module/parameters/$file" ] ||
				has "$module.$file" "$(cat "/sys/module/$module/parameters/$file")"
		done
	done
}

# facts_headers: unless the module is there already.
facts_headers() {
	local dir=${KDIR:-/lib/modules/$(uname -r)/build}
	if [ -e "$dir/Makefile" ]; then
		has headers yes
	else
		noted headers "none at $dir: linux-headers-$(uname -r) is wanted"
	fi
}

# What keeps a module that nobody signed from loading, and debugfs from writing.
facts_lockdown() {
	local file=/sys/kernel/security/lockdown
	local boot=/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c
	if [ -r $file ] && ! grep -q '\[none\]' $file; then
		lacks "no lockdown" "the kernel is locked down ($(cat $file)): turn secure boot off"
	else
		has lockdown none
	fi
	if [ -r $boot ]; then
		has "secure boot" "$(od -An -tu1 -j4 -N1 $boot | sed 's/ *0$/off/; s/ *1$/on/')"
	fi
	file=/sys/module/module/parameters/sig_enforce
	if [ -r $file ] && [ "$(cat $file)" = Y ]; then
		lacks "unsigned modules" "module.sig_enforce is on: this kernel takes signed modules alone"
	fi
	either debugfs yes "mount -t debugfs debugfs $DEBUGFS" mounted debugfs $DEBUGFS
	either tracefs yes "mount -t tracefs tracefs $TRACEFS" mounted tracefs $TRACEFS
}

# What else goes on here.
facts_others() {
	local names
	[ ! -d /sys/module/nptbudget ] ||
		lacks "nptbudget unloaded" "it is loaded, and these tests load it themselves: rmmod nptbudget"
	names=$(cd /sys/kernel/livepatch 2>/dev/null && echo *)
	case $names in ''|'*') ;; *) noted livepatches "$names; the module refuses to load where one holds a function that it needs" ;; esac
	names=$(vms | xargs)
	if [ -n "$names" ]; then
		noted "other VMs" "$(wc -w <<<"$names") ($names): left alone, and at the risk of a host with an untried module"
	else
		has "other VMs" none
	fi
	! mounted tracefs $TRACEFS ||
		{ [ "$(cat $TRACEFS/current_tracer)" = nop ] && grep -qx 0 $TRACEFS/events/enable; } ||
		noted tracing "somebody traces: tests that record events disturb that"
}

# The names of the VMs that there are, as in KVM's debugfs.
vms() {
	local dir
	for dir in "$DEBUGFS"/kvm/[0-9]*-*/; do
		[ ! -d "$dir" ] || basename "$dir"
	done
}

facts_room() {
	local mib
	mib=$(($(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 1024))
	either "free memory" "$mib MiB" "$mib MiB, and 1024 are needed: end something" test $mib -ge 1024
	mib=$(free_mib "$1")
	[ "$mib" -ge 500 ] || lacks "disk space" "$mib MiB at $1, and 500 are needed"
}
