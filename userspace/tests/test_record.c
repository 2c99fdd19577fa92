// SPDX-License-Identifier: GPL-2.0-only
/* Files of trace-cmd as we write them, regions, and wrong uses of record. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/region.h"
#include "fake.h"
#include "gendat.h"
#include "model/trace.h"

static void file_is_read(void **state)
{
	struct gendat_fault f = { .rip = 0x7c00, .verdict = 0 };
	char path[128];
	struct trace t;
	struct gendat *g;
	unsigned int i;

	(void)state;
	snprintf(path, sizeof(path), "%s/a.dat", fake_root);
	g = gendat_open(path);
	gendat_note(g, 900, "record=1");
	gendat_attach(g, 1000, 64, "clock");
	/* More than a page of each CPU, with pauses that a delta cannot hold. */
	for (i = 1; i <= 200; i++) {
		f.seq = f.attempt = i;
		f.gpa = (0x200ULL + i % 7) << 12;
		gendat_fault(g, i & 1, 1000 + i * 200000000ULL, &f);
	}
	gendat_close(g);
	assert_int_equal(trace_read(path, &t), 0);
	assert_int_equal(t.nr, 1);
	assert_string_equal(t.vm[0].name, "77-5");
	assert_string_equal(t.vm[0].policy, "clock");
	assert_int_equal(t.vm[0].budget, 64);
	assert_int_equal(t.vm[0].nr, 200);
	assert_int_equal(t.vm[0].missing, 0);
	for (i = 0; i < 200; i++)
		assert_int_equal(t.vm[0].fault[i].gfn, 0x200 + (i + 1) % 7);
	trace_free(&t);
}

static void regions(void **state)
{
	struct region r;
	char text[160];

	(void)state;
	assert_int_equal(region_parse("0x200-0x2ff", &r), 0);
	assert_int_equal(r.first, 0x200);
	assert_int_equal(r.last, 0x2ff);
	region_filter(&r, text, sizeof(text));
	assert_string_equal(text,
			    "gpa >= 0x200000 && gpa < 0x300000 && as == 0 && verdict == 0");
	assert_int_equal(region_parse("7", &r), 0);
	assert_int_equal(r.last, 7);
	assert_int_equal(region_parse("0-1048575", &r), 0);
	assert_int_equal(region_parse("0-1048576", &r), -E2BIG);
	assert_int_equal(region_parse("2-1", &r), -EINVAL);
	assert_int_equal(region_parse("", &r), -EINVAL);
	assert_int_equal(region_parse("1-", &r), -EINVAL);
	assert_int_equal(region_parse("0x10000000000", &r), -ERANGE);
}

/* What the VM had comes back, whatever it was. */
static void region_restores(void **state)
{
	struct region r;
	char text[256];

	(void)state;
	fake_vm("77-5", "12", STATS, "");
	fake_write("nptbudget/vms/77-5/pin", "");
	fake_write("nptbudget/vms/77-5/exempt", "0x10-0x11\n0x20-0x20\n");
	fake_write("nptbudget/vms/77-5/on_loop", "stop\n");
	fake_write("nptbudget/vms/77-5/policy", "clock\n");
	fake_write("nptbudget/vms/77-5/evict", "");
	assert_int_equal(region_parse("0x200-0x2ff", &r), 0);
	assert_int_equal(region_begin(&r, "77-5"), 0);
	fake_read("nptbudget/vms/77-5/budget", text, sizeof(text));
	assert_string_equal(text, "1\n");
	fake_read("nptbudget/vms/77-5/exempt", text, sizeof(text));
	assert_string_equal(text, "none 0x0-0x1ff 0x300-0xffffffffff\n");
	fake_read("nptbudget/vms/77-5/on_loop", text, sizeof(text));
	assert_string_equal(text, "lend\n");
	assert_int_equal(region_evict(&r, "77-5"), 0);
	fake_read("nptbudget/vms/77-5/evict", text, sizeof(text));
	assert_string_equal(text, "0x200-0x2ff\n");
	region_end(&r);
	fake_read("nptbudget/vms/77-5/budget", text, sizeof(text));
	assert_string_equal(text, "12\n");
	fake_read("nptbudget/vms/77-5/exempt", text, sizeof(text));
	assert_string_equal(text, "none 0x10-0x11\n0x20-0x20\n\n");
	fake_read("nptbudget/vms/77-5/on_loop", text, sizeof(text));
	assert_string_equal(text, "stop\n");
	fake_read("nptbudget/vms/77-5/policy", text, sizeof(text));
	assert_string_equal(text, "clock\n");
	/* Pins leave no room. */
	fake_write("nptbudget/vms/77-5/pin", "0x1-0x2\n");
	assert_int_equal(region_begin(&r, "77-5"), -EBUSY);
	region_end(&r);
}

