// SPDX-License-Identifier: GPL-2.0-only
/* Replay against textbooks, and what the command says of bad recordings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "replay/replay.h"
#include "model/trace.h"
#include "fake.h"
#include "gendat.h"

/*
 * A string of faults: a small letter is a page in an attempt of its own. Before
 * it: '+' the same attempt as before, '\'' vCPU 1, '!' the module had the page,
 * '~' KVM gave up on a race, '-' deferred, '#' MMIO, '*' no frame of the VM's.
 */
static void parse(struct trace_vm *vm, const char *text)
{
	unsigned long long attempt = 0;

	memset(vm, 0, sizeof(*vm));
	while (*text) {
		struct trace_fault f = { .seq = vm->nr + 1, .verdict = NPTB_VERDICT_MAPPED };
		bool same = false;

		for (; *text && (*text < 'a' || *text > 'z'); text++) {
			same |= *text == '+';
			f.vcpu |= *text == '\'';
			f.known |= *text == '!';
			if (*text == '~')
				f.verdict = NPTB_VERDICT_RETRY;
			if (*text == '-')
				f.verdict = NPTB_VERDICT_DEFERRED;
			if (*text == '#')
				f.verdict = NPTB_VERDICT_MMIO;
			if (*text == '*')
				f.as = 255;
		}
		attempt += !same;
		f.attempt = attempt;
		f.gfn = *text++;
		assert_int_equal(trace_add_fault(vm, &f), 0);
	}
}

static void textbook(void **state)
{
	/* Belady, Nelson, Shedler 1969 is the one that fifo does worse on with more. */
	static const char belady[] = "abcdabeabcde";
	static const struct {
		const char *policy, *string;
		unsigned int pages, hits, misses, evictions, own, batch;
	} cases[] = {
		{ "fifo", belady, 3, 3, 9, 6, 0, 1 },
		{ "fifo", belady, 4, 2, 10, 6, 0, 1 },
		{ "true-lru", belady, 3, 2, 10, 7, 0, 1 },
		{ "true-lru", belady, 4, 4, 8, 4, 0, 1 },
		{ "opt", belady, 3, 5, 7, 4, 0, 1 },
		{ "opt", belady, 4, 6, 6, 2, 0, 1 },
		{ "fifo", belady, 5, 7, 5, 0, 0, 1 },
		{ "mru", "abcdabcdabcd", 3, 4, 8, 5, 0, 1 },
		{ "fifo", "abcdabcdabcd", 3, 0, 12, 9, 0, 1 },
		{ "last-only", "abab", 64, 0, 4, 3, 0, 1 },
		{ "last-only", "aaaa", 64, 3, 1, 0, 0, 1 },
		/* An attempt's pages are shielded: c cannot take a or b. */
		{ "fifo", "xa+b+c", 3, 0, 4, 1, 0, 1 },
		{ "mru", "xa+b+cx", 3, 0, 5, 2, 0, 1 },
		/* More than there is: the oldest of its own goes, a loop. */
		{ "fifo", "a+b+a+b", 1, 0, 4, 3, 3, 1 },
		{ "last-only", "a+b+a+b", 64, 0, 4, 3, 0, 1 },
		{ "fifo", "a+b+a+b", 2, 2, 2, 0, 0, 1 },
		/* The module had it: it comes again whatever the budget. */
		{ "fifo", "ab!a", 2, 0, 3, 1, 0, 1 },
		{ "fifo", "ab!a", 3, 0, 3, 0, 0, 1 },
		/* Room is made for a race, nothing is mapped. */
		{ "fifo", "a~bb", 1, 0, 2, 1, 0, 1 },
		{ "fifo", "a#b-b*bb", 1, 0, 2, 1, 0, 1 },
		/* Another vCPU's shield breaks where nothing else is left. */
		{ "fifo", "a'b'+c", 2, 0, 3, 1, 0, 1 },
		{ "fifo", "a'b", 1, 0, 2, 1, 0, 1 },
		/* Several at a time: half of the pages at most, and none that is shielded. */
		{ "fifo", "abcdefgh", 4, 0, 8, 4, 0, 2 },
		{ "fifo", "abcdeab", 4, 0, 7, 4, 0, 2 },
		{ "fifo", "abcdecd", 4, 2, 5, 2, 0, 2 },
		{ "fifo", "abcdefgh", 4, 0, 8, 4, 0, 32 },
		{ "fifo", "abcdefgh", 6, 0, 8, 3, 0, 3 },
		{ "fifo", "abcdefgh", 3, 0, 8, 5, 0, 32 },
		{ "fifo", "ab", 1, 0, 2, 1, 0, 32 },
		{ "fifo", "xa+b+c+d", 4, 0, 5, 1, 0, 2 },
		{ "fifo", "a+b+a+b", 1, 0, 4, 3, 3, 8 },
		{ "last-only", "abab", 64, 0, 4, 3, 0, 8 },
		{ "clock", "abcdefgh", 4, 0, 8, 4, 0, 2 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct replay_args args = {
			.policy = replay_policy(cases[i].policy), .pages = cases[i].pages,
			.batch = cases[i].batch,
		};
		struct replay_counts c;
		struct trace_vm vm;

		parse(&vm, cases[i].string);
		assert_non_null(args.policy);
		assert_int_equal(replay_run(&vm, &args, &c), 0);
		if (c.hits != cases[i].hits || c.misses != cases[i].misses ||
		    c.evictions != cases[i].evictions || c.own != cases[i].own)
			fail_msg("%s %s %u: hits %llu, misses %llu, evictions %llu, own %llu",
				 cases[i].policy, cases[i].string, cases[i].pages, c.hits,
				 c.misses, c.evictions, c.own);
		trace_free_faults(&vm);
	}
}

/* Nothing beats OPT, and what has room for everything misses each page once. */
static void bounds(void **state)
{
	static const char *const policies[] = {
		"fifo", "clock", "lru", "random", "mru", "wsclock", "true-lru", "last-only",
	};
	struct replay_args args = { .policy = &replay_opt, .pages = 6 };
	struct replay_counts best, c;
	struct trace_vm vm;
	char text[2001];
	unsigned int x = 1;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(text) - 1; i++) {
		x = x * 1664525 + 1013904223;
		text[i] = 'a' + (x >> 16) % ((x >> 24) % 3 ? 5 : 20);
	}
	text[i] = '\0';
	parse(&vm, text);
	assert_int_equal(replay_run(&vm, &args, &best), 0);
	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		args = (struct replay_args){ .policy = replay_policy(policies[i]), .pages = 6 };
		assert_int_equal(replay_run(&vm, &args, &c), 0);
		assert_int_equal(c.hits + c.misses, vm.nr);
		assert_true(c.misses >= best.misses);
		assert_int_equal(c.evictions, c.misses - (args.policy->keep ? 1 : 6));
		args.pages = 26;
		assert_int_equal(replay_run(&vm, &args, &c), 0);
		if (!args.policy->keep)
			assert_int_equal(c.misses, 20);
	}
	trace_free_faults(&vm);
}

