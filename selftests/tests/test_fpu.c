// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions of the x87 and MMX, and those that save and restore their state and the
 * vectors', which the module carries out under on_loop=strict, with one page, against the
 * CPU's own: each of its tables, with registers and memory, legal and not; at level 0 and 3,
 * and in 32-bit code; memory that is misaligned, crosses pages, is read-only, absent or no
 * address; CR0.TS and CR0.EM, without CR4.OSXSAVE, any XCR0; exceptions masked, not masked,
 * and waiting; stacks that overflow; headers of XSAVE that are wrong. Registers, RFLAGS, the
 * state of x87, XMM and YMM, CR2, memory and the exit must be the same.
 *
 * In some things QEMU's CPU is another than the manual's, which the module does as the
 * manual has it. It has LOCK with some of these. What waits for an exception of the x87
 * waits for none there, but for FWAIT. XSAVE and its kin do not look at CR0.TS. What faults
 * half-way has changed the state: the state before is what is expected, as it is where MMX
 * faults. It does not restore what the x87 notes of the last instruction, and leaves
 * exponents as they are where MMX writes: these are not compared. It takes REX.B for a part
 * of the number of an MMX register, and REX.W for another form of FRSTOR: that is not tried.
 * Nor are faults of MOVQ, which KVM's emulator has, and begins with MMX before it looks.
 * EMMS does not look at CR0 there, nor do instructions between MMX and XMM registers, nor
 * CVTPD2PI whether its operand is aligned. What an exception that is not masked keeps from
 * memory it writes; the module does not where the same is there already.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../lib/area.h"
#include "../lib/cells.h"
#include "../lib/dice.h"
#include "../lib/level.h"
#include "../lib/module.h"
#include "../lib/trial.h"
#include "fpu_kinds.h"

/* Of each kind; with NPTB_FULL, thousands in all. */
#define TRIALS_FEW	20
#define TRIALS_MANY	400
#define SIZE		SZ_2M
#define CODE		0x7000UL	/* the instruction, and HLT all over */
#define STACKS		0x10000UL
#define STACK_OF(n)	(STACKS + (n) * PAGE_SIZE + 0x800)
#define DATA		0x20000UL	/* two pages, then one to read, then none */
#define KEPT		(ABSENT - STACKS)
#define READ_ONLY	(DATA + 2 * PAGE_SIZE)
#define ABSENT		(DATA + 3 * PAGE_SIZE)
/* Tables of vmm's guests in long mode: the one that maps all of their memory. */
#define TABLE		0x83000UL
#define CR0_EM		(1ULL << 2)
#define CR0_TS		(1ULL << 3)
#define CR4_OSXSAVE	(1ULL << 18)

#define UD_VECTOR	6
#define NM_VECTOR	7
#define GP_VECTOR	13
#define PF_VECTOR	14
#define MF_VECTOR	16
#define CODE_MAX	15

/* One of a kind: the instruction, and the state before. */
struct trial {
	const struct kind *kind;
	struct kvm_regs regs;
	uint8_t code[CODE_MAX];
	uint8_t len;
	uint8_t state[AREA], operand[AREA];
	uint64_t xcr0;
	uint64_t cr0, cr4;	/* bits that are not as usual */
	bool level_3;
	bool lock;
	bool narrow;
	bool compat;	/* in 32-bit code */
};

/* All that one leaves. */
struct result {
	uint32_t exit;
	struct kvm_regs regs;
	uint64_t cr2, memory;
	uint16_t cs, ss;
	uint8_t state[AREA];
};

static struct vmm vm;
static struct vmm_vcpu *vcpu;
static uint8_t kept[KEPT];
static struct kvm_sregs start;
static struct kvm_xsave fpu;
static bool exact;	/* a CPU that restores what was noted */
static unsigned int nr;
static struct trial *trials;
static struct result *results;

