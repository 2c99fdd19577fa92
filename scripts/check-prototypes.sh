#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Compare the prototypes that the module takes for granted (prototypes.txt)
# with their definitions in the kernels' sources, and with what module/
# declares itself. TAP on stdout.
#   check-prototypes.sh [SERIES=DIR]...
# Sources come from the cache; SERIES=DIR names another place for one.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=lib/all.sh
. "$here/lib/all.sh"
# shellcheck source-path=SCRIPTDIR source=lib/tap.sh
. "$here/lib/tap.sh"

table=$here/prototypes.txt
module=$PROJECT/module

# prototypes KIND NAME FILE...: those of a function, one a line, each followed
# by the file; names of parameters, spaces and what is no part of the type left
# out. KIND is "definition" or "declaration".
prototypes() {
	perl -0777 -e '
	my ($kind, $name, @files) = @ARGV;
	my $end = $kind eq "definition" ? qr/\s*\{/ : qr/\s*;/;
	sub parameter {
		my ($p) = @_;
		$p =~ s/\s+/ /g; $p =~ s/^ | $//g; $p =~ s/ ?\* ?/*/g;
		# "gpa_t gpa", "void *insn", but not "void", "unsigned long".
		$p =~ s/([\w*]) ?\b(?!int$|long$|char$|short$|void$)(\w+)$/$1/
			if $p =~ /^(const )?(struct |unsigned )?\w+[ *]+\w+$/;
		return $p;
	}
	for my $file (@files) {
		open my $fh, "<", $file or die "$file: $!\n";
		my $text = <$fh>;
		$text =~ s{/\*.*?\*/}{ }gs; $text =~ s{//[^\n]*}{}g;
		while ($text =~ /^((?:\w[\w\s*]*?[\s*]))\Q$name\E\s*\(([^(){};]*)\)$end/gm) {
			my ($type, $args) = ($1, $2);
			next if $type =~ /\b(return|else|case)\b/ or $type =~ /\bstatic\b.*\binline\b/;
			$type =~ s/\b(static|noinline|__weak|extern|notrace|asmlinkage)\b//g;
			$type =~ s/\s+/ /g; $type =~ s/^ | $//g; $type =~ s/ ?\* ?/*/g;
			print "$type $name(", join(", ", map { parameter($_) } split /,/, $args),
				")\t$file\n";
		}
	}' -- "$@"
}

# The same of a prototype given as a word, to compare with.
normal() {
	printf '%s;\n' "$2" >"$tmp/one"
	prototypes declaration "$1" "$tmp/one" | cut -f 1
}

name_of() { local p=${1%%(*}; printf '%s\n' "${p##*[ \*]}"; }

sources_of() {
	local arg
	for arg in "${given[@]}"; do
		if [ "${arg%%=*}" = "$1" ]; then
			printf '%s\n' "${arg#*=}"
			return
		fi
	done
	"$here/kernel.sh" source "$1" >&2 || return
	SRC=
	eval "$("$here/kernel.sh" path "$1")"
	printf '%s\n' "$SRC"
}

# found_as WANT FOUND: every prototype found is the one wanted, and there is one.
found_as() {
	local want=$1 found=$2 proto file
	if [ ! -s "$found" ]; then
		echo "not found; wanted: $want"
		return 1
	fi
	while IFS=$'\t' read -r proto file; do
		[ "$proto" = "$want" ] || {
			echo "wanted:  $want"
			echo "is:      $proto, in $file"
			return 1
		}
	done <"$found"
}

# One function of one series. What the sources define is looked at; for what
# lies outside KVM, what the public headers declare.
check_source() {
	local want=$1 name=$2 src=$3
	local -a files
	mapfile -t files < <(grep -rlw --include='*.[ch]' "$name" "$src/arch/x86/kvm" "$src/virt/kvm")
	: >"$tmp/found"
	[ ${#files[@]} = 0 ] || prototypes definition "$name" "${files[@]}" >"$tmp/found"
	if [ ! -s "$tmp/found" ]; then
		mapfile -t files < <(grep -rlw --include='*.h' "$name" "$src/include/linux" \
			"$src/arch/x86/include/asm")
		[ ${#files[@]} = 0 ] || prototypes declaration "$name" "${files[@]}" >"$tmp/found"
	fi
	found_as "$want" "$tmp/found"
}

check_series() {
	local series=$1 src list proto name
	if ! src=$(sources_of "$series") || [ ! -d "$src/arch/x86/kvm" ]; then
		tap_fail "$series: prototypes" "no kernel source of $series"
		return
	fi
	while read -r list proto; do
		case ",$list," in *",$series,"*) ;; *) continue ;; esac
		name=$(name_of "$proto")
		tap_check "$series: $name" check_source "$(normal "$name" "$proto")" "$name" "$src"
	done < <(grep -v '^#' "$table")
}

# What symbols.h declares itself is what the table says, and in every series.
check_declared() {
	local name=$1 proto
	prototypes declaration "$name" "$module/x86/symbols.h" >"$tmp/found"
	while read -r _ proto; do
		[ "$(name_of "$proto")" = "$name" ] || continue
		found_as "$(normal "$name" "$proto")" "$tmp/found" || return 1
	done < <(grep -v '^#' "$table")
}

# Functions that the module looks up by name and cannot have compared itself.
looked_up() {
	sed -nE 's/.*FIND_CALL\([^"]*"([a-z0-9_]+)"\).*/\1/p
		s/.*\{ "([a-z0-9_]+)".*\},/\1/p
		s/.*symbol_name = "([a-z0-9_]+)".*/\1/p' "$module/x86/symbols.c" | sort -u
}

in_table() {
	# No pipe: -q ends before it has read all, and the other would die of it.
	grep -qE "[ *]$1\(" < <(grep -v '^#' "$table") || {
		echo "symbols.c looks $1 up, but scripts/prototypes.txt does not have it"
		return 1
	}
}

check_complete() {
	local name n=0 rc=0
	for name in $(looked_up); do
		n=$((n + 1))
		in_table "$name" || rc=1
	done
	[ $n -gt 5 ] || { echo "only $n functions found in symbols.c: it is written otherwise now"; return 1; }
	return $rc
}

# The kernel's own, which KVM's BTF does not have.
NOT_KVM="ftrace_location kallsyms_lookup_name switch_fpu_return handle_mm_fault do_madvise walk_page_range lru_add_drain lru_add_drain_all"

# What prototypes.c compares with BTF in a series, one "NAME LETTERS" a line.
letters_checked() {
	perl -0777 -ne '
	my ($major, $minor) = split /\./, $ENV{SERIES};
	my (@on, %word) = (1);
	/^static const struct \{[^}]*\} protos\[\] = \{\n(.*?)^\};/ms or die "no table of protos\n";
	my $table = $1;
	$word{$1} = $2 while /^#define (\w+)\s+"([^"]*)"/gm;
	my $text = "";
	for my $line (split /\n/, $table) {
		if ($line =~ /^#if LINUX_VERSION_CODE >= KERNEL_VERSION\((\d+), (\d+), 0\)$/) {
			push @on, $major * 1000 + $minor >= $1 * 1000 + $2;
		} elsif ($line =~ /^#else$/) {
			$on[-1] = !$on[-1];
		} elsif ($line =~ /^#endif$/) {
			pop @on;
		} elsif ($line =~ /^#/) {
			die "not understood: $line\n";
		} elsif (!grep { !$_ } @on) {
			$text .= "$line\n";
		}
	}
	while ($text =~ /\{\s*"(\w+)",([^}]*)\}/g) {
		my ($name, $parts) = ($1, $2);
		my $all = "";
		$all .= defined $1 ? $1 : $word{$2} // die "what is $2?\n"
			while $parts =~ /"([^"]*)"|(\w+)/g;
		print "$name $all\n";
	}' "$module/x86/prototypes.c" | sort
}

# The same of prototypes.txt, by the letters that module/lib/btf.c explains.
letters_wanted() {
	grep -v '^#' "$table" | perl -ne '
	BEGIN {
		%letter = (void => "v", bool => "b", int => "i", "unsigned int" => "i", u32 => "i", u16 => "w", long => "l");
		$letter{$_} = "l" for "unsigned long", qw(u64 gpa_t gfn_t gva_t hpa_t hva_t kvm_pfn_t);
		$letter{tdp_ptep_t} = "p";
		%skip = map { $_ => 1 } split / /, $ENV{NOT_KVM};
	}
	sub letter {
		my ($t) = @_;
		$t =~ s/\bconst //g; $t =~ s/^ +| +$//g;
		return "p<$1>" if $t =~ /^struct (\w+) \*$/;
		return "p" if $t =~ /\*$/;
		return $letter{$t} // die "what is \"$t\"?\n";
	}
	my ($list, $type, $name, $args) = /^(\S+) (.*?[ *])(\w+)\((.*)\)$/ or die "not understood: $_";
	next if $skip{$name} or ",$list," !~ /,\Q$ENV{SERIES}\E,/;
	my $all = letter($type);
	for my $arg ($args eq "void" ? () : split /, /, $args) {
		$arg =~ s/\w+$// or die;
		$all .= letter($arg);
	}
	print "$name $all\n";' | sort
}

# The two say the same, each in its way.
check_letters() {
	SERIES=$1 letters_checked >"$tmp/checked" || return 1
	SERIES=$1 NOT_KVM=$NOT_KVM letters_wanted >"$tmp/wanted" || return 1
	[ "$(wc -l <"$tmp/checked")" -gt 5 ] || { echo "prototypes.c is written otherwise now"; return 1; }
	diff "$tmp/wanted" "$tmp/checked" >"$tmp/diff" && return
	echo "prototypes.txt (<) and prototypes.c (>) differ on $1:"
	cat "$tmp/diff"
	return 1
}

check_module() {
	local name series
	tap_check "every function looked up is in the table" check_complete
	for series in $SERIES_ALL; do
		tap_check "$series: prototypes.c checks what the table says" check_letters "$series"
	done
	while read -r name; do
		tap_check "module/x86/symbols.h: $name" check_declared "$name"
	done < <(sed -nE 's/^[a-z].*[ *](kvm_[a-z0-9_]+)\(.*/\1/p' "$module/x86/symbols.h" | sort -u)
}

given=("$@")
for arg in "${given[@]}"; do
	case $arg in *=/*) is_series "${arg%%=*}" && continue ;; esac
	usage_error "usage: check-prototypes.sh [SERIES=DIR]..., DIR beginning with /"
done
tmp=$(mktemp -d "${TMPDIR:-/tmp}/nptbudget-prototypes.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
tap_begin
check_module
for series in $SERIES_ALL; do
	check_series "$series"
done
tap_end
