// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest and its VMM see under on_loop=emulate is what they see without a
 * budget, also where KVM's emulator differs from the CPU: the guest's own
 * breakpoints and single steps, memory that the host does not let anybody have,
 * stores across two pages, what follows STI.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "../lib/cells.h"

#define SIZE		SZ_2M
#define GDT		0x8000UL
#define IDT		0x9000UL
#define TSS		0xa000UL
#define HANDLERS	0xb000UL	/* HLT for each vector, 16 bytes each */
#define ON_DEBUG	0xc000UL
#define ON_FAULT	0xd000UL
#define STACK_TOP	0x12000UL
#define CODE		0x20000UL
/* Numbers as the programs below have them. */
#define DATA		0x30000UL
#define DATA_PAGES	3
#define COUNTS		0x40000UL	/* #DB, then #PF */
#define BEYOND		0x1f0000UL	/* linear; its frame is the case's */
#define NO_MEMORY	0x40000000UL
#define ROM		0x300000UL
/* Tables of vmm's guests in long mode: the one that maps all of their memory. */
#define TABLE		0x83000UL
#define EVENTS_MAX	8

#define PROGRAM(name, ...)						\
	extern const uint8_t name[], name##_end[];			\
	asm(".pushsection .rodata\n.global " #name "\n" #name ":\n"	\
	    ".code64\n.intel_syntax noprefix\n" __VA_ARGS__		\
	    "\n.att_syntax prefix\n.global " #name "_end\n" #name "_end:\n.popsection\n")

/* Back to where it was, past a breakpoint on code: QEMU's CPU does not set RF for that. */
PROGRAM(on_debug, "inc qword ptr [0x40000]; or qword ptr [rsp + 16], 0x10000; iretq");
/* The page becomes writable. */
PROGRAM(on_fault, "inc qword ptr [0x40008]; or qword ptr [0x83000 + 0x31 * 8], 2;"
	"invlpg [0x31000]; add rsp, 8; iretq");

#define WATCH(dr7)							\
	"mov eax, 0x30010; mov dr0, rax; mov eax, " dr7 "; mov dr7, rax;"	\
	"mov [0x30010], rcx; nop; mov rbx, [0x30010]; nop; xor eax, eax; mov dr7, rax; hlt"
/* The first four: up to there the module may emulate. */
#define ARMED	4
PROGRAM(watch_write, WATCH("0xd0001"));
PROGRAM(watch_both, WATCH("0xf0001"));
PROGRAM(watch_port, "mov rax, cr4; or rax, 8; mov cr4, rax; mov eax, 0x80; mov dr0, rax;"
	"mov eax, 0x20401; mov dr7, rax; out 0x80, al; nop; xor eax, eax; mov dr7, rax; hlt");
PROGRAM(watch_code, "lea rax, [rip + 1f]; mov dr0, rax; mov eax, 0x401; mov dr7, rax;"
	"mov [0x30010], cl; 1: nop; xor eax, eax; mov dr7, rax; hlt");
/*
 * With F3, an instruction that KVM's emulator takes for BSF. Its name below ends as that of the
 * last: where that one is left out, so is this.
 */
PROGRAM(watch_count, "lea rax, [rip + 1f]; mov dr0, rax; mov eax, 0x401; mov dr7, rax;"
	"mov [0x30010], cl; 1: .byte 0xf3, 0x0f, 0xbc, 0xd8;"
	"xor eax, eax; mov dr7, rax; hlt");
PROGRAM(single_step, "mov esi, 0x30100; mov edi, 0x30200; mov ecx, 5;"
	"pushfq; or qword ptr [rsp], 0x100; popfq; rep movsb; nop;"
	"pushfq; and qword ptr [rsp], ~0x100; popfq; hlt");
PROGRAM(store, "mov rax, 0x1122334455667788; mov [0x31000], rax; hlt");
/* The second page comes up when the first is being emulated. */
PROGRAM(two_pages, "mov eax, 0x1234567; mov [0x31000], eax; jmp 1f;"
	".org two_pages + 0x1000; 1: inc eax; hlt");
PROGRAM(load, "mov rbx, [0x31000]; hlt");
PROGRAM(add_memory, "mov eax, 0x1234567; add [0x31008], eax; lock inc qword ptr [0x31010]; hlt");
PROGRAM(across, "mov rax, 0x1122334455667788; add [0x30ffc], rax;"
	"lock add [0x30ffd], rax; xchg [0x30ffb], rbx; hlt");
PROGRAM(move_string, "mov edi, 0x30fe0; lea esi, [rdi + 1]; mov ecx, 64; rep movsb; hlt");
PROGRAM(push, "mov rsp, 0x31004; push rdi; call 1f; 1: pop rcx; hlt");
PROGRAM(load_segment, "mov eax, 0x10; mov ds, eax; hlt");
PROGRAM(device, "mov eax, 0x1234567; mov [0x1f0000], eax; mov rbx, [0x1f0008];"
	"add [0x1f0010], ebx; hlt");
PROGRAM(set_interrupts, "nop; sti; hlt; nop; hlt");

struct program {
	const char *name;
	const uint8_t *code;
	const uint8_t *end;
	/* Of the host, for one page; or the frame of BEYOND; both may be 0. */
	uint64_t page;
	int prot;
	uint64_t frame;
	/* The guest may not write to its page 0x31000. */
	bool read_only;
	bool window;
	/* Without a budget, in this order: COUNTS, KVM_RUN that failed. */
	uint64_t debugs, faults, refusals;
	/*
	 * Instructions that may be emulated, at most; 0: any number. QEMU's CPU
	 * forgets the guest's breakpoints at each exit, so this tells instead.
	 */
	int64_t emulated;
	/* The emulator can do all of it: it is asked, and refuses nothing. */
	bool whole;
};

#define RUN(text, name, ...)	{ text, name, name##_end, __VA_ARGS__ }

static const struct program programs[] = {
	RUN("a breakpoint on writes", watch_write, .debugs = 1, .emulated = ARMED),
	RUN("a breakpoint on reads and writes", watch_both, .debugs = 2, .emulated = ARMED),
	/* Intercepted: nobody has looked whether there is one. */
	RUN("a breakpoint on a port", watch_port, .page = 0),
	RUN("a breakpoint on code", watch_code, .debugs = 1),
	RUN("before TZCNT, a breakpoint on code", watch_count, .debugs = 1),
	RUN("single steps of REP", single_step, .debugs = 9),
	RUN("a store to what the host may read", store, .page = 0x31000, .prot = PROT_READ,
	    .refusals = 1),
	RUN("a load of what the host may not", load, .page = 0x31000, .prot = PROT_NONE,
	    .refusals = 1),
	RUN("read-modify-write of what the host may read", add_memory, .page = 0x31000,
	    .prot = PROT_READ, .refusals = 1),
	RUN("the same across pages", across, .page = 0x31000, .prot = PROT_READ, .refusals = 1),
	RUN("the same, but it is the guest that may read", across, .read_only = true,
	    .faults = 1),
	RUN("REP MOVSB into what the host may read", move_string, .page = 0x31000,
	    .prot = PROT_READ, .refusals = 1),
	RUN("REP MOVSB into what the guest may read", move_string, .read_only = true,
	    .faults = 1),
	RUN("a stack that the host may read", push, .page = 0x31000, .prot = PROT_READ,
	    .refusals = 1),
	RUN("a descriptor that the host may not read", load_segment, .page = GDT,
	    .prot = PROT_NONE, .refusals = 1),
	RUN("tables that the host may not read", store, .page = TABLE, .prot = PROT_NONE,
	    .refusals = 1),
	RUN("tables that the host may read", store, .page = TABLE, .prot = PROT_READ,
	    .refusals = 1),
	RUN("code that the host may not read", two_pages, .page = CODE + PAGE_SIZE,
	    .prot = PROT_NONE, .refusals = 1),
	RUN("a device", device, .frame = NO_MEMORY, .whole = true),
	RUN("a read-only slot", device, .frame = ROM, .whole = true),
	RUN("STI; HLT", set_interrupts, .window = true),
};

/* Why KVM_RUN returned, and what it was about. */
struct event {
	uint32_t exit;
	uint32_t len;
	uint64_t rip;
	uint64_t what;
};

/* All that one run leaves. */
struct result {
	struct event event[EVENTS_MAX];
	uint64_t events;
	uint64_t refusals;
	uint64_t counts[2];
	struct kvm_regs regs;
	uint8_t data[DATA_PAGES * PAGE_SIZE];
};

static struct vmm vm;
static struct vmm_vcpu *vcpu;
static uint8_t *rom;

static void load_gate(unsigned int vector, uint64_t at)
{
	/* Interrupt gate, DPL 0, CS 8: AMD64 APM volume 2, section 4.8.4. */
	uint64_t gate[2] = {
		(at & 0xffff) | 8 << 16 | 0x8eULL << 40 | (at >> 16 & 0xffff) << 48,
	};

	vmm_load(&vm, IDT + 16 * vector, gate, sizeof(gate));
}

static void load_system(void)
{
	uint64_t gdt[4] = { [1] = 0x00af9b000000ffff, [2] = 0x00cf93000000ffff };
	uint32_t tss[26] = { [1] = STACK_TOP };
	uint8_t handlers[512];
	unsigned int i;

	vmm_load(&vm, GDT, gdt, sizeof(gdt));
	vmm_load(&vm, TSS, tss, sizeof(tss));
	memset(handlers, 0xf4, sizeof(handlers));
	vmm_load(&vm, HANDLERS, handlers, sizeof(handlers));
	for (i = 0; i < 32; i++)
		load_gate(i, HANDLERS + 16 * i);
	vmm_load(&vm, ON_DEBUG, on_debug, on_debug_end - on_debug);
	vmm_load(&vm, ON_FAULT, on_fault, on_fault_end - on_fault);
	load_gate(1, ON_DEBUG);
	load_gate(14, ON_FAULT);
}

static void set_entry(uint64_t linear, uint64_t frame, bool writable)
{
	uint64_t *entry = (uint64_t *)(vm.mem + TABLE) + linear / PAGE_SIZE;

	*entry = (*entry & 0xffd) | frame | (writable ? 2 : 0);
}

/* Accessed bits are clear: whoever walks has to write. */
static void set_entries(const struct program *p)
{
	uint64_t *entry = (uint64_t *)(vm.mem + TABLE);
	unsigned int i;

	for (i = 0; i < PAGE_SIZE / sizeof(*entry); i++)
		entry[i] &= ~0x60ULL;
	if (p->read_only)
		set_entry(0x31000, 0x31000, false);
	if (p->frame)
		set_entry(BEYOND, p->frame, true);
}

static void set_up(const struct program *p)
{
	struct kvm_regs regs = {
		.rip = CODE, .rsp = STACK_TOP, .rflags = 2, .rbx = 3, .rdi = 0x3141592653589793,
	};
	struct vmm_args args = { .pages = 1 };
	struct kvm_sregs sregs;

	if (!vmm_create(&vm, SIZE, VMM_MEM_4K))
		die("no memory");
	vcpu = vmm_add(&vm, GUEST_SPIN, VMM_LONG, &args);
	load_system();
	vmm_fill(&vm, DATA, DATA_PAGES * PAGE_SIZE);
	vmm_load(&vm, CODE, p->code, p->end - p->code);
	set_entries(p);
	if (p->frame == ROM && vmm_slot(&vm, 1, ROM, rom, PAGE_SIZE, KVM_MEM_READONLY))
		die("no read-only slot");
	if (ioctl(vcpu->fd, KVM_GET_SREGS, &sregs))
		die("KVM_GET_SREGS: %s", strerror(errno));
	sregs.gdt.base = GDT;
	sregs.gdt.limit = 4 * 8 - 1;
	sregs.idt.base = IDT;
	sregs.idt.limit = 32 * 16 - 1;
	sregs.cr0 |= 1 << 16;
	sregs.tr = (struct kvm_segment){ .base = TSS, .limit = 103, .selector = 0x18,
		.type = 11, .present = 1 };
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &sregs) || ioctl(vcpu->fd, KVM_SET_REGS, &regs))
		die("cannot set a vCPU up: %s", strerror(errno));
	vcpu->run->request_interrupt_window = p->window;
	if (p->page && mprotect(vm.mem + p->page, PAGE_SIZE, p->prot))
		die("mprotect: %s", strerror(errno));
}

