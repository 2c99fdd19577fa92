// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every file of the module in debugfs: what is not understood changes nothing
 * and fails as uapi/nptbudget.h says, what is understood reads back, and only
 * root sees any of it. On kselftest's own harness.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <kselftest_harness.h>

#include "../lib/nptb.h"
#include "../lib/util.h"
#include "../vmm/vmm.h"

#define LONG_LEN	70000

struct bad {
	const char *text;
	size_t len;		/* 0: of the string */
	int err;
};

/* An unlucky number of digits, far beyond 64 bits and any buffer. */
static char long_text[LONG_LEN + 1];

static const struct bad bad_budgets[] = {
	{ "0", 0, ERANGE }, { "00", 0, ERANGE }, { "4294967296", 0, ERANGE },
	{ "18446744073709551616", 0, ERANGE }, { "-1", 0, EINVAL },
	{ "+1", 0, EINVAL }, { "1x", 0, EINVAL }, { "x1", 0, EINVAL },
	{ "1.5", 0, EINVAL }, { "1e3", 0, EINVAL }, { "0x10", 0, EINVAL },
	{ "1 2", 0, EINVAL }, { "1\n2", 0, EINVAL }, { "1\n\n", 0, EINVAL },
	{ " ", 0, EINVAL }, { "   ", 0, EINVAL }, { "\n", 0, EINVAL },
	{ " 1", 0, EINVAL }, { "1 ", 0, EINVAL }, { "\t1", 0, EINVAL },
	{ "Off", 0, EINVAL }, { "of", 0, EINVAL }, { "offx", 0, EINVAL },
	{ "off off", 0, EINVAL }, { "none", 0, EINVAL }, { "max", 0, EINVAL },
	{ "\0", 1, EINVAL }, { "7\0", 2, EINVAL }, { "7\0x", 3, EINVAL },
	{ "\x01\xff\x80\x7f", 4, EINVAL }, { "\xd9\xa1", 2, EINVAL },
	{ "%s%n", 0, EINVAL }, { long_text, LONG_LEN, EINVAL },
};

static const struct bad bad_names[] = {
	{ "", 0, EINVAL }, { "none", 0, EINVAL }, { "FIFO", 0, EINVAL },
	{ "fif", 0, EINVAL }, { "fifoo", 0, EINVAL }, { "fifo clock", 0, EINVAL },
	{ " fifo", 0, EINVAL }, { "fifo ", 0, EINVAL }, { "lo", 0, EINVAL },
	{ "logg", 0, EINVAL }, { "LOG", 0, EINVAL }, { "0", 0, EINVAL },
	{ "-1", 0, EINVAL }, { " ", 0, EINVAL }, { "\n", 0, EINVAL },
	{ "fifo\0", 5, EINVAL }, { "log\0", 4, EINVAL }, { "\xff\xfe", 2, EINVAL },
	{ "%s%n", 0, EINVAL }, { long_text, LONG_LEN, EINVAL },
};

/* The beginning of a text, fit to be printed; valid for four calls. */
static const char *shown(const char *text, size_t len)
{
	static char buf[4][96];
	static int n;
	char *out = buf[n = (n + 1) % 4];
	size_t i;

	for (i = 0; i < len && i < 20; i++) {
		unsigned char c = text[i];

		out += sprintf(out, c >= ' ' && c < 127 ? "%c" : "\\x%02x", c);
	}
	*out = '\0';
	return buf[n];
}

static int write_raw(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int err;

	if (fd < 0)
		return errno;
	n = write(fd, text, len);
	err = n < 0 ? errno : 0;
	close(fd);
	/* write() of nothing may give 0 or EINVAL; neither changes a thing. */
	return !len && !err ? EINVAL : err;
}

FIXTURE(knobs) {
	struct vmm vm;
	char dir[2][128];	/* the VM's, and the defaults' */
	int dirs;		/* of these, how many may be written to */
};

FIXTURE_SETUP(knobs)
{
	const char *why = vmm_unusable() ?: nptb_unusable();

	if (why)
		SKIP(return, "%s", why);
	memset(long_text, '1', LONG_LEN);
	ASSERT_TRUE(vmm_create(&self->vm, SZ_2M, VMM_MEM_4K));
	snprintf(self->dir[0], sizeof(self->dir[0]), NPTB_DIR "/vms/%s",
		 self->vm.name);
	snprintf(self->dir[1], sizeof(self->dir[1]), NPTB_DIR "/defaults");
	self->dirs = host_is_shared() ? 1 : 2;
}

