# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # tmp is the folder of static.sh
# Rules about which file may do what, each with its reason. Sourced by
# static.sh; a rule prints what breaks it and fails.

LAYER_RULES="up circle own guards core versions kvm_sym ftrace pure state command hooked series lines hosts homes spdx todo"
: "$LAYER_RULES"

layer_name() {
	case $1 in
	up) echo "no include of module/ points up" ;;
	circle) echo "no includes of module/ form a circle" ;;
	own) echo "a header of module/ declares what the file of its name defines" ;;
	guards) echo "the guard of a header of module/ is its path" ;;
	core) echo "the core of module/ names no register, header or constant of x86" ;;
	versions) echo "kernel versions are known to module/x86/ alone" ;;
	kvm_sym) echo "KVM's unexported symbols are known to compat.c, mmu.c, zap.c, flush.c, emulator.c, soft/carry_out.c, soft/guest_fpu.h, guest_memory.c, burst.c, segments.c, guest.c, host.c, touch.c, init.c, svm.c, vmx.c and symbols.c of module/x86/ alone" ;;
	ftrace) echo "linux/ftrace.h is for hook.c, direct.c, touch.c and ftrace.h of module/x86/ alone" ;;
	pure) echo "pure files include pure files alone" ;;
	state) echo "all of struct nptb_state is compared, and kept" ;;
	command) echo "a folder of the command uses only those below it" ;;
	hooked) echo "the command knows the functions that the module redirects" ;;
	series) echo "the command knows the kernels that are tested" ;;
	lines) echo "no file is over 500 lines, no header over 300" ;;
	hosts) echo "no host of an archive is written down" ;;
	homes) echo "no path of one machine is written down" ;;
	spdx) echo "every source says its licence at the top" ;;
	todo) echo "nothing is left to do in the sources" ;;
	esac
}

# none WHY GREP-ARGUMENTS...: nothing may match.
none() {
	local why=$1 found
	shift
	found=$(cd "$PROJECT" && grep -nE "$@") || return 0
	printf '%s\n' "$why" "$found"
	return 1
}

# The project's files by pattern, but for those that match the first argument.
files_but() {
	local but=$1
	shift
	static_files "$@" | grep -vE "$but"
}

