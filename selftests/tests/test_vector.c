// SPDX-License-Identifier: GPL-2.0-only
/*
 * SSE instructions, and those that count bits, which the module carries out under
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
 */
#include <errno.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../lib/cells.h"
#include "../lib/dice.h"
#include "../lib/level.h"
#include "../../module/x86/soft/vector_table.h"

/* Of each kind; with NPTB_FULL, thousands. */
#define TRIALS_FEW	20
#define TRIALS_MANY	400
/* Every guest halts or shuts down at once. */
#define RUN_SECONDS	5
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
#define RDI		7
/* The standard format of XSAVE's area: AMD64 APM volume 2. */
#define XSAVE_MXCSR	24
#define XSAVE_XMM	160
#define XSAVE_BV	512
#define UD_VECTOR	6
#define NM_VECTOR	7
#define GP_VECTOR	13
#define CODE_MAX	15

/* Where ModRM.reg is part of the opcode. */
#define GROUP(n)	((n) | 8)

struct kind {
	const char *name;
	uint8_t map, prefix, op, group;
	bool aligned;
};

#define KIND(map, prefix, op, name, bytes, feature)	\
	{ #name, map, prefix, op, 0, bytes == 16 },

static const struct kind kinds[] = {
	NPTB_SSE_STUBS(KIND)
	NPTB_SSE_FLAGS(KIND)
	NPTB_SSE_TO_GPR(KIND)
	NPTB_SSE_FROM_GPR(KIND)
	NPTB_SSE_BITS_3(KIND)
	NPTB_SSE_BITS_4(KIND)
	{ "pblendvb", 2, 1, 0x10, 0, true }, { "blendvps", 2, 1, 0x14, 0, true },
	{ "blendvpd", 2, 1, 0x15, 0, true }, { "insertps", 3, 1, 0x21, 0, false },
	{ "popcnt", 1, 2, 0xb8, 0, false }, { "tzcnt", 1, 2, 0xbc, 0, false },
	{ "lzcnt", 1, 2, 0xbd, 0, false },
	{ "movups", 1, 0, 0x10, 0, false }, { "movupd", 1, 1, 0x10, 0, false },
	{ "movss", 1, 2, 0x10, 0, false }, { "movsd", 1, 3, 0x10, 0, false },
	{ "movups, store", 1, 0, 0x11, 0, false }, { "movupd, store", 1, 1, 0x11, 0, false },
	{ "movss, store", 1, 2, 0x11, 0, false }, { "movsd, store", 1, 3, 0x11, 0, false },
	{ "movlps", 1, 0, 0x12, 0, false }, { "movlpd", 1, 1, 0x12, 0, false },
	{ "movlps, store", 1, 0, 0x13, 0, false }, { "movlpd, store", 1, 1, 0x13, 0, false },
	{ "movhps", 1, 0, 0x16, 0, false }, { "movhpd", 1, 1, 0x16, 0, false },
	{ "movhps, store", 1, 0, 0x17, 0, false }, { "movhpd, store", 1, 1, 0x17, 0, false },
	{ "movaps", 1, 0, 0x28, 0, true }, { "movapd", 1, 1, 0x28, 0, true },
	{ "movaps, store", 1, 0, 0x29, 0, true }, { "movapd, store", 1, 1, 0x29, 0, true },
	{ "movntps", 1, 0, 0x2b, 0, true }, { "movntpd", 1, 1, 0x2b, 0, true },
	{ "movmskps", 1, 0, 0x50, 0, false }, { "movmskpd", 1, 1, 0x50, 0, false },
	{ "movd", 1, 1, 0x6e, 0, false }, { "movdqa", 1, 1, 0x6f, 0, true },
	{ "movdqu", 1, 2, 0x6f, 0, false }, { "pshufd", 1, 1, 0x70, 0, true },
	{ "pshufhw", 1, 2, 0x70, 0, true }, { "pshuflw", 1, 3, 0x70, 0, true },
	{ "psrlw, imm", 1, 1, 0x71, GROUP(2), false },
	{ "psraw, imm", 1, 1, 0x71, GROUP(4), false },
	{ "psllw, imm", 1, 1, 0x71, GROUP(6), false },
	{ "psrld, imm", 1, 1, 0x72, GROUP(2), false },
	{ "psrad, imm", 1, 1, 0x72, GROUP(4), false },
	{ "pslld, imm", 1, 1, 0x72, GROUP(6), false },
	{ "psrlq, imm", 1, 1, 0x73, GROUP(2), false }, { "psrldq", 1, 1, 0x73, GROUP(3), false },
	{ "psllq, imm", 1, 1, 0x73, GROUP(6), false }, { "pslldq", 1, 1, 0x73, GROUP(7), false },
	{ "group 12", 1, 1, 0x71, GROUP(1), false }, { "movd, store", 1, 1, 0x7e, 0, false },
	{ "movq", 1, 2, 0x7e, 0, false }, { "movdqa, store", 1, 1, 0x7f, 0, true },
	{ "movdqu, store", 1, 2, 0x7f, 0, false }, { "pinsrw", 1, 1, 0xc4, 0, false },
	{ "pextrw", 1, 1, 0xc5, 0, false }, { "shufps", 1, 0, 0xc6, 0, true },
	{ "shufpd", 1, 1, 0xc6, 0, true }, { "movq, store", 1, 1, 0xd6, 0, false },
	{ "pmovmskb", 1, 1, 0xd7, 0, false }, { "movntdq", 1, 1, 0xe7, 0, true },
	{ "lddqu", 1, 3, 0xf0, 0, false }, { "movntdqa", 2, 1, 0x2a, 0, true },
	{ "blendps", 3, 1, 0x0c, 0, true }, { "blendpd", 3, 1, 0x0d, 0, true },
	{ "pblendw", 3, 1, 0x0e, 0, true }, { "palignr", 3, 1, 0x0f, 0, true },
	{ "pextrb", 3, 1, 0x14, 0, false }, { "pextrw, 3a", 3, 1, 0x15, 0, false },
	{ "pextrd", 3, 1, 0x16, 0, false }, { "extractps", 3, 1, 0x17, 0, false },
	{ "pinsrb", 3, 1, 0x20, 0, false }, { "pinsrd", 3, 1, 0x22, 0, false },
};

/* One of a kind: the instruction, and the registers before. */
struct trial {
	const struct kind *kind;
	struct kvm_regs regs;
	uint8_t code[CODE_MAX];
	uint8_t len;
	uint8_t xmm[16][16];
	uint32_t mxcsr;
	uint64_t cr0, cr4;	/* bits that are not as usual */
	bool level_3;
	bool memory;
	bool lock;
};

/* All that one leaves. */
struct result {
	uint32_t exit;
	uint32_t mxcsr;
	struct kvm_regs regs;
	uint64_t cr2, memory;
	uint16_t cs, ss;
	uint8_t xmm[16][16];
};

static struct vmm vm;
static struct vmm_vcpu *vcpu;
static uint8_t kept[KEPT];
static struct kvm_sregs start;
static struct kvm_xsave fpu;
static unsigned int nr;
static struct trial *trials;
static struct result *results;
static const uint64_t addresses[] = {
	DATA, DATA + 0x200, DATA + 0x11, DATA + PAGE_SIZE - 8, DATA + PAGE_SIZE - 3,
	DATA + 2 * PAGE_SIZE - 16, DATA + 2 * PAGE_SIZE - 4, READ_ONLY, READ_ONLY + 0x44,
	ABSENT, ABSENT - 8, ABSENT - 1, 0x800000000000,
};

static bool has_imm(const struct kind *k)
{
	return k->map == 3 || (k->map == 1 && ((k->op >= 0x70 && k->op <= 0x73) ||
		k->op == 0xc2 || (k->op >= 0xc4 && k->op <= 0xc6)));
}

/* Prefixes, REX, opcode, ModRM with RDI or a register, immediate. */
static void encode(struct trial *t)
{
	static const uint8_t prefixes[] = { 0, 0x66, 0xf3, 0xf2 };
	const struct kind *k = t->kind;
	uint8_t *to = t->code, modrm = roll();

	if (k->prefix)
		*to++ = prefixes[k->prefix];
	t->lock = !(roll() % 50) && !t->cr0;
	if (t->lock)
		*to++ = 0xf0;
	if (roll() % 2)
		*to++ = 0x40 | (roll() & (t->memory ? 0xe : 0xf));
	*to++ = 0x0f;
	if (k->map > 1)
		*to++ = k->map == 2 ? 0x38 : 0x3a;
	*to++ = k->op;
	modrm = t->memory ? (modrm & 0x38) | RDI : modrm | 0xc0;
	if (k->group)
		modrm = (modrm & 0xc7) | (k->group & 7) << 3;
	/* From RIP on, with the page of the operand at hand. */
	if (t->memory && t->regs.rdi < SIZE && !(roll() % 8)) {
		int32_t at = t->regs.rdi - (CODE + (to + 5 - t->code) + has_imm(k));

		*to++ = (modrm & 0x38) | 5;
		memcpy(to, &at, 4);
		to += 4;
	} else {
		*to++ = modrm;
	}
	if (has_imm(k))
		*to++ = roll() % 2 ? roll() : roll() % 32;
	t->len = to - t->code;
}

/* Any bytes; numbers of both sizes, with those that are special; small integers. */
static void fill(uint8_t *to)
{
	static const uint32_t singles[] = {
		0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000,
		0x7f800001, 1, 0x80000001, 0x7f7fffff, 0x00800000, 0x40490fdb, 0x4f000000,
	};
	static const uint64_t doubles[] = {
		0, 1ULL << 63, 0x3ff0000000000000, 0xbff8000000000000, 0x7ff0000000000000,
		0xfff0000000000000, 0x7ff8000000000000, 0x7ff0000000000001, 1,
		0x7fefffffffffffff, 0x0010000000000000, 0x400921fb54442d18, 0x43e0000000000000,
	};
	uint64_t what = roll() % 4, words[2] = { roll(), roll() };
	uint32_t few[4] = { PICK(singles), PICK(singles), PICK(singles), PICK(singles) };
	uint64_t two[2] = { PICK(doubles), PICK(doubles) };

	if (what == 0)
		words[0] &= 0xff0f003f, words[1] = words[0] << 32;
	memcpy(to, what == 1 ? (void *)few : what == 2 ? (void *)two : (void *)words, 16);
}

static struct trial make_trial(unsigned int i)
{
	struct trial t = {
		.kind = &kinds[i % ARRAY_SIZE(kinds)], .level_3 = !(roll() % 3),
		.memory = roll() % 2, .mxcsr = 0x1f80,
	};
	uint64_t *gpr = (uint64_t *)&t.regs, n;

	for (n = 0; n < 16; n++)
		gpr[n] = roll() % 8 ? roll() >> roll() % 64 : 0;
	for (n = 0; n < 16; n++)
		fill(t.xmm[n]);
	/* Roundings, FZ, DAZ; flags; exceptions that are not masked. */
	if (roll() % 2)
		t.mxcsr |= roll() & 0xe07f;
	if (!(roll() % 4))
		t.mxcsr &= ~(roll() & 0x1f80);
	if (!(roll() % 16))
		t.cr0 = roll() % 2 ? CR0_TS : CR0_EM;
	if (!(roll() % 16))
		t.cr4 = roll() % 2 ? CR4_OSFXSR : CR4_OSXMMEXCPT;
	t.regs.rdi = roll() % 2 ? DATA + (roll() % 0x1ff0 & ~15ULL) : PICK(addresses);
	t.regs.rsp = STACK_OF(0);
	t.regs.rip = CODE;
	/* CF PF AF ZF SF DF OF ID. */
	t.regs.rflags = (roll() & 0x200cd5) | 2;
	/*
	 * MOVLPD and MOVHPD, and what KVM's emulator has with registers as well: MOVNTDQ, and
	 * on 7.3 MOVNTDQA.
	 */
	t.memory |= t.kind->map == 1 && t.kind->prefix == 1 &&
		    (t.kind->op == 0x12 || t.kind->op == 0x16 || t.kind->op == 0xe7);
	t.memory |= t.kind->map == 2 && t.kind->op == 0x2a;
	if (t.memory && t.kind->op == 0xe6 && t.kind->prefix == 2)
		t.regs.rdi = DATA + roll() % PAGE_SIZE;
	encode(&t);
	return t;
}

static volatile sig_atomic_t overdue;

static void on_alarm(int sig)
{
	(void)sig;
	overdue = 1;
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
		fill(vm.mem + at);
	memcpy(kept, vm.mem + STACKS, KEPT);
	if (ioctl(vcpu->fd, KVM_GET_SREGS, &start) || ioctl(vcpu->fd, KVM_GET_XSAVE, &fpu))
		die("cannot read a vCPU: %s", strerror(errno));
	level_tables(&start);
	/* Write protection, NE and MP. */
	start.cr0 |= 1 << 16 | 1 << 5 | 1 << 1;
	start.cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
}

static void set_up(const struct trial *t)
{
	struct kvm_sregs sregs = start;

	memcpy(vm.mem + STACKS, kept, KEPT);
	memset(vm.mem + CODE, 0xf4, 32);
	memcpy(vm.mem + CODE, t->code, t->len);
	sregs.cr2 = 0;
	sregs.cr0 |= t->cr0;
	sregs.cr4 &= ~t->cr4;
	level_set(&sregs, t->level_3);
	memcpy((uint8_t *)&fpu + XSAVE_XMM, t->xmm, sizeof(t->xmm));
	fpu.region[XSAVE_MXCSR / 4] = t->mxcsr;
	fpu.region[XSAVE_BV / 4] |= 3;
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &sregs) || ioctl(vcpu->fd, KVM_SET_REGS, &t->regs) ||
	    ioctl(vcpu->fd, KVM_SET_XSAVE, &fpu))
		die("cannot set a vCPU up: %s", strerror(errno));
}

