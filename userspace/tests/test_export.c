// SPDX-License-Identifier: GPL-2.0-only
/* Exports of a recording whose events are known, against what their readers want. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <zlib.h>

#include "cmd/cmd.h"
#include "fake.h"
#include "gendat.h"

static void make(char path[128])
{
	const uint64_t gfns[] = { 0x200, 0x201 };
	const uint8_t roles[] = { 1, 4 };
	struct gendat_fault f = { .rip = 0x7c06, .error = 6, .resident = 2 };
	struct gendat *g;
	unsigned int i;

	fake_path(path, 128, "a.dat");
	g = gendat_open(path);
	gendat_note(g, 110, "kernel=6.12.0-test machine=x86_64");
	gendat_note(g, 120, "cpu=A \"CPU\" of a test");
	/* Three intervals of 100 ms: a and b twice each, a once, then c. */
	for (i = 0; i < 6; i++) {
		f.seq = f.attempt = i + 1;
		f.gpa = i == 5 ? 0x300000 : i & 1 ? 0x201000 : 0x200000;
		f.vcpu = i & 1;
		gendat_fault(g, f.vcpu, 1000000000ULL + (i / 4) * 100000000ULL + i * 20000000ULL,
			     &f);
		if (i)
			continue;
		gendat_evict(g, 1, 1000000100, 1, 0x200);
		gendat_loop(g, 1000000200, 0x7c06, 4, gfns, roles, 2);
	}
	gendat_note(g, 1500000000, "end=signal lost=0");
	gendat_close(g);
}

static void csv(void **state)
{
	static struct result r;
	char path[128];

	(void)state;
	make(path);
	COMMAND(&r, "export", path, "--to", "csv");
	assert_int_equal(r.status, 0);
	assert_string_equal(r.err, "");
	assert_has(r.out, "time_ns,event,vm,vcpu,rip,gpa,gfn,as,access,verdict,evicted,");
	assert_has(r.out, "\n1000000000,fault,77-5,0,0x7c06,0x200000,0x200,0,write,mapped,0,1,2,1,0,none,,,,,,\n");
	assert_has(r.out, "\n1000000100,evict,77-5,1,,,0x200,0,,,,,,,,,fault,0,,,,\n");
	assert_has(r.out, "\n1000000200,loop,77-5,0,0x7c06,,,,,,,1,,,,,,,instruction,-1,4,2\n");
	COMMAND(&r, "export", path, "--to", "csv", "--vm", "1-1");
	assert_int_equal(r.status, 1);
}

/* What a fault's own event tells of an eviction comes as one of its own, before it. */
static void victims(void **state)
{
	static struct result r;
	struct gendat_fault f = { .rip = 0x7c06, .error = 6, .resident = 2, .seq = 1 };
	struct gendat *g;
	char path[128];

	(void)state;
	fake_path(path, 128, "victims.dat");
	g = gendat_open_victims(path);
	f.gpa = 0x200000;
	gendat_fault(g, 0, 1000, &f);
	f.seq = 2;
	f.evicted = 1;
	f.victim = 0x300;
	gendat_fault(g, 0, 2000, &f);
	gendat_close(g);
	COMMAND(&r, "export", path, "--to", "csv");
	assert_int_equal(r.status, 0);
	assert_has(r.out, "\n1000,fault,77-5,0,0x7c06,0x200000,0x200,0,write,mapped,0,0,2,1,0,none,,,,,,\n"
			  "2000,evict,77-5,0,,,0x300,0,,,,,,,,,fault,0,,,,\n"
			  "2000,fault,77-5,0,0x7c06,0x200000,0x200,0,write,mapped,1,0,2,2,0,none,,,,,,\n");
}

