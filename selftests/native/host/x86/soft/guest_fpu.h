/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NPTB_ST_NATIVE_GUEST_FPU_H
#define NPTB_ST_NATIVE_GUEST_FPU_H

void nptb_guest_fpu_begin(void);
void nptb_guest_fpu_end(void);

#endif /* NPTB_ST_NATIVE_GUEST_FPU_H */
