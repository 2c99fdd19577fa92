// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions with a VEX prefix, run on this CPU, as in x86/soft/vector_cpu.c: each is
 * assembled into the module, between fixed registers. The destination is register 0, and
 * before what ModRM.reg names; 1 is what ModRM.rm names, 2 what VEX.vvvv does, 3 what an
 * immediate does.
 */
#include <asm/asm.h>
#include <asm/cpufeature.h>

#include "backend.h"
#include "x86/soft/guest_fpu.h"
#include "x86/soft/vector_imm.h"
#include "x86/soft/vector_table.h"
#include "x86/soft/vex_cpu.h"
#include "x86/soft/vex_table.h"

struct vector {
	u8 bytes[NPTB_WIDE_BYTES];
};

/* With AVX-512. */
struct whole {
	u8 bytes[2 * NPTB_WIDE_BYTES];
};

#define GET(n)	case n: asm volatile("vmovdqu %%ymm" #n ", %0" : "=m"(*v)); break
#define PUT(n)	case n: asm volatile("vmovdqu %0, %%ymm" #n : : "m"(*v)); break

/* With the guest's registers loaded; so are those below. */
void nptb_vex_get(int nr, void *to)
{
	struct vector *v = to;

	switch (nr) {
	GET(0); GET(1); GET(2); GET(3); GET(4); GET(5); GET(6); GET(7);
	GET(8); GET(9); GET(10); GET(11); GET(12); GET(13); GET(14); GET(15);
	}
}

/* With AVX-512, what is above the 32 bytes becomes 0, as with the guest's instruction. */
void nptb_vex_put(int nr, const void *from)
{
	const struct vector *v = from;

	switch (nr) {
	PUT(0); PUT(1); PUT(2); PUT(3); PUT(4); PUT(5); PUT(6); PUT(7);
	PUT(8); PUT(9); PUT(10); PUT(11); PUT(12); PUT(13); PUT(14); PUT(15);
	}
}

#define KEEP_512(n)	asm volatile("vmovdqu64 %%zmm" #n ", %0" : "=m"(kept[n]))
#define BACK_512(n)	asm volatile("vmovdqu64 %0, %%zmm" #n : : "m"(kept[n]))

/* The registers that stubs use. */
static void keep(struct whole *kept)
{
	int i;

	if (boot_cpu_has(X86_FEATURE_AVX512F)) {
		KEEP_512(0); KEEP_512(1); KEEP_512(2); KEEP_512(3);
		return;
	}
	for (i = 0; i < 4; i++)
		nptb_vex_get(i, &kept[i]);
}

static void put_back(const struct whole *kept)
{
	int i;

	if (boot_cpu_has(X86_FEATURE_AVX512F)) {
		BACK_512(0); BACK_512(1); BACK_512(2); BACK_512(3);
		return;
	}
	for (i = 0; i < 4; i++)
		nptb_vex_put(i, &kept[i]);
}

enum end {
	DONE,
	RAISED,
	UNKNOWN,
};

/* An exception goes to the label; the destination is as it was. */
#define RUN(text)								\
	asm goto("1: " text "\n"						\
		 _ASM_EXTABLE(1b, %l[raised]) : : : "memory" : raised)

#define RUN_BY_L(of_32, of_16)							\
	do {									\
		if (l)								\
			RUN(of_32);						\
		else								\
			RUN(of_16);						\
	} while (0)

#define CASE(key, run)	case key: run; return DONE;
#define THREE_OF(key, name)							\
	CASE(key, RUN_BY_L(name " %%ymm1, %%ymm2, %%ymm0", name " %%xmm1, %%xmm2, %%xmm0"))
#define THREE_LOW(key, name)							\
	CASE(key, RUN(name " %%xmm1, %%xmm2, %%xmm0"))

