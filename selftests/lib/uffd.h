/* SPDX-License-Identifier: GPL-2.0-only */
/* userfaultfd on a VM's memory: what the kernel finds missing, we answer. */
#ifndef NPTB_ST_UFFD_H
#define NPTB_ST_UFFD_H

#include <stdbool.h>
#include <stdint.h>

#include "../vmm/vmm.h"

/* NULL where userfaultfd can serve faults inside the kernel, else why not. */
const char *uffd_unusable(void);
/* Makes the memory at @gpa missing and registers it; the descriptor. */
int uffd_open(struct vmm *vm, uint64_t gpa, uint64_t len);
/*
 * Waits for a fault; its guest-physical page, or -1 when none came within @ms.
 * With @ms -1 it only reads: the descriptor is nonblocking until uffd_block().
 */
void uffd_block(int fd);
int64_t uffd_wait(int fd, const struct vmm *vm, int ms);
/* Fills the page at @gpa from @page and wakes who waits for it. */
void uffd_answer(int fd, const struct vmm *vm, uint64_t gpa, const void *page);

#endif
