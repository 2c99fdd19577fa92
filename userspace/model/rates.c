// SPDX-License-Identifier: GPL-2.0-only
/*
 * A refresh reads one file, whatever the number of VMs, and looks into /proc for VMs
 * that are new. The module lists VMs in the order of their creation, so old and new
 * lists are compared side by side in one pass.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "base/util.h"
#include "model/rates.h"

static void look_up(struct rates *r, struct rates_row *row)
{
	struct vm_name name;

	r->looked_up++;
	row->faults = -1;
	row->evictions = -1;
	strscpy(row->label, "-", sizeof(row->label));
	if (vm_name_parse(row->vm->name, &name))
		return;
	row->tgid = vm_tgid(name.tid);
	if (vm_label(row->tgid, row->label))
		vm_comm(name.tid, row->label);
}

static double rate(const struct overview_vm *now, const struct overview_vm *before,
		   enum overview_number number, double seconds)
{
	if (seconds <= 0 || now->number[number] < before->number[number])
		return -1;
	return (double)(now->number[number] - before->number[number]) / seconds;
}

static void carry_on(struct rates_row *row, const struct rates_row *before, double seconds)
{
	row->tgid = before->tgid;
	memcpy(row->label, before->label, sizeof(row->label));
	row->faults = rate(row->vm, before->vm, OVERVIEW_FAULTS, seconds);
	row->evictions = rate(row->vm, before->vm, OVERVIEW_EVICTIONS, seconds);
}

/**
 * rates_refresh() - read all VMs anew
 * @r: the VMs, zeroed at first; as they were where this fails
 * @ns: now
 *
 * Rows are in the order of creation afterwards: sort them.
 *
 * Return: 0; as overview_read(); -ENOMEM.
 */
int rates_refresh(struct rates *r, uint64_t ns)
{
	double seconds = (double)(ns - r->ns) / 1e9;
	struct rates_row *row, *plain;
	struct overview now;
	size_t i, j = 0, k;
	int err;

	err = overview_read(&now);
	if (err)
		return err;
	row = calloc(now.nr + 1, sizeof(*row));
	plain = calloc(now.nr + 1, sizeof(*plain));
	if (!row || !plain) {
		free(row);
		free(plain);
		overview_free(&now);
		return -ENOMEM;
	}
	for (i = 0; i < now.nr; i++) {
		plain[i].vm = &now.vm[i];
		for (k = j; k < r->now.nr && strcmp(r->plain[k].vm->name, now.vm[i].name); k++)
			;
		if (k < r->now.nr) {
			carry_on(&plain[i], &r->plain[k], seconds);
			j = k + 1;
		} else {
			look_up(r, &plain[i]);
		}
	}
	memcpy(row, plain, now.nr * sizeof(*row));
	overview_free(&r->now);
	free(r->row);
	free(r->plain);
	r->now = now;
	r->row = row;
	r->plain = plain;
	r->ns = ns;
	return 0;
}

/* "off" is more than any budget. */
static unsigned long long budget_of(const struct rates_row *row)
{
	unsigned long long pages;

	return field_u64(row->vm->budget, &pages) ? ~0ULL : pages;
}

static int order(double a, double b)
{
	return (a > b) - (a < b);
}

static int compare(const struct rates_row *a, const struct rates_row *b, enum rates_key key)
{
	switch (key) {
	case RATES_PID:
		return order(a->tgid, b->tgid);
	case RATES_NAME:
		return strcmp(a->label, b->label);
	case RATES_VCPUS:
		return order((double)a->vm->number[OVERVIEW_VCPUS],
			     (double)b->vm->number[OVERVIEW_VCPUS]);
	case RATES_BUDGET:
		return order((double)budget_of(a), (double)budget_of(b));
	case RATES_RESIDENT:
		return order((double)a->vm->number[OVERVIEW_RESIDENT],
			     (double)b->vm->number[OVERVIEW_RESIDENT]);
	case RATES_FAULTS:
		return order(a->faults, b->faults);
	case RATES_EVICTIONS:
		return order(a->evictions, b->evictions);
	case RATES_LOOPS:
		return order((double)a->vm->number[OVERVIEW_LOOPS],
			     (double)b->vm->number[OVERVIEW_LOOPS]);
	default:
		return 0;
	}
}

/* qsort_r()'s last argument. */
struct sorting {
	enum rates_key key;
	bool reverse;
};

/* Equal ones stay in the order of creation, which is that of their addresses. */
static int by_key(const void *x, const void *y, void *data)
{
	const struct rates_row *a = x, *b = y;
	const struct sorting *s = data;
	int d = compare(a, b, s->key);

	if (!d)
		d = (a->vm > b->vm) - (a->vm < b->vm);
	return s->reverse ? -d : d;
}

/**
 * rates_sort() - bring the rows in order
 * @r: the VMs
 * @key: what to sort by, least first
 * @reverse: most first
 */
void rates_sort(struct rates *r, enum rates_key key, bool reverse)
{
	struct sorting s = { key, reverse };

	if (r->now.nr)
		qsort_r(r->row, r->now.nr, sizeof(*r->row), by_key, &s);
}

/**
 * rates_free() - drop all VMs
 * @r: the VMs; none afterwards
 */
void rates_free(struct rates *r)
{
	overview_free(&r->now);
	free(r->row);
	free(r->plain);
	r->row = NULL;
	r->plain = NULL;
}
