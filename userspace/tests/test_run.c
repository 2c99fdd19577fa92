// SPDX-License-Identifier: GPL-2.0-only
/*
 * nptbudget run, with shell scripts as VMMs. The "run" file is a plain file:
 * the script keeps what was registered and puts there what the module would say.
 */
#include <errno.h>
#include <json-c/json.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <nptbudget.h>
#include "cmd/cmd.h"
#include "fake.h"

#define SAY "cat $NPTBUDGET_DEBUGFS/report >$NPTBUDGET_DEBUGFS/nptbudget/run; "
#define RUN(r, ...) COMMAND(r, "run", "--pages", "64", ##__VA_ARGS__)

static const char ended[] = "vm 12-3 ended\n" STATS LOOP_ADD;

static void wait_for(const char *name)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	char path[128];
	int tries = 2000;

	snprintf(path, sizeof(path), "%s/%s", fake_root, name);
	while (access(path, F_OK) && tries--)
		nanosleep(&pause, NULL);
	assert_true(tries > 0);
}

/* As many ranges as the module takes, as long as they get. */
static void many_pins(void)
{
	static const char range[] = "0xfffffff000-0xfffffff0ff";
	const char *argv[2 * NPTB_RANGES_MAX + 8] = { "nptbudget", "run", "--pages", "64" };
	char line[4096];
	struct result r;
	const char *at;
	int i, n = 4;

	for (i = 0; i < NPTB_RANGES_MAX; i++) {
		argv[n++] = "--pin";
		argv[n++] = range;
	}
	argv[n++] = "sh";
	argv[n++] = "-c";
	argv[n++] = "cp $NPTBUDGET_DEBUGFS/nptbudget/run $NPTBUDGET_DEBUGFS/line";
	fake_end(&r, fake_start(NULL, argv));
	assert_string_equal(r.err, "nptbudget: no VM was created: is KVM in use? (QEMU: -accel kvm)\n");
	fake_read("line", line, sizeof(line));
	for (i = 0, at = line; (at = strstr(at, range)); at++)
		i++;
	assert_int_equal(i, NPTB_RANGES_MAX);
}

static void registration(void **state)
{
	char line[128], expected[128];
	struct result r;
	pid_t pid;

	(void)state;
	pid = fake_start(NULL, (const char *const[]){ "nptbudget", "run", "--pages", "64",
			 "sh", "-c",
			 "cp $NPTBUDGET_DEBUGFS/nptbudget/run $NPTBUDGET_DEBUGFS/line;"
			 "ls -l /proc/self/fd | grep -c nptbudget/run", NULL });
	fake_end(&r, pid);
	/* The VMM does not hold the registration: grep counts none. */
	assert_string_equal(r.out, "0\n");
	assert_int_equal(r.status, 1);
	fake_read("line", line, sizeof(line));
	snprintf(expected, sizeof(expected), "pid=%d budget=64 policy=clock on_loop=log\n", pid);
	assert_string_equal(line, expected);

	RUN(&r, "--policy", "fifo", "--on-loop=log", "--", "sh", "-c",
	    "cp $NPTBUDGET_DEBUGFS/nptbudget/run $NPTBUDGET_DEBUGFS/line");
	fake_read("line", line, sizeof(line));
	assert_has(line, "budget=64 policy=fifo on_loop=log\n");
	RUN(&r, "--flush-aged=on", "--seed", "7", "--", "sh", "-c",
	    "cp $NPTBUDGET_DEBUGFS/nptbudget/run $NPTBUDGET_DEBUGFS/line");
	fake_read("line", line, sizeof(line));
	assert_has(line, " seed=7 flush_aged=on\n");
	RUN(&r, "--batch=8", "--burst=5", "--lend-max", "9", "--", "sh", "-c",
	    "cp $NPTBUDGET_DEBUGFS/nptbudget/run $NPTBUDGET_DEBUGFS/line");
	fake_read("line", line, sizeof(line));
	assert_has(line, " lend_max=9 burst=5 batch=8\n");
	RUN(&r, "--pin", "0x10-0x1f", "--exempt=7", "--pin=9", "--", "sh", "-c",
	    "cp $NPTBUDGET_DEBUGFS/nptbudget/run $NPTBUDGET_DEBUGFS/line");
	fake_read("line", line, sizeof(line));
	assert_has(line, " on_loop=log pin=0x10-0x1f pin=9 exempt=7\n");
	many_pins();
	RUN(&r, "--pin", "5-4", "--", "true");
	assert_int_equal(r.status, 2);
	assert_has(r.err, "--pin '5-4': not a range of guest frames");
}

