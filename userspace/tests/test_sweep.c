// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget sweep: what is run, what is kept, and what comes of it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmd/sweep.h"
#include "fake.h"

static struct sweep_grid grid;

static void grids(void **state)
{
	static const struct {
		const char *arg;
		int err;
	} bad[] = {
		{ "", -EINVAL }, { "1,", -EINVAL }, { "x", -EINVAL }, { "0", -ERANGE },
		{ "4294967296", -ERANGE }, { "1:2", -EINVAL }, { "1:2:x", -EINVAL },
		{ "0:2:3", -ERANGE }, { "3:2:3", -ERANGE }, { "1:2:1", -ERANGE },
		{ "1:2:3:4", -EINVAL }, { "1:2:1025", -ERANGE },
	};
	size_t i;

	(void)state;
	assert_int_equal(sweep_take_pages(&grid, "8,0x20,8,1"), 0);
	assert_int_equal(grid.nr_pages, 3);
	assert_int_equal(grid.pages[0], 32);
	assert_int_equal(grid.pages[2], 1);
	assert_int_equal(sweep_take_pages(&grid, "16:1024:4,5"), 0);
	assert_int_equal(grid.nr_pages, 5);
	assert_int_equal(grid.pages[0], 1024);
	assert_int_equal(grid.pages[1], 256);
	assert_int_equal(grid.pages[3], 16);
	/* Steps that fall together are one. */
	assert_int_equal(sweep_take_pages(&grid, "1:4:100"), 0);
	assert_int_equal(grid.nr_pages, 4);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(sweep_take_pages(&grid, bad[i].arg), bad[i].err);
	assert_int_equal(sweep_take_policies(&grid, "fifo,clock"), 0);
	assert_int_equal(grid.nr_policies, 2);
	assert_int_equal(sweep_take_policies(&grid, "fifo,fifo"), -EINVAL);
	assert_int_equal(sweep_take_policies(&grid, "fifo,"), -EINVAL);
	assert_int_equal(sweep_take_policies(&grid, "../x"), -EINVAL);
	assert_int_equal(sweep_take_shard(&grid, "2/3"), 0);
	assert_int_equal(grid.shard, 1);
	assert_int_equal(sweep_take_shard(&grid, "0/3"), -EINVAL);
	assert_int_equal(sweep_take_shard(&grid, "4/3"), -EINVAL);
	assert_int_equal(sweep_take_shard(&grid, "1"), -EINVAL);
}

/* All shards together do everything once, but for the runs without a budget. */
static void shards(void **state)
{
	struct sweep_job job;
	size_t nr, i, runs, base;
	int shard;

	(void)state;
	memset(&grid, 0, sizeof(grid));
	assert_int_equal(sweep_take_pages(&grid, "1,2,3"), 0);
	assert_int_equal(sweep_take_policies(&grid, "fifo,lru"), 0);
	grid.repeat = 3;
	grid.shards = 4;
	nr = sweep_jobs(&grid);
	assert_int_equal(nr, 3 * (1 + 3 * 2));
	for (i = 0; i < nr; i++) {
		runs = 0;
		base = 0;
		for (shard = 0; shard < 4; shard++) {
			grid.shard = (unsigned long long)shard;
			runs += sweep_job(&grid, i, &job);
			base += !job.pages;
		}
		assert_int_equal(runs, base ? 4 : 1);
		assert_true(job.repeat < 3);
	}
	grid.shards = 1;
	grid.shard = 0;
	sweep_job(&grid, 3, &job);
	assert_int_equal(job.pages, 3);
	assert_string_equal(job.policy, "fifo");
}

#define HEAD "{\"argv\":[\"vmm\"],\"on_loop\":\"log\"}\n"
#define RUN(pages, policy, repeat, done, faults, seconds) \
	"{\"pages\":" pages ",\"policy\":\"" policy "\",\"completed\":" done ",\"why\":\"loop\"," \
	"\"faults\":" faults ",\"evictions\":" faults ",\"peak\":7,\"seconds\":" seconds \
	",\"repeat\":" repeat ",\"shard\":1}\n"
#define RUNS HEAD \
	RUN("null", "fifo", "0", "true", "0", "2.0") \
	RUN("64", "fifo", "0", "true", "100", "2.0") \
	RUN("64", "fifo", "1", "true", "102", "6.0") \
	RUN("32", "fifo", "0", "true", "105", "3.0") \
	RUN("16", "fifo", "0", "true", "200", "4.0") \
	RUN("8", "fifo", "0", "true", "1000", "8.0") \
	RUN("4", "fifo", "0", "false", "99999", "9.0")