FIXTURE_TEARDOWN(knobs)
{
	file_write(NPTB_DIR "/defaults/budget", "off", 3);
	file_write(NPTB_DIR "/defaults/policy", "fifo", 4);
	vmm_destroy(&self->vm);
}

/* Tries all of @bad on dir/knob, which holds @value; number of surprises. */
static int try_bad(const char *dir, const char *knob, const char *value,
		   const struct bad *bad, size_t nr)
{
	char path[192], now[64];
	int surprises = 0, err;
	size_t i;

	snprintf(path, sizeof(path), "%s/%s", dir, knob);
	if (file_write(path, value, strlen(value)))
		return -1;
	for (i = 0; i < nr; i++) {
		size_t len = bad[i].len ? bad[i].len : strlen(bad[i].text);

		err = write_raw(path, bad[i].text, len);
		if (err != bad[i].err) {
			note("%s: '%s' (%zu bytes): %s, should be: %s", knob,
			     shown(bad[i].text, len), len, strerror(err),
			     strerror(bad[i].err));
			surprises++;
		}
		if (file_read(path, now, sizeof(now)) < 0 ||
		    strncmp(now, value, strlen(value)) ||
		    strcmp(now + strlen(value), "\n")) {
			note("%s: '%s' changed '%s' to '%s'", knob,
			     shown(bad[i].text, len), value, shown(now, strlen(now)));
			surprises++;
			file_write(path, value, strlen(value));
		}
	}
	return surprises;
}

TEST_F(knobs, bad_budgets)
{
	static const char *const values[] = { "77", "off", "1", "4294967295" };
	size_t i;
	int d;

	for (d = 0; d < self->dirs; d++)
		for (i = 0; i < ARRAY_SIZE(values); i++)
			EXPECT_EQ(0, try_bad(self->dir[d], "budget", values[i],
					     bad_budgets, ARRAY_SIZE(bad_budgets)));
}

TEST_F(knobs, bad_policies)
{
	int d;

	for (d = 0; d < self->dirs; d++) {
		EXPECT_EQ(0, try_bad(self->dir[d], "policy", "clock", bad_names,
				     ARRAY_SIZE(bad_names)));
		EXPECT_EQ(0, try_bad(self->dir[d], "policy", "fifo", bad_names,
				     ARRAY_SIZE(bad_names)));
	}
}

TEST_F(knobs, bad_on_loops)
{
	int d;

	for (d = 0; d < self->dirs; d++)
		EXPECT_EQ(0, try_bad(self->dir[d], "on_loop", "log", bad_names,
				     ARRAY_SIZE(bad_names)));
}

TEST_F(knobs, bad_batches)
{
	static const struct bad bad[] = {
		{ "0", 0, ERANGE }, { "33", 0, ERANGE }, { "4294967297", 0, ERANGE },
		{ "-1", 0, EINVAL }, { "+1", 0, EINVAL }, { "0x8", 0, EINVAL }, { "8 ", 0, EINVAL },
		{ "", 0, EINVAL }, { "off", 0, EINVAL }, { "1\n2", 0, EINVAL },
		{ "8\0", 2, EINVAL }, { long_text, LONG_LEN, EINVAL },
	};
	int d;

	for (d = 0; d < self->dirs; d++) {
		EXPECT_EQ(0, try_bad(self->dir[d], "batch", "32", bad, ARRAY_SIZE(bad)));
		EXPECT_EQ(0, try_bad(self->dir[d], "batch", "1", bad, ARRAY_SIZE(bad)));
	}
}

TEST_F(knobs, good_values)
{
	static const char *const good[][2] = {
		{ "budget", "1" }, { "budget", "2\n" }, { "budget", "4294967295" },
		{ "budget", "off" }, { "budget", "1000" }, { "budget", "off\n" },
		{ "policy", "clock" }, { "policy", "fifo\n" }, { "on_loop", "log" },
		{ "batch", "32" }, { "batch", "8\n" }, { "batch", "1" },
	};
	char path[192], now[64];
	size_t i;
	int d;

	for (d = 0; d < self->dirs; d++)
		for (i = 0; i < ARRAY_SIZE(good); i++) {
			snprintf(path, sizeof(path), "%s/%s", self->dir[d], good[i][0]);
			EXPECT_EQ(0, write_raw(path, good[i][1], strlen(good[i][1])));
			EXPECT_GT(file_read(path, now, sizeof(now)), 0);
			EXPECT_EQ(0, strncmp(now, good[i][1], strcspn(good[i][1], "\n")));
		}
}

