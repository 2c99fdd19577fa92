// SPDX-License-Identifier: GPL-2.0-only
/* module/set/rset.c: the resident set and the budget's arithmetic. */
#include "unit.h"

#include <nptbudget.h>

#include "set/room.h"
#include "pages.h"
#include "script.h"

static const struct unit_script shields[] = {
	{ "empty", "n0 = 0= 1= ?- 0?- 0. ?-" },
	{ "given: shielded, no victim", "0a n1 0=a = ?- n1" },
	{ "settled: charged", "0a 0. n1 0= =a ?a n0 ?-" },
	{ "settled in the order of giving", "0c 0a 0b 0=cab 0. =cab" },
	{ "settled behind what is charged", "0b 0. 0a 0. =ba" },
	{ "settling forgets nobody", "0a 0b 0c 0d 0. =abcd 0= n4" },
	{ "settling twice", "0a 0. 0. =a n1" },
	{ "settling one leaves the other", "0a 1b 0. =a 1=b ?a ?- 1. ?b ?-" },
	{ "victims are unshielded ones first", "0a 0. 0b ?a ?- 0=b" },
	{ "given again: newest of the shield", "0a 0b 0c 0a 0=bca n3" },
	{ "given again, alone", "0a 0a 0a 0=a n1 0. =a" },
	{ "given again, charged: shielded", "0a 0b 0. 0a 0=a =b n2 ?b ?- 0?a" },
	{ "given to another: his", "0a 0b 1a 0=b 1=a n2 0. =b ?b ?- 1?a" },
	{ "and back", "0a 1a 0a 0=a 1= n1" },
	{ "own victim: given first", "0a 0b 0c 0?a 0?b 0?c 0?- n0" },
	{ "own victim: only own", "0a 1b 1?b 1?- 0=a n1" },
	{ "own victim: not charged ones", "0a 0. 0?- =a" },
	{ "own victim: after given again", "0a 0b 0a 0?b 0?a" },
	{ "taken while charged", "0a 0b 0. xa =b n1 ?b" },
	{ "taken while shielded", "0a 0b 1c xa 0=b 1=c n2 xc 1= n1" },
	{ "no memory: stays out", "0_a n0 0= 0. ?-" },
	{ "no memory, but known", "0a 0b 0_a 0=ba n2 0. 1_b 1=b =a" },
	{ "charged at once", "+a +b n2 =ab ?a ?b ?-" },
	{ "charged at once, behind others", "0a 0. +b 0c 0. =abc" },
	{ "charged at once, charged: stays", "+a +b +a =ab n2" },
	{ "charged at once, shielded: stays", "0a 0b +a 0=ab = n2" },
	{ "charged at once, then given", "+a +b 0a =b 0=a n2 0. =ba" },
	{ "comes back as new", "0a 0. ?a 0a n1 0=a 0. ?a" },
};

static void test_shields(void **state)
{
	(void)state;
	unit_scripts("fifo", shields, ARRAY_SIZE(shields));
	/* Nothing accessed: clock is fifo. */
	unit_scripts("clock", shields, ARRAY_SIZE(shields));
}

static const struct unit_script rehashes[] = {
	{ "empty", "#0 #3 n0 ?-" },
	{ "grow and shrink", "0a 0b 0c 0d 0e 0. #7 =abcde n5 #0 =abcde n5 xc xa xe ?b ?d ?-" },
	{ "to the same", "0a 0b 0. #6 #6 xa xb n0" },
	{ "shielded pages move, too", "0a 1b #5 0=a 1=b xa xb n0" },
	{ "with a charge after it", "0a 0. #2 0b 0. =ab ?a ?b" },
};

static void test_rehash(void **state)
{
	(void)state;
	unit_scripts("fifo", rehashes, ARRAY_SIZE(rehashes));
}

/*
 * Many keys on @bits: each is found, no other is; then they go, so that holes
 * come at the front, in the middle and at the end of chains.
 */
