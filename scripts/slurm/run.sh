#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Inside L1: Slurm with one node, and a sweep in an array of four jobs, one of which is
# ended and queued again while it runs. TAP.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../lib/l1.sh
. "$(dirname "$0")/../lib/l1.sh"
export LC_ALL=C
dir=$(mktemp -d)
export SLURM_CONF=$dir/slurm.conf

# What a file holds belongs to the result that failed.
told() { sed 's/^/# /' "$@"; return 1; }

# The resolver knows of no address where 127.0.0.1 is the only one. Slurm wants
# the cgroup that systemd has for services. A job that is queued again waits until its
# credential has expired.
configure() {
	local host
	host=$(hostname -s)
	ip link set lo up
	ip address add 10.0.0.1/32 dev lo
	echo "10.0.0.1 $host" >>/etc/hosts
	chmod 755 "$dir"
	mkdir "$dir/state" "$dir/spool"
	echo IgnoreSystemd=yes >"$dir/cgroup.conf"
	mkdir -p /sys/fs/cgroup/system.slice
	(umask 077 && head -c 1024 /dev/urandom >"$dir/key")
	cat >"$SLURM_CONF" <<-EOF
		ClusterName=lab
		SlurmctldHost=$host
		SlurmUser=root
		SlurmdUser=root
		AuthInfo=socket=$dir/munge.socket,cred_expire=10
		StateSaveLocation=$dir/state
		SlurmdSpoolDir=$dir/spool
		SlurmctldPidFile=$dir/slurmctld.pid
		SlurmdPidFile=$dir/slurmd.pid
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/none
		MpiDefault=none
		KillWait=2
		NodeName=$host CPUs=1
		PartitionName=all Nodes=ALL Default=YES State=UP
	EOF
}

start() {
	configure
	munged --force --key-file="$dir/key" --socket="$dir/munge.socket" --pid-file="$dir/munge.pid" \
		--log-file="$dir/munge.log" --seed-file="$dir/seed" &&
		slurmctld -L "$dir/slurmctld.log" && slurmd -L "$dir/slurmd.log" &&
		within 60 idle && return
	told "$dir"/*.log
}
idle() { [ "$(sinfo -h -o %T)" = idle ]; }

# runs FILE: which runs under a budget completed.
runs() { jq -c 'select(.pages != null and .completed) | [.policy, .pages, .repeat]' "$@" | sort; }

# The first job's workload waits until it has been queued again.
array() {
	local job
	cat >"$dir/before" <<-EOF
		#!/bin/sh
		[ "\$SLURM_ARRAY_TASK_ID" != 1 ] || [ "\${SLURM_RESTART_COUNT-0}" != 0 ] ||
			[ "\$(wc -l <"$dir/shard1.jsonl")" -lt 3 ] || sleep 600
		exec "\$@"
	EOF
	chmod +x "$dir/before"
	cd "$dir" || return 1
	job=$(BEFORE=$dir/before sbatch --parsable "$OLDPWD/build/slurm/sweep.sbatch") || return 1
	within 120 stuck || { told "$dir"/slurm-*.out; return 1; }
	cp shard1.jsonl begun
	scontrol requeue "${job}_1" && within 400 done_with "$job" && return
	told "$dir"/slurm-*.out "$dir"/slurmctld.log
}
stuck() { [ "$(wc -l <shard1.jsonl)" -ge 3 ] && pgrep -f 'sleep 600'; }
done_with() { [ -z "$(squeue -h -j "$1")" ]; }

went_on() {
	[ "$(wc -l <begun)" -ge 3 ] && cmp -s begun <(head -n "$(wc -l <begun)" shard1.jsonl) && return
	told begun shard1.jsonl
}

merged() { nptbudget sweep --merge all.jsonl shard*.jsonl >said 2>&1 || told said; }
each_once() {
	runs all.jsonl >had
	[ "$(wc -l <had)" = 8 ] && [ "$(sort -u had | wc -l)" = 8 ] && return
	told had all.jsonl
}

echo "TAP version 13"
result "Slurm has a node" start
result "the array ends, one job of it queued again" array
result "that one went on where it was" went_on
result "its parts are made one" merged
result "which has each run once" each_once
scontrol shutdown >/dev/null 2>&1
pkill -F "$dir/munge.pid"
echo "1..$n"
