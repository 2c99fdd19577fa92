// SPDX-License-Identifier: GPL-2.0-only
/* MASKMOVDQU, carried out; see x86/soft/masked.h. */
#include <asm/cpufeature.h>

#include "backend.h"
#include "x86/guest_memory.h"
#include "x86/soft/masked.h"
#include "x86/soft/step.h"
#include "x86/soft/vector_cpu.h"

#define BYTES	NPTB_VECTOR_BYTES

/* The top bit of a byte is its mask. */
static bool is_set(const u8 *mask, u32 i)
{
	return mask[i] >> 7;
}

/* May those from @first to @last be written? @linear is set to the address of byte 0. */
static enum nptb_soft_end reach(struct nptb_soft *soft, const struct nptb_insn *insn, u32 first,
				u32 last, u64 *linear)
{
	u32 len = last - first + 1;
	struct nptb_insn part = *insn;
	enum nptb_soft_end end;
	unsigned long hva;
	gfn_t gfn;

	/* Addresses would begin at 0 again. */
	if (insn->address != 8 && insn->ea + BYTES > 1ULL << (8 * insn->address))
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	part.ea += first;
	end = nptb_step_linear(soft, &part, len, true, linear);
	if (end != NPTB_SOFT_DONE)
		return end;
	if (nptb_kvm_checks_alignment(soft))
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	/* What is not written raises the same. */
	if (offset_in_page(*linear) + len <= PAGE_SIZE)
		end = nptb_kvm_writable_address(soft->ctx, *linear, &gfn, &hva, &soft->raised);
	else
		end = nptb_kvm_may_write_linear(soft->ctx, *linear, len, &soft->raised);
	*linear -= first;
	return end == NPTB_SOFT_UNABLE ? nptb_soft_unable(soft, NPTB_REASON_MEMORY) : end;
}

/*
 * Whether bytes that are not set raise anything is the CPU's to say: APM volume 4,
 * MASKMOVDQU. On AMD's all 16 have to be writable, even where none is set (seen on an EPYC
 * of family 25); of others it is taken that only those matter that are.
 */
static bool touches_all(void)
{
	return !boot_cpu_has(X86_FEATURE_VMX);
}

/**
 * nptb_masked_bytes() - write those bytes of a vector whose mask is set
 * @soft: a vCPU in KVM_RUN; its own thread
 * @insn: decoded: ModRM.reg names the vector, ModRM.rm the mask; its operand is at RDI
 *
 * Others are not written, not even with what was there: another vCPU may write to them.
 *
 * Context: may sleep.
 * Return: see &enum nptb_soft_end; an exception is not delivered yet.
 */
enum nptb_soft_end nptb_masked_bytes(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	u8 from[BYTES], mask[BYTES];
	u32 first = 0, last = BYTES, i;
	enum nptb_soft_end end;
	u64 linear;

	nptb_vector_register(nptb_insn_reg(insn), from);
	nptb_vector_register(nptb_insn_rm(insn), mask);
	if (!touches_all()) {
		while (first < last && !is_set(mask, first))
			first++;
		while (last > first && !is_set(mask, last - 1))
			last--;
	}
	if (first == last)
		return NPTB_SOFT_DONE;
	end = reach(soft, insn, first, last - 1, &linear);
	for (i = first; end == NPTB_SOFT_DONE && i < last; i++)
		if (is_set(mask, i))
			end = nptb_soft_write(soft, linear + i, &from[i], 1, false);
	return end;
}
