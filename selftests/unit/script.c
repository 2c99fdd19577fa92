// SPDX-License-Identifier: GPL-2.0-only
/* The interpreter of one-line scripts; see script.h. */
#include "unit.h"

#include "pages.h"
#include "script.h"

#define VCPUS		2
/* Small letters, and one for '~'. */
#define PAGES		27
#define ASKED_MAX	256

struct player {
	struct nptb_rset set;
	struct nptb_shield shield[VCPUS];
	bool accessed[128];
	char asked[ASKED_MAX];
	size_t nasked;
	const char *name;
	const char *script;
	const char *word;
};

static void check(const struct player *p, bool good, const char *got)
{
	if (!good)
		fail_msg("%s: \"%s\": at \"%s\": got \"%s\"", p->name, p->script,
			 p->word, got);
}

static bool young(void *ctx, u64 key)
{
	struct player *p = ctx;
	bool was = p->accessed[key];

	assert_in_range(key, 'a', 'z');
	p->accessed[key] = false;
	if (p->nasked < ASKED_MAX - 1)
		p->asked[p->nasked++] = key;
	return was;
}

bool unit_always_young(void *ctx, u64 key)
{
	(void)key;
	++*(u64 *)ctx;
	return true;
}

static struct nptb_page *page_of(struct player *p, char key)
{
	struct nptb_page *page = nptb_rset_find(&p->set, key);

	check(p, page, "no such page");
	assert_int_equal(nptb_page_key(page), key);
	return page;
}

static struct nptb_shield *shield_of(struct player *p, char key)
{
	return nptb_rset_shield_of(&p->set, page_of(p, key));
}

static void give(struct player *p, u32 vcpu, char key)
{
	struct nptb_page *old = nptb_rset_find(&p->set, key);
	bool new = nptb_rset_give(&p->set, key, true, &p->shield[vcpu]);

	check(p, new == !old, "new where it was not");
	check(p, !old || page_of(p, key) == old, "another page");
	check(p, shield_of(p, key) == &p->shield[vcpu], "not shielded by it");
}

static void give_no_new(struct player *p, u32 vcpu, char key)
{
	struct nptb_page *old = nptb_rset_find(&p->set, key);

	check(p, !nptb_rset_give(&p->set, key, false, &p->shield[vcpu]), "came in");
	check(p, nptb_rset_find(&p->set, key) == old, "another page");
}

static void charge(struct player *p, char key)
{
	struct nptb_page *old = nptb_rset_find(&p->set, key);
	struct nptb_shield *shield = old ? shield_of(p, key) : NULL;
	bool new = nptb_rset_charge(&p->set, key, true);

	check(p, !nptb_rset_charge(&p->set, '~', false), "came in");
	check(p, new == !old, "new where it was not");
	check(p, !old || page_of(p, key) == old, "another page");
	check(p, shield_of(p, key) == shield, "another shield");
}

static void charge_newest(struct player *p, char key)
{
	struct nptb_page *old = nptb_rset_find(&p->set, key);
	bool new = nptb_rset_charge_newest(&p->set, key, true);

	check(p, !nptb_rset_charge_newest(&p->set, '~', false), "came in");
	check(p, new == !old, "new where it was not");
	check(p, !old || page_of(p, key) == old, "another page");
	check(p, !shield_of(p, key), "shielded");
}

static void taken(struct player *p, struct nptb_page *page, char want)
{
	char got[2] = { page ? (char)nptb_page_key(page) : '-', 0 };

	check(p, got[0] == want, got);
	if (page)
		check(p, !nptb_rset_find(&p->set, nptb_page_key(page)), "still there");
}

static void take(struct player *p, char key)
{
	struct nptb_page *page = page_of(p, key);

	nptb_rset_take(&p->set, page);
	taken(p, page, key);
}

static void rehash(struct player *p, u32 bits)
{
	u32 *old = p->set.heads;

	nptb_rset_begin_rehash(&p->set, calloc(1u << bits, sizeof(*old)), bits);
	assert_ptr_equal(nptb_rset_rehash_some(&p->set, ~0U), old);
	free(old);
}

