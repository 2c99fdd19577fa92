// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "needs.h"

#define TERMS	16

/* One term of a formula. */
struct term {
	enum probe_part part;
	uint32_t role;
	unsigned int most;	/* pages at the same time; 0: all */
	unsigned int from;	/* the first of those looked at now */
};

/**
 * probe_formula() - the formula of a case in a mode
 * @l: the case in the mode
 *
 * Return: the one for this host, or for this kind of mode, else the general one.
 */
const char *probe_formula(const struct probe_layout *l)
{
	const struct probe_case *c = l->c;
	const char *own = l->m->bits == 16 ? c->needs_real :
			  l->m->bits == 32 ? c->needs_prot : c->needs_long;

	if (l->paging.pdptes && c->needs_pdptes)
		return c->needs_pdptes;
	if (l->paging.restricted && l->m->small && c->needs_v86)
		return c->needs_v86;
	return own ? own : c->needs;
}

static uint32_t usual_role(enum probe_part part)
{
	switch (part) {
	case P_CODE:
	case P_HANDLER:
	case P_TARGET:
		return NPTB_ROLE_FETCH;
	case P_STACK:
	case P_STACK0:
		return NPTB_ROLE_WRITE;
	default:
		return NPTB_ROLE_READ;
	}
}

static enum probe_part part_named(const char *name, size_t len)
{
	unsigned int p;

	for (p = 1; p < P_NR; p++)
		if (strlen(probe_part_names[p]) == len &&
		    !strncmp(probe_part_names[p], name, len))
			return p;
	return P_NONE;
}

static uint32_t role_named(char letter)
{
	switch (letter) {
	case 'f':
		return NPTB_ROLE_FETCH;
	case 'r':
		return NPTB_ROLE_READ;
	case 'w':
		return NPTB_ROLE_WRITE;
	case 'm':
		return NPTB_ROLE_READ | NPTB_ROLE_WRITE;
	case 't':
		return NPTB_ROLE_TABLE;
	default:
		return 0;
	}
}

static int parse_term(const char **text, struct term *t)
{
	const char *at = *text, *end;

	while (*at == ' ')
		at++;
	for (end = at; isalnum((unsigned char)*end); end++)
		;
	t->part = part_named(at, (size_t)(end - at));
	if (t->part == P_NONE)
		return -EINVAL;
	t->role = usual_role(t->part);
	t->most = 0;
	t->from = 0;
	while (*end == ':' || *end == '/') {
		if (*end++ == '/') {
			t->most = (unsigned int)strtoul(end, (char **)&end, 10);
			continue;
		}
		t->role = role_named(*end++);
		if (!t->role)
			return -EINVAL;
	}
	while (*end == ' ')
		end++;
	*text = end;
	return 0;
}

static void add(struct probe_need *need, uint64_t gpa, uint32_t role)
{
	unsigned int i;

	for (i = 0; i < need->n; i++)
		if (need->gpa[i] == gpa)
			return;
	need->gpa[need->n] = gpa;
	need->role[need->n++] = role;
}

/* By a walk of KVM's own table to each page, as long as the guest has none. */
static bool maps_identity(const struct probe_layout *l, const struct probe_need *need)
{
	return l->paging.restricted && !l->paging.shadow && !need->paged;
}

/* PAE's root is no table where the CPU keeps its four entries. */
static bool is_kept(const struct probe_layout *l, unsigned int level)
{
	return l->paging.pdptes && l->m->bits == 32 && l->m->levels[level].shift == 30;
}

/* A walk to a page goes from the root down; then the page itself. */
static void add_page(const struct probe_layout *l, struct probe_need *need, uint64_t lin,
		     uint32_t role)
{
	unsigned int level;

	if (!l->m->nlevels && maps_identity(l, need))
		add(need, PROBE_KVM_IDENTITY, NPTB_ROLE_TABLE);
	for (level = 0; level < l->m->nlevels && !l->paging.shadow; level++)
		if (!is_kept(l, level))
			add(need, probe_table_at(l, level, lin)->gpa, NPTB_ROLE_TABLE);
	add(need, probe_page_at(l, lin)->gpa, role);
}

/* A page of KVM's own, which the CPU uses on the guest's behalf. */
static void add_own(const struct probe_layout *l, struct probe_need *need, uint64_t gpa,
		    uint32_t role)
{
	if (maps_identity(l, need))
		add(need, PROBE_KVM_IDENTITY, NPTB_ROLE_TABLE);
	add(need, gpa, role);
}

