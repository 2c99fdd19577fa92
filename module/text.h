/* SPDX-License-Identifier: GPL-2.0-only */
/* What people are shown of a CPU, and names of files: part of the seam, see backend.h. */
#ifndef NPTB_TEXT_H
#define NPTB_TEXT_H

#include "cpu.h"

struct dentry;
struct seq_file;

/* Text for people: the registers of a loop, in uapi/nptbudget.h's words. */
void nptb_state_show(struct seq_file *m, const struct nptb_state *state);
void nptb_machine_show(struct seq_file *m, const struct nptb_state *state,
		       const struct nptb_machine *machine);

/**
 * nptb_kvm_debugfs_rename() - give a file or folder of debugfs another name
 * @dentry: of it, or an error, with which nothing is done
 * @name: in the same folder
 *
 * Where there is no memory it keeps its name.
 */
void nptb_kvm_debugfs_rename(struct dentry *dentry, const char *name);

#endif /* NPTB_TEXT_H */
