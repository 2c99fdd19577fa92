// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>

#include "cmd/cmd.h"
#include "fake.h"

char fake_root[64];

/* The path of a file below the fake root. */
void fake_path(char *path, size_t size, const char *name)
{
	int n = snprintf(path, size, "%s/%s", fake_root, name);

	assert_true(n > 0 && (size_t)n < size);
}

/* The same, until four more were asked for. */
const char *fake_in(const char *name)
{
	static char path[4][128];
	static unsigned int nr;

	nr = (nr + 1) % ARRAY_SIZE(path);
	fake_path(path[nr], sizeof(path[nr]), name);
	return path[nr];
}

static void make_folders(char *path)
{
	char *slash = path;

	while ((slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			fail_msg("mkdir %s", path);
		*slash = '/';
	}
}

/* Fail where a part is not in a text. */
void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

/* Write a file below the fake root, with the folders it is in. */
void fake_write(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	fake_path(path, sizeof(path), name);
	make_folders(path);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}

/* Remove a file, or an empty folder, below the fake root. */
void fake_remove(const char *name)
{
	char path[256];

	fake_path(path, sizeof(path), name);
	assert_int_equal(remove(path), 0);
}

/* Read a file below the fake root; "" where there is none. */
void fake_read(const char *name, char *text, size_t size)
{
	char path[256];
	size_t n = 0;
	FILE *f;

	fake_path(path, sizeof(path), name);
	f = fopen(path, "re");
	if (f) {
		n = fread(text, 1, size - 1, f);
		fclose(f);
	}
	text[n] = '\0';
}

/* Make the folder of a VM. */
void fake_vm(const char *vm, const char *budget, const char *stats, const char *loops)
{
	const char *const files[][2] = {
		{ "budget", budget }, { "policy", "fifo\n" }, { "on_loop", "log\n" },
		{ "seed", "0\n" }, { "flush_aged", "off\n" }, { "pin", "" }, { "exempt", "" },
		{ "lend_max", "64\n" }, { "burst", "130\n" },
		{ "backing", "resident\n" }, { "backed", "9\n" }, { "batch", "1\n" },
		{ "resident", "1\n" }, { "stats", stats }, { "loops", loops },
	};
	char path[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "nptbudget/vms/%s/%s", vm, files[i][0]);
		fake_write(path, files[i][1]);
	}
}

/* Make the folder of a thread in the fake /proc. */
void fake_process(int pid, int tgid, const char *comm)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "proc/%d/status", pid);
	snprintf(text, sizeof(text), "Name:\t%s\nTgid:\t%d\n", comm, tgid);
	fake_write(path, text);
	snprintf(path, sizeof(path), "proc/%d/comm", pid);
	snprintf(text, sizeof(text), "%s\n", comm);
	fake_write(path, text);
}

