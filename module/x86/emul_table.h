/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of functions that KVM's emulator is given, and what we replace in it. */
#ifndef NPTB_X86_EMUL_TABLE_H
#define NPTB_X86_EMUL_TABLE_H

#include "backend.h"

struct x86_exception;

/**
 * struct nptb_emul_ctxt - how KVM's struct x86_emulate_ctxt begins
 * @vcpu: whose it is
 * @ops: its functions, KVM's struct x86_emulate_ops
 */
struct nptb_emul_ctxt {
	struct kvm_vcpu *vcpu;
	const void *ops;
};

/**
 * struct nptb_replaced - a function of the emulator's table that is replaced by ours
 * @name: KVM's
 * @ours: of the same prototype
 */
struct nptb_replaced {
	const char *name;
	void *ours;
};

/* The emulator's functions are those of a burst: see nptb_kvm_memory_begin(). */
static inline struct nptb_burst *nptb_burst_of(struct nptb_emul_ctxt *ctxt)
{
	return container_of((const unsigned long (*)[NPTB_EMUL_OPS])ctxt->ops,
			    struct nptb_burst, ops);
}

/* Static in x86.c; in the emulator's table of functions, so never inlined away. */
int nptb_emul_read_proto(struct nptb_emul_ctxt *ctxt, unsigned long addr,
			 void *val, unsigned int bytes,
			 struct x86_exception *exception);
int nptb_emul_write_proto(struct nptb_emul_ctxt *ctxt, unsigned long addr,
			  const void *val, unsigned int bytes,
			  struct x86_exception *exception);
int nptb_emul_cmpxchg_proto(struct nptb_emul_ctxt *ctxt, unsigned long addr,
			    const void *old, const void *new,
			    unsigned int bytes, struct x86_exception *exception);
int nptb_emul_std_proto(struct nptb_emul_ctxt *ctxt, unsigned long addr,
			void *val, unsigned int bytes,
			struct x86_exception *exception, bool system);
bool nptb_emul_get_segment_proto(struct nptb_emul_ctxt *ctxt, u16 *selector,
				 struct desc_struct *desc, u32 *base3, int nr);
void nptb_emul_set_segment_proto(struct nptb_emul_ctxt *ctxt, u16 selector,
				 struct desc_struct *desc, u32 base3, int nr);
unsigned long nptb_emul_get_base_proto(struct nptb_emul_ctxt *ctxt, int nr);
int nptb_emul_get_msr_proto(struct nptb_emul_ctxt *ctxt, u32 index, u64 *data);

#endif /* NPTB_X86_EMUL_TABLE_H */
