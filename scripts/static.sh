#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Static checks of what git knows of the project. TAP on stdout, a result per
# check, and per kernel where kernels differ.
#   static.sh [CHECK...]   all, or some of: shell checkpatch build layers
#                          prototypes; build-SERIES is build for one kernel
# Exceptions are in static-allow.txt, with a reason each.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/all.sh
. "$here/lib/all.sh"
# shellcheck source-path=SCRIPTDIR source=lib/tap.sh
. "$here/lib/tap.sh"
# shellcheck source-path=SCRIPTDIR source=lib/layers.sh
. "$here/lib/layers.sh"

# checkpatch knows the kernel's habits. In user space these are no mistakes:
# The probe's cases are tables, an initialiser and assembly text in each macro.
CASES_IGNORE=(COMPLEX_MACRO MACRO_ARG_REUSE PARENTHESIS_ALIGNMENT REPEATED_WORD SPLIT_STRING)
USER_IGNORE=(
	ARRAY_SIZE                     # there is no linux/kernel.h
	BIT_MACRO                      # nor a linux/bits.h
	CAMELCASE                      # names of cmocka and Zydis
	EMBEDDED_FUNCTION_NAME         # "usage:" is what every command says
	LINE_SPACING                   # _Atomic is no type to it
	LONG_LINE_STRING               # strings are for users, and for grep
	MULTIPLE_ASSIGNMENTS           # registers of a guest that are set alike
	PREFER_DEFINED_ATTRIBUTE_MACRO # there is no linux/compiler.h
	PREFER_KERNEL_TYPES            # uint32_t is the type here
	STRCPY                         # there is no strscpy()
	UNNECESSARY_ELSE               # it overlooks the if before
	VOLATILE                       # memory that a guest writes to
)

# The project's files, those that are there: static_files PATTERN...
static_files() {
	local file
	git -C "$PROJECT" ls-files --cached --others --exclude-standard -- "$@" |
		while read -r file; do [ ! -f "$PROJECT/$file" ] || printf '%s\n' "$file"; done
}

# Shell scripts, by their first line or shellcheck's directive for sourced ones.
shell_files() {
	local file
	static_files | while read -r file; do
		if head -n 3 "$PROJECT/$file" | grep -qaE '^#!.*[/ ](ba|da)?sh\b|^# shellcheck shell='; then
			printf '%s\n' "$file"
		fi
	done
}

# Version 0.9 takes 40 s for each script that sources all.sh, which sources
# the rest: in a copy, all.sh holds the rest itself, and it takes one.
shell_copy() {
	local lib=$PROJECT/scripts/lib name
	mkdir -p "$tmp/shell"
	(cd "$PROJECT" && shell_files | xargs cp --parents -t "$tmp/shell")
	{
		echo '# shellcheck shell=bash'
		# shellcheck disable=SC2016 # as it stands there
		sed -n 's|^\. "$lib/\([a-z-]*\.sh\)"$|\1|p' "$lib/all.sh" |
			while read -r name; do cat "$lib/$name"; done
	} >"$tmp/shell/scripts/lib/all.sh"
}

# That a file was found right is kept in the cache, by what is in it and in all that
# are sourced anywhere.
shellcheck_file() {
	local dir=$tmp/shell key
	[ "$1" != scripts/lib/all.sh ] || dir=$PROJECT
	key=$CACHE/shellcheck/$({ echo "$1 $sourced_sum"; cat "$PROJECT/$1"; } | sha256sum | cut -d' ' -f1)
	if [ ! -f "$key" ]; then
		(cd "$dir" && shellcheck -x "$1") || return 1
	fi
	# Anew, so that it is not taken for one that nobody needs any more.
	touch "$key"
}

check_shell() {
	local file sourced_sum
	mkdir -p "$CACHE/shellcheck"
	sourced_sum=$(cd "$PROJECT" && { shellcheck --version; shell_files | xargs grep -l '^# shellcheck shell=' | xargs cat; } | sha256sum)
	shell_copy
	while read -r file; do
		tap_check "shellcheck $file" shellcheck_file "$file"
	done < <(shell_files)
	find "$CACHE/shellcheck" -type f -mtime +60 -delete
}

# allowed CHECK FILE TYPE: is there an exception? Remembers those that are used.
allowed() {
	grep -v '^#' "$here/static-allow.txt" |
		awk -v c="$1" -v f="$2" -v t="$3" '$1 == c && $2 == f && $3 == t && NF > 3 { n++ } END { exit !n }' ||
		return 1
	printf '%s %s %s\n' "$1" "$2" "$3" >>"$tmp/used"
}

