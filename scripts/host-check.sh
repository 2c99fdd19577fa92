#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# On a real machine, AMD's or Intel's, that is there to be lost: see what it can do, build, load
# the module, run the selftests, the probe and the bench, unload it, and leave one
# file to send in. docs/HOSTS.md tells more.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
. "$here/lib/common.sh"
# shellcheck source-path=SCRIPTDIR source=lib/series.sh
. "$here/lib/series.sh"
# shellcheck source-path=SCRIPTDIR source=lib/host-facts.sh
. "$here/lib/host-facts.sh"
# shellcheck source-path=SCRIPTDIR source=lib/session.sh
. "$here/lib/session.sh"
# shellcheck source-path=SCRIPTDIR source=lib/verdict.sh
. "$here/lib/verdict.sh"

usage() {
	cat <<'EOF'
usage: scripts/host-check.sh [OPTIONS]
  --look           say what this machine can do, and no more
  --yes            do not ask before anything is done
  --no-install     install no packages: everything is there
  --any-kernel     try a kernel of a series that is not supported
  --module FILE    this module, built for the running kernel, in place of building it
  --kselftest DIR  what `make -C selftests install INSTALL_PATH=DIR` made, elsewhere maybe
  --tests 'T ...'  these selftests in place of all
  --cases 'C ...'  these cases of the probe in place of all
  --out FILE       the file to send in (out/nptbudget-host-DATE.tar.xz)
Exit status: 0 done, and nothing failed; 1 something failed or is missing, or the
answer was no; 2 wrong usage; 130, 143 stopped by a signal.
EOF
}

look=0 yes=0 install=1 any_kernel=0 module='' kselftest='' tests='' cases='' out=
work='' logs=''		# a folder for this run, and what of it is to be sent in
failed=0 ours=0 kvm_ours=0 begun=0 rc=0 seconds=0 debugfs_mode=''
others=()

parse() {
	while [ $# -gt 0 ]; do
		case $1 in
		--module|--kselftest|--tests|--cases|--out)
			[ $# -ge 2 ] || usage_error "$1 takes a value" ;;
		esac
		case $1 in
		--look) look=1 ;;
		--yes) yes=1 ;;
		--no-install) install=0 ;;
		--any-kernel) any_kernel=1 ;;
		--module) module=$(readlink -f "$2"); shift ;;
		--kselftest) kselftest=$(readlink -f "$2"); shift ;;
		--tests) tests=$2; shift ;;
		--cases) cases=$2; shift ;;
		--out) out=$2; shift ;;
		-h|--help) usage; exit 0 ;;
		*) usage_error "no such option: $1 (see --help)" ;;
		esac
		shift
	done
	[ -z "$module" ] || [ -r "$module" ] || usage_error "no module at $module"
	[ -z "$kselftest" ] || [ -x "$kselftest/run_kselftest.sh" ] ||
		usage_error "no run_kselftest.sh in $kselftest"
	[ $yes$look != 00 ] || [ -t 0 ] ||
		usage_error "there is no terminal to ask on: --yes goes ahead, --look only looks"
	[ -n "$out" ] || out=$PROJECT/out/nptbudget-host-$(date +%Y%m%d-%H%M%S).tar.xz
}

# What this machine is, into host.txt.
facts() {
	[ "$(uname -m)" = x86_64 ] || die "this is a $(uname -m) machine: the module is for x86_64"
	mkdir -p "$PROJECT/build"
	work=$(mktemp -d "$PROJECT/build/host-check.XXXXXX")
	logs=$work/nptbudget-host
	mkdir "$logs"
	facts_file=$logs/host.txt
	has nptbudget "$(project_version), commit $(git -C "$PROJECT" rev-parse --short HEAD 2>/dev/null || echo unknown)"
	facts_cpu
	facts_kernel $any_kernel
	facts_kvm
	[ -n "$module" ] || facts_headers
	facts_lockdown
	facts_others
	facts_room "$PROJECT"
}

# The groups of deps.sh that are wanted.
wanted() {
	echo build host
	[ -n "$module" ] || [ -e "${KDIR:-/lib/modules/$(uname -r)/build}/Makefile" ] || echo headers
}