static uint8_t modrm_of(const struct kind *k)
{
	uint8_t reg = k->flags & GROUP ? 0 : (roll() & 7) << 3;

	if (!(k->flags & ONLY_MEMORY) && (k->flags & ONLY_REGISTER || roll() % 2))
		return 0xc0 | reg | (roll() & 7);
	return reg | RDI;
}

/* What there is of prefixes, the instruction, ModRM with RDI or a register. */
static void encode(struct trial *t)
{
	const struct kind *k = t->kind;
	uint8_t *to = t->code;
	uint8_t rex = k->flags & WIDE ? 0x48 : 0, before = k->flags & PREFIX ? 1 : 0;

	t->lock = !(roll() % 50) && !t->cr0 && !t->cr4;
	if (t->lock)
		*to++ = 0xf0;
	t->narrow = !(k->flags & (OTHER | MMX)) && !(roll() % 8);
	if (t->narrow)
		*to++ = 0x66;
	if (!(roll() % 4) && !(k->flags & OTHER) && !t->compat)
		rex = 0x40 | (roll() & (k->flags & MMX ? 0xe : 6));
	if (before)
		*to++ = k->bytes[0];
	if (rex)
		*to++ = rex;
	memcpy(to, k->bytes + before, k->len - before);
	to += k->len - before;
	if (k->flags & STACK)
		to[-1] |= roll() % 8;
	if (k->flags & MMX)
		to[-1] |= modrm_of(k);
	if (k->flags & IMM)
		*to++ = roll() % 2 ? roll() : roll() % 32;
	t->len = to - t->code;
}

static uint64_t address_of(const struct kind *k)
{
	static const uint64_t addresses[] = {
		DATA, DATA + 0x11, DATA + PAGE_SIZE - 8, DATA + PAGE_SIZE - 3,
		DATA + PAGE_SIZE - 64, DATA + PAGE_SIZE - 512, DATA + PAGE_SIZE - 576,
		DATA + 2 * PAGE_SIZE - 64, DATA + 2 * PAGE_SIZE - 4, DATA + 2 * PAGE_SIZE - 576,
		READ_ONLY, READ_ONLY + 0x40, ABSENT, ABSENT - 8, ABSENT - 1, ABSENT - 576,
		ABSENT - 512, 0x800000000000,
	};

	if (!(roll() % 3) && !(k->flags & EMULATED))
		return PICK(addresses);
	if (k->flags & OTHER)
		return DATA + (roll() % 0x1c00 & ~63ULL);
	return DATA + (roll() % 0x1f00 & ~(roll() % 2 ? 7ULL : 15ULL));
}

static struct trial make_trial(unsigned int i)
{
	static const uint64_t xcr0[] = { 7, 7, 7, 3, 1 };
	struct trial t = {
		.kind = &kinds[i % ARRAY_SIZE(kinds)], .level_3 = !(roll() % 3),
		.xcr0 = PICK(xcr0),
	};
	uint64_t *gpr = (uint64_t *)&t.regs, n;

