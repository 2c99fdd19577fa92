// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading the "loops" format of uapi/nptbudget.h. Fields and lines that are not
 * known are skipped; what is known must be right.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "model/loops.h"
#include "base/util.h"

static const char *const class_names[] = NPTB_LOOP_CLASS_NAMES;
static const char *const role_names[] = NPTB_ROLE_NAMES;
static const char *const for_names[] = NPTB_FOR_NAMES;
static const char *const segment_names[] = NPTB_SEGMENT_NAMES;

_Static_assert(ARRAY_SIZE(segment_names) == LOOP_SEGMENTS, "segments are numbered otherwise");

static bool first_word_is(const char *line, const char *word)
{
	size_t len = strlen(word);

	return !strncmp(line, word, len) && strchr(" \t", line[len]);
}

/**
 * loops_is_line() - does a line belong to a "loops" file?
 * @line: the line
 *
 * Return: whether it begins with "loop" or "page".
 */
bool loops_is_line(const char *line)
{
	return first_word_is(line, "loop") || first_word_is(line, "page");
}

/**
 * loop_is() - is a fault loop of this class?
 * @l: the fault loop
 * @class: the class
 *
 * Return: whether it is.
 */
bool loop_is(const struct loop *l, enum nptb_loop_class class)
{
	return !strcmp(l->class, class_names[class]);
}

static int parse_uint(const char *value, unsigned int *to)
{
	unsigned long long v;

	if (field_u64(value, &v) || v > 0xffffffff)
		return -EBADMSG;
	*to = (unsigned int)v;
	return 0;
}

static int hex_digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

static int parse_insn(struct loop *l, const char *hex)
{
	size_t len = strlen(hex), i;

	if (!strcmp(hex, "-"))
		return 0;
	if (!len || len % 2 || len > 2 * NPTB_INSN_MAX)
		return -EBADMSG;
	for (i = 0; i < len; i++)
		if (!isxdigit((unsigned char)hex[i]))
			return -EBADMSG;
	for (i = 0; i < len; i += 2)
		l->insn[i / 2] = (unsigned char)(hex_digit(hex[i]) << 4 | hex_digit(hex[i + 1]));
	l->insn_len = (unsigned int)(len / 2);
	return 0;
}

static int parse_class(struct loop *l, const char *value)
{
	if (!*value || strlen(value) >= sizeof(l->class))
		return -EBADMSG;
	strscpy(l->class, value, sizeof(l->class));
	field_printable(l->class);
	return 0;
}

/* Numbers of a "loop" line, and whether a record without them is of no use. */
static const struct {
	const char *name;
	size_t offset;
	bool needed;
} loop_numbers[] = {
	{ "rip", offsetof(struct loop, rip), true },
	{ "laps", offsetof(struct loop, laps), true },
	{ "budget", offsetof(struct loop, budget), true },
	{ "pages", offsetof(struct loop, nr_pages), true },
	{ "times", offsetof(struct loop, times), false },
	{ "cr0", offsetof(struct loop, cr0), false },
	{ "cr3", offsetof(struct loop, cr3), false },
	{ "cr4", offsetof(struct loop, cr4), false },
	{ "efer", offsetof(struct loop, efer), false },
	{ "rflags", offsetof(struct loop, rflags), false },
	{ "needs", offsetof(struct loop, needs), false },
	{ "lent", offsetof(struct loop, lent), false },
	{ "steps", offsetof(struct loop, steps), false },
};

#define NR_NUMBERS ARRAY_SIZE(loop_numbers)

/* Bits of fields seen: one for each number, then these. */
#define SEEN_CLASS	BIT(NR_NUMBERS)
#define SEEN_VCPU	BIT(NR_NUMBERS + 1)
#define SEEN_CPL	BIT(NR_NUMBERS + 2)
#define SEEN_GPR	BIT(NR_NUMBERS + 3)
#define SEEN_SEGMENT(n)	BIT(NR_NUMBERS + 4 + (n))
_Static_assert(NR_NUMBERS + 4 + LOOP_SEGMENTS <= 32, "a bit for each field");

