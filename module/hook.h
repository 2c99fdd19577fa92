/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Catching functions of KVM: part of the seam, see backend.h. VMs whose faults are
 * caught are found inline, for every fault does it.
 */
#ifndef NPTB_HOOK_H
#define NPTB_HOOK_H

#include <linux/atomic.h>
#include <linux/hashtable.h>
#include <linux/kvm_types.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rculist.h>

struct kvm_async_pf;
struct kvm_pre_fault_memory;
struct nptb_set_spte;

#define NPTB_WATCH_BITS	8

/**
 * struct nptb_watch - a VM whose faults are caught
 * @node: in the hash, while it is
 * @kvm: the VM
 */
struct nptb_watch {
	struct hlist_node node;
	struct kvm *kvm;
};

/* Defined by the backend; one writer at a time, read under RCU. */
extern struct hlist_head nptb_watched[1 << NPTB_WATCH_BITS];

/* The low bits of its page's number: KVM allocates whole pages for it. */
static inline struct hlist_head *nptb_watch_head(struct kvm *kvm)
{
	return &nptb_watched[((unsigned long)kvm >> PAGE_SHIFT) &
			     ((1 << NPTB_WATCH_BITS) - 1)];
}

/**
 * nptb_watch_add() - catch the faults of a VM from now on
 * @watch: for it, in no hash
 * @kvm: the VM
 *
 * Context: under nptb_registry.
 */
void nptb_watch_add(struct nptb_watch *watch, struct kvm *kvm);

/**
 * nptb_watch_del() - catch the faults of a VM no more
 * @watch: of it; to be freed after a grace period of RCU
 *
 * Context: under nptb_registry.
 */
void nptb_watch_del(struct nptb_watch *watch);

/**
 * nptb_watch_find() - the VM of a fault, if it is under budget
 * @kvm: of a vCPU that runs this, or is in its fault
 *
 * Context: any, the ftrace callback included.
 * Return: valid as long as that vCPU is in its fault; or NULL.
 */
static __always_inline struct nptb_watch *nptb_watch_find(struct kvm *kvm)
{
	struct nptb_watch *watch;

	/* The cheapest read side there is; synchronize_rcu() waits for it. */
	preempt_disable_notrace();
	hlist_for_each_entry_rcu_notrace(watch, nptb_watch_head(kvm), node)
		if (READ_ONCE(watch->kvm) == kvm)
			break;
	preempt_enable_notrace();
	return watch;
}

/**
 * struct nptb_handlers - what the backend calls in place of KVM's functions
 * @vm_created: a VM is there, nothing of it runs yet; may sleep
 * @vm_destroyed: a VM ends, nothing of it runs any more; may sleep
 * @vcpu_comes: a vCPU of a VM is about to be created; an error has that fail
 * @fault: a nested page fault of a VM that was watched a moment ago, and of one now
 *	and then that is not; in place of KVM's own function. It calls nptb_hook_enter()
 *	first and nptb_hook_leave() last, and finds the VM itself
 * @set_spte: a shadow MMU makes a leaf; @ahead: nobody asked for it. mmu_lock held
 * @map: the main MMU makes a leaf, while some fault asks for this, or for a fault on a
 *	leaf that was there; mmu_lock held, and not to sleep. %NPTB_KVM_CONTINUE has it
 *	go on
 * @async_ready: a page that a fault did not wait for is there
 * @pre_fault: user space asks for a page ahead of need
 * @name_inside: log who is inside a fault, since unloading waits for them
 *
 * All but the first three and the last run in the vCPU's thread with kvm->srcu held,
 * for VMs that are watched. The return values are those of the functions replaced.
 */
struct nptb_handlers {
	int (*vm_created)(struct kvm *kvm);
	void (*vm_destroyed)(struct kvm *kvm);
	int (*vcpu_comes)(struct kvm *kvm);
	int (*fault)(struct kvm_vcpu *vcpu, gpa_t gpa, u64 error_code,
		     void *insn, int insn_len);
	int (*set_spte)(struct kvm_vcpu *vcpu, bool ahead,
			const struct nptb_set_spte *set);
	int (*map)(struct kvm_vcpu *vcpu, void *fault);
	void (*async_ready)(struct kvm_vcpu *vcpu, struct kvm_async_pf *work);
	long (*pre_fault)(struct kvm_vcpu *vcpu,
			  struct kvm_pre_fault_memory *range);
	void (*name_inside)(void);
};

/*
 * Catching KVM's functions; see x86/hook.c. nptb_hook_get() and nptb_hook_put()
 * bracket each VM under budget; -EBUSY where somebody else redirects these functions.
 * Neither is for a holder of nptb_registry: they patch the kernel's text.
 * nptb_hook_exit() waits until nothing of ours runs or can run; nptb_hook_free() comes
 * after the last nptb_hook_put(). All may sleep.
 */
