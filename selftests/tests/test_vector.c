// SPDX-License-Identifier: GPL-2.0-only
/*
 * SSE and AVX instructions, and some on general registers, which the module carries out under
 * on_loop=strict, with one page, against the CPU's own: each of its table, with registers
 * and memory, legal and not; at level 0 and 3; memory that is misaligned, crosses pages, is
 * read-only, absent or no address; CR0.TS, CR0.EM and CR4.OSFXSR; all roundings, and
 * exceptions of MXCSR, masked and not. Registers, MXCSR, CR2, memory and the exit must be
 * the same.
 *
 * QEMU's CPU raises no exception for MXCSR. It lets most operands of 16 bytes be anywhere,
 * and some instructions have LOCK: there #GP, or #UD, is what is expected. It stores 16
 * bytes in two parts: those that fault at the second are compared without the memory that
 * they write to. LOCK and CR0.TS are not tried at once, of which it raises the other
 * exception; nor are MOVLPD and MOVHPD with two registers, which it has, nor MOVNTDQ, which
 * KVM's emulator has; nor is CVTDQ2PD near the end of the memory, where it reads 16 bytes.
 * vector_kinds.h has more of what it does otherwise; an encoding with VEX that it takes, and
 * should not, is expected to raise #UD. selftests/native/ has all of this on a real CPU.
 *
 * Bochs 2.7, with VT-x, makes masked stores from the last element to the first: such an
 * operand is put on one page, of which CR2 may have any address. It makes the mask
 * of a gather whole before it reads, as Intel's SDM (volume 2, VGATHERDPS, Operation) has
 * it: where the gather faults, of each element of its mask the sign alone is compared. And
 * it looks at CR0.TS before it looks whether a gather names a register twice (#UD): the two
 * are not tried at once.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../lib/cells.h"
#include "../lib/dice.h"
#include "../lib/level.h"
#include "../lib/module.h"
#include "../lib/trial.h"
#include "../lib/vector_trial.h"

/* Of each kind; with NPTB_FULL, thousands. */
#define TRIALS_FEW	20
#define TRIALS_MANY	400
#define SIZE		SZ_2M
#define CODE		0x7000UL	/* the instruction, and HLT all over */
#define STACKS		0x10000UL
#define STACK_OF(n)	(STACKS + (n) * PAGE_SIZE + 0x800)
#define DATA		0x20000UL	/* two pages, then one to read, then none */
#define KEPT		(DATA + 2 * PAGE_SIZE - STACKS)
#define READ_ONLY	(DATA + 2 * PAGE_SIZE)
#define ABSENT		(DATA + 3 * PAGE_SIZE)
/* Tables of vmm's guests in long mode: the one that maps all of their memory. */
#define TABLE		0x83000UL
#define CR0_TS		(1ULL << 3)
#define CR0_EM		(1ULL << 2)
#define CR4_OSFXSR	(1ULL << 9)
#define CR4_OSXMMEXCPT	(1ULL << 10)
#define CR4_OSXSAVE	(1ULL << 18)
#define XCR0_ALL	7ULL	/* x87, SSE, AVX */
/* The standard format of XSAVE's area: AMD64 APM volume 2. */
#define XSAVE_MXCSR	24
#define XSAVE_XMM	160
#define XSAVE_BV	512
#define XSAVE_YMM	576	/* the upper halves: where AMD's CPUs, and QEMU's, have them */
/* CF PF AF ZF SF OF. */
#define ARITHMETIC	0x8d5ULL
#define UD_VECTOR	6
#define NM_VECTOR	7
#define GP_VECTOR	13

/* All that one leaves. */
struct result {
	uint32_t exit;
	uint32_t mxcsr;
	struct kvm_regs regs;
	uint64_t cr2, memory;
	uint16_t cs, ss;
	uint8_t ymm[16][32];
};

static struct vmm vm;
static bool vtx;
static struct vmm_vcpu *vcpu;
static uint8_t kept[KEPT];
static struct kvm_sregs start;
static struct kvm_xsave fpu;
static unsigned int nr;
static struct vector_trial *trials;
static struct result *results;
static const uint64_t addresses[] = {
	DATA, DATA + 0x200, DATA + 0x11, DATA + PAGE_SIZE - 8, DATA + PAGE_SIZE - 3,
	DATA + 2 * PAGE_SIZE - 16, DATA + 2 * PAGE_SIZE - 4, READ_ONLY, READ_ONLY + 0x44,
	ABSENT, ABSENT - 8, ABSENT - 1, 0x800000000000,
};

