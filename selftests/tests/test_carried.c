// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the module carries out under on_loop=strict, with one page, against the CPU's
 * own: instructions that KVM's emulator lacks, and deliveries of exceptions, interrupts
 * and NMIs, from level 0 and 3, legal and not. Registers, segments, CR2, memory, the
 * FPU and the exit must be the same.
 *
 * In some things QEMU's CPU is another than the manual's, which the module does as the
 * manual has it: in long mode its error codes of the IDT have the vector times 16; they
 * never say that an event came from outside (AMD64 APM volume 2, section 8.4.1),
 * the descriptor of a handler's code is not marked as accessed (4.7.1), and a stack of the
 * IST makes SS null at the same level as well. Such error codes and SS are not compared,
 * and all descriptors are accessed before; the unit tests have these.
 */
#include <cpuid.h>
#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../lib/cells.h"
#include "../lib/dice.h"
#include "../lib/level.h"
#include "../lib/module.h"
#include "../lib/trial.h"

/* Of each kind; with NPTB_FULL, thousands. */
#define TRIALS_FEW	100
#define TRIALS_MANY	2000
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
#define MSR_STAR	0xc0000081
#define MSR_KERNEL_GS	0xc0000102
#define EFER_SCE	1UL

enum what { INSN, EXCEPTION, INTERRUPT, NMI };

struct kind {
	const char *name;
	const char *bytes;
	size_t len;
	enum what what;
};

#define INSTRUCTION(name, bytes)	{ name, bytes, sizeof(bytes) - 1, INSN }

