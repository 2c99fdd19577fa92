// SPDX-License-Identifier: GPL-2.0-only
/*
 * IRETQ as the module carries it out under on_loop=emulate, against the CPU's
 * own: the same frames, legal and not, must leave the same registers, segments,
 * exit and stack.
 *
 * In two things QEMU's CPU is another than the manual's (AMD64 APM volume 3, IRET), and
 * the module does as the manual has it: it goes to an address that is not canonical, and
 * faults there, and it leaves VIF and VIP alone. selftests/unit/test_iret.c has these.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../lib/cells.h"
#include "../lib/dice.h"
#include "../lib/module.h"
#include "../lib/trial.h"

#define FRAMES		3000
#define SIZE		SZ_2M
#define CODE		0x7000UL	/* IRETQ, and HLT at some targets */
#define GDT		0x8000UL
#define IDT		0x9000UL
#define TSS		0xa000UL
#define HANDLERS	0xb000UL	/* 16 bytes each, HLT */
#define STACKS		0x10000UL	/* frames and handlers' stacks */
#define STACKS_LEN	(4 * PAGE_SIZE)
#define FRAME_AT	(STACKS + 0x800)
#define RSP0		(STACKS + 3 * PAGE_SIZE + 0x800)

#define RFLAGS_FIXED	2UL

static struct vmm vm;
static struct vmm_vcpu *vcpu;
static uint8_t stacks[STACKS_LEN];

struct frame {
	uint64_t rip, cs, rflags, rsp, ss;
};

/* One IRETQ: the flags before, and what is on the stack. */
struct trial {
	uint64_t rflags;
	struct frame frame;
};

/* All that one leaves. */
struct result {
	uint32_t exit;
	uint32_t shadow;
	struct kvm_regs regs;
	struct kvm_segment cs, ss;
	uint64_t stacks;
};

static struct trial trials[FRAMES];
static struct result results[FRAMES];
/* -x tf: an emulated CPU keeps a trap of single steps over an exit. */
static bool without_tf;

/* Three of four are ordinary in each respect, so that many are in all. */
static uint64_t mostly(uint64_t usual, uint64_t other)
{
	return roll() % 8 ? usual : other;
}

static struct trial make_trial(void)
{
	static const uint64_t rips[] = {
		CODE + 0x100, CODE + 0x200, 0xffff800000000000, 0x7fffffffffff, 0x40000000,
	};
	static const uint64_t css[] = { 0, 3, 0x08, 0x0b, 0x10, 0x18, 0x20, 0x33, 0x1000 };
	static const uint64_t sss[] = { 0, 3, 0x08, 0x10, 0x13, 0x28, 0x2b, 0x33, 0x1000 };
	static const uint64_t odd_flags[] = { 1 << 8, 1 << 14, 1 << 16, 1 << 17, 1 << 22,
		1UL << 40, 1 << 3 };
	/* CF PF AF ZF SF IF DF OF IOPL AC ID. */
	const uint64_t plain = 0x243ed5, keep = ~(without_tf ? 1UL << 8 : 0);
	struct trial t = {
		.rflags = (roll() & 0x240ed5 & ~(1UL << 9)) | RFLAGS_FIXED,
		.frame = {
			.rip = mostly(CODE + 0x100, PICK(rips)),
			.cs = mostly(0x08, PICK(css)),
			.rflags = (roll() & plain) | RFLAGS_FIXED,
			.rsp = mostly(STACKS + PAGE_SIZE + (roll() & 0xff8), roll()),
			.ss = mostly(0x10, PICK(sss)),
		},
	};

	t.frame.rflags |= mostly(0, PICK(odd_flags)) & keep;
	t.rflags |= roll() % 16 ? 0 : 1 << 14;
	/* QEMU's CPU keeps the upper half of RIP in 32-bit code; KVM minds. */
	if (t.frame.cs == 0x20)
		t.frame.rip &= 0xffffffff;
	/* And it takes a null stack for such code, which is for 64-bit code alone. */
	if (t.frame.cs == 0x20 && !(t.frame.ss & ~3ULL))
		t.frame.ss = 0x10;
	/* The CPU takes the low half of the word. */
	if (!(roll() % 16))
		t.frame.cs |= roll() << 16;
	return t;
}

static uint64_t descriptor(unsigned int type, unsigned int dpl, bool code64)
{
	uint64_t access = type | 1 << 4 | dpl << 5 | 1 << 7;

	return 0xffff | access << 40 | (code64 ? 0xaULL : 0xcULL) << 52 | 0xfULL << 48;
}

