// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions on vectors, run on this CPU. Each is written down here, between fixed
 * registers, and assembled into the module: nothing is made at run time, and none of the
 * guest's bytes is ever executed. Its operands are copied to XMM0 and XMM1 and back.
 * MXCSR is the guest's own, so that rounding, flags, and which exceptions are masked are
 * the guest's; should one come of it, the CPU leaves the destination as it was, and the
 * host's handler finds the instruction in its table of exceptions.
 */
#include <asm/asm.h>
#include <asm/cpufeature.h>

#include "backend.h"
#include "x86/soft/guest_fpu.h"
#include "x86/soft/strings.h"
#include "x86/soft/vector_cpu.h"
#include "x86/soft/vector_imm.h"
#include "x86/soft/vector_table.h"

/* MXCSR.MM: operands need not be aligned. APM volume 1, at MXCSR. */
#define MXCSR_MM	BIT(17)

struct vector {
	u8 bytes[NPTB_VECTOR_BYTES];
};

#define GET(n)	case n: asm volatile("movups %%xmm" #n ", %0" : "=m"(*to)); break
#define PUT(n)	case n: asm volatile("movups %0, %%xmm" #n : : "m"(*from)); break

static void get(int nr, struct vector *to)
{
	switch (nr) {
	GET(0); GET(1); GET(2); GET(3); GET(4); GET(5); GET(6); GET(7);
	GET(8); GET(9); GET(10); GET(11); GET(12); GET(13); GET(14); GET(15);
	}
}

static void put(int nr, const struct vector *from)
{
	switch (nr) {
	PUT(0); PUT(1); PUT(2); PUT(3); PUT(4); PUT(5); PUT(6); PUT(7);
	PUT(8); PUT(9); PUT(10); PUT(11); PUT(12); PUT(13); PUT(14); PUT(15);
	}
}

/* What an instruction has, and gives, but for vectors. */
struct scalars {
	u64 gpr;
	unsigned long flags;
	unsigned long raised;
};

/* @value is what it takes and gives, if anything. @raised stays 0 without an exception. */
#define RUN(text, value)							\
	asm volatile("1: " text "\n"						\
		     "	jmp 3f\n"						\
		     "2: or $0x100, %%eax\n"					\
		     "3:\n"							\
		     _ASM_EXTABLE_FAULT(1b, 2b)					\
		     : "+a"(s->raised), "+r"(value))

