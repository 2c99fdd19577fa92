// SPDX-License-Identifier: GPL-2.0-only
/* Files of the module that are missing, odd, or answer with an error. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "model/dbgfs.h"
#include "model/vmname.h"
#include "fake.h"
#include "wrap.h"

/* One call on a file whose name ends like this fails. */
static const char *fail_call, *fail_name;
static int fail_errno;

static int failed_fd = -1;

static int is_failing(const char *path)
{
	size_t len = strlen(path), tail = fail_name ? strlen(fail_name) : 0;

	return tail && len > tail && !strcmp(path + len - tail, fail_name);
}

int __wrap_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;
	int fd;

	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	if (is_failing(path) && !strcmp(fail_call, "open")) {
		errno = fail_errno;
		return -1;
	}
	fd = __real_open(path, flags, mode);
	if (is_failing(path))
		failed_fd = fd;
	else if (fd == failed_fd)
		failed_fd = -1;
	return fd;
}

/* Move the folder of the VM away, as a VM that ends does. */
static void vanish(int fd)
{
	char from[128], to[128];

	if (fd != failed_fd || !fail_call || strcmp(fail_call, "vanish"))
		return;
	snprintf(from, sizeof(from), "%s/nptbudget/vms/12-3", fake_root);
	snprintf(to, sizeof(to), "%s/ended-%d", fake_root, getpid());
	if (rename(from, to))
		_exit(98);
	fail_call = "read";
}

ssize_t __wrap_write(int fd, const void *buf, size_t size)
{
	vanish(fd);
	if (fd != failed_fd || !fail_call || strcmp(fail_call, "write"))
		return __real_write(fd, buf, size);
	if (!fail_errno)
		return (ssize_t)size - 1;
	errno = fail_errno;
	return -1;
}

ssize_t __wrap_read(int fd, void *buf, size_t size)
{
	vanish(fd);
	if (fd != failed_fd || !fail_call || strcmp(fail_call, "read"))
		return __real_read(fd, buf, size);
	if (fail_errno == EINTR)
		fail_call = NULL;
	errno = fail_errno;
	return -1;
}

static void inject(const char *call, const char *name, int err)
{
	fail_call = call;
	fail_name = name;
	fail_errno = err;
	failed_fd = -1;
}

static int setup(void **state)
{
	inject(NULL, NULL, 0);
	return fake_setup(state);
}

static void assert_one_line(const char *text)
{
	const char *end = strchr(text, '\n');

	if (!end || end[1] || strncmp(text, "nptbudget: ", 11))
		fail_msg("not one line of ours:\n%s", text);
}

static void budget_errors(void **state)
{
	static const struct {
		int err;
		const char *says;
	} cases[] = {
		{ EINVAL, "does not understand" },
		{ ERANGE, "1 to 4294967295" },
		{ ENODEV, "has ended" },
		{ EOPNOTSUPP, "dmesg" },
		{ EBUSY, "livepatch" },
		{ EINTR, "old value is in force" },
		{ EACCES, "root" },
		{ EPERM, "root" },
		{ ENOMEM, "memory" },
		{ 0, "error" },		/* a short write */
	};
	struct result r;
	size_t i;

	(void)state;
	fake_vm("12-3", "9\n", STATS, "");
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		inject("write", "12-3/budget", cases[i].err);
		FUNCTION(&r, cmd_set.main, "set", "12-3", "--pages", "5");
		assert_int_equal(r.status, EXIT_FAILED);
		assert_one_line(r.err);
		assert_has(r.err, "VM 12-3");
		assert_has(r.err, cases[i].says);
		assert_string_equal(r.out, "");
	}
}

static void name_errors(void **state)
{
	struct result r;

	(void)state;
	fake_vm("12-3", "9\n", STATS, "");
	inject("write", "policy", EINVAL);
	FUNCTION(&r, cmd_set.main, "set", "12-3", "--policy", "lru");
	assert_int_equal(r.status, EXIT_FAILED);
	assert_one_line(r.err);
	assert_has(r.err, "no policy 'lru'; it has: fifo clock");
	inject("write", "on_loop", EINVAL);
	FUNCTION(&r, cmd_defaults.main, "defaults", "--on-loop", "lend");
	assert_int_equal(r.status, EXIT_FAILED);
	assert_one_line(r.err);
	assert_has(r.err, "defaults: the module cannot do 'lend'");
}