/* Each row has as many columns as the line of names. */
static void columns(void **state)
{
	static struct result r;
	char path[128], *line, *rest;
	size_t want = 0, n, i;

	(void)state;
	make(path);
	COMMAND(&r, "export", path, "--to", "csv");
	for (line = strtok_r(r.out, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		for (n = 0, i = 0; line[i]; i++)
			n += line[i] == ',';
		want = want ? want : n;
		assert_int_equal(n, want);
	}
	assert_int_equal(want, 21);
}

static void jsonl(void **state)
{
	static struct result r;
	char path[128], *line, *rest;
	struct json_object *o;
	unsigned int n = 0;

	(void)state;
	make(path);
	COMMAND(&r, "export", path, "--to", "jsonl");
	assert_int_equal(r.status, 0);
	for (line = strtok_r(r.out, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		o = json_tokener_parse(line);
		assert_non_null(o);
		assert_string_equal(json_object_get_string(json_object_object_get(o, "vm")),
				    "77-5");
		assert_true(json_object_get_uint64(json_object_object_get(o, "time_ns")) >=
			    1000000000);
		json_object_put(o);
		n++;
	}
	assert_int_equal(n, 8);
}

/* Trace Event Format: what each phase has to have. */
static void perfetto(void **state)
{
	static struct result r;
	struct json_object *top, *list, *o, *args;
	unsigned int instants = 0, counters = 0, names = 0;
	const char *phase, *scope;
	char path[128];
	size_t i;

	(void)state;
	make(path);
	COMMAND(&r, "export", path, "--to", "perfetto");
	assert_int_equal(r.status, 0);
	top = json_tokener_parse(r.out);
	assert_non_null(top);
	assert_string_equal(json_object_get_string(json_object_object_get(top, "displayTimeUnit")),
			    "ns");
	assert_string_equal(json_at(top, "otherData/cpu"), "A \"CPU\" of a test");
	list = json_object_object_get(top, "traceEvents");
	assert_true(json_object_is_type(list, json_type_array));
	for (i = 0; i < json_object_array_length(list); i++) {
		o = json_object_array_get_idx(list, i);
		phase = json_object_get_string(json_object_object_get(o, "ph"));
		args = json_object_object_get(o, "args");
		assert_true(json_object_is_type(json_object_object_get(o, "name"),
						json_type_string));
		assert_true(json_object_is_type(json_object_object_get(o, "pid"), json_type_int));
		assert_true(json_object_is_type(json_object_object_get(o, "tid"), json_type_int));
		assert_true(json_object_is_type(args, json_type_object));
		if (*phase == 'i') {
			/* Scope: thread, process or global. */
			scope = json_object_get_string(json_object_object_get(o, "s"));
			assert_non_null(strchr("tpg", *scope));
			instants++;
		} else if (*phase == 'C') {
			assert_int_equal(json_object_get_int(json_object_object_get(args, "pages")),
					 2);
			counters++;
		} else {
			assert_string_equal(phase, "M");
			names++;
			continue;
		}
		assert_true(json_object_get_double(json_object_object_get(o, "ts")) >= 1e6);
	}
	assert_int_equal(instants, 8);
	assert_int_equal(counters, 6);
	assert_int_equal(names, 1);
	json_object_put(top);
}

/* What damo reads, inflated: it is for the caller to put. */
static struct json_object *inflated(const char *path)
{
	static unsigned char in[65536], out[65536];
	uLongf size = sizeof(out) - 1;
	FILE *f = fopen(path, "re");
	size_t n;

	assert_non_null(f);
	n = fread(in, 1, sizeof(in), f);
	fclose(f);
	assert_int_equal(uncompress(out, &size, in, n), Z_OK);
	out[size] = 0;
	return json_of((const char *)out);
}

/* A snapshot of the first record: its end, and its only region. */
static void assert_snapshot(struct json_object *top, unsigned int i, const char *end,
			    const char *from, const char *to, const char *faults, const char *age)
{
	const char *const leaf[] = { "end_time", "regions/0/start", "regions/0/end",
				     "regions/0/nr_accesses/samples",
				     "regions/0/age/aggr_intervals" };
	const char *const want[] = { end, from, to, faults, age };
	char path[100];
	size_t k;

	for (k = 0; k < 5; k++) {
		snprintf(path, sizeof(path), "0/snapshots/%u/%s", i, leaf[k]);
		assert_string_equal(json_at(top, path), want[k]);
	}
	snprintf(path, sizeof(path), "0/snapshots/%u/regions/1", i);
	assert_string_equal(json_at(top, path), "null");
}

/* A record, as damo 2.8.3 has it in _damo_records.py. */
static void damo(void **state)
{
	static struct result r;
	struct json_object *top;
	char path[128], to[128];

	(void)state;
	make(path);
	fake_path(to, 128, "a.damo");
	COMMAND(&r, "export", path, "--to", "damo", "-o", to);
	assert_int_equal(r.status, 0);
	top = inflated(to);
	assert_string_equal(json_at(top, "0/target_id"), "0");
	assert_string_equal(json_at(top, "0/intervals/aggr_us"), "100000");
	assert_string_equal(json_at(top, "0/intervals/sample_us"), "5000");
	assert_snapshot(top, 0, "1100000000", "2097152", "2105344", "2", "0");
	assert_snapshot(top, 1, "1200000000", "2097152", "2101248", "1", "1");
	assert_snapshot(top, 2, "1300000000", "3145728", "3149824", "1", "0");
	assert_string_equal(json_at(top, "0/snapshots/3"), "null");
	assert_string_equal(json_at(top, "1"), "null");
	json_object_put(top);

	COMMAND(&r, "export", path, "--to", "damo", "--every", "1000", "-o", to);
	top = inflated(to);
	assert_string_equal(json_at(top, "0/intervals/aggr_us"), "1000000");
	assert_string_equal(json_at(top, "0/snapshots/0/end_time"), "2000000000");
	assert_string_equal(json_at(top, "0/snapshots/0/regions/2/start"), "3145728");
	json_object_put(top);

	/* Where there is no room, the reason. */
	COMMAND(&r, "export", path, "--to", "damo", "-o", "/dev/full");
	assert_int_equal(r.status, EXIT_FAILED);
	assert_has(r.err, "No space left");
	setenv("TMPDIR", "/nonexistent", 1);
	COMMAND(&r, "export", path, "--to", "damo", "-o", to);
	unsetenv("TMPDIR");
	assert_int_equal(r.status, EXIT_FAILED);
	assert_has(r.err, "set TMPDIR to a folder with room");
}

/* What cannot be exported leaves a file of before as it is. */
static void keeps(void **state)
{
	static const char *const formats[] = { "csv", "jsonl", "perfetto", "damo" };
	static struct result r;
	char path[128], bad[128], to[128], text[64];
	size_t i;

	(void)state;
	make(path);
	fake_path(bad, 128, "bad");
	fake_path(to, 128, "old");
	fake_write("bad", "no recording\n");
	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		fake_write("old", "of before\n");
		COMMAND(&r, "export", bad, "--to", formats[i], "-o", to);
		assert_int_equal(r.status, EXIT_FAILED);
		assert_has(r.err, "not a recording");
		COMMAND(&r, "export", path, "--to", formats[i], "--vm", "1-1", "-o", to);
		assert_int_equal(r.status, EXIT_FAILED);
		assert_has(r.err, "no VM 1-1 in it");
		fake_read("old", text, sizeof(text));
		assert_string_equal(text, "of before\n");
		COMMAND(&r, "export", path, "--to", formats[i], "-o", to);
		assert_int_equal(r.status, EXIT_DONE);
		fake_read("old", text, sizeof(text));
		assert_string_not_equal(text, "of before\n");
	}
}

/* A recording without an event: what comes first and last, and nothing between. */
static void empty(void **state)
{
	static struct result r;
	const char *path = gendat_empty();

	(void)state;
	COMMAND(&r, "export", path, "--to", "csv");
	assert_int_equal(r.status, EXIT_DONE);
	assert_has(r.out, "time_ns,event,vm,");
	COMMAND(&r, "export", path, "--to", "jsonl");
	assert_int_equal(r.status, EXIT_DONE);
	assert_string_equal(r.out, "");
	COMMAND(&r, "export", path, "--to", "perfetto");
	assert_int_equal(r.status, EXIT_DONE);
	json_object_put(json_of(r.out));
}

/* "-" is standard output where the format is written from front to back. */
static void dash(void **state)
{
	static const char *const formats[] = { "csv", "jsonl", "perfetto", "damo" };
	static struct result r, s;
	char path[128];
	size_t i;

	(void)state;
	make(path);
	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		COMMAND(&r, "export", path, "--to", formats[i]);
		assert_int_equal(r.status, EXIT_DONE);
		COMMAND(&s, "export", path, "--to", formats[i], "-o", "-");
		assert_int_equal(s.status, EXIT_DONE);
		assert_memory_equal(r.out, s.out, sizeof(r.out));
		assert_true(*s.out);
	}
	WRONG("needs -o FILE: what reads it seeks", "export", path, "--to", "trace.dat", "-o", "-");
	WRONG("not standard input", "export", "-", "--to", "csv");
}