static void statuses(void **state)
{
	struct result r;

	(void)state;
	RUN(&r, "true");
	assert_int_equal(r.status, 0);
	assert_string_equal(r.out, "");
	assert_has(r.err, "nptbudget: no VM was created: is KVM in use? (QEMU: -accel kvm)\n");
	RUN(&r, "--", "sh", "-c", "echo to stdout; echo to stderr >&2; exit 42");
	assert_int_equal(r.status, 42);
	assert_string_equal(r.out, "to stdout\n");
	assert_has(r.err, "to stderr\n");
	RUN(&r, "sh", "-c", "kill -KILL $$");
	assert_int_equal(r.status, 128 + SIGKILL);
	RUN(&r, "sh", "-c", "kill -TERM $$");
	assert_int_equal(r.status, 128 + SIGTERM);
	RUN(&r, "/nonexistent/vmm");
	assert_int_equal(r.status, 1);
	assert_has(r.err, "run: cannot start /nonexistent/vmm: No such file or directory\n");
	RUN(&r, "/etc/passwd");
	assert_int_equal(r.status, 1);
	assert_has(r.err, "Permission denied");
	RUN(&r, "--summary", "/nonexistent/x", "sh", "-c", "echo started");
	assert_int_equal(r.status, 1);
	assert_has(r.err, "cannot write /nonexistent/x");
	assert_string_equal(r.out, "");
}

static void for_people(void **state)
{
	struct result r;

	(void)state;
	fake_write("report", ended);
	RUN(&r, "--", "sh", "-c", SAY);
	assert_int_equal(r.status, 0);
	assert_string_equal(r.out, "");
	assert_string_equal(r.err,
			    "nptbudget: VM 12-3 ended; began with budget 64, policy clock, on loop log\n"
			    "  faults 84, evictions 82, peak resident 1, loops 1\n"
			    "  loop: vCPU 0, rip 0x7c00, add [bx], si; 41 laps\n"
			    "    needs at least 2 pages at once, has 1: gfn 0x7 fetch (code); gfn 0x8 read/write ([bx])\n");
	RUN(&r, "--quiet", "--", "sh", "-c", SAY);
	assert_string_equal(r.err, "");
	fake_write("report", "vm 12-3 ended\nfaults x\n");
	RUN(&r, "--", "sh", "-c", SAY "exit 5");
	assert_int_equal(r.status, 5);
	assert_has(r.err, "line 2 of the module's summary");
}

/* A VM that ran without its budget must not look like one that had it. */
static void refused(void **state)
{
	struct result r;

	(void)state;
	fake_write("report", "vm 12-3 ended refused=95\nfaults 0\nvm 12-4 alive refused=16 more=1\n");
	RUN(&r, "--", "sh", "-c", SAY "exit 4");
	assert_int_equal(r.status, 4);
	assert_has(r.err, "VM 12-3 ended; it was REFUSED budget 64 and began without one: this");
	assert_has(r.err, ": this VM's memory cannot be budgeted");
	assert_has(r.err, "VM 12-4 is still alive; it was REFUSED budget 64 and began without");
	assert_has(r.err, "without one: a livepatch");
	assert_null(strstr(r.err, "began with budget"));
	RUN(&r, "--json", "--", "sh", "-c", SAY);
	assert_has(r.err, "\"refused\": \"this VM's memory");
	fake_write("report", "vm 12-3 ended refused=\n");
	RUN(&r, "--", "sh", "-c", SAY);
	assert_has(r.err, "line 1 of the module's summary");
	fake_write("report", "vm 12-3 ended refused=-1\n");
	RUN(&r, "--", "sh", "-c", SAY);
	assert_has(r.err, "line 1 of the module's summary");
}

