/* SPDX-License-Identifier: GPL-2.0-only */
/* What x86/soft/ knows of the kernel, in user space; see ../Makefile. */
#ifndef NPTB_ST_NATIVE_BACKEND_H
#define NPTB_ST_NATIVE_BACKEND_H

#include <string.h>

#include "cpu.h"

typedef __s8 s8;
typedef u64 gfn_t;

#define BIT(n)			(1UL << (n))
#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof(*(a)))
#endif
#define PAGE_SIZE		4096UL
#define offset_in_page(at)	((at) & (PAGE_SIZE - 1))
#define unlikely(x)		(x)
#define noinline		__attribute__((noinline))
/* What is not known must not get as far. */
#define WARN_ON_ONCE(x)		((x) ? __builtin_trap(), true : false)

#define X86_EFLAGS_CF		BIT(0)
#define X86_EFLAGS_PF		BIT(2)
#define X86_EFLAGS_AF		BIT(4)
#define X86_EFLAGS_ZF		BIT(6)
#define X86_EFLAGS_SF		BIT(7)
#define X86_EFLAGS_OF		BIT(11)
#define X86_CR0_EM		BIT(2)
#define X86_CR0_TS		BIT(3)
#define X86_CR4_OSFXSR		BIT(9)
#define X86_CR4_OSXMMEXCPT	BIT(10)
#define X86_CR4_OSXSAVE		BIT(18)
#define EFER_FFXSR		BIT(14)
#define XFEATURE_MASK_SSE	BIT(1)
#define XFEATURE_MASK_YMM	BIT(2)
#define VCPU_REGS_RAX		0
#define VCPU_REGS_RCX		1
#define VCPU_REGS_RDX		2

/* CPUID: leaf 1, 7 or 80000001 as 8; register, in the order EAX to EDX; bit. */
#define NATIVE_FEATURE(leaf, reg, bit)	((leaf) << 7 | (reg) << 5 | (bit))
#define X86_FEATURE_XMM		NATIVE_FEATURE(1, 3, 25)
#define X86_FEATURE_XMM2	NATIVE_FEATURE(1, 3, 26)
#define X86_FEATURE_XMM3	NATIVE_FEATURE(1, 2, 0)
#define X86_FEATURE_PCLMULQDQ	NATIVE_FEATURE(1, 2, 1)
#define X86_FEATURE_VMX		NATIVE_FEATURE(1, 2, 5)
#define X86_FEATURE_SSSE3	NATIVE_FEATURE(1, 2, 9)
#define X86_FEATURE_FMA		NATIVE_FEATURE(1, 2, 12)
#define X86_FEATURE_XMM4_1	NATIVE_FEATURE(1, 2, 19)
#define X86_FEATURE_XMM4_2	NATIVE_FEATURE(1, 2, 20)
#define X86_FEATURE_POPCNT	NATIVE_FEATURE(1, 2, 23)
#define X86_FEATURE_AES		NATIVE_FEATURE(1, 2, 25)
#define X86_FEATURE_AVX		NATIVE_FEATURE(1, 2, 28)
#define X86_FEATURE_F16C	NATIVE_FEATURE(1, 2, 29)
#define X86_FEATURE_BMI1	NATIVE_FEATURE(7, 1, 3)
#define X86_FEATURE_AVX2	NATIVE_FEATURE(7, 1, 5)
#define X86_FEATURE_BMI2	NATIVE_FEATURE(7, 1, 8)
#define X86_FEATURE_AVX512F	NATIVE_FEATURE(7, 1, 16)
#define X86_FEATURE_ADX		NATIVE_FEATURE(7, 1, 19)
#define X86_FEATURE_SHA_NI	NATIVE_FEATURE(7, 1, 29)
#define X86_FEATURE_VAES	NATIVE_FEATURE(7, 2, 9)
#define X86_FEATURE_VPCLMULQDQ	NATIVE_FEATURE(7, 2, 10)
#define X86_FEATURE_ABM		NATIVE_FEATURE(8, 2, 5)
#define X86_FEATURE_MISALIGNSSE	NATIVE_FEATURE(8, 2, 7)

bool boot_cpu_has(unsigned int feature);

static inline unsigned long native_save_fl(void)
{
	unsigned long flags;

	asm volatile("pushf\n"
		     "	pop %0" : "=r"(flags) : : "memory");
	return flags;
}

static inline u64 ror64(u64 value, unsigned int by)
{
	return value >> (by & 63) | value << (-by & 63);
}

static inline u32 ror32(u32 value, unsigned int by)
{
	return value >> (by & 31) | value << (-by & 31);
}

#endif /* NPTB_ST_NATIVE_BACKEND_H */