	for (n = 0; n < 16; n++)
		gpr[n] = roll();
	area_fill(t.state, !(roll() % 16) && !(t.kind->flags & NEVER_WAITS), exact);
	if (!(roll() % 16))
		t.cr0 = roll() % 2 ? CR0_TS : CR0_EM;
	if (t.kind->flags & XSAVES && !(roll() % 16))
		t.cr4 = CR4_OSXSAVE;
	if (t.kind->flags & OTHER) {
		t.regs.rax = roll() % 8 ? roll() % 8 : roll();
		t.regs.rcx = !t.kind->flags || roll() % 8 ? roll() % 2 : roll() % 4;
	}
	if (t.kind->flags & RESTORES) {
		area_fill(t.operand, !(roll() % 4), exact);
		area_spoil(t.operand);
	}
	t.regs.rdi = address_of(t.kind);
	t.compat = !(roll() % 6) && !t.level_3 && !(t.kind->flags & (WIDE | ONLY_64)) &&
		   t.regs.rdi < SIZE;
	t.regs.rsp = STACK_OF(0);
	t.regs.rip = CODE;
	/* CF PF AF ZF SF DF OF ID. */
	t.regs.rflags = (roll() & 0x200cd5) | 2;
	encode(&t);
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
		area_fill_operand(vm.mem + at);
	memcpy(kept, vm.mem + STACKS, KEPT);
	if (ioctl(vcpu->fd, KVM_GET_SREGS, &start) || ioctl(vcpu->fd, KVM_GET_XSAVE, &fpu))
		die("cannot read a vCPU: %s", strerror(errno));
	level_tables(&start);
	/* Write protection, NE and MP; OSFXSR and OSXMMEXCPT. */
	start.cr0 |= 1 << 16 | 1 << 5 | 1 << 1;
	start.cr4 |= 3 << 9 | CR4_OSXSAVE;
}

/* The operand of what restores, as far as there is memory. */
static void put_operand(const struct trial *t)
{
	if (t->kind->flags & RESTORES && t->regs.rdi < ABSENT)
		memcpy(vm.mem + t->regs.rdi, t->operand,
		       ABSENT - t->regs.rdi < AREA ? ABSENT - t->regs.rdi : AREA);
}

static void look_at_state(uint8_t *state)
{
	struct kvm_xsave now;

	if (ioctl(vcpu->fd, KVM_GET_XSAVE, &now))
		die("KVM_GET_XSAVE: %s", strerror(errno));
	memcpy(state, &now, AREA);
	/* What is in use, and so is told, is for the CPU to say. */
	memset(state + AREA_BV, 0, 8);
	if (!exact)
		memset(state + AREA_OPCODE, 0, AREA_MXCSR - AREA_OPCODE);
}

/* What the vCPU's state is before it runs goes to @state. */
static void set_up(const struct trial *t, uint8_t *state)
{
	struct kvm_xcrs xcrs = { .nr_xcrs = 1, .xcrs[0] = { .value = t->xcr0 } };
	struct kvm_sregs sregs = start;

	memcpy(vm.mem + STACKS, kept, KEPT);
	put_operand(t);
	memset(vm.mem + CODE, 0xf4, 32);
	memcpy(vm.mem + CODE, t->code, t->len);
	sregs.cr2 = 0;
	sregs.cr0 |= t->cr0;
	sregs.cr4 &= ~t->cr4;
	level_set(&sregs, t->level_3);
	if (t->compat) {
		sregs.cs.l = 0;
		sregs.cs.db = 1;
		sregs.cs.selector = LEVEL_CODE32;
	}
	memcpy(&fpu, t->state, AREA);
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &sregs) || ioctl(vcpu->fd, KVM_SET_REGS, &t->regs) ||
	    ioctl(vcpu->fd, KVM_SET_XCRS, &xcrs) || ioctl(vcpu->fd, KVM_SET_XSAVE, &fpu))
		die("cannot set a vCPU up: %s", strerror(errno));
	look_at_state(state);
}

/* Where FNSTENV and FNSAVE have put what the x87 notes. */
static void forget_noted(const struct trial *t)
{
	size_t at = t->narrow ? 6 : 12, len = t->narrow ? 8 : 16;

	if (t->kind->flags & NOTES && !exact && t->regs.rdi < READ_ONLY)
		memset(vm.mem + t->regs.rdi + at, 0, len);
}

static void look(const struct trial *t, struct result *r)
{
	struct kvm_sregs sregs;

	if (ioctl(vcpu->fd, KVM_GET_REGS, &r->regs) || ioctl(vcpu->fd, KVM_GET_SREGS, &sregs))
		die("cannot read a vCPU: %s", strerror(errno));
	r->exit = vcpu->run->exit_reason;
	r->cs = sregs.cs.selector;
	r->ss = sregs.ss.selector;
	r->cr2 = sregs.cr2;
	forget_noted(t);
	/* A fault: the first of two pages may have been written to. */
	if (r->cr2)
		r->memory = trial_hash(vm.mem + STACKS, DATA - STACKS);
	else
		r->memory = trial_hash(vm.mem + STACKS, KEPT);
}

