// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pinned and exempt pages in the set; and what of KVM's count counts, against a
 * model of KVM that takes leaves away unseen and begins its tables anew.
 */
#include "unit.h"

#include "pages.h"

#define FRAMES	40
#define EXEMPT	12	/* frames below this are exempt */
#define LIMIT	6
#define STEPS	20000

static void is_victim(struct nptb_rset *set, u64 key)
{
	struct nptb_page *page = nptb_rset_victim(set);

	assert_non_null(page);
	assert_int_equal(nptb_page_key(page), key);
}

/* A page goes from one owner to another: what counts, what may go. */
static void test_owners(void **state)
{
	struct nptb_shield shield;
	struct nptb_rset set;

	(void)state;
	unit_set_init(&set, 2, 4);
	nptb_policy_init(&set.policy, &nptb_policy_random, NULL, NULL);
	assert_true(nptb_rset_new_shield(&set, &shield));
	assert_true(nptb_rset_give(&set, 1, true, &set.exempt));
	assert_true(nptb_rset_give(&set, 2, true, &set.pinned));
	assert_true(nptb_rset_give(&set, 3, true, &shield));
	assert_true(nptb_page_is_kept(nptb_rset_find(&set, 1)));
	assert_true(nptb_page_is_kept(nptb_rset_find(&set, 2)));
	assert_false(nptb_page_is_kept(nptb_rset_find(&set, 3)));
	assert_true(nptb_page_is_held(nptb_rset_find(&set, 3)));
	assert_int_equal(set.count, 3);
	assert_int_equal(nptb_rset_counted(&set), 2);
	assert_int_equal(nptb_rset_loose(&set), 1);
	assert_null(nptb_rset_victim(&set));
	nptb_rset_settle(&set, &shield);
	assert_false(nptb_page_is_held(nptb_rset_find(&set, 3)));
	is_victim(&set, 3);
	assert_null(nptb_rset_victim(&set));
	/* Off the lists: of the policy, and victims. */
	nptb_rset_free(&set, nptb_rset_find(&set, 1));
	assert_int_equal(nptb_rset_counted(&set), 2);
	assert_int_equal(nptb_rset_loose(&set), 1);
	is_victim(&set, 1);
	nptb_rset_hand(&set, nptb_rset_find(&set, 2), &set.exempt);
	assert_int_equal(set.pinned.count, 0);
	assert_int_equal(nptb_rset_counted(&set), 0);
	nptb_rset_give(&set, 2, false, &shield);
	assert_int_equal(set.exempt.count, 0);
	assert_int_equal(nptb_rset_loose(&set), 1);
	assert_int_equal(nptb_page_key(nptb_rset_own_victim(&set, &shield)), 2);
	assert_int_equal(set.count, 0);
	unit_set_exit(&set);
}

/* What KVM has: a leaf in the tables that are in use, and some in dying ones. */
struct kvm {
	bool leaf[FRAMES];
	u32 dying[FRAMES];
};

static u32 sum(const struct kvm *kvm, u32 from)
{
	u32 n = 0, i;

	for (i = from; i < FRAMES; i++)
		n += kvm->leaf[i] + kvm->dying[i];
	return n;
}

static u32 seed;

static u32 dice(u32 sides)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % sides;
}

/* As counted_leaves() of module/budget/reclaim.c. */
static u64 counted(const struct nptb_rset *set, const struct kvm *kvm)
{
	u64 leaves = sum(kvm, 0), known = nptb_rset_counted(set);
	u32 i;

	for (i = 0; i < FRAMES; i++)
		if (kvm->dying[i])
			return leaves;
	return known < leaves ? known : leaves;
}

/* As a fault of the module: room first, the leaf then. */
static bool fault(struct nptb_rset *set, struct kvm *kvm, u32 frame)
{
	struct nptb_page *page;

	while (frame >= EXEMPT) {
		page = nptb_rset_find(set, frame);
		if (counted(set, kvm) + 1 <= LIMIT)
			break;
		if (page)
			nptb_rset_take(set, page);
		else
			page = nptb_rset_victim(set);
		/* Dying tables are out of reach: the fault comes again. */
		if (!page)
			return false;
		kvm->leaf[nptb_page_key(page)] = false;
	}
	kvm->leaf[frame] = true;
	if (frame < EXEMPT)
		nptb_rset_give(set, frame, true, &set->exempt);
	else
		nptb_rset_charge(set, frame, true);
	return true;
}

static void begin_anew(struct kvm *kvm)
{
	u32 i;

	for (i = 0; i < FRAMES; i++) {
		kvm->dying[i] += kvm->leaf[i];
		kvm->leaf[i] = false;
	}
}

/* The sum that counts is never over; and exempt pages are worth something. */
static void test_against_kvm(void **state)
{
	u32 more = 0, refused = 0, run, i;

	(void)state;
	for (run = 1; run <= 8; run++) {
		struct kvm kvm = { 0 };
		struct nptb_rset set;

		seed = run;
		unit_set_init(&set, 3, FRAMES);
		nptb_policy_init(&set.policy, &nptb_policy_fifo, NULL, NULL);
		for (i = 0; i < STEPS; i++) {
			u32 frame = dice(FRAMES), what = dice(1000);

			if (what < 900) {
				if (!kvm.leaf[frame])
					refused += !fault(&set, &kvm, frame);
			} else if (what < 940) {
				kvm.leaf[frame] = false;
			} else if (what < 998) {
				kvm.dying[frame] -= !!kvm.dying[frame];
			} else {
				begin_anew(&kvm);
			}
			assert_true(sum(&kvm, EXEMPT) <= LIMIT);
			more += sum(&kvm, 0) > LIMIT;
		}
		unit_drain(&set);
		unit_set_exit(&set);
	}
	assert_true(more > STEPS);
	assert_true(refused > 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_against_kvm),
	};

	return cmocka_run_group_tests_name("rset_exempt", tests, NULL, NULL);
}
