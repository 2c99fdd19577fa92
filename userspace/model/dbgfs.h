/* SPDX-License-Identifier: GPL-2.0-only */
/* All that is read from and written to the module's debugfs files. */
#ifndef NPTB_DBGFS_H
#define NPTB_DBGFS_H

#include <stdbool.h>
#include <stddef.h>

/* "<pid>-<fd>" with two 32-bit numbers, and its end. */
#define VM_NAME_MAX	32
/* "vms/", a VM's name, "/", a file's name, and its end. */
#define DBGFS_PATH_MAX	64
/* More than this is no file of the module's. */
#define DBGFS_FILE_MAX	(16u << 20)

/**
 * struct dbgfs_version - what the module says about itself
 * @version: its version, as it prints it
 * @format: number of its text formats and tracepoints, from 1
 */
struct dbgfs_version {
	char version[32];
	unsigned int format;
};

/**
 * struct dbgfs_vms - VMs that the module knows
 * @nr: how many
 * @name: their names, by pid and fd
 */
struct dbgfs_vms {
	size_t nr;
	char (*name)[VM_NAME_MAX];
};

int dbgfs_probe(struct dbgfs_version *v);
int dbgfs_attach(void);
int dbgfs_read(const char *name, char **text);
int dbgfs_read_word(const char *name, char *word, size_t size);
int dbgfs_write(const char *name, const char *value);
const char *dbgfs_vm_file(char path[DBGFS_PATH_MAX], const char *vm, const char *file);
int dbgfs_vms(struct dbgfs_vms *vms);
void dbgfs_vms_free(struct dbgfs_vms *vms);
bool dbgfs_vm_known(const char *vm);
int dbgfs_run_open(const char *line);
int dbgfs_translate(const char *vm, const char *request, char **text);
int dbgfs_run_read(int fd, char **text);

#endif /* NPTB_DBGFS_H */