/* But for RF, bit 16: see test_iret. */
static uint64_t hash(const void *from, size_t len)
{
	const uint8_t *mem = from;
	uint64_t h = 0xcbf29ce484222325ULL;
	size_t i;

	for (i = 0; i + 8 <= len; i += 8)
		h = (h ^ (*(const uint64_t *)(mem + i) & ~(1ULL << 16))) * 0x100000001b3ULL;
	return h;
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
	memcpy(r->xmm, (uint8_t *)&now + XSAVE_XMM, sizeof(r->xmm));
	/* A fault: the first of two pages may have been written to. */
	if (r->cr2)
		r->memory = hash(vm.mem + STACKS, DATA - STACKS);
	else
		r->memory = hash(vm.mem + STACKS, KEPT);
}

static struct result run(const struct trial *t)
{
	struct result r;
	int ret;

	memset(&r, 0, sizeof(r));
	set_up(t);
	alarm(RUN_SECONDS);
	do
		ret = ioctl(vcpu->fd, KVM_RUN, 0UL);
	while (ret && errno == EINTR && !overdue);
	alarm(0);
	if (overdue || ret)
		die("%s: %s", t->kind->name,
		    overdue ? "the guest runs on and on" : strerror(errno));
	look(&r);
	return r;
}

static void tell(const char *who, const struct trial *t, const struct result *r)
{
	unsigned int i;

	note("  %s exit %u rip 0x%llx rsp 0x%llx rflags 0x%llx cs 0x%x ss 0x%x cr2 0x%llx mxcsr 0x%x memory %llx",
	     who, r->exit, r->regs.rip, r->regs.rsp, r->regs.rflags, r->cs, r->ss,
	     (unsigned long long)r->cr2, r->mxcsr, (unsigned long long)r->memory);
	for (i = 0; i < 16; i++) {
		const uint64_t *x = (const uint64_t *)r->xmm[i];

		if (memcmp(x, t->xmm[i], 16))
			note("      xmm%u 0x%016llx%016llx", i, (unsigned long long)x[1],
			     (unsigned long long)x[0]);
	}
}

