// SPDX-License-Identifier: GPL-2.0-only
/* Arithmetic on general registers; see x86/soft/bmi.h. */
#include <asm/cpufeature.h>

#include "backend.h"
#include "x86/soft/bmi.h"
#include "x86/soft/count.h"
#include "x86/soft/step.h"

/* What they set, clear or leave undefined: as this CPU does. */
#define CHANGED	(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | X86_EFLAGS_ZF | \
		 X86_EFLAGS_SF | X86_EFLAGS_OF)

enum what {
	NONE,
	ANDN,
	BLSR,
	BLSMSK,
	BLSI,
	BEXTR,
	BZHI,
	PDEP,
	PEXT,
	MULX,
	RORX,
	SHLX,
	SARX,
	SHRX,
	ADCX,
	ADOX,
	CRC32_BYTE,
	CRC32,
};

/**
 * struct work - an instruction's operands
 * @what: it does
 * @size: bytes of its operands
 * @rm: what ModRM.rm names
 * @other: what VEX.vvvv names, or else the destination
 * @result: for the destination
 * @high: of MULX, the upper half of its product
 * @flags: RFLAGS, before and after
 */
struct work {
	enum what what;
	u32 size;
	u64 rm;
	u64 other;
	u64 result;
	u64 high;
	unsigned long flags;
};

/* Opcode map 2, op F3: by ModRM.reg. */
static enum what group_17(const struct nptb_insn *insn)
{
	static const u8 group[8] = { [1] = BLSR, [2] = BLSMSK, [3] = BLSI };

	return group[insn->modrm >> 3 & 7];
}

static enum what with_vex(const struct nptb_insn *insn)
{
	static const u8 by_prefix[3][4] = {
		{ BZHI, NONE, PEXT, PDEP }, { NONE, NONE, NONE, MULX }, { BEXTR, SHLX, SARX, SHRX },
	};
	u32 prefix = nptb_insn_prefix(insn);

	if (insn->map == 3)
		return insn->op == 0xf0 && prefix == 3 ? RORX : NONE;
	if (insn->map != 2)
		return NONE;
	if (insn->op >= 0xf5 && insn->op <= 0xf7)
		return by_prefix[insn->op - 0xf5][prefix];
	if (prefix)
		return NONE;
	return insn->op == 0xf2 ? ANDN : insn->op == 0xf3 ? group_17(insn) : NONE;
}

static enum what what(const struct nptb_insn *insn)
{
	if (insn->vex)
		return with_vex(insn);
	if (insn->map != 2)
		return NONE;
	if (insn->op == 0xf6)
		return insn->rep == 0xf3 ? ADOX : !insn->rep && insn->opsize ? ADCX : NONE;
	if (insn->rep != 0xf2)
		return NONE;
	return insn->op == 0xf0 ? CRC32_BYTE : insn->op == 0xf1 ? CRC32 : NONE;
}

static bool is_there(enum what what)
{
	switch (what) {
	case ADCX:
	case ADOX:
		return boot_cpu_has(X86_FEATURE_ADX);
	case CRC32_BYTE:
	case CRC32:
		return boot_cpu_has(X86_FEATURE_XMM4_2);
	case ANDN:
	case BEXTR:
	case BLSI:
	case BLSMSK:
	case BLSR:
		return boot_cpu_has(X86_FEATURE_BMI1);
	default:
		return boot_cpu_has(X86_FEATURE_BMI2);
	}
}

/**
 * nptb_bmi_is() - is it one of these?
 * @insn: decoded
 */
bool nptb_bmi_is(const struct nptb_insn *insn)
{
	return what(insn) != NONE;
}

/*
 * Some flags are left undefined: with the guest's before it, the CPU makes of them here what
 * it makes of them in the guest.
 */
#define RUN(text)								\
	asm volatile("push %1\n"						\
		     "	popf\n"							\
		     text "\n"							\
		     "	pushf\n"						\
		     "	pop %1" : "+r"(w->result), "+r"(flags)			\
		     : "r"(w->rm), "r"(w->other) : "cc", "memory")
#define RUN_BY_SIZE(wide, narrow)						\
	do {									\
		if (w->size == 8)						\
			RUN(wide);						\
		else								\
			RUN(narrow);						\
	} while (0)
#define THREE(name, a, b)							\
	RUN_BY_SIZE(name "q %q" a ", %q" b ", %q0", name "l %k" a ", %k" b ", %k0")
#define TWO(name)	RUN_BY_SIZE(name "q %q2, %q0", name "l %k2, %k0")

static void run(struct work *w)
{
	unsigned long flags = (native_save_fl() & ~CHANGED) | (w->flags & CHANGED);

	switch (w->what) {
	case ANDN:
		THREE("andn", "2", "3");
		break;
	case BLSR:
		TWO("blsr");
		break;
	case BLSMSK:
		TWO("blsmsk");
		break;
	case BLSI:
		TWO("blsi");
		break;
	case BEXTR:
		THREE("bextr", "3", "2");
		break;
	case BZHI:
		THREE("bzhi", "3", "2");
		break;
	case PDEP:
		THREE("pdep", "2", "3");
		break;
	case PEXT:
		THREE("pext", "2", "3");
		break;
	case ADCX:
		TWO("adcx");
		break;
	default:
		TWO("adox");
		break;
	}
	w->flags = flags;
}

