/* SPDX-License-Identifier: GPL-2.0-only */
/* What a VM keeps between zaps; part of backend.h. */
#ifndef NPTB_X86_ARCH_ZAP_H
#define NPTB_X86_ARCH_ZAP_H

#include <linux/types.h>

struct kvm;
struct kvm_vcpu;

/**
 * struct nptb_trail - where the last search for a leaf ended; empty by nptb_trail_end()
 * @root: that it began at
 * @table: of 512 entries, the last that it came to
 * @region: of the frame, its key in units of what a table maps; or %NPTB_NO_REGION
 *
 * Tables are freed behind readers of RCU: good for as long as its user is not preempted.
 */
struct nptb_trail {
	const void *root;
	u64 *table;
	u64 region;
};

/* No frame's: a key has 41 bits. */
#define NPTB_NO_REGION	(~0ULL)

/* It may not be good any more. */
static inline void nptb_trail_end(struct nptb_trail *trail)
{
	trail->region = NPTB_NO_REGION;
}

/* A VM with more vCPUs has each flush go through KVM. */
#define NPTB_FLUSH_VCPUS	64

/**
 * struct nptb_flush - whom a flush concerns; all 0 at first
 * @nr: vCPUs in @vcpu
 * @vcpu: the first of the VM, by index; each stays for as long as the VM is alive
 */
struct nptb_flush {
	u32 nr;
	struct kvm_vcpu *vcpu[NPTB_FLUSH_VCPUS];
};

/**
 * nptb_kvm_evict_several() - the same for several frames, with one flush for all
 * @kvm: alive
 * @flush: of the VM; one caller at a time
 * @trail: see nptb_kvm_young()
 * @vcpu: whose thread this is, after an exit; or NULL
 * @keys: of the frames
 * @nr: how many, 32 at most
 *
 * Nobody maps anything between the zaps and the flush.
 *
 * Context: as nptb_kvm_evict().
 * Return: a bit for each of them, by its place, set where there was a leaf.
 */
u32 nptb_kvm_evict_several(struct kvm *kvm, struct nptb_flush *flush,
			   const struct nptb_trail *trail, struct kvm_vcpu *vcpu,
			   const u64 *keys, u32 nr);

#endif /* NPTB_X86_ARCH_ZAP_H */