/* Has an exception been delivered at the instruction itself? Not so at the HLT behind it. */
static bool faulted(const struct result *r)
{
	static const unsigned int with_code = 1 << 8 | 0x1f << 10 | 1 << 17;
	uint64_t vector = (r->regs.rip - LEVEL_HANDLERS) / 16, rip;

	if (r->regs.rip < LEVEL_HANDLERS || vector >= LEVEL_VECTORS)
		return false;
	memcpy(&rip, vm.mem + r->regs.rsp + (with_code >> vector & 1) * 8, 8);
	return rip == CODE;
}

/* Of registers of the x87 that MMX writes to: all ones, by the manual. */
static void forget_exponents(uint8_t *state)
{
	int i;

	for (i = 0; i < 8; i++)
		memset(state + AREA_ST + 16 * i + 8, 0, 2);
}

/* Bochs takes it for one that writes no register. */
static bool shifts_by_nothing(const struct trial *t)
{
	return t->kind->flags & IMM && t->kind->bytes[1] >= 0x71 && t->kind->bytes[1] <= 0x73 &&
	       !t->code[t->len - 1];
}

/* @ours: it is carried out. */
static struct result run(const struct trial *t, bool ours)
{
	uint8_t before[AREA];
	struct result r;
	const char *why;

	memset(&r, 0, sizeof(r));
	set_up(t, before);
	why = trial_run(vcpu);
	if (why)
		die("%s: %s", t->kind->name, why);
	look(t, &r);
	if (!ours && faulted(&r))
		memcpy(r.state, before, AREA);
	else
		look_at_state(r.state);
	if (t->kind->flags & MMX && (!exact || shifts_by_nothing(t)))
		forget_exponents(r.state);
	return r;
}

static void tell(const char *who, const struct result *r)
{
	note("  %s exit %u rip 0x%llx rax 0x%llx rdx 0x%llx rsp 0x%llx rflags 0x%llx cs 0x%x cr2 0x%llx memory %llx",
	     who, r->exit, r->regs.rip, r->regs.rax, r->regs.rdx, r->regs.rsp, r->regs.rflags,
	     r->cs, (unsigned long long)r->cr2, (unsigned long long)r->memory);
}

static void tell_both(const struct trial *t, const struct result *cpu, const struct result *ours)
{
	const uint64_t *data = (const uint64_t *)vcpu->run->internal.data;
	char code[3 * CODE_MAX + 1] = "";
	unsigned int i;

	for (i = 0; i < t->len; i++)
		sprintf(code + 3 * i, "%02x ", t->code[i]);
	note("%s (%s), level %d%s: rdi 0x%llx rax 0x%llx control 0x%x status 0x%x cr0 0x%llx cr4 0x%llx xcr0 %llu",
	     t->kind->name, code, t->level_3 ? 3 : 0,
	     t->compat ? ", 32 bits" : "", t->regs.rdi, t->regs.rax,
	     area_half(t->state, 0), area_half(t->state, AREA_STATUS), (unsigned long long)t->cr0,
	     (unsigned long long)t->cr4, (unsigned long long)t->xcr0);
	tell("CPU: ", cpu);
	tell("ours:", ours);
	for (i = 0; i < AREA; i += 8)
		if (memcmp(cpu->state + i, ours->state + i, 8))
			note("      state at %u: before %016llx, CPU %016llx, ours %016llx", i,
			     *(const unsigned long long *)(t->state + i),
			     *(const unsigned long long *)(cpu->state + i),
			     *(const unsigned long long *)(ours->state + i));
	if (ours->exit == KVM_EXIT_INTERNAL_ERROR)
		note("      reason %llu", (unsigned long long)data[NPTB_STOP_REASON]);
}