plan() {
	local packages='' n=0
	# shellcheck disable=SC2046
	[ $install = 0 ] || packages=$("$here/deps.sh" --missing $(wanted) | xargs) ||
		die "see above; --no-install goes on with what there is"
	echo
	echo "This will be done, on this machine, as root:"
	[ -z "$packages" ] || echo "  $((++n)). apt-get install $packages"
	[ -n "$module" ] || echo "  $((++n)). build the module for this kernel"
	[ -n "$kselftest" ] || echo "  $((++n)). build the command and the selftests; kselftest comes with Debian's linux-source package (150 MB)"
	[ -d "/sys/module/$(kvm_vendor)" ] || echo "  $((++n)). load $(kvm_vendor)"
	echo "  $((++n)). load and unload the module nptbudget, some fifty times"
	echo "  $((++n)). run ${tests:-the selftests}, nptbudget probe and the bench: small VMs, up to an hour"
	echo "  $((++n)). unload it, and write $out"
	cat <<-'EOF'
	No other VM is given a budget. But the module is new to this CPU, and what it
	hooks every VM goes through: the kernel may crash, and take all that runs here with
	it. Go on only where that does not matter. Ctrl-C ends it at any moment: budgets go,
	the module goes, and so does all else that was loaded or set.
	EOF
}

consent() {
	local answer=
	[ $yes = 0 ] || return 0
	read -r -p "Go on? [y/N] " answer || true
	case $answer in
	y|Y|yes) ;;
	*) echo "Nothing was done."; exit 1 ;;
	esac
}

# unload: nobody of ours has a VM any more, so that it goes at once.
unload() {
	local n
	for ((n = 0; n < 50; n++)); do
		[ -d /sys/module/nptbudget ] || return 0
		rmmod nptbudget 2>"$work/rmmod" || sleep 0.2
	done
	say "left behind: the module nptbudget: $(cat "$work/rmmod")"
	return 1
}

# However it ends. Nothing stops this.
# shellcheck disable=SC2317 # called by the trap
finish() {
	local status=$? left=0
	trap '' INT TERM HUP
	trap - EXIT
	[ "$begun" = 0 ] || {
		session_end || left=1
		[ "$ours" = 0 ] || unload || left=1
		[ "$kvm_ours" = 0 ] || modprobe -q -r "$(kvm_vendor)" || { say "left behind: $(kvm_vendor)"; left=1; }
		settings_restore || left=1
		chmod "$debugfs_mode" "$DEBUGFS"
	}
	[ -z "$work" ] || rm -rf "$work"
	[ "$left" = 0 ] || status=1
	exit "$status"
}

# What selftests set, and put back themselves where they are let.
begin() {
	begun=1
	debugfs_mode=$(stat -c %a "$DEBUGFS")
	settings_keep /proc/sys/vm/nr_hugepages /sys/kernel/rcu_expedited \
		$TRACEFS/buffer_size_kb $TRACEFS/tracing_on
	echo "nptbudget: host-check begins, $$" >/dev/kmsg
	[ -d "/sys/module/$(kvm_vendor)" ] || { kvm_ours=1; modprobe "$(kvm_vendor)"; }
	[ -w /dev/kvm ] || die "$(kvm_vendor) is loaded, and there is no /dev/kvm: see dmesg"
	mapfile -t others < <(vms)
}

# stage NAME COMMAND...: into NAME.log, the status in $rc, with a line that lives on
# a terminal. Others' VMs have no budget afterwards, nor have new ones.
stage() {
	local name=$1 start=$SECONDS vm value
	shift
	rc=0
	session_start "$logs/$name.log" "$@"
	while kill -0 "$session" 2>/dev/null; do
		[ ! -t 1 ] || printf '\r%s: %d s, %d lines of results ' "$name" $((SECONDS - start)) \
			"$(grep -cE '^(# )?(not )?ok ' "$logs/$name.log")"
		sleep 0.5
	done
	wait "$session" || rc=$?
	session_end || rc=1
	[ ! -t 1 ] || printf '\r%-70s\r' ''
	for vm in "${others[@]}" defaults; do
		[ "$vm" = defaults ] || vm=vms/$vm
		value=$(cat "$DEBUGFS/nptbudget/$vm/budget" 2>/dev/null) || continue
		[ "$value" = off ] || result "$name" FAILED "$vm has a budget of $value"
	done
	seconds=$((SECONDS - start))
}

# result NAME ok|FAILED|skipped WHAT: a line, here and in summary.txt.
result() {
	printf '%-8s%-11s%s\n' "$2" "$1" "$3" | tee -a "$logs/summary.txt"
	[ "$2" != FAILED ] || failed=1
}

# last_word NAME: the end of a log, for a stage that failed.
last_word() { tail -n 20 "$logs/$1.log" | sed 's/^/  | /'; }

# make_stage NAME ARGUMENTS...: make, whose log is of use only where it failed.
make_stage() {
	stage "$1" make -C "$PROJECT" "${@:2}"
	if [ $rc = 0 ]; then rm "$logs/$1.log"; return; fi
	result "$1" FAILED "exit status $rc of make"
	last_word "$1"
	return 1
}