/* Numbers with @separator between them: exactly @count. */
static int parse_list(const char *text, char separator, unsigned long long *to, size_t count)
{
	char word[24];
	size_t len, i;

	for (i = 0; i < count; i++) {
		len = strcspn(text, (char[]){ separator, '\0' });
		if (len >= sizeof(word) || !text[len] != (i == count - 1))
			return -EBADMSG;
		memcpy(word, text, len);
		word[len] = '\0';
		if (field_u64(word, &to[i]))
			return -EBADMSG;
		text += len + 1;
	}
	return 0;
}

static int parse_segment(struct loop *l, size_t nr, const char *value)
{
	unsigned long long v[4];
	int err = parse_list(value, ':', v, ARRAY_SIZE(v));

	if (!err)
		l->seg[nr] = (struct loop_segment){ v[0], v[1], v[2], v[3] };
	return err;
}

/* What is known of registers and segments. */
static int machine_field(struct loop *l, const char *name, const char *value, unsigned int *seen)
{
	size_t i;

	if (!strcmp(name, "cpl")) {
		*seen |= SEEN_CPL;
		return parse_uint(value, &l->cpl) || l->cpl > 3 ? -EBADMSG : 0;
	}
	if (!strcmp(name, "gpr")) {
		*seen |= SEEN_GPR;
		return parse_list(value, ',', l->gpr, LOOP_GPRS);
	}
	for (i = 0; i < LOOP_SEGMENTS; i++) {
		if (strcmp(name, segment_names[i]))
			continue;
		*seen |= SEEN_SEGMENT(i);
		return parse_segment(l, i, value);
	}
	return 0;
}

static int loop_field(struct loop *l, const char *name, const char *value, unsigned int *seen)
{
	unsigned int flag;
	size_t i;

	for (i = 0; i < NR_NUMBERS; i++) {
		if (strcmp(name, loop_numbers[i].name))
			continue;
		*seen |= BIT(i);
		return field_u64(value, (void *)((char *)l + loop_numbers[i].offset)) ?
		       -EBADMSG : 0;
	}
	if (!strcmp(name, "class")) {
		*seen |= SEEN_CLASS;
		return parse_class(l, value);
	}
	if (!strcmp(name, "vcpu")) {
		*seen |= SEEN_VCPU;
		return parse_uint(value, &l->vcpu);
	}
	if (!strcmp(name, "vector"))
		return field_int(value, &l->vector) ? -EBADMSG : 0;
	if (!strcmp(name, "event")) {
		strscpy(l->event, value, sizeof(l->event));
		field_printable(l->event);
		return 0;
	}
	if (!strcmp(name, "insn"))
		return parse_insn(l, value);
	if (!strcmp(name, "truncated")) {
		if (parse_uint(value, &flag) || flag > 1)
			return -EBADMSG;
		l->truncated = flag;
		return 0;
	}
	if (!strcmp(name, "exact"))
		return parse_uint(value, &l->exact);
	if (!strcmp(name, "resolved")) {
		strscpy(l->resolved, value, sizeof(l->resolved));
		field_printable(l->resolved);
		return 0;
	}
	if (!strcmp(name, "reason")) {
		strscpy(l->reason, value, sizeof(l->reason));
		field_printable(l->reason);
		return 0;
	}
	return machine_field(l, name, value, seen);
}

static bool seen_number(unsigned int seen, const char *name)
{
	size_t i;

	for (i = 0; i < NR_NUMBERS; i++)
		if (!strcmp(name, loop_numbers[i].name))
			return seen & BIT(i);
	return false;
}

static int parse_loop(struct loop *l, char *rest)
{
	unsigned int seen = 0, needed = SEEN_CLASS | SEEN_VCPU, machine = SEEN_CPL | SEEN_GPR;
	char *name, *value;
	size_t i;
	int err;

	l->vector = -1;
	while ((name = field_next(&rest, &value))) {
		err = value ? loop_field(l, name, value, &seen) : 0;
		if (err)
			return err;
	}
	for (i = 0; i < NR_NUMBERS; i++)
		if (loop_numbers[i].needed)
			needed |= BIT(i);
	for (i = 0; i < LOOP_SEGMENTS; i++)
		machine |= SEEN_SEGMENT(i);
	l->has_machine = (seen & machine) == machine;
	if (!seen_number(seen, "needs"))
		l->needs = l->nr_pages;
	l->has_mode = seen_number(seen, "cr0") && seen_number(seen, "efer");
	return (seen & needed) == needed ? 0 : -EBADMSG;
}

