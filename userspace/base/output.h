/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that are written late: what is there stays until there is something to write. */
#ifndef NPTB_OUTPUT_H
#define NPTB_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/**
 * struct output - a file to write, open
 * @path: its name
 * @fd: to write to; -1 for none
 * @created: it was not there
 * @size: of what was there, bytes; 0 also for what is no plain file
 */
struct output {
	const char *path;
	int fd;
	bool created;
	off_t size;
};

int output_open(struct output *o, const char *path, int flags, mode_t mode);
int output_begin(const struct output *o);
int output_cut(const struct output *o, off_t size);
void output_undo(struct output *o);
int output_flush(FILE *f);
int output_error(FILE *f);

#endif /* NPTB_OUTPUT_H */