static void crc32(struct work *w)
{
	u32 crc = w->result;

	switch (w->size) {
	case 1:
		asm("crc32b %b1, %0" : "+r"(crc) : "q"((u8)w->rm));
		break;
	case 2:
		asm("crc32w %w1, %0" : "+r"(crc) : "r"((u16)w->rm));
		break;
	case 4:
		asm("crc32l %k1, %0" : "+r"(crc) : "r"((u32)w->rm));
		break;
	default:
		asm("crc32q %1, %q0" : "+r"(crc) : "r"(w->rm));
		break;
	}
	w->result = crc;
}

static void multiply(struct work *w, u64 rdx)
{
	unsigned __int128 product;

	if (w->size == 4) {
		w->result = (u64)(u32)rdx * (u32)w->rm;
		w->high = w->result >> 32;
		w->result = (u32)w->result;
		return;
	}
	product = (unsigned __int128)rdx * w->rm;
	w->result = product;
	w->high = product >> 64;
}

static u64 rotate(const struct work *w, u8 by)
{
	return w->size == 8 ? ror64(w->rm, by & 63) : ror32(w->rm, by & 31);
}

/* These change no flags. */
static u64 shift(const struct work *w)
{
	u32 by = w->other & (8 * w->size - 1);

	switch (w->what) {
	case SHLX:
		return w->rm << by;
	case SHRX:
		return w->size == 8 ? w->rm >> by : (u32)w->rm >> by;
	default:
		return w->size == 8 ? (s64)w->rm >> by : (s32)w->rm >> by;
	}
}

static void calculate(struct work *w, const struct nptb_soft *soft, const struct nptb_insn *insn)
{
	switch (w->what) {
	case MULX:
		multiply(w, soft->state.gpr[VCPU_REGS_RDX]);
		break;
	case RORX:
		w->result = rotate(w, insn->imm);
		break;
	case SHLX:
	case SARX:
	case SHRX:
		w->result = shift(w);
		break;
	case CRC32_BYTE:
	case CRC32:
		crc32(w);
		break;
	default:
		run(w);
		break;
	}
}

static u32 size_of(const struct nptb_soft *soft, const struct nptb_insn *insn, enum what what)
{
	bool is_64 = nptb_soft_64(soft), is_32;

	if (what == CRC32_BYTE)
		return 1;
	if (nptb_insn_wide(insn) && is_64)
		return 8;
	if (what != CRC32)
		return 4;
	is_32 = is_64 || soft->machine.seg[NPTB_SEG_CS].attr & NPTB_ATTR_DB;
	return is_32 != insn->opsize ? 4 : 2;
}

/* The second byte of the first four registers, which no REX prefix names. */
static bool is_second_byte(const struct work *w, const struct nptb_insn *insn)
{
	return w->what == CRC32_BYTE && !insn->is_memory && !insn->rex && (insn->modrm & 7) >= 4;
}

static bool allowed(const struct nptb_soft *soft, const struct nptb_insn *insn, enum what what)
{
	if (insn->lock || !is_there(what))
		return false;
	return !insn->vex || (!nptb_soft_real(soft) && !insn->l && !(what == RORX && insn->vvvv));
}

static void put(struct nptb_soft *soft, u32 nr, u32 size, u64 value)
{
	soft->state.gpr[nr & 15] = size == 8 ? value : (u32)value;
}

static void put_results(struct nptb_soft *soft, const struct nptb_insn *insn,
			const struct work *w)
{
	u32 reg = nptb_insn_reg(insn);

	if (w->what == MULX) {
		put(soft, insn->vvvv, w->size, w->result);
		put(soft, reg, w->size, w->high);
		return;
	}
	if (w->what == BLSR || w->what == BLSMSK || w->what == BLSI)
		reg = insn->vvvv;
	put(soft, reg, w->size, w->result);
	soft->state.rflags = (soft->state.rflags & ~CHANGED) | (w->flags & CHANGED);
}

/**
 * nptb_bmi_step() - carry out an instruction on general registers
 * @soft: the vCPU, at the instruction
 * @insn: decoded, and nptb_bmi_is() one
 *
 * Return: see &enum nptb_soft_end; an exception is not delivered yet.
 */
enum nptb_soft_end nptb_bmi_step(struct nptb_soft *soft, const struct nptb_insn *insn)
{
	struct work w = { .what = what(insn), .flags = soft->state.rflags };
	enum nptb_soft_end end;

	if (soft->state.rflags & NPTB_RFLAGS_VM)
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	if (!allowed(soft, insn, w.what))
		return nptb_soft_raise(soft, NPTB_VECTOR_UD);
	w.size = size_of(soft, insn, w.what);
	w.other = soft->state.gpr[insn->vvvv & 15];
	w.result = soft->state.gpr[nptb_insn_reg(insn)];
	end = nptb_count_source(soft, insn, w.size, &w.rm);
	if (end != NPTB_SOFT_DONE)
		return end;
	if (is_second_byte(&w, insn))
		w.rm = soft->state.gpr[insn->modrm & 3] >> 8;
	calculate(&w, soft, insn);
	put_results(soft, insn, &w);
	nptb_step_advance(soft, insn);
	return NPTB_SOFT_DONE;
}