#define KEY(map, prefix, op)	NPTB_VECTOR_KEY(map, prefix, op)
#define THREE(map, prefix, op, name, ...)	THREE_OF(KEY(map, prefix, op), "v" #name)
#define SCALAR(map, prefix, op, name, ...)	THREE_LOW(KEY(map, prefix, op), "v" #name)
#define TWO(map, prefix, op, name, ...)						\
	CASE(KEY(map, prefix, op),						\
	     RUN_BY_L("v" #name " %%ymm1, %%ymm0", "v" #name " %%xmm1, %%xmm0"))
#define TWO_LOW(map, prefix, op, name, ...)					\
	CASE(KEY(map, prefix, op), RUN("v" #name " %%xmm1, %%xmm0"))
#define WIDEN(map, prefix, op, name, ...)					\
	CASE(KEY(map, prefix, op),						\
	     RUN_BY_L("v" #name " %%xmm1, %%ymm0", "v" #name " %%xmm1, %%xmm0"))
#define NARROW(map, prefix, op, name, ...)					\
	CASE(KEY(map, prefix, op),						\
	     RUN_BY_L("v" #name " %%ymm1, %%xmm0", "v" #name " %%xmm1, %%xmm0"))
#define SHIFT(map, prefix, op, name, ...)					\
	CASE(KEY(map, prefix, op),						\
	     RUN_BY_L("v" #name " %%xmm1, %%ymm2, %%ymm0",			\
		      "v" #name " %%xmm1, %%xmm2, %%xmm0"))
#define W0(map, prefix, op, name, ...)	THREE_OF(KEY(map, prefix, op), #name)
#define BY_W(map, prefix, op, name, name_w)					\
	THREE_OF(KEY(map, prefix, op), #name)					\
	THREE_OF(KEY(map, prefix, op) | NPTB_VEX_W, #name_w)
#define ONLY_256(map, prefix, op, name)						\
	CASE(KEY(map, prefix, op), RUN(#name " %%ymm1, %%ymm2, %%ymm0"))
#define FMA_PACKED(op, name)							\
	THREE_OF(KEY(2, 1, op), #name "s") THREE_OF(KEY(2, 1, op) | NPTB_VEX_W, #name "d")
#define FMA_SCALAR(op, name)							\
	THREE_LOW(KEY(2, 1, op), #name "s") THREE_LOW(KEY(2, 1, op) | NPTB_VEX_W, #name "d")

static enum end run_stub(u32 key, bool l)
{
	switch (key) {
	NPTB_SSE_PACKED(THREE)
	NPTB_SSE_PACKED2(TWO)
	NPTB_SSE_MOVDDUP(TWO)
	NPTB_SSE_SCALAR(SCALAR)
	NPTB_SSE_WIDEN(WIDEN)
	NPTB_SSE_NARROW(NARROW)
	NPTB_SSE_INTEGER(THREE)
	NPTB_SSE_INTEGER2(TWO)
	NPTB_SSE_EXTEND(WIDEN)
	NPTB_SSE_SHIFTS(SHIFT)
	WIDEN(2, 1, 0x13, cvtph2ps)
	NPTB_SSE_AES(THREE)
	NPTB_SSE_ONE(TWO_LOW)
	NPTB_VEX_W0(W0)
	NPTB_VEX_BY_W(BY_W)
	NPTB_VEX_256(ONLY_256)
	NPTB_FMA_PACKED(FMA_PACKED)
	NPTB_FMA_SCALAR(FMA_SCALAR)
	}
	return UNKNOWN;
raised:
	return RAISED;
}

#define FLAGS(map, prefix, op, name)						\
	case KEY(map, prefix, op):						\
		if (l)								\
			asm volatile(#name " %%ymm1, %%ymm0\n"			\
				     "	pushf\n"				\
				     "	pop %0" : "=r"(*flags) : : "cc", "memory"); \
		else								\
			asm volatile(#name " %%xmm1, %%xmm0\n"			\
				     "	pushf\n"				\
				     "	pop %0" : "=r"(*flags) : : "cc", "memory"); \
		return DONE;

/* These raise nothing. */
static enum end run_flags(u32 key, bool l, unsigned long *flags)
{
	switch (key) {
	NPTB_VEX_FLAGS(FLAGS)
	FLAGS(2, 1, 0x17, vptest)
	}
	return UNKNOWN;
}

/* The immediate is part of the instruction: there is one for each that there can be. */
#define BY(n, three)	case n: three(n); return DONE;
#define BY_8(n, x)	BY(n, x) BY(n + 1, x) BY(n + 2, x) BY(n + 3, x)		\
			BY(n + 4, x) BY(n + 5, x) BY(n + 6, x) BY(n + 7, x)
#define BY_32(n, x)	BY_8(n, x) BY_8(n + 8, x) BY_8(n + 16, x) BY_8(n + 24, x)
#define BY_64(x)	BY_32(0, x) BY_32(32, x)

#define IMM_THREE(n, name)							\
	RUN_BY_L(name " $" #n ", %%ymm1, %%ymm2, %%ymm0", name " $" #n ", %%xmm1, %%xmm2, %%xmm0")
#define IMM_TWO(n, name)							\
	RUN_BY_L(name " $" #n ", %%ymm1, %%ymm0", name " $" #n ", %%xmm1, %%xmm0")
#define IMM_SCALAR(n, name)	RUN(name " $" #n ", %%xmm1, %%xmm2, %%xmm0")

#define CMPPS(n)	IMM_THREE(n, "vcmpps")
#define CMPPD(n)	IMM_THREE(n, "vcmppd")
#define CMPSS(n)	IMM_SCALAR(n, "vcmpss")
#define CMPSD(n)	IMM_SCALAR(n, "vcmpsd")
#define ROUNDPS(n)	IMM_TWO(n, "vroundps")
#define ROUNDPD(n)	IMM_TWO(n, "vroundpd")
#define ROUNDSS(n)	IMM_SCALAR(n, "vroundss")
#define ROUNDSD(n)	IMM_SCALAR(n, "vroundsd")
#define MPSADBW(n)	IMM_THREE(n, "vmpsadbw")

#define COMPARE(name, x)							\
	static enum end name(u8 imm, bool l)					\
	{									\
		switch (imm & 31) {						\
		BY_32(0, x)							\
		}								\
		return UNKNOWN;							\
	raised:									\
		return RAISED;							\
	}

#define ROUND(name, x)								\
	static enum end name(u8 imm, bool l)					\
	{									\
		switch (imm & 15) {						\
		BY_8(0, x)							\
		BY_8(8, x)							\
		}								\
		return UNKNOWN;							\
	raised:									\
		return RAISED;							\
	}

COMPARE(cmpps, CMPPS)
COMPARE(cmppd, CMPPD)
COMPARE(cmpss, CMPSS)
COMPARE(cmpsd, CMPSD)
ROUND(roundps, ROUNDPS)
ROUND(roundpd, ROUNDPD)
ROUND(roundss, ROUNDSS)
ROUND(roundsd, ROUNDSD)

/* Three bits for each half. */
static enum end mpsadbw(u8 imm, bool l)
{
	switch (imm & (l ? 63 : 7)) {
	BY_64(MPSADBW)
	}
	return UNKNOWN;
raised:
	return RAISED;
}

static enum end run_immediate(u32 key, u8 imm, bool l)
{
	switch (key) {
	case KEY(1, 0, 0xc2):
		return cmpps(imm, l);
	case KEY(1, 1, 0xc2):
		return cmppd(imm, l);
	case KEY(1, 2, 0xc2):
		return cmpss(imm, l);
	case KEY(1, 3, 0xc2):
		return cmpsd(imm, l);
	case KEY(3, 1, 0x08):
		return roundps(imm, l);
	case KEY(3, 1, 0x09):
		return roundpd(imm, l);
	case KEY(3, 1, 0x0a):
		return roundss(imm, l);
	case KEY(3, 1, 0x0b):
		return roundsd(imm, l);
	case KEY(3, 1, 0x42):
		return mpsadbw(imm, l);
	}
	return UNKNOWN;
}

static enum end run(struct nptb_vex_job *job)
{
	switch (job->how) {
	case NPTB_VECTOR_STUB:
	case NPTB_VECTOR_SHIFT:
		return run_stub(job->key, job->v.l);
	case NPTB_VECTOR_FLAGS:
		return run_flags(job->key, job->v.l, &job->flags);
	case NPTB_VECTOR_BITS_8:
		return nptb_vector_imm_vex(job->key, job->v.imm, job->v.l) ? DONE : RAISED;
	default:
		return run_immediate(job->key, job->v.imm, job->v.l);
	}
}

static bool calculate(struct nptb_vex_job *job)
{
	struct whole kept[4];
	enum end end;

	keep(kept);
	nptb_vex_put(0, job->v.reg);
	nptb_vex_put(1, job->v.rm);
	nptb_vex_put(2, job->v.first);
	nptb_vex_put(3, job->v.by);
	end = run(job);
	nptb_vex_get(0, job->to_rm ? job->v.rm : job->v.reg);
	put_back(kept);
	WARN_ON_ONCE(end == UNKNOWN);
	return end == DONE;
}

/* It does with 16 bytes what the instruction without VEX does. */
static bool as_sse(struct nptb_vex_job *job)
{
	struct nptb_vector_job sse = {
		.key = job->key, .wide = job->wide, .flags = job->flags, .v.gpr = job->v.gpr,
		.how = job->how == NPTB_VECTOR_AS_FLAGS ? NPTB_VECTOR_FLAGS : job->how,
		.v.imm = job->v.imm, .v.has_lengths = job->has_lengths,
		.v.length = { job->length[0], job->length[1] },
	};
	bool done;

	memcpy(sse.v.reg, sse.how == NPTB_VECTOR_FROM_GPR ? job->v.first : job->v.reg,
	       NPTB_VECTOR_BYTES);
	memcpy(sse.v.rm, job->v.rm, NPTB_VECTOR_BYTES);
	done = nptb_vector_calculate(&sse);
	memset(job->v.reg, 0, NPTB_WIDE_BYTES);
	memcpy(job->v.reg, sse.v.reg, NPTB_VECTOR_BYTES);
	job->v.gpr = sse.v.gpr;
	job->flags = sse.flags;
	return done;
}

static bool result(struct nptb_vex_job *job)
{
	switch (job->how) {
	case NPTB_VECTOR_AS_FLAGS:
	case NPTB_VECTOR_STRINGS:
	case NPTB_VECTOR_KEYGEN:
	case NPTB_VECTOR_TO_GPR:
	case NPTB_VECTOR_FROM_GPR:
		return as_sse(job);
	default:
		if (job->how < NPTB_VECTOR_LOAD)
			return calculate(job);
		nptb_wide_shuffle(job->how, &job->v);
		return true;
	}
}

static bool work(struct nptb_vex_job *job)
{
	if (job->reg >= 0)
		nptb_vex_get(job->reg, job->v.reg);
	if (job->first >= 0)
		nptb_vex_get(job->first, job->v.first);
	if (job->rm >= 0)
		nptb_vex_get(job->rm, job->v.rm);
	if (job->by >= 0)
		nptb_vex_get(job->by, job->v.by);
	if (!result(job))
		return false;
	if (job->to >= 0)
		nptb_vex_put(job->to, job->to_rm ? job->v.rm : job->v.reg);
	return true;
}

/**
 * nptb_vex_run() - run an instruction with the guest's registers
 * @job: the instruction, of a vCPU in KVM_RUN; its own thread
 *
 * Return: false where it raised an exception, of MXCSR: no register has changed then, but
 * for that one's flags.
 */
bool nptb_vex_run(struct nptb_vex_job *job)
{
	bool done;

	nptb_guest_fpu_begin();
	done = work(job);
	nptb_guest_fpu_end();
	return done;
}

/**
 * nptb_vex_zero() - VZEROALL and VZEROUPPER
 * @all: the former
 * @registers: how many the mode has
 */
void nptb_vex_zero(bool all, int registers)
{
	u8 value[NPTB_WIDE_BYTES];
	int i;

	nptb_guest_fpu_begin();
	for (i = 0; i < registers; i++) {
		nptb_vex_get(i, value);
		memset(value + (all ? 0 : NPTB_VECTOR_BYTES), 0,
		       all ? NPTB_WIDE_BYTES : NPTB_VECTOR_BYTES);
		nptb_vex_put(i, value);
	}
	nptb_guest_fpu_end();
}
