// SPDX-License-Identifier: GPL-2.0-only
/* All VMs in one file, and what Prometheus gets of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/overview.h"
#include "fake.h"

#define VM_A "vm name=12-3 vcpus=2 budget=64 policy=clock on_loop=lend resident=63 peak=64 " \
	"faults=900 evictions=836 loops=3 laps=40 contention=2 deferred=5 lent=7 " \
	"instructions=11 refused=1 newer=x\n"
#define VM_B "vm name=13-4.2 vcpus=1 budget=off policy=fifo on_loop=log resident=5\n"

static void parses(void **state)
{
	static const char *const bad[] = {
		"vmm name=1-2", "vm=1 name=1-2", "vm name=x budget=off policy=a on_loop=b",
		"vm name=1-2 budget=off policy=a", "vm name=1-2 budget= policy=a on_loop=b",
		"vm name=1-2 budget=off policy=a on_loop=b faults=-1",
		"vm name=1-2 budget=off policy=a on_loop=b faults",
		"vm name=1-2 budget=off policy=a on_loop=0123456789012345678901234567890123",
		"vm name=1-2 budget=off policy=a on_loop=b faults=18446744073709551616",
	};
	char text[] = VM_A "\n" VM_B, copy[256];
	struct overview o;
	size_t i;

	(void)state;
	assert_int_equal(overview_parse(&o, text), 0);
	assert_int_equal(o.nr, 2);
	assert_string_equal(o.vm[0].name, "12-3");
	assert_string_equal(o.vm[0].budget, "64");
	assert_string_equal(o.vm[0].on_loop, "lend");
	assert_int_equal(o.vm[0].number[OVERVIEW_REFUSED], 1);
	assert_int_equal(o.vm[1].number[OVERVIEW_RESIDENT], 5);
	assert_int_equal(o.vm[1].number[OVERVIEW_FAULTS], 0);
	assert_ptr_equal(overview_find(&o, "13-4.2"), &o.vm[1]);
	assert_null(overview_find(&o, "13-4"));
	overview_free(&o);
	copy[0] = '\0';
	assert_int_equal(overview_parse(&o, copy), 0);
	assert_int_equal(o.nr, 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		strscpy(copy, bad[i], sizeof(copy));
		assert_int_equal(overview_parse(&o, copy), -EBADMSG);
		assert_null(o.vm);
	}
}

static void many(void **state)
{
	struct overview o;
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int i;

	(void)state;
	for (i = 1; i <= 1000; i++)
		fprintf(f, "vm name=%d-3 budget=%d policy=fifo on_loop=log faults=%d\n", i, i, i);
	fclose(f);
	assert_int_equal(overview_parse(&o, text), 0);
	assert_int_equal(o.nr, 1000);
	assert_int_equal(o.vm[999].number[OVERVIEW_FAULTS], 1000);
	overview_free(&o);
	free(text);
}

static void prints(void **state)
{
	struct result r;

	(void)state;
	fake_write("nptbudget/overview", VM_A VM_B);
	fake_process(12, 12, "qemu");
	fake_write("proc/12/cmdline", "--name=we\"b\\");
	COMMAND(&r, "metrics");
	assert_int_equal(r.status, 0);
	assert_string_equal(r.err, "");
	assert_has(r.out, "# HELP nptbudget_up ");
	assert_has(r.out, "# TYPE nptbudget_up gauge\nnptbudget_up 1\n");
	assert_has(r.out, "nptbudget_build_info{version=\"0.1\"} 1\n");
	assert_has(r.out, "nptbudget_vms 2\n");
	assert_has(r.out, "nptbudget_budgeted_vms 1\n");
	assert_has(r.out, "# TYPE nptbudget_vm_budget_pages gauge\n"
		   "nptbudget_vm_budget_pages{vm=\"12-3\",name=\"we\\\"b\\\\\"} 64\n# HELP");
	assert_has(r.out, "nptbudget_vm_settings_info{vm=\"13-4.2\",name=\"\",policy=\"fifo\",on_loop=\"log\"} 1\n");
	assert_has(r.out, "# TYPE nptbudget_vm_faults_total counter\n"
		   "nptbudget_vm_faults_total{vm=\"12-3\",name=\"we\\\"b\\\\\"} 900\n"
		   "nptbudget_vm_faults_total{vm=\"13-4.2\",name=\"\"} 0\n");
}

static void says_that_it_is_down(void **state)
{
	struct result r;

	(void)state;
	fake_write("nptbudget/overview", "nonsense\n");
	COMMAND(&r, "metrics");
	assert_int_equal(r.status, 1);
	assert_has(r.err, "install module and command of the same version");
	assert_has(r.out, "nptbudget_up 0\n");
	assert_null(strstr(r.out, "vms"));
	fake_remove("nptbudget/overview");
	COMMAND(&r, "metrics");
	assert_int_equal(r.status, 1);
	assert_has(r.err, "install a module of this version");
	fake_remove("nptbudget/version");
	COMMAND(&r, "metrics");
	assert_int_equal(r.status, 1);
	assert_has(r.err, "modprobe nptbudget");
	assert_has(r.out, "nptbudget_up 0\n");
}

static void replaces(void **state)
{
	char path[128], text[8192];
	struct result r;
	struct stat old, st;

	(void)state;
	fake_write("nptbudget/overview", VM_A);
	fake_write("out/x.prom", "before");
	snprintf(path, sizeof(path), "%s/out/x.prom", fake_root);
	assert_int_equal(stat(path, &old), 0);
	COMMAND(&r, "metrics", "-o", path);
	assert_int_equal(r.status, 0);
	assert_string_equal(r.out, "");
	fake_read("out/x.prom", text, sizeof(text));
	assert_has(text, "nptbudget_vms 1\n");
	/* Another file, so whoever has the old one open reads that to its end. */
	assert_int_equal(stat(path, &st), 0);
	assert_int_not_equal(st.st_ino, old.st_ino);
	assert_int_equal(st.st_mode & 0777, 0644);
	fake_remove("out/x.prom");
	/* Nothing is left where it does not work: the folder is empty, or it would not go. */
	fake_write("out/x.prom/in", "");
	COMMAND(&r, "metrics", "--output", path);
	assert_int_equal(r.status, 1);
	assert_has(r.err, "cannot write");
	fake_remove("out/x.prom/in");
	fake_remove("out/x.prom");
	fake_remove("out");
	COMMAND(&r, "metrics", "-o", path);
	assert_int_equal(r.status, 1);
	COMMAND(&r, "metrics", "-o", "-");
	assert_int_equal(r.status, 0);
	assert_has(r.out, "nptbudget_vms 1\n");
	COMMAND(&r, "metrics", "-o", "/tmp/");
	assert_int_equal(r.status, 2);
	COMMAND(&r, "metrics", "x");
	assert_int_equal(r.status, 2);
	COMMAND(&r, "metrics", "-o");
	assert_int_equal(r.status, 2);
}

