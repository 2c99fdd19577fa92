// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "view/table.h"
#include "base/util.h"

/**
 * table_add() - add a row
 * @t: the table
 * @cells: one text for each column; copied
 *
 * Return: 0, or -ENOMEM.
 */
int table_add(struct table *t, const char *const *cells)
{
	char **row, *copy;
	size_t i;

	row = realloc(t->cell, (t->rows + 1) * t->columns * sizeof(*row));
	if (!row)
		return -ENOMEM;
	t->cell = row;
	row += t->rows * t->columns;
	for (i = 0; i < t->columns; i++) {
		copy = strdup(cells[i]);
		if (!copy)
			goto fail;
		row[i] = copy;
		if ((int)strlen(copy) > t->width[i])
			t->width[i] = (int)strlen(copy);
	}
	t->rows++;
	return 0;
fail:
	while (i--)
		free(row[i]);
	return -ENOMEM;
}

/**
 * table_print() - print all rows, two spaces between columns
 * @t: the table
 * @to: where to
 */
void table_print(const struct table *t, FILE *to)
{
	size_t i, j;
	int width;

	for (i = 0; i < t->rows; i++)
		for (j = 0; j < t->columns; j++) {
			width = t->left & BIT(j) ? -t->width[j] : t->width[j];
			if (j == t->columns - 1 && width < 0)
				width = 0;
			fprintf(to, "%*s%s", width, t->cell[i * t->columns + j],
				j == t->columns - 1 ? "\n" : "  ");
		}
}

/**
 * table_free() - drop all rows
 * @t: the table; empty afterwards
 */
void table_free(struct table *t)
{
	size_t i;

	for (i = 0; i < t->rows * t->columns; i++)
		free(t->cell[i]);
	free(t->cell);
	t->cell = NULL;
	t->rows = 0;
}
