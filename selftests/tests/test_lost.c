// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's emulator does what a locked instruction does by comparing and exchanging in host
 * memory. Where somebody else wrote there in between, the instruction is not done, and has
 * to be run again: with one page under on_loop=strict, a guest counts in seven bytes
 * of a word while a thread of its VMM writes to the eighth. No count may be missed, and
 * nothing refused. How often one loses depends on how L1's CPUs take turns: with
 * "lab --threads" it is all the time.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../lib/cells.h"

#define SIZE	SZ_2M
#define CODE	0x20000UL
#define WORD	0x31000UL
#define TIMES	50000
#define BYTE	7

extern const uint8_t count[], count_end[];
asm(".pushsection .rodata\ncount:\n.code64\n.intel_syntax noprefix\n"
    "mov ecx, 50000; 1: lock inc qword ptr [0x31000]; dec ecx; jnz 1b; hlt\n"
    ".att_syntax prefix\ncount_end:\n.popsection\n");

static struct vmm vm;
static atomic_bool over;
static uint64_t written;

static void *write_beside(void *arg)
{
	volatile uint8_t *byte = vm.mem + WORD + BYTE;

	(void)arg;
	while (!atomic_load(&over))
		*byte = ++written;
	return NULL;
}

static uint64_t go(struct vmm_vcpu *vcpu)
{
	struct kvm_regs regs = { .rip = CODE, .rsp = 0x1000, .rflags = 2 };
	uint64_t word = 0;
	int ret;

	vmm_load(&vm, WORD, &word, sizeof(word));
	if (ioctl(vcpu->fd, KVM_SET_REGS, &regs))
		die("KVM_SET_REGS: %s", strerror(errno));
	do
		ret = ioctl(vcpu->fd, KVM_RUN, 0UL);
	while (ret && errno == EINTR);
	if (ret || vcpu->run->exit_reason != KVM_EXIT_HLT)
		note("KVM_RUN: %d, exit %u", ret, vcpu->run->exit_reason);
	memcpy(&word, vm.mem + WORD, BYTE);
	return word;
}

int main(void)
{
	struct vmm_args args = { .pages = 1 };
	struct vmm_vcpu *vcpu;
	pthread_t thread;
	uint64_t counted;

	ksft_print_header();
	need_module();
	ksft_set_plan(2);
	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vcpu = vmm_add(&vm, GUEST_SPIN, VMM_LONG, &args);
	vmm_load(&vm, CODE, count, count_end - count);
	if (nptb_set(vm.name, "on_loop", "strict") || nptb_budget(vm.name, 1))
		die("no budget");
	if (pthread_create(&thread, NULL, write_beside, NULL))
		die("pthread_create");
	counted = go(vcpu);
	atomic_store(&over, true);
	pthread_join(thread, NULL);
	note("counted to %llu beside %llu writes, %lld instructions emulated",
	     (unsigned long long)counted, (unsigned long long)written,
	     (long long)nptb_stat(vm.name, "instructions"));
	ksft_test_result(counted == TIMES && written, "each count is there\n");
	ksft_test_result(!nptb_stat(vm.name, "refused") && !nptb_stat(vm.name, "stopped") &&
			 nptb_stat(vm.name, "peak") == 1,
			 "one page, nothing refused, nothing stopped\n");
	vmm_destroy(&vm);
	ksft_finished();
}
