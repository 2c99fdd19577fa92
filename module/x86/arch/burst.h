/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is kept of a vCPU from one emulated instruction to the next: see x86/burst.h. The
 * core has it on its stack, and looks into none of it.
 */
#ifndef NPTB_X86_ARCH_BURST_H
#define NPTB_X86_ARCH_BURST_H

#include <linux/kvm_host.h>
#include <asm/desc_defs.h>

/* Bytes of an instruction, at most. */
#define NPTB_FETCH_MAX	15

/* Entries of KVM's struct x86_emulate_ops, and more; it has 46 in 7.3. */
#define NPTB_EMUL_OPS	64
/* Pages of each kind of access whose translations a burst keeps. */
#define NPTB_BURST_PAGES	8

/**
 * struct nptb_burst_context - what the translations of a burst depend on
 * @cr0: of the vCPU
 * @cr3: of the vCPU
 * @cr4: of the vCPU
 * @efer: of the vCPU
 * @invlpg: times that translations were invalidated one by one
 * @ac: RFLAGS.AC, where that matters
 *
 * What invalidates many translations at once is a request, which ends a burst.
 */
struct nptb_burst_context {
	u64 cr0;
	u64 cr3;
	u64 cr4;
	u64 efer;
	u64 invlpg;
	u64 ac;
};

/**
 * enum nptb_burst_access - what a page is translated for
 * @NPTB_BURST_FETCH: its code
 * @NPTB_BURST_READ: reads
 * @NPTB_BURST_WRITE: writes
 * @NPTB_BURST_NR: how many kinds there are
 */
enum nptb_burst_access {
	NPTB_BURST_FETCH,
	NPTB_BURST_READ,
	NPTB_BURST_WRITE,
	NPTB_BURST_NR,
};

/**
 * struct nptb_burst_page - a translation
 * @linear: the page's linear address, or %NPTB_BURST_NONE
 * @hva: where the host has it
 */
struct nptb_burst_page {
	u64 linear;
	unsigned long hva;
};

/* ES, CS, SS, DS, FS, GS, TR and LDTR: KVM numbers them VCPU_SREG_ES and so on. */
#define NPTB_BURST_SEGMENTS	8

/* As KVM's emulator is told of a segment. */
struct nptb_burst_segment {
	struct desc_struct desc;
	u32 base3;
	u16 selector;
	bool usable;
};

enum nptb_flat {
	NPTB_FLAT_UNKNOWN,
	NPTB_FLAT,
	NPTB_NOT_FLAT,
};

/**
 * struct nptb_burst_segments - segments, until one changes
 * @known: bits of those in @seg
 * @based: bits of those in @base
 * @flat: code has no base and no limit that matter
 * @seg: by KVM's numbers
 * @base: their bases
 */
struct nptb_burst_segments {
	u32 known;
	u32 based;
	enum nptb_flat flat;
	struct nptb_burst_segment seg[NPTB_BURST_SEGMENTS];
	unsigned long base[NPTB_BURST_SEGMENTS];
};

/* No page can be at this linear address. */
#define NPTB_BURST_NONE	1

/**
 * struct nptb_burst - instructions that are emulated in one go
 * @ops: the emulator's functions, KVM's or ours; found by the emulator's pointer to it
 * @vcpu: whose
 * @context: of the last instruction
 * @fetched: page that the emulator itself has fetched from last
 * @lost: a locked instruction was not done, since another vCPU was faster
 * @shadowed: it went on for an interrupt shadow alone, with something waiting
 * @segments: what its segments are
 * @pages: translations; as a CPU may, it goes on with what was right when it was made.
 *	kvm->srcu is held throughout, so that memory slots stay what they were
 */
struct nptb_burst {
	unsigned long ops[NPTB_EMUL_OPS];
	struct kvm_vcpu *vcpu;
	struct nptb_burst_context context;
	u64 fetched;
	bool lost;
	bool shadowed;
	struct nptb_burst_segments segments;
	struct nptb_burst_page pages[NPTB_BURST_NR][NPTB_BURST_PAGES];
};

#endif /* NPTB_X86_ARCH_BURST_H */
