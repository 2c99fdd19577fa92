/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vCPU in software, for what KVM's emulator does not do: segments, stacks and
 * descriptor tables. It is a copy: the guest's own registers are as they were until all
 * has gone well. Pure; what reads the guest and what commits is in x86/soft/carry_out.c.
 */
#ifndef NPTB_X86_SOFT_SOFT_H
#define NPTB_X86_SOFT_SOFT_H

#include "cpu.h"

/* Exceptions: AMD64 APM volume 2, table 8-1. */
#define NPTB_VECTOR_DE	0
#define NPTB_VECTOR_DB	1
#define NPTB_VECTOR_NMI	2
#define NPTB_VECTOR_BP	3
#define NPTB_VECTOR_OF	4
#define NPTB_VECTOR_UD	6
#define NPTB_VECTOR_NM	7
#define NPTB_VECTOR_DF	8
#define NPTB_VECTOR_TS	10
#define NPTB_VECTOR_NP	11
#define NPTB_VECTOR_SS	12
#define NPTB_VECTOR_GP	13
#define NPTB_VECTOR_PF	14
#define NPTB_VECTOR_MF	16
#define NPTB_VECTOR_XM	19

/* RFLAGS: APM volume 2, section 3.1.6. */
#define NPTB_RFLAGS_FIXED	(1ULL << 1)
#define NPTB_RFLAGS_TF		(1ULL << 8)
#define NPTB_RFLAGS_IF		(1ULL << 9)
#define NPTB_RFLAGS_OF		(1ULL << 11)
#define NPTB_RFLAGS_IOPL	(3ULL << 12)
#define NPTB_RFLAGS_NT		(1ULL << 14)
#define NPTB_RFLAGS_RF		(1ULL << 16)
#define NPTB_RFLAGS_VM		(1ULL << 17)
#define NPTB_RFLAGS_AC		(1ULL << 18)
#define NPTB_RFLAGS_VIF		(1ULL << 19)
#define NPTB_RFLAGS_VIP		(1ULL << 20)

/* CR0, CR4, EFER: sections 3.1.1, 3.1.3, 3.1.7. */
#define NPTB_CR0_PE		(1ULL << 0)
#define NPTB_CR4_TSD		(1ULL << 2)
#define NPTB_CR4_LA57		(1ULL << 12)
#define NPTB_CR4_OSXSAVE	(1ULL << 18)
#define NPTB_CR4_SMAP		(1ULL << 21)
#define NPTB_CR4_CET		(1ULL << 23)
#define NPTB_EFER_SCE		(1ULL << 0)
#define NPTB_EFER_LMA		(1ULL << 10)

/* Attributes of a segment as nptb_segment has them. */
#define NPTB_ATTR_TYPE		0xfu
#define NPTB_ATTR_ACCESSED	(1u << 0)
#define NPTB_ATTR_WRITABLE	(1u << 1)	/* of data */
#define NPTB_ATTR_CONFORMING	(1u << 2)	/* of code; of data: expand-down */
#define NPTB_ATTR_CODE		(1u << 3)
#define NPTB_ATTR_S		(1u << 4)
#define NPTB_ATTR_DPL_SHIFT	5
#define NPTB_ATTR_P		(1u << 7)
#define NPTB_ATTR_L		(1u << 9)
#define NPTB_ATTR_DB		(1u << 10)
#define NPTB_ATTR_G		(1u << 11)

#define NPTB_RSP	4

/**
 * struct nptb_exception - an exception of the guest's
 * @vector: which
 * @has_code: it pushes an error code
 * @code: that
 * @address: of a page fault, for CR2
 */
struct nptb_exception {
	u8 vector;
	bool has_code;
	u32 code;
	u64 address;
};

/**
 * enum nptb_soft_end - how a step, or an access to memory, ended
 * @NPTB_SOFT_DONE: it is done
 * @NPTB_SOFT_RAISED: an exception
 * @NPTB_SOFT_UNABLE: it cannot be done here; nothing has happened
 */
