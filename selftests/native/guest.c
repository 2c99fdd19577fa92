// SPDX-License-Identifier: GPL-2.0-only
/* A guest of one instruction at a time; see guest.h. */
#include <cpuid.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "guest.h"
#include "lib/vector_trial.h"
#include "x86/guest_memory.h"
#include "x86/soft/bmi.h"
#include "x86/soft/count.h"
#include "x86/soft/guest_fpu.h"
#include "x86/soft/vector.h"
#include "x86/soft/vex.h"

#define KEPT		(2 * PAGE)
#define CODE_BYTES	64
/* PE, MP, ET, NE, WP, PG; OSFXSR, OSXMMEXCPT, OSXSAVE; SCE, LME, LMA. */
#define CR0		0x80010033ULL
#define CR4		0x40600ULL
#define EFER		0x501ULL
#define XCR0		7
#define RFLAGS		0x8d5ULL
#define UD_VECTOR	6
#define GP_VECTOR	13
#define PF_VECTOR	14
#define XM_VECTOR	19

struct guest_registers native, ours;
u64 native_target = CODE;

static u8 kept[KEPT];
static volatile struct guest_end caught;

bool boot_cpu_has(unsigned int feature)
{
	static u32 known[16][4];
	u32 leaf = feature >> 7, *r = known[leaf];

	/* In a VM each CPUID is an exit. */
	if (!(r[0] | r[1] | r[2] | r[3]))
		__get_cpuid_count(leaf == 8 ? 0x80000001u : leaf, 0, &r[0], &r[1], &r[2], &r[3]);
	return r[feature >> 5 & 3] >> (feature & 31) & 1;
}

static void on_exception(int sig, siginfo_t *info, void *context)
{
	greg_t *rip = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	const u64 *row;

	if ((u64)*rip - CODE < PAGE) {
		bool page = info->si_code == SEGV_MAPERR || info->si_code == SEGV_ACCERR;

		caught.vector = sig == SIGILL ? UD_VECTOR : sig == SIGFPE ? XM_VECTOR :
				page ? PF_VECTOR : GP_VECTOR;
		caught.cr2 = sig == SIGSEGV && page ? (u64)info->si_addr : 0;
		*rip = (greg_t)native_back;
		return;
	}
	for (row = __start_extable; row < __stop_extable; row += 2)
		if (sig == SIGFPE && row[0] == (u64)*rip) {
			*rip = row[1];
			return;
		}
	dprintf(2, "signal %d at 0x%llx\n", sig, (unsigned long long)*rip);
	_exit(1);
}

void guest_begin(void)
{
	static const int signals[] = { SIGILL, SIGFPE, SIGSEGV, SIGBUS };
	struct sigaction action = { .sa_sigaction = on_exception,
				    .sa_flags = SA_SIGINFO | SA_ONSTACK };
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
	stack_t stack = { .ss_size = 16 * PAGE };
	u64 at, i;

	stack.ss_sp = malloc(stack.ss_size);
	if (!stack.ss_sp || sigaltstack(&stack, NULL) ||
	    mmap((void *)CODE, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, flags, -1, 0) ==
	    MAP_FAILED ||
	    mmap((void *)DATA, ABSENT - DATA, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED) {
		perror("guest memory");
		exit(1);
	}
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, NULL);
	for (at = DATA; at < ABSENT; at += 16)
		vector_fill((u8 *)at);
	memcpy(kept, (void *)DATA, KEPT);
	mprotect((void *)READ_ONLY, PAGE, PROT_READ);
}

void guest_load(const u8 *code, u32 len)
{
	static const u8 jump[] = { 0xff, 0x25, 0, 0, 0, 0 };	/* jmp [rip] */
	u64 back = (u64)native_back;

	memset((void *)CODE, 0xf4, CODE_BYTES);
	memcpy((void *)CODE, code, len);
	memcpy((void *)CODE + len, jump, sizeof(jump));
	memcpy((void *)CODE + len + sizeof(jump), &back, sizeof(back));
	memcpy((void *)DATA, kept, KEPT);
}

struct guest_end guest_run(void)
{
	caught.vector = caught.cr2 = 0;
	native_run();
	return (struct guest_end){ caught.vector, caught.cr2 };
}

static enum nptb_soft_end reach(u64 linear, u32 len, bool write, struct nptb_exception *why)
{
	u64 at, end = write ? READ_ONLY : ABSENT;

	for (at = linear; at < linear + len; at++)
		if ((at < DATA || at >= end) && (write || at - CODE >= PAGE)) {
			*why = (struct nptb_exception){
				.vector = PF_VECTOR, .has_code = true, .address = at,
			};
			return NPTB_SOFT_RAISED;
		}
	return NPTB_SOFT_DONE;
}

enum nptb_soft_end nptb_kvm_may_write_linear(void *ctx, u64 linear, u32 len,
					     struct nptb_exception *why)
{
	(void)ctx;
	return reach(linear, len, true, why);
}