/* All bytes, as a mask. */
static void set_all(struct vector_trial *t)
{
	int i;

	for (i = 0; i < 16 * 32; i++)
		t->ymm[i / 32][i % 32] |= 0x80;
}

static struct vector_trial make_trial(unsigned int i)
{
	struct vector_trial t = {
		.kind = &vector_kinds[i % vector_kinds_nr], .level_3 = !(roll() % 3),
		.memory = roll() % 2, .mxcsr = 0x1f80,
	};

	vector_registers(&t);
	if (!(roll() % 16))
		t.cr0 = roll() % 2 ? CR0_TS : CR0_EM;
	if (!(roll() % 16))
		t.cr4 = roll() % 2 ? CR4_OSFXSR : CR4_OSXMMEXCPT;
	if (t.kind->vex && !(roll() % 16)) {
		t.cr0 = 0;
		t.cr4 = roll() % 2 ? CR4_OSXSAVE : 0;
		t.xcr0 = t.cr4 ? 0 : 4 | (roll() & 2);
	}
	t.regs.rdi = roll() % 2 ? DATA + (roll() % 0x1ff0 & ~15ULL) : PICK(addresses);
	t.regs.rsp = STACK_OF(0);
	t.regs.rip = CODE;
	/* CF PF AF ZF SF DF OF ID. */
	t.regs.rflags = (roll() & 0x200cd5) | 2;
	/*
	 * MOVLPD and MOVHPD, and what KVM's emulator has with registers as well: MOVNTDQ, and
	 * on 7.3 MOVNTDQA.
	 */
	t.memory |= t.kind->memory;
	if (t.memory && (t.kind->reads_all || (t.kind->op == 0xe6 && t.kind->prefix == 2)))
		t.regs.rdi = DATA + roll() % PAGE_SIZE;
	if (t.kind->at_rdi && roll() % 2)
		t.regs.rdi = DATA + roll() % PAGE_SIZE;
	else if (t.kind->at_rdi)
		set_all(&t);
	if (t.kind->anywhere || (vtx && t.kind->any_order))
		t.regs.rdi &= ~31ULL;
	if (vtx && t.kind->gather)
		t.cr0 = 0;
	/* At level 3 it is pushed. */
	t.level_3 &= !t.kind->flags_alone;
	/* With VEX it says nothing, but QEMU raises #UD. */
	if (t.kind->vex)
		t.cr0 &= ~CR0_EM;
	vector_encode(&t, CODE);
	return t;
}

static void open_guest(void)
{
	struct vmm_args args = { .pages = 1 };
	uint64_t *table, at;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vcpu = vmm_add(&vm, GUEST_SPIN, VMM_LONG, &args);
	level_load(&vm, STACK_OF(2), STACK_OF(3));
	table = (uint64_t *)(vm.mem + TABLE);
	table[READ_ONLY / PAGE_SIZE] &= ~2ULL;
	table[ABSENT / PAGE_SIZE] = 0;
	for (at = DATA; at < ABSENT; at += 16)
		vector_fill(vm.mem + at);
	memcpy(kept, vm.mem + STACKS, KEPT);
	if (ioctl(vcpu->fd, KVM_GET_SREGS, &start) || ioctl(vcpu->fd, KVM_GET_XSAVE, &fpu))
		die("cannot read a vCPU: %s", strerror(errno));
	level_tables(&start);
	/* Write protection, NE and MP. */
	start.cr0 |= 1 << 16 | 1 << 5 | 1 << 1;
	start.cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE;
}

/* What XSAVE's area has of the vector registers. */
static void copy_registers(uint8_t (*ymm)[32], struct kvm_xsave *area, bool to_area)
{
	uint8_t *at = (uint8_t *)area;
	int i;

	for (i = 0; i < 16; i++) {
		uint8_t *low = at + XSAVE_XMM + 16 * i, *high = at + XSAVE_YMM + 16 * i;

		memcpy(to_area ? low : ymm[i], to_area ? ymm[i] : low, 16);
		memcpy(to_area ? high : ymm[i] + 16, to_area ? ymm[i] + 16 : high, 16);
	}
}

