// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which instructions are refused under on_loop=strict? One of each kind in the opcode maps
 * of one, two and three bytes is run in long mode, at level 0 or (--level-3) 3, by the CPU,
 * and then with one page. Told are those that the CPU has, and that stop the vCPU. What VEX
 * encodes is not tried; nor is what QEMU's CPU does not survive from a guest of a guest:
 * XSETBV, which changes L1's XCR0, others of 0F 01, and what 0F 38 and 0F 3A need 66 for.
 *
 *   refused [--level-3]
 *
 * docs/FAULT-LOOPS.md has what it told.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../lib/level.h"
#include "../lib/nptb.h"
#include "../lib/util.h"
#include "../vmm/vmm.h"

#define RUN_SECONDS	2
#define SIZE		SZ_2M
#define CODE		0x7000UL
#define ENTRY		(CODE + 0x800)	/* HLT before and behind it */
#define STACKS		0x10000UL
#define STACK_OF(n)	(STACKS + (n) * PAGE_SIZE + 0x800)
#define DATA		0x20000UL
#define DATA_PAGES	2
#define UD_VECTOR	6
#define KEPT		0x90000UL	/* and the tables that lie below */
#define CR4_OSFXSR	(3ULL << 9)
#define CR4_FSGSBASE	(1ULL << 16)
#define CR4_OSXSAVE	(1ULL << 18)

/* An instruction, and how it ended on the CPU. */
struct item {
	uint8_t bytes[6];
	uint8_t len;
	bool undefined;
};

static struct vmm vm;
static struct vmm_vcpu *vcpu;
static struct kvm_sregs start;
static struct kvm_regs regs;
static struct kvm_xsave fpu;
static uint8_t kept[KEPT];
static struct item items[20000];
static unsigned int nr;
static bool level_3;
static volatile sig_atomic_t overdue;

static void on_alarm(int sig)
{
	(void)sig;
	overdue = 1;
}

static void add(unsigned int map, uint8_t prefix, uint8_t op, int modrm)
{
	struct item *item = &items[nr++];
	uint8_t *to = item->bytes;

	if (prefix)
		*to++ = prefix;
	if (map)
		*to++ = 0x0f;
	if (map > 1)
		*to++ = map == 2 ? 0x38 : 0x3a;
	*to++ = op;
	if (modrm >= 0)
		*to++ = modrm;
	item->len = to - item->bytes;
}

/* AMD64 APM volume 3, tables: prefixes, escapes, VEX and EVEX. */
static bool is_no_opcode(unsigned int map, uint8_t op)
{
	if (map == 1)
		return op == 0x38 || op == 0x3a || op == 0x0f;
	if (map)
		return false;
	return op == 0x0f || op == 0x62 || (op & 0xe7) == 0x26 || (op & 0xf0) == 0x40 ||
	       (op >= 0x64 && op <= 0x67) || op == 0xc4 || op == 0xc5 || op == 0xf0 ||
	       op == 0xf2 || op == 0xf3;
}

static bool has_modrm(unsigned int map, uint8_t op)
{
	if (map > 1)
		return true;
	if (map == 1)
		return !((op >= 0x05 && op <= 0x0b) || op == 0x0e || (op >= 0x30 && op <= 0x37) ||
			 op == 0x77 || (op >= 0x80 && op <= 0x8f) || (op >= 0xa0 && op <= 0xa2) ||
			 (op >= 0xa8 && op <= 0xaa) || (op >= 0xc8 && op <= 0xcf));
	return (op < 0x40 && (op & 7) < 4) || op == 0x63 || op == 0x69 || op == 0x6b ||
	       (op >= 0x80 && op <= 0x8f) || op == 0xc0 || op == 0xc1 || op == 0xc6 ||
	       op == 0xc7 || (op >= 0xd0 && op <= 0xd3) || (op >= 0xd8 && op <= 0xdf) ||
	       op == 0xf6 || op == 0xf7 || op == 0xfe || op == 0xff;
}

