// SPDX-License-Identifier: GPL-2.0-only
/* What we ask of KVM, on every supported kernel; see backend.h. */
#include <linux/debugfs.h>
#include <linux/fdtable.h>
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "backend.h"
#include "hook.h"
#include "text.h"
#include "x86/compat.h"
#include "x86/symbols.h"

int nptb_kvm_fault(struct kvm_vcpu *vcpu, gpa_t gpa, u64 error_code,
		   void *insn, int insn_len)
{
	return static_call(nptb_sc_fault)(vcpu, gpa, error_code, insn, insn_len);
}

/* The original of kvm_arch_create_vm_debugfs(): the last step of a new VM. */
int nptb_kvm_vm_created(struct kvm *kvm)
{
	return static_call(nptb_sc_created)(kvm);
}

/* The original of kvm_arch_destroy_vm(): every VM, also one half made, ends. */
void nptb_kvm_vm_destroyed(struct kvm *kvm)
{
	static_call(nptb_sc_destroyed)(kvm);
}

bool nptb_kvm_uses_tdp_mmu(struct kvm *kvm)
{
	return nptb_uses_tdp_mmu(kvm);
}

/*
 * Asked for an instruction that is not at hand: KVM has to read the guest for it.
 * EMULTYPE_SKIP has it answer without a #UD for the guest.
 */
static bool vendor_can_read(struct kvm_vcpu *vcpu)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	/* 6.1 says whether it can, later kernels why not. */
	return !static_call(nptb_sc_can_emulate)(vcpu, NPTB_EMULTYPE_SKIP, NULL,
						 0);
#else
	return static_call(nptb_sc_can_emulate)(vcpu, NPTB_EMULTYPE_SKIP, NULL,
						0);
#endif
}

/* The original of kvm_arch_vcpu_precreate(): every vCPU begins here. */
int nptb_kvm_vcpu_comes(struct kvm *kvm, unsigned int id)
{
	return static_call(nptb_sc_vcpu_comes)(kvm, id);
}

/**
 * nptb_kvm_readable() - may KVM read a vCPU's registers, and its memory?
 * @vcpu: its own thread
 *
 * A VM can become encrypted, by migration, after it has run without being so.
 *
 * Return: false for SEV, SEV-ES and SEV-SNP.
 */
bool nptb_kvm_readable(struct kvm_vcpu *vcpu)
{
	return !nptb_kvm_protected(vcpu) && vendor_can_read(vcpu);
}

/* One that runs is asked by its own thread, at its next fault. */
static bool idle_is_readable(struct kvm_vcpu *vcpu)
{
	bool readable;

	if (!mutex_trylock(&vcpu->mutex))
		return true;
	readable = nptb_kvm_readable(vcpu);
	mutex_unlock(&vcpu->mutex);
	return readable;
}

static bool is_confidential(struct kvm *kvm)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	/* 6.1 has neither; there SEV-ES shows in its vCPUs alone. */
	if (kvm->arch.has_private_mem || kvm->arch.has_protected_state)
		return true;
#endif
	kvm_for_each_vcpu(i, vcpu, kvm)
		if (nptb_kvm_protected(vcpu) || !idle_is_readable(vcpu))
			return true;
	return false;
}

const char *nptb_kvm_unsupported(struct kvm *kvm)
{
	if (is_confidential(kvm))
		return "its memory or state is private to the guest";
	return NULL;
}

/* One more than the descriptor, for 0 means that this is not it. */
static int is_vm_of(const void *kvm, struct file *file, unsigned int fd)
{
	if (file->private_data != kvm ||
	    strcmp(file->f_path.dentry->d_name.name, "kvm-vm"))
		return 0;
	return fd + 1;
}

void nptb_kvm_vm_name(struct kvm *kvm, int *pid, int *fd)
{
	if (!IS_ERR_OR_NULL(kvm->debugfs_dentry) &&
	    sscanf(kvm->debugfs_dentry->d_name.name, "%d-%d", pid, fd) == 2)
		return;
	if (sscanf(kvm->stats_id, "kvm-%d", pid) != 1)
		*pid = task_pid_nr(current);
	*fd = iterate_fd(current->files, 0, is_vm_of, kvm);
	if (*fd)
		--*fd;
}

bool nptb_kvm_was_idle(struct kvm *kvm)
{
	return !kvm->created_vcpus && !refcount_read(&kvm->users_count);
}