# Whether every exception is still one, of the checks that ran.
check_exceptions() {
	local line key rc=0
	while read -r line; do
		key=$(awk '{ print $1, $2, $3 }' <<<"$line")
		[ "$(wc -w <<<"$line")" -gt 3 ] || { echo "no reason given: $line"; rc=1; }
		grep -qxF "$key" "$tmp/used" || { echo "no longer needed: $line"; rc=1; }
	done < <(grep -E "^($1) " "$here/static-allow.txt")
	return $rc
}

# checkpatch_files IGNORED FILE...: what it says of them. One run for many files:
# starting it takes longer than a file. It looks for known names below its root, and
# leaves a file of its own where it runs.
checkpatch_files() {
	local -a options=()
	[ -z "$1" ] || options=(--ignore "$1")
	shift
	mkdir -p "$tmp/include"
	(cd "$tmp" && "$checkpatch" --strict --no-tree --terse --show-types --no-summary \
		--root="$tmp" "${options[@]}" -f "${@/#/$PROJECT/}") 2>&1 | sed "s|^$PROJECT/||"
}

# checkpatch_run IGNORED PATTERN...: what it says of the files of these patterns goes
# to $tmp/checkpatch. All of them take 100 CPU seconds: what it said of a file is kept
# in the cache, by what is in the file, in checkpatch and in its options.
checkpatch_run() {
	local ignored=$1 said=$tmp/said file key store=$CACHE/checkpatch
	local -a files=() new=()
	local -A keys=()
	shift
	mapfile -t files < <(static_files "$@")
	mkdir -p "$store"
	while read -r key file; do
		keys[$file]=$(sha256sum <<<"$checkpatch_sum $ignored $file $key" | cut -d' ' -f1)
		# Read, so that it is not taken for one that nobody needs any more.
		if [ -f "$store/${keys[$file]}" ]; then
			touch "$store/${keys[$file]}"
			cat "$store/${keys[$file]}" >>"$tmp/checkpatch"
		else
			new+=("$file")
		fi
	done < <(cd "$PROJECT" && sha256sum -- "${files[@]}")
	[ ${#new[@]} -gt 0 ] || return 0
	checkpatch_files "$ignored" "${new[@]}" >"$said" || true
	cat "$said" >>"$tmp/checkpatch"
	# What it says of itself is no result of a file: nothing is kept then.
	! grep -qvE "$CHECKPATCH_SAYS" "$said" || return 0
	for file in "${new[@]}"; do
		grep -F "$file:" "$said" >"$tmp/one" || true
		cp "$tmp/one" "$store/.${keys[$file]}.$$"
		mv "$store/.${keys[$file]}.$$" "$store/${keys[$file]}"
	done
}

checkpatch_file() {
	local file=$1 rc=0 type
	while IFS= read -r line; do
		type=$(sed -nE 's/^[^ ]+ [A-Z]+:([A-Z_]+):.*/\1/p' <<<"$line")
		[ -n "$type" ] && allowed checkpatch "$file" "$type" && continue
		echo "$line"
		rc=1
	done < <(grep -F "$file:" "$tmp/checkpatch")
	return $rc
}

# What it says of no file of ours is about itself.
CHECKPATCH_SAYS='^(module|uapi|userspace|selftests|scripts)/[^ ]+:[0-9]+: '
checkpatch_ran() {
	local said
	[ -f "$checkpatch" ] || { echo "no $checkpatch"; return 1; }
	said=$(grep -vE "$CHECKPATCH_SAYS" "$tmp/checkpatch") || return 0
	printf '%s\n' "$said"
	return 1
}

check_checkpatch() {
	local file ignore SRC=
	if ! "$here/kernel.sh" source 6.12 >&2; then
		tap_fail "checkpatch" "no kernel source of 6.12"
		return
	fi
	eval "$("$here/kernel.sh" path 6.12)"
	checkpatch=$SRC/scripts/checkpatch.pl
	checkpatch_sum=$(cat "$SRC"/scripts/{checkpatch.pl,spelling.txt,const_structs.checkpatch} 2>/dev/null | sha256sum)
	touch "$tmp/checkpatch"
	ignore=$(IFS=,; echo "${USER_IGNORE[*]}")
	checkpatch_run '' 'module/*.[ch]' 'uapi/*.h' 'scripts/lab-svm/*.c' || true
	checkpatch_run "$ignore" 'userspace/*.[ch]' 'selftests/*.[ch]' ':!userspace/probe/cases' || true
	ignore+=$(printf ',%s' "${CASES_IGNORE[@]}")
	checkpatch_run "$ignore" 'userspace/probe/cases/*.c' || true
	tap_check "checkpatch runs" checkpatch_ran
	find "$CACHE/checkpatch" -type f -mtime +60 -delete
	while read -r file; do
		tap_check "checkpatch $file" checkpatch_file "$file"
	done < <(static_files '*.[ch]')
	tap_check "every exception for checkpatch is needed" check_exceptions checkpatch
}

# What a build said of us: a message that points into our files, or one of
# modpost or objtool, which speak of the object, or that sparse was left out. "In
# file included from" is none: what follows names the file that is meant.
ours() {
	local names
	# What sparse and gcc call a file: its place, or its name alone.
	names=$(cd "$PROJECT" && printf '%s\n' module/*.[ch] module/*/*.[ch] module/*/*/*.[ch] uapi/*.h | sed 's|.*/||; s/\./\\./' | paste -sd '|')
	grep -E "(^|[ /])($names):[0-9]+(:[0-9]+)?: |objtool|modpost|sparse is not available|C=2 specified|nptbudget\.o|^make.*Error" "$1" || true
}

# A sum of what a build, and what is said of it, depends on.
build_key() {
	local series=$1
	{
		cat "$(kernel_dir "$series")/env"
		if [ "$(release_of "$series")" = trixie ]; then
			sha256sum <"$TRIXIE/var/lib/dpkg/status"
		else
			gcc-12 --version
			sparse --version
		fi
		cd "$PROJECT"
		static_files module uapi selftests/kmod scripts/sparse scripts/static.sh \
			scripts/lib/build.sh scripts/lib/trixie.sh | xargs sha256sum
	} | sha256sum | cut -d' ' -f1
}

# What was built without a word is kept in the cache, and is taken from there where
# nothing changed: three builds take 240 CPU seconds.
build_series() {
	local series=$1 kept dir
	kept=$CACHE/modules/$(build_key "$series") || return 1
	dir=$(module_build_dir "$series")
	if [ -f "$kept/kernel" ]; then
		mkdir -p "$dir"
		touch "$kept"
		# Times of now: it is newer than its sources.
		cp -r "$kept/." "$dir/"
		return
	fi
	build_anew "$series" || return 1
	rm -rf "$kept" "$kept.$$"
	mkdir -p "$kept.$$/kmod"
	cp -r "$dir/stripped" "$kept.$$/"
	cp "$dir"/kmod/*.ko "$kept.$$/kmod/"
	cp "$dir/kernel" "$kept.$$/"
	mv "$kept.$$" "$kept"
}

build_anew() {
	local series=$1 said
	(module_build "$series" C=2) >"$tmp/build" 2>&1 || {
		echo "the build failed:"
		cat "$tmp/build"
		return 1
	}
	said=$(ours "$tmp/build")
	[ -z "$said" ] || { printf '%s\n' "$said"; return 1; }
}

# A file that is not compiled has no message, so everything is. What comes of it is the
# module that the lab loads.
check_build() {
	local series
	mkdir -p "$CACHE/modules"
	find "$CACHE/modules" -mindepth 1 -maxdepth 1 -mtime +30 -exec rm -rf {} +
	for series in ${1:-$SERIES_ALL}; do
		if ! "$here/kernel.sh" fetch "$series" >&2; then
			tap_fail "sparse and W=1, $series" "no kernel $series"
			continue
		fi
		rm -rf "$(module_build_dir "$series")"/{module,kmod,stripped}
		tap_check "sparse and W=1, $series" build_series "$series"
	done
}

check_layers() {
	local rule
	for rule in $LAYER_RULES; do
		tap_check "$(layer_name "$rule")" "layer_$rule"
	done
	tap_check "every exception for layers is needed" check_exceptions layers
}

check_prototypes() {
	local line
	# Its results become results here.
	while IFS= read -r line; do
		case $line in
		"ok "*) tap_ok "${line#* - }" ;;
		"not ok "*) tap_fail "${line#* - }" "" ;;
		"# "*) printf '%s\n' "$line" ;;
		esac
	done < <("$here/check-prototypes.sh" || true)
}

[ $# -gt 0 ] || set -- shell layers prototypes checkpatch build
for check in "$@"; do
	case $check in
	shell|checkpatch|build|layers|prototypes) ;;
	build-*) need_series "${check#build-}" ;;
	*) usage_error "usage: static.sh [shell|checkpatch|build|layers|prototypes]...; not '$check'" ;;
	esac
done
tmp=$(mktemp -d "${TMPDIR:-/tmp}/nptbudget-static.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
touch "$tmp/used"
tap_begin
for check in "$@"; do
	case $check in
	build-*) check_build "${check#build-}" ;;
	*) "check_$check" ;;
	esac
done
tap_end