/* The VMM's part of it. Return: false where the run is over. */
static bool on_exit_of(struct kvm_run *run, struct event *event)
{
	event->exit = run->exit_reason;
	switch (run->exit_reason) {
	case KVM_EXIT_MMIO:
		event->what = run->mmio.phys_addr;
		event->len = run->mmio.len;
		if (!run->mmio.is_write)
			memset(run->mmio.data, 0x5a, sizeof(run->mmio.data));
		else
			memcpy(&event->rip, run->mmio.data, run->mmio.len);
		return true;
	case KVM_EXIT_IO:
		event->what = run->io.port;
		return true;
	default:
		return false;
	}
}

static void run(const struct program *p, struct result *r)
{
	struct kvm_debugregs none = { 0 };
	struct kvm_run *run = vcpu->run;
	bool more = true, halted = false;

	memset(r, 0, sizeof(*r));
	while (more && r->events < EVENTS_MAX) {
		struct event *event = &r->event[r->events++];
		struct kvm_regs regs;

		if (!ioctl(vcpu->fd, KVM_RUN, 0UL)) {
			more = on_exit_of(run, event);
		} else if (errno == EINTR) {
			r->events--;
			continue;
		} else {
			event->exit = -errno;
			more = p->page && errno == EFAULT && !r->refusals++ &&
				!mprotect(vm.mem + p->page, PAGE_SIZE, PROT_READ | PROT_WRITE);
		}
		if (event->exit == KVM_EXIT_MMIO || event->exit == KVM_EXIT_IO)
			continue;
		if (ioctl(vcpu->fd, KVM_GET_REGS, &regs))
			die("KVM_GET_REGS: %s", strerror(errno));
		event->rip = regs.rip;
		/* Interrupts may come once it has halted, and not before. */
		if (p->window && run->exit_reason == KVM_EXIT_HLT && !halted)
			more = halted = true;
	}
	ioctl(vcpu->fd, KVM_SET_DEBUGREGS, &none);
	if (ioctl(vcpu->fd, KVM_GET_REGS, &r->regs))
		die("KVM_GET_REGS: %s", strerror(errno));
	/* A page whose refusal nobody noticed is still as it was. */
	if (p->page && mprotect(vm.mem + p->page, PAGE_SIZE, PROT_READ | PROT_WRITE))
		die("mprotect: %s", strerror(errno));
	memcpy(r->counts, vm.mem + COUNTS, sizeof(r->counts));
	memcpy(r->data, vm.mem + DATA, sizeof(r->data));
}

