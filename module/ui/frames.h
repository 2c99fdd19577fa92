/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists of guest frames as text. */
#ifndef NPTB_UI_FRAMES_H
#define NPTB_UI_FRAMES_H

#include "object/vm.h"

struct seq_file;

int nptb_frames_write(struct nptb_vm *vm, enum nptb_frames which, char *text);
int nptb_frames_evict(struct nptb_vm *vm, char *text);
void nptb_frames_show(struct seq_file *m, struct nptb_vm *vm,
		      enum nptb_frames which);

#endif /* NPTB_UI_FRAMES_H */