static void chains(u32 bits, u64 count)
{
	/* Both address spaces, and frames up to the largest. */
	u64 last = nptb_key(1, (1ULL << NPTB_KEY_AS_SHIFT) - 1);
	u64 *keys = calloc(count, sizeof(*keys));
	struct nptb_shield shield;
	struct nptb_rset set;
	u64 i;

	unit_set_init(&set, bits, count + 1);
	nptb_policy_init(&set.policy, &nptb_policy_fifo, NULL, NULL);
	assert_true(nptb_rset_new_shield(&set, &shield));
	for (i = 0; i < count; i++) {
		struct nptb_page *page;

		keys[i] = i ? nptb_key(i & 1, (i << 28) ^ i) : last;
		assert_null(nptb_rset_find(&set, keys[i]));
		assert_true(nptb_rset_give(&set, keys[i], true, &shield));
		page = nptb_rset_find(&set, keys[i]);
		assert_int_equal(nptb_page_key(page), keys[i]);
		assert_int_equal(nptb_page_leaves(page), 1);
		assert_int_equal(nptb_rset_slots_left(&set), count - i - 1);
	}
	assert_ptr_equal(nptb_rset_shield_of(&set, nptb_rset_find(&set, keys[count / 2])), &shield);
	assert_int_equal(set.count, count);
	assert_null(nptb_rset_find(&set, ~0ULL));
	for (i = 0; i < count; i++) {
		u64 key = keys[i * 7 % count];

		nptb_rset_take(&set, nptb_rset_find(&set, key));
		assert_null(nptb_rset_find(&set, key));
		assert_int_equal(set.count, count - i - 1);
		assert_int_equal(shield.count, count - i - 1);
		if (i + 1 < count)
			assert_non_null(nptb_rset_find(&set, keys[(i + 1) * 7 % count]));
	}
	for (i = 0; i < 1u << bits; i++)
		assert_int_equal(set.heads[i], NPTB_SLOT_NONE);
	unit_set_exit(&set);
	free(keys);
}

static void test_chains(void **state)
{
	static const u32 bits[] = { 0, 1, 2, 6, 12 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		chains(bits[i], 1);
		chains(bits[i], 2);
		chains(bits[i], 600);
	}
}

static u32 longest_chain(struct nptb_rset *set, u64 stride, u64 multiplier)
{
	u32 longest = 0, length, slot;
	size_t i;

	set->multiplier = multiplier | 1;
	for (i = 0; i < 256; i++)
		nptb_rset_charge(set, i * stride, true);
	for (i = 0; i < 256; i++) {
		length = 0;
		for (slot = set->heads[i]; slot; length++)
			slot = nptb_at(set->policy.table.slots, slot)->chain;
		if (length > longest)
			longest = length;
	}
	assert_int_equal(unit_drain(set), 256);
	return longest;
}

/*
 * The hash must spread what guests touch, a run of frames and a stride, whatever
 * multiplier the dice give: dice of this test's own here, the same each time.
 */
static void test_spread(void **state)
{
	static const u64 strides[] = { 1, 2, 3, 512, 4096, 262144 };
	u64 multiplier = UNIT_MULTIPLIER;
	struct nptb_rset set;
	size_t i, j;

	(void)state;
	unit_set_init(&set, 8, 256);
	nptb_policy_init(&set.policy, &nptb_policy_fifo, NULL, NULL);
	for (i = 0; i < 2000; i++) {
		for (j = 0; j < ARRAY_SIZE(strides); j++)
			assert_in_range(longest_chain(&set, strides[j], multiplier),
					1, 12);
		multiplier ^= multiplier << 13;
		multiplier ^= multiplier >> 7;
		multiplier ^= multiplier << 17;
	}
	unit_set_exit(&set);
}

static u64 leaves_asked(void *ctx, u64 key)
{
	(void)key;
	++*(u32 *)ctx;
	return 1;
}