static unsigned int pages_of(const struct probe_range *r)
{
	return (unsigned int)((r->lin % PROBE_PAGE + r->size + PROBE_PAGE - 1) / PROBE_PAGE);
}

static void add_term(const struct probe_layout *l, struct probe_need *need,
		     const struct term *t)
{
	const struct probe_range *r = &l->part[t->part];
	unsigned int first = t->most ? t->from : 0;
	unsigned int n = t->most ? t->most : pages_of(r), i;

	if (t->part == P_KVM_TSS)
		add_own(l, need, PROBE_KVM_TSS, t->role);
	/* KVM walks the guest's tables itself, by their host addresses. */
	if (!r->size || (l->paging.shadow && t->role == NPTB_ROLE_TABLE))
		return;
	for (i = first; i < first + n && i < pages_of(r); i++)
		add_page(l, need, (r->lin & ~(uint64_t)(PROBE_PAGE - 1)) + i * PROBE_PAGE, t->role);
}

/* The next choice of pages for terms that need not all; false after the last. */
static bool next_choice(const struct probe_layout *l, struct term *t, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (!t[i].most)
			continue;
		if (++t[i].from + t[i].most <= pages_of(&l->part[t[i].part]))
			return true;
		t[i].from = 0;
	}
	return false;
}

static void try_terms(const struct probe_layout *l, struct term *t, unsigned int n,
		      struct probe_need *most)
{
	struct probe_need need;
	unsigned int i;

	do {
		need.n = 0;
		need.paged = false;
		for (i = 0; i < n; i++)
			need.paged |= t[i].role == NPTB_ROLE_TABLE;
		for (i = 0; i < n; i++)
			add_term(l, &need, &t[i]);
		if (l->c->loads_cr3 && l->m->nlevels && is_kept(l, 0))
			add(&need, l->cr3, NPTB_ROLE_TABLE);
		if (need.n > most->n)
			*most = need;
	} while (next_choice(l, t, n));
}

/**
 * probe_predict() - the pages that a case needs at the same time
 * @l: the case in a mode
 * @need: the pages
 *
 * Return: 0, or -EINVAL where the formula cannot be read.
 */
int probe_predict(const struct probe_layout *l, struct probe_need *need)
{
	const char *text = probe_formula(l);
	struct term t[TERMS];
	unsigned int n = 0;

	need->n = 0;
	if (!text)
		return -EINVAL;
	if (l->paging.restricted && l->m->bits == 16 && !l->m->small)
		return 0;
	for (;;) {
		if (n == TERMS || parse_term(&text, &t[n]))
			return -EINVAL;
		n++;
		if (*text == '+') {
			text++;
			continue;
		}
		try_terms(l, t, n, need);
		n = 0;
		if (!*text)
			return 0;
		if (*text++ != '|')
			return -EINVAL;
	}
}

/**
 * probe_need_roles() - count pages by role
 * @need: the pages
 * @roles: how many of each role
 */
void probe_need_roles(const struct probe_need *need, struct probe_roles *roles)
{
	unsigned int i;

	memset(roles, 0, sizeof(*roles));
	roles->pages = need->n;
	for (i = 0; i < need->n; i++)
		roles->of[need->role[i] % PROBE_ROLES]++;
}

/**
 * probe_roles_text() - pages by role, for people and for comparing
 * @roles: the pages
 * @buf: for the text
 * @size: of it
 *
 * Return: @buf: "1F 2R 1RW 4T", with F fetch, R read, W write, T table.
 */
const char *probe_roles_text(const struct probe_roles *roles, char *buf, size_t size)
{
	static const char letters[NPTB_ROLE_NR + 1] = "FRWT";
	unsigned int i, r;
	size_t len = 0;

	buf[0] = '\0';
	for (i = 1; i < PROBE_ROLES; i++) {
		if (!roles->of[i] || len + 16 > size)
			continue;
		len += (size_t)snprintf(buf + len, size - len, "%s%u", len ? " " : "",
					roles->of[i]);
		for (r = 0; r < NPTB_ROLE_NR; r++)
			if (i & (1U << r))
				buf[len++] = letters[r];
		buf[len] = '\0';
	}
	return buf;
}
