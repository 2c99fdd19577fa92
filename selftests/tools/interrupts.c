// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does the CPU below KVM deliver interrupts as it should? For the lab, whose CPU
 * is emulated: see docs/LAB.md. A vCPU with KVM's interrupt controller,
 *   - in real mode, is interrupted again and again, and counts; each handler runs
 *     long enough for the host's own timer to interrupt it, with interrupts off;
 *   - in long mode, writes CR8 while an interrupt waits that it does not take.
 *
 * Exit status: 0 each interrupt was handled once; 1 not so; 2 wrong usage.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../lib/util.h"
#include "../vmm/vmm.h"

#define INTERRUPTS	5
#define VECTOR		0x40
#define COUNT		0x5000UL
#define STACK_TOP	0x4000UL
#define HANDLER_AT	0x6000UL
/* The local APIC's registers: AMD64 APM volume 2, section 16.3.2. */
#define APIC_SPURIOUS	0xf0
#define APIC_ON		0x1ff

extern const char idle_text[], idle_end[], handler_text[], handler_end[];
extern const char cr8_text[], cr8_end[];
/*
 * The handler takes 32 million instructions: eight ticks of a host with 250 Hz. It
 * counts at COUNT.
 */
asm(".section .rodata\n"
    ".code16\n"
    "idle_text:	1: outb %al, $0x10; jmp 1b\n"
    "idle_end:\n"
    "handler_text:	incl 0x5000; movl $16000000, %ecx\n"
    "1:	decl %ecx; jnz 1b; iret\n"
    "handler_end:\n"
    ".code64\n"
    "cr8_text:	xorl %eax, %eax; movq %rax, %cr8; outb %al, $0x10\n"
    "cr8_end:\n"
    ".previous\n");

static struct vmm vm;
static struct vmm_vcpu *vcpu;

static void open_guest(enum vmm_mode mode, const char *text, size_t len, unsigned long rflags)
{
	struct vmm_args args = { .pages = 1 };
	struct kvm_regs regs = {
		.rip = VMM_CODE_ENTRY, .rsp = STACK_TOP, .rflags = 2 | rflags,
	};

	if (!vmm_create(&vm, SZ_2M, VMM_MEM_4K))
		die("no memory");
	if (ioctl(vm.fd, KVM_CREATE_IRQCHIP, 0UL))
		die("KVM_CREATE_IRQCHIP: %s", strerror(errno));
	vm.irqchip = true;
	vcpu = vmm_add(&vm, GUEST_SPIN, mode, &args);
	vmm_load(&vm, VMM_CODE_ENTRY, text, len);
	if (ioctl(vcpu->fd, KVM_SET_REGS, &regs))
		die("KVM_SET_REGS: %s", strerror(errno));
}

static void run_to_out(void)
{
	if (ioctl(vcpu->fd, KVM_RUN, 0UL))
		die("KVM_RUN: %s", strerror(errno));
	if (vcpu->run->exit_reason != KVM_EXIT_IO)
		die("the guest ended with exit %u", vcpu->run->exit_reason);
}

/* A local APIC that has nothing in service: no guest here says EOI. */
static void apic_fresh(void)
{
	static struct kvm_lapic_state fresh;
	static bool known;
	unsigned int on = APIC_ON;

	if (!known && ioctl(vcpu->fd, KVM_GET_LAPIC, &fresh))
		die("KVM_GET_LAPIC: %s", strerror(errno));
	known = true;
	memcpy(fresh.regs + APIC_SPURIOUS, &on, sizeof(on));
	if (ioctl(vcpu->fd, KVM_SET_LAPIC, &fresh))
		die("KVM_SET_LAPIC: %s", strerror(errno));
}

static void interrupt(void)
{
	struct kvm_msi msi = { .address_lo = 0xfee00000, .data = VECTOR };

	apic_fresh();
	if (ioctl(vm.fd, KVM_SIGNAL_MSI, &msi) != 1)
		die("KVM_SIGNAL_MSI: %s", strerror(errno));
}

static int count(void)
{
	static const unsigned short vector[2] = { HANDLER_AT, 0 };
	unsigned int i, ran = 0;

	open_guest(VMM_REAL, idle_text, idle_end - idle_text, 1UL << 9);
	vmm_load(&vm, HANDLER_AT, handler_text, handler_end - handler_text);
	vmm_load(&vm, VECTOR * 4UL, vector, sizeof(vector));
	run_to_out();
	for (i = 0; i < INTERRUPTS; i++) {
		interrupt();
		run_to_out();
		ran = vmm_get32(&vm, COUNT);
	}
	vmm_destroy(&vm);
	printf("%u interrupts, handled %u times\n", i, ran);
	return ran != i;
}

static void write_cr8(void)
{
	open_guest(VMM_LONG, cr8_text, cr8_end - cr8_text, 0);
	interrupt();
	run_to_out();
	vmm_destroy(&vm);
	printf("CR8 was written while an interrupt waited\n");
}

int main(int argc, char **argv)
{
	int ret;

	if (argc > 1) {
		fprintf(stderr, "usage: %s\n", argv[0]);
		return 2;
	}
	ret = count();
	fflush(stdout);
	write_cr8();
	return ret;
}
