/* SPDX-License-Identifier: GPL-2.0-only */
/* Pins and exempt frames: changed while the guest runs. */
#ifndef NPTB_VM_FRAMES_H
#define NPTB_VM_FRAMES_H

#include "object/vm.h"

typedef int (*nptb_frames_edit_fn)(struct nptb_ranges *ranges, void *ctx);

int nptb_frames_change(struct nptb_vm *vm, enum nptb_frames which,
		       nptb_frames_edit_fn edit, void *ctx);
bool nptb_frames_possible(const struct nptb_vm *vm,
			  const struct nptb_ranges *exempt);

#endif /* NPTB_VM_FRAMES_H */