static void tell(const struct program *p, const char *how, const struct result *r)
{
	unsigned int i;

	note("%s, %s: #DB %llu, #PF %llu, rip 0x%llx rflags 0x%llx rbx 0x%llx rcx 0x%llx rsp 0x%llx",
	     p->name, how, (unsigned long long)r->counts[0], (unsigned long long)r->counts[1],
	     (unsigned long long)r->regs.rip, (unsigned long long)r->regs.rflags,
	     (unsigned long long)r->regs.rbx, (unsigned long long)r->regs.rcx,
	     (unsigned long long)r->regs.rsp);
	for (i = 0; i < r->events; i++)
		note("  exit %d: 0x%llx len %u, rip 0x%llx", (int)r->event[i].exit,
		     (unsigned long long)r->event[i].what, r->event[i].len,
		     (unsigned long long)r->event[i].rip);
}

static bool as_expected(const struct program *p, const struct result *r)
{
	uint32_t last = p->window ? KVM_EXIT_IRQ_WINDOW_OPEN : KVM_EXIT_HLT;

	return r->counts[0] == p->debugs && r->counts[1] == p->faults &&
		r->refusals == p->refusals && r->event[r->events - 1].exit == last;
}

static bool same(const struct program *p, const struct result *bare, const char *budget,
		 const char *burst)
{
	static struct result r;
	int64_t emulated, refused;
	bool ok;

	set_up(p);
	if (nptb_set(vm.name, "on_loop", "emulate") || nptb_set(vm.name, "burst", burst) ||
	    nptb_set(vm.name, "budget", budget))
		die("no budget");
	run(p, &r);
	emulated = nptb_stat(vm.name, "instructions");
	refused = nptb_stat(vm.name, "refused");
	vmm_destroy(&vm);
	ok = !p->whole || (emulated > 0 && !refused);
	if (p->emulated && r.counts[0] < bare->counts[0])
		r.counts[0] = bare->counts[0];
	if (ok && !memcmp(&r, bare, sizeof(r)) && (!p->emulated || emulated <= p->emulated))
		return true;
	note("%lld instructions were emulated, %lld refused", (long long)emulated,
	     (long long)refused);
	tell(p, "bare", bare);
	tell(p, budget, &r);
	if (memcmp(r.data, bare->data, sizeof(r.data)))
		note("  memory differs");
	return false;
}

