/* SPDX-License-Identifier: GPL-2.0-only */
/* Instances of tracefs that are a command's own. */
#ifndef NPTB_INSTANCE_H
#define NPTB_INSTANCE_H

#include <stdint.h>

struct tracefs_instance;

struct tracefs_instance *instance_create(const char *prefix);
int instance_write(struct tracefs_instance *instance, const char *file, const char *text);
uint64_t instance_lost(struct tracefs_instance *instance);
void instance_destroy(struct tracefs_instance *instance);

#endif /* NPTB_INSTANCE_H */