void nptb_kvm_debugfs_rename(struct dentry *dentry, const char *name)
{
	if (IS_ERR_OR_NULL(dentry))
		return;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	/* 7.3 has debugfs_change_name() in place of debugfs_rename(). */
	debugfs_change_name(dentry, "%s", name);
#else
	debugfs_rename(dentry->d_parent, dentry, dentry->d_parent, name);
#endif
}

int nptb_kvm_for_each_vm(int (*fn)(struct kvm *kvm))
{
	struct kvm **vms, *kvm;
	int count = 0, i, ret = 0;

	/*
	 * Collected first: @fn takes locks of ours that are held while ftrace
	 * takes the CPU hotplug lock, and KVM takes kvm_lock under that.
	 */
	mutex_lock(nptb_kvm_data.lock);
	list_for_each_entry(kvm, nptb_kvm_data.vm_list, vm_list)
		count++;
	vms = kvcalloc(count + 1, sizeof(*vms), GFP_KERNEL);
	if (!vms) {
		mutex_unlock(nptb_kvm_data.lock);
		return -ENOMEM;
	}
	count = 0;
	list_for_each_entry(kvm, nptb_kvm_data.vm_list, vm_list)
		if (kvm_get_kvm_safe(kvm))
			vms[count++] = kvm;
	mutex_unlock(nptb_kvm_data.lock);

	for (i = 0; i < count; i++) {
		if (!ret)
			ret = fn(vms[i]);
		kvm_put_kvm(vms[i]);
	}
	kvfree(vms);
	return ret;
}

/* What nptb_kvm_leaves() has of huge ones, in units of 4 KiB. */
u64 nptb_kvm_huge_leaves(struct kvm *kvm)
{
	return 512 * atomic64_read(&kvm->stat.pages_2m) +
	       262144 * atomic64_read(&kvm->stat.pages_1g);
}

