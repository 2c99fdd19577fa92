/* SPDX-License-Identifier: GPL-2.0-only */
/* What VMs of a program or a cgroup start with. */
#ifndef NPTB_UI_BINDINGS_H
#define NPTB_UI_BINDINGS_H

#include <linux/fs.h>

struct nptb_config;

const struct nptb_config *nptb_binding_of_current(void);
void nptb_bindings_free(void);
extern const struct file_operations nptb_bindings_fops;

#endif /* NPTB_UI_BINDINGS_H */