/* No step does more than it was told, but for the rest of one chain. */
static void test_steps_are_bounded(void **state)
{
	const u32 pages = 512;
	u64 at = NPTB_WALK_BEGIN, i, n = 0;
	struct nptb_rset set;
	u32 asked, steps = 0, *old = NULL, *small;

	(void)state;
	unit_set_init(&set, 4, pages);
	nptb_policy_init(&set.policy, &nptb_policy_fifo, NULL, NULL);
	for (i = 0; i < pages; i++)
		nptb_rset_charge(&set, i, true);
	small = set.heads;
	nptb_rset_begin_rehash(&set, calloc(1024, sizeof(*small)), 10);
	while (!old) {
		u32 moved = set.moved;

		old = nptb_rset_rehash_some(&set, 8);
		assert_in_range(set.moved - moved, 1, 8);
		for (i = 0; i < pages; i++)
			assert_int_equal(nptb_page_key(nptb_rset_find(&set, i)), i);
		steps++;
	}
	assert_ptr_equal(old, small);
	free(old);
	assert_in_range(steps, 2, 16);
	for (steps = 0; at < NPTB_WALK_END; steps++) {
		asked = 0;
		assert_int_equal(nptb_rset_reconcile(&set, &at, 8, leaves_asked, &asked), 0);
		assert_in_range(asked, 0, 8 + 12);
		n += asked;
	}
	assert_int_equal(n, pages);
	assert_true(steps > pages / 20);
	unit_set_exit(&set);
}

/* An attempt without end keeps its newest pages; the others may go, in order. */
static void test_bound(void **state)
{
	struct nptb_shield shield;
	struct nptb_rset set;
	u64 i;

	(void)state;
	unit_set_init(&set, 6, NPTB_SHIELD_MAX + 4);
	nptb_policy_init(&set.policy, &nptb_policy_fifo, NULL, NULL);
	assert_true(nptb_rset_new_shield(&set, &shield));
	for (i = 0; i < NPTB_SHIELD_MAX + 3; i++) {
		nptb_rset_give(&set, i, true, &shield);
		nptb_rset_bound(&set, &shield);
		assert_true(shield.count <= NPTB_SHIELD_MAX);
		assert_int_equal(shield.leaves, shield.count);
	}
	assert_int_equal(shield.count, NPTB_SHIELD_MAX);
	assert_int_equal(set.policy.count, 3);
	for (i = 0; i < 3; i++)
		assert_int_equal(nptb_page_key(nptb_rset_victim(&set)), i);
	assert_int_equal(nptb_page_key(nptb_rset_oldest(&set, &shield)), 3);
	unit_set_exit(&set);
}

static void test_drain(void **state)
{
	const u32 pages = 20;
	struct nptb_shield shield;
	struct nptb_rset set;
	u64 at = NPTB_WALK_BEGIN, i, left;

	(void)state;
	unit_set_init(&set, 3, pages + 1);
	nptb_policy_init(&set.policy, &nptb_policy_fifo, NULL, NULL);
	assert_true(nptb_rset_new_shield(&set, &shield));
	assert_int_equal(nptb_rset_drain(&set, &at, 1), 0);
	assert_int_equal(at, NPTB_WALK_END);
	for (i = 0; i < pages; i++)
		nptb_rset_give(&set, i, true, &shield);
	nptb_rset_settle(&set, &shield);
	left = pages;
	for (at = NPTB_WALK_BEGIN; at < NPTB_WALK_END;) {
		u32 found = 0;

		left -= nptb_rset_drain(&set, &at, 3);
		for (i = 0; i < pages; i++)
			found += !!nptb_rset_find(&set, i);
		assert_int_equal(found, left);
		assert_int_equal(set.count, left);
		assert_int_equal(set.leaves, left);
		assert_int_equal(set.policy.count, left);
	}
	assert_int_equal(left, 0);
	for (i = 0; i < 8; i++)
		assert_int_equal(set.heads[i], NPTB_SLOT_NONE);
	unit_set_exit(&set);
}

#define YES	NPTB_ROOM_YES
#define EVICT	NPTB_ROOM_EVICT
#define WAIT	NPTB_ROOM_WAIT
#define MAX	NPTB_BUDGET_MAX