static void load_tables(void)
{
	uint64_t gdt[9] = {
		[1] = descriptor(11, 0, true), [2] = descriptor(3, 0, false),
		[3] = descriptor(11, 0, true), [4] = descriptor(11, 0, false),
		[5] = descriptor(3, 3, false), [6] = descriptor(11, 3, true),
	};
	uint32_t tss[26] = { [1] = RSP0 };
	uint64_t gate[2];
	uint8_t handlers[PAGE_SIZE];
	int i;

	vmm_load(&vm, GDT, gdt, sizeof(gdt));
	vmm_load(&vm, TSS, tss, sizeof(tss));
	memset(handlers, 0xf4, sizeof(handlers));
	vmm_load(&vm, HANDLERS, handlers, sizeof(handlers));
	for (i = 0; i < 32; i++) {
		/* Interrupt gate, DPL 0, CS 8: AMD64 APM volume 2, section 4.8.4. */
		uint64_t at = HANDLERS + 16 * i;

		gate[0] = (at & 0xffff) | 8 << 16 | 0x8eULL << 40 | (at >> 16 & 0xffff) << 48;
		gate[1] = at >> 32;
		vmm_load(&vm, IDT + 16 * i, gate, sizeof(gate));
	}
}

static void load_code(void)
{
	static const uint8_t iretq[] = { 0x48, 0xcf };
	uint8_t page[PAGE_SIZE];

	memset(page, 0xf4, sizeof(page));
	memcpy(page, iretq, sizeof(iretq));
	vmm_load(&vm, CODE, page, sizeof(page));
	/* Where 32-bit code gets with the low half of an address. */
	memset(page, 0xf4, sizeof(page));
	vmm_load(&vm, 0, page, sizeof(page));
}

static struct kvm_sregs start;

static void open_guest(void)
{
	struct vmm_args args = { .pages = 1 };

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vcpu = vmm_add(&vm, GUEST_SPIN, VMM_LONG, &args);
	load_tables();
	load_code();
	vmm_fill(&vm, STACKS, STACKS_LEN);
	memcpy(stacks, vm.mem + STACKS, STACKS_LEN);
	if (ioctl(vcpu->fd, KVM_GET_SREGS, &start))
		die("KVM_GET_SREGS: %s", strerror(errno));
	start.gdt.base = GDT;
	start.gdt.limit = 7 * 8 - 1;
	start.idt.base = IDT;
	start.idt.limit = 32 * 16 - 1;
	start.tr = (struct kvm_segment){ .base = TSS, .limit = 103, .selector = 0x38,
		.type = 11, .present = 1 };
}

static void set_up(const struct trial *t)
{
	struct kvm_vcpu_events events;
	struct kvm_regs regs = {
		.rip = CODE, .rsp = FRAME_AT, .rflags = t->rflags,
		.rax = 1, .rbx = 2, .rcx = 3, .rdx = 4, .rsi = 5, .rdi = 6, .rbp = 7,
	};

	memcpy(vm.mem + STACKS, stacks, STACKS_LEN);
	memcpy(vm.mem + FRAME_AT, &t->frame, sizeof(t->frame));
	if (ioctl(vcpu->fd, KVM_GET_VCPU_EVENTS, &events))
		die("KVM_GET_VCPU_EVENTS: %s", strerror(errno));
	memset(&events.exception, 0, sizeof(events.exception));
	memset(&events.interrupt, 0, sizeof(events.interrupt));
	/*
	 * IRETQ ends the shadow of an instruction before it. VT-x enters with that of an
	 * STI only where IF is set (SDM, volume 3C, section 26.3.1.5).
	 */
	events.interrupt.shadow = strcmp(kvm_vendor(), "kvm_intel") ? KVM_X86_SHADOW_INT_STI :
		KVM_X86_SHADOW_INT_MOV_SS;
	events.flags = KVM_VCPUEVENT_VALID_SHADOW;
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &start) || ioctl(vcpu->fd, KVM_SET_REGS, &regs) ||
	    ioctl(vcpu->fd, KVM_SET_VCPU_EVENTS, &events))
		die("cannot set a vCPU up: %s", strerror(errno));
}

static struct result run(const struct trial *t)
{
	struct kvm_vcpu_events events;
	struct kvm_sregs sregs;
	struct result r;
	const char *why;

