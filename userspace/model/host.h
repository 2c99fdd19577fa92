/* SPDX-License-Identifier: GPL-2.0-only */
/* What the host tells of itself below /proc, /sys, /boot and /lib/modules. */
#ifndef NPTB_HOST_H
#define NPTB_HOST_H

#include <stdbool.h>
#include <stddef.h>

/* Room for the release of a kernel, as uname -r has it, and its end. */
#define HOST_RELEASE_MAX	65

int host_read(const char *path, char *text, size_t size);
bool host_has(const char *path);
bool host_may_write(const char *path);
bool host_folder_next(const char *path, size_t *at, char *name, size_t size);
int host_release(char release[HOST_RELEASE_MAX]);
void host_cpu_name(char *name, size_t size);
bool host_mounted(const char *type);
bool host_choice(const char *text, char *word, size_t size);
int host_config(const char *release, const char *symbol, char *value, size_t size);

#endif /* NPTB_HOST_H */