static bool is_in_handler(const struct result *r, unsigned int vector)
{
	return r->exit == KVM_EXIT_HLT && r->regs.rip == LEVEL_HANDLERS + 16 * vector + 1;
}

/* Where the manual says which exception it is, and QEMU's CPU may have another; or 0. */
static unsigned int vector_of(const struct trial *t, const struct result *cpu)
{
	if (t->lock)
		return UD_VECTOR;
	if (is_in_handler(cpu, UD_VECTOR))
		return 0;
	if (t->kind->flags & UNCHECKED && t->cr0)
		return t->cr0 & CR0_EM ? UD_VECTOR : NM_VECTOR;
	if (t->kind->flags & XSAVES)
		return t->cr0 & CR0_TS && t->kind->flags & MEMORY ? NM_VECTOR : 0;
	if (!(t->kind->flags & QUIET) && !is_in_handler(cpu, NM_VECTOR) &&
	    area_half(t->state, AREA_STATUS) & FSW_ES && t->state[AREA_BV] & 1)
		return MF_VECTOR;
	if (t->kind->flags & ALIGNED && t->code[t->len - 1] < 0xc0 && t->regs.rdi & 15 &&
	    !is_in_handler(cpu, NM_VECTOR) && !is_in_handler(cpu, MF_VECTOR))
		return GP_VECTOR;
	return 0;
}

static bool is_in_operand(const struct trial *t, uint64_t address)
{
	return t->kind->flags & (MEMORY | MMX) && address >= t->regs.rdi &&
	       address < t->regs.rdi + AREA;
}

/*
 * An exception that is not masked keeps a store from memory. Bochs then does not look
 * whether there is any; nor does the module on QEMU's, where the same is there already.
 */
static bool is_kept_back(const struct trial *t, const struct result *cpu,
			 const struct result *ours)
{
	const struct result *kept = exact ? cpu : ours, *faulted = exact ? ours : cpu;

	return t->kind->flags & MEMORY && kept->regs.rip == CODE + t->len + 1 &&
	       area_half(kept->state, AREA_STATUS) & FSW_ES && is_in_handler(faulted, PF_VECTOR);
}

static bool is_right(const struct trial *t, const struct result *cpu, const struct result *ours)
{
	unsigned int vector = vector_of(t, cpu);
	struct result both = *ours;

	if (vector)
		return is_in_handler(ours, vector);
	if (is_kept_back(t, cpu, ours))
		return true;
	/* Which of two pages it is that faults first is for the CPU to say. */
	if (both.cr2 != cpu->cr2 && is_in_operand(t, both.cr2) && is_in_operand(t, cpu->cr2)) {
		both.cr2 = cpu->cr2;
		both.memory = cpu->memory;
	}
	return !memcmp(cpu, &both, sizeof(*cpu));
}

/* The same again, with one page; how many differ. */
static unsigned int compare(void)
{
	static unsigned int told[ARRAY_SIZE(kinds)];
	unsigned int i, wrong = 0;

	for (i = 0; i < nr; i++) {
		const struct trial *t = &trials[i];
		struct result r = run(t, true);

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
	exact = !strcmp(kvm_vendor(), "kvm_intel");
	open_guest();
	for (i = 0; i < nr; i++) {
		trials[i] = make_trial(i);
		results[i] = run(&trials[i], false);
		in_place += results[i].regs.rip >= CODE && results[i].regs.rip < CODE + PAGE_SIZE;
	}
	note("%u trials of %zu kinds, %u of them go on in their place", nr, ARRAY_SIZE(kinds),
	     in_place);
	ksft_test_result(in_place > nr / 4 && in_place < nr / 16 * 15, "trials are mixed\n");
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
