// SPDX-License-Identifier: GPL-2.0-only
/* Running vCPUs in threads, and getting them to stop. */
#include <errno.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../lib/util.h"
#include "vmm.h"

#define KICK	SIGUSR1

static void on_kick(int sig)
{
	/* Only there to make KVM_RUN return. */
	(void)sig;
}

static enum vmm_end failed(struct vmm_vcpu *vcpu, const char *what, int num)
{
	snprintf(vcpu->why, sizeof(vcpu->why), "%s %d", what, num);
	note("%s: vCPU %d: %s", vcpu->vm->name, vcpu->index, vcpu->why);
	return VMM_FAILED;
}

/* With what KVM tells of it: the exit's own reason, and the instruction. */
static enum vmm_end internal_error(struct vmm_vcpu *vcpu)
{
	const struct kvm_run *run = vcpu->run;
	uint32_t i;

	for (i = 0; i < run->internal.ndata && i < 16; i++)
		note("%s: vCPU %d: data[%u] %#llx", vcpu->vm->name, vcpu->index,
		     i, (unsigned long long)run->internal.data[i]);
	return failed(vcpu, "internal error", run->internal.suberror);
}

static bool call(struct vmm_vcpu *vcpu, bool (*fn)(struct vmm_vcpu *vcpu))
{
	return fn && fn(vcpu);
}

static enum vmm_end run_until_end(struct vmm_vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	int i;

	for (;;) {
		if (atomic_load(&vcpu->vm->stop))
			return VMM_STOPPED;
		if (ioctl(vcpu->fd, KVM_RUN, 0UL)) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			if (errno == EFAULT && call(vcpu, vcpu->vm->on_fault))
				continue;
			return failed(vcpu, "KVM_RUN: errno", errno);
		}
		switch (run->exit_reason) {
		case KVM_EXIT_HLT:
			return VMM_HALTED;
		case KVM_EXIT_IO:
			atomic_fetch_add(&vcpu->outs, 1);
			if (vcpu->on_out)
				vcpu->on_out(vcpu);
			break;
		case KVM_EXIT_INTR:
			break;
		case KVM_EXIT_INTERNAL_ERROR:
			if (run->internal.suberror != NPTB_SUBERROR_LOOP ||
			    run->internal.ndata != NPTB_STOP_NDATA)
				return internal_error(vcpu);
			for (i = 0; i < NPTB_STOP_NDATA; i++)
				vcpu->loop[i] = run->internal.data[i];
			return VMM_LOOPED;
		case KVM_EXIT_MMIO:
			if (!call(vcpu, vcpu->vm->on_mmio))
				return failed(vcpu, "MMIO, bytes", run->mmio.len);
			break;
		case KVM_EXIT_DIRTY_RING_FULL:
			if (!call(vcpu, vcpu->vm->on_ring_full))
				return failed(vcpu, "a full dirty ring of vCPU",
					      vcpu->index);
			break;
		default:
			return failed(vcpu, "exit reason", run->exit_reason);
		}
	}
}

static void *vcpu_main(void *arg)
{
	struct vmm_vcpu *vcpu = arg;

	/* A test may run at a higher priority than its guests. */
	setpriority(PRIO_PROCESS, 0, 0);
	atomic_store(&vcpu->tid, gettid());
	atomic_store(&vcpu->end, run_until_end(vcpu));
	return NULL;
}

void vmm_start(struct vmm *vm)
{
	struct sigaction sa = { .sa_handler = on_kick };
	struct vmm_vcpu *vcpu;
	int i;

	sigaction(KICK, &sa, NULL);
	atomic_store(&vm->stop, false);
	for (i = 0; i < vm->vcpus; i++) {
		vcpu = &vm->vcpu[i];
		if (vcpu->started || atomic_load(&vcpu->end) == VMM_HALTED)
			continue;
		vcpu->run->immediate_exit = 0;
		atomic_store(&vcpu->end, VMM_RUNNING);
		if (pthread_create(&vcpu->thread, NULL, vcpu_main, vcpu))
			die("pthread_create");
		vcpu->started = true;
	}
}

bool vmm_wait(struct vmm *vm, unsigned int ms)
{
	uint64_t end = deadline(ms);
	int i, halted;

	for (;;) {
		halted = 0;
		for (i = 0; i < vm->vcpus; i++) {
			switch (atomic_load(&vm->vcpu[i].end)) {
			case VMM_HALTED:
				halted++;
				break;
			case VMM_RUNNING:
				break;
			default:
				return false;
			}
		}
		if (halted == vm->vcpus)
			return true;
		if (now_ms() > end)
			return false;
		sleep_ms(1);
	}
}

void vmm_stop(struct vmm *vm)
{
	struct vmm_vcpu *vcpu;
	int i;

	atomic_store(&vm->stop, true);
	for (i = 0; i < vm->vcpus; i++) {
		vcpu = &vm->vcpu[i];
		if (!vcpu->started)
			continue;
		/*
		 * A signal that comes just before KVM_RUN would be lost:
		 * immediate_exit makes the next KVM_RUN return at once.
		 */
		vcpu->run->immediate_exit = 1;
		pthread_kill(vcpu->thread, KICK);
	}
	for (i = 0; i < vm->vcpus; i++) {
		vcpu = &vm->vcpu[i];
		if (!vcpu->started)
			continue;
		pthread_join(vcpu->thread, NULL);
		vcpu->started = false;
	}
}

enum vmm_end vmm_end(const struct vmm_vcpu *vcpu)
{
	return atomic_load(&vcpu->end);
}
