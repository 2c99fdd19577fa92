/* SPDX-License-Identifier: GPL-2.0-only */
/* Pictures by gnuplot. */
#ifndef NPTB_VIEW_GNUPLOT_H
#define NPTB_VIEW_GNUPLOT_H

#include <stdio.h>

void gnuplot_head(FILE *out, const char *path, const char *title, const char *below);
int gnuplot_draw(void (*script)(const void *data, FILE *out, const char *path), const void *data,
		 const char *path, char **picture, size_t *size);

#endif /* NPTB_VIEW_GNUPLOT_H */
