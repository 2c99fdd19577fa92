// SPDX-License-Identifier: GPL-2.0-only
/* Instructions on the state of the FPU; see x86/soft/fpu.h. */
#include "backend.h"
#include "x86/guest_memory.h"
#include "x86/soft/fpu.h"
#include "x86/soft/fx.h"
#include "x86/soft/step.h"

/* Error code of a #PF, bit 1: it was a write. APM volume 2, section 8.4.2. */
#define PF_WRITE	BIT(1)

/* What of MXCSR may be set, where the CPU does not say. */
#define MXCSR_MASK_OLD	0xffbf

static void save(struct nptb_fx *fx, bool wide)
{
	nptb_guest_fpu_begin();
	nptb_fx_save(fx, wide);
	nptb_guest_fpu_end();
}

static void restore(const struct nptb_fx *fx, bool wide)
{
	nptb_guest_fpu_begin();
	nptb_fx_restore(fx, wide);
	nptb_guest_fpu_end();
}

static bool mxcsr_allowed(const struct nptb_fx *now, u32 mxcsr)
{
	return !(mxcsr & ~(nptb_fx_word(now, NPTB_FX_MXCSR_MASK) ?: MXCSR_MASK_OLD));
}

/* How much FXSAVE and FXRSTOR touch: APM volume 4, FXSAVE, with EFER.FFXSR. */
static u32 fx_size(const struct nptb_soft *soft)
{
	u32 size = NPTB_FX_X87;

	if (soft->state.cr4 & X86_CR4_OSFXSR &&
	    !(soft->state.efer & EFER_FFXSR && nptb_soft_64(soft) && !soft->machine.cpl))
		size += (nptb_soft_64(soft) ? 16 : 8) * NPTB_FX_XMM;
	return size;
}

static enum nptb_soft_end fx_linear(struct nptb_soft *soft, const struct nptb_insn *insn,
				    bool write, u64 *linear)
{
	enum nptb_soft_end end;

	if (soft->state.cr0 & (X86_CR0_EM | X86_CR0_TS))
		return nptb_soft_raise(soft, NPTB_VECTOR_NM);
	end = nptb_step_linear(soft, insn, NPTB_FX_SIZE, write, linear);
	if (end == NPTB_SOFT_DONE && *linear & 15)
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	return end;
}

/* What FXSAVE leaves as it is stays: it is read before. */
static enum nptb_soft_end fxsave(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	enum nptb_soft_end end;
	struct nptb_fx fx;
	u64 linear;

	end = fx_linear(soft, insn, true, &linear);
	if (end == NPTB_SOFT_DONE)
		end = nptb_soft_read(soft, linear, &fx, fx_size(soft), false);
	if (end == NPTB_SOFT_RAISED && soft->raised.vector == NPTB_VECTOR_PF)
		soft->raised.code |= PF_WRITE;
	if (end != NPTB_SOFT_DONE)
		return end;
	save(&fx, nptb_insn_wide(insn));
	return nptb_soft_write(soft, linear, &fx, fx_size(soft), false);
}

static enum nptb_soft_end fxrstor(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	bool wide = nptb_insn_wide(insn);
	enum nptb_soft_end end;
	struct nptb_fx now, fx;
	u64 linear;

	end = fx_linear(soft, insn, false, &linear);
	if (end != NPTB_SOFT_DONE)
		return end;
	save(&now, wide);
	fx = now;
	end = nptb_soft_read(soft, linear, &fx, fx_size(soft), false);
	if (end != NPTB_SOFT_DONE)
		return end;
	if (!mxcsr_allowed(&now, nptb_fx_word(&fx, NPTB_FX_MXCSR)))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	restore(&fx, wide);
	return NPTB_SOFT_DONE;
}

/**
 * nptb_fpu_mxcsr() - move MXCSR to or from memory
 * @soft: a vCPU in KVM_RUN; its own thread
 * @insn: decoded, with an operand in memory; and allowed
 * @load: from memory
 *
 * Context: may sleep.
 * Return: see &enum nptb_soft_end; an exception is not delivered yet.
 */
enum nptb_soft_end nptb_fpu_mxcsr(struct nptb_soft *soft, const struct nptb_insn *insn, bool load)
{
	enum nptb_soft_end end;
	struct nptb_fx now;
	u64 linear;
	u32 value;

	end = nptb_step_linear(soft, insn, sizeof(value), !load, &linear);
	if (end != NPTB_SOFT_DONE)
		return end;
	if (linear & (sizeof(value) - 1) && nptb_kvm_checks_alignment(soft))
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	save(&now, false);
	value = nptb_fx_word(&now, NPTB_FX_MXCSR);
	if (!load)
		return nptb_soft_write(soft, linear, &value, sizeof(value), false);
	end = nptb_soft_read(soft, linear, &value, sizeof(value), false);
	if (end != NPTB_SOFT_DONE)
		return end;
	if (!mxcsr_allowed(&now, value))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	nptb_guest_fpu_begin();
	asm volatile("ldmxcsr %0" : : "m"(value));
	nptb_guest_fpu_end();
	return NPTB_SOFT_DONE;
}

/* LDMXCSR and STMXCSR: APM volume 4. */
static enum nptb_soft_end mxcsr(struct nptb_soft *soft, const struct nptb_insn *insn, bool load)
{
	if (soft->state.cr0 & X86_CR0_EM || !(soft->state.cr4 & X86_CR4_OSFXSR))
		return nptb_soft_raise(soft, NPTB_VECTOR_UD);
	if (soft->state.cr0 & X86_CR0_TS)
		return nptb_soft_raise(soft, NPTB_VECTOR_NM);
	return nptb_fpu_mxcsr(soft, insn, load);
}

static enum nptb_soft_end run(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	if (insn->map != 1 || insn->op != 0xae || !insn->is_memory || insn->rep || insn->opsize)
		return nptb_soft_unable(soft, NPTB_REASON_INSTRUCTION);
	switch (insn->modrm >> 3 & 7) {
	case 0:
		return fxsave(soft, insn);
	case 1:
		return fxrstor(soft, insn);
	case 2:
		return mxcsr(soft, insn, true);
	case 3:
		return mxcsr(soft, insn, false);
	}
	return nptb_soft_unable(soft, NPTB_REASON_INSTRUCTION);
}

/**
 * nptb_fpu_step() - carry out an instruction on the FPU's state
 * @soft: a vCPU in KVM_RUN; its own thread
 * @insn: decoded
 *
 * FXSAVE, FXRSTOR, LDMXCSR, STMXCSR.
 *
 * Context: may sleep.
 * Return: see &enum nptb_soft_end; an exception is not delivered yet.
 */
enum nptb_soft_end nptb_fpu_step(struct nptb_soft *soft,
				 const struct nptb_insn *insn)
{
	enum nptb_soft_end end = insn->lock ? nptb_soft_raise(soft, NPTB_VECTOR_UD) :
					      run(soft, insn);

	if (end == NPTB_SOFT_DONE)
		nptb_step_advance(soft, insn);
	return end;
}
