/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seam between the core and KVM on one kind of CPU: all that the core asks of
 * them. Nothing outside x86/ looks into struct kvm or struct kvm_vcpu, calls KVM, or
 * asks for a kernel version, and x86/ calls nothing of the core but through &struct
 * nptb_handlers, see hook.h; emulator.h and text.h are of the seam, too. What a CPU is
 * asked without KVM is in cpu.h.
 *
 * A backend is a folder such as x86/, with arch/state.h, arch/access.h (see cpu.h)
 * and arch/kvm.h, which has what every fault runs, inline:
 *   struct nptb_flush                whom a flush concerns; all 0 at first
 *   struct nptb_trail, nptb_trail_end(trail)   see nptb_kvm_young(); empty again
 *   nptb_kvm_evict_several()         documented there
 *   nptb_kvm_leaves(kvm)             present leaves, in units of 4 KiB, by a count
 *                                    that is never behind the tables
 *   nptb_kvm_outcome(vcpu)           struct nptb_outcome: counters that tell how a
 *                                    fault has ended
 *   nptb_kvm_key(vcpu, gpa)          key of the frame of a fault, or %NPTB_KEY_NONE
 *   nptb_kvm_direct(vcpu)            its tables are the VM's own, not a shadow
 *   nptb_kvm_pc(vcpu)                as nptb_state_pc(); to be asked first, by its thread
 *   nptb_kvm_roles(code), nptb_kvm_page_for(vcpu, key),
 *   nptb_kvm_young(kvm, trail, key)  documented there
 *   nptb_kvm_protected(vcpu)         its registers are private to the guest
 *   nptb_kvm_of(vcpu), nptb_kvm_vcpu_idx(vcpu), nptb_kvm_max_vcpus(kvm),
 *   nptb_kvm_nr_vcpus(kvm), nptb_kvm_created_vcpus(kvm)   of a vCPU, and how many
 *   nptb_kvm_may_log(kvm, key, seen) may the slot of a frame have dirty logging?
 *   nptb_kvm_logs_writes(vcpu, key)  has it that of a frame, or of %NPTB_KEY_NONE?
 *   nptb_kvm_srcu(kvm)               held while a fault runs; slot updates wait for it
 *   nptb_kvm_slots_lock(kvm)         held while slots change
 *   nptb_kvm_stop_mapping(kvm), nptb_kvm_go_on_mapping(kvm)
 *                                    between them no vCPU makes a leaf; no sleeping
 * and what handlers return: %NPTB_KVM_CONTINUE, 0, or %NPTB_KVM_RETRY: not mapped.
 *
 * "vcpu: its own thread": that thread, after an exit, with vcpu->mutex held.
 */
#ifndef NPTB_BACKEND_H
#define NPTB_BACKEND_H

#include <linux/kvm_types.h>

#include "cpu.h"
#include "set/policy.h"

struct nptb_burst;
struct nptb_flush;
struct nptb_trail;

/* No key: an address that the guest's tables map to no frame. */
#define NPTB_KEY_NONE	(~0ULL)

/**
 * nptb_kvm_init() - find everything we need of KVM
 *
 * Context: once, at load, before anything else of the seam is used.
 * Return: 0, or -ENODEV, -ENOENT or -ENOEXEC with a message that names what is missing.
 */
int nptb_kvm_init(void);

/* VMs. */

/**
 * nptb_kvm_unsupported() - can this VM be held to a budget?
 * @kvm: alive
 *
 * Return: NULL where it can, otherwise why not.
 */
const char *nptb_kvm_unsupported(struct kvm *kvm);

/**
 * nptb_kvm_uses_tdp_mmu() - are a VM's own tables the TDP MMU's?
 * @kvm: alive
 *
 * Return: false under kvm tdp_mmu=0, kvm_amd npt=0 and kvm_intel ept=0.
 */
bool nptb_kvm_uses_tdp_mmu(struct kvm *kvm);

