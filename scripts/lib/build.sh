# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Building a module for a kernel of the cache. Sourced after kernel.sh.

# kernel_env SERIES: set KVER, KDIR, VMLINUZ, IMAGE, ARCHIVE, MODULES and SRC.
kernel_env() {
	local env
	env=$(kernel_dir "$1")/env
	[ -f "$env" ] || die "kernel $1 is not in the cache: run scripts/lab --kernel $1 --fetch-only"
	# shellcheck disable=SC1090
	. "$env"
}

# Newer kernels ask a script whether sparse is good enough, and leave sparse out
# where it is missing, as it is from Debian's header packages.
sparse_prepare() {
	local script=$MODULES/source/scripts/checker-valid.sh
	grep -qs checker-valid.sh "$MODULES/source/Makefile" || return 0
	[ ! -f "$script" ] || return 0
	source_fetch "$1"
	cp "$SRC/scripts/checker-valid.sh" "$script"
}

# kernel_make SERIES ARGS...: make in the kernel's build folder, with the
# compiler that the kernel was built with.
kernel_make() {
	local series=$1
	shift
	kernel_env "$series"
	case " $* " in *" C="[12]" "*) sparse_prepare "$series" ;; esac
	if [ "$(release_of "$series")" = trixie ]; then
		in_trixie make -s -C "$KDIR" -j"$(nproc)" CHECK="$PROJECT/scripts/sparse" "$@"
	else
		make -s -C "$KDIR" -j"$(nproc)" "$@"
	fi
}

# Where the module of a series is built.
module_build_dir() { printf '%s/build/%s\n' "$PROJECT" "$(kernel_name "$1")"; }

# What was built for another version of the kernel, whose headers may lie at the
# same place and be older, is not of use for this one.
module_forget_other() {
	local dir=$1 version
	version=$(kernel_version "$2")
	if [ -f "$dir/kernel" ] && [ "$(cat "$dir/kernel")" != "$version" ]; then
		rm -rf "$dir/module" "$dir/kmod" "$dir/stripped"
	fi
	printf '%s\n' "$version" >"$dir/kernel"
}

# Copy the sources, keeping times, so that make sees only what changed. Objects
# of other kernels that lie between the sources stay there.
module_copy() {
	local to=$1
	mkdir -p "$to"
	rsync -a --delete --exclude='*.o' --exclude='*.ko' --exclude='*.mod' \
		--exclude='*.mod.c' --exclude='.*' --exclude='Module.symvers' \
		--exclude='modules.order' "$PROJECT/module" "$to/"
	[ ! -d "$PROJECT/uapi" ] || rsync -a --delete "$PROJECT/uapi" "$to/"
}

# Hold the lock of a build folder, to write to it or (-s) to read from it, for
# the rest of a subshell.
build_lock() {
	mkdir -p "$1"
	exec 9>"$1/.lock"
	flock "${@:2}" 9
}

# Build (what changed of) the module for a series; further arguments go to make,
# e.g. C=2. W=1 is always given, so that a warning is seen at once, and so that the
# objects stay of use whatever they were built for.
module_build() (
	series=$1
	shift
	[ -f "$PROJECT/module/Kbuild" ] || die "there is no module/Kbuild to build"
	dir=$(module_build_dir "$series")
	build_lock "$dir"
	module_forget_other "$dir" "$series"
	module_copy "$dir"
	# Modules need no BTF of their own, and the headers hold no vmlinux.
	kernel_make "$series" M="$dir/module" W=1 "$@" modules 2>&1 |
		{ grep -v 'Skipping BTF' || true; } >&2 ||
		die "the module does not build for $series"
	kmod_build "$series" "$dir"
	mkdir -p "$dir/stripped"
	strip -g -o "$(module_file "$series")" "$dir/module/nptbudget.ko"
)

# The modules that selftests load beside ours (livepatches, a delay, a detour, a
# shortage of memory), into DIR/kmod/.
kmod_build() {
	local series=$1 dir=$2
	[ -d "$PROJECT/selftests/kmod" ] || return 0
	mkdir -p "$dir/kmod"
	rsync -a "$PROJECT/selftests/kmod/" "$dir/kmod/"
	kernel_make "$series" M="$dir/kmod" modules 2>&1 | { grep -v 'Skipping BTF' || true; } >&2 ||
		die "the modules of the selftests do not build for $series"
}

# The module of a series as the lab loads it, without its debugging symbols: an
# emulated host takes its time over 13 MB, and tests load it often.
module_file() { printf '%s/stripped/nptbudget.ko\n' "$(module_build_dir "$1")"; }

# A copy of it, at FILE.
module_take() (
	build_lock "$(module_build_dir "$1")" -s
	cp "$(module_file "$1")" "$2"
)

# Is the module of a series as new as its sources and its kernel?
module_fresh() {
	local ko
	ko=$(module_file "$1")
	[ -f "$ko" ] && [ -z "$(find "$PROJECT/module" "$PROJECT/uapi" "$(kernel_dir "$1")/env" \
		-newer "$ko" ! -name '*.o' ! -name '*.ko' ! -name '.*' -print -quit 2>/dev/null)" ]
}

# The module that keeps KVM in L1 away from defects of QEMU's AMD-V: lab-svm/.
lab_svm_file() { printf '%s/lab-svm/stripped.ko\n' "$(module_build_dir "$1")"; }

lab_svm_fresh() {
	[ -f "$(lab_svm_file "$1")" ] && [ -z "$(find "$PROJECT/scripts/lab-svm" \
		"$(kernel_dir "$1")/env" -newer "$(lab_svm_file "$1")" -print -quit)" ]
}

# lab_svm_take SERIES FILE: have it at FILE, built anew where it is stale.
lab_svm_take() (
	series=$1 to=$2
	dir=$(dirname "$(lab_svm_file "$series")")
	build_lock "$dir"
	if ! lab_svm_fresh "$series"; then
		cp "$PROJECT"/scripts/lab-svm/* "$dir/"
		kernel_make "$series" M="$dir" W=1 modules 2>&1 | { grep -v 'Skipping BTF' || true; } >&2 ||
			die "the lab's own module does not build for $series"
		strip -g -o "$(lab_svm_file "$series")" "$dir/lab_svm.ko"
	fi
	cp "$(lab_svm_file "$series")" "$to"
)