	memset(&r, 0, sizeof(r));
	set_up(t);
	why = trial_run(vcpu);
	if (why)
		die("%s: rflags 0x%llx; rip 0x%llx cs 0x%llx rflags 0x%llx rsp 0x%llx ss 0x%llx",
		    why,
		    (unsigned long long)t->rflags, (unsigned long long)t->frame.rip,
		    (unsigned long long)t->frame.cs, (unsigned long long)t->frame.rflags,
		    (unsigned long long)t->frame.rsp, (unsigned long long)t->frame.ss);
	if (ioctl(vcpu->fd, KVM_GET_REGS, &r.regs) || ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) ||
	    ioctl(vcpu->fd, KVM_GET_VCPU_EVENTS, &events))
		die("cannot read a vCPU: %s", strerror(errno));
	r.exit = vcpu->run->exit_reason;
	r.shadow = events.interrupt.shadow;
	r.cs = sregs.cs;
	r.ss = sregs.ss;
	/* A null one is nothing but that; QEMU's CPU has a flat segment there. */
	if (!(r.ss.selector & ~3))
		r.ss = (struct kvm_segment){ .selector = r.ss.selector };
	r.stacks = trial_hash(vm.mem + STACKS, STACKS_LEN);
	/* A shutdown leaves what it likes. */
	if (r.exit == KVM_EXIT_SHUTDOWN)
		memset(&r.shadow, 0, sizeof(r) - offsetof(struct result, shadow));
	return r;
}

static void differ(int i, const struct result *is)
{
	const struct trial *t = &trials[i];
	const struct result *want = &results[i];

	note("frame %d: rflags 0x%llx; rip 0x%llx cs 0x%llx rflags 0x%llx rsp 0x%llx ss 0x%llx", i,
	     (unsigned long long)t->rflags, (unsigned long long)t->frame.rip,
	     (unsigned long long)t->frame.cs, (unsigned long long)t->frame.rflags,
	     (unsigned long long)t->frame.rsp, (unsigned long long)t->frame.ss);
	note("  CPU:  exit %u rip 0x%llx rsp 0x%llx rflags 0x%llx cs 0x%x ss 0x%x shadow %u stacks %llx",
	     want->exit, want->regs.rip, want->regs.rsp, want->regs.rflags, want->cs.selector,
	     want->ss.selector, want->shadow, (unsigned long long)want->stacks);
	note("  ours: exit %u rip 0x%llx rsp 0x%llx rflags 0x%llx cs 0x%x ss 0x%x shadow %u stacks %llx",
	     is->exit, is->regs.rip, is->regs.rsp, is->regs.rflags, is->cs.selector,
	     is->ss.selector, is->shadow, (unsigned long long)is->stacks);
}

/* The same again, short of pages; how many differ. */
static int compare(void)
{
	struct result r;
	int i, wrong = 0;

	for (i = 0; i < FRAMES; i++) {
		r = run(&trials[i]);
		if (!memcmp(&r, &results[i], sizeof(r)))
			continue;
		if (wrong++ < 5)
			differ(i, &r);
	}
	return wrong;
}

int main(int argc, char **argv)
{
	int64_t irets;
	int i, halts = 0;

	without_tf = argc == 3 && !strcmp(argv[1], "-x") && !strcmp(argv[2], "tf");
	ksft_print_header();
	need_module();
	ksft_set_plan(3);
	open_guest();
	for (i = 0; i < FRAMES; i++) {
		trials[i] = make_trial();
		results[i] = run(&trials[i]);
		halts += results[i].exit == KVM_EXIT_HLT && results[i].regs.rip >= CODE &&
			results[i].regs.rip < CODE + PAGE_SIZE;
	}
	note("%d frames, %d of them go where they say", FRAMES, halts);
	ksft_test_result(halts > FRAMES / 8 && halts < FRAMES * 7 / 8,
			 "frames are mixed\n");
	if (nptb_set(vm.name, "on_loop", "emulate") || nptb_budget(vm.name, 1))
		die("no budget");
	ksft_test_result(!compare(), "%d frames leave what the CPU leaves\n", FRAMES);
	irets = nptb_stat(vm.name, "irets");
	note("%lld carried out by the module, %lld events delivered, %lld refused",
	     (long long)irets, (long long)nptb_stat(vm.name, "deliveries"),
	     (long long)nptb_stat(vm.name, "refused"));
	/* But for those that go on in single steps. */
	ksft_test_result(irets > FRAMES * 9 / 10, "the module carries them out\n");
	vmm_destroy(&vm);
	ksft_finished();
}
