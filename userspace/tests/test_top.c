// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget top: rates, what is hottest, and the screen on a terminal of its own. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "model/hot.h"
#include "model/rates.h"
#include "fake.h"
#include "wrap.h"

#define SECOND 1000000000ULL
#define REFRESHES 8

/**
 * struct opened - what a process has opened so far; its memory is shared
 * @files: files, folders and links
 * @refreshes: how often the module's overview was among them
 * @before: what @files was at each of these moments
 */
static struct opened {
	atomic_uint files, refreshes;
	unsigned int before[REFRESHES];
} *opened;

static void count(const char *path)
{
	const char *end = strrchr(path, '/');
	unsigned int nr;

	if (!opened)
		return;
	nr = opened->refreshes;
	if (end && !strcmp(end, "/overview") && nr < REFRESHES) {
		opened->before[nr] = opened->files;
		opened->refreshes = nr + 1;
	}
	opened->files++;
}

int __wrap_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	count(path);
	return __real_open(path, flags, mode);
}

FILE *__wrap_fopen(const char *path, const char *mode)
{
	count(path);
	return __real_fopen(path, mode);
}

DIR *__wrap_opendir(const char *path)
{
	count(path);
	return __real_opendir(path);
}

ssize_t __wrap_readlink(const char *path, char *target, size_t size)
{
	count(path);
	return __real_readlink(path, target, size);
}

/* VMs @first to @last, but for one, with their numbers as faults, times @times. */
static void fake_overview(int first, int last, int without, int times)
{
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int i;

	for (i = first; i <= last; i++)
		if (i != without)
			fprintf(f, "vm name=%d-3 vcpus=1 budget=%d policy=fifo on_loop=log faults=%d evictions=7\n",
				i, 2000 - i, i * times);
	fclose(f);
	fake_write("nptbudget/overview", text);
	free(text);
}

static void rates(void **state)
{
	struct rates r = { 0 };

	(void)state;
	fake_process(7, 7, "seven");
	fake_overview(1, 1000, 0, 1);
	assert_int_equal(rates_refresh(&r, SECOND), 0);
	assert_int_equal(r.now.nr, 1000);
	assert_int_equal(r.looked_up, 1000);
	assert_true(r.row[0].faults < 0);
	/* Two seconds later one has gone and two are new: only these are looked up. */
	fake_overview(1, 1002, 7, 3);
	assert_int_equal(rates_refresh(&r, 3 * SECOND), 0);
	assert_int_equal(r.now.nr, 1001);
	assert_int_equal(r.looked_up, 1002);
	rates_sort(&r, RATES_FAULTS, true);
	assert_string_equal(r.row[0].vm->name, "1000-3");
	assert_true(r.row[0].faults > 999.9 && r.row[0].faults < 1000.1);
	assert_true(r.row[0].evictions == 0);
	assert_true(r.row[1000].faults < 0);
	rates_sort(&r, RATES_BUDGET, false);
	assert_string_equal(r.row[0].vm->name, "1002-3");
	rates_sort(&r, RATES_VM, false);
	assert_string_equal(r.row[0].vm->name, "1-3");
	/* What cannot be read changes nothing. */
	fake_write("nptbudget/overview", "nonsense\n");
	assert_int_equal(rates_refresh(&r, 4 * SECOND), -EBADMSG);
	assert_int_equal(r.now.nr, 1001);
	rates_free(&r);
}

static void hottest(void **state)
{
	struct hot *h = calloc(1, sizeof(*h));
	struct hot_entry most[4];
	struct hot_fault f = { .vcpu = 1, .rip = 0x10 };
	int i, j;

	(void)state;
	assert_non_null(h);
	assert_int_equal(hot_most(&h->pages, most, 4), 0);
	for (i = 1; i <= 10; i++)
		for (j = 0; j < i; j++) {
			f.gpa = (uint64_t)i << 12 | (unsigned int)j;
			hot_add(h, &f);
		}
	assert_int_equal(hot_most(&h->pages, most, 4), 4);
	assert_int_equal(most[0].key, 10 << 8);
	assert_int_equal(most[0].faults, 10);
	assert_int_equal(most[3].faults, 7);
	assert_int_equal(hot_most(&h->rips, most, 4), 1);
	assert_int_equal(most[0].faults, 55);
	assert_int_equal(h->vcpu[1].faults, 55);
	/* More pages than there is room for end in a count, and nowhere else. */
	for (i = 0; i < 2 * HOT_MAX; i++) {
		f.gpa = (uint64_t)i << 12;
		f.vcpu = HOT_VCPUS;
		hot_add(h, &f);
	}
	assert_true(h->pages.others > 0);
	assert_int_equal(hot_most(&h->pages, most, 4), 4);
	free(h);
}

