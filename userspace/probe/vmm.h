/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VMM of the probe: one vCPU, no devices, no interrupt controller. The
 * guest has the frames of its layout and not one more: a touch of anything else
 * is an exit, and an error of the case.
 */
#ifndef NPTB_PROBE_VMM_H
#define NPTB_PROBE_VMM_H

#include <linux/kvm.h>

#include "model/dbgfs.h"
#include "layout.h"

enum vmm_end {
	VMM_HLT,
	VMM_SHUTDOWN,
	VMM_LOOP,	/* the module stopped it in a fault loop */
	VMM_STRAY,	/* touched what is not there */
	VMM_HANG,
	VMM_OTHER,
};

/**
 * struct vmm_state - what a guest leaves behind
 * @regs: general registers
 * @sregs: segments, control registers
 * @xsave: x87, SSE and AVX state
 * @memory: all frames, in the order of the layout
 */
struct vmm_state {
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct kvm_xsave xsave;
	uint8_t *memory;
};

/**
 * struct vmm - a VM
 * @l: what it holds
 * @name: as KVM and the module call it
 * @kvm: /dev/kvm
 * @fd: of the VM
 * @vcpu: of its vCPU
 * @run: shared with KVM
 * @run_size: of @run
 * @memory: the frames
 * @size: of @memory
 * @xsave: registers to start with
 * @resets: so far; goes into R15, so that no two runs begin in the same state
 * @why: how the last run ended, where that is no good end
 * @loop_rip: of the last VMM_LOOP
 */
struct vmm {
	const struct probe_layout *l;
	char name[VM_NAME_MAX];
	int kvm, fd, vcpu, stats;
	struct kvm_run *run;
	size_t run_size;
	uint8_t *memory;
	size_t size;
	struct kvm_sregs sregs;
	struct kvm_xsave xsave;
	uint64_t resets;
	char why[160];
	uint64_t loop_rip;
};

bool vmm_has(int kvm, enum probe_feature feature);
int vmm_open(struct vmm *vm, int kvm, const struct probe_layout *l);
void vmm_close(struct vmm *vm);
int vmm_reset(struct vmm *vm);
int vmm_drop(struct vmm *vm);
enum vmm_end vmm_run(struct vmm *vm);
int vmm_state(struct vmm *vm, struct vmm_state *s);
const char *vmm_differ(const struct vmm *vm, const struct vmm_state *a,
		       const struct vmm_state *b, char *buf, size_t size);
const char *vmm_progress(const struct vmm *vm, const struct vmm_state *a,
			 const struct vmm_state *b, char *buf, size_t size);
uint64_t vmm_stat(struct vmm *vm, const char *name);

/* entry.c */
void vmm_entry_sregs(const struct probe_layout *l, struct kvm_sregs *s);
void vmm_entry_regs(const struct probe_layout *l, struct kvm_regs *r);
void vmm_entry_xsave(struct kvm_xsave *x, bool avx);
uint64_t vmm_reg(const struct kvm_regs *r, enum probe_reg reg);

#endif /* NPTB_PROBE_VMM_H */