static const struct kind kinds[] = {
	INSTRUCTION("lfence", "\x0f\xae\xe8"), INSTRUCTION("mfence", "\x0f\xae\xf0"),
	INSTRUCTION("sfence", "\x0f\xae\xf8"), INSTRUCTION("pause", "\xf3\x90"),
	INSTRUCTION("hint, 0f 19", "\x0f\x19\xcb"), INSTRUCTION("hint, 0f 1a", "\x0f\x1a\x0f"),
	INSTRUCTION("hint, 0f 1b", "\xf3\x0f\x1b\xcb"),
	INSTRUCTION("hint, 0f 1c", "\x66\x0f\x1c\x0f"), INSTRUCTION("hint, 0f 1d", "\x0f\x1d\x0f"),
	INSTRUCTION("endbr64", "\xf3\x0f\x1e\xfa"), INSTRUCTION("swapgs", "\x0f\x01\xf8"),
	INSTRUCTION("xgetbv", "\x0f\x01\xd0"), INSTRUCTION("ud2", "\x0f\x0b"),
	INSTRUCTION("int3", "\xcc"), INSTRUCTION("into", "\xce"),
	INSTRUCTION("int 0x20", "\xcd\x20"), INSTRUCTION("int 0x21, level 3", "\xcd\x21"),
	INSTRUCTION("int 0x22, absent", "\xcd\x22"), INSTRUCTION("int 0x23, trap gate", "\xcd\x23"),
	INSTRUCTION("int 0x24, IST", "\xcd\x24"), INSTRUCTION("int 0x25, no code", "\xcd\x25"),
	INSTRUCTION("int 0x26, no gate", "\xcd\x26"), INSTRUCTION("int 0x27, 32 bits", "\xcd\x27"),
	INSTRUCTION("lock cmpxchg16b", "\xf0\x48\x0f\xc7\x0f"),
	INSTRUCTION("cmpxchg16b", "\x48\x0f\xc7\x4f\x10"),
	INSTRUCTION("sysretq", "\x48\x0f\x07"), INSTRUCTION("sysretl", "\x0f\x07"),
	INSTRUCTION("fxsave64", "\x48\x0f\xae\x07"), INSTRUCTION("fxrstor64", "\x48\x0f\xae\x0f"),
	INSTRUCTION("fxsave", "\x0f\xae\x07"), INSTRUCTION("fxrstor", "\x0f\xae\x0f"),
	INSTRUCTION("stmxcsr", "\x0f\xae\x1f"), INSTRUCTION("ldmxcsr", "\x0f\xae\x17"),
	INSTRUCTION("fninit", "\xdb\xe3"), INSTRUCTION("fnclex", "\xdb\xe2"),
	INSTRUCTION("fwait", "\x9b"), INSTRUCTION("emms", "\x0f\x77"),
	INSTRUCTION("fild", "\xdb\x07"), INSTRUCTION("fldcw", "\xd9\x2f"),
	INSTRUCTION("rdfsbase", "\xf3\x48\x0f\xae\xc1"),
	INSTRUCTION("rdgsbase", "\xf3\x0f\xae\xc9"),
	INSTRUCTION("wrfsbase", "\xf3\x48\x0f\xae\xd3"),
	INSTRUCTION("wrgsbase", "\xf3\x0f\xae\xdb"),
	INSTRUCTION("lar", "\x0f\x02\xc3"), INSTRUCTION("lar, 16 bits", "\x66\x0f\x02\xc3"),
	INSTRUCTION("lsl", "\x0f\x03\xc3"), INSTRUCTION("lsl from memory", "\x48\x0f\x03\x07"),
	INSTRUCTION("verr", "\x0f\x00\xe3"), INSTRUCTION("verw", "\x0f\x00\xeb"),
	INSTRUCTION("verw memory", "\x0f\x00\x2f"), INSTRUCTION("clwb", "\x66\x0f\xae\x37"),
	INSTRUCTION("rdrand", "\x48\x0f\xc7\xf0"),
	INSTRUCTION("rdrand, 16 bits", "\x66\x0f\xc7\xf0"),
	INSTRUCTION("rdpkru", "\x0f\x01\xee"), INSTRUCTION("invpcid", "\x66\x0f\x38\x82\x37"),
	/* Exceptions that the CPU or the emulator raises. */
	INSTRUCTION("div", "\xf7\xf6"), INSTRUCTION("mov, #PF", "\x48\x8b\x07"),
	INSTRUCTION("mov to memory, #PF", "\x48\x89\x07"), INSTRUCTION("cli, #GP", "\xfa\x90"),
	{ "exception", "\x90", 1, EXCEPTION }, { "interrupt", "\x90", 1, INTERRUPT },
	{ "NMI", "\x90", 1, NMI },
};

/* One of a kind: the registers and the event before. */
struct trial {
	const struct kind *kind;
	struct kvm_regs regs;
	uint8_t vector;
	bool level_3;
	bool sce;
	uint64_t gs, kernel_gs;
};

/* All that one leaves. */
struct result {
	uint32_t exit;
	uint32_t shadow;
	/* Are NMIs blocked? */
	uint32_t nmi;
	struct kvm_regs regs;
	struct kvm_segment cs, ss, ds, fs, gs;
	uint64_t cr2, kernel_gs, memory, gdt, operand;
	struct kvm_fpu fpu;
	uint64_t frame[6];	/* of the last delivery */
};

static struct vmm vm;
static struct vmm_vcpu *vcpu;
static uint8_t kept[KEPT];
static struct kvm_sregs start;
static struct kvm_fpu fpu;
static unsigned int nr;
static struct trial *trials;
static struct result *results;
/* Of operands. */
static const uint64_t addresses[] = {
	DATA, DATA + 0x200, DATA + 0x11, DATA + PAGE_SIZE - 8, DATA + 2 * PAGE_SIZE - 16,
	READ_ONLY, READ_ONLY + 0x40, ABSENT, ABSENT - 8, 0x800000000000,
};