/**
 * struct term - a terminal with the command on it
 * @fd: our end
 * @pid: the command
 * @text: all that it wrote
 * @len: how much
 */
struct term {
	int fd;
	pid_t pid;
	char text[1 << 18];
	size_t len;
};

/* Read until a text has come since @from, for half a minute; -1: until the end. */
static bool until(struct term *t, size_t from, const char *text)
{
	struct pollfd p = { .fd = t->fd, .events = POLLIN };
	ssize_t n;

	for (;;) {
		t->text[t->len] = '\0';
		if (text && strstr(t->text + from, text))
			return true;
		if (poll(&p, 1, 30000) <= 0 || t->len >= sizeof(t->text) - 1)
			return false;
		n = read(t->fd, t->text + t->len, sizeof(t->text) - 1 - t->len);
		if (n <= 0)
			return !text;
		t->len += (size_t)n;
	}
}

static void term_start(struct term *t, const char *arg)
{
	const struct winsize size = { .ws_row = 24, .ws_col = 80 };

	t->len = 0;
	t->pid = forkpty(&t->fd, NULL, NULL, &size);
	assert_true(t->pid >= 0);
	if (!t->pid) {
		setenv("TERM", "xterm", 1);
		/* Wrong, and not to be believed. */
		setenv("COLUMNS", "30", 1);
		setenv("LINES", "5", 1);
		execl(NPTBUDGET_BIN, "nptbudget", "top", arg, NULL);
		_exit(99);
	}
}

/* Its exit status; the terminal has to be as it was. */
static int term_end(struct term *t)
{
	int status;

	assert_true(until(t, 0, NULL));
	/* The other screen of xterm, and the cursor back. */
	assert_has(t->text, "\033[?1049h");
	assert_has(strstr(t->text, "\033[?1049h"), "\033[?1049l");
	assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
	close(t->fd);
	if (strstr(t->text, "Sanitizer") && WIFEXITED(status) && WEXITSTATUS(status))
		fail_msg("%s", t->text);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void type(struct term *t, const char *keys)
{
	assert_int_equal(write(t->fd, keys, strlen(keys)), strlen(keys));
}

static void fake_two(void)
{
	fake_write("nptbudget/overview",
		   "vm name=12-3 vcpus=1 budget=64 policy=fifo on_loop=log resident=63 faults=5 loops=1\n"
		   "vm name=13-4 vcpus=1 budget=off policy=fifo on_loop=log resident=5\n");
	fake_process(12, 12, "vmm\x1b[31m");
	fake_vm("12-3", "64\n", STATS, LOOP_ADD);
	fake_vm("13-4", "off\n", STATS, "");
}

static struct term term;

static void screen(void **state)
{
	char text[64];
	size_t from;

	(void)state;
	fake_two();
	term_start(&term, NULL);
	assert_true(until(&term, 0, "2 VMs, 1 under budget"));
	assert_true(until(&term, 0, "q quit"));
	assert_has(term.text, "vmm?[31m");
	type(&term, "rs");
	from = term.len;
	type(&term, "h");
	assert_true(until(&term, from, "sort the other way round"));
	type(&term, "h");
	from = term.len;
	/* By loops, least first: the other VM is the first one. */
	type(&term, "sj\n");
	assert_true(until(&term, from, "FAULT LOOPS"));
	assert_true(until(&term, from, "add [bx], si"));
	from = term.len;
	type(&term, "b3x\177\1777\n");
	assert_true(until(&term, from, "budget is 7 now"));
	fake_read("nptbudget/vms/12-3/budget", text, sizeof(text));
	assert_string_equal(text, "7\n");
	from = term.len;
	type(&term, "p2");
	assert_true(until(&term, from, "policy is clock now"));
	from = term.len;
	type(&term, "o3");
	assert_true(until(&term, from, "on_loop is lend now"));
	fake_read("nptbudget/vms/12-3/on_loop", text, sizeof(text));
	assert_string_equal(text, "lend\n");
	fake_read("nptbudget/vms/13-4/on_loop", text, sizeof(text));
	assert_string_equal(text, "log\n");
	type(&term, "q");
	assert_int_equal(term_end(&term), 0);
}

static void any_end(void **state)
{
	static const int signals[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGSEGV };
	size_t i;

	(void)state;
	fake_two();
	/* Otherwise the sanitizer has the last word on a crash. */
	setenv("ASAN_OPTIONS", "handle_segv=0:detect_leaks=0", 1);
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		term_start(&term, i ? NULL : "12");
		assert_true(until(&term, 0, "q quit"));
		kill(term.pid, signals[i]);
		assert_int_equal(term_end(&term), 128 + signals[i]);
	}
	/* The module goes. */
	term_start(&term, NULL);
	assert_true(until(&term, 0, "q quit"));
	fake_remove("nptbudget/overview");
	assert_int_equal(term_end(&term), 1);
	assert_has(strstr(term.text, "\033[?1049l"), "the module has gone");
	unsetenv("ASAN_OPTIONS");
}