static void dat(void **state)
{
	static struct result r;
	char path[128], to[128], cmp[300];

	(void)state;
	make(path);
	fake_path(to, 128, "b.dat");
	COMMAND(&r, "export", path, "--to", "trace.dat", "-o", to);
	assert_int_equal(r.status, 0);
	snprintf(cmp, sizeof(cmp), "cmp %s %s", path, to);
	assert_int_equal(system(cmp), 0);
	COMMAND(&r, "export", path, "--to", "trace.dat", "-o", path);
	assert_int_equal(r.status, EXIT_FAILED);
	assert_has(r.err, "is the recording itself");
	COMMAND(&r, "report", path);
	assert_int_equal(r.status, 0);
}

/* Also where it fails long before the end. */
static void full_disk(void **state)
{
	static const char *const formats[] = { "csv", "jsonl", "perfetto", "damo" };
	struct gendat_fault f = { .rip = 0x7c06, .gpa = 0x200000 };
	const char *path = fake_in("long.dat");
	struct gendat *g = gendat_open(path);
	size_t i;

	(void)state;
	for (f.seq = 1; f.seq <= 1000; f.seq++)
		gendat_fault(g, 0, 1000 * f.seq, &f);
	gendat_close(g);
	for (i = 0; i < ARRAY_SIZE(formats); i++)
		FULL("export", path, "--to", formats[i]);
	for (i = 0; i < ARRAY_SIZE(formats); i++)
		FAILS("/dev/full: No space left on device", "export", path, "--to", formats[i],
		      "-o", "/dev/full");
	FAILS("/dev/full: No space left on device", "export", path, "--to", "trace.dat", "-o",
	      "/dev/full");
	FULL("report", path, "--json");
	FULL("plot", path);
}

