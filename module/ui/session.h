/* SPDX-License-Identifier: GPL-2.0-only */
/* VMs of a process tree. */
#ifndef NPTB_UI_SESSION_H
#define NPTB_UI_SESSION_H

#include <linux/fs.h>

struct nptb_vm;

void nptb_session_start(struct nptb_vm *vm);
bool nptb_session_wants(void);
void nptb_session_idle(void);
extern const struct file_operations nptb_session_fops;

#endif /* NPTB_UI_SESSION_H */