# The floors of module/, the lowest first: what a file includes lies on a floor below
# its own, or is of its own folder. Names are patterns of paths below module/, and
# the first that fits counts. x86/ knows what is below the core, and main.c all.
FLOORS='
lib/*
lock.h
x86/arch/state.h=arch
x86/arch/access.h=arch
x86/arch/zap.h=arch
cpu.h
set/*
backend.h=backend
x86/arch/burst.h=backend
x86/arch/kvm.h=backend
x86/arch/young.h=backend
x86/arch/mmu_page.h=backend
x86/arch/kvm_data.h=backend
emulator.h
text.h
hook.h
host.h
object/*
trace.h
x86/*
budget/*
loop/*
fault/*
vm/*
ui/*
main.c
'

# Who includes what of ours, as FILE<TAB>FLOOR<TAB>INCLUDED<TAB>FLOOR, below module/.
# An include of arch/ means the backend's.
includes() {
	local -a files
	mapfile -t files < <(static_files 'module/*.[ch]')
	(cd "$PROJECT" && grep -nE '^ *# *include *"' "${files[@]}") | FLOORS=$FLOORS perl -ne '
	BEGIN {
		my $n = 0;
		for (split /\n/, $ENV{FLOORS}) {
			next unless /^([^=]+)(?:=(.*))?$/;
			my ($pattern, $name) = ($1, $2 // $1);
			$at{$name} //= ++$n;
			(my $re = quotemeta $pattern) =~ s{\\\*}{.*}g;
			push @floors, [qr/^$re$/, $at{$name}];
		}
	}
	sub floor {
		for my $floor (@floors) { return $floor->[1] if $_[0] =~ $floor->[0]; }
		return 0;
	}
	my ($file, $to) = m{^module/([^:]+):\d+: *# *include *"([^"]+)"} or next;
	$to = "x86/$to" if $to =~ m{^arch/};
	print join("\t", $file, floor($file), $to, floor($to)), "\n";'
}

# Whoever looks for what a file depends on looks in one direction.
layer_up() {
	local found n
	includes >"$tmp/includes"
	n=$(wc -l <"$tmp/includes")
	[ "$n" -gt 100 ] || { echo "only $n includes found: they are written otherwise now"; return 1; }
	# What has no floor is not ours, or new: say which floor it is of.
	found=$(awk -F'\t' '
		function folder(f) { return f ~ "/" ? substr(f, 1, index(f, "/")) : f }
		!$2 || !$4 { print $1 " includes " $3 ": of no floor; see FLOORS in layers.sh"; next }
		$4 > $2 { print $1 " includes " $3 ", which is above it"; next }
		$4 == $2 && folder($1) != folder($3) && $3 !~ "^(x86/arch/kvm|backend)\\.h$" {
			print $1 " includes " $3 ", which is beside it" }
		$1 !~ "^x86/" && $3 ~ "^x86/" && $3 !~ "^x86/arch/" {
			print $1 " includes " $3 ", which is the backend\047s own" }
	' "$tmp/includes")
	[ -z "$found" ] || { printf '%s\n' "includes point down, see FLOORS in layers.sh:" "$found"; return 1; }
}

# tsort names the files of a circle. A header stands for the file of its name, too:
# two files that call each other are a circle, whichever includes come first.
layer_circle() {
	local said
	includes | awk -F'\t' '{ sub("\\.[ch]$", "", $1); sub("\\.[ch]$", "", $3) }
		$1 != $3 && !($1 == "backend" && $3 == "x86/arch/kvm") { print $1, $3 }' >"$tmp/edges"
	said=$(tsort "$tmp/edges" 2>&1 >/dev/null) || true
	[ -z "$said" ] || { printf '%s\n' "these include each other:" "${said//tsort: /}"; return 1; }
}

# Whoever looks for a function finds it where its header says, and a circle cannot
# hide behind a header that speaks for several files. The seam is implemented by the
# files of x86/; a _proto is a type.
layer_own() {
	local -a files
	local found
	mapfile -t files < <(files_but '^module/((backend|hook|host|emulator|text|cpu)\.h$|x86/arch/)' 'module/*.h')
	[ ${#files[@]} -gt 30 ] || { echo "only ${#files[@]} headers: they are elsewhere now"; return 1; }
	found=$(cd "$PROJECT" && perl -0777 -e '
	for my $header (@ARGV) {
		(my $file = $header) =~ s/h$/c/;
		my $body = "";
		if (open(my $c, "<", $file)) { $body = <$c> }
		# What assembly defines, and what it calls, is declared for it.
		(my $asm = $header) =~ s/h$/S/;
		if (open(my $c, "<", $asm)) { $asm = <$c> }
		open(my $h, "<", $header) or die;
		(my $text = <$h>) =~ s{/\*.*?\*/}{}gs;
		while ($text =~ /^(?!static|typedef)[a-z][\w \t*]*?\b(nptb_\w+)\([^;{}]*\);/mg) {
			my $name = $1;
			next if $name =~ /_proto$/;
			next if $asm =~ /^(SYM_START\(|\t(?:call|jmp)\t)\Q$name\E\b/m;
			next if $body =~ /^(?!static)[a-z][\w \t*]*\b\Q$name\E\([^;{}]*\)\s*\{/m;
			print "$header declares $name(), which $file does not define\n";
		}
	}' "${files[@]}")
	[ -z "$found" ] || { printf '%s\n' "declare it in the header of the file that defines it:" "$found"; return 1; }
}

