/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that KVM is asked to map before a guest faults on it. */
#ifndef SELFTESTS_PREFAULT_H
#define SELFTESTS_PREFAULT_H

#include <stdbool.h>
#include <stdint.h>

/* Has this kernel KVM_PRE_FAULT_MEMORY (Linux 6.11 and later)? */
bool prefault_possible(void);

/*
 * One call of it, by a vCPU's descriptor. @gpa and @size, in bytes, are of whole
 * pages, and are then of what is left. Return: 0, or an errno.
 */
int prefault(int vcpu, uint64_t *gpa, uint64_t *size);

#endif /* SELFTESTS_PREFAULT_H */
