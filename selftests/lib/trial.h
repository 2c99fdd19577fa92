/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests that compare what an instruction leaves with what it left on the CPU. */
#ifndef NPTB_ST_TRIAL_H
#define NPTB_ST_TRIAL_H

#include <stddef.h>
#include <stdint.h>

#include "../vmm/vmm.h"

/* Runs a vCPU until it exits: NULL; else why it did not, in static memory. */
const char *trial_run(const struct vmm_vcpu *vcpu);
/* Of memory, in words of 8 bytes, but for RF. */
uint64_t trial_hash(const void *from, size_t len);

#endif
