/* SPDX-License-Identifier: GPL-2.0-only */
/* A VM's counters and loops as text. */
#ifndef NPTB_UI_SHOW_H
#define NPTB_UI_SHOW_H

struct nptb_vm;
struct seq_file;

void nptb_show_stats(struct seq_file *m, struct nptb_vm *vm);
void nptb_show_loops(struct seq_file *m, struct nptb_vm *vm);
void nptb_show_lends(struct seq_file *m, struct nptb_vm *vm);

#endif /* NPTB_UI_SHOW_H */