/* Those where ModRM.reg, or all of ModRM, tells which instruction it is. */
static bool is_group(unsigned int map, uint8_t op)
{
	if (map == 1)
		return op <= 1 || op == 0x0d || op == 0x18 || op == 0x1c || op == 0x1e ||
		       (op >= 0x71 && op <= 0x73) || op == 0xae || op == 0xba || op == 0xc7;
	return !map && ((op >= 0x80 && op <= 0x83) || op == 0x8f || op == 0xc0 || op == 0xc1 ||
			op == 0xc6 || op == 0xc7 || op >= 0xd0);
}

static bool tells_by_modrm(unsigned int map, uint8_t op)
{
	return map == 1 ? op == 1 : !map && op >= 0xd8 && op <= 0xdf;
}

/* With 0F 01: those of virtualization, XSETBV, and AMD's behind RDTSCP. */
static bool is_left_out(int modrm)
{
	return (modrm >= 0xc0 && modrm < 0xc8) || (modrm >= 0xd1 && modrm < 0xe0) || modrm > 0xf9;
}

/* With 0F 38 and 0F 3A, and no other prefix: all but those of MMX, SHA, MOVBE. */
static bool is_left_out_plain(unsigned int map, uint8_t op)
{
	if (map == 3)
		return op != 0x0f && op != 0xcc;
	return !(op <= 0x0b || (op >= 0x1c && op <= 0x1e) || (op >= 0xc8 && op <= 0xcd) ||
		 op == 0xf0 || op == 0xf1);
}

static void add_opcode(unsigned int map, uint8_t prefix, uint8_t op)
{
	int i;

	if (!has_modrm(map, op)) {
		add(map, prefix, op, -1);
		return;
	}
	/* Memory at RDI; registers RCX and RBX, or what the group has. */
	for (i = 0; i < (is_group(map, op) ? 8 : 1); i++)
		add(map, prefix, op, is_group(map, op) ? i << 3 | 7 : 0x0f);
	for (i = 0xc0; i < 0x100; i++)
		if (map == 1 && op == 1 && is_left_out(i))
			continue;
		else if (tells_by_modrm(map, op) || (is_group(map, op) ? (i & 7) == 3 : i == 0xcb))
			add(map, prefix, op, i);
}

static void add_all(void)
{
	static const uint8_t prefixes[] = { 0, 0x66, 0xf3, 0xf2 };
	unsigned int map, p, op;

	for (map = 0; map < 4; map++)
		for (p = 0; p < (map ? 4 : 1); p++)
			for (op = 0; op < 256; op++)
				if (!is_no_opcode(map, op) &&
				    !(map > 1 && !prefixes[p] && is_left_out_plain(map, op)))
					add_opcode(map, prefixes[p], op);
	add(0, 0xf3, 0x90, -1);
}

static void open_guest(void)
{
	struct vmm_args args = { .pages = 1 };
	uint64_t at;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vcpu = vmm_add(&vm, GUEST_SPIN, VMM_LONG, &args);
	level_load(&vm, STACK_OF(2), STACK_OF(3));
	/* Wherever a return, a jump or a call goes to, it halts. */
	memset(vm.mem, 0xf4, PAGE_SIZE);
	memset(vm.mem + CODE, 0xf4, PAGE_SIZE);
	for (at = STACKS; at < DATA; at += 8)
		memcpy(vm.mem + at, &(uint64_t){ CODE }, 8);
	for (at = DATA; at < DATA + DATA_PAGES * PAGE_SIZE; at += 8)
		memcpy(vm.mem + at, &(uint64_t){ CODE }, 8);
	memcpy(kept, vm.mem, KEPT);
	if (ioctl(vcpu->fd, KVM_GET_SREGS, &start) || ioctl(vcpu->fd, KVM_GET_REGS, &regs) ||
	    ioctl(vcpu->fd, KVM_GET_XSAVE, &fpu))
		die("cannot read a vCPU: %s", strerror(errno));
	level_tables(&start);
	start.cr0 |= 1 << 16 | 1 << 5 | 1 << 1;
	start.cr4 |= CR4_OSFXSR | CR4_OSXSAVE;
	if (level_3)
		start.cr4 |= 1 << 8;
	regs = (struct kvm_regs){
		.rax = 1, .rcx = 0, .rbx = DATA + 0x100, .rsi = DATA + 0x200, .rdi = DATA,
		.rbp = DATA + 0x300, .rsp = STACK_OF(0), .rip = ENTRY, .rflags = 2,
	};
}

