/* SPDX-License-Identifier: GPL-2.0-only */
/* Pieces of the module's text formats: numbers, lines, name=value fields. */
#ifndef NPTB_FIELDS_H
#define NPTB_FIELDS_H

#include <stddef.h>

int field_u64(const char *text, unsigned long long *value);
int field_int(const char *text, int *value);
char *field_line(char **rest);
char *field_next(char **rest, char **value);
void field_printable(char *text);

#endif /* NPTB_FIELDS_H */
