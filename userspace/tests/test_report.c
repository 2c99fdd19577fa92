// SPDX-License-Identifier: GPL-2.0-only
/* Reports on recordings whose every count is known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/reuse.h"
#include "analyze/symbols.h"
#include "analyze/index.h"
#include "cmd/cmd.h"
#include "fake.h"
#include "gendat.h"

#define WALK	(1ULL << 33)
#define FETCH	0x10
#define WRITE	2

/* Each distance by a search through all that was referenced since. */
static void distances(void **state)
{
	static uint32_t was[20000];
	struct reuse r = { 0 };
	uint64_t got, want;
	uint32_t x = 1, i, k, page;

	(void)state;
	for (i = 0; i < 20000; i++) {
		bool seen[512] = { false };

		x = x * 1664525 + 1013904223;
		/* Few at first, many later, so that there is a lot to forget. */
		page = (x >> 16) % (i < 9000 ? 7 : 500);
		assert_int_equal(reuse_touch(&r, page, &got), 0);
		want = 0;
		for (k = i; k-- && was[k] != page;)
			if (!seen[was[k]]) {
				seen[was[k]] = true;
				want++;
			}
		if (k == UINT32_MAX)
			want = REUSE_FIRST;
		assert_int_equal(got, want);
		was[i] = page;
	}
	reuse_free(&r);
}

static void tables(void **state)
{
	struct entry { uint64_t key, n; } *e;
	struct index t;
	uint64_t i;

	(void)state;
	index_init(&t, sizeof(*e), 5000);
	for (i = 0; i < 5000; i++) {
		assert_int_equal(index_get(&t, i << 33, &e), 1);
		e->n = i;
	}
	assert_int_equal(index_get(&t, 1, &e), -ENOSPC);
	for (i = 0; i < 5000; i++) {
		assert_int_equal(index_get(&t, i << 33, &e), 0);
		assert_int_equal(e->n, i);
	}
	index_free(&t);
}

/* Functions at random places; each second place that faults is where one begins. */
static void fit_by_functions(void **state)
{
	uint64_t seed = 1, rips[64], offset = 1;
	struct symbols s;
	char path[128];
	size_t i, nr;

	(void)state;
	fake_write("functions", "ffffffff81000000 T _text\nffffffff82000000 T last\n");
	fake_path(path, 128, "functions");
	assert_int_equal(symbols_read(path, &s), 0);
	s.symbol = reallocarray(s.symbol, 4096, sizeof(*s.symbol));
	assert_non_null(s.symbol);
	s.symbol[4095] = s.symbol[1];
	for (i = 1; i < 4095; i++)
		s.symbol[i] = (struct symbol){ .addr = 0xffffffff81000000 + i * 4096 +
			((seed = seed * 6364136223846793005 + 1) >> 33) % 256 * 16 };
	s.nr = 4096;
	for (nr = 0; nr < ARRAY_SIZE(rips); nr++)
		rips[nr] = s.symbol[1000 + 32 * nr].addr + 0x12400000 + nr % 2;
	assert_int_equal(symbols_fit(&s, rips, nr, &offset), 0);
	assert_int_equal(offset, 0x12400000);
	/* None is where a function begins. */
	for (i = 0; i < nr; i += 2)
		rips[i]++;
	assert_int_equal(symbols_fit(&s, rips, nr, &offset), -EAGAIN);
	symbols_free(&s);
}

static void names(void **state)
{
	const uint64_t fits[] = { 0xffffffff9a000010, 0xffffffff9a7ffff0 };
	const uint64_t several[] = { 0xffffffff9a400000 };
	struct symbols s;
	char path[128], text[64];
	uint64_t offset = 1;

	(void)state;
	fake_write("map", "ffffffff81000000 T _text\nffffffff81800000 t last\n"
		   "ffffffff81000100 T second\nffffffff82000000 D data\nnonsense\n");
	fake_path(path, 128, "map");
	assert_int_equal(symbols_read(path, &s), 0);
	assert_int_equal(s.nr, 3);
	assert_string_equal(symbols_name(&s, 0xffffffff81000104, text, sizeof(text)),
			    "second+0x4");
	assert_null(symbols_name(&s, 0xffffffff80ffffff, text, sizeof(text)));
	assert_null(symbols_name(&s, 0x7c00, text, sizeof(text)));
	assert_int_equal(symbols_fit(&s, fits, 2, &offset), 0);
	assert_int_equal(offset, 0x19000000);
	s.offset = offset;
	assert_string_equal(symbols_name(&s, 0xffffffff9a000010, text, sizeof(text)),
			    "_text+0x10");
	assert_int_equal(symbols_fit(&s, several, 1, &offset), -EAGAIN);
	assert_int_equal(symbols_fit(&s, several, 0, &offset), -ENOENT);
	symbols_free(&s);
	/* The command itself has symbols, as an ELF file. */
	assert_int_equal(symbols_read(NPTBUDGET_BIN, &s), 0);
	assert_true(s.nr > 100);
	symbols_free(&s);
	fake_write("cut", "\177ELF\2\1\1");
	fake_path(path, 128, "cut");
	assert_int_equal(symbols_read(path, &s), -EBADMSG);
	symbols_free(&s);
	fake_write("none", "nothing\n");
	fake_path(path, 128, "none");
	assert_int_equal(symbols_read(path, &s), -ENODATA);
	symbols_free(&s);
}

