// SPDX-License-Identifier: GPL-2.0-only
/*
 * Recordings are streams: what is kept of them does not grow with their length. The
 * kernel holds the command, built without sanitizers, to so much private memory
 * (RLIMIT_DATA) that its events would not fit; and its resident set, which counts what of
 * the file is mapped, is smaller than the file.
 *
 * NPTB_EVENTS=100000000 makes a large one, of more pages and RIPs than are told apart, in
 * 512 MiB. It takes 10 GB below TMPDIR.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake.h"
#include "gendat.h"

#define SMALL		300000
#define SMALL_LIMIT	(10u << 20)
/* The file has 27 MiB. */
#define SMALL_RESIDENT	(24u << 20)
#define LARGE_LIMIT	(512u << 20)
#define NAME		"many.dat"

static const char *const commands[][6] = {
	{ "report", NAME, "--json" }, { "plot", NAME }, { "plot", NAME, "--what", "resident" },
	{ "plot", NAME, "--what", "misses" }, { "replay", NAME, "--policy", "lru" },
	{ "export", NAME, "--to", "csv" }, { "export", NAME, "--to", "jsonl" },
	{ "export", NAME, "--to", "perfetto" }, { "export", NAME, "--to", "damo" },
};

/* Pages, and a budget for all of them: replays make no victims. */
static void make(const char *path, uint64_t nr, uint64_t pages)
{
	struct gendat_fault f = { 0 };
	struct gendat *g = gendat_open(path);
	uint32_t x = 1;
	uint64_t i;

	gendat_note(g, 100, "kernel=6.12.0-test machine=x86_64");
	gendat_attach(g, 200, pages, "fifo");
	for (i = 1; i <= nr; i++) {
		x = x * 1664525 + 1013904223;
		f.seq = f.attempt = i;
		f.rip = 0xffffffff81000000 + (x >> 12) % pages;
		f.gpa = (uint64_t)(x % pages) << 12;
		f.vcpu = x & 3;
		gendat_fault(g, x >> 7 & 1, 1000 * i, &f);
	}
	gendat_note(g, 1000 * i, "end=vmm lost=0");
	gendat_close(g);
}

/* Its own output in out.txt, and what it took. */
static int run(const char *const argv[], rlim_t limit, struct rusage *usage)
{
	const struct rlimit data = { .rlim_cur = limit, .rlim_max = limit };
	char *copy[8] = { "nptbudget" };
	int status;
	size_t i;
	pid_t pid;

	for (i = 0; argv[i]; i++)
		copy[i + 1] = (char *)argv[i];
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (chdir(fake_root) || setenv("TMPDIR", fake_root, 1) ||
		    !freopen(limit == SMALL_LIMIT ? "out.txt" : "/dev/null", "w", stdout) ||
		    setrlimit(RLIMIT_DATA, &data))
			_exit(99);
		execv(NPTBUDGET_PLAIN, copy);
		_exit(99);
	}
	assert_int_equal(wait4(pid, &status, 0, usage), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void stream(void **state)
{
	const char *many = getenv("NPTB_EVENTS");
	const uint64_t nr = many ? strtoull(many, NULL, 10) : SMALL;
	const rlim_t limit = many ? LARGE_LIMIT : SMALL_LIMIT;
	static char text[1 << 20];
	struct rusage usage;
	char path[160];
	size_t i;

	(void)state;
	snprintf(path, sizeof(path), "%s/" NAME, fake_root);
	make(path, nr, many ? 4000000 : 4096);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		int status = run(commands[i], limit, &usage);

		print_message("# %llu events: %s %s %s: exit %d, %ld MiB, %ld s of user time\n",
			      (unsigned long long)nr, commands[i][0],
			      commands[i][2] ? commands[i][2] : "",
			      commands[i][3] ? commands[i][3] : "", status,
			      usage.ru_maxrss >> 10, usage.ru_utime.tv_sec);
		assert_int_equal(status, 0);
		assert_true(usage.ru_maxrss < (many ? LARGE_LIMIT : SMALL_RESIDENT) >> 10);
		/* All of them were read. */
		if (!i && !many) {
			fake_read("out.txt", text, sizeof(text));
			assert_has(text, "\"faults\": 300000,");
			assert_has(text, "\"lost_events\": 0,");
		}
	}
	/* The limit is one: with less not even the libraries load. */
	assert_int_not_equal(run(commands[0], 256 << 10, &usage), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(stream, fake_setup, fake_teardown),
	};

	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
