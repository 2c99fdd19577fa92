// SPDX-License-Identifier: GPL-2.0-only
/*
 * What x86/soft/ makes of instructions on vectors, and of BMI, ADX, CRC32 and those that
 * count bits, against the CPU that this runs on: test_vector's kinds, without a VM. An
 * exception of MXCSR is seen here, which QEMU's CPU never raises. What it refuses for its
 * form is left out: those few forms are not the same on every CPU.
 *
 *   test_native [TRIALS [NAME]]    of each kind, or of those that have NAME in theirs
 */
#include <kselftest.h>
#include <stdlib.h>

#include "guest.h"
#include "lib/dice.h"
#include "lib/vector_trial.h"

#define TRIALS	100
/* The first of a kind that differ are told. */
#define TOLD	2
#define IF	0x200
#define XM	19
#define PF	14

static const u64 addresses[] = {
	DATA, DATA + 0x200, DATA + 0x11, DATA + PAGE - 8, DATA + PAGE - 3,
	DATA + 2 * PAGE - 16, DATA + 2 * PAGE - 4, READ_ONLY, READ_ONLY + 0x44,
	ABSENT, ABSENT - 8, ABSENT - 1, 0x800000000000,
};

static struct vector_trial make(const struct vector_kind *kind)
{
	struct vector_trial t = { .kind = kind, .memory = roll() % 2, .mxcsr = 0x1f80 };

	vector_registers(&t);
	t.regs.rdi = roll() % 2 ? DATA + (roll() % 0x1ff0 & ~15ULL) : PICK(addresses);
	t.regs.rflags = (roll() & 0x8d5) | 2 | IF;
	vector_encode(&t, CODE);
	return t;
}

static void set_registers(const struct vector_trial *t)
{
	const struct kvm_regs *r = &t->regs;
	u64 gpr[16] = { r->rax, r->rcx, r->rdx, r->rbx, r->rsp, r->rbp, r->rsi, r->rdi,
			r->r8, r->r9, r->r10, r->r11, r->r12, r->r13, r->r14, r->r15 };

	memcpy(native.gpr, gpr, sizeof(gpr));
	native.rflags = r->rflags;
	native.mxcsr = t->mxcsr;
	memcpy(native.ymm, t->ymm, sizeof(native.ymm));
	ours = native;
}

static void tell(const struct vector_trial *t, struct guest_end cpu, struct guest_end end,
		 u64 reason)
{
	unsigned int i;

	printf("# %s:", t->kind->name);
	for (i = 0; i < t->len; i++)
		printf(" %02x", t->code[i]);
	printf(", rdi 0x%llx mxcsr 0x%x\n", t->regs.rdi, t->mxcsr);
	printf("#  CPU:  vector %llu cr2 0x%llx rflags 0x%llx mxcsr 0x%x\n", cpu.vector, cpu.cr2,
	       native.rflags, native.mxcsr);
	printf("#  ours: vector %llu cr2 0x%llx rflags 0x%llx mxcsr 0x%x, reason %lld\n",
	       end.vector, end.cr2, ours.rflags, ours.mxcsr, reason);
	for (i = 0; i < 16; i++) {
		const u64 *a = (u64 *)native.ymm[i], *b = (u64 *)ours.ymm[i];

		if (native.gpr[i] != ours.gpr[i])
			printf("#   register %u: 0x%llx, 0x%llx\n", i, native.gpr[i], ours.gpr[i]);
		if (memcmp(a, b, 32))
			printf("#   ymm%u: 0x%016llx%016llx%016llx%016llx,\n"
			       "#    ours: 0x%016llx%016llx%016llx%016llx\n",
			       i, a[3], a[2], a[1], a[0], b[3], b[2], b[1], b[0]);
	}
}

struct counts {
	u64 trials, wrong, refused, vectors[32];
};

static void try_one(const struct vector_kind *kind, struct counts *c)
{
	static unsigned int told[4096];
	struct vector_trial t = make(kind);
	struct guest_end cpu, end;
	u64 memory, reason;

	set_registers(&t);
	guest_load(t.code, t.len);
	cpu = guest_run();
	memory = guest_hash();
	guest_load(t.code, t.len);
	end = guest_carry_out(t.len, &reason);
	c->trials++;
	c->vectors[cpu.vector & 31]++;
	if (reason == NPTB_REASON_FORM) {
		c->refused++;
		return;
	}
	/* A fault: the first of two pages may have been written to. */
	if (!reason && cpu.vector == end.vector && cpu.cr2 == end.cr2 &&
	    !memcmp(&native, &ours, sizeof(native)) &&
	    (cpu.vector == PF || memory == guest_hash()))
		return;
	c->wrong++;
	if (told[kind - vector_kinds]++ < TOLD)
		tell(&t, cpu, end, reason);
}

int main(int argc, char **argv)
{
	static const unsigned int needed[] = {
		X86_FEATURE_AVX2, X86_FEATURE_FMA, X86_FEATURE_F16C, X86_FEATURE_BMI2,
	};
	u64 trials = argc > 1 ? strtoull(argv[1], NULL, 10) : TRIALS, i;
	struct counts c = { };

	ksft_print_header();
	for (i = 0; i < ARRAY_SIZE(needed); i++)
		if (!boot_cpu_has(needed[i]))
			ksft_exit_skip("this CPU has no AVX2, FMA, F16C or BMI2\n");
	ksft_set_plan(2);
	guest_begin();
	for (i = 0; i < trials * vector_kinds_nr; i++) {
		const struct vector_kind *kind = &vector_kinds[i % vector_kinds_nr];

		if (argc < 3 || strstr(kind->name, argv[2]))
			try_one(kind, &c);
	}
	printf("# %llu trials of %u kinds, %llu refused; #UD %llu, #GP %llu, #PF %llu, #XM %llu\n",
	       c.trials, vector_kinds_nr, c.refused, c.vectors[6], c.vectors[13],
	       c.vectors[PF], c.vectors[XM]);
	ksft_test_result(c.trials && !c.wrong, "%llu of them differ from the CPU\n", c.wrong);
	ksft_test_result(argc > 2 || c.refused < c.trials / 100, "few are refused\n");
	ksft_finished();
}
