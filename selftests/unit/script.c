// SPDX-License-Identifier: GPL-2.0-only
/* The interpreter of one-line scripts; see script.h. */
#include "unit.h"

#include "set/rset.h"
#include "script.h"

#define VCPUS		2
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
	assert_int_equal(page->key, key);
	return page;
}

/* No zeroes in it: what is not set up shall show. */
static struct nptb_page *spare_page(void)
{
	struct nptb_page *page = malloc(sizeof(*page));

	memset(page, 0xa5, sizeof(*page));
	return page;
}

static void give(struct player *p, u32 vcpu, char key)
{
	struct nptb_page *old = nptb_rset_find(&p->set, key);
	struct nptb_page *spare = spare_page(), *page;
	bool used = nptb_rset_give(&p->set, key, spare, &p->shield[vcpu]);

	page = page_of(p, key);
	check(p, used == !old, "another use of the spare");
	check(p, page == (old ? old : spare), "another page");
	check(p, page->shield == &p->shield[vcpu], "not shielded by it");
	if (!used)
		free(spare);
}

static void give_without_spare(struct player *p, u32 vcpu, char key)
{
	struct nptb_page *old = nptb_rset_find(&p->set, key);

	check(p, !nptb_rset_give(&p->set, key, NULL, &p->shield[vcpu]),
	      "used a spare");
	check(p, nptb_rset_find(&p->set, key) == old, "another page");
}

static void charge(struct player *p, char key)
{
	struct nptb_page *old = nptb_rset_find(&p->set, key);
	struct nptb_shield *shield = old ? old->shield : NULL;
	struct nptb_page *spare = spare_page();
	bool used = nptb_rset_charge(&p->set, key, spare);

	check(p, !nptb_rset_charge(&p->set, '~', NULL), "used no spare");
	check(p, used == !old, "another use of the spare");
	check(p, page_of(p, key) == (old ? old : spare), "another page");
	check(p, page_of(p, key)->shield == shield, "another shield");
	if (!used)
		free(spare);
}

static void charge_newest(struct player *p, char key)
{
	struct nptb_page *old = nptb_rset_find(&p->set, key);
	struct nptb_page *spare = spare_page();
	bool used = nptb_rset_charge_newest(&p->set, key, spare);

	check(p, used == !old, "another use of the spare");
	check(p, page_of(p, key) == (old ? old : spare), "another page");
	check(p, !page_of(p, key)->shield, "shielded");
	if (!used)
		free(spare);
}

/* The caller of rset frees what it took: do so, and let ASan watch. */
static void taken(struct player *p, struct nptb_page *page, char want)
{
	char got[2] = { page ? (char)page->key : '-', 0 };

	check(p, got[0] == want, got);
	if (page)
		check(p, !nptb_rset_find(&p->set, page->key), "still there");
	free(page);
}

static void take(struct player *p, char key)
{
	struct nptb_page *page = page_of(p, key);

	nptb_rset_take(&p->set, page);
	taken(p, page, key);
}

static void rehash(struct player *p, u32 bits)
{
	struct nptb_page **old = p->set.buckets;

	nptb_rset_begin_rehash(&p->set, calloc(1u << bits, sizeof(*old)), bits);
	assert_ptr_equal(nptb_rset_rehash_some(&p->set, ~0U), old);
	free(old);
}

/* The pages of @ring must be those of @want, both ways round. */
static void ring_is(struct player *p, const struct nptb_ring *ring, u64 count,
		    const struct nptb_shield *shield, const char *want)
{
	char got[64] = "";
	struct nptb_ring *at;
	size_t n = 0;

	for (at = ring->next; at != ring && n < sizeof(got) - 1; at = at->next) {
		check(p, at->next->prev == at, "a broken ring");
		check(p, nptb_page_of(at)->shield == shield, "another shield");
		got[n++] = nptb_page_of(at)->key;
	}
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
		ring_is(p, &shield->ring, shield->count, shield, word + 2);
	else if (word[1] == '_')
		give_without_spare(p, vcpu, word[2]);
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
	else if (word[0] == '#')
		rehash(p, atoi(word + 1));
	else if (word[0] == '=')
		ring_is(p, &p->set.policy.ring, p->set.policy.count, NULL,
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

unsigned long unit_drain(struct nptb_rset *set)
{
	u64 at = NPTB_WALK_BEGIN;
	unsigned long n = 0;

	while (at < NPTB_WALK_END) {
		struct nptb_page *page = nptb_rset_drain(set, &at, 1), *next;

		for (; page; page = next, n++) {
			next = page->hash;
			free(page);
		}
	}
	return n;
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
	free(p->set.buckets);
}

/* Run one under @policy on a set of 1 << @bits chains; fail if it does. */
static void run(const char *policy, u32 bits, const struct unit_script *script)
{
	struct player p = { .name = script->name, .script = script->script };
	char *words = strdup(p.script), *rest = words, *word;
	u32 i;

	nptb_rset_init(&p.set, calloc(1u << bits, sizeof(*p.set.buckets)), bits, UNIT_MULTIPLIER);
	nptb_policy_init(&p.set.policy, nptb_policy_find(policy), young, &p);
	for (i = 0; i < VCPUS; i++)
		nptb_shield_init(&p.shield[i]);
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