/* When the last knob is refused, the others get their old values back. */
static void all_or_nothing(void **state)
{
	struct result r;
	char text[64];

	(void)state;
	fake_vm("12-3", "9\n", STATS, "");
	inject("write", "12-3/budget", EBUSY);
	FUNCTION(&r, cmd_set.main, "set", "12-3", "--policy", "clock", "--pages", "5");
	assert_int_equal(r.status, EXIT_FAILED);
	fake_read("nptbudget/vms/12-3/policy", text, sizeof(text));
	assert_string_equal(text, "fifo\n");
}

static void run_errors(void **state)
{
	static const struct {
		const char *call;
		int err;
		const char *says;
	} cases[] = {
		{ "open", ENOENT, "no file to register with" },
		{ "open", EACCES, "root" },
		{ "write", EINVAL, "no policy 'lru'; it has: fifo clock" },
		{ "write", EBUSY, "livepatch" },
		{ "write", ENOMEM, "memory" },
	};
	struct result r;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		inject(cases[i].call, "/run", cases[i].err);
		FUNCTION(&r, cmd_run.main, "run", "--pages", "5", "--policy", "lru", "--",
			 "sh", "-c", "echo started");
		assert_int_equal(r.status, EXIT_FAILED);
		assert_one_line(r.err);
		assert_has(r.err, cases[i].says);
		assert_string_equal(r.out, "");
	}
	inject("write", "/run", EINVAL);
	FUNCTION(&r, cmd_run.main, "run", "--pages", "5", "true");
	assert_has(r.err, "refuses budget 5 with policy clock, on loop log");
	/* A summary that cannot be read is no reason to lose the VMM's status. */
	inject("read", "/run", EIO);
	FUNCTION(&r, cmd_run.main, "run", "--pages", "5", "--", "sh", "-c", "exit 7");
	assert_int_equal(r.status, 7);
	assert_has(r.err, "cannot read the module's summary");
}

/* "list" and "loops" leave out a VM that ends while they read. */
static void vm_ends(void **state)
{
	static const int errors[] = { ENOENT, ENODEV };
	struct result r;
	size_t i;

	(void)state;
	fake_vm("12-3", "9\n", STATS, LOOP_ADD);
	fake_vm("12-4", "8\n", STATS, LOOP_ADD);
	for (i = 0; i < 2; i++) {
		inject("read", "12-3/stats", errors[i]);
		FUNCTION(&r, cmd_list.main, "list");
		assert_int_equal(r.status, 0);
		assert_string_equal(r.err, "");
		assert_null(strstr(r.out, "12-3"));
		assert_has(r.out, "12-4");
		inject("open", "12-3/loops", errors[i]);
		FUNCTION(&r, cmd_loops.main, "loops");
		assert_int_equal(r.status, 0);
		assert_null(strstr(r.out, "12-3"));
		assert_has(r.out, "VM 12-4");
		FUNCTION(&r, cmd_loops.main, "loops", "12-3");
		assert_int_equal(r.status, EXIT_FAILED);
		assert_one_line(r.err);
		assert_has(r.err, "has ended");
	}
	inject("read", "12-3/stats", EIO);
	FUNCTION(&r, cmd_list.main, "list");
	assert_int_equal(r.status, EXIT_FAILED);
	assert_has(r.err, "VM 12-3");
	assert_has(r.out, "12-4");
	/* A signal that does not matter. */
	inject("read", "12-3/stats", EINTR);
	FUNCTION(&r, cmd_list.main, "list");
	assert_int_equal(r.status, 0);
	assert_has(r.out, "12-3");
}

/* What debugfs says about an open file whose folder goes away. */
static void folder_goes(void **state)
{
	struct result r;

	(void)state;
	fake_vm("12-3", "9\n", STATS, LOOP_ADD);
	inject("vanish", "12-3/budget", EIO);
	FUNCTION(&r, cmd_list.main, "list");
	assert_int_equal(r.status, 0);
	assert_string_equal(r.err, "");
	assert_null(strstr(r.out, "12-3"));
	fake_vm("12-3", "9\n", STATS, LOOP_ADD);
	inject("vanish", "12-3/loops", EIO);
	FUNCTION(&r, cmd_loops.main, "loops", "12-3");
	assert_int_equal(r.status, EXIT_FAILED);
	assert_one_line(r.err);
	assert_has(r.err, "has ended");
	fake_vm("12-3", "9\n", STATS, LOOP_ADD);
	inject("vanish", "12-3/budget", EIO);
	FUNCTION(&r, cmd_set.main, "set", "12-3", "--pages", "5");
	assert_int_equal(r.status, EXIT_FAILED);
	assert_one_line(r.err);
	assert_has(r.err, "has ended");
}

static int list_as_nobody(int argc, char **argv)
{
	if (!geteuid() && setuid(65534))
		return 99;
	return cmd_list.main(argc, argv);
}

