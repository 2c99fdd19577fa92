/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * BMI1, BMI2, ADX and CRC32: arithmetic on general registers that KVM's emulator lacks.
 * AMD64 APM volume 3.
 */
#ifndef NPTB_X86_SOFT_BMI_H
#define NPTB_X86_SOFT_BMI_H

#include "x86/soft/decode.h"
#include "x86/soft/soft.h"

bool nptb_bmi_is(const struct nptb_insn *insn);
enum nptb_soft_end nptb_bmi_step(struct nptb_soft *soft, const struct nptb_insn *insn);

#endif /* NPTB_X86_SOFT_BMI_H */