static void set_up(const struct vector_trial *t)
{
	struct kvm_sregs sregs = start;
	struct kvm_xcrs xcrs = { .nr_xcrs = 1, .xcrs[0].value = XCR0_ALL & ~t->xcr0 };

	memcpy(vm.mem + STACKS, kept, KEPT);
	memset(vm.mem + CODE, 0xf4, 32);
	memcpy(vm.mem + CODE, t->code, t->len);
	sregs.cr2 = 0;
	sregs.cr0 |= t->cr0;
	sregs.cr4 &= ~t->cr4;
	level_set(&sregs, t->level_3);
	copy_registers((uint8_t (*)[32])t->ymm, &fpu, true);
	fpu.region[XSAVE_MXCSR / 4] = t->mxcsr;
	fpu.region[XSAVE_BV / 4] |= XCR0_ALL;
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &sregs) || ioctl(vcpu->fd, KVM_SET_REGS, &t->regs) ||
	    ioctl(vcpu->fd, KVM_SET_XCRS, &xcrs) || ioctl(vcpu->fd, KVM_SET_XSAVE, &fpu))
		die("cannot set a vCPU up: %s", strerror(errno));
}

static void look(struct result *r)
{
	struct kvm_sregs sregs;
	struct kvm_xsave now;

	if (ioctl(vcpu->fd, KVM_GET_REGS, &r->regs) || ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) ||
	    ioctl(vcpu->fd, KVM_GET_XSAVE, &now))
		die("cannot read a vCPU: %s", strerror(errno));
	r->exit = vcpu->run->exit_reason;
	r->cs = sregs.cs.selector;
	r->ss = sregs.ss.selector;
	r->cr2 = sregs.cr2;
	r->mxcsr = now.region[XSAVE_MXCSR / 4];
	copy_registers(r->ymm, &now, false);
	/* A fault: the first of two pages may have been written to. */
	if (r->cr2)
		r->memory = trial_hash(vm.mem + STACKS, DATA - STACKS);
	else
		r->memory = trial_hash(vm.mem + STACKS, KEPT);
}

static struct result run(const struct vector_trial *t)
{
	struct result r;
	const char *why;

	memset(&r, 0, sizeof(r));
	set_up(t);
	why = trial_run(vcpu);
	if (why)
		die("%s: %s", t->kind->name, why);
	look(&r);
	return r;
}

static void tell(const char *who, const struct vector_trial *t, const struct result *r)
{
	unsigned int i;

	note("  %s exit %u rip 0x%llx rsp 0x%llx rflags 0x%llx cs 0x%x ss 0x%x", who, r->exit,
	     r->regs.rip, r->regs.rsp, r->regs.rflags, r->cs, r->ss);
	note("        cr2 0x%llx mxcsr 0x%x memory %llx", (unsigned long long)r->cr2, r->mxcsr,
	     (unsigned long long)r->memory);
	for (i = 0; i < 16; i++) {
		const uint64_t *y = (const uint64_t *)r->ymm[i];

		if (memcmp(y, t->ymm[i], 32))
			note("      ymm%u 0x%016llx%016llx%016llx%016llx", i,
			     (unsigned long long)y[3], (unsigned long long)y[2],
			     (unsigned long long)y[1], (unsigned long long)y[0]);
	}
}

static void tell_both(const struct vector_trial *t, const struct result *cpu,
		      const struct result *ours)
{
	const uint64_t *data = (const uint64_t *)vcpu->run->internal.data;
	char code[3 * VECTOR_CODE_MAX + 1] = "";
	unsigned int i;

	for (i = 0; i < t->len; i++)
		sprintf(code + 3 * i, "%02x ", t->code[i]);
	note("%s (%s), level %d: rdi 0x%llx mxcsr 0x%x", t->kind->name, code, t->level_3 ? 3 : 0,
	     t->regs.rdi, t->mxcsr);
	note("  cr0 0x%llx cr4 0x%llx xcr0 0x%llx", (unsigned long long)t->cr0,
	     (unsigned long long)t->cr4, (unsigned long long)t->xcr0);
	tell("CPU: ", t, cpu);
	tell("ours:", t, ours);
	if (ours->exit == KVM_EXIT_INTERNAL_ERROR)
		note("      reason %llu", (unsigned long long)data[NPTB_STOP_REASON]);
}

static bool is_in_handler(const struct result *r, unsigned int vector)
{
	return r->exit == KVM_EXIT_HLT && r->regs.rip == LEVEL_HANDLERS + 16 * vector + 1;
}

static bool is_in_place(const struct result *r)
{
	return r->regs.rip >= CODE && r->regs.rip < CODE + PAGE_SIZE;
}