/* A page with several leaves takes them along wherever it goes. */
static void test_leaves(void **state)
{
	struct nptb_shield shield;
	struct nptb_rset set;

	(void)state;
	unit_set_init(&set, 1, 3);
	nptb_policy_init(&set.policy, &nptb_policy_fifo, NULL, NULL);
	assert_true(nptb_rset_new_shield(&set, &shield));
	assert_true(nptb_rset_give(&set, 1, true, &shield));
	assert_true(nptb_rset_charge(&set, 2, true));
	assert_int_equal(set.leaves, 2);
	assert_int_equal(shield.leaves, 1);
	nptb_rset_set_leaves(&set, nptb_rset_find(&set, 1), 5);
	nptb_rset_set_leaves(&set, nptb_rset_find(&set, 2), 3);
	assert_int_equal(set.leaves, 8);
	assert_int_equal(shield.leaves, 5);
	assert_false(nptb_rset_give(&set, 2, false, &shield));
	assert_int_equal(shield.leaves, 8);
	nptb_rset_set_leaves(&set, nptb_rset_find(&set, 2), 1);
	assert_int_equal(shield.leaves, 6);
	assert_int_equal(nptb_page_key(nptb_rset_own_victim(&set, &shield)), 1);
	assert_int_equal(set.leaves, 1);
	assert_int_equal(shield.leaves, 1);
	nptb_rset_settle(&set, &shield);
	assert_int_equal(shield.leaves, 0);
	assert_int_equal(set.leaves, 1);
	assert_int_equal(nptb_page_key(nptb_rset_victim(&set)), 2);
	assert_int_equal(set.leaves, 0);
	assert_int_equal(set.count, 0);
	unit_set_exit(&set);
}

static u64 leaves_now(void *ctx, u64 key)
{
	return ((const u64 *)ctx)[key];
}

/* What has no leaf goes, from shields and policy alike; the rest is counted. */
static void test_follow(void **state)
{
	u64 now[] = { 1, 0, 3, 0, 1, 0, 2, 1 };
	struct nptb_rset set;
	struct nptb_shield shield;
	u64 at = NPTB_WALK_BEGIN, i;
	u32 n = 0;

	(void)state;
	unit_set_init(&set, 1, 9);
	nptb_policy_init(&set.policy, &nptb_policy_fifo, NULL, NULL);
	assert_true(nptb_rset_new_shield(&set, &shield));
	for (i = 0; i < 4; i++)
		assert_true(nptb_rset_give(&set, i, true, &shield));
	for (; i < 8; i++)
		assert_true(nptb_rset_charge(&set, i, true));
	while (at < NPTB_WALK_END)
		n += nptb_rset_reconcile(&set, &at, 1, leaves_now, now);
	assert_int_equal(n, 3);
	assert_int_equal(set.count, 5);
	assert_int_equal(set.leaves, 8);
	assert_int_equal(shield.count, 2);
	assert_int_equal(shield.leaves, 4);
	for (i = 0; i < 8; i++)
		assert_int_equal(!!nptb_rset_find(&set, i), !!now[i]);
	/* In the order that they were in. */
	assert_int_equal(nptb_page_key(nptb_rset_own_victim(&set, &shield)), 0);
	assert_int_equal(nptb_page_key(nptb_rset_victim(&set)), 4);
	assert_int_equal(nptb_page_key(nptb_rset_victim(&set)), 6);
	assert_int_equal(set.leaves, 4);
	unit_set_exit(&set);
}

