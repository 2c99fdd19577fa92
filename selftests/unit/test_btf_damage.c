// SPDX-License-Identifier: GPL-2.0-only
/*
 * module/lib/btf.c: blobs that are cut off, changed, or random. Any answer will do
 * where no other is named, but none may be read past a blob, or not come.
 */
#include "blob.h"

#define ROUNDS	10000

static u64 seed = 0x9e3779b97f4a7c15ULL;

static u32 rnd(u32 sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 16) % sides;
}

/*
 * Read with a copy of the first @size bytes of @victim in its place, which is
 * @base or @mod. @shrink: its last section ends there, by its head.
 */
static bool read_part(const struct layout *how, struct blob *base,
		      struct blob *mod, struct blob *victim, u32 size,
		      bool shrink)
{
	u32 at = how->types_last ? 12 : 20, len;
	struct blob whole = *victim;
	bool ok;

	victim->size = size;
	victim->data = malloc(size);
	memcpy(victim->data, whole.data, size);
	if (shrink) {
		memcpy(&len, whole.data + at, 4);
		len -= whole.size - size;
		memcpy(victim->data + at, &len, 4);
	}
	ok = read_both(how, base, mod, false);
	free(victim->data);
	*victim = whole;
	return ok;
}

/* Call for each blob of each layout. */
static void each(void (*damage)(const struct layout *how, struct blob *base,
				struct blob *mod, struct blob *victim))
{
	struct blob base, mod;
	size_t i;

	for (i = 0; i < NR_LAYOUTS; i++) {
		make(&layouts[i], &base, &mod);
		damage(&layouts[i], &base, &mod, &mod);
		if (base.data)
			damage(&layouts[i], &base, &mod, &base);
		free_blob(&base);
		free_blob(&mod);
	}
}

/* The end is missing, and the head does not know. */
static void cut(const struct layout *how, struct blob *base, struct blob *mod,
		struct blob *victim)
{
	u32 size;

	for (size = 0; size < victim->size; size++)
		assert_false(read_part(how, base, mod, victim, size, false));
	assert_true(read_part(how, base, mod, victim, size, false));
}

/* The last section is shorter, down to nothing. */
static void cut_section(const struct layout *how, struct blob *base,
			struct blob *mod, struct blob *victim)
{
	u32 size = victim->size, len;

	memcpy(&len, victim->data + (how->types_last ? 12 : 20), 4);
	while (len--) {
		bool ok = read_part(how, base, mod, victim, --size, true);

		/* The last type is a prototype of one parameter or two. */
		if (how->types_last && victim->size - size < 20)
			assert_false(ok);
		if (!how->types_last)
			assert_true(ok);
	}
}

static void change(const struct layout *how, struct blob *base,
		   struct blob *mod, struct blob *victim)
{
	u32 at, i;

	/* The others take their time and find no more. */
	if (!how->types_last && how != &layouts[2])
		return;
	for (at = 0; at < victim->size; at++) {
		const u8 was = victim->data[at];
		const u8 to[] = { 0xff, was ^ 1, was ^ 0x80, was + 12 };

		for (i = 0; i < ARRAY_SIZE(to); i++) {
			victim->data[at] = to[i];
			read_both(how, base, mod, false);
		}
		victim->data[at] = was;
	}
}

/* Some bytes, or some types that could be. */
static void change_many(const struct layout *how, struct blob *base,
			struct blob *mod, struct blob *victim)
{
	u8 *was = malloc(victim->size);
	u32 i, n;

	memcpy(was, victim->data, victim->size);
	for (i = 0; i < ROUNDS / 10; i++) {
		for (n = rnd(8) + 1; n; n--) {
			u32 at = how->head + rnd(victim->size - how->head - 4);
			u32 info = rnd(20) << 24 | rnd(4);

			if (rnd(2))
				memcpy(victim->data + at / 4 * 4, &info, 4);
			else
				victim->data[at] = rnd(256);
		}
		read_both(how, base, mod, false);
		memcpy(victim->data, was, victim->size);
	}
	free(was);
}

static void test_cut(void **state)
{
	(void)state;
	each(cut);
}

static void test_cut_section(void **state)
{
	(void)state;
	each(cut_section);
}

static void test_change(void **state)
{
	(void)state;
	each(change);
}

static void test_change_many(void **state)
{
	(void)state;
	each(change_many);
}

/*
 * Nothing but chance, but for a head, and kinds that there are: functions and
 * prototypes often, of types of a few ids, named "fault" mostly.
 */
static void test_random(void **state)
{
	static const char strings[] = "\0fault\0kvm_vcpu\0last\0void_p";
	static const u8 kinds[] = {
		INT, PTR, FUNC, FUNC, FUNC, FUNC_PROTO, FUNC_PROTO, STRUCT, FWD,
		CONST, TYPEDEF, ENUM,
	};
	struct blob base, mod = { 0 };
	u32 opened = 0, round, i;

	(void)state;
	memset(&base, 0, sizeof(base));
	for (round = 0; round < ROUNDS; round++) {
		u32 words = 3 + rnd(120), types = 24 + sizeof(strings);
		u32 head[6] = { 0x1eb9f, 24, sizeof(strings), words * 4, 0,
				sizeof(strings) };

		mod.size = types + words * 4;
		mod.data = malloc(mod.size);
		memcpy(mod.data, head, sizeof(head));
		memcpy(mod.data + 24, strings, sizeof(strings));
		for (i = 0; i < words; i++) {
			u32 word = rnd(words / 3 + 2);

			if (i % 3 == 0)
				word = rnd(2) ? 1 : rnd(sizeof(strings) + 2);
			if (i % 3 == 1)
				word = (rnd(3) ? kinds[rnd(ARRAY_SIZE(kinds))] :
					rnd(20)) << 24 | 3 * rnd(2);
			if (!rnd(100))
				word = rnd(0xffffffff);
			memcpy(mod.data + types + i * 4, &word, 4);
		}
		opened += read_both(&layouts[1], &base, &mod, false);
		free(mod.data);
		/* And no head at all. */
		mod.data = malloc(mod.size);
		for (i = 0; i < mod.size; i++)
			mod.data[i] = rnd(256);
		if (rnd(2))
			memcpy(mod.data, head, 4);
		read_both(&layouts[1], &base, &mod, false);
		free(mod.data);
	}
	/* Else this would test nothing. */
	assert_true(opened > ROUNDS / 20);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_cut_section),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_change_many),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("btf_damage", tests, NULL, NULL);
}