static void tell_both(const struct trial *t, const struct result *cpu, const struct result *ours)
{
	const uint64_t *data = (const uint64_t *)vcpu->run->internal.data;
	char code[3 * CODE_MAX + 1] = "";
	unsigned int i;

	for (i = 0; i < t->len; i++)
		sprintf(code + 3 * i, "%02x ", t->code[i]);
	note("%s (%s), level %d: rdi 0x%llx mxcsr 0x%x cr0 0x%llx cr4 0x%llx", t->kind->name,
	     code, t->level_3 ? 3 : 0, t->regs.rdi, t->mxcsr, (unsigned long long)t->cr0,
	     (unsigned long long)t->cr4);
	tell("CPU: ", t, cpu);
	tell("ours:", t, ours);
	if (ours->exit == KVM_EXIT_INTERNAL_ERROR)
		note("      reason %llu", (unsigned long long)data[NPTB_STOP_REASON]);
}

static bool is_in_handler(const struct result *r, unsigned int vector)
{
	return r->exit == KVM_EXIT_HLT && r->regs.rip == LEVEL_HANDLERS + 16 * vector + 1;
}

static bool is_right(const struct trial *t, const struct result *cpu, const struct result *ours)
{
	if (t->lock)
		return is_in_handler(ours, UD_VECTOR);
	if (t->memory && t->kind->aligned && t->regs.rdi & 15 && t->regs.rdi < SIZE &&
	    !is_in_handler(cpu, UD_VECTOR) && !is_in_handler(cpu, NM_VECTOR))
		return is_in_handler(ours, GP_VECTOR) && !ours->cr2;
	return !memcmp(cpu, ours, sizeof(*cpu));
}