/* The pages of @shield, or the policy's, must be those of @want. */
static void ring_is(struct player *p, u32 head, u64 count,
		    const struct nptb_shield *shield, const char *want)
{
	u64 keys[PAGES];
	u32 n = unit_ring(&p->set.policy.table, head, keys, PAGES), i;
	char got[PAGES + 1];

	for (i = 0; i < n; i++) {
		got[i] = keys[i];
		check(p, shield_of(p, keys[i]) == shield, "another shield");
	}
	got[n] = '\0';
	check(p, !strcmp(got, want), got);
	check(p, count == n, "another count");
}

static void number_is(struct player *p, u64 got, const char *want)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)got);
	check(p, !strcmp(text, want), text);
}

static void asked_is(struct player *p, const char *want)
{
	p->asked[p->nasked] = '\0';
	check(p, !strcmp(p->asked, want), p->asked);
	p->nasked = 0;
}

static void play_vcpu(struct player *p, const char *word)
{
	u32 vcpu = word[0] - '0';
	struct nptb_shield *shield = &p->shield[vcpu];

	if (word[1] == '.')
		nptb_rset_settle(&p->set, shield);
	else if (word[1] == '?')
		taken(p, nptb_rset_own_victim(&p->set, shield), word[2]);
	else if (word[1] == '=')
		ring_is(p, shield->ring, shield->count, shield, word + 2);
	else if (word[1] == '_')
		give_no_new(p, vcpu, word[2]);
	else
		give(p, vcpu, word[1]);
}

static void play(struct player *p, const char *word)
{
	const struct nptb_policy_ops *ops = nptb_policy_find(word);

	p->word = word;
	if (ops)
		nptb_policy_switch(&p->set.policy, ops);
	else if (word[0] == '0' || word[0] == '1')
		play_vcpu(p, word);
	else if (word[0] == '?')
		taken(p, nptb_rset_victim(&p->set), word[1]);
	else if (word[0] == '+')
		charge(p, word[1]);
	else if (word[0] == '~')
		charge_newest(p, word[1]);
	else if (word[0] == 'x')
		take(p, word[1]);
	else if (word[0] == '^')
		unit_set_grow(&p->set, atoi(word + 1));
	else if (word[0] == '#')
		rehash(p, atoi(word + 1));
	else if (word[0] == '=')
		ring_is(p, NPTB_SLOT_RING, p->set.policy.count, NULL,
			word + 1);
	else if (word[0] == 'n')
		number_is(p, p->set.count, word + 1);
	else if (word[0] == 'y')
		asked_is(p, word + 1);
	else if (word[0] == '!')
		while (*++word)
			p->accessed[(unsigned char)*word] = true;
	else
		fail_msg("\"%s\": no such word: \"%s\"", p->script, word);
}

/* Whatever happened: everything is settled, found and drained in the end. */
static void finish(struct player *p)
{
	u64 count = p->set.count;
	u32 i;

	p->word = "(end)";
	for (i = 0; i < VCPUS; i++)
		nptb_rset_settle(&p->set, &p->shield[i]);
	check(p, p->set.policy.count == count, "not all settled");
	count -= unit_drain(&p->set);
	check(p, !count && !p->set.count && !p->set.policy.count,
	      "not all drained");
	check(p, nptb_rset_slots_left(&p->set) >= PAGES, "slots are missing");
	unit_set_exit(&p->set);
}

/* Run one under @policy on a set of 1 << @bits chains; fail if it does. */
static void run(const char *policy, u32 bits, const struct unit_script *script)
{
	struct player p = { .name = script->name, .script = script->script };
	char *words = strdup(p.script), *rest = words, *word;
	u32 i;

	unit_set_init(&p.set, bits, VCPUS + PAGES);
	nptb_policy_init(&p.set.policy, nptb_policy_find(policy), young, &p);
	for (i = 0; i < VCPUS; i++)
		assert_true(nptb_rset_new_shield(&p.set, &p.shield[i]));
	while ((word = strsep(&rest, " ")))
		play(&p, word);
	finish(&p);
	free(words);
}

/* Each on one chain, on few and on many: nothing may depend on the hash. */
void unit_scripts(const char *policy, const struct unit_script *scripts,
		  size_t count)
{
	static const u32 bits[] = { 0, 1, 6 };
	size_t i, j;

	for (i = 0; i < count; i++)
		for (j = 0; j < ARRAY_SIZE(bits); j++)
			run(policy, bits[j], &scripts[i]);
}