bool nptb_kvm_has_memory(struct kvm_vcpu *vcpu, u64 key)
{
	if (key == NPTB_KEY_NONE)
		return true;
	return __gfn_to_memslot(__kvm_memslots(vcpu->kvm, nptb_key_as(key)),
				nptb_key_gfn(key));
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
/* See nptb_kvm_may_log(). @generation was read from @slots, which readers of SRCU keep. */
bool nptb_kvm_finds_log(struct kvm_memslots *slots, u64 generation, u64 *seen)
{
	struct kvm_memory_slot *slot;
	int bkt;

	if (READ_ONCE(*seen) == (generation | NPTB_SOME_LOG))
		return true;
	kvm_for_each_memslot(slot, bkt, slots) {
		if (!kvm_slot_dirty_track_enabled(slot))
			continue;
		WRITE_ONCE(*seen, generation | NPTB_SOME_LOG);
		return true;
	}
	WRITE_ONCE(*seen, generation);
	return false;
}
#endif

static_assert(sizeof_field(struct kvm_vcpu_arch, regs) >=
	      sizeof_field(struct nptb_state, gpr));
static_assert(sizeof(((struct kvm_vcpu *)0)->arch.regs[0]) == sizeof(u64));

/* A branch for every four of them, and none for the loop: it is run often. */
static __always_inline bool same_gprs(const u64 *gpr, const unsigned long *regs)
{
	int i;

#pragma GCC unroll 4
	for (i = 0; i < NPTB_GPRS; i += 4)
		if ((gpr[i] ^ regs[i]) | (gpr[i + 1] ^ regs[i + 1]) |
		    (gpr[i + 2] ^ regs[i + 2]) | (gpr[i + 3] ^ regs[i + 3]))
			return false;
	return true;
}

/* As kvm_get_rflags(): a debugger's trap flag is not the guest's. */
static u64 rflags_of(struct kvm_vcpu *vcpu)
{
	u64 rflags = static_call(nptb_sc_get_rflags)(vcpu);

	if (unlikely(vcpu->guest_debug & KVM_GUESTDBG_SINGLESTEP))
		rflags &= ~X86_EFLAGS_TF;
	return rflags;
}

static s64 vector_in_delivery(struct kvm_vcpu *vcpu)
{
	if (vcpu->arch.exception.injected)
		return vcpu->arch.exception.vector;
	if (vcpu->arch.interrupt.injected)
		return vcpu->arch.interrupt.nr;
	if (vcpu->arch.nmi_injected)
		return NMI_VECTOR;
	return -1;
}

static enum nptb_event event_in_delivery(struct kvm_vcpu *vcpu)
{
	if (vcpu->arch.exception.injected)
		return NPTB_EVENT_EXCEPTION;
	if (vcpu->arch.interrupt.injected)
		return vcpu->arch.interrupt.soft ? NPTB_EVENT_SOFT :
						   NPTB_EVENT_INTERRUPT;
	if (vcpu->arch.nmi_injected)
		return NPTB_EVENT_NMI;
	return NPTB_EVENT_NONE;
}

static noinline bool same_delivery(struct kvm_vcpu *vcpu, const struct nptb_state *state)
{
	return state->vector == vector_in_delivery(vcpu) &&
	       state->event == event_in_delivery(vcpu);
}

static __always_inline bool delivers(struct kvm_vcpu *vcpu)
{
	return unlikely(vcpu->arch.exception.injected | vcpu->arch.interrupt.injected |
			vcpu->arch.nmi_injected);
}

/*
 * The end of a delivery is progress, but for an INT's that is gone while all
 * else is the same: KVM did not inject it again, and the instruction begins anew.
 * (For vectors from 128 on it never does: is_soft_int_instruction() compares the
 * vector with a signed byte.)
 */
static __always_inline bool same_event(struct kvm_vcpu *vcpu, const struct nptb_state *state)
{
	if (delivers(vcpu))
		return same_delivery(vcpu, state);
	return state->vector < 0 || state->event == NPTB_EVENT_SOFT;
}

static __always_inline bool same_state(struct kvm_vcpu *vcpu,
				       const struct nptb_state *state)
{
	return state->rip == nptb_kvm_rip(vcpu) &&
	       same_gprs(state->gpr, vcpu->arch.regs) &&
	       state->cr3 == vcpu->arch.cr3 && state->cr0 == vcpu->arch.cr0 &&
	       state->cr4 == vcpu->arch.cr4 && state->efer == vcpu->arch.efer &&
	       same_event(vcpu, state) &&
	       state->rflags == rflags_of(vcpu);
}

static __always_inline void keep_event(struct kvm_vcpu *vcpu, struct nptb_state *state)
{
	state->vector = -1;
	state->event = NPTB_EVENT_NONE;
	if (!delivers(vcpu))
		return;
	state->vector = vector_in_delivery(vcpu);
	state->event = event_in_delivery(vcpu);
}

static __always_inline void keep_state(struct kvm_vcpu *vcpu, struct nptb_state *state)
{
	state->rip = nptb_kvm_rip(vcpu);
	memcpy(state->gpr, vcpu->arch.regs, sizeof(state->gpr));
	state->rflags = rflags_of(vcpu);
	state->cr0 = vcpu->arch.cr0;
	state->cr3 = vcpu->arch.cr3;
	state->cr4 = vcpu->arch.cr4;
	state->efer = vcpu->arch.efer;
	keep_event(vcpu, state);
}

bool nptb_kvm_same_state(struct kvm_vcpu *vcpu, const struct nptb_state *state)
{
	return same_state(vcpu, state);
}

void nptb_kvm_keep_state(struct kvm_vcpu *vcpu, struct nptb_state *state)
{
	keep_state(vcpu, state);
}

bool nptb_kvm_renew_state(struct kvm_vcpu *vcpu, struct nptb_state *state, bool unknown)
{
	if (!unknown && same_state(vcpu, state))
		return true;
	keep_state(vcpu, state);
	return false;
}

u32 nptb_kvm_insn(struct kvm_vcpu *vcpu, u8 *buf, u32 len)
{
	unsigned long rip = static_call(nptb_sc_linear_rip)(vcpu);
	u32 done = 0;

	while (done < len) {
		u32 chunk = min_t(u32, len - done,
				  PAGE_SIZE - offset_in_page(rip + done));
		gpa_t gpa;
		int ret;

		pagefault_disable();
		gpa = static_call(nptb_sc_gva_to_gpa)(vcpu, rip + done, NULL);
		pagefault_enable();
		if (gpa == INVALID_GPA)
			break;
		ret = static_call(nptb_sc_read_guest)(vcpu, gpa, buf + done,
						      chunk);
		if (ret)
			break;
		done += chunk;
	}
	return done;
}

void nptb_kvm_internal_error(struct kvm_vcpu *vcpu, u32 suberror,
			     const u64 *data, u32 ndata)
{
	struct kvm_run *run = vcpu->run;

	run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
	run->internal.suberror = suberror;
	run->internal.ndata = ndata;
	memcpy(run->internal.data, data, ndata * sizeof(*data));
}