static void sums(void **state)
{
	/* No objects, others' objects, no UTF-8, nothing that a line begins with. */
	static const char *const bad[] = {
		HEAD "[1]\n", "{\"event\":\"fault\",\"time_ns\":1}\n", "{\"argv\":1}\n",
		"{\"argv\":[\"\xfc\"]}\n", "a letter", HEAD "x",
	};
	struct sweep_file f;
	struct sweep s;
	size_t i;

	(void)state;
	/* The last line was cut off. */
	fake_write("r.jsonl", RUNS "{\"pages\":2,");
	assert_int_equal(sweep_file_read(&f, fake_in("r.jsonl")), 0);
	assert_int_equal(json_object_array_length(f.result), 7);
	assert_non_null(sweep_file_find(&f, 64, "fifo", 1));
	assert_non_null(sweep_file_find(&f, 0, "fifo", 0));
	assert_null(sweep_file_find(&f, 64, "lru", 1));
	assert_null(sweep_file_find(&f, 64, "fifo", 2));
	assert_int_equal(sweep_sum(&s, &f), 0);
	assert_int_equal(s.nr, 6);
	assert_int_equal(s.point[0].pages, 0);
	assert_int_equal(s.point[5].pages, 64);
	assert_int_equal(s.point[5].runs, 2);
	assert_true(s.point[5].faults == 101 && s.point[5].seconds == 4);
	assert_int_equal(s.point[1].done, 0);
	assert_string_equal(s.point[1].why, "loop");
	assert_true(s.base == 2);
	assert_int_equal(sweep_working_set(&s, "fifo")->pages, 32);
	assert_int_equal(sweep_knee(&s, "fifo")->pages, 16);
	assert_null(sweep_knee(&s, "lru"));
	assert_null(sweep_working_set(&s, "lru"));
	sweep_free(&s);
	sweep_file_free(&f);
	assert_int_equal(sweep_file_read(&f, fake_in("none")), -ENOENT);
	sweep_file_free(&f);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		fake_write("bad", bad[i]);
		assert_int_equal(sweep_file_read(&f, fake_in("bad")), -EBADMSG);
		sweep_file_free(&f);
	}
}

static void reports(void **state)
{
	struct result r;

	(void)state;
	fake_write("r.jsonl", RUNS);
	COMMAND(&r, "sweep", "--report", fake_in("r.jsonl"));
	assert_int_equal(r.status, 0);
	assert_has(r.out, "POLICY  PAGES  DONE  FAULTS  EVICTIONS  SECONDS  SLOWDOWN");
	assert_has(r.out, "fifo       64   2/2     101        101     4.00      2.00");
	assert_has(r.out, "fifo        4   0/1       -          -        -         -  loop");
	assert_has(r.out, "largest budget: 32 pages (105 faults)");
	assert_has(r.out, "knee: 16 pages (200 faults)");
	COMMAND(&r, "sweep", "--report", fake_in("r.jsonl"), "--json");
	assert_documented("sweep", r.out);
	assert_int_equal(r.status, 0);
	assert_has(r.out, "\"knee\": 16");
	COMMAND(&r, "sweep", "--report", fake_in("none"));
	assert_int_equal(r.status, 1);
}

static int with_little_room(int argc, char **argv)
{
	const struct rlimit room = { 256, 256 };

	(void)argc;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &room);
	execv(NPTBUDGET_BIN, argv);
	return 99;
}

static void merges(void **state)
{
	char text[8192];
	struct result r;

	(void)state;
	fake_write("a", RUNS);
	fake_write("b", HEAD RUN("64", "fifo", "0", "true", "100", "2.0")
		   RUN("64", "lru", "0", "true", "50", "2.0"));
	fake_write("c", "{\"argv\":[\"other\"],\"on_loop\":\"log\"}\n");
	COMMAND(&r, "sweep", "--merge", fake_in("out"), fake_in("a"), fake_in("b"));
	assert_int_equal(r.status, 0);
	assert_has(r.out, "lru        64   1/1      50");
	assert_has(r.out, "fifo       64   2/2     101");
	fake_read("out", text, sizeof(text));
	assert_has(text, "\"policy\":\"lru\"");
	/* What is there is not written over. */
	COMMAND(&r, "sweep", "--merge", fake_in("out"), fake_in("a"), fake_in("b"));
	assert_int_equal(r.status, 1);
	assert_has(r.err, "File exists");
	COMMAND(&r, "sweep", "--merge", fake_in("out2"), fake_in("a"), fake_in("c"));
	assert_int_equal(r.status, 1);
	assert_has(r.err, "another workload");
	/* Half of it would be in the way of the next attempt. */
	FUNCTION(&r, with_little_room, "nptbudget", "sweep", "--merge", fake_in("out3"),
		 fake_in("a"), fake_in("b"));
	assert_int_equal(r.status, 1);
	assert_has(r.err, "out3: File too large");
	assert_int_equal(access(fake_in("out3"), F_OK), -1);
}

static void refuses(void **state)
{
	struct result r;

	(void)state;
	COMMAND(&r, "sweep", "--", "true");
	assert_int_equal(r.status, 2);
	assert_has(r.err, "how many pages");
	COMMAND(&r, "sweep", "--pages", "1:2", "true");
	assert_int_equal(r.status, 2);
	COMMAND(&r, "sweep", "--pages", "1", "--repeat", "0", "true");
	assert_int_equal(r.status, 2);
	COMMAND(&r, "sweep", "--pages", "1", "--shard", "1/2", "true");
	assert_int_equal(r.status, 2);
	assert_has(r.err, "-o FILE");
	COMMAND(&r, "sweep", "--pages", "1");
	assert_int_equal(r.status, 2);
	fake_write("r.jsonl", RUNS);
	COMMAND(&r, "sweep", "--pages", "1", "-o", fake_in("r.jsonl"), "true");
	assert_int_equal(r.status, 1);
	assert_has(r.err, "another workload");
	fake_write("x", "nonsense\n");
	COMMAND(&r, "sweep", "--pages", "1", "-o", fake_in("x"), "true");
	assert_int_equal(r.status, 1);
	assert_has(r.err, "no file of a sweep");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(grids),
		cmocka_unit_test(shards),
		cmocka_unit_test_setup_teardown(sums, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(reports, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(merges, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(refuses, fake_setup, fake_teardown),
	};

	return cmocka_run_group_tests_name("sweep", tests, NULL, NULL);
}