static void wrong(void **state)
{
	static struct result r;
	char path[128];

	(void)state;
	make(path);
	COMMAND(&r, "export", path);
	assert_int_equal(r.status, EXIT_USAGE);
	COMMAND(&r, "export", "--to", "csv");
	assert_int_equal(r.status, EXIT_USAGE);
	COMMAND(&r, "export", path, path, "--to", "csv");
	assert_int_equal(r.status, EXIT_USAGE);
	COMMAND(&r, "export", path, "--to", "xml");
	assert_int_equal(r.status, EXIT_USAGE);
	COMMAND(&r, "export", path, "--to", "trace.dat");
	assert_int_equal(r.status, EXIT_USAGE);
	COMMAND(&r, "export", path, "--to", "csv", "--every", "0");
	assert_int_equal(r.status, EXIT_USAGE);
	COMMAND(&r, "export", path, "--to", "csv", "-o", "/nonexistent/x");
	assert_int_equal(r.status, EXIT_FAILED);
	/* A disk that is full. */
	COMMAND(&r, "export", path, "--to", "csv", "-o", "/dev/full");
	assert_int_equal(r.status, EXIT_FAILED);
	assert_has(r.err, "No space left");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(csv, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(victims, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(columns, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(jsonl, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(perfetto, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(damo, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(keeps, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(empty, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(dash, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(dat, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(full_disk, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(wrong, fake_setup, fake_teardown),
	};

	return cmocka_run_group_tests_name("export", tests, NULL, NULL);
}