static void rights(void **state)
{
	struct result r;

	(void)state;
	inject("open", "/version", EACCES);
	FUNCTION(&r, cmd_list.main, "list");
	assert_int_equal(r.status, EXIT_FAILED);
	assert_one_line(r.err);
	assert_has(r.err, "root");
	FUNCTION(&r, cmd_version.main, "version");
	assert_int_equal(r.status, 0);
	assert_has(r.out, "module unknown");
	FUNCTION(&r, list_as_nobody, "list");
	assert_int_equal(r.status, EXIT_FAILED);
	assert_one_line(r.err);
	assert_has(r.err, "sudo");
}

static void large_and_binary(void **state)
{
	char *text, path[128];

	(void)state;
	text = malloc(100001);
	memset(text, 'a', 100000);
	text[100000] = '\0';
	fake_write("nptbudget/policies", text);
	free(text);
	assert_int_equal(dbgfs_read("policies", &text), 0);
	assert_int_equal(strlen(text), 100000);
	free(text);
	assert_int_equal(dbgfs_read_word("policies", path, sizeof(path)), -EBADMSG);
	snprintf(path, sizeof(path), "%s/nptbudget/policies", fake_root);
	assert_int_equal(truncate(path, 100001), 0);
	assert_int_equal(dbgfs_read("policies", &text), -EBADMSG);
	assert_int_equal(truncate(path, DBGFS_FILE_MAX + 1), 0);
	assert_int_equal(dbgfs_read("policies", &text), -EFBIG);
}

static void words(void **state)
{
	static const char *const bad[] = { "", "\n", "\t\n", "a b\n", "a\nb\n", "12345678\n" };
	char word[8];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		fake_write("nptbudget/defaults/policy", bad[i]);
		assert_int_equal(dbgfs_read_word("defaults/policy", word, sizeof(word)), -EBADMSG);
	}
	fake_write("nptbudget/defaults/policy", "1234567\n");
	assert_int_equal(dbgfs_read_word("defaults/policy", word, sizeof(word)), 0);
	assert_string_equal(word, "1234567");
}

static void versions(void **state)
{
	static const char *const bad[] = {
		"", "\n", "0.1\n", "0.1 x\n", "0.1 0\n", "0.1 -1\n", "0.1 4294967296\n",
		"0123456789012345678901234567890123456789 1\n",
	};
	struct dbgfs_version v;
	struct result r;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		fake_write("nptbudget/version", bad[i]);
		assert_int_equal(dbgfs_probe(&v), -EBADMSG);
	}
	FUNCTION(&r, cmd_list.main, "list");
	assert_int_equal(r.status, EXIT_FAILED);
	assert_one_line(r.err);
	assert_has(r.err, "install");
	fake_write("nptbudget/version", "9.9 4294967295 more\n");
	assert_int_equal(dbgfs_probe(&v), 0);
	FUNCTION(&r, cmd_list.main, "list");
	assert_int_equal(r.status, EXIT_DONE);
	assert_one_line(r.err);
	assert_has(r.err, "version 9.9");
}

static void order(void **state)
{
	struct dbgfs_vms vms;

	(void)state;
	fake_vm("100-3", "9\n", STATS, "");
	fake_vm("12-30", "9\n", STATS, "");
	fake_vm("12-4", "9\n", STATS, "");
	fake_write("nptbudget/vms/README/x", "");
	assert_int_equal(dbgfs_vms(&vms), 0);
	assert_int_equal(vms.nr, 3);
	assert_string_equal(vms.name[0], "12-4");
	assert_string_equal(vms.name[1], "12-30");
	assert_string_equal(vms.name[2], "100-3");
	dbgfs_vms_free(&vms);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(budget_errors, setup, fake_teardown),
		cmocka_unit_test_setup_teardown(name_errors, setup, fake_teardown),
		cmocka_unit_test_setup_teardown(all_or_nothing, setup, fake_teardown),
		cmocka_unit_test_setup_teardown(run_errors, setup, fake_teardown),
		cmocka_unit_test_setup_teardown(vm_ends, setup, fake_teardown),
		cmocka_unit_test_setup_teardown(folder_goes, setup, fake_teardown),
		cmocka_unit_test_setup_teardown(large_and_binary, setup, fake_teardown),
		cmocka_unit_test_setup_teardown(words, setup, fake_teardown),
		cmocka_unit_test_setup_teardown(versions, setup, fake_teardown),
		cmocka_unit_test_setup_teardown(order, setup, fake_teardown),
		cmocka_unit_test_setup_teardown(rights, setup, fake_teardown),
	};

	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