#define STUB(map, prefix, op, name, bytes, feature)				\
	case NPTB_VECTOR_KEY(map, prefix, op):					\
		RUN(#name " %%xmm1, %%xmm0", s->gpr);				\
		return true;

static bool run_stub(u32 key, struct scalars *s)
{
	switch (key) {
	NPTB_SSE_STUBS(STUB)
	}
	return false;
}

#define FLAGS(map, prefix, op, name, bytes, feature)				\
	case NPTB_VECTOR_KEY(map, prefix, op):					\
		RUN(#name " %%xmm1, %%xmm0\n"					\
		    "	pushf\n"						\
		    "	pop %1", s->flags);					\
		return true;

static bool run_flags(u32 key, struct scalars *s)
{
	switch (key) {
	NPTB_SSE_FLAGS(FLAGS)
	}
	return false;
}

#define TO_GPR(map, prefix, op, name, bytes, feature)				\
	case NPTB_VECTOR_KEY(map, prefix, op):					\
		if (wide)							\
			RUN(#name " %%xmm1, %q1", s->gpr);			\
		else								\
			RUN(#name " %%xmm1, %k1", s->gpr);			\
		return true;

static bool run_to_gpr(u32 key, bool wide, struct scalars *s)
{
	switch (key) {
	NPTB_SSE_TO_GPR(TO_GPR)
	}
	return false;
}

#define FROM_GPR(map, prefix, op, name, bytes, feature)				\
	case NPTB_VECTOR_KEY(map, prefix, op):					\
		if (wide)							\
			RUN(#name "q %q1, %%xmm0", s->gpr);			\
		else								\
			RUN(#name "l %k1, %%xmm0", s->gpr);			\
		return true;

static bool run_from_gpr(u32 key, bool wide, struct scalars *s)
{
	switch (key) {
	NPTB_SSE_FROM_GPR(FROM_GPR)
	}
	return false;
}

/* The immediate is part of the instruction: there is one for each that there can be. */
#define BY(n, name)	case n: RUN(#name " $" #n ", %%xmm1, %%xmm0", s->gpr); break;
#define BY_8(name)	BY(0, name) BY(1, name) BY(2, name) BY(3, name)		\
			BY(4, name) BY(5, name) BY(6, name) BY(7, name)
#define BY_16(name)	BY_8(name)						\
			BY(8, name) BY(9, name) BY(10, name) BY(11, name)	\
			BY(12, name) BY(13, name) BY(14, name) BY(15, name)

#define BITS_3(map, prefix, op, name, bytes, feature)				\
	case NPTB_VECTOR_KEY(map, prefix, op):					\
		switch (imm & 7) {						\
		BY_8(name)							\
		}								\
		return true;

#define BITS_4(map, prefix, op, name, bytes, feature)				\
	case NPTB_VECTOR_KEY(map, prefix, op):					\
		switch (imm & 15) {						\
		BY_16(name)							\
		}								\
		return true;

static bool run_immediate(u32 key, u8 imm, struct scalars *s)
{
	switch (key) {
	NPTB_SSE_BITS_3(BITS_3)
	NPTB_SSE_BITS_4(BITS_4)
	}
	return false;
}

static bool run(const struct nptb_vector_job *job, struct scalars *s)
{
	switch (job->how) {
	case NPTB_VECTOR_STUB:
	case NPTB_VECTOR_SHIFT:
		return run_stub(job->key, s);
	case NPTB_VECTOR_FLAGS:
		return run_flags(job->key, s);
	case NPTB_VECTOR_TO_GPR:
		return run_to_gpr(job->key, job->wide, s);
	case NPTB_VECTOR_FROM_GPR:
		return run_from_gpr(job->key, job->wide, s);
	case NPTB_VECTOR_BITS_8:
		s->raised = !nptb_vector_imm(job->key, job->v.imm);
		return true;
	case NPTB_VECTOR_KEYGEN:
		asm volatile("aeskeygenassist $0, %xmm1, %xmm0");
		return true;
	default:
		return run_immediate(job->key, job->v.imm, s);
	}
}

/* XMM0 is one of its operands. */
static void rnds2(struct nptb_vector_job *job)
{
	struct vector *reg = (struct vector *)job->v.reg, kept[3];

	get(0, &kept[0]);
	get(1, &kept[1]);
	get(2, &kept[2]);
	put(0, (struct vector *)job->v.xmm0);
	put(1, (struct vector *)job->v.rm);
	put(2, reg);
	asm volatile("sha256rnds2 %xmm1, %xmm2");
	get(2, reg);
	put(0, &kept[0]);
	put(1, &kept[1]);
	put(2, &kept[2]);
}

static void compare_strings(struct nptb_vector_job *job)
{
	struct nptb_strings s = {
		.first = job->v.reg, .second = job->v.rm, .imm = job->v.imm,
		.has_lengths = job->v.has_lengths,
		.length = { job->v.length[0], job->v.length[1] },
	};

	nptb_strings(&s);
	memcpy(job->v.reg, s.mask, sizeof(s.mask));
	job->v.gpr = s.index;
	job->flags = s.flags;
}

/**
 * nptb_vector_calculate() - run an instruction on operands
 * @job: its operands, whose registers are not asked for
 *
 * Context: with the guest's registers loaded, see nptb_guest_fpu_begin(). Those of the
 * host's compiler are general ones alone.
 *
 * Return: false where it raised an exception, of MXCSR.
 */
bool nptb_vector_calculate(struct nptb_vector_job *job)
{
	struct scalars s = { .gpr = job->v.gpr, .flags = job->flags };
	struct vector *reg = (struct vector *)job->v.reg;
	struct vector *rm = (struct vector *)job->v.rm;
	struct vector kept[2];
	bool known;

	if (job->how == NPTB_VECTOR_RNDS2 || job->how == NPTB_VECTOR_STRINGS) {
		if (job->how == NPTB_VECTOR_RNDS2)
			rnds2(job);
		else
			compare_strings(job);
		return true;
	}
	get(0, &kept[0]);
	get(1, &kept[1]);
	/* A shift by an immediate has one register, the first of the stub's two. */
	put(0, job->how == NPTB_VECTOR_SHIFT ? rm : reg);
	put(1, job->how == NPTB_VECTOR_SHIFT ? reg : rm);
	known = run(job, &s);
	get(0, job->how == NPTB_VECTOR_SHIFT ? rm : reg);
	/* The round constant is added to two of the words, at the end. */
	if (job->how == NPTB_VECTOR_KEYGEN) {
		reg->bytes[4] ^= job->v.imm;
		reg->bytes[12] ^= job->v.imm;
	}
	put(0, &kept[0]);
	put(1, &kept[1]);
	job->v.gpr = s.gpr;
	job->flags = s.flags;
	return !s.raised && !WARN_ON_ONCE(!known);
}

static bool work(struct nptb_vector_job *job)
{
	if (job->reg >= 0)
		get(job->reg, (struct vector *)job->v.reg);
	if (job->rm >= 0)
		get(job->rm, (struct vector *)job->v.rm);
	if (job->how == NPTB_VECTOR_BLEND_BY_0 || job->how == NPTB_VECTOR_RNDS2)
		get(0, (struct vector *)job->v.xmm0);
	if (job->how >= NPTB_VECTOR_LOAD)
		nptb_shuffle(job->how, &job->v);
	else if (!nptb_vector_calculate(job))
		return false;
	if (job->to >= 0)
		put(job->to, (struct vector *)(job->to_rm ? job->v.rm : job->v.reg));
	return true;
}

/* May the guest's operands of 16 bytes be misaligned? Its own thread. */
bool nptb_vector_anywhere(void)
{
	u32 mxcsr;

	if (!boot_cpu_has(X86_FEATURE_MISALIGNSSE))
		return false;
	nptb_guest_fpu_begin();
	asm volatile("stmxcsr %0" : "=m"(mxcsr));
	nptb_guest_fpu_end();
	return mxcsr & MXCSR_MM;
}

/* What one of the guest's registers has, 16 bytes; its own thread. */
void nptb_vector_register(int nr, void *to)
{
	nptb_guest_fpu_begin();
	get(nr, to);
	nptb_guest_fpu_end();
}

/* Likewise, to be. */
void nptb_vector_put_register(int nr, const void *from)
{
	nptb_guest_fpu_begin();
	put(nr, from);
	nptb_guest_fpu_end();
}

/**
 * nptb_vector_run() - run an instruction with the guest's registers
 * @job: the instruction, of a vCPU in KVM_RUN; its own thread
 *
 * Return: false where it raised an exception, of MXCSR: no register has changed then, but
 * for that one's flags.
 */
bool nptb_vector_run(struct nptb_vector_job *job)
{
	bool done;

	nptb_guest_fpu_begin();
	done = work(job);
	nptb_guest_fpu_end();
	return done;
}