/* Every write is a whole value: digits never join over two writes. */
TEST_F(knobs, in_pieces)
{
	char path[192], now[64];
	int fd;

	snprintf(path, sizeof(path), "%s/budget", self->dir[0]);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(1, write(fd, "4", 1));
	EXPECT_EQ(1, write(fd, "2", 1));
	close(fd);
	file_read(path, now, sizeof(now));
	EXPECT_STREQ("2\n", now);
}

TEST_F(knobs, read_only_files)
{
	static const char *const files[] = { "resident", "stats", "loops" };
	static const char *const top[] = { "version", "policies", "stats" };
	char path[192];
	struct stat st;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", self->dir[0], files[i]);
		EXPECT_NE(0, write_raw(path, "1", 1));
		EXPECT_EQ(0, stat(path, &st));
		EXPECT_EQ(0400, st.st_mode & 07777);
	}
	for (i = 0; i < ARRAY_SIZE(top); i++) {
		snprintf(path, sizeof(path), NPTB_DIR "/%s", top[i]);
		EXPECT_NE(0, write_raw(path, "1", 1));
	}
}

TEST_F(knobs, version)
{
	char now[64], want[64];

	snprintf(want, sizeof(want), "%s %d\n", NPTB_VERSION, NPTB_FORMAT);
	EXPECT_GT(file_read(NPTB_DIR "/version", now, sizeof(now)), 0);
	EXPECT_STREQ(want, now);
	EXPECT_GT(file_read(NPTB_DIR "/policies", now, sizeof(now)), 0);
	EXPECT_NE(NULL, strstr(now, "fifo\n"));
	EXPECT_NE(NULL, strstr(now, "clock\n"));
}

/* A new VM starts with the defaults; one that is there keeps its own. */
TEST_F(knobs, defaults)
{
	const char *why = host_is_shared();
	struct vmm vm;
	char now[64];

	if (why)
		SKIP(return, "%s", why);
	EXPECT_EQ(0, file_write(NPTB_DIR "/defaults/budget", "123", 3));
	EXPECT_EQ(0, file_write(NPTB_DIR "/defaults/policy", "clock", 5));
	vmm_create(&vm, SZ_2M, VMM_MEM_4K);
	EXPECT_EQ(3, nptb_get(vm.name, "budget", now, sizeof(now)));
	EXPECT_STREQ("123", now);
	EXPECT_EQ(5, nptb_get(vm.name, "policy", now, sizeof(now)));
	EXPECT_STREQ("clock", now);
	EXPECT_EQ(3, nptb_get(self->vm.name, "budget", now, sizeof(now)));
	EXPECT_STREQ("off", now);
	vmm_destroy(&vm);
}

/* As nobody: not one file can be opened, not one folder listed. */
static int open_as_nobody(const char *dir)
{
	static const char *const files[] = {
		"budget", "policy", "on_loop", "resident", "stats", "loops",
		"version", "policies", "run",
	};
	char path[192];
	size_t i;

	if (setgid(65534) || setuid(65534))
		return 1;
	if (opendir(dir))
		return 2;
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		if (open(path, O_RDONLY) >= 0 || open(path, O_WRONLY) >= 0)
			return 3;
	}
	return 0;
}

/* @mode of the top folder: debugfs itself may be open to everybody. */
static int as_nobody(const char *dir)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(open_as_nobody(dir));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(knobs, root_only)
{
	struct stat st;

	ASSERT_EQ(0, stat("/sys/kernel/debug", &st));
	EXPECT_EQ(0, as_nobody(self->dir[0]));
	EXPECT_EQ(0, as_nobody(NPTB_DIR));
	/* With debugfs open to all, the files' own modes must do. */
	ASSERT_EQ(0, chmod("/sys/kernel/debug", 0755));
	EXPECT_NE(3, as_nobody(self->dir[0]));
	EXPECT_NE(3, as_nobody(self->dir[1]));
	EXPECT_NE(3, as_nobody(NPTB_DIR));
	EXPECT_EQ(0, chmod("/sys/kernel/debug", st.st_mode & 07777));
}

TEST_HARNESS_MAIN