static struct json_object *get(struct json_object *obj, const char *key)
{
	if (!json_object_object_get_ex(obj, key, &obj))
		fail_msg("no %s", key);
	return obj;
}

static void as_json(void **state)
{
	struct json_object *obj, *vm;
	char path[128], text[65536];
	struct result r;

	(void)state;
	fake_write("report", ended);
	snprintf(path, sizeof(path), "%s/summary.json", fake_root);
	RUN(&r, "--quiet", "--json", "--summary", path, "--", "sh", "-c", SAY "echo out; exit 3");
	assert_int_equal(r.status, 3);
	assert_string_equal(r.out, "out\n");
	assert_string_equal(r.err, "");
	fake_read("summary.json", text, sizeof(text));
	assert_documented("run", text);
	obj = json_tokener_parse(text);
	assert_non_null(obj);
	assert_int_equal(json_object_get_int(get(obj, "status")), 3);
	assert_int_equal(json_object_get_int(get(obj, "budget")), 64);
	vm = json_object_array_get_idx(get(obj, "vms"), 0);
	assert_string_equal(json_object_get_string(get(vm, "vm")), "12-3");
	assert_false(json_object_get_boolean(get(vm, "alive")));
	assert_null(get(vm, "refused"));
	assert_int_equal(json_object_get_int(get(get(vm, "stats"), "evictions")), 82);
	assert_int_equal(json_object_array_length(get(vm, "loops")), 1);
	json_object_put(obj);
	RUN(&r, "--json", "--", "sh", "-c", SAY);
	obj = json_tokener_parse(r.err);
	assert_non_null(obj);
	json_object_put(obj);
}

static void many_loops(void **state)
{
	char text[65536] = "vm 12-3 ended\n";
	struct result r;
	int i;

	(void)state;
	for (i = 0; i < 10; i++)
		strcat(text, LOOP_ADD);
	fake_write("report", text);
	RUN(&r, "--", "sh", "-c", SAY);
	assert_has(r.err, "and 2 more loops");
}

static void live_line(void **state)
{
	struct result r;

	(void)state;
	fake_write("report", "vm 12-3 alive\n" STATS "vm 12-4 ended\n" STATS);
	fake_vm("12-3", "77\n", STATS, "");
	RUN(&r, "--live", "--", "sh", "-c", "sleep 2; " SAY "sleep 2");
	assert_has(r.err, "no VM yet\r");
	assert_has(r.err, "VM 12-3: resident 1/77, peak 1, faults 84, evictions 82");
	assert_has(r.err, ", loops 1, 1 of 2 VMs\r");
	assert_has(r.err, "\r\nnptbudget: VM 12-3 is still alive");
	RUN(&r, "--", "sh", "-c", SAY "sleep 0.3");
	assert_null(strchr(r.err, '\r'));
}

/* A VMM that goes into the background: its VM lives, run does not wait. */
static void background(void **state)
{
	struct timespec from, to;
	struct result r;
	char text[32];

	(void)state;
	fake_write("report", "vm 12-3 alive\n" STATS);
	clock_gettime(CLOCK_MONOTONIC, &from);
	RUN(&r, "--", "sh", "-c",
	    SAY "sleep 60 >/dev/null & echo $! >$NPTBUDGET_DEBUGFS/daemon; exit 0");
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_int_equal(r.status, 0);
	assert_has(r.err, "VM 12-3 is still alive and keeps its budget");
	assert_true(to.tv_sec - from.tv_sec < 30);
	fake_read("daemon", text, sizeof(text));
	assert_int_equal(kill(atoi(text), SIGKILL), 0);
}

