// SPDX-License-Identifier: GPL-2.0-only
/* Values of knobs as users write them; uapi/nptbudget.h says how. */
#include <linux/kernel.h>
#include <linux/string.h>
#include <nptbudget.h>

#include "set/policy.h"
#include "ui/parse.h"

static const char *const on_loop_names[] = NPTB_ON_LOOP_NAMES;
static_assert(ARRAY_SIZE(on_loop_names) == NPTB_ON_LOOP_NR);

static const char *const backing_names[] = NPTB_BACKING_NAMES;
static_assert(ARRAY_SIZE(backing_names) == NPTB_BACKING_NR);

/* The place of a name in a list. Return: 0, or -EINVAL where it is not in it. */
static int parse_name(const char *text, const char *const names[], size_t nr, u32 *place)
{
	int found = match_string(names, nr, text);

	if (found < 0)
		return -EINVAL;
	*place = found;
	return 0;
}

/* The name of a mode of backing, as users write it. */
const char *nptb_backing_name(u32 backing)
{
	return backing_names[backing];
}

/**
 * nptb_parse_backing() - read what becomes of pages that are evicted
 * @text: one of NPTB_BACKING_NAMES
 * @backing: enum nptb_backing_mode
 *
 * Return: 0, or -EINVAL where it is none of them.
 */
int nptb_parse_backing(const char *text, u32 *backing)
{
	return parse_name(text, backing_names, NPTB_BACKING_NR, backing);
}

/* The name of a mode, as users write it. */
const char *nptb_on_loop_name(u32 on_loop)
{
	return on_loop_names[on_loop];
}

/**
 * nptb_parse_budget() - read a budget as users write it
 * @text: "off" or a decimal number
 * @budget: pages, or 0 for off
 *
 * Return: 0, -EINVAL for what is no number, -ERANGE for one out of range.
 */
int nptb_parse_budget(const char *text, u64 *budget)
{
	u64 pages;
	int ret;

	if (!strcmp(text, "off")) {
		*budget = 0;
		return 0;
	}
	/* kstrtoull() would take a sign before, and a newline behind. */
	if (text[strspn(text, "0123456789")])
		return -EINVAL;
	ret = kstrtoull(text, 10, &pages);
	if (ret)
		return ret;
	if (pages < NPTB_BUDGET_MIN || pages > NPTB_BUDGET_MAX)
		return -ERANGE;
	*budget = pages;
	return 0;
}

/* A decimal number, and nothing else: kstrtouint() would take a sign. */
static int parse_number(const char *text, u32 min, u32 max, u32 *number)
{
	u32 value;
	int ret;

	if (text[strspn(text, "0123456789")])
		return -EINVAL;
	ret = kstrtouint(text, 10, &value);
	if (ret)
		return ret;
	if (value < min || value > max)
		return -ERANGE;
	*number = value;
	return 0;
}

/**
 * nptb_parse_lend_max() - read how many pages may be lent
 * @text: decimal number
 * @lend_max: pages
 *
 * Return: 0, -EINVAL for what is no number, -ERANGE for one out of range.
 */
int nptb_parse_lend_max(const char *text, u32 *lend_max)
{
	return parse_number(text, NPTB_LEND_MAX_MIN, NPTB_LEND_MAX_MAX,
			    lend_max);
}

/**
 * nptb_parse_burst() - read how many instructions to emulate in one go
 * @text: decimal number
 * @burst: instructions
 *
 * Return: 0, -EINVAL for what is no number, -ERANGE for one out of range.
 */
int nptb_parse_burst(const char *text, u32 *burst)
{
	return parse_number(text, NPTB_BURST_MIN, NPTB_BURST_MAX, burst);
}

/**
 * nptb_parse_batch() - read how many pages may go for one fault
 * @text: decimal number
 * @batch: pages
 *
 * Return: 0, -EINVAL for what is no number, -ERANGE for one out of range.
 */
int nptb_parse_batch(const char *text, u32 *batch)
{
	return parse_number(text, NPTB_BATCH_MIN, NPTB_BATCH_MAX, batch);
}

/**
 * nptb_parse_seed() - read a seed
 * @text: a decimal number
 * @seed: the number
 *
 * Return: 0, -EINVAL for what is no number, -ERANGE for one beyond 64 bits.
 */
int nptb_parse_seed(const char *text, u64 *seed)
{
	if (text[strspn(text, "0123456789")])
		return -EINVAL;
	return kstrtoull(text, 10, seed);
}

/**
 * nptb_parse_switch() - read what is on or off
 * @text: "on" or "off"
 * @on: which
 *
 * Return: 0, or -EINVAL where it is neither.
 */
int nptb_parse_switch(const char *text, bool *on)
{
	*on = !strcmp(text, "on");
	return *on || !strcmp(text, "off") ? 0 : -EINVAL;
}

/**
 * nptb_parse_policy() - read the name of a policy
 * @text: the name
 * @ops: the policy
 *
 * Return: 0, or -EINVAL where there is none of that name.
 */
int nptb_parse_policy(const char *text, const struct nptb_policy_ops **ops)
{
	const struct nptb_policy_ops *found = nptb_policy_find(text);

	if (!found)
		return -EINVAL;
	*ops = found;
	return 0;
}

/**
 * nptb_parse_on_loop() - read what to do on a fault loop
 * @text: one of NPTB_ON_LOOP_NAMES
 * @on_loop: enum nptb_on_loop
 *
 * Return: 0, or -EINVAL where it is none of them.
 */
int nptb_parse_on_loop(const char *text, u32 *on_loop)
{
	return parse_name(text, on_loop_names, NPTB_ON_LOOP_NR, on_loop);
}

static int parse_frame(const char *text, u64 *frame)
{
	bool hex = !strncmp(text, "0x", 2);
	int ret;

	if (hex)
		text += 2;
	if (text[strspn(text, hex ? "0123456789abcdefABCDEF" : "0123456789")])
		return -EINVAL;
	ret = kstrtoull(text, hex ? 16 : 10, frame);
	if (ret)
		return ret;
	return *frame > NPTB_GFN_MAX ? -ERANGE : 0;
}

/**
 * nptb_parse_range() - read a range of guest frames
 * @text: one frame, or the first and the last with a '-' between; is cut up
 * @first: the first frame
 * @last: the last frame
 *
 * Return: 0, -EINVAL for what is no range, -ERANGE for frames that no guest has.
 */
int nptb_parse_range(char *text, u64 *first, u64 *last)
{
	char *begin = strsep(&text, "-");
	int ret;

	ret = parse_frame(begin, first);
	if (!ret)
		ret = parse_frame(text ?: begin, last);
	if (ret)
		return ret;
	return *first > *last ? -EINVAL : 0;
}
