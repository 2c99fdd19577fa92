/* SPDX-License-Identifier: GPL-2.0-only */
/* What backs a VM's memory; of vm.c alone. */
#ifndef NPTB_ST_BACKING_H
#define NPTB_ST_BACKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vmm;

/* Anonymous memory at a 2 MiB boundary. */
uint8_t *backing_aligned(size_t size);
/* Sets vm->mem by vm->kind; false where the machine has no such memory. */
bool backing_map(struct vmm *vm);
/* Makes vm->mem memory slot 0, from guest-physical 0 on; 0 or -1 and errno. */
int backing_slot(struct vmm *vm);

#endif