/* Root may replace /dev/null, and must not. */
static void what_is_no_file(void **state)
{
	char to[128], text[8192];
	struct result r;
	struct stat st;

	(void)state;
	fake_write("nptbudget/overview", VM_A);
	assert_int_equal(symlink("/dev/null", fake_in("null")), 0);
	COMMAND(&r, "metrics", "-o", fake_in("null"));
	assert_int_equal(r.status, 0);
	assert_int_equal(stat(fake_in("null"), &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	fake_write("out/x.prom", "before");
	assert_int_equal(symlink("out/x.prom", fake_in("link")), 0);
	COMMAND(&r, "metrics", "-o", fake_in("link"));
	assert_int_equal(r.status, 0);
	assert_true(readlink(fake_in("link"), to, sizeof(to)) > 0);
	fake_read("out/x.prom", text, sizeof(text));
	assert_has(text, "nptbudget_vms 1\n");
	COMMAND(&r, "metrics", "-o", "/dev/full");
	assert_int_equal(r.status, 1);
	assert_string_equal(r.err,
			    "nptbudget: metrics: cannot write /dev/full: No space left on device\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses),
		cmocka_unit_test(many),
		cmocka_unit_test_setup_teardown(prints, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(says_that_it_is_down, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(replaces, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(what_is_no_file, fake_setup, fake_teardown),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