/* A module with its defaults, and no VMs. */
int fake_setup(void **state)
{
	char path[256];

	(void)state;
	strscpy(fake_root, "/tmp/nptbudget-test-XXXXXX", sizeof(fake_root));
	assert_non_null(mkdtemp(fake_root));
	assert_int_equal(setenv("NPTBUDGET_DEBUGFS", fake_root, 1), 0);
	fake_path(path, sizeof(path), "proc");
	assert_int_equal(setenv("NPTBUDGET_PROCFS", path, 1), 0);
	fake_write("nptbudget/version", "0.1 1\n");
	fake_write("nptbudget/policies", "fifo\nclock\n");
	fake_write("nptbudget/run", "");
	fake_write("nptbudget/vms/.keep", "");
	fake_write("nptbudget/defaults/budget", "off\n");
	fake_write("nptbudget/defaults/policy", "clock\n");
	fake_write("nptbudget/defaults/on_loop", "log\n");
	fake_write("nptbudget/defaults/seed", "0\n");
	fake_write("nptbudget/defaults/flush_aged", "off\n");
	fake_write("nptbudget/defaults/lend_max", "64\n");
	fake_write("nptbudget/defaults/burst", "130\n");
	fake_write("nptbudget/defaults/backing", "resident\n");
	fake_write("nptbudget/defaults/batch", "1\n");
	fake_write("nptbudget/defaults/bindings", "");
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

int fake_teardown(void **state)
{
	(void)state;
	return nftw(fake_root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void redirect(int fd, const char *name)
{
	char path[256];
	int to;

	fake_path(path, sizeof(path), name);
	to = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
	if (to < 0 || dup2(to, fd) < 0)
		_exit(99);
	close(to);
}

/* Start the command (NULL), or a function of it, with output to files. */
pid_t fake_start(int (*fn)(int argc, char **argv), const char *const argv[])
{
	int argc = 0, status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid)
		return pid;
	redirect(STDOUT_FILENO, "stdout");
	redirect(STDERR_FILENO, "stderr");
	if (!fn) {
		execv(NPTBUDGET_BIN, (char *const *)argv);
		_exit(99);
	}
	while (argv[argc])
		argc++;
	status = fn(argc, (char **)argv);
	fflush(NULL);
	_exit(status);
}

/* Wait for what fake_start() started. */
void fake_end(struct result *r, pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	r->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	fake_read("stdout", r->out, sizeof(r->out));
	fake_read("stderr", r->err, sizeof(r->err));
	if (strstr(r->err, "Sanitizer") || strstr(r->err, "runtime error"))
		fail_msg("%s", r->err);
}

void fake_run(struct result *r, int (*fn)(int argc, char **argv), const char *const argv[])
{
	fake_end(r, fake_start(fn, argv));
}

void fake_wrong(const char *says, const char *const argv[])
{
	static struct result r;

	fake_run(&r, NULL, argv);
	assert_int_equal(r.status, EXIT_USAGE);
	assert_has(r.err, says);
	assert_string_equal(r.out, "");
}

void fake_fails(const char *says, const char *const argv[])
{
	static struct result r;

	fake_run(&r, NULL, argv);
	assert_int_equal(r.status, EXIT_FAILED);
	assert_has(r.err, says);
	assert_non_null(strchr(r.err, '\n'));
	assert_string_equal(strchr(r.err, '\n'), "\n");
	assert_string_equal(r.out, "");
}

static int to_full(int argc, char **argv)
{
	(void)argc;
	if (!freopen("/dev/full", "w", stdout))
		return 99;
	execv(NPTBUDGET_BIN, argv);
	return 99;
}

void fake_full(const char *const argv[])
{
	static struct result r;

	fake_run(&r, to_full, argv);
	assert_int_equal(r.status, EXIT_FAILED);
	assert_string_equal(r.err,
			    "nptbudget: cannot write to standard output: No space left on device\n");
}

/* Parse a text as JSON, strictly. */
struct json_object *json_of(const char *text)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *obj;

	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	obj = json_tokener_parse_ex(tok, text, (int)strlen(text) + 1);
	if (!obj)
		fail_msg("%s in:\n%s", json_tokener_error_desc(json_tokener_get_error(tok)), text);
	json_tokener_free(tok);
	return obj;
}

/* A word of its own, as "pages" in "pages , faults". */
static bool has_word(const char *text, const char *word)
{
	static const char part[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	const size_t len = strlen(word);
	const char *at = text;

	while ((at = strstr(at, word))) {
		if ((at == text || !strchr(part, at[-1])) && (!at[len] || !strchr(part, at[len])))
			return true;
		at++;
	}
	return false;
}

/* What these have is in a page as a range, in nptbudget(4), or in nptbudget-loops(8). */
static bool is_listed_elsewhere(const char *key, const char *command)
{
	return !strcmp(key, "registers") || !strcmp(key, "stats") ||
	       !strcmp(key, "faults_by_verdict") ||
	       (!strcmp(key, "loops") && !strcmp(command, "run"));
}

static void find_keys(struct json_object *obj, const char *page, const char *command)
{
	size_t i;

	if (json_object_is_type(obj, json_type_array))
		for (i = 0; i < json_object_array_length(obj); i++)
			find_keys(json_object_array_get_idx(obj, i), page, command);
	if (!json_object_is_type(obj, json_type_object))
		return;
	json_object_object_foreach(obj, key, value) {
		if (!has_word(page, key))
			fail_msg("nptbudget-%s(8) says nothing of %s", command, key);
		if (!is_listed_elsewhere(key, command))
			find_keys(value, page, command);
	}
}

void assert_documented(const char *command, const char *text)
{
	struct json_object *obj = json_of(text);
	char path[256], page[65536];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), NPTBUDGET_MAN "/nptbudget-%s.8", command);
	f = fopen(path, "re");
	assert_non_null(f);
	n = fread(page, 1, sizeof(page) - 1, f);
	page[n] = '\0';
	fclose(f);
	find_keys(obj, page, command);
	json_object_put(obj);
}

/* The text of what follows the path of keys ("key") and indexes ("0"). */
const char *json_at(struct json_object *obj, const char *path)
{
	char copy[128], *rest = NULL, *key;

	snprintf(copy, sizeof(copy), "%s", path);
	for (key = strtok_r(copy, "/", &rest); key; key = strtok_r(NULL, "/", &rest)) {
		if (json_object_is_type(obj, json_type_array))
			obj = json_object_array_get_idx(obj, (size_t)atoi(key));
		else if (!json_object_object_get_ex(obj, key, &obj))
			fail_msg("no %s (%s)", key, path);
	}
	return obj ? json_object_get_string(obj) : "null";
}