# Two headers of one name, in two folders, would otherwise share one.
layer_guards() {
	local file guard rc=0
	while read -r file; do
		guard=${file#module/} guard=NPTB_${guard//[\/.]/_} guard=${guard^^}
		grep -qE "^#(ifndef $guard|if !defined\($guard\).*)\$" "$PROJECT/$file" && continue
		echo "$file: its guard is not $guard"
		rc=1
	done < <(static_files 'module/*.h')
	return $rc
}

# What another CPU would have to have for the core to be built for it.
X86_WORDS='r[abcd]x|e[abcd]x|[re]?(rip|rsp|rbp|eip|esp)|[er]?flags|rflags|eflags|cr[0234]|efer|[cdefgs]s_base|cpl|cs|ss'
X86_WORDS+='|idtr?|gdtr?|ldtr?|tss|npt|ept|svm|vmx|vmcb|vmcs|ymm[0-9]*|kmovw'
X86_WORDS+='|(X86|SVM|VMX|VCPU_(REGS|SREG|EXREG)|EFER|CR[0234]|PFERR|MSR|HF|NPTB_(NPF|SEG|GPRS|STOP_RIP|STOP_CR3))_?[A-Z0-9_]*'

# Comments and texts may: text is a format of user space. So may the fields of events.
layer_core() {
	local file rc=0 found
	while read -r file; do
		found=$(perl -0777 -pe '
			s{/\*.*?\*/}{ $& =~ tr/\n//cdr }gse; s{"(\\.|[^"\\\n])*"}{""}g unless 0;' \
			<(grep -v '^#include "' "$PROJECT/$file") |
			grep -nwE "$X86_WORDS|asm/[a-z/_-]*\.h" |
			grep -vE '__field\(u64, (rip|cr3)\)|__entry->(rip|cr3)\b') || true
		[ -z "$found" ] || { printf '%s\n' "$found" | sed "s|^|$file:|"; rc=1; }
	done < <(files_but '^module/(x86|lib)/' 'module/*.[ch]')
	[ $rc = 0 ] || echo "that is for backend.h or cpu.h to say"
	return $rc
}

# A new kernel is then one place to look at.
layer_versions() {
	local -a files
	mapfile -t files < <(files_but '^module/x86/((arch/kvm|arch/kvm_data|ftrace)\.h|(compat|mmu|zap|guest|host|prototypes|symbols|vmx)\.[ch])$' 'module/*' 'uapi/*')
	none "ask backend.h instead:" 'LINUX_VERSION_CODE|KERNEL_VERSION\(|linux/version\.h' "${files[@]}"
}

# What can vanish from a kernel is looked for in one place, at load.
layer_kvm_sym() {
	local -a files
	mapfile -t files < <(files_but '^module/x86/((compat|mmu|zap|flush|emulator|soft/carry_out|guest_memory|burst|segments|guest|host|touch|init|svm|vmx)\.c|symbols\.[ch]|(direct|flush|soft/guest_fpu)\.h|(hook|direct|prototypes)\.c)$' 'module/*')
	none "go through backend.h:" 'symbols\.h|static_call|kallsyms|kprobe' "${files[@]}"
}

# Who touches KVM's text can be read in three files.
layer_ftrace() {
	local -a files
	mapfile -t files < <(files_but '^module/x86/((hook|direct|touch)\.c|ftrace\.h)$' 'module/*')
	none "only hook.c, direct.c and touch.c of x86/ hook:" 'linux/ftrace\.h|register_ftrace_function' "${files[@]}"
}

# Files without a kernel call, below module/ and without their ending.
PURE_FILES='lib/.*|set/.*|loop/(record|lend_stats)|cpu|x86/(arch/(access|state)|insn|walk|operand|soft/(soft|decode|step|event|iret|shuffle|wide|strings))'

# The unit tests build them in user space: a kernel call would not link there,
# but a macro or an inline function would go unnoticed.
layer_pure() {
	local -a files
	local found
	mapfile -t files < <(static_files 'module/*.[ch]' | grep -E "^module/($PURE_FILES)\.[ch]$")
	[ ${#files[@]} -gt 20 ] || { echo "only ${#files[@]} pure files: they are elsewhere now"; return 1; }
	found=$(cd "$PROJECT" && grep -nE '^ *# *include' "${files[@]}" |
		grep -vE "include (<linux/types\.h>|<nptbudget\.h>|\"($PURE_FILES|arch/(access|state))\.h\")$" |
		grep -vE '^module/lib/pure\.h:[0-9]+:#include <(linux/)?(errno|string)\.h>$') || return 0
	printf '%s\n' "no kernel header here:" "$found"
	return 1
}

# A register that is forgotten on either side makes progress look like none, or
# no progress like some.
layer_state() {
	local field n rc=0 fields
	fields=$(sed -n '/^struct nptb_state {/,/^};/s/^\t[us]64 \([a-z0-9]*\).*/\1/p' "$PROJECT/module/x86/arch/state.h")
	[ "$(wc -w <<<"$fields")" -ge 8 ] || { echo "struct nptb_state is written otherwise now"; return 1; }
	for field in $fields; do
		n=$(grep -cE "state->$field == |state->$field, vcpu->" "$PROJECT/module/x86/compat.c")
		# An array is compared and copied by calls that look alike.
		[ "$n" -ge 1 ] && grep -qE "state->$field = |memcpy\(state->$field," "$PROJECT/module/x86/compat.c" &&
			grep -qE "state->$field == |same_gprs\(state->$field," "$PROJECT/module/x86/compat.c" && continue
		echo "module/x86/compat.c does not both compare and keep nptb_state.$field"
		rc=1
	done
	return $rc
}

# userspace/Makefile names the folders, the lowest first.
layer_command() {
	local file included from to rc=0
	local -a order
	local -A floor=()
	read -r -a order < <(sed -n 's/^FOLDERS[[:space:]]*:= //p' "$PROJECT/userspace/Makefile")
	[ ${#order[@]} -ge 5 ] || { echo "userspace/Makefile names no FOLDERS"; return 1; }
	for to in "${!order[@]}"; do floor[${order[to]%%/*}]=$to; done
	while IFS=: read -r file included; do
		from=${file#userspace/} from=${from%%/*} to=${included%%/*}
		# Files beside main() are above all, those of the same folder beside each other.
		[ "$to" != "$included" ] || continue
		[ "${floor[$to]--1}" -gt "${floor[$from]-99}" ] || continue
		echo "$file includes $included, of a folder above it"
		rc=1
	done < <(cd "$PROJECT" && grep -rHoP '^#\s*include\s+"\K[^"]+' userspace --include='*.[ch]')
	return $rc
}

# same WHAT ONE OTHER: two lists, one name a line.
same() {
	[ "$(wc -w <<<"$2")" -ge 3 ] && [ "$(sort <<<"$2")" = "$(sort <<<"$3")" ] && return
	echo "$1:"
	diff <(sort <<<"$2") <(sort <<<"$3")
	return 1
}

# doctor looks for a livepatch of one of them, which has the load fail.
layer_hooked() {
	same "hooks[] of module/x86/symbols.c (<), is_hooked() of userspace/cmd/checks_module.c (>)" \
		"$(grep -oP '^\t\[NPTB_HOOK_\w+\] = \{ "\K\w+' "$PROJECT/module/x86/symbols.c")" \
		"$(sed -n '/ hooked\[\] = {/,/};/p' "$PROJECT/userspace/cmd/checks_module.c" | grep -oP '"\K\w+(?=")')"
}

# doctor warns of others.
layer_series() {
	same "SERIES_TABLE of series.sh (<), tested[] of userspace/cmd/checks.c (>)" \
		"$(tr ' ' '\n' <<<"$SERIES_STOCK")" \
		"$(sed -n '/ tested\[\] = {/p' "$PROJECT/userspace/cmd/checks.c" | grep -oP '"\K[0-9.]+(?=")')"
}

# What does not fit on a few screens is two files.
layer_lines() {
	local file n max rc=0
	while read -r file; do
		max=500
		case $file in *.h) max=300 ;; esac
		n=$(wc -l <"$PROJECT/$file")
		[ "$n" -le $max ] || allowed layers "$file" lines || { echo "$file: $n lines"; rc=1; }
	done < <(static_files '*.[chS]' '*.sh' '*.py' '*Makefile' 'scripts/*')
	return $rc
}

# Mirrors and proxies differ: the machine's own settings say where to ask.
layer_hosts() {
	local -a files
	mapfile -t files < <(files_but '^(docs/|[A-Z]+\.md$)|^scripts/lib/layers\.sh$')
	none "take it from the machine's settings:" \
		'(deb|security|archive|ftp|snapshot)\.debian\.org|archive\.ubuntu\.com|pypi\.org|crates\.io|registry\.npmjs|proxy\.golang\.org|cdn\.kernel\.org' "${files[@]}"
}

# It has to work from a clone anywhere.
layer_homes() {
	local -a files
	mapfile -t files < <(files_but '^scripts/lib/layers\.sh$')
	none "relative, or from a variable:" \
		'/home/[a-z]|/Users/|/work/|/root/\.cache|/tmp/ksrc' "${files[@]}"
}

layer_spdx() {
	local file rc=0
	while read -r file; do
		head -n 2 "$PROJECT/$file" | grep -q 'SPDX-License-Identifier: GPL-2.0' ||
			{ echo "$file: no SPDX line"; rc=1; }
	done < <({ static_files '*.[chS]' '*.sh' '*Makefile' '*Kbuild'; shell_files; } | sort -u)
	return $rc
}

# It is done, or it is an issue.
layer_todo() {
	local -a files
	mapfile -t files < <(files_but '^scripts/lib/layers\.sh$' '*.[chS]' '*.sh' 'scripts/*' '*Makefile' '*Kbuild')
	none "open an issue instead:" '\b(TODO|FIXME|XXX)\b' "${files[@]}"
}