DECLARE_PER_CPU(long, nptb_in_flight);
int nptb_hook_init(const struct nptb_handlers *handlers);
void nptb_hook_exit(void);
void nptb_hook_free(void);
int nptb_hook_get(void);
void nptb_hook_put(void);
long nptb_hook_in_flight(void);

/* How many faults ask; see nptb_hook_ask(). */
extern atomic_t nptb_map_asked;

/**
 * nptb_hook_ask() - a fault that is under way wants @map called where it maps
 *
 * For faults of all VMs, so do so only where there is a reason. What maps after it
 * has taken mmu_lock, which this was done under or before, is caught.
 *
 * Context: any; nptb_hook_unask() is to follow.
 */
static inline void nptb_hook_ask(void)
{
	atomic_inc(&nptb_map_asked);
}

/* It does so no more. */
static inline void nptb_hook_unask(void)
{
	atomic_dec(&nptb_map_asked);
}

/* Something of ours begins that is not to be unloaded from under. */
static __always_inline void nptb_hook_enter(void)
{
	this_cpu_inc(nptb_in_flight);
}

/* The last act of a replacement. */
static __always_inline void nptb_hook_leave(void)
{
	this_cpu_dec(nptb_in_flight);
}

/* How many want to see them; see nptb_hook_see_all(). */
extern atomic_t nptb_all_asked;

/**
 * nptb_hook_see_all() - have faults on leaves that are there caught as well
 *
 * They make no leaf, so they go past us where nobody wants to see them, and @map is
 * called for those that KVM wants to map after all. For faults of all VMs.
 *
 * Context: any; nptb_hook_see_all_end() is to follow.
 */
static inline void nptb_hook_see_all(void)
{
	atomic_inc(&nptb_all_asked);
}

/* Nobody else need see them. */
static inline void nptb_hook_see_all_end(void)
{
	atomic_dec(&nptb_all_asked);
}

/* The originals of functions that are caught, entered past their hook. */

/**
 * nptb_kvm_fault() - let KVM handle a nested page fault
 * @vcpu: that faulted
 * @gpa: guest-physical address, or what kvm_mmu_page_fault() calls cr2_or_gpa
 * @error_code: of the fault
 * @insn: instruction bytes of the exit
 * @insn_len: how many
 *
 * Context: the vCPU's thread; may sleep; kvm->srcu held, mmu_lock not.
 * Return: what kvm_mmu_page_fault() returns; 1 or more resumes the guest.
 */
int nptb_kvm_fault(struct kvm_vcpu *vcpu, gpa_t gpa, u64 error_code,
		   void *insn, int insn_len);

/**
 * nptb_kvm_emulate_mmio() - emulate an access to what has no memory behind it
 * @vcpu: that faulted there
 * @gpa: guest-physical address
 * @insn: instruction bytes of the exit
 * @insn_len: how many
 *
 * As kvm_mmu_page_fault() does it, but where memory has come there meanwhile,
 * the emulator accesses it, and no leaf is made.
 *
 * Context: the vCPU's thread; may sleep; kvm->srcu held.
 * Return: as kvm_mmu_page_fault().
 */
int nptb_kvm_emulate_mmio(struct kvm_vcpu *vcpu, gpa_t gpa, void *insn,
			  int insn_len);

/**
 * nptb_kvm_set_spte() - let the shadow MMU make a leaf
 * @set: the arguments of mmu_set_spte()
 * @read_only: map for reading, whatever else could be allowed
 * @made: set to the key of a leaf that was not there before
 *
 * Context: mmu_lock held for write.
 * Return: for the caller of mmu_set_spte().
 */
int nptb_kvm_set_spte(const struct nptb_set_spte *set, bool read_only,
		      u64 *made);

/**
 * nptb_kvm_map_read_only() - map for reading, whatever else could be allowed
 * @fault: KVM's, as @map of struct nptb_handlers has it
 */
void nptb_kvm_map_read_only(void *fault);

/**
 * nptb_kvm_only_replaces() - does a fault on a leaf that was there find it still?
 * @vcpu: whose thread this is
 * @fault: KVM's, as @map of struct nptb_handlers has it
 *
 * Context: mmu_lock held: nobody else takes a leaf away.
 * Return: false where it would make one; true also for a fault where there was none.
 */
bool nptb_kvm_only_replaces(struct kvm_vcpu *vcpu, const void *fault);

/* The frame that KVM would map now that it is in host memory. */
u64 nptb_kvm_async_key(struct kvm_vcpu *vcpu, struct kvm_async_pf *work);

/* The original of kvm_arch_async_page_ready(). */
void nptb_kvm_async_ready(struct kvm_vcpu *vcpu, struct kvm_async_pf *work);

/* Where KVM_PRE_FAULT_MEMORY has got to. */
gpa_t nptb_kvm_pre_fault_gpa(const struct kvm_pre_fault_memory *range);

/* The original of kvm_arch_vcpu_pre_fault_memory(). */
long nptb_kvm_pre_fault(struct kvm_vcpu *vcpu,
			struct kvm_pre_fault_memory *range);

#endif /* NPTB_HOOK_H */