build() {
	if [ $install = 1 ]; then
		# shellcheck disable=SC2046
		"$here/deps.sh" $(wanted) || die "packages are missing"
	fi
	if [ -z "$module" ]; then
		make_stage module module || return
		module=$PROJECT/module/nptbudget.ko
	fi
	if [ -z "$kselftest" ]; then
		kselftest=$work/kselftest
		make_stage build -C selftests install INSTALL_PATH="$kselftest" || return
	fi
	export PATH=$kselftest/bin:$PATH NPTB_MODULE=$module
}

load() {
	ours=1
	if insmod "$module" 2>"$work/insmod"; then
		result load ok "$(nptbudget version | xargs)"
		return
	fi
	result load FAILED "$(cat "$work/insmod")"
	dmesg | grep nptbudget: | tail -n 5 | sed 's/^/  | /'
	return 1
}

# What the command says of the same host; it is built by now.
doctor() {
	stage doctor nptbudget doctor
	if [ "$rc" = 0 ]; then
		result doctor ok "$(tail -n 1 "$logs/doctor.log")"
	else
		result doctor FAILED "exit status $rc"
		last_word doctor
	fi
}

selftests() {
	local counts test
	local -a which=(-c nptbudget)
	[ -z "$tests" ] || which=()
	for test in $tests; do which+=(-t "nptbudget:$test"); done
	stage kselftest "$kselftest/run_kselftest.sh" "${which[@]}"
	if counts=$(awk -f "$PROJECT/selftests/count.awk" "$logs/kselftest.log"); then
		result kselftest ok "$counts, $seconds s"
	else
		result kselftest FAILED "$counts, $seconds s"
		sed -nE '/^(# )*(not ok|Bail out!)/ s/^/  ! /p' "$logs/kselftest.log"
	fi
}

probe() {
	# A test that failed may have left it unloaded.
	[ -d /sys/module/nptbudget ] || insmod "$module" || {
		result probe FAILED "the module does not load any more"
		return 0
	}
	# shellcheck disable=SC2086
	stage probe timeout 7200 nptbudget probe --report "$logs/probe.json" $cases
	if [ $rc = 0 ]; then
		result probe ok "$(grep -m 1 'measured' "$logs/probe.log"), $seconds s"
	else
		result probe FAILED "exit status $rc, $seconds s"
		last_word probe
	fi
}

bench() {
	stage bench "$PROJECT/selftests/bench.sh" --counter cycles --runs 5 \
		--bench "$kselftest/nptbudget/faultbench" "$module"
	case $rc in
	0) result bench ok "cycles per fault: plain KVM $(per_fault plain), budget of 64 $(per_fault evict-64), $seconds s" ;;
	4) result bench skipped "$(head -n 1 "$logs/bench.log"): no figures" ;;
	*) result bench FAILED "exit status $rc"; last_word bench ;;
	esac
}

per_fault() { awk -F'\t' -v c="$1" '$1 == c { print $4 }' "$logs/bench.log"; }

# Our part of the kernel log: our lines, and reports with what follows them, whoever
# they are about. Nothing else of the log is anybody's business.
kernel_log() {
	local reports
	dmesg | awk -v mark="nptbudget: host-check begins, $$" '
		index($0, mark) { n = 0 } { line[n++] = $0 } END { for (i = 0; i < n; i++) print line[i] }' \
		>"$work/dmesg"
	REPORTS=$REPORTS awk '
		$0 ~ ENVIRON["REPORTS"] { more = 60 }
		more-- > 0 || /nptb|kvm|kselftest/' "$work/dmesg" >"$logs/dmesg.log"
	reports=$(log_reports "$work/dmesg")
	[ -n "$reports" ] || { result "kernel log" ok "no report"; return 0; }
	result "kernel log" FAILED "$(head -n 1 <<<"$reports")"
}

# Paths tell who somebody is.
report() {
	mkdir -p "$(dirname "$out")"
	sed -i "s|$PROJECT|.|g" "$logs"/*
	tar -C "$work" -cJf "$out.new" --owner=0 --group=0 "${logs##*/}"
	mv "$out.new" "$out"
}

main() {
	parse "$@"
	need_root "this loads a module"
	trap finish EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	facts
	[ "$facts_lacking" = 0 ] || die "this machine cannot run it: see the lines above that say LACKS"
	[ $look = 0 ] || exit 0
	plan
	consent
	begin
	if build && load; then
		doctor
		selftests
		probe
		if unload; then
			result unload ok "gone"
			bench
		else
			result unload FAILED "$(cat "$work/rmmod")"
		fi
	fi
	kernel_log
	report
	echo
	echo "$out: have a look, and please send it in (README.md says where)."
	exit $failed
}

main "$@"