static void wrong(void **state)
{
	static const struct {
		const char *argv[6], *says;
	} cases[] = {
		{ { "--gfn", "0x200" }, "--gfn needs --vm or a VMM" },
		{ { "--gfn", "x", "true" }, "not a range" },
		{ { "--gfn", "0-0x200000", "true" }, "more than 1048576 frames" },
		{ { "--every", "5", "true" }, "--every is of --gfn" },
		{ { "--every", "x", "true" }, "not a number" },
		{ { "--vm", "77-5", "true" }, "exclude each other" },
		{ { "--buffer", "15", "true" }, "out of range" },
		{ { "--seconds", "0" }, "out of range" },
		{ { "-o" }, "needs an argument" },
		{ { "-o", "-" }, "-o -: its header is written last" },
		{ { "--nonsense" }, "unknown option" },
	};
	static struct result r;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *const *a = cases[i].argv;

		COMMAND(&r, "record", a[0], a[1], a[2], a[3]);
		assert_int_equal(r.status, EXIT_USAGE);
		assert_string_equal(r.out, "");
		assert_has(r.err, cases[i].says);
	}
	COMMAND(&r, "record", "--help");
	assert_int_equal(r.status, 0);
	COMMAND(&r, "record", "--vm", "99-9");
	assert_int_equal(r.status, EXIT_FAILED);
}

#define OVERVIEW(vm, budget) \
	"vm name=" vm " vcpus=1 budget=" budget " policy=fifo on_loop=log resident=0\n"

/* Faults are seen under a budget alone: whoever has none is told, and how to mend it. */
static void warns(void **state)
{
	static const struct {
		const char *overview, *budget, *bindings, *says;
	} cases[] = {
		{ "", "off\n", "",
		  "a budget alone: start it with nptbudget run --pages N -- VMM\n" },
		{ OVERVIEW("12-3", "off") OVERVIEW("13-4", "off"), "off\n", "",
		  "no VM has a budget, and faults are seen under one alone" },
		{ OVERVIEW("12-3", "off"), "off\n", "budget=off policy=fifo comm=qemu\n",
		  "nptbudget set 12-3 --pages N\n" },
		{ OVERVIEW("12-3", "off") OVERVIEW("13-4", "8"), "off\n", "", NULL },
		{ "", "64\n", "", NULL },
		{ "", "off\n", "budget=8 policy=fifo comm=qemu\n", NULL },
		/* What it cannot see, it says nothing of. */
		{ "what is this\n", "off\n", "", NULL },
	};
	static struct result r;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_write("nptbudget/overview", cases[i].overview);
		fake_write("nptbudget/defaults/budget", cases[i].budget);
		fake_write("nptbudget/defaults/bindings", cases[i].bindings);
		/* There are no events here, as the next line says. */
		COMMAND(&r, "record", "-o", "/dev/null");
		assert_int_equal(r.status, EXIT_FAILED);
		if (cases[i].says)
			assert_has(r.err, cases[i].says);
		else
			assert_string_equal(strchr(r.err, '\n'), "\n");
	}
	fake_vm("77-5", "off\n", STATS, "");
	COMMAND(&r, "record", "-o", "/dev/null", "--vm", "77-5");
	assert_has(r.err,
		   "VM 77-5 has no budget, and its faults are seen under one alone: nptbudget set 77-5 --pages N\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(file_is_read, fake_setup, fake_teardown),
		cmocka_unit_test(regions),
		cmocka_unit_test_setup_teardown(region_restores, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(wrong, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(warns, fake_setup, fake_teardown),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