static bool try(const struct program *p)
{
	static struct result bare;
	bool ok;

	set_up(p);
	run(p, &bare);
	vmm_destroy(&vm);
	ok = as_expected(p, &bare);
	if (!ok)
		tell(p, "bare, which is not as expected", &bare);
	ok &= same(p, &bare, "1", "130");
	ok &= same(p, &bare, "1", "1");
	ok &= same(p, &bare, "4", "130");
	return ok;
}

static bool ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), n = strlen(end);

	return n && n <= len && !strcmp(name + len - n, end);
}

/* -x WORD...: all but those whose names end so, of which an emulated CPU makes no end. */
static bool left_out(const struct program *p, int argc, char **argv)
{
	int i;

	for (i = 2; i < argc && !strcmp(argv[1], "-x"); i++)
		if (ends_in(p->name, argv[i]))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	unsigned int i, nr = 0;

	ksft_print_header();
	need_module();
	for (i = 0; i < ARRAY_SIZE(programs); i++)
		nr += !left_out(&programs[i], argc, argv);
	ksft_set_plan(nr);
	rom = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (rom == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	for (i = 0; i < ARRAY_SIZE(programs); i++)
		if (!left_out(&programs[i], argc, argv))
			ksft_test_result(try(&programs[i]), "%s\n", programs[i].name);
	ksft_finished();
}