/**
 * nptb_kvm_single_roots() - can a frame have one leaf at most?
 * @kvm: alive
 *
 * A root that dies, after a memory slot went, stays until its leaves are gone;
 * meanwhile a frame may have a leaf under it and one under the new root.
 *
 * Context: does not sleep.
 * Return: whether each address space has one root of the TDP MMU at most.
 */
bool nptb_kvm_single_roots(struct kvm *kvm);

/**
 * nptb_kvm_vm_name() - KVM's own name of a VM
 * @kvm: alive
 * @pid: thread that created it, as the host numbers threads
 * @fd: descriptor it got
 *
 * Where KVM has no folder for it, as another VM has this name, KVM keeps the one part,
 * and the descriptor is looked for in the current process, which is the VM's own where
 * it has one yet (a vCPU can be created by no other). 0 where it is not there.
 */
void nptb_kvm_vm_name(struct kvm *kvm, int *pid, int *fd);

/**
 * nptb_kvm_was_idle() - did a VM never have a vCPU?
 * @kvm: about to be torn down
 * Return: false also where its creation failed: KVM then never told of it.
 */
bool nptb_kvm_was_idle(struct kvm *kvm);

/**
 * nptb_kvm_for_each_vm() - look at all VMs there are
 * @fn: called for each, with the VM held; an error ends the walk
 *
 * Return: 0, what @fn returned, or -ENOMEM.
 */
int nptb_kvm_for_each_vm(int (*fn)(struct kvm *kvm));

/* Leaves. */

/**
 * nptb_kvm_translate() - the frame behind an address of a fault
 * @vcpu: that faulted; its own thread
 * @addr: a linear address under shadow paging, a nested guest's own physical
 *	address while that runs
 *
 * Walks the guest's tables as KVM does, but never waits for host memory.
 *
 * Context: may sleep; kvm->srcu held.
 * Return: the key, or %NPTB_KEY_NONE where the guest maps nothing there.
 */
u64 nptb_kvm_translate(struct kvm_vcpu *vcpu, gpa_t addr);

/**
 * nptb_kvm_has_memory() - is there memory behind a frame?
 * @vcpu: that faulted there
 * @key: of the frame, or %NPTB_KEY_NONE where that is not known
 *
 * Return: false where it is MMIO.
 */
bool nptb_kvm_has_memory(struct kvm_vcpu *vcpu, u64 key);

/**
 * nptb_kvm_frame_leaves() - how many leaves map a frame
 * @kvm: alive
 * @key: of the frame
 *
 * Context: does not sleep; kvm->srcu held.
 * Return: their number, in all of KVM's tables of this VM.
 */
u64 nptb_kvm_frame_leaves(struct kvm *kvm, u64 key);

/**
 * nptb_kvm_evict() - zap the leaf of one frame and flush it everywhere
 * @kvm: alive
 * @flush: of the VM; one caller at a time
 * @trail: see nptb_kvm_young()
 * @vcpu: whose thread this is, after an exit; or NULL
 * @key: of the frame
 *
 * No sequence count is raised: a fault under way on another vCPU may map the page again.
 *
 * Context: may not sleep with mmu_lock; kvm->srcu held.
 * Return: true where there was a leaf.
 */
bool nptb_kvm_evict(struct kvm *kvm, struct nptb_flush *flush,
		    const struct nptb_trail *trail, struct kvm_vcpu *vcpu, u64 key);

/**
 * nptb_kvm_evict_all() - zap every leaf and flush
 * @kvm: alive
 *
 * Context: may sleep.
 */
void nptb_kvm_evict_all(struct kvm *kvm);

/**
 * nptb_kvm_flush() - flush every translation of a VM
 * @kvm: alive
 * @flush: of the VM; one caller at a time
 * @vcpu: whose thread this is, after an exit; or NULL
 *
 * Context: does not sleep.
 */
void nptb_kvm_flush(struct kvm *kvm, struct nptb_flush *flush, struct kvm_vcpu *vcpu);

