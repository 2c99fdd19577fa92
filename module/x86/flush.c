// SPDX-License-Identifier: GPL-2.0-only
/*
 * A flush after a zap, of a VM with several vCPUs. KVM's own, kvm_flush_remote_tlbs(),
 * looks each of them up in a tree, makes a request of each, asks each whether it is in
 * the guest, and interrupts those that are. Most are not, and have the request already:
 * whoever waits for its turn on a CPU is told once, however many are evicted meanwhile.
 *
 * For each vCPU but our own, after the zap:
 *
 *   us                                    vcpu_enter_guest() of KVM
 *   A zap                                 1 is the request pending? clear it; smp_mb();
 *   B smp_mb()                              flush
 *   C is the request pending? else make   2 mode = IN_GUEST_MODE
 *     it, by an atomic                    3 smp_mb()
 *   D is mode OUTSIDE_GUEST_MODE?         4 is any request pending? mode =
 *                                           OUTSIDE_GUEST_MODE, and from the start
 *                                         5 the guest runs
 *                                         6 mode = OUTSIDE_GUEST_MODE
 *
 * Where D finds it in another mode, KVM's own flush does all of it once more. Otherwise it
 * does not run with a translation from before A, now or later:
 *
 * - D came before 2. If C made the request, that is there when 4 looks, or 1 has cleared
 *   it after C: C and D, and 2 and 4, are each a write and a read with a full barrier
 *   between, so that one of the two sees the other's write. If C found it pending, then
 *   whoever made it did so before C, and D, which reads later, has not seen 2: 4, which
 *   reads after 2 is to be seen, comes later than C, and finds it unless 1 has cleared it
 *   meanwhile. Loads are not reordered with loads, and all CPUs see stores in one order
 *   (Intel SDM 3A, 8.2.2; AMD APM 2, 7.2).
 * - Where 1 has cleared a request that C found, or made, the flush comes after A, and the
 *   tables are read again behind a barrier: what is cached then is from after A.
 * - D came after 6: it is before a 1 of its next entry, as above.
 *
 * A vCPU that is created meanwhile has nothing cached. What is read of a vCPU that goes
 * is of no use, but there is none: they stay until the VM ends, which no caller lets
 * happen.
 */
#include <linux/kvm_host.h>

#include "backend.h"
#include "x86/flush.h"
#include "x86/symbols.h"

/* There are vCPUs that we have not met. */
static noinline void meet(struct kvm *kvm, struct nptb_flush *flush, u32 nr)
{
	for (; flush->nr < nr; flush->nr++)
		flush->vcpu[flush->nr] = kvm_get_vcpu(kvm, flush->nr);
}

/* C and D. Return: whether that was all. */
static __always_inline bool ask(struct kvm_vcpu *vcpu)
{
	if (!kvm_test_request(KVM_REQ_TLB_FLUSH, vcpu)) {
		kvm_make_request(KVM_REQ_TLB_FLUSH, vcpu);
		smp_mb__after_atomic(); /* pairs with 3 */
	}
	smp_rmb(); /* C before D; pairs with 3 */
	return READ_ONCE(vcpu->mode) == OUTSIDE_GUEST_MODE;
}

/**
 * nptb_flush_each() - flush every translation of a VM in the TDP MMU's tables
 * @kvm: alive
 * @flush: of it
 * @self: whose thread this is, after an exit; or NULL
 *
 * KVM counts requests for a flush, and so are these counted.
 *
 * Context: one caller at a time for each VM; does not sleep.
 */
void nptb_flush_each(struct kvm *kvm, struct nptb_flush *flush, struct kvm_vcpu *self)
{
	u32 nr, i;

	smp_mb(); /* B; pairs with 3, and with the one behind the clearing in 1 */
	nr = atomic_read(&kvm->online_vcpus);
	if (unlikely(nr > NPTB_FLUSH_VCPUS))
		goto kvm;
	if (unlikely(nr > flush->nr))
		meet(kvm, flush, nr);
	for (i = 0; i < nr; i++)
		if (flush->vcpu[i] != self && !ask(flush->vcpu[i]))
			goto kvm;
	if (self)
		nptb_flush_own(self);
	kvm->stat.generic.remote_tlb_flush_requests++;
	return;
kvm:
	static_call(nptb_sc_flush)(kvm);
}