/* Names that are not known are left out. */
static unsigned int parse_names(const char *text, const char *const *names, size_t count)
{
	unsigned int bits = 0;
	size_t len, i;

	for (;;) {
		len = strcspn(text, ",");
		for (i = 0; i < count; i++)
			if (strlen(names[i]) == len && !strncmp(names[i], text, len))
				bits |= BIT(i);
		if (!text[len])
			return bits;
		text += len + 1;
	}
}

static int parse_page(struct loop_page *p, char *rest)
{
	char *name, *value;
	bool has_gfn = false;
	int err = 0;

	while (!err && (name = field_next(&rest, &value))) {
		if (!value)
			continue;
		if (!strcmp(name, "gfn")) {
			has_gfn = true;
			err = field_u64(value, &p->gfn);
		} else if (!strcmp(name, "faults")) {
			err = field_u64(value, &p->faults);
		} else if (!strcmp(name, "as")) {
			err = parse_uint(value, &p->as);
		} else if (!strcmp(name, "roles")) {
			p->roles = parse_names(value, role_names, NPTB_ROLE_NR);
		} else if (!strcmp(name, "for")) {
			p->what = parse_names(value, for_names, NPTB_FOR_NR);
		} else if (!strcmp(name, "level")) {
			err = parse_uint(value, &p->level);
		}
	}
	return err || !has_gfn ? -EBADMSG : 0;
}

static int add_loop(struct loops *ls, char *rest)
{
	struct loop l = { 0 };
	void *more;
	int err;

	err = parse_loop(&l, rest);
	if (err)
		return err;
	more = realloc(ls->loop, (ls->nr + 1) * sizeof(l));
	if (!more)
		return -ENOMEM;
	ls->loop = more;
	ls->loop[ls->nr++] = l;
	return 0;
}

static int add_page(struct loops *ls, char *rest)
{
	struct loop_page p = { 0 };
	struct loop *l;
	void *more;
	int err;

	if (!ls->nr)
		return -EBADMSG;
	err = parse_page(&p, rest);
	if (err)
		return err;
	l = &ls->loop[ls->nr - 1];
	more = realloc(l->page, (l->nr + 1) * sizeof(p));
	if (!more)
		return -ENOMEM;
	l->page = more;
	l->page[l->nr++] = p;
	return 0;
}

/**
 * loops_check_last() - is the last record whole?
 * @ls: the records
 *
 * Return: 0; -EBADMSG where it has other pages than it says.
 */
int loops_check_last(const struct loops *ls)
{
	const struct loop *l;

	if (!ls->nr)
		return 0;
	l = &ls->loop[ls->nr - 1];
	return l->truncated ? (l->nr > l->nr_pages ? -EBADMSG : 0) :
			      (l->nr != l->nr_pages ? -EBADMSG : 0);
}

/**
 * loops_add_line() - take in one line of a "loops" file
 * @ls: the records
 * @line: the line, without its end; taken to pieces
 *
 * Return: 0; -EBADMSG for a line, or a record that ends before it, that is not
 * right; -ENOMEM.
 */
int loops_add_line(struct loops *ls, char *line)
{
	int err;

	if (first_word_is(line, "page"))
		return add_page(ls, line + strlen("page"));
	if (!first_word_is(line, "loop"))
		return 0;
	err = loops_check_last(ls);
	return err ? err : add_loop(ls, line + strlen("loop"));
}

/**
 * loops_parse() - take in a "loops" file
 * @ls: the records, for loops_free() in any case
 * @text: the file; taken to pieces
 * @bad_line: where to put the number, from 1, of the line that is not right
 *
 * Return: 0, -EBADMSG, -ENOMEM.
 */
int loops_parse(struct loops *ls, char *text, unsigned int *bad_line)
{
	char *line;
	int err;

	ls->nr = 0;
	ls->loop = NULL;
	*bad_line = 0;
	while ((line = field_line(&text))) {
		++*bad_line;
		err = loops_add_line(ls, line);
		if (err)
			return err;
	}
	return loops_check_last(ls);
}

/**
 * loops_free() - drop records
 * @ls: the records; none afterwards
 */
void loops_free(struct loops *ls)
{
	size_t i;

	for (i = 0; i < ls->nr; i++) {
		free(ls->loop[i].page);
		free(ls->loop[i].walk);
	}
	free(ls->loop);
	ls->loop = NULL;
	ls->nr = 0;
}
