// SPDX-License-Identifier: GPL-2.0-only
/* module/set/ranges.c: against a table, and against a bitmap. */
#include "unit.h"

#include <errno.h>

#include "set/ranges.h"

/* A script: "+a-b", "-a-b" with small numbers; "=" then what must be there. */
static const struct {
	const char *name;
	const char *script;
} cases[] = {
	{ "empty", "=" },
	{ "one frame", "+5-5 =5-5" },
	{ "frame 0", "+0-0 =0-0 -0-0 =" },
	{ "in order, whatever the order of adding", "+9-9 +1-2 +5-6 =1-2,5-6,9-9" },
	{ "touching becomes one", "+1-2 +3-4 =1-4" },
	{ "touching from below", "+3-4 +1-2 =1-4" },
	{ "overlapping becomes one", "+1-5 +3-8 =1-8" },
	{ "inside changes nothing", "+1-9 +3-4 =1-9" },
	{ "around swallows", "+3-4 +6-7 +1-9 =1-9" },
	{ "a bridge joins two", "+1-2 +5-6 +3-4 =1-6" },
	{ "a frame between keeps two", "+1-2 +4-5 =1-2,4-5" },
	{ "all of it goes", "+1-5 -1-5 =" },
	{ "more than it goes", "+3-5 -1-9 =" },
	{ "the beginning goes", "+1-5 -1-2 =3-5" },
	{ "the end goes", "+1-5 -4-9 =1-3" },
	{ "the middle goes: two", "+1-9 -4-5 =1-3,6-9" },
	{ "across two", "+1-4 +6-9 -3-7 =1-2,8-9" },
	{ "across three", "+1-2 +4-5 +7-8 -2-7 =1-1,8-8" },
	{ "nothing there", "+1-2 +8-9 !4-6 =1-2,8-9" },
	{ "nothing at all", "!0-100 =" },
	{ "the last frames", "+1099511627770-1099511627775 -1099511627775-1099511627775 "
	  "=1099511627770-1099511627774" },
};

static void is(const char *name, const struct nptb_ranges *r, const char *want)
{
	char got[256] = "";
	size_t n = 0;
	u32 i;

	for (i = 0; i < r->count; i++)
		n += snprintf(got + n, sizeof(got) - n, "%s%llu-%llu", i ? "," : "",
			      (unsigned long long)r->r[i].first,
			      (unsigned long long)r->r[i].last);
	if (strcmp(got, want))
		fail_msg("%s: got \"%s\", want \"%s\"", name, got, want);
}

static void test_table(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		char *words = strdup(cases[i].script), *rest = words, *word;
		struct nptb_ranges r = { 0 };

		while ((word = strsep(&rest, " "))) {
			unsigned long long first = 0, last = 0;

			if (*word == '=') {
				is(cases[i].name, &r, word + 1);
				continue;
			}
			assert_int_equal(sscanf(word + 1, "%llu-%llu", &first, &last), 2);
			if (*word == '+')
				assert_int_equal(nptb_ranges_add(&r, first, last), 0);
			else
				assert_int_equal(nptb_ranges_del(&r, first, last),
						 *word == '!' ? -ENOENT : 0);
		}
		free(words);
	}
}

/* Full: nothing is added, and nothing split; what makes no more still works. */
static void test_full(void **state)
{
	struct nptb_ranges r = { 0 }, before;
	u32 i;

	(void)state;
	for (i = 0; i < NPTB_RANGES_MAX; i++)
		assert_int_equal(nptb_ranges_add(&r, i * 10, i * 10 + 4), 0);
	before = r;
	assert_int_equal(nptb_ranges_add(&r, 7, 7), -ENOSPC);
	assert_int_equal(nptb_ranges_add(&r, 100000, 100000), -ENOSPC);
	assert_int_equal(nptb_ranges_del(&r, 12, 12), -ENOSPC);
	assert_memory_equal(&r, &before, sizeof(r));
	assert_int_equal(nptb_ranges_frames(&r), NPTB_RANGES_MAX * 5);
	assert_int_equal(nptb_ranges_add(&r, 5, 9), 0);
	assert_int_equal(r.count, NPTB_RANGES_MAX - 1);
	assert_int_equal(nptb_ranges_del(&r, 30, 34), 0);
	assert_int_equal(r.count, NPTB_RANGES_MAX - 2);
	assert_int_equal(nptb_ranges_del(&r, 42, 42), 0);
	assert_int_equal(r.count, NPTB_RANGES_MAX - 1);
}

#define FRAMES	200

static void compare(const struct nptb_ranges *r, const bool *in)
{
	u64 frames = 0;
	u32 i;

	for (i = 0; i < FRAMES; i++) {
		assert_int_equal(nptb_ranges_has(r, i), in[i]);
		frames += in[i];
	}
	assert_int_equal(nptb_ranges_frames(r), frames);
	for (i = 0; i < r->count; i++) {
		assert_true(r->r[i].first <= r->r[i].last);
		if (i)
			assert_true(r->r[i - 1].last + 1 < r->r[i].first);
	}
}

static void test_against_bitmap(void **state)
{
	struct nptb_ranges r = { 0 };
	bool in[FRAMES] = { false };
	u32 step, i, x = 1;

	(void)state;
	for (step = 0; step < 20000; step++) {
		u32 first, last;
		bool add, meet = false;
		int ret;

		x = x * 1664525 + 1013904223;
		first = (x >> 8) % FRAMES;
		last = first + (x >> 20) % 12;
		if (last >= FRAMES)
			last = FRAMES - 1;
		add = x >> 31;
		for (i = first; i <= last; i++)
			meet |= in[i];
		assert_int_equal(nptb_ranges_meet(&r, first, last), meet);
		ret = add ? nptb_ranges_add(&r, first, last) :
			    nptb_ranges_del(&r, first, last);
		if (!add && !meet)
			assert_int_equal(ret, -ENOENT);
		else if (ret)
			assert_int_equal(ret, -ENOSPC);
		for (i = first; !ret && i <= last; i++)
			in[i] = add;
		compare(&r, in);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_against_bitmap),
	};

	return cmocka_run_group_tests_name("ranges", tests, NULL, NULL);
}
