// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file that is there stays as it was where a command fails before it has anything to
 * write, and none is left where there was none. tracefs is made up.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "fake.h"
#include "formats.h"
#include "model/instance.h"
#include "model/tracedat.h"
#include "wrap_recorder.h"

/* Longer than what a recording begins with; and what a user may have lost. */
static char old[3 * 65536];

/* What instance_write() fails for, "" for nothing. */
static const char *refused = "";
/* Comes when the recording begins, 0 for none. */
static int sent;
/* In a ring buffer that is made up. */
static unsigned int events;

int __wrap_tracedat_here(struct tracedat *t, const char *system)
{
	t->header_page = strdup(HEADER_PAGE);
	t->header_event = strdup(HEADER_EVENT);
	t->uname = strdup("Linux 6.12.0-test #1 x86_64");
	t->cpus = 1;
	return tracedat_add(t, system, FORMAT_FAULT);
}

struct tracefs_instance *__wrap_instance_create(const char *prefix)
{
	(void)prefix;
	return (struct tracefs_instance *)&refused;
}

int __wrap_instance_write(struct tracefs_instance *instance, const char *file, const char *text)
{
	(void)instance;
	(void)text;
	events += !strcmp(file, "trace_marker");
	return strcmp(file, refused) ? 0 : -EINVAL;
}

void __wrap_instance_destroy(struct tracefs_instance *instance)
{
	(void)instance;
}

struct tracefs_cpu *__wrap_tracefs_cpu_open(struct tracefs_instance *instance, int cpu,
					    bool nonblock)
{
	(void)instance;
	(void)cpu;
	(void)nonblock;
	if (sent)
		raise(sent);
	return NULL;
}

char *__wrap_tracefs_instance_file_read(struct tracefs_instance *instance, const char *file,
					int *size)
{
	char *text;

	(void)instance;
	(void)size;
	if (strcmp(file, "per_cpu/cpu0/stats") ||
	    asprintf(&text, "entries: 0\noverrun: 0\nread events: %u\n", events) < 0)
		return NULL;
	return text;
}

int __wrap_tracefs_instance_file_write(struct tracefs_instance *instance, const char *file,
				       const char *text)
{
	(void)instance;
	(void)file;
	(void)text;
	return 0;
}

int __wrap_tracefs_trace_off(struct tracefs_instance *instance)
{
	(void)instance;
	return 0;
}

static void assert_kept(const char *name, const char *text)
{
	static char now[sizeof(old) + 1];

	fake_read(name, now, sizeof(now));
	if (strcmp(now, text))
		fail_msg("%s: %zu bytes, and %zu before", name, strlen(now), strlen(text));
}

/*
 * Fails with old files of three lengths, and without one; says why in one line. FILE is
 * the file.
 */
static void keeps(int (*fn)(int argc, char **argv), const char *says, const char *const words[])
{
	const char *const texts[] = { old, "short", "" };
	const char *argv[12] = { NULL };
	static struct result r;
	size_t i;

	for (i = 0; words[i]; i++)
		argv[i] = strcmp(words[i], "FILE") ? words[i] : fake_in("old");
	for (i = 0; i <= ARRAY_SIZE(texts); i++) {
		if (i < ARRAY_SIZE(texts))
			fake_write("old", texts[i]);
		else
			fake_remove("old");
		fake_run(&r, fn, argv);
		assert_int_equal(r.status, EXIT_FAILED);
		assert_has(r.err, says);
		assert_string_equal(strchr(r.err, '\n'), "\n");
		if (i < ARRAY_SIZE(texts))
			assert_kept("old", texts[i]);
		else
			assert_int_equal(access(fake_in("old"), F_OK), -1);
	}
}

#define KEEPS(fn, says, ...) keeps(fn, says, (const char *const[]){ __VA_ARGS__, NULL })

static void record(void **state)
{
	(void)state;
	KEEPS(cmd_record.main, "cannot start no-such-vmm: No such file", "record", "-o", "FILE",
	      "--", "no-such-vmm");
	KEEPS(cmd_record.main, "cannot start /etc/passwd: Permission denied", "record", "-o",
	      "FILE", "/etc/passwd");
	KEEPS(cmd_record.main, "no VM", "record", "--vm", "99-9", "-o", "FILE");
	refused = "events/nptbudget/filter";
	fake_vm("77-5", "12", STATS, "");
	KEEPS(cmd_record.main, "cannot record to", "record", "--vm", "77-5", "-o", "FILE");
	refused = "trace_marker";
	KEEPS(cmd_record.main, "cannot write notes", "record", "-o", "FILE", "true");
	refused = "";
	fake_write("nptbudget/vms/77-5/pin", "0x1-0x2\n");
	KEEPS(cmd_record.main, "has pinned frames", "record", "--gfn", "0x7", "--vm", "77-5",
	      "-o", "FILE");
	fake_remove("nptbudget/version");
	KEEPS(cmd_record.main, "", "record", "-o", "FILE", "true");
}