/* An orphan stays a descendant of run, so the module still finds it. */
static void orphan(void **state)
{
	struct result r;

	(void)state;
	RUN(&r, "--", "sh", "-c",
	    "sh -c 'sleep 1 >/dev/null & echo $! >$NPTBUDGET_DEBUGFS/daemon'; "
	    "read pid <$NPTBUDGET_DEBUGFS/daemon; "
	    "grep -q \"^PPid:.$PPID$\" /proc/$pid/status");
	assert_int_equal(r.status, 0);
}

static void signals(void **state)
{
	static const int sent[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	static const char *const script[] = {
		"nptbudget", "run", "--pages", "64", "sh", "-c",
		"for s in INT TERM HUP QUIT; do trap \"echo $s; exit 9\" $s; done;"
		"echo >$NPTBUDGET_DEBUGFS/ready; while :; do sleep 0.02; done", NULL };
	static const char *const names[] = { "INT\n", "TERM\n", "HUP\n", "QUIT\n" };
	char path[128];
	struct result r;
	pid_t pid;
	size_t i;

	(void)state;
	snprintf(path, sizeof(path), "%s/ready", fake_root);
	for (i = 0; i < ARRAY_SIZE(sent); i++) {
		unlink(path);
		pid = fake_start(NULL, script);
		wait_for("ready");
		assert_int_equal(kill(pid, sent[i]), 0);
		fake_end(&r, pid);
		assert_int_equal(r.status, 9);
		assert_string_equal(r.out, names[i]);
		assert_has(r.err, "no VM was created");
	}
}

/* Ctrl-C reaches the VMM once, from the terminal; a live line is shown there. */
static void terminal(void **state)
{
	char text[4096], screen[65536];
	size_t used = 0;
	int status, fd;
	ssize_t n;
	pid_t pid;

	(void)state;
	fflush(NULL);
	pid = forkpty(&fd, NULL, NULL, NULL);
	assert_true(pid >= 0);
	if (!pid) {
		execl(NPTBUDGET_BIN, "nptbudget", "run", "--pages", "64", "sh", "-c",
		      "trap 'echo INT >>$NPTBUDGET_DEBUGFS/ints' INT;"
		      "echo >$NPTBUDGET_DEBUGFS/ready; for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; done",
		      NULL);
		_exit(99);
	}
	wait_for("ready");
	assert_int_equal(write(fd, "\x03", 1), 1);
	while (used < sizeof(screen) - 1) {
		n = read(fd, screen + used, sizeof(screen) - used - 1);
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	screen[used] = '\0';
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(fd);
	assert_has(screen, "no VM yet\r");
	fake_read("ints", text, sizeof(text));
	assert_string_equal(text, "INT\n");
}

static int with_signals_ignored(int argc, char **argv)
{
	(void)argc;
	signal(SIGCHLD, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	execv(NPTBUDGET_BIN, argv);
	return 99;
}

/* As under nohup, and from a parent that ignores SIGCHLD. */
static void ignored_signals(void **state)
{
	struct result r;

	(void)state;
	FUNCTION(&r, with_signals_ignored, "nptbudget", "run", "--pages", "64", "sh", "-c",
		 "kill -HUP $PPID; sleep 0.1; exit 6");
	assert_int_equal(r.status, 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(registration), TEST(statuses), TEST(for_people), TEST(refused),
		TEST(as_json),
		TEST(many_loops), TEST(live_line), TEST(background), TEST(orphan), TEST(signals),
		TEST(terminal), TEST(ignored_signals),
	};

	/* A shell in the background ignores these, and so would all below it. */
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