static struct trial make_trial(unsigned int i)
{
	const uint64_t stacks[] = {
		STACK_OF(0), STACK_OF(0) + 3, STACKS + PAGE_SIZE + 8, READ_ONLY + 0x800,
		ABSENT + 0x800, 0x800000000100,
	};
	static const uint8_t vectors[] = { 0, 1, 6, 7, 8, 10, 11, 12, 13, 14, 16, 17 };
	struct trial t = {
		.kind = &kinds[i % ARRAY_SIZE(kinds)],
		.level_3 = !(roll() % 3), .sce = roll() % 4,
		.gs = roll() >> 17, .kernel_gs = roll() >> 17,
	};
	uint64_t *gpr = (uint64_t *)&t.regs, n;

	for (n = 0; n < 16; n++)
		gpr[n] = roll();
	/* What CMPXCHG16B finds there, often. */
	if (roll() % 2)
		memcpy(&t.regs.rax, vm.mem + DATA, 8), memcpy(&t.regs.rdx, vm.mem + DATA + 8, 8);
	if (!(roll() % 3))
		t.regs.rsi = 0;
	if (roll() % 2)
		t.regs.rbx = roll() % 2 ? roll() % (8 * LEVEL_GDT_NR + 16) : roll() >> 17;
	/* QEMU's CPU takes any base. */
	if (!strncmp(t.kind->name, "wr", 2) && strcmp(kvm_vendor(), "kvm_intel"))
		t.regs.rbx >>= 17;
	t.regs.rdi = roll() % 2 ? DATA : PICK(addresses);
	t.regs.rsp = roll() % 4 ? STACK_OF(0) : PICK(stacks);
	t.regs.rip = CODE;
	/* CF PF AF ZF SF DF OF AC ID; TF, NT and VM are of other tests. */
	t.regs.rflags = (roll() & 0x240cd5) | 2;
	if (t.kind->len == 3 && t.kind->bytes[1] == 0x0f && t.kind->bytes[2] == 0x07)
		t.regs.rcx = CODE + 0x100;
	if (t.kind->len == 2 && t.kind->bytes[0] == 0x0f && t.kind->bytes[1] == 0x07)
		t.regs.rcx = CODE + 0x100;
	t.regs.r11 = (roll() & 0x240ed5) | 2;
	t.vector = t.kind->what == EXCEPTION ? PICK(vectors) : 0x20 + roll() % 8;
	return t;
}

static void load_gate(unsigned int vector, unsigned int type, unsigned int selector,
		      unsigned int ist)
{
	level_gate(&vm, vector, type, selector, ist);
}

static void load_tables(void)
{
	uint64_t *table = (uint64_t *)(vm.mem + TABLE);
	/* Of the TSS, whose limit is in pages here: for LAR and LSL. */
	uint64_t tss[2] = { 0x0080890000000000 | LEVEL_TSS << 16 | 3 };

	level_load(&vm, STACK_OF(2), STACK_OF(3));
	vmm_load(&vm, LEVEL_GDT + LEVEL_TASK, tss, sizeof(tss));
	load_gate(3, 0xee, LEVEL_CODE0, 0);
	load_gate(8, 0x8e, LEVEL_CODE0, 1);
	load_gate(0x20, 0x8e, 0x18, 0);
	load_gate(0x21, 0xee, LEVEL_CODE0, 0);
	load_gate(0x22, 0x6e, LEVEL_CODE0, 0);
	load_gate(0x23, 0xef, LEVEL_CODE0, 0);
	load_gate(0x24, 0xee, LEVEL_CODE0, 1);
	load_gate(0x25, 0xee, LEVEL_DATA0, 0);
	load_gate(0x26, 0xe9, LEVEL_CODE0, 0);
	load_gate(0x27, 0xee, 0x20, 0);
	table[READ_ONLY / PAGE_SIZE] &= ~2ULL;
	table[ABSENT / PAGE_SIZE] = 0;
}

/* CPUID, leaf 7: APM volume 3, appendix E. */
static unsigned int has_fsgsbase(void)
{
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && ebx & 1;
}

