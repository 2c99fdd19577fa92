// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registration through "run": VMs of the registered process and of its
 * descendants start with its values, others do not, and closing it ends that.
 */
#include <fcntl.h>
#include <string.h>

#include "../lib/cells.h"
#include "../lib/child.h"

#define RUN	NPTB_DIR "/run"

static char text[1 << 16];

/* What the session shows, read anew from its start; NULL on error. */
static const char *read_run(int fd)
{
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n < 0)
		return NULL;
	text[n] = '\0';
	return text;
}

static int run_open(const char *line)
{
	int fd = open(RUN, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die(RUN ": %s", strerror(errno));
	if (write(fd, line, strlen(line)) != (ssize_t)strlen(line)) {
		note("'%s': %s", line, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

static int run_for(pid_t pid, const char *budget, const char *policy)
{
	char line[128];

	snprintf(line, sizeof(line), "pid=%d budget=%s policy=%s on_loop=log\n",
		 pid, budget, policy);
	return run_open(line);
}

static bool knob_is(const char *vm, const char *knob, const char *want)
{
	char buf[64] = "";
	int ret = nptb_get(vm, knob, buf, sizeof(buf));

	if (ret < 0 || strcmp(buf, want)) {
		note("%s/%s is '%s', should be '%s'", vm, knob, buf, want);
		return false;
	}
	return true;
}

/* The line "vm <vm> <state>" is there. */
static bool shows(int fd, const char *vm, const char *state)
{
	const char *t = read_run(fd);
	char line[80];

	snprintf(line, sizeof(line), "vm %s %s\n", vm, state);
	if (t && strstr(t, line))
		return true;
	note("run does not show '%.*s': %.200s", (int)strlen(line) - 1, line,
	     t ? t : "(unreadable)");
	return false;
}

static bool applies(int generations)
{
	struct child c, stranger;
	char vm[32], other[32];
	struct vmm own;
	bool ok;
	int fd;

	child_start(&c, generations);
	child_start(&stranger, 1);
	fd = run_for(c.pid, "5", "clock");
	ok = fd >= 0;
	child_vm(&c, 1, vm, sizeof(vm));
	child_vm(&stranger, 1, other, sizeof(other));
	vmm_create(&own, SZ_2M, VMM_MEM_4K);
	ok &= knob_is(vm, "budget", "5") && knob_is(vm, "policy", "clock");
	ok &= knob_is(other, "budget", "off") && knob_is(own.name, "budget", "off");
	nptb_wait_stat(vm, "evictions", 1, 15000);
	ok &= shows(fd, vm, "alive");
	ok &= !strstr(read_run(fd), other);
	ok &= nptb_stat(vm, "peak") == 5 && nptb_stat(vm, "evictions") > 0;
	child_vm_end(&c);
	ok &= nptb_wait_vm_gone(vm, 1000);
	ok &= shows(fd, vm, "ended");
	/* Its statistics are still there, and of a VM that has ended. */
	ok &= strstr(text, "\npeak 5\n") && strstr(text, "\nresident 0\n");
	close(fd);
	vmm_destroy(&own);
	child_end(&c);
	child_end(&stranger);
	return ok;
}

static bool from_first_fault(void)
{
	struct child c;
	char vm[32];
	bool ok;
	int fd;

	child_start(&c, 1);
	fd = run_for(c.pid, "1", "fifo");
	child_vm(&c, 1, vm, sizeof(vm));
	nptb_wait_stat(vm, "loops", 1, 15000);
	/* Never more than one: not even before anybody could set a budget. */
	ok = fd >= 0 && nptb_stat(vm, "peak") == 1 && nptb_stat(vm, "loops") == 1;
	close(fd);
	/* The VM keeps its budget when the registration has gone. */
	ok &= knob_is(vm, "budget", "1");
	child_vm_end(&c);
	child_end(&c);
	return ok;
}

static bool ends_with_close(void)
{
	struct child c;
	char vm[32];
	bool ok;
	int fd;

	child_start(&c, 1);
	fd = run_for(c.pid, "5", "fifo");
	close(fd);
	child_vm(&c, 1, vm, sizeof(vm));
	ok = fd >= 0 && knob_is(vm, "budget", "off");
	child_vm_end(&c);
	child_end(&c);
	return ok;
}

/* Reading what an ended VM left keeps no VM alive. */
static bool keeps_no_vm(void)
{
	struct child c;
	char vm[32];
	bool ok = true;
	int fd, i;

	child_start(&c, 1);
	fd = run_for(c.pid, "3", "fifo");
	for (i = 0; i < 10; i++) {
		child_vm(&c, 1, vm, sizeof(vm));
		sleep_ms(5);
		child_vm_end(&c);
		ok &= nptb_wait_vm_gone(vm, 1000) && shows(fd, vm, "ended");
	}
	close(fd);
	child_end(&c);
	return ok && fd >= 0;
}

/* Pins and exempt frames are there before the VM maps its first page. */
static bool with_frames(void)
{
	char line[256], vm[32];
	struct child c;
	bool ok;
	int fd;

	child_start(&c, 1);
	snprintf(line, sizeof(line),
		 "pid=%d budget=5 policy=fifo on_loop=log pin=0x200-0x201 seed=3 pin=0x202 exempt=0x300-0x30f",
		 c.pid);
	fd = run_open(line);
	child_vm(&c, 1, vm, sizeof(vm));
	nptb_wait_stat(vm, "evictions", 1, 15000);
	ok = fd >= 0 && knob_is(vm, "pin", "0x200-0x202") &&
	     knob_is(vm, "exempt", "0x300-0x30f") && knob_is(vm, "seed", "3") &&
	     knob_is(vm, "budget", "5");
	ok &= nptb_stat(vm, "pinned") == 3;
	child_vm_end(&c);
	close(fd);
	child_end(&c);
	return ok;
}

static bool refused(const char *line, int err)
{
	int fd = open(RUN, O_RDWR | O_CLOEXEC);
	ssize_t n = write(fd, line, strlen(line));
	int got = n < 0 ? errno : 0;

	close(fd);
	if (got != err)
		note("'%s': %s, should be: %s", line, strerror(got), strerror(err));
	return got == err;
}

/* @more than the least line. */
static bool refuses_frames(const char *budget, const char *more, int err)
{
	char line[1200];

	snprintf(line, sizeof(line), "pid=%d budget=%s policy=fifo on_loop=log %s",
		 getpid(), budget, more);
	return refused(line, err);
}

/* As many ranges as there may be, and one. */
static bool refuses_many(void)
{
	char more[1024] = "";
	size_t i, n = 0;
	bool ok;

	for (i = 0; i < NPTB_RANGES_MAX; i++)
		n += snprintf(more + n, sizeof(more) - n, "exempt=0x%zx ", 0x1000 + 2 * i);
	/* No blank at the end. */
	more[n - 1] = '\0';
	ok = refuses_frames("9", more, 0);
	strcat(more, " exempt=1");
	return refuses_frames("9", more, ENOSPC) && ok;
}

static bool refuses(void)
{
	char line[160];
	bool ok = true;

	snprintf(line, sizeof(line), "pid=%d budget=0 policy=fifo on_loop=log", getpid());
	ok &= refused(line, ERANGE);
	snprintf(line, sizeof(line), "pid=%d budget=4294967296 policy=fifo on_loop=log", getpid());
	ok &= refused(line, ERANGE);
	snprintf(line, sizeof(line), "pid=%d budget=1x policy=fifo on_loop=log", getpid());
	ok &= refused(line, EINVAL);
	snprintf(line, sizeof(line), "pid=%d budget=1 policy=none on_loop=log", getpid());
	ok &= refused(line, EINVAL);
	snprintf(line, sizeof(line), "pid=%d budget=1 policy=fifo on_loop=none", getpid());
	ok &= refused(line, EINVAL);
	snprintf(line, sizeof(line), "pid=%d budget=1 policy=fifo", getpid());
	ok &= refused(line, EINVAL);
	ok &= refused("budget=1 policy=fifo on_loop=log", EINVAL);
	ok &= refused("pid=-1 budget=1 policy=fifo on_loop=log", EINVAL);
	ok &= refused("pid=x budget=1 policy=fifo on_loop=log", EINVAL);
	ok &= refused("pid=4194304 budget=1 policy=fifo on_loop=log", ESRCH);
	/* 4 pins leave one page of 5 for everything else. */
	ok &= refuses_frames("5", "pin=1-5", ENOSPC) & refuses_frames("5", "pin=1-4", 0);
	ok &= refuses_frames("off", "pin=1-5", 0);
	ok &= refuses_frames("9", "pin=1-4 exempt=4", EINVAL);
	ok &= refuses_frames("9", "pin=", EINVAL) & refuses_frames("9", "pin", EINVAL);
	ok &= refuses_frames("9", "pin=!1", EINVAL) & refuses_frames("9", "pin=none", EINVAL);
	ok &= refuses_frames("9", "exempt=0x10000000000", ERANGE);
	ok &= refuses_frames("9", "resident=1", EINVAL);
	ok &= refuses_many();
	ok &= refused("hello", EINVAL);
	ok &= refused("\n", EINVAL);
	return ok;
}

int main(void)
{
	ksft_print_header();
	need_module();
	ksft_set_plan(7);
	ksft_test_result(applies(1), "a child's VM has the budget, others do not\n");
	ksft_test_result(applies(2), "a grandchild's VM has it as well\n");
	ksft_test_result(from_first_fault(), "from the first fault, beyond the end of run\n");
	ksft_test_result(with_frames(), "pins and exempt frames from the start\n");
	ksft_test_result(ends_with_close(), "closing ends the registration\n");
	ksft_test_result(keeps_no_vm(), "ended VMs are shown and not kept\n");
	ksft_test_result(refuses(), "bad lines are refused\n");
	ksft_finished();
}
