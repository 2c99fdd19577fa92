// SPDX-License-Identifier: GPL-2.0-only
/* Pictures of a recording whose every cell is known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "fake.h"
#include "gendat.h"

/* Pages 0x10, 0x20 and 0x1000000 in turn; a loop at the end. */
static void make(char path[128], bool loop)
{
	static const uint64_t frames[] = { 0x10, 0x20, 0x1000000 };
	const uint64_t gfns[] = { 0x10, 0x20 };
	const uint8_t roles[] = { 1, 4 };
	struct gendat_fault f = { .rip = 0x7c06, .error = 6 };
	struct gendat *g;
	unsigned int i;

	fake_path(path, 128, loop ? "loop.dat" : "a.dat");
	g = gendat_open(path);
	gendat_note(g, 10, "kernel=6.12.0-test machine=x86_64");
	gendat_note(g, 20, "cpu=A \"CPU\" of a 'test'");
	gendat_note(g, 30, "vm=77-5 pid=77 comm=tester budget=2 policy=fifo on_loop=log");
	for (i = 0; i < 300; i++) {
		f.seq = f.attempt = i + 1;
		f.gpa = frames[i % 3] << 12;
		f.resident = i ? 2 : 1;
		gendat_fault(g, 0, 1000 + i * 1000000ULL, &f);
		if (i > 1)
			gendat_evict(g, 0, 1500 + i * 1000000ULL, 0, frames[(i + 1) % 3]);
	}
	if (loop)
		gendat_loop(g, 400000000, 0x7c06, 4, gfns, roles, 2);
	gendat_note(g, 500000000, "end=vmm lost=0");
	gendat_close(g);
}

static void text(void **state)
{
	static struct result r;
	const char *line;
	char path[128];

	(void)state;
	make(path, false);
	COMMAND(&r, "plot", path);
	assert_int_equal(r.status, 0);
	assert_string_equal(r.err, "");
	assert_has(r.out, "Faults by page and time\nVM 77-5 tester, budget 2 pages, policy fifo; kernel 6.12.0-test; CPU A \"CPU\" of a 'test'\n");
	/* Three rows, and none for what lies between. */
	assert_has(r.out, "           1000000 |");
	assert_has(r.out, "                20 |");
	assert_has(r.out, "                10 |");
	assert_null(strstr(r.out, "                30 |"));
	assert_has(r.out, "0.299 s");
	COMMAND(&r, "plot", path, "--what", "evictions");
	assert_int_equal(r.status, 0);
	assert_has(r.out, "evictions per cell");
	COMMAND(&r, "plot", path, "--what", "resident");
	assert_int_equal(r.status, 0);
	/* A row for each page, and none for what is less than one. */
	assert_has(r.out, "\n         2 |####");
	assert_has(r.out, "\n         1 |####");
	assert_null(strstr(r.out, "\n         0 |"));
	assert_null(strstr(strstr(r.out, "\n         1 |") + 1, "\n         1 |"));
	COMMAND(&r, "plot", path, "--what", "loops");
	assert_int_equal(r.status, EXIT_FAILED);
	assert_has(r.err, "nothing in it to draw loops of");
	/* Three pages in turn: two are never enough for fifo, four always are. */
	COMMAND(&r, "plot", path, "--what", "misses");
	assert_int_equal(r.status, 0);
	assert_has(r.out, "       pages       1       2       4\n        fifo 100.00% 100.00%   1.00%\n");
	make(path, true);
	/* No fault in the last quarter: what was resident still is. */
	COMMAND(&r, "plot", path, "--what", "resident");
	assert_int_equal(r.status, 0);
	line = strstr(r.out, "\n         2 |");
	assert_non_null(line);
	assert_int_equal(strspn(line + strlen("\n         2 |"), "#"), 79);
	COMMAND(&r, "plot", path, "--what", "loops");
	assert_int_equal(r.status, 0);
	assert_has(r.out, "              7c06 |");
}

#define RUN(pages, policy, done, faults, seconds) \
	"{\"pages\":" pages ",\"policy\":\"" policy "\",\"completed\":" done ",\"why\":\"loop\"," \
	"\"faults\":" faults ",\"evictions\":1,\"peak\":7,\"seconds\":" seconds \
	",\"repeat\":0,\"shard\":1}\n"

static void make_sweep(char path[128])
{
	fake_path(path, 128, "s.jsonl");
	fake_write("s.jsonl",
		   "{\"argv\":[\"vmm\",\"-m\",\"'4\\\"\"],\"on_loop\":\"log\",\"kernel\":\"6.12.0-test\",\"cpu\":\"A CPU\"}\n"
		   RUN("null", "fifo", "true", "0", "2.0")
		   RUN("64", "fifo", "true", "100", "3.0")
		   RUN("16", "fifo", "true", "4000", "25.0")
		   RUN("64", "lru", "true", "90", "2.5")
		   RUN("16", "lru", "true", "1000", "5.0")
		   RUN("4", "lru", "false", "99", "9.0"));
}