/* Until all refreshes are counted; nobody may have to wait for a reader of the screen. */
static void refreshed(struct term *t)
{
	struct pollfd p = { .fd = t->fd, .events = POLLIN };
	int tries;

	for (tries = 0; opened->refreshes < REFRESHES; tries++) {
		assert_true(tries < 300);
		t->len = 0;
		if (poll(&p, 1, 100) > 0)
			assert_true(read(t->fd, t->text, sizeof(t->text) - 1) > 0);
	}
}

/* In a process of this program, so that what it opens is counted. */
static void term_start_counted(struct term *t, const char *vm)
{
	const struct winsize size = { .ws_row = 24, .ws_col = 80 };
	char name[] = "top", option[] = "-d", interval[] = "0.1";
	char *argv[5] = { name, option, interval, (char *)vm, NULL };

	opened = mmap(NULL, sizeof(*opened), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(opened != MAP_FAILED);
	t->len = 0;
	t->pid = forkpty(&t->fd, NULL, NULL, &size);
	assert_true(t->pid >= 0);
	if (!t->pid) {
		setenv("TERM", "xterm", 1);
		_exit(cmd_top.main(vm ? 4 : 3, argv));
	}
}

/* Files of each refresh but the first, where VMs are new; the same each time. */
static unsigned int files_of_a_refresh(const char *vm)
{
	unsigned int i, files;

	term_start_counted(&term, vm);
	refreshed(&term);
	kill(term.pid, SIGKILL);
	assert_int_equal(waitpid(term.pid, NULL, 0), term.pid);
	close(term.fd);
	files = opened->before[3] - opened->before[2];
	for (i = 4; i < REFRESHES; i++)
		assert_int_equal(opened->before[i] - opened->before[i - 1], files);
	munmap(opened, sizeof(*opened));
	opened = NULL;
	return files;
}

/* One file however many VMs there are, and one more for the VM that is looked into. */
static void reads_little(void **state)
{
	int i;

	(void)state;
	for (i = 1; i <= 1000; i += 999) {
		fake_overview(1, i, 0, 1);
		fake_vm("1-3", "64\n", STATS, LOOP_ADD);
		assert_int_equal(files_of_a_refresh(NULL), 1);
		assert_int_equal(files_of_a_refresh("1-3"), 2);
	}
}

static void small(void **state)
{
	const struct winsize sizes[] = {
		{ .ws_row = 1, .ws_col = 1 }, { .ws_row = 8, .ws_col = 40 },
		{ .ws_row = 60, .ws_col = 250 },
	};
	const char *const shows[] = { "", "Esc back", "man nptbudget-top" };
	size_t i, from;

	(void)state;
	fake_two();
	term_start(&term, "12-3");
	assert_true(until(&term, 0, "q quit"));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		from = term.len;
		assert_int_equal(ioctl(term.fd, TIOCSWINSZ, &sizes[i]), 0);
		if (i == 2)
			type(&term, "h");
		assert_true(until(&term, from, shows[i]));
	}
	type(&term, "q");
	assert_int_equal(term_end(&term), 0);
}

static void refuses(void **state)
{
	struct result r;

	(void)state;
	fake_two();
	COMMAND(&r, "top");
	assert_int_equal(r.status, 1);
	assert_has(r.err, "no terminal");
	COMMAND(&r, "top", "99");
	assert_int_equal(r.status, 1);
	COMMAND(&r, "top", "-d", "0");
	assert_int_equal(r.status, 2);
	COMMAND(&r, "top", "--interval", "nan");
	assert_int_equal(r.status, 2);
	COMMAND(&r, "top", "1", "2");
	assert_int_equal(r.status, 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rates, fake_setup, fake_teardown),
		cmocka_unit_test(hottest),
		cmocka_unit_test_setup_teardown(screen, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(any_end, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(reads_little, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(small, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(refuses, fake_setup, fake_teardown),
	};

	return cmocka_run_group_tests_name("top", tests, NULL, NULL);
}