/*
 * Pages a, b of two vCPUs, in turn: six faults, of all roles; one is MMIO; a loop of
 * two attempts, 4 and 2 laps.
 */
static void make(const char *path, const char *end)
{
	static const struct gendat_fault faults[] = {
		{ .rip = 0x1000, .gpa = 0x200000, .error = 4 | FETCH, .resident = 1 },
		{ .rip = 0x1000, .gpa = 0x201000, .error = 4 | WRITE, .resident = 2,
		  .vcpu = 1, .evicted = 1 },
		{ .rip = 0x1000, .gpa = 0x200000, .error = 4, .resident = 2, .vcpu = 1 },
		{ .rip = 0x2000, .gpa = 0x201000, .error = WALK | WRITE, .resident = 3 },
		{ .rip = 0x2000, .gpa = 0x201000, .error = 4, .resident = 1, .event = 2 },
		{ .rip = 0x2000, .gpa = 0xfee00000, .error = 8, .verdict = 5, .as = 255 },
	};
	const uint64_t gfns[] = { 0x200, 0x201 };
	const uint8_t roles[] = { 1, 4 };
	struct gendat *g = gendat_open(path);
	struct gendat_fault f;
	size_t i;

	gendat_note(g, 100, "record=1 command=0.1 module=0.1 format=1");
	gendat_note(g, 110, "kernel=6.12.0-test machine=x86_64");
	gendat_note(g, 120, "cpu=Some CPU of a test");
	gendat_note(g, 130, "vm=77-5 pid=77 comm=tester budget=2 policy=fifo on_loop=log");
	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		f = faults[i];
		f.seq = f.attempt = i + 1;
		gendat_fault(g, i & 1, 1000000 + i * 1000, &f);
	}
	gendat_evict(g, 1, 1006000, 0, 0x200);
	gendat_loop(g, 1007000, 0x3000, 1, gfns, roles, 2);
	gendat_loop(g, 1008000, 0x3000, 4, gfns, roles, 2);
	if (end)
		gendat_note(g, 2000000, end);
	gendat_close(g);
}

static void counts(void **state)
{
	static struct result r;
	char a[128], b[128];

	(void)state;
	fake_path(a, 128, "a.dat");
	fake_path(b, 128, "b.dat");
	make(a, "end=vmm lost=0");
	make(b, NULL);
	COMMAND(&r, "report", a, "--json");
	assert_documented("report", r.out);
	assert_int_equal(r.status, 0);
	assert_string_equal(r.err, "");
	assert_has(r.out, "\"kernel\": \"6.12.0-test\"");
	assert_has(r.out, "\"cpu\": \"Some CPU of a test\"");
	assert_has(r.out, "\"budget\": \"2\"");
	assert_has(r.out, "\"faults\": 6");
	assert_has(r.out, "\"mapped\": 5");
	assert_has(r.out, "\"mmio\": 1");
	assert_has(r.out, "\"peak\": 3");
	assert_has(r.out, "\"pages\": 2");
	assert_has(r.out, "\"shared_pages\": 2");
	assert_has(r.out, "\"code\": 1");
	assert_has(r.out, "\"data_read\": 2");
	assert_has(r.out, "\"data_write\": 1");
	assert_has(r.out, "\"guest_tables\": 1");
	assert_has(r.out, "\"event_delivery\": 1");
	assert_has(r.out, "\"laps\": 4");
	assert_has(r.out, "\"insn\": \"0131\"");
	assert_has(r.out, "\"lost_events\": 0");
	/* a, b, a (1), b (1), b (0). */
	assert_has(r.out, "\"never_before\": 2");
	COMMAND(&r, "report", a, "--csv", "reuse");
	assert_has(r.out, "below_pages,mappings\n1,1\n2,2\n4,0\n");
	COMMAND(&r, "report", a, "--csv", "pages", "--top", "1");
	assert_string_equal(r.out, "vm,as,gfn,faults,mapped,evictions,vcpus,roles\n"
			    "77-5,0,0x201,3,3,0,2,\"data_write,guest_tables,event_delivery\"\n");
	COMMAND(&r, "report", a, "--csv", "rips");
	assert_string_equal(r.out, "rip,faults,symbol\n0x1000,3,\n0x2000,3,\n");
	COMMAND(&r, "report", a);
	assert_int_equal(r.status, 0);
	assert_has(r.out, "Fault loops with most laps");
	assert_has(r.out, "VM 77-5 tester: 6 faults, budget 2, policy fifo");
	COMMAND(&r, "report", a, "--against", b);
	assert_int_equal(r.status, 0);
	assert_has(r.out, "1.00");
	assert_has(r.err, "cut short");
	COMMAND(&r, "report", a, "--vm", "1-1");
	assert_int_equal(r.status, 1);
	assert_has(r.err, "no VM 1-1 in it");
}

