/* SPDX-License-Identifier: GPL-2.0-only */
/* Aligned columns. */
#ifndef NPTB_TABLE_H
#define NPTB_TABLE_H

#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 16

/**
 * struct table - rows to be aligned
 * @columns: how many columns, up to TABLE_COLUMNS_MAX; set by the user
 * @left: a bit for each column that goes to the left; set by the user
 * @rows: how many rows
 * @cell: the cells, row by row
 * @width: the widest cell of each column
 */
struct table {
	size_t columns;
	unsigned int left;
	size_t rows;
	char **cell;
	int width[TABLE_COLUMNS_MAX];
};

int table_add(struct table *t, const char *const *cells);
void table_print(const struct table *t, FILE *to);
void table_free(struct table *t);

#endif /* NPTB_TABLE_H */
