// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget floor: when is a run stuck, and in which loop? */
#include <string.h>

#include "cmd/stuck.h"
#include "fake.h"

/* A VM with two loops, the second with @times and @laps. */
static void report(struct report *r, struct report_vm *vm, struct loop loops[2],
		   unsigned long long times, unsigned long long laps)
{
	memset(loops, 0, 2 * sizeof(*loops));
	strscpy(loops[0].class, "instruction", sizeof(loops[0].class));
	strscpy(loops[1].class, "instruction", sizeof(loops[1].class));
	loops[0].rip = 0x10;
	loops[0].vector = -1;
	loops[0].times = 1;
	loops[0].laps = 50;
	loops[1].rip = 0x20;
	loops[1].vector = -1;
	loops[1].times = times;
	loops[1].laps = laps;
	*vm = (struct report_vm){ .name = "12-3", .alive = true, .loops = { 2, loops } };
	*r = (struct report){ .started = 1, .nr = 1, .vm = vm };
}

static void stuck(void **state)
{
	struct loop loops[2];
	struct report_vm vm;
	struct stuck s = { 0 };
	struct report r;

	(void)state;
	report(&r, &vm, loops, 1, 10);
	assert_false(stuck_look(&s, &r, 0, 3));
	assert_ptr_equal(stuck_loop(&s, &r), &loops[0]);
	report(&r, &vm, loops, 1, 20);
	assert_false(stuck_look(&s, &r, 2, 3));
	/* It got on, and loops anew: time begins anew. */
	report(&r, &vm, loops, 2, 30);
	assert_false(stuck_look(&s, &r, 3.5, 3));
	report(&r, &vm, loops, 2, 40);
	assert_false(stuck_look(&s, &r, 6, 3));
	/* No rounds: it has ended, or the vCPU does not run. */
	assert_false(stuck_look(&s, &r, 7, 3));
	report(&r, &vm, loops, 2, 45);
	assert_false(stuck_look(&s, &r, 9.9, 3));
	report(&r, &vm, loops, 2, 46);
	assert_true(stuck_look(&s, &r, 10.1, 3));
	assert_ptr_equal(stuck_loop(&s, &r), &loops[1]);
	stuck_free(&s);
}

/* Neither what others take, nor what is left of a VM that has ended. */
static void not_stuck(void **state)
{
	struct loop loops[2];
	struct report_vm vm;
	struct stuck s = { 0 };
	struct report r;
	unsigned int i;

	(void)state;
	for (i = 0; i < 10; i++) {
		report(&r, &vm, loops, 1, i);
		strscpy(loops[1].class, "contention", sizeof(loops[1].class));
		assert_false(stuck_look(&s, &r, i, 3));
		vm.alive = false;
		strscpy(loops[1].class, "instruction", sizeof(loops[1].class));
		assert_false(stuck_look(&s, &r, i, 3));
	}
	r.nr = 0;
	assert_null(stuck_loop(&s, &r));
	stuck_free(&s);
}

static void wrong_use(void **state)
{
	static const char *const bad[][2] = {
		{ "--limit", "0" }, { "--limit", "x" }, { "--patience", "0" },
		{ "--first", "0" }, { "--first", "2,x" }, { "--first", "" },
		{ "--first", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17" },
		{ "--policy", "" }, { "--json", NULL }, { "--frob", "1" },
	};
	struct result r;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		COMMAND(&r, "floor", bad[i][0], bad[i][1]);
		assert_int_equal(r.status, 2);
		assert_string_equal(r.out, "");
		/* It is the value that is wrong, not that there is no VMM. */
		if (bad[i][1])
			assert_null(strstr(r.err, "which VMM"));
	}
	/* A program that creates no VM; the fake module has nothing to report. */
	COMMAND(&r, "floor", "--", "true");
	assert_int_equal(r.status, 1);
	COMMAND(&r, "floor", "--", "/nonexistent");
	assert_int_equal(r.status, 1);
	assert_has(r.err, "cannot start /nonexistent");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(stuck),
		cmocka_unit_test(not_stuck),
		cmocka_unit_test_setup_teardown(wrong_use, fake_setup, fake_teardown),
	};

	return cmocka_run_group_tests_name("floor", tests, NULL, NULL);
}