static void open_guest(void)
{
	struct vmm_args args = { .pages = 1 };
	static const uint8_t mxcsr[8] = { 0x80, 0x1f };
	unsigned int i;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vcpu = vmm_add(&vm, GUEST_SPIN, VMM_LONG, &args);
	load_tables();
	vmm_fill(&vm, STACKS, KEPT);
	/* QEMU's CPU takes any MXCSR, for LDMXCSR and in FXRSTOR's image: have right ones. */
	for (i = 0; i < ARRAY_SIZE(addresses) && addresses[i] < ABSENT; i++) {
		memcpy(vm.mem + addresses[i], mxcsr, sizeof(mxcsr));
		memcpy(vm.mem + addresses[i] + 24, mxcsr, sizeof(mxcsr));
	}
	memcpy(kept, vm.mem + STACKS, KEPT);
	if (ioctl(vcpu->fd, KVM_GET_SREGS, &start) || ioctl(vcpu->fd, KVM_GET_FPU, &fpu))
		die("cannot read a vCPU: %s", strerror(errno));
	level_tables(&start);
	start.gdt.limit = LEVEL_GDT_NR * 8 - 1;
	/* Write protection; OSFXSR, OSXMMEXCPT and FSGSBASE. */
	start.cr0 |= 1 << 16 | 1 << 5 | 1 << 1;
	start.cr4 |= 3 << 9 | has_fsgsbase() << 16;
	vmm_set_msr(vcpu, MSR_STAR, 0x0023000800000000);
}

static void set_events(const struct trial *t)
{
	struct kvm_vcpu_events events;

	if (ioctl(vcpu->fd, KVM_GET_VCPU_EVENTS, &events))
		die("KVM_GET_VCPU_EVENTS: %s", strerror(errno));
	memset(&events.exception, 0, sizeof(events.exception));
	memset(&events.interrupt, 0, sizeof(events.interrupt));
	memset(&events.nmi, 0, sizeof(events.nmi));
	events.flags = KVM_VCPUEVENT_VALID_SHADOW;
	if (t->kind->what == EXCEPTION) {
		events.exception.injected = 1;
		events.exception.nr = t->vector;
		events.exception.has_error_code = t->vector == 8 || t->vector == 17 ||
			(t->vector >= 10 && t->vector <= 14);
		events.exception.error_code = events.exception.has_error_code ? 4 : 0;
	} else if (t->kind->what == INTERRUPT) {
		events.interrupt.injected = 1;
		events.interrupt.nr = t->vector;
	} else if (t->kind->what == NMI) {
		events.nmi.injected = 1;
	}
	if (ioctl(vcpu->fd, KVM_SET_VCPU_EVENTS, &events))
		die("KVM_SET_VCPU_EVENTS: %s", strerror(errno));
}

static void set_up(const struct trial *t)
{
	struct kvm_sregs sregs = start;

	memcpy(vm.mem + STACKS, kept, KEPT);
	memset(vm.mem + CODE, 0xf4, PAGE_SIZE);
	memcpy(vm.mem + CODE, t->kind->bytes, t->kind->len);
	sregs.cr2 = 0;
	sregs.gs.base = t->gs;
	sregs.efer = t->sce ? start.efer | EFER_SCE : start.efer & ~EFER_SCE;
	level_set(&sregs, t->level_3);
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &sregs) || ioctl(vcpu->fd, KVM_SET_REGS, &t->regs) ||
	    ioctl(vcpu->fd, KVM_SET_FPU, &fpu))
		die("cannot set a vCPU up: %s", strerror(errno));
	vmm_set_msr(vcpu, MSR_KERNEL_GS, t->kernel_gs);
	set_events(t);
}

static uint64_t kernel_gs(void)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} msr = { .head.nmsrs = 1, .entry.index = MSR_KERNEL_GS };

	if (ioctl(vcpu->fd, KVM_GET_MSRS, &msr) != 1)
		die("KVM_GET_MSRS: %s", strerror(errno));
	return msr.entry.data;
}

