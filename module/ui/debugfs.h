/* SPDX-License-Identifier: GPL-2.0-only */
/* Files in debugfs. */
#ifndef NPTB_UI_DEBUGFS_H
#define NPTB_UI_DEBUGFS_H

struct nptb_vm;

void nptb_debugfs_init(void);
void nptb_debugfs_exit(void);
void nptb_debugfs_add_vm(struct nptb_vm *vm);
void nptb_debugfs_hide_vm(struct nptb_vm *vm);
void nptb_debugfs_remove_vm(struct nptb_vm *vm);

#endif /* NPTB_UI_DEBUGFS_H */