enum nptb_soft_end nptb_kvm_writable_address(void *vcpu, u64 linear, gfn_t *gfn,
					     unsigned long *hva, struct nptb_exception *why)
{
	(void)vcpu;
	*gfn = linear / PAGE;
	*hva = linear;
	return reach(linear, 1, true, why);
}

static enum nptb_soft_end read_guest(void *ctx, u64 linear, void *buf, u32 len, bool system,
				     struct nptb_exception *why)
{
	enum nptb_soft_end end = reach(linear, len, false, why);

	(void)ctx;
	(void)system;
	if (end == NPTB_SOFT_DONE)
		memcpy(buf, (void *)linear, len);
	return end;
}

static enum nptb_soft_end write_guest(void *ctx, u64 linear, const void *buf, u32 len,
				      bool system, struct nptb_exception *why)
{
	enum nptb_soft_end end = reach(linear, len, true, why);

	(void)ctx;
	(void)system;
	if (end == NPTB_SOFT_DONE)
		memcpy((void *)linear, buf, len);
	return end;
}

static bool no_msr(void *ctx, u32 nr, u64 *value)
{
	(void)ctx;
	(void)nr;
	(void)value;
	return false;
}

static enum nptb_soft_end carry_out(struct nptb_soft *soft)
{
	struct nptb_insn insn;

	if (!nptb_decode((u8 *)CODE, NPTB_INSN_MAX, &soft->state, &soft->machine, &insn))
		return nptb_soft_unable(soft, NPTB_REASON_INSTRUCTION);
	if (nptb_bmi_is(&insn))
		return nptb_bmi_step(soft, &insn);
	if (insn.vex)
		return nptb_vex_step(soft, &insn);
	if (nptb_count_is(&insn))
		return nptb_count_step(soft, &insn);
	if (nptb_vector_is(&insn))
		return nptb_vector_step(soft, &insn);
	return nptb_soft_unable(soft, NPTB_REASON_INSTRUCTION);
}

struct guest_end guest_carry_out(u32 len, u64 *reason)
{
	static const struct nptb_soft_ops ops = { read_guest, write_guest, no_msr };
	struct nptb_soft soft = { .ops = &ops, .xcr0 = XCR0 };
	enum nptb_soft_end end;

	memcpy(soft.state.gpr, ours.gpr, sizeof(ours.gpr));
	soft.state.rip = CODE;
	soft.state.rflags = ours.rflags;
	soft.state.cr0 = CR0;
	soft.state.cr4 = CR4;
	soft.state.efer = EFER;
	soft.machine.seg[NPTB_SEG_CS].attr = NPTB_ATTR_L | NPTB_ATTR_CODE | NPTB_ATTR_P;
	soft.machine.cpl = 3;
	end = carry_out(&soft);
	memcpy(ours.gpr, soft.state.gpr, sizeof(ours.gpr));
	ours.rflags = (ours.rflags & ~RFLAGS) | (soft.state.rflags & RFLAGS);
	*reason = end == NPTB_SOFT_UNABLE ? soft.reason : 0;
	if (end == NPTB_SOFT_DONE && soft.state.rip != CODE + len)
		*reason = ~0ULL;
	if (end != NPTB_SOFT_RAISED)
		return (struct guest_end){ };
	return (struct guest_end){
		.vector = soft.raised.vector,
		.cr2 = soft.raised.vector == PF_VECTOR ? soft.raised.address : 0,
	};
}

#define LOAD(n)		asm volatile("vmovdqu %0, %%ymm" #n : : "m"(ours.ymm[n]))
#define STORE(n)	asm volatile("vmovdqu %%ymm" #n ", %0" : "=m"(ours.ymm[n]))

void nptb_guest_fpu_begin(void)
{
	LOAD(0); LOAD(1); LOAD(2); LOAD(3); LOAD(4); LOAD(5); LOAD(6); LOAD(7);
	LOAD(8); LOAD(9); LOAD(10); LOAD(11); LOAD(12); LOAD(13); LOAD(14); LOAD(15);
	asm volatile("ldmxcsr %0" : : "m"(ours.mxcsr));
}

void nptb_guest_fpu_end(void)
{
	static const u32 masked = 0x1f80;

	STORE(0); STORE(1); STORE(2); STORE(3); STORE(4); STORE(5); STORE(6); STORE(7);
	STORE(8); STORE(9); STORE(10); STORE(11); STORE(12); STORE(13); STORE(14); STORE(15);
	asm volatile("stmxcsr %0" : "=m"(ours.mxcsr));
	asm volatile("ldmxcsr %0" : : "m"(masked));
}

u64 guest_hash(void)
{
	u64 hash = 0xcbf29ce484222325ULL, i;

	for (i = 0; i < KEPT; i += 8)
		hash = (hash ^ *(u64 *)(DATA + i)) * 0x100000001b3ULL;
	return hash;
}