/* The same seed gives the same, another one something else. */
static void seeds(void **state)
{
	struct replay_args args = { .policy = replay_policy("random"), .pages = 3, .seed = 1 };
	struct replay_counts a, b, c;
	struct trace_vm vm;

	(void)state;
	parse(&vm, "abcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdef");
	assert_int_equal(replay_run(&vm, &args, &a), 0);
	assert_int_equal(replay_run(&vm, &args, &b), 0);
	args.seed = 3;
	assert_int_equal(replay_run(&vm, &args, &c), 0);
	assert_memory_equal(&a, &b, sizeof(a));
	assert_int_not_equal(a.hits, c.hits);
	trace_free_faults(&vm);
}

static void recorded(void **state)
{
	struct replay_counts c;
	struct trace_vm vm;

	(void)state;
	parse(&vm, "ab~c-d#e*fg");
	vm.fault[1].evicted = 1;
	vm.fault[3].evicted = 2;
	c = replay_recorded(&vm);
	assert_int_equal(c.faults, 4);
	assert_int_equal(c.misses, 3);
	assert_int_equal(c.evictions, 3);
	assert_int_equal(c.left_out, 3);
	trace_free_faults(&vm);
}

static void order(void **state)
{
	struct trace_vm vm;
	size_t i;

	(void)state;
	parse(&vm, "abcdef");
	vm.fault[0].seq = 12;
	vm.fault[1].seq = 10;
	vm.fault[2].seq = 11;
	vm.fault[3].seq = 13;
	vm.fault[4].seq = 17;
	vm.fault[5].seq = 15;
	trace_order(&vm);
	assert_int_equal(vm.fault[0].gfn, 'b');
	assert_int_equal(vm.fault[1].gfn, 'c');
	assert_int_equal(vm.fault[5].gfn, 'e');
	assert_int_equal(vm.missing, 2);
	trace_free_faults(&vm);
	parse(&vm, "abc");
	trace_order(&vm);
	assert_int_equal(vm.missing, 0);
	trace_free_faults(&vm);
	parse(&vm, "");
	trace_order(&vm);
	assert_int_equal(vm.missing, 0);
	/* All the other way round. */
	parse(&vm, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
	for (i = 0; i < vm.nr; i++)
		vm.fault[i].seq = vm.nr - i;
	trace_order(&vm);
	for (i = 0; i < vm.nr; i++)
		assert_int_equal(vm.fault[i].seq, i + 1);
	trace_free_faults(&vm);
}

static void as_json(void **state)
{
	struct gendat_fault f = { .rip = 0x7c06 };
	const char *path = fake_in("a.dat");
	struct gendat *g = gendat_open(path);
	struct json_object *top;
	struct result r;

	(void)state;
	gendat_attach(g, 1000, 2, "fifo");
	for (f.seq = 1; f.seq <= 6; f.seq++) {
		f.gpa = (f.seq % 3) << 12;
		gendat_fault(g, 0, 1000 + f.seq, &f);
	}
	gendat_close(g);
	COMMAND(&r, "replay", path, "--pages", "3", "--json");
	assert_int_equal(r.status, 0);
	assert_documented("replay", r.out);
	top = json_of(r.out);
	assert_string_equal(json_at(top, "misses"), "3");
	assert_string_equal(json_at(top, "hits"), "3");
	assert_string_equal(json_at(top, "recorded/misses"), "6");
	assert_string_equal(json_at(top, "recorded/complete"), "true");
	json_object_put(top);
}

/* Faults at no frame of the VM's own, as OPT looks ahead; the others as ever. */
static void of_no_frame(void **state)
{
	static const uint8_t spaces[] = { 0, 255, 0, 7, 0, 0 };
	struct gendat_fault f = { .rip = 0x7c06 };
	const char *path = fake_in("a.dat");
	struct gendat *g = gendat_open(path);
	struct json_object *top;
	struct result r;

	(void)state;
	gendat_attach(g, 1000, 2, "fifo");
	for (f.seq = 1; f.seq <= ARRAY_SIZE(spaces); f.seq++) {
		f.as = spaces[f.seq - 1];
		f.gpa = f.seq == ARRAY_SIZE(spaces) ? 1ULL << 62 : f.seq << 12;
		gendat_fault(g, 0, 1000 + f.seq, &f);
	}
	gendat_close(g);
	COMMAND(&r, "replay", path, "--policy", "opt", "--pages", "3", "--json");
	assert_string_equal(r.err, "");
	assert_int_equal(r.status, 0);
	top = json_of(r.out);
	assert_string_equal(json_at(top, "misses"), "3");
	assert_string_equal(json_at(top, "left_out"), "3");
	json_object_put(top);
}

static void refuses(void **state)
{
	struct result r;
	char path[128];

	(void)state;
	FUNCTION(&r, cmd_replay.main, "replay");
	assert_int_equal(r.status, EXIT_USAGE);
	FUNCTION(&r, cmd_replay.main, "replay", "a", "b");
	assert_int_equal(r.status, EXIT_USAGE);
	FUNCTION(&r, cmd_replay.main, "replay", "a", "--policy", "lfu");
	assert_int_equal(r.status, EXIT_USAGE);
	assert_has(r.err, "no policy 'lfu'");
	FUNCTION(&r, cmd_replay.main, "replay", "a", "--pages", "off");
	assert_int_equal(r.status, EXIT_USAGE);
	FUNCTION(&r, cmd_replay.main, "replay", "a", "--pages", "0");
	assert_int_equal(r.status, EXIT_USAGE);
	FUNCTION(&r, cmd_replay.main, "replay", "/nonexistent/trace.dat");
	assert_int_equal(r.status, EXIT_FAILED);
	assert_ptr_equal(strchr(r.err, '\n'), r.err + strlen(r.err) - 1);
	assert_has(r.err, "No such file");
	fake_write("some.txt", "this is no recording of anything at all\n");
	snprintf(path, sizeof(path), "%s/some.txt", fake_root);
	FUNCTION(&r, cmd_replay.main, "replay", path);
	assert_int_equal(r.status, EXIT_FAILED);
	assert_ptr_equal(strchr(r.err, '\n'), r.err + strlen(r.err) - 1);
	assert_has(r.err, "not a recording");
	fake_write("empty", "");
	snprintf(path, sizeof(path), "%s/empty", fake_root);
	FUNCTION(&r, cmd_replay.main, "replay", path);
	assert_int_equal(r.status, EXIT_FAILED);
	assert_has(r.err, "not a recording");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(textbook),
		cmocka_unit_test(bounds),
		cmocka_unit_test(seeds),
		cmocka_unit_test(recorded),
		cmocka_unit_test(order),
		cmocka_unit_test_setup_teardown(as_json, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(of_no_frame, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(refuses, fake_setup, fake_teardown),
	};

	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
