// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"

/**
 * field_u64() - read an unsigned number
 * @text: decimal digits, or 0x and hex digits; nothing else
 * @value: where to put it; untouched on errors
 *
 * Return: 0; -EINVAL for what is no number; -ERANGE for 2^64 and more.
 */
int field_u64(const char *text, unsigned long long *value)
{
	int base = !strncmp(text, "0x", 2) ? 16 : 10;
	const char *digits = base == 16 ? text + 2 : text;
	unsigned long long v;
	size_t i;

	if (!*digits)
		return -EINVAL;
	for (i = 0; digits[i]; i++)
		if (base == 16 ? !isxdigit((unsigned char)digits[i]) :
				 !isdigit((unsigned char)digits[i]))
			return -EINVAL;
	errno = 0;
	v = strtoull(digits, NULL, base);
	if (errno)
		return -ERANGE;
	*value = v;
	return 0;
}

/**
 * field_int() - read a number that may be negative
 * @text: decimal digits, with or without a minus sign before them
 * @value: where to put it; untouched on errors
 *
 * Return: 0; -EINVAL; -ERANGE for more than INT_MAX either way.
 */
int field_int(const char *text, int *value)
{
	unsigned long long v;
	int minus = *text == '-', err;

	err = field_u64(text + minus, &v);
	if (err)
		return err;
	if (v > INT_MAX)
		return -ERANGE;
	*value = minus ? -(int)v : (int)v;
	return 0;
}

/**
 * field_line() - take the next line off a text
 * @rest: the text, moved behind the line; its end of line is overwritten
 *
 * Return: the line, or NULL at the end of the text.
 */
char *field_line(char **rest)
{
	char *line = *rest;

	if (!*line)
		return NULL;
	*rest += strcspn(*rest, "\n");
	if (**rest)
		*(*rest)++ = '\0';
	return line;
}

/**
 * field_next() - take the next word off a line
 * @rest: the line, moved behind the word, which is cut off and at its '='
 * @value: where to put what follows the first '=' of the word, NULL for none
 *
 * Return: the word, or its part before '='; NULL at the end of the line.
 */
char *field_next(char **rest, char **value)
{
	char *word, *eq;

	*rest += strspn(*rest, " \t");
	if (!**rest)
		return NULL;
	word = *rest;
	*rest += strcspn(*rest, " \t");
	if (**rest)
		*(*rest)++ = '\0';
	eq = strchr(word, '=');
	if (eq)
		*eq++ = '\0';
	*value = eq;
	return word;
}

/**
 * field_printable() - make foreign text harmless for terminals and JSON
 * @text: the text; all that is not printable ASCII becomes '?'
 */
void field_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}