/* Where the stack of a handler is, if it is one of them. */
static uint64_t stack_of(const struct kvm_regs *regs)
{
	return regs->rsp >= STACKS && regs->rsp < STACKS + 4 * PAGE_SIZE ? regs->rsp & ~7ULL :
									   STACKS;
}

static void look(const struct trial *t, struct result *r)
{
	struct kvm_vcpu_events events;
	struct kvm_sregs sregs;
	uint64_t *code;
	unsigned int i;

	if (ioctl(vcpu->fd, KVM_GET_REGS, &r->regs) || ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) ||
	    ioctl(vcpu->fd, KVM_GET_VCPU_EVENTS, &events) || ioctl(vcpu->fd, KVM_GET_FPU, &r->fpu))
		die("cannot read a vCPU: %s", strerror(errno));
	/* The vector of an IDT's error code, and that it is of an event from outside. */
	code = (uint64_t *)(vm.mem + stack_of(&r->regs));
	if (r->regs.rip != LEVEL_HANDLERS + 16 * 14 + 1 && *code < 0x1000)
		*code &= *code & 2 ? 2 : ~1ULL;
	/* Of a #PF: QEMU's CPU reads before it looks whether it may write. */
	else if (strstr(t->kind->name, "cmpxchg16b"))
		*code &= ~2ULL;
	/* Of a #DF, which RIP is saved is undefined: APM volume 2, section 8.2.9. */
	if (r->regs.rip == LEVEL_HANDLERS + 16 * 8 + 1)
		code[1] = 0;
	r->exit = vcpu->run->exit_reason;
	r->shadow = events.interrupt.shadow;
	r->nmi = events.nmi.masked;
	r->cs = sregs.cs;
	r->ss = sregs.ss;
	if (!(r->ss.selector & ~3))
		r->ss = (struct kvm_segment){ .selector = r->ss.selector };
	if (!t->level_3 && !r->ss.selector && strcmp(kvm_vendor(), "kvm_intel"))
		r->ss = start.ss, r->ss.selector = LEVEL_DATA0;
	r->ds = sregs.ds;
	r->fs = sregs.fs;
	r->gs = sregs.gs;
	r->cr2 = sregs.cr2;
	r->kernel_gs = kernel_gs();
	r->memory = trial_hash(vm.mem + STACKS, KEPT);
	if (r->regs.rdi < ABSENT - 8)
		memcpy(&r->operand, vm.mem + r->regs.rdi, 8);
	memcpy(r->frame, vm.mem + stack_of(&r->regs), sizeof(r->frame));
	/* RF. */
	for (i = 0; i < ARRAY_SIZE(r->frame); i++)
		r->frame[i] &= ~(1ULL << 16);
	r->gdt = trial_hash(vm.mem + LEVEL_GDT, LEVEL_GDT_NR * 8);
	/* QEMU's CPU does not note the last instruction's address and opcode. */
	if (strcmp(t->kind->name, "fild") || strcmp(kvm_vendor(), "kvm_intel"))
		r->fpu.last_ip = r->fpu.last_dp = r->fpu.last_opcode = 0;
	/* What is random is another each time. */
	if (!strncmp(t->kind->name, "rdrand", 6))
		r->regs.rax = 0;
	/* A shutdown leaves what it likes. */
	if (r->exit == KVM_EXIT_SHUTDOWN)
		memset(&r->shadow, 0, sizeof(*r) - offsetof(struct result, shadow));
}

static struct result run(const struct trial *t)
{
	struct result r;
	const char *why;

	memset(&r, 0, sizeof(r));
	set_up(t);
	why = trial_run(vcpu);
	if (why)
		die("%s, rdi 0x%llx rsp 0x%llx: %s", t->kind->name, t->regs.rdi, t->regs.rsp, why);
	look(t, &r);
	return r;
}

