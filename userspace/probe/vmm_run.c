// SPDX-License-Identifier: GPL-2.0-only
/* Running the VM of a case until it has ended, or is known never to end. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>

#include <nptbudget.h>
#include "vmm.h"

/* A guest that neither ends nor loops has a mistake; seconds. */
#define HANG_SECONDS	20
/* OUT to it is a case's end where HLT is not allowed. */
#define END_PORT	0xf4

static void on_alarm(int sig)
{
	(void)sig;
}

/* KVM_RUN must return when a guest hangs: no SA_RESTART, and again and again. */
static void hang_timer(time_t seconds)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval t = { .it_value.tv_sec = seconds, .it_interval.tv_sec = 1 };

	sigaction(SIGALRM, &sa, NULL);
	if (!seconds)
		t.it_interval.tv_sec = 0;
	setitimer(ITIMER_REAL, &t, NULL);
}

/* Ring 3 has no HLT. */
static bool is_end_mark(const struct kvm_run *run)
{
	return run->io.direction == KVM_EXIT_IO_OUT && run->io.port == END_PORT;
}

static void answer_io(struct vmm *vm)
{
	struct kvm_run *run = vm->run;
	uint8_t *data = (uint8_t *)run + run->io.data_offset;
	uint32_t i, n = run->io.size * run->io.count;

	if (run->io.direction != KVM_EXIT_IO_IN)
		return;
	for (i = 0; i < n; i++)
		data[i] = (uint8_t)(0x30 + i);
}

/* Words of what KVM tells beside its error, the instruction's bytes among them. */
#define TOLD	6

static enum vmm_end internal_error(struct vmm *vm)
{
	const struct kvm_run *run = vm->run;
	uint32_t i;
	size_t n;

	if (run->internal.suberror == NPTB_SUBERROR_LOOP &&
	    run->internal.ndata == NPTB_STOP_NDATA) {
		vm->loop_rip = run->internal.data[NPTB_STOP_RIP];
		return VMM_LOOP;
	}
	n = snprintf(vm->why, sizeof(vm->why), "KVM: internal error %u;", run->internal.suberror);
	for (i = 0; i < run->internal.ndata && i < TOLD; i++)
		n += snprintf(vm->why + n, sizeof(vm->why) - n, " 0x%llx",
			      (unsigned long long)run->internal.data[i]);
	return VMM_OTHER;
}

static enum vmm_end run_to_end(struct vmm *vm)
{
	struct kvm_run *run = vm->run;

	for (;;) {
		if (ioctl(vm->vcpu, KVM_RUN, 0UL)) {
			if (errno == EINTR) {
				snprintf(vm->why, sizeof(vm->why),
					 "neither ended nor looped in %d s", HANG_SECONDS);
				return VMM_HANG;
			}
			if (errno == EAGAIN)
				continue;
			snprintf(vm->why, sizeof(vm->why), "KVM_RUN: %s", strerror(errno));
			return VMM_OTHER;
		}
		switch (run->exit_reason) {
		case KVM_EXIT_HLT:
			return VMM_HLT;
		case KVM_EXIT_SHUTDOWN:
			return VMM_SHUTDOWN;
		case KVM_EXIT_INTERNAL_ERROR:
			return internal_error(vm);
		case KVM_EXIT_IO:
			if (is_end_mark(run))
				return VMM_HLT;
			answer_io(vm);
			break;
		case KVM_EXIT_MMIO:
			snprintf(vm->why, sizeof(vm->why), "touched 0x%llx, where nothing is",
				 (unsigned long long)run->mmio.phys_addr);
			return VMM_STRAY;
		default:
			snprintf(vm->why, sizeof(vm->why), "KVM exit reason %u",
				 run->exit_reason);
			return VMM_OTHER;
		}
	}
}

/**
 * vmm_run() - run the vCPU to its end, or to a fault loop
 * @vm: the VM
 *
 * Return: how it ended.
 */
enum vmm_end vmm_run(struct vmm *vm)
{
	enum vmm_end end;

	hang_timer(HANG_SECONDS);
	end = run_to_end(vm);
	hang_timer(0);
	return end;
}