/* It takes the place of an old one, from whose end nothing is left. */
static void record_replaces(void **state)
{
	static char now[sizeof(old) + 1];
	static struct result r;
	struct stat st;

	(void)state;
	fake_write("old", old);
	FUNCTION(&r, cmd_record.main, "record", "-o", fake_in("old"), "--", "sh", "-c",
		 "cp $NPTBUDGET_DEBUGFS/old $NPTBUDGET_DEBUGFS/meanwhile; exit 3");
	assert_int_equal(r.status, 3);
	fake_read("old", now, sizeof(now));
	assert_memory_equal(now, "\x17\x08\x44tracing6", 11);
	assert_int_equal(stat(fake_in("old"), &st), 0);
	assert_int_equal(st.st_size % TRACEDAT_PAGE, 0);
	assert_true((size_t)st.st_size < sizeof(old));
	/* All that is in it are notes. */
	assert_has(r.err, "no event came: VMs have some while they have a budget");
	events = 1;
	FUNCTION(&r, cmd_record.main, "record", "-o", fake_in("old"), "--", "true");
	assert_int_equal(r.status, 0);
	assert_null(strstr(r.err, "no event came"));
	/* To see what it costs, say. */
	FUNCTION(&r, cmd_record.main, "record", "-o", "/dev/null", "--", "true");
	assert_int_equal(r.status, 0);
}

static int ignoring(int argc, char **argv)
{
	signal(SIGHUP, SIG_IGN);
	return cmd_record.main(argc, argv);
}

/* One that is started by nohup goes on when the terminal is closed. */
static void record_hangs_up(void **state)
{
	static struct result r;

	(void)state;
	sent = SIGHUP;
	events = 0;
	fake_write("nptbudget/overview", "");
	FUNCTION(&r, cmd_record.main, "record", "-o", fake_in("old"), "--json", "--seconds", "1");
	assert_documented("record", r.out);
	/* Once. */
	assert_has(r.err, "there is no VM");
	assert_null(strstr(r.err, "no event came"));
	assert_has(r.out, "\"ended_by\": \"signal\"");
	FUNCTION(&r, ignoring, "record", "-o", fake_in("old"), "--json", "--seconds", "1");
	assert_has(r.out, "\"ended_by\": \"time\"");
	sent = 0;
}

static void run(void **state)
{
	static struct result r;

	(void)state;
	KEEPS(NULL, "cannot start no-such-vmm", "nptbudget", "run", "--pages", "4", "--summary",
	      "FILE", "no-such-vmm");
	fake_write("old", old);
	COMMAND(&r, "run", "--pages", "4", "--summary", fake_in("old"), "true");
	assert_int_equal(r.status, 0);
	assert_kept("old", "nptbudget: no VM was created: is KVM in use? (QEMU: -accel kvm)\n");
	/* It need not be a plain file. */
	COMMAND(&r, "run", "--pages", "4", "--summary", "/dev/stdout", "echo", "of the VMM");
	assert_int_equal(r.status, 0);
	assert_has(r.out, "of the VMM\nnptbudget: no VM was created");
	COMMAND(&r, "run", "--pages", "4", "--summary", "/dev/null", "true");
	assert_int_equal(r.status, 0);
	COMMAND(&r, "run", "--pages", "4", "--summary", "/dev/full", "true");
	assert_int_equal(r.status, 1);
	assert_has(r.err, "cannot write /dev/full: No space left");
	fake_remove("nptbudget/run");
	KEEPS(NULL, "no file to register with", "nptbudget", "run", "--pages", "4", "--summary",
	      "FILE", "true");
}

/* No file is called so. */
static void dash(void **state)
{
	(void)state;
	WRONG("--summary -: standard output is the VMM's", "run", "--pages", "4", "--summary", "-",
	      "true");
	WRONG("--report -: the table goes to standard output", "probe", "nop", "--report", "-");
}

static void probe(void **state)
{
	struct result r;

	(void)state;
	/* There is no KVM, or none that knows a module that is made up. */
	KEEPS(NULL, "", "nptbudget", "probe", "nop", "--report", "FILE");
	COMMAND(&r, "probe", "nop", "--report", "/nonexistent/x");
	assert_int_equal(r.status, 1);
	assert_string_equal(r.err,
			    "nptbudget: cannot write /nonexistent/x: No such file or directory\n");
}

#define HEAD "{\"argv\":[\"no-such-vmm\"],\"on_loop\":\"log\"}\n"

static void sweep(void **state)
{
	static struct result r;
	static const char *const texts[] = { HEAD, HEAD "{\"pages\":2,", "" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		fake_write("old", texts[i]);
		COMMAND(&r, "sweep", "--pages", "4", "-o", fake_in("old"), "no-such-vmm");
		assert_int_equal(r.status, 1);
		assert_has(r.err, "cannot start no-such-vmm");
		assert_kept("old", texts[i]);
	}
	/* No file of a sweep, though it has no line that could be wrong. */
	fake_write("old", "a letter");
	COMMAND(&r, "sweep", "--pages", "4", "-o", fake_in("old"), "true");
	assert_int_equal(r.status, 1);
	assert_has(r.err, "no file of a sweep");
	assert_kept("old", "a letter");
	/* Or the right name would be another workload. */
	fake_remove("old");
	COMMAND(&r, "sweep", "--pages", "4", "-o", fake_in("old"), "no-such-vmm");
	assert_int_equal(r.status, 1);
	assert_int_equal(access(fake_in("old"), F_OK), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(record), TEST(record_replaces), TEST(record_hangs_up), TEST(run), TEST(probe),
		TEST(dash), TEST(sweep),
	};

	memset(old, 'o', sizeof(old) - 1);
	return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