static void set_up(const struct item *item)
{
	struct kvm_xcrs xcrs = { .nr_xcrs = 1, .xcrs[0] = { .value = 7 } };
	struct kvm_sregs sregs = start;
	struct kvm_vcpu_events events;

	memcpy(vm.mem, kept, KEPT);
	memcpy(vm.mem + ENTRY, item->bytes, item->len);
	level_set(&sregs, level_3);
	if (ioctl(vcpu->fd, KVM_GET_VCPU_EVENTS, &events))
		die("KVM_GET_VCPU_EVENTS: %s", strerror(errno));
	events = (struct kvm_vcpu_events){ .flags = KVM_VCPUEVENT_VALID_SHADOW };
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &sregs) || ioctl(vcpu->fd, KVM_SET_REGS, &regs) ||
	    ioctl(vcpu->fd, KVM_SET_XCRS, &xcrs) || ioctl(vcpu->fd, KVM_SET_XSAVE, &fpu) ||
	    ioctl(vcpu->fd, KVM_SET_VCPU_EVENTS, &events))
		die("cannot set a vCPU up: %s", strerror(errno));
}

/* KVM_RUN until something but a signal ends it, or two seconds are over. */
static uint32_t run(const struct item *item, uint64_t *reason)
{
	const uint64_t *data = (const uint64_t *)vcpu->run->internal.data;
	uint32_t exit;
	int ret;

	set_up(item);
	overdue = 0;
	alarm(RUN_SECONDS);
	do
		ret = ioctl(vcpu->fd, KVM_RUN, 0UL);
	while (ret && errno == EINTR && !overdue);
	alarm(0);
	exit = vcpu->run->exit_reason;
	*reason = data[NPTB_STOP_REASON];
	/* What an exit to the VMM waits for comes now, and nothing else. */
	vcpu->run->immediate_exit = 1;
	ioctl(vcpu->fd, KVM_RUN, 0UL);
	vcpu->run->immediate_exit = 0;
	return exit;
}

static bool is_undefined(void)
{
	struct kvm_regs now;

	if (ioctl(vcpu->fd, KVM_GET_REGS, &now))
		die("KVM_GET_REGS: %s", strerror(errno));
	return now.rip == LEVEL_HANDLERS + 16 * UD_VECTOR + 1;
}

static void tell(const struct item *item, uint64_t reason)
{
	unsigned int i;

	for (i = 0; i < item->len; i++)
		printf("%02x ", item->bytes[i]);
	printf("%s%s\n", reason == NPTB_REASON_INSTRUCTION ? "" : "reason ",
	       reason == NPTB_REASON_INSTRUCTION ? "" :
	       (const char *[])NPTB_REASON_NAMES[reason < NPTB_REASON_NR ? reason : 0]);
}

int main(int argc, char **argv)
{
	unsigned int i, defined = 0, refused = 0, undefined = 0;
	uint64_t reason;

	level_3 = argc > 1 && !strcmp(argv[1], "--level-3");
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm }, NULL);
	setlinebuf(stdout);
	add_all();
	open_guest();
	for (i = 0; i < nr; i++) {
		/* To be found in the log, should the machine not survive it. */
		if (!(i % 64))
			fprintf(stderr, "%u: 0x%02x 0x%02x 0x%02x\n", i, items[i].bytes[0],
				items[i].bytes[1], items[i].bytes[2]);
		run(&items[i], &reason);
		items[i].undefined = is_undefined();
		defined += !items[i].undefined;
	}
	if (nptb_set(vm.name, "on_loop", "strict") || nptb_budget(vm.name, 1))
		die("no budget");
	for (i = 0; i < nr; i++) {
		if (run(&items[i], &reason) != KVM_EXIT_INTERNAL_ERROR)
			continue;
		refused += !items[i].undefined;
		undefined += items[i].undefined;
		if (!items[i].undefined)
			tell(&items[i], reason);
	}
	printf("%u tried, %u of them the CPU has, %u of these are refused; of the others %u\n",
	       nr, defined, refused, undefined);
	vmm_destroy(&vm);
	return 0;
}