enum nptb_soft_end {
	NPTB_SOFT_DONE,
	NPTB_SOFT_RAISED,
	NPTB_SOFT_UNABLE,
};

/**
 * struct nptb_soft_ops - what a step asks for
 * @read: guest memory at a linear address, as the CPU would: with the rights of the
 *	current level, or where @system those of the system
 * @write: the same to it; done at once, so what is written must do no harm where the
 *	step is given up later: what lies below the stack pointer, accessed bits
 * @msr: a model-specific register; false where there is none
 */
struct nptb_soft_ops {
	enum nptb_soft_end (*read)(void *ctx, u64 linear, void *buf, u32 len,
				   bool system, struct nptb_exception *why);
	enum nptb_soft_end (*write)(void *ctx, u64 linear, const void *buf, u32 len,
				    bool system, struct nptb_exception *why);
	bool (*msr)(void *ctx, u32 nr, u64 *value);
};

/**
 * struct nptb_soft - a vCPU, and what has become of it
 * @ops: for reading the guest
 * @ctx: for @ops
 * @state: registers; changed by a step
 * @machine: segments and the privilege level; likewise
 * @cr2: likewise
 * @xcr0: XCR0
 * @kernel_gs: KernelGSBase, where @has_kernel_gs
 * @has_kernel_gs: @kernel_gs is to be written
 * @clear_gd: DR7.GD is to be cleared
 * @shutdown: the vCPU is to shut down
 * @raised: the exception, where %NPTB_SOFT_RAISED
 * @reason: enum nptb_reason, where %NPTB_SOFT_UNABLE
 */
struct nptb_soft {
	const struct nptb_soft_ops *ops;
	void *ctx;
	struct nptb_state state;
	struct nptb_machine machine;
	u64 cr2;
	u64 xcr0;
	u64 kernel_gs;
	bool has_kernel_gs;
	bool clear_gd;
	bool shutdown;
	struct nptb_exception raised;
	enum nptb_reason reason;
};

static inline bool nptb_soft_long(const struct nptb_soft *soft)
{
	return soft->state.efer & NPTB_EFER_LMA;
}

static inline bool nptb_soft_real(const struct nptb_soft *soft)
{
	return !(soft->state.cr0 & NPTB_CR0_PE);
}

/* In 64-bit mode, not in compatibility mode. */
static inline bool nptb_soft_64(const struct nptb_soft *soft)
{
	return nptb_soft_long(soft) && soft->machine.seg[NPTB_SEG_CS].attr & NPTB_ATTR_L;
}

static inline u32 nptb_attr_dpl(u32 attr)
{
	return attr >> NPTB_ATTR_DPL_SHIFT & 3;
}

enum nptb_soft_end nptb_soft_raise(struct nptb_soft *soft, u8 vector);
enum nptb_soft_end nptb_soft_raise_code(struct nptb_soft *soft, u8 vector, u32 code);
enum nptb_soft_end nptb_soft_unable(struct nptb_soft *soft, enum nptb_reason reason);
bool nptb_soft_canonical(const struct nptb_soft *soft, u64 linear);
enum nptb_soft_end nptb_soft_read(struct nptb_soft *soft, u64 linear, void *buf,
				  u32 len, bool system);
enum nptb_soft_end nptb_soft_write(struct nptb_soft *soft, u64 linear, const void *buf,
				   u32 len, bool system);
u64 nptb_soft_stack_mask(const struct nptb_soft *soft, const struct nptb_segment *ss);
bool nptb_soft_in_limit(const struct nptb_segment *seg, u64 offset, u32 len);
enum nptb_soft_end nptb_soft_descriptor(struct nptb_soft *soft, u16 selector, u32 ext,
					u8 vector, struct nptb_segment *seg);
enum nptb_soft_end nptb_soft_accessed(struct nptb_soft *soft, struct nptb_segment *seg);

#endif /* NPTB_X86_SOFT_SOFT_H */
