/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instructions on vectors whose immediate has many values: one stub for each. As in
 * x86/soft/vector_cpu.c and x86/soft/vex_cpu.c, whose registers are loaded.
 */
#ifndef NPTB_X86_SOFT_VECTOR_IMM_H
#define NPTB_X86_SOFT_VECTOR_IMM_H

#include "cpu.h"

bool nptb_vector_imm_is(u32 key);
bool nptb_vector_imm(u32 key, u8 imm);
bool nptb_vector_imm_vex(u32 key, u8 imm, bool l);

#endif /* NPTB_X86_SOFT_VECTOR_IMM_H */
