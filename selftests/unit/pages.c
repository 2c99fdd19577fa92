// SPDX-License-Identifier: GPL-2.0-only
/* Tables of pages; see pages.h. */
#include "unit.h"

#include "pages.h"

static struct nptb_page *new_slots(u32 nr)
{
	struct nptb_page *slots = malloc(nr * sizeof(*slots));

	memset(slots, 0xa5, nr * sizeof(*slots));
	return slots;
}

static u32 *new_stamps(u32 nr)
{
	u32 *stamps = malloc(nr * sizeof(*stamps));

	memset(stamps, 0xa5, nr * sizeof(*stamps));
	return stamps;
}

void unit_set_init(struct nptb_rset *set, u32 bits, u32 nr)
{
	memset(set, 0xa5, sizeof(*set));
	nr += NPTB_SLOTS_FIXED;
	nptb_rset_init(set, calloc(1u << bits, sizeof(*set->heads)), bits, UNIT_MULTIPLIER,
		       new_slots(nr), new_stamps(nr), nr);
}

static void free_table(struct nptb_table *table)
{
	free(table->slots);
	free(table->stamps);
}

void unit_set_exit(struct nptb_rset *set)
{
	free(set->old);
	free(set->heads);
	free_table(&set->policy.table);
}

void unit_set_grow(struct nptb_rset *set, u32 more)
{
	struct nptb_table old = set->policy.table;
	u32 had = old.end / NPTB_SLOT;
	struct nptb_page *slots = new_slots(had + more);
	u32 *stamps = new_stamps(had + more);

	memcpy(slots, old.slots, had * sizeof(*slots));
	memcpy(stamps, old.stamps, had * sizeof(*stamps));
	nptb_table_grow(&set->policy.table, slots, stamps, had + more);
	free_table(&old);
}

struct nptb_page *unit_pages(struct nptb_policy *policy, u32 nr)
{
	struct nptb_table *table = &policy->table;
	u32 i;

	nr += NPTB_SLOTS_FIXED;
	nptb_table_init(table, new_slots(nr), new_stamps(nr), nr);
	table->fresh = table->end;
	for (i = NPTB_SLOTS_FIXED; i < nr; i++)
		table->slots[i].word = (u64)(i - NPTB_SLOTS_FIXED) << NPTB_KEY_SHIFT;
	return &table->slots[NPTB_SLOTS_FIXED];
}

void unit_pages_free(struct nptb_policy *policy)
{
	free_table(&policy->table);
}

unsigned long unit_drain(struct nptb_rset *set)
{
	u64 at = NPTB_WALK_BEGIN;
	unsigned long n = 0;

	while (at < NPTB_WALK_END)
		n += nptb_rset_drain(set, &at, 1);
	return n;
}

u32 unit_ring(const struct nptb_table *table, u32 head, u64 *keys, u32 most)
{
	struct nptb_page *slots = table->slots;
	u32 prev = head, at = nptb_at(slots, head)->next, n = 0;

	while (at != head) {
		assert_int_equal(at % NPTB_SLOT, 0);
		assert_in_range(at, NPTB_SLOT_FIRST, table->end - NPTB_SLOT);
		assert_int_equal(nptb_at(slots, at)->prev, prev);
		assert_true(n < most);
		keys[n++] = nptb_page_key(nptb_at(slots, at));
		prev = at;
		at = nptb_at(slots, at)->next;
	}
	assert_int_equal(nptb_at(slots, head)->prev, prev);
	return n;
}