/* Are bits set that MXCSR does not have on these CPUs? */
static bool loads_wrong_mxcsr(const struct vector_trial *t)
{
	uint32_t value;

	if (!t->kind->mxcsr || !t->memory || t->regs.rdi > ABSENT - 4)
		return false;
	memcpy(&value, vm.mem + t->regs.rdi, 4);
	return value > 0xffff;
}

/* Each element of the mask of a gather is all ones, or zero, as its sign says. */
static void make_whole(const struct vector_trial *t, struct result *r)
{
	unsigned int size = t->w ? 8 : 4, i;

	for (i = 0; i < 32; i++)
		r->ymm[t->first][i] = r->ymm[t->first][i | (size - 1)] & 0x80 ? 0xff : 0;
}

/* What Bochs does otherwise, and may. */
static void forgive(const struct vector_trial *t, struct result *r)
{
	if (t->kind->gather)
		make_whole(t, r);
	if (t->kind->any_order)
		r->cr2 &= ~(PAGE_SIZE - 1);
}

static bool is_right(const struct vector_trial *t, const struct result *cpu,
		     const struct result *result)
{
	struct result same = *cpu, own = *result, *ours = &own;

	if (vtx) {
		forgive(t, &same);
		forgive(t, ours);
	}

	/* QEMU takes much of what is not allowed. */
	if (t->lock || t->odd)
		return is_in_handler(ours, UD_VECTOR);
	if (t->memory && t->kind->aligned && t->regs.rdi & (t->l ? 31 : 15) && t->regs.rdi < SIZE &&
	    !is_in_handler(cpu, UD_VECTOR) && !is_in_handler(cpu, NM_VECTOR))
		return is_in_handler(ours, GP_VECTOR) && !ours->cr2;
	if (loads_wrong_mxcsr(t) && !cpu->cr2 && is_in_place(cpu))
		return is_in_handler(ours, GP_VECTOR) && !ours->cr2;
	if (t->kind->flags_alone)
		same.regs.rflags = (cpu->regs.rflags & ARITHMETIC) |
				   (ours->regs.rflags & ~ARITHMETIC);
	return !memcmp(&same, ours, sizeof(same));
}

/* The same again, with one page; how many differ. */
static unsigned int compare(void)
{
	unsigned int *told = calloc(vector_kinds_nr, sizeof(*told)), i, wrong = 0;

	if (!told)
		die("out of memory");

	for (i = 0; i < nr; i++) {
		const struct vector_trial *t = &trials[i];
		struct result r = run(t);

		if (is_right(t, &results[i], &r))
			continue;
		wrong++;
		if (!told[t->kind - vector_kinds]++)
			tell_both(t, &results[i], &r);
	}
	free(told);
	return wrong;
}

int main(void)
{
	unsigned int i, wrong, in_place = 0;

	ksft_print_header();
	need_module();
	ksft_set_plan(3);
	nr = (getenv("NPTB_FULL") ? TRIALS_MANY : TRIALS_FEW) * vector_kinds_nr;
	trials = calloc(nr, sizeof(*trials));
	results = calloc(nr, sizeof(*results));
	if (!trials || !results)
		die("out of memory");
	vtx = !strcmp(kvm_vendor(), "kvm_intel");
	open_guest();
	for (i = 0; i < nr; i++) {
		trials[i] = make_trial(i);
		results[i] = run(&trials[i]);
		in_place += is_in_place(&results[i]);
	}
	note("%u trials of %u kinds, %u of them go on in their place", nr, vector_kinds_nr,
	     in_place);
	ksft_test_result(in_place > nr / 4 && in_place < nr / 8 * 7, "trials are mixed\n");
	if (nptb_set(vm.name, "on_loop", "strict") || nptb_budget(vm.name, 1))
		die("no budget");
	wrong = compare();
	note("%u differ; carried out %lld, delivered %lld", wrong,
	     (long long)nptb_stat(vm.name, "carried"), (long long)nptb_stat(vm.name, "deliveries"));
	ksft_test_result(!wrong, "%u trials leave what the CPU leaves\n", nr);
	ksft_test_result(!nptb_stat(vm.name, "refused") && nptb_stat(vm.name, "peak") == 1 &&
			 nptb_stat(vm.name, "carried") > nr / 2,
			 "one page, nothing refused\n");
	vmm_destroy(&vm);
	ksft_finished();
}