/* The same again, with one page; how many differ. */
static unsigned int compare(void)
{
	static unsigned int told[ARRAY_SIZE(kinds)];
	unsigned int i, wrong = 0;

	for (i = 0; i < nr; i++) {
		const struct trial *t = &trials[i];
		struct result r = run(t);

		if (is_right(t, &results[i], &r))
			continue;
		wrong++;
		if (!told[t->kind - kinds]++)
			tell_both(t, &results[i], &r);
	}
	return wrong;
}

int main(void)
{
	unsigned int i, wrong, in_place = 0;

	ksft_print_header();
	need_module();
	ksft_set_plan(3);
	nr = (getenv("NPTB_FULL") ? TRIALS_MANY : TRIALS_FEW) * ARRAY_SIZE(kinds);
	trials = calloc(nr, sizeof(*trials));
	results = calloc(nr, sizeof(*results));
	if (!trials || !results)
		die("out of memory");
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm }, NULL);
	open_guest();
	for (i = 0; i < nr; i++) {
		trials[i] = make_trial(i);
		results[i] = run(&trials[i]);
		in_place += results[i].regs.rip >= CODE && results[i].regs.rip < CODE + PAGE_SIZE;
	}
	note("%u trials of %zu kinds, %u of them go on in their place", nr, ARRAY_SIZE(kinds),
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