static void tell(const char *who, const struct result *r)
{
	unsigned int i;

	note("  %s exit %u rip 0x%llx rsp 0x%llx rflags 0x%llx cs 0x%x ss 0x%x cr2 0x%llx", who,
	     r->exit, r->regs.rip, r->regs.rsp, r->regs.rflags, r->cs.selector, r->ss.selector,
	     (unsigned long long)r->cr2);
	note("      rax 0x%llx rcx 0x%llx rdx 0x%llx gs 0x%llx 0x%llx memory %llx operand %llx",
	     r->regs.rax, r->regs.rcx, r->regs.rdx, r->gs.base, (unsigned long long)r->kernel_gs,
	     (unsigned long long)r->memory, (unsigned long long)r->operand);
	for (i = 0; i < ARRAY_SIZE(r->frame); i++)
		note("      frame %u: 0x%llx", i, (unsigned long long)r->frame[i]);
}

/* Where in struct kvm_fpu. */
static void tell_fpu(const struct kvm_fpu *want, const struct kvm_fpu *is)
{
	const uint64_t *a = (const uint64_t *)want, *b = (const uint64_t *)is;
	size_t i;

	for (i = 0; i < sizeof(*is) / 8; i++)
		if (a[i] != b[i])
			note("      FPU at %zu: CPU 0x%llx, ours 0x%llx", i * 8,
			     (unsigned long long)a[i], (unsigned long long)b[i]);
}

/* The same again, with one page; how many differ. */
static unsigned int compare(void)
{
	static unsigned int told[ARRAY_SIZE(kinds)];
	unsigned int i, wrong = 0;

	for (i = 0; i < nr; i++) {
		const struct trial *t = &trials[i];
		struct result r = run(t);
		const uint64_t *data = (const uint64_t *)vcpu->run->internal.data;

		if (!memcmp(&r, &results[i], sizeof(r)))
			continue;
		wrong++;
		if (told[t->kind - kinds]++)
			continue;
		note("%s, vector %u, level %d: rdi 0x%llx rsp 0x%llx rflags 0x%llx", t->kind->name,
		     t->vector, t->level_3 ? 3 : 0, t->regs.rdi, t->regs.rsp, t->regs.rflags);
		tell("CPU: ", &results[i]);
		tell("ours:", &r);
		tell_fpu(&results[i].fpu, &r.fpu);
		if (r.exit == KVM_EXIT_INTERNAL_ERROR)
			note("      reason %llu", (unsigned long long)data[NPTB_STOP_REASON]);
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
	open_guest();
	for (i = 0; i < nr; i++) {
		trials[i] = make_trial(i);
		results[i] = run(&trials[i]);
		in_place += results[i].regs.rip >= CODE && results[i].regs.rip < CODE + PAGE_SIZE;
	}
	note("%u trials of %zu kinds, %u of them go on in their place", nr, ARRAY_SIZE(kinds),
	     in_place);
	ksft_test_result(in_place > nr / 8 && in_place < nr / 8 * 7,
			 "trials are mixed\n");
	if (nptb_set(vm.name, "on_loop", "strict") || nptb_budget(vm.name, 1))
		die("no budget");
	wrong = compare();
	note("%u differ; carried out %lld, delivered %lld", wrong,
	     (long long)nptb_stat(vm.name, "carried"), (long long)nptb_stat(vm.name, "deliveries"));
	ksft_test_result(!wrong, "%u trials leave what the CPU leaves\n", nr);
	ksft_test_result(!nptb_stat(vm.name, "refused") && nptb_stat(vm.name, "peak") == 1 &&
			 nptb_stat(vm.name, "deliveries") > nr / 8 &&
			 nptb_stat(vm.name, "carried") > nr / 4,
			 "one page, nothing refused\n");
	vmm_destroy(&vm);
	ksft_finished();
}