/* A gap in the faults' numbers is told, whatever the recorder says. */
static void gaps(void **state)
{
	struct gendat_fault f = { .rip = 1, .gpa = 0x1000 };
	static struct result r;
	struct gendat *g;
	char path[128];

	(void)state;
	fake_path(path, 128, "gaps.dat");
	g = gendat_open(path);
	f.seq = 3;
	gendat_fault(g, 0, 1000, &f);
	f.seq = 10;
	gendat_fault(g, 0, 2000, &f);
	gendat_close(g);
	COMMAND(&r, "report", path);
	assert_int_equal(r.status, 0);
	assert_has(r.err, "6 events are missing");
}

/* JSON is UTF-8, whatever a file is called. */
static void odd_name(void **state)
{
	static const char *const names[][2] = {
		{ "m\xc3\xbc\".dat", "/m\xc3\xbc\".dat" }, { "m\xfc\".dat", "/m?\".dat" },
	};
	static struct result r;
	struct json_object *top;
	const char *file;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(rename(gendat_empty(), fake_in(names[i][0])), 0);
		COMMAND(&r, "report", fake_in(names[i][0]), "--json");
		top = json_of(r.out);
		file = json_at(top, "file");
		assert_string_equal(strrchr(file, '/'), names[i][1]);
		json_object_put(top);
	}
}

/* As an interrupted copy leaves it: an error, wherever it ends. */
static void cut(void **state)
{
	static char whole[65536];
	char path[128];
	size_t size, left;
	FILE *f;

	(void)state;
	fake_path(path, 128, "a.dat");
	make(path, "end=vmm lost=0");
	f = fopen(path, "re");
	assert_non_null(f);
	size = fread(whole, 1, sizeof(whole), f);
	fclose(f);
	assert_in_range(size, 8192, sizeof(whole) - 1);
	for (left = size - 1; left > 0; left = left > 600 ? left - 600 : left / 2) {
		f = fopen(path, "we");
		assert_non_null(f);
		assert_int_equal(fwrite(whole, 1, left, f), left);
		fclose(f);
		FAILS(path, "report", path);
	}
}

static void damaged(void **state)
{
	struct gendat_fault f = { .rip = 0x7c06, .seq = 1, .vcpu = 0xde000000 };
	const char *path = fake_in("damaged.dat");
	struct gendat *g = gendat_open(path);

	(void)state;
	gendat_fault(g, 0, 1000, &f);
	gendat_close(g);
	FAILS("it is damaged: vCPU 3724541952", "report", path);
	FAILS("it is damaged: vCPU 3724541952", "export", path, "--to", "csv");
	FAILS("it is damaged: vCPU 3724541952", "replay", path, "--pages", "2");
}

static void wrong(void **state)
{
	static struct result r;
	char path[128];

	(void)state;
	fake_write("text", "no recording\n");
	fake_path(path, 128, "text");
	COMMAND(&r, "report");
	assert_int_equal(r.status, EXIT_USAGE);
	COMMAND(&r, "report", path, "--csv", "none");
	assert_int_equal(r.status, EXIT_USAGE);
	COMMAND(&r, "report", path, "--kaslr", "0");
	assert_int_equal(r.status, EXIT_USAGE);
	COMMAND(&r, "report", path);
	assert_int_equal(r.status, EXIT_FAILED);
	assert_has(r.err, "not a recording");
	COMMAND(&r, "report", "/nonexistent");
	assert_int_equal(r.status, EXIT_FAILED);
	assert_has(r.err, "No such file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distances), cmocka_unit_test(tables),
		cmocka_unit_test_setup_teardown(fit_by_functions, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(names, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(counts, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(gaps, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(odd_name, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(cut, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(damaged, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(wrong, fake_setup, fake_teardown),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
