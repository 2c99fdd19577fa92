#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Linux at the limit on Intel's VT-x: the small guest of limit.sh, under QEMU with few
# resident pages, on Bochs' Haswell and Debian's 6.12; QEMU emulates no VT-x.
#   limit-intel.sh [RUN...]     all, or those named
# A run is named as in limit.sh, with "-intel" behind it: GUEST-ON_LOOP-PAGES-intel. All
# are done in one boot. Results go where those of limit.sh go, and docs/LIMIT.md is made
# anew of them.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/all.sh
. "$here/lib/all.sh"
# shellcheck source-path=SCRIPTDIR source=lib/bochs.sh
. "$here/lib/bochs.sh"

DIR=$PROJECT/build/limit
RESULTS=$DIR/results
RUNS="small-stop-13-intel small-stop-12-intel small-emulate-1-intel small-strict-1-intel"
# Seconds that one guest may take, by L1's clock.
SECONDS_EACH=120
QEMU=qemu-system-x86_64
# What QEMU's microvm reads, beside it.
FIRMWARE="/usr/share/qemu/bios-microvm.bin /usr/share/qemu/pvh.bin"
tmp=

# A tick of the guest's timer has to be long beside what the host does for it: with one
# page, thousands of instructions for each of the guest's.
BOCHS_IPS=1000000000
BOCHS_SERIES=6.12
BOCHS_APPLETS+=" awk basename cp cut date dirname mktemp tr"

# For L1: run by run, and what each left, file by file.
write_init() {
	bochs_init_head
	cat <<-'END'
		mkdir -p /tmp /out
		cd /
		echo "LIMIT CPU $(sed -n 's/^model name[^:]*: *//p;T;q' /proc/cpuinfo)"
		while read -r run guest pages on_loop seconds; do
			export OUT=/out/$run
			mkdir -p "$OUT"
			echo "LIMIT BEGIN $run"
			bash scripts/limit/run.sh $guest $pages $on_loop $seconds </dev/null 2>&1
			echo "LIMIT END $run $?"
			for file in $(ls "$OUT"); do
				echo "LIMIT FILE $run $file"
				cat "$OUT/$file"
				echo
			done
			echo "LIMIT DONE $run"
		done </plan
		dmesg | tail -n 20
		echo "LIMIT OVER"
		sleep 1000000
	END
}

tree() {
	local file
	bochs_tree "$PROJECT/build/bin/nptbudget" "$(command -v bash)" "$(command -v date)" \
		"$(command -v pkill)" "$(command -v $QEMU)"
	mkdir -p "$tmp/initramfs"/{scripts/limit,build/selftests,build/limit/small,share/qemu}
	cp "$here"/limit/{run,guests}.sh "$tmp/initramfs/scripts/limit/"
	cp "$DIR"/small/{vmlinux,init.cpio} "$tmp/initramfs/build/limit/small/"
	cp "$PROJECT/build/selftests/oracle" "$tmp/initramfs/build/selftests/"
	for file in $FIRMWARE; do cp -L "$file" "$tmp/initramfs/share/qemu/"; done
}

plan() {
	local name guest on_loop pages
	for name; do
		IFS=- read -r guest on_loop pages _ <<<"$name"
		echo "$name $guest $pages $on_loop $SECONDS_EACH"
	done
}

console() { tr -d '\r' <"$DIR/console-intel.log"; }

# keep NAME CPU WALL: the files of one run, from the console, which awk reads to its end:
# tr ends with SIGPIPE else.
keep() {
	local to=$RESULTS/$1
	rm -rf "$to"
	mkdir -p "$to"
	console | awk -v name="$1" -v to="$to" '
		$0 == "LIMIT DONE " name { done = 1 }
		done { next }
		$1 == "LIMIT" && $2 == "FILE" && $3 == name { if (file) close(file); file = to "/" $4; next }
		file { print >file }'
	(kernel_env $BOCHS_SERIES; echo "$KVERSION $SECONDS_EACH" >"$to/what")
	echo "$3 $2" >"$to/cost"
	perl "$here/limit/record.pl" "$RESULTS" "$PROJECT/docs/LIMIT.json"
}

# Until L1 is through, run by run: 1 where Bochs dies.
watch() {
	local seen=0 word rest spent=0 began=0
	local -a lines
	while kill -0 "$bochs_pid" 2>/dev/null; do
		mapfile -t lines < <(console | grep -aE '^(LIMIT (BEGIN|DONE|OVER)|[0-9]+ s: )' || true)
		for rest in "${lines[@]:seen}"; do
			say "$(cpu_seconds "$bochs_pid") CPU seconds: $rest"
			read -r _ word name <<<"$rest"
			case $word in
			BEGIN) spent=$(cpu_seconds "$bochs_pid") began=$SECONDS ;;
			DONE) keep "$name" $(($(cpu_seconds "$bochs_pid") - spent)) $((SECONDS - began)) ;;
			OVER) return 0 ;;
			esac
		done
		seen=${#lines[@]}
		sleep 2
	done
	say "Bochs died: $(bochs_last_words)"
	return 1
}

main() {
	local name rc=0
	local -a runs=("$@")
	case ${1-} in
	-*) usage_error "usage: limit-intel.sh [RUN...]" ;;
	esac
	[ $# -gt 0 ] || read -r -a runs <<<"${RUNS//$'\n'/ }"
	for name in "${runs[@]}"; do
		[[ $name =~ ^small-[a-z]+-[0-9]+-intel$ ]] || usage_error "no such run: $name"
	done
	"$here/deps.sh" build lab debug bochs
	make -s -C "$PROJECT" cli
	make -s -C "$PROJECT/selftests" all
	small_guest "$DIR/small"
	trap bochs_end EXIT
	trap 'exit 143' TERM
	tmp=$(mktemp -d "${TMPDIR:-/tmp}/nptbudget-limit.XXXXXX")
	bochs_intel corei7_haswell_4770
	tree
	plan "${runs[@]}" >"$tmp/initramfs/plan"
	write_init >"$tmp/initramfs/init"
	bochs_cd
	bochs_start "$DIR/console-intel.log"
	watch || rc=$?
	console | sed -n 's/^LIMIT CPU //p' >"$DIR/cpu-intel"
	"$here/limit.sh" --write
	return $rc
}

run_whole main "$@"
