// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loops in the delivery of an event say what kind of event it is: a vector alone
 * does not. In real mode vector 8 is an exception, the timer's interrupt, or INT 8.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../lib/cells.h"

#define SIZE	SZ_2M
#define STACK	0x5000UL	/* the page below it */
#define HANDLER	0x6000UL
#define LOOPS	8
#define MS	20000

static struct vmm vm;
static struct vmm_vcpu *vcpu;

struct program {
	const char *event;
	int vector;
	uint8_t code[8];
	/* What to inject, or 0. */
	unsigned long ioctl;
};

static const struct program programs[] = {
	{ "exception", 0, { 0x30, 0xc9, 0xf6, 0xf1, 0xf4 }, 0 },	/* div cl, by 0 */
	{ "int", 8, { 0xcd, 0x08, 0xf4 }, 0 },
	{ "interrupt", 8, { 0x90, 0xf4 }, KVM_INTERRUPT },
	{ "nmi", 2, { 0x90, 0xf4 }, KVM_NMI },
};

static void set_up(const struct program *p)
{
	struct kvm_regs regs = { .rip = vmm_entry(0), .rsp = STACK, .rflags = 0x202 };
	struct kvm_interrupt irq = { .irq = p->vector };
	struct vmm_args args = { .pages = 1 };
	uint32_t table[256];
	unsigned int i;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vcpu = vmm_add(&vm, GUEST_SPIN, VMM_REAL, &args);
	for (i = 0; i < ARRAY_SIZE(table); i++)
		table[i] = HANDLER;
	vmm_load(&vm, 0, table, sizeof(table));
	vmm_load(&vm, HANDLER, (uint8_t []){ 0xf4 }, 1);
	vmm_load(&vm, vmm_entry(0), p->code, sizeof(p->code));
	if (ioctl(vcpu->fd, KVM_SET_REGS, &regs))
		die("KVM_SET_REGS: %s", strerror(errno));
	if (p->ioctl && ioctl(vcpu->fd, p->ioctl, p->ioctl == KVM_INTERRUPT ? &irq : NULL))
		die("cannot inject: %s", strerror(errno));
}

/* One page: the delivery needs the table and the stack, and loops. */
static bool is_told(const struct program *p)
{
	static struct nptb_st_loop loop[LOOPS];
	int i, count;
	bool told = false;

	set_up(p);
	if (nptb_set(vm.name, "on_loop", "stop") || nptb_budget(vm.name, 1))
		die("no budget");
	vmm_start(&vm);
	vmm_wait(&vm, MS);
	vmm_stop(&vm);
	count = nptb_loops(vm.name, loop, LOOPS);
	for (i = 0; i < count && i < LOOPS; i++) {
		told |= !strcmp(loop[i].class, "event-delivery") &&
			!strcmp(loop[i].event, p->event) && loop[i].vector == p->vector;
		note("class %s event %s vector %d rip 0x%" PRIx64, loop[i].class,
		     loop[i].event, loop[i].vector, loop[i].rip);
	}
	vmm_destroy(&vm);
	return told && count == 1;
}

int main(void)
{
	unsigned int i;

	ksft_print_header();
	need_module();
	ksft_set_plan(ARRAY_SIZE(programs));
	for (i = 0; i < ARRAY_SIZE(programs); i++)
		ksft_test_result(is_told(&programs[i]), "%s, vector %d\n", programs[i].event,
				 programs[i].vector);
	ksft_finished();
}