static const struct {
	const char *name;
	u64 believed, leaves, reserved, need, limit;
	enum nptb_room room;
} rooms[] = {
	{ "first page of 1", 0, 0, 0, 1, 1, YES },
	{ "second page of 1", 1, 1, 0, 1, 1, EVICT },
	{ "another fault has the 1", 0, 0, 1, 1, 1, EVICT },
	{ "it is made, and not said", 0, 1, 1, 1, 1, EVICT },
	{ "second page of 2", 1, 1, 0, 1, 2, YES },
	{ "third page of 2", 2, 2, 0, 1, 2, EVICT },
	{ "1 of 2 reserved", 0, 0, 1, 1, 2, YES },
	{ "1 of 2 there, 1 reserved", 1, 1, 1, 1, 2, EVICT },
	{ "1 of 2 reserved and just made", 0, 1, 1, 1, 2, WAIT },
	{ "the last one", 63, 63, 0, 1, 64, YES },
	{ "one more", 64, 64, 0, 1, 64, EVICT },
	{ "the last one, with reservations", 60, 60, 3, 1, 64, YES },
	{ "one more, with reservations", 60, 60, 4, 1, 64, EVICT },
	{ "reservations made, not said", 60, 63, 3, 1, 64, WAIT },
	{ "no reservations: nobody to wait for", 60, 64, 0, 1, 64, EVICT },
	{ "8 at once, fits", 56, 56, 0, 8, 64, YES },
	{ "8 at once, does not", 57, 57, 0, 8, 64, EVICT },
	{ "8 at once in 8", 0, 0, 0, 8, 8, YES },
	{ "8 at once in 7", 0, 0, 0, 8, 7, EVICT },
	{ "8 reserved, 8 made, not said", 48, 56, 8, 8, 64, WAIT },
	{ "8 reserved, 4 made, no room", 49, 53, 8, 8, 64, EVICT },
	/* The belief only ever chooses between evicting and waiting. */
	{ "stale belief: too large, KVM has room", 64, 10, 0, 1, 64, YES },
	{ "stale belief: far too large", 1000, 63, 0, 1, 64, YES },
	{ "stale belief: too small, KVM is full", 0, 64, 0, 1, 64, EVICT },
	{ "stale belief: too small, reservations explain it", 61, 63, 2, 1, 64, WAIT },
	{ "leaves that nobody knows, with reservations", 0, 64, 1, 1, 64, EVICT },
	{ "one leaf that nobody knows, with reservations", 61, 64, 2, 1, 64, EVICT },
	{ "limit has shrunk", 100, 100, 0, 1, 10, EVICT },
	{ "limit has shrunk, with reservations", 100, 100, 4, 1, 10, EVICT },
	{ "the largest limit, empty", 0, 0, 0, 1, MAX, YES },
	{ "the largest limit, last page", MAX - 1, MAX - 1, 0, 1, MAX, YES },
	{ "the largest limit, full", MAX, MAX, 0, 1, MAX, EVICT },
	{ "the largest limit, last 8", MAX - 8, MAX - 8, 0, 8, MAX, YES },
	{ "the largest limit, not 8", MAX - 7, MAX - 7, 0, 8, MAX, EVICT },
	{ "more leaves than any limit", MAX, MAX + 1000, 8, 8, MAX, EVICT },
};

static void test_room(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rooms); i++) {
		struct nptb_rset set = { .leaves = rooms[i].believed };
		enum nptb_room room = nptb_room(&set, rooms[i].leaves,
						rooms[i].reserved, rooms[i].need,
						rooms[i].limit);

		if (room != rooms[i].room)
			fail_msg("%s: got %d, not %d", rooms[i].name, room,
				 rooms[i].room);
	}
}

/* For @limit and @need, over all else: yes is exact, and wait needs a reservation. */
static void room_is_exact(u64 limit, u64 need)
{
	u64 i;

	for (i = 0; i < 13 * 13 * 13; i++) {
		u64 believed = i % 13, leaves = i / 13 % 13, reserved = i / 169;
		struct nptb_rset set = { .leaves = believed };
		enum nptb_room room = nptb_room(&set, leaves, reserved, need,
						limit);

		assert_int_equal(room == NPTB_ROOM_YES,
				 leaves + reserved + need <= limit);
		if (room == NPTB_ROOM_WAIT)
			assert_in_range(reserved, 1, limit - need);
	}
}

static void test_room_is_exact(void **state)
{
	u64 limit;

	(void)state;
	for (limit = 1; limit <= 10; limit++) {
		room_is_exact(limit, 1);
		room_is_exact(limit, 8);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shields),
		cmocka_unit_test(test_rehash),
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_steps_are_bounded),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_leaves),
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_room_is_exact),
	};

	return cmocka_run_group_tests_name("rset", tests, NULL, NULL);
}
