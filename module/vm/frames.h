/* SPDX-License-Identifier: GPL-2.0-only */
/* Pins and exempt frames: changed while the guest runs. */
#ifndef NPTB_VM_FRAMES_H
#define NPTB_VM_FRAMES_H

#include "object/vm.h"

struct seq_file;

int nptb_frames_write(struct nptb_vm *vm, enum nptb_frames which, char *text);
bool nptb_frames_possible(const struct nptb_vm *vm,
			  const struct nptb_ranges *exempt);
void nptb_frames_show(struct seq_file *m, struct nptb_vm *vm,
		      enum nptb_frames which);

#endif /* NPTB_VM_FRAMES_H */
