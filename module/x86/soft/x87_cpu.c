// SPDX-License-Identifier: GPL-2.0-only
/*
 * x87 instructions, run on this CPU. As with vectors, each is written down here and
 * assembled into the module; its operand is a buffer. None of the guest's bytes is ever
 * executed.
 */
#include <linux/stringify.h>

#include "x86/soft/x87_cpu.h"
#include "x86/soft/x87_table.h"

struct operand {
	u8 bytes[NPTB_X87_OPERAND];
};

#define LOAD(op, reg, name, bytes)						\
	case NPTB_X87_MEMORY_KEY(op, reg):					\
		asm volatile(#name " %0" : : "m"(*at));				\
		return true;

#define STORE(op, reg, name, bytes)						\
	case NPTB_X87_MEMORY_KEY(op, reg):					\
		asm volatile(#name " %0" : "+m"(*at));				\
		return true;

static bool run_memory(u32 key, struct operand *at)
{
	switch (key) {
	NPTB_X87_LOADS(LOAD)
	NPTB_X87_STORES(STORE)
	NPTB_X87_CONTROL_LOADS(LOAD)
	NPTB_X87_CONTROL_STORES(STORE)
	}
	return false;
}

/* Environment and state have another form with 16 bits. */
static bool run_narrow(u32 key, struct operand *at)
{
	switch (key) {
	case NPTB_X87_MEMORY_KEY(0xd9, 4):
		asm volatile("fldenvs %0" : : "m"(*at));
		return true;
	case NPTB_X87_MEMORY_KEY(0xd9, 6):
		asm volatile("fnstenvs %0" : "+m"(*at));
		return true;
	case NPTB_X87_MEMORY_KEY(0xdd, 4):
		asm volatile("frstors %0" : : "m"(*at));
		return true;
	case NPTB_X87_MEMORY_KEY(0xdd, 6):
		asm volatile("fnsaves %0" : "+m"(*at));
		return true;
	}
	return run_memory(key, at);
}

/* By its bytes: assemblers do not agree on names of those that subtract and divide. */
#define BYTES(op, modrm)							\
	case NPTB_X87_KEY(op, modrm):						\
		asm volatile("push %0\n"					\
			     "	popf\n"						\
			     "	.byte " __stringify(op) ", " __stringify(modrm) "\n" \
			     "	pushf\n"					\
			     "	pop %0" : "+r"(*flags) : : "cc", "memory");	\
		return true;

#define BYTES_8(op, modrm)							\
	BYTES(op, modrm + 0) BYTES(op, modrm + 1) BYTES(op, modrm + 2)		\
	BYTES(op, modrm + 3) BYTES(op, modrm + 4) BYTES(op, modrm + 5)		\
	BYTES(op, modrm + 6) BYTES(op, modrm + 7)

static bool run_registers(u32 key, unsigned long *flags)
{
	switch (key) {
	NPTB_X87_SINGLE(BYTES)
	NPTB_X87_STACK(BYTES_8)
	}
	return false;
}

/**
 * nptb_x87_run() - run an x87 instruction
 * @job: the instruction; no unmasked exception waits, unless it does not wait for one
 *
 * Context: between nptb_guest_fpu_begin() and nptb_guest_fpu_end().
 * Return: false where it is none of the table's: nothing has been done.
 */
bool nptb_x87_run(struct nptb_x87_job *job)
{
	struct operand *at = (struct operand *)job->operand;

	if (!job->is_memory)
		return run_registers(job->key, &job->flags);
	return job->narrow ? run_narrow(job->key, at) : run_memory(job->key, at);
}
