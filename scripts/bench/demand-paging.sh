#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Build demand_paging_test, KVM's own selftest, from Debian's package of the kernel's
# sources:
#   demand-paging.sh FILE      the program
# Nothing else of KVM's selftests, and nothing of the kernel: the headers that it wants are
# made by the kernel's own script from those few.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
out=$(readlink -f "$1")
selftests=$("$here/../kernel.sh" kselftest 6.12)
src=$(readlink -f "$selftests/../../..")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

mkdir -p "$dir/scripts"
gcc -O1 -o "$dir/scripts/unifdef" "$src/scripts/unifdef.c"
# header FROM TO: as "make headers" would install it.
header() {
	mkdir -p "$dir/include/$(dirname "$2")"
	(cd "$dir" && sh "$src/scripts/headers_install.sh" "$src/$1" "$dir/include/$2")
}
for name in kvm kvm_para userfaultfd psp-sev; do
	header "include/uapi/linux/$name.h" "linux/$name.h"
done
for name in kvm kvm_para kvm_perf vmx svm; do
	header "arch/x86/include/uapi/asm/$name.h" "asm/$name.h"
done

cd "$selftests/kvm"
# As their Makefile has them.
flags=(-O2 -std=gnu99 -D_GNU_SOURCE -DCONFIG_64BIT -march=x86-64-v2 -U_FORTIFY_SOURCE
	-fno-builtin-memcmp -fno-builtin-memcpy -fno-builtin-memset -fno-builtin-strnlen
	-fno-stack-protector -fno-PIE -fno-strict-aliasing
	-I"$src/tools/include" -I"$src/tools/arch/x86/include" -I"$dir/include"
	-Iinclude -Ilib -Iinclude/x86_64 -I../rseq -I..)
for file in demand_paging_test.c lib/*.c lib/x86_64/*.[cS]; do
	more=()
	[ "$file" != lib/string_override.c ] || more=(-ffreestanding)
	gcc "${flags[@]}" "${more[@]}" -I"$(dirname "$file")" -c "$file" -o "$dir/${file//\//_}.o"
done
mkdir -p "$(dirname "$out")"
gcc -no-pie -pthread -o "$out" "$dir"/*.o -lrt
