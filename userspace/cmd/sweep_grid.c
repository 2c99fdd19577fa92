// SPDX-License-Identifier: GPL-2.0-only
/* Budgets and policies of a sweep, and which of its runs are this shard's. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <nptbudget.h>
#include "base/fields.h"
#include "base/util.h"
#include "cmd/sweep.h"

static int by_most(const void *a, const void *b)
{
	const unsigned long long *x = a, *y = b;

	return (*x < *y) - (*x > *y);
}

static int add_pages(struct sweep_grid *g, unsigned long long pages)
{
	size_t i;

	if (pages < NPTB_BUDGET_MIN || pages > NPTB_BUDGET_MAX)
		return -ERANGE;
	for (i = 0; i < g->nr_pages; i++)
		if (g->pages[i] == pages)
			return 0;
	if (g->nr_pages == SWEEP_PAGES_MAX)
		return -E2BIG;
	g->pages[g->nr_pages++] = pages;
	return 0;
}

/* LO:HI:STEPS, each as many times the one before. */
static int add_steps(struct sweep_grid *g, char *text)
{
	unsigned long long low, high, steps, i;
	char *second = strchr(text, ':'), *third;
	int err = 0;

	*second++ = '\0';
	third = strchr(second, ':');
	if (!third)
		return -EINVAL;
	*third++ = '\0';
	if (field_u64(text, &low) || field_u64(second, &high) || field_u64(third, &steps))
		return -EINVAL;
	if (!low || high < low || steps < 2 || steps > SWEEP_PAGES_MAX)
		return -ERANGE;
	for (i = 0; i < steps && !err; i++)
		err = add_pages(g, (unsigned long long)llround((double)low *
			pow((double)high / (double)low, (double)i / (double)(steps - 1))));
	return err;
}

/**
 * sweep_take_pages() - read the budgets
 * @g: where to put them, most first
 * @arg: numbers with commas between, or LO:HI:STEPS
 *
 * Return: 0; -EINVAL, -ERANGE, -E2BIG for what is not understood, out of range, or
 * too many; -ENOMEM.
 */
int sweep_take_pages(struct sweep_grid *g, const char *arg)
{
	char *text = strdup(arg), *rest = text, *word;
	unsigned long long pages;
	int err = text ? 0 : -ENOMEM;

	g->nr_pages = 0;
	while (!err && (word = strsep(&rest, ","))) {
		if (strchr(word, ':'))
			err = add_steps(g, word);
		else
			err = field_u64(word, &pages) ? -EINVAL : add_pages(g, pages);
	}
	free(text);
	qsort(g->pages, g->nr_pages, sizeof(*g->pages), by_most);
	return err;
}

/**
 * sweep_take_policies() - read the policies
 * @g: where to put them
 * @arg: names with commas between
 *
 * Return: as sweep_take_pages().
 */
int sweep_take_policies(struct sweep_grid *g, const char *arg)
{
	char *text = strdup(arg), *rest = text, *word;
	int err = text ? 0 : -ENOMEM;
	size_t i;

	g->nr_policies = 0;
	while (!err && (word = strsep(&rest, ","))) {
		for (i = 0; i < g->nr_policies && strcmp(g->policy[i], word); i++)
			;
		if (!*word || strlen(word) >= NPTB_POLICY_NAME_MAX || i < g->nr_policies ||
		    word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_-")])
			err = -EINVAL;
		else if (g->nr_policies == SWEEP_POLICIES_MAX)
			err = -E2BIG;
		else
			strscpy(g->policy[g->nr_policies++], word, sizeof(g->policy[0]));
	}
	free(text);
	return err;
}

/**
 * sweep_take_shard() - read which part is this one's
 * @g: where to put it
 * @arg: K/N, K from 1 to N
 *
 * Return: 0; -EINVAL.
 */
int sweep_take_shard(struct sweep_grid *g, const char *arg)
{
	char text[48], *slash;

	if (strscpy(text, arg, sizeof(text)) < 0)
		return -EINVAL;
	slash = strchr(text, '/');
	if (!slash)
		return -EINVAL;
	*slash++ = '\0';
	if (field_u64(text, &g->shard) || field_u64(slash, &g->shards) || !g->shard ||
	    g->shard > g->shards)
		return -EINVAL;
	g->shard--;
	return 0;
}

/**
 * sweep_jobs() - runs of all shards
 * @g: what is to be run
 */
size_t sweep_jobs(const struct sweep_grid *g)
{
	return (size_t)g->repeat * (1 + g->nr_pages * g->nr_policies);
}

/**
 * sweep_job() - one of the runs
 * @g: what is to be run
 * @nr: which, from 0; those without a budget are first, then most pages
 * @job: where to put it
 *
 * Return: whether it is this shard's. Those without a budget are everybody's, since
 * machines differ.
 */
bool sweep_job(const struct sweep_grid *g, size_t nr, struct sweep_job *job)
{
	size_t place = nr / g->repeat;

	job->repeat = nr % g->repeat;
	job->pages = 0;
	job->policy = g->policy[0];
	if (!place--)
		return true;
	job->pages = g->pages[place / g->nr_policies];
	job->policy = g->policy[place % g->nr_policies];
	return nr % g->shards == g->shard;
}