/**
 * nptb_kvm_allows() - is there a leaf now that allows what a fault was about?
 * @vcpu: that faulted, in tables that are the TDP MMU's; its own thread
 * @key: of the frame
 * @error_code: of the fault
 *
 * In the tables that it runs on: another root, or one made since, is no use to it.
 * Where those have become invalid meanwhile it gets others at its next entry, and
 * faults again.
 *
 * Context: does not sleep.
 * Return: whether it would not fault again.
 */
bool nptb_kvm_allows(struct kvm_vcpu *vcpu, u64 key, u64 error_code);

/* The state of a vCPU, and its memory. */

/**
 * nptb_kvm_same_state() - has a vCPU shown no progress?
 * @vcpu: that has exited; its own thread
 * @state: as it was
 *
 * As the next, after nptb_kvm_pc(), which has all of the state fresh. RIP is looked at
 * first: it differs nearly always, and settles it.
 *
 * Return: false where it is in another state now.
 */
bool nptb_kvm_same_state(struct kvm_vcpu *vcpu, const struct nptb_state *state);

/* Keep the state of a vCPU that has exited; its own thread. */
void nptb_kvm_keep_state(struct kvm_vcpu *vcpu, struct nptb_state *state);

/**
 * nptb_kvm_renew_state() - both of the above: keep the state, unless it is the same
 * @vcpu: that has exited; its own thread
 * @state: as it was
 * @unknown: what is in @state means nothing
 *
 * Return: as nptb_kvm_same_state().
 */
bool nptb_kvm_renew_state(struct kvm_vcpu *vcpu, struct nptb_state *state, bool unknown);

/**
 * nptb_kvm_machine() - a vCPU's segments and privilege level
 * @vcpu: that has exited; its own thread
 * @machine: they go here
 */
void nptb_kvm_machine(struct kvm_vcpu *vcpu, struct nptb_machine *machine);

/**
 * nptb_kvm_insn() - read the instruction at RIP from guest memory
 * @vcpu: that has exited; its own thread
 * @buf: for the bytes
 * @len: most to read
 *
 * Context: may sleep; kvm->srcu held; never waits for host memory.
 * Return: bytes read; fewer than @len where the next page cannot be read.
 */
u32 nptb_kvm_insn(struct kvm_vcpu *vcpu, u8 *buf, u32 len);

/**
 * nptb_kvm_read() - read guest memory in a vCPU's thread
 * @ctx: the vCPU, which has exited
 * @gpa: guest-physical address; the bytes do not cross a page
 * @buf: for the bytes
 * @len: how many
 *
 * Context: kvm->srcu held.
 * Return: false where they are not in host memory right now.
 */
bool nptb_kvm_read(void *ctx, u64 gpa, void *buf, u32 len);

/**
 * nptb_kvm_peek() - read guest memory in anybody's thread
 * @kvm: alive
 * @as: KVM's address space
 * @gpa: guest-physical address; the bytes do not cross a page
 * @buf: for the bytes
 * @len: how many
 *
 * Context: may sleep.
 * Return: false where they are not in host memory right now.
 */
bool nptb_kvm_peek(struct kvm *kvm, u32 as, u64 gpa, void *buf, u32 len);

/**
 * nptb_kvm_internal_error() - what user space finds when KVM_RUN returns
 * @vcpu: whose fault returns 0; its own thread
 * @suberror: ours
 * @data: details
 * @ndata: how many, at most 16
 */
void nptb_kvm_internal_error(struct kvm_vcpu *vcpu, u32 suberror,
			     const u64 *data, u32 ndata);

/* May KVM read the registers and the memory of a vCPU? Its own thread. */
bool nptb_kvm_readable(struct kvm_vcpu *vcpu);

/* What user space finds of a loop after KVM_RUN: NPTB_STOP_*, but for the counts. */
void nptb_state_stop_data(const struct nptb_state *state, u64 *data);

/* The rest, inline; it uses the above. */
#include "arch/kvm.h"

#endif /* NPTB_BACKEND_H */