static void sweeps(void **state)
{
	static struct result r;
	char path[128];

	(void)state;
	make_sweep(path);
	COMMAND(&r, "plot", path, "--what", "slowdown");
	assert_string_equal(r.err, "");
	assert_int_equal(r.status, 0);
	assert_has(r.out, "Slowdown by budget and policy\nvmm -m '4\"; on loop log; kernel 6.12.0-test; CPU A CPU\n");
	assert_has(r.out, "       pages        fifo         lru\n"
			  "          64        1.50        1.25\n"
			  "          16       12.50        2.50\n"
			  "           4           -           -\n");
	COMMAND(&r, "plot", path, "--what", "faults");
	assert_int_equal(r.status, 0);
	assert_has(r.out, "          16        4000        1000\n");
	COMMAND(&r, "plot", path, "--what", "faults", "--vm", "1-2");
	assert_int_equal(r.status, EXIT_USAGE);
	FAILS("results of a sweep, and no recording: --what slowdown or faults", "plot", path);
	fake_write("s.jsonl", "{\"argv\":[\"vmm\"]}\n" RUN("null", "fifo", "true", "0", "2.0"));
	COMMAND(&r, "plot", path, "--what", "slowdown");
	assert_int_equal(r.status, EXIT_FAILED);
	assert_has(r.err, "nothing in it to draw slowdown of");
	fake_write("s.jsonl", "");
	COMMAND(&r, "plot", path, "--what", "slowdown");
	assert_int_equal(r.status, EXIT_FAILED);
	assert_has(r.err, "no results of 'nptbudget sweep'");
}

static void size_of(const char *path, const char *magic)
{
	char head[64] = "";
	struct stat st;
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_true(fread(head, 1, sizeof(head) - 1, f) > 16);
	fclose(f);
	assert_non_null(strstr(head, magic));
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 4000);
}

/* Each picture is drawn, and gnuplot has nothing to say. */
static void pictures(void **state)
{
	static const char *const what[] = {
		"heatmap", "evictions", "resident", "loops", "misses", "slowdown", "faults",
	};
	static struct result r;
	char path[128], to[128], text[16];
	size_t i;

	(void)state;
	if (system("command -v gnuplot >/dev/null")) {
		print_message("# no gnuplot\n");
		skip();
	}
	for (i = 0; i < ARRAY_SIZE(what); i++) {
		make(path, !strcmp(what[i], "loops"));
		if (!strcmp(what[i], "slowdown") || !strcmp(what[i], "faults"))
			make_sweep(path);
		fake_path(to, 128, "a.png");
		COMMAND(&r, "plot", path, "--what", what[i], "-o", to);
		assert_string_equal(r.err, "");
		assert_int_equal(r.status, 0);
		size_of(to, "PNG");
		fake_path(to, 128, "a.svg");
		COMMAND(&r, "plot", path, "--what", what[i], "-o", to);
		assert_string_equal(r.err, "");
		assert_int_equal(r.status, 0);
		size_of(to, "<?xml");
	}
	make(path, false);
	COMMAND(&r, "plot", path, "-o", "/nonexistent/a.png");
	assert_int_equal(r.status, EXIT_FAILED);
	assert_string_equal(r.err,
			    "nptbudget: plot: cannot write /nonexistent/a.png: No such file or directory\n");
	assert_string_equal(r.out, "");
	assert_int_equal(symlink("/dev/full", fake_in("full.png")), 0);
	COMMAND(&r, "plot", path, "-o", fake_in("full.png"));
	assert_int_equal(r.status, EXIT_FAILED);
	assert_has(r.err, "full.png: No space left on device");
	setenv("PATH", "/nonexistent", 1);
	fake_write("old.svg", "old");
	COMMAND(&r, "plot", path, "-o", fake_in("old.svg"));
	assert_int_equal(r.status, EXIT_FAILED);
	assert_has(r.err, "gnuplot is missing");
	fake_read("old.svg", text, sizeof(text));
	assert_string_equal(text, "old");
}

/* Recorded while no VM had a budget. */
static void nothing(void **state)
{
	static struct result r;
	const char *path = gendat_empty();

	(void)state;
	FAILS("no events in it: they are of VMs under a budget alone", "plot", path);
	COMMAND(&r, "report", path);
	assert_int_equal(r.status, EXIT_DONE);
	assert_has(r.err, "no events in it");
}

static void wrong(void **state)
{
	static struct result r;
	char path[128];

	(void)state;
	make(path, false);
	COMMAND(&r, "plot");
	assert_int_equal(r.status, EXIT_USAGE);
	COMMAND(&r, "plot", path, path);
	assert_int_equal(r.status, EXIT_USAGE);
	COMMAND(&r, "plot", path, "--what", "none");
	assert_int_equal(r.status, EXIT_USAGE);
	COMMAND(&r, "plot", path, "-o", "a.gif");
	assert_int_equal(r.status, EXIT_USAGE);
	WRONG("ends in .png or .svg", "plot", path, "-o", "-");
	WRONG("not standard input", "plot", "-");
	WRONG("not standard input", "report", "-");
	WRONG("not standard input", "replay", "-", "--pages", "1");
	COMMAND(&r, "plot", path, "--vm", "1-1");
	assert_int_equal(r.status, EXIT_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(text, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(sweeps, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(nothing, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(wrong, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(pictures, fake_setup, fake_teardown),
	};

	return cmocka_run_group_tests_name("plot", tests, NULL, NULL);
}
