// SPDX-License-Identifier: GPL-2.0-only
/* module/lib/btf.c: prototypes in blobs of BTF that blob.c writes. */
#include "blob.h"

static void test_prototypes(void **state)
{
	struct blob base, mod;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		make(&layouts[i], &base, &mod);
		assert_true(read_both(&layouts[i], &base, &mod, true));
		free_blob(&base);
		free_blob(&mod);
	}
}

/* A head that is another's, or that points out of the blob. */
static void test_heads(void **state)
{
	static const struct {
		u32 at, word;
		bool ok;
	} heads[] = {
		{ 0, 0x01eb9f, true },
		{ 0, 0x7f01eb9f, true },	/* flags */
		{ 0, 0x01eb9e, false },
		{ 0, 0x019feb, false },		/* of the other endianness */
		{ 0, 0x9feb0100, false },
		{ 0, 0x00eb9f, false },		/* another version */
		{ 0, 0x02eb9f, false },
		{ 4, 25, false },		/* beyond the end by one */
		{ 4, 0xffffffff, false },
		{ 8, 1, false },
		{ 8, 0xffffffe8, false },	/* around to 0 */
		{ 12, 0xffffffff, false },
		{ 16, 0xffffffe8, false },
		{ 20, 0xffffffff, false },
	};
	struct blob base, mod;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		/* Of the types where these are last, else of the strings. */
		bool types = heads[i].at == 8 || heads[i].at == 12;

		make(&layouts[types], &base, &mod);
		memcpy(mod.data + heads[i].at, &heads[i].word, 4);
		if (open_blob(&mod, NULL) != heads[i].ok)
			fail_msg("%#x at %u", heads[i].word, heads[i].at);
		free_blob(&mod);
	}
}

/* Since 7.3, 24 bits of members and 7 of kinds: neither is to be cut off. */
static void test_many_members(void **state)
{
	static const u32 infos[][2] = {
		/* of the type, and words behind it */
		{ ENUM << 24 | 0x10001, 2 * 0x10001 },
		{ 1U << 31 | STRUCT << 24 | 0x10000, 3 * 0x10000 },
	};
	const struct layout *how = &layouts[1];
	static struct writer w;
	struct blob blob = { 0 };
	u32 size, i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(infos); i++) {
		begin(&w, NULL);
		ADD_FUNC(&w, "after", integer(&w, "int", 4));
		put(&w, 0);
		put(&w, infos[i][0]);
		put(&w, 4);
		lay_out(&blob, &w, how);
		assert_false(open_blob(&blob, NULL));
		/* The same with its members there. */
		size = w.types_len + infos[i][1] * 4;
		memcpy(blob.data + 12, &size, 4);
		blob.size += infos[i][1] * 4;
		blob.data = realloc(blob.data, blob.size);
		memset(blob.data + blob.size - infos[i][1] * 4, 0,
		       infos[i][1] * 4);
		assert_true(open_blob(&blob, NULL));
		assert_int_equal(blob.btf.nr_types, 4);
		assert_int_equal(nptb_btf_check(&blob.btf, "after", "i"), 1);
		free_blob(&blob);
	}
	for (i = ENUM64 + 1; i < 0x80; i++) {
		begin(&w, NULL);
		add(&w, "", i, 0, 4, 0);
		lay_out(&blob, &w, how);
		assert_false(open_blob(&blob, NULL));
		free_blob(&blob);
	}
}

/* Members by name, in the struct of that name alone; bit fields, too. */
static void test_members(void **state)
{
	static const struct {
		const char *name, *member;
		int offset;
	} asked[] = {
		{ "one", "a", 0 }, { "one", "b", 48 }, { "one", "c", 4 },
		{ "two", "b", 8 }, { "one", "d", -1 }, { "two", "a", -1 },
		{ "three", "a", -1 }, { "four", "a", -1 },
	};
	static struct writer w;
	struct blob blob = { 0 };
	size_t i;

	(void)state;
	begin(&w, NULL);
	add(&w, "one", STRUCT, 3, 56, 0);
	put(&w, string(&w, "a"));
	put(&w, 1);
	put(&w, 0);
	put(&w, string(&w, "b"));
	put(&w, 1);
	put(&w, 48 * 8);
	put(&w, string(&w, "c"));
	put(&w, 1);
	put(&w, 7U << 24 | 4 * 8);
	add(&w, "two", STRUCT, 1, 16, 0);
	put(&w, string(&w, "b"));
	put(&w, 1);
	put(&w, 8 * 8);
	add(&w, "four", UNION, 1, 16, 0);
	put(&w, string(&w, "a"));
	put(&w, 1);
	put(&w, 0);
	lay_out(&blob, &w, &layouts[1]);
	assert_true(open_blob(&blob, NULL));
	for (i = 0; i < ARRAY_SIZE(asked); i++)
		if (nptb_btf_member(&blob.btf, asked[i].name, asked[i].member) !=
		    asked[i].offset)
			fail_msg("%s of %s", asked[i].member, asked[i].name);
	free_blob(&blob);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prototypes),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_many_members),
		cmocka_unit_test(test_members),
	};

	return cmocka_run_group_tests_name("btf", tests, NULL, NULL);
}
