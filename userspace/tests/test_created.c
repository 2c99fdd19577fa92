// SPDX-License-Identifier: GPL-2.0-only
/* VMs that KVM tells of, compared with those that the module held. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"
#include "model/created.h"

#define EVENT(kind, pid) \
	"change@/devices/virtual/misc/kvm\0ACTION=change\0CREATED=7\0EVENT=" kind \
	"\0PID=" pid "\0STATS_PATH=/kvm/" pid "-4"
#define TAKE(c, text) assert_int_equal(created_take(c, text, sizeof(text)), 0)

static char report[512];

static struct created_missed compare(const struct created *c, const char *text)
{
	struct created_missed missed;
	unsigned int bad_line;
	struct report r;

	strscpy(report, text, sizeof(report));
	assert_int_equal(report_parse(&r, report, &bad_line), 0);
	created_compare(c, &r, &missed);
	report_free(&r);
	return missed;
}

/* 20 is a thread of 21, a child of ours; 30 is somebody else's; 40 is gone. */
static void processes(void)
{
	char status[64];

	fake_process(20, 21, "vmm");
	fake_process(21, 21, "vmm");
	snprintf(status, sizeof(status), "Tgid:\t21\nPPid:\t%d\n", getpid());
	fake_write("proc/21/status", status);
	fake_process(30, 30, "other");
	fake_write("proc/30/status", "Tgid:\t30\nPPid:\t1\n");
}

static void counts(void **state)
{
	struct created c = { .fd = -1 };

	(void)state;
	processes();
	TAKE(&c, EVENT("create", "20"));
	TAKE(&c, EVENT("create", "30"));
	TAKE(&c, EVENT("destroy", "20"));
	assert_int_equal(c.nr, 2);
	assert_int_equal(compare(&c, "started 1\nvm 20-4 ended\n").vms, 0);
	assert_int_equal(compare(&c, "started 0\n").vms, 1);
	assert_int_equal(compare(&c, "started 0\n").tid, 20);
	assert_int_equal(compare(&c, "started 0\n").unknown, 0);
	TAKE(&c, EVENT("create", "20"));
	assert_int_equal(compare(&c, "started 1\nvm 20-4 ended\n").vms, 1);
	assert_int_equal(compare(&c, "started 2\nvm 20-4 ended\nvm 20-4.2 alive\n").vms, 0);
	/* Not in the list any more, or without a vCPU. */
	assert_int_equal(compare(&c, "started 2\nvm 20-4 ended\n").vms, 0);
	TAKE(&c, EVENT("create", "40"));
	assert_int_equal(compare(&c, "started 2\nvm 20-4 ended\n").unknown, 1);
	assert_int_equal(compare(&c, "started 3\nvm 20-4 ended\nvm 40-4 ended\n").unknown, 0);
	created_close(&c);
}

static void others(void **state)
{
	struct created c = { .fd = -1 };

	(void)state;
	TAKE(&c, "change@/devices/virtual/misc/kvm2\0EVENT=create\0PID=20");
	TAKE(&c, "add@/module/kvm\0EVENT=create\0PID=20");
	TAKE(&c, "change@/devices/virtual/misc/kvm\0PID=20");
	TAKE(&c, "change@/devices/virtual/misc/kvm\0EVENT=create\0PID=x");
	TAKE(&c, "change@/devices/virtual/misc/kvm\0EVENT=create\0PID=-1");
	TAKE(&c, "");
	assert_int_equal(created_take(&c, "", 0), 0);
	/* Cut off. */
	assert_int_equal(created_take(&c, EVENT("create", "20"), 20), 0);
	assert_int_equal(c.nr, 0);
	created_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(counts, fake_setup, fake_teardown),
		cmocka_unit_test(others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
