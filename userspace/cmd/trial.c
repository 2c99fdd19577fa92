// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each run is in a process of its own, a worker: what a registration, a VMM and its
 * orphans leave is gone with it. The result comes back as JSON through a pipe.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nptbudget.h>
#include "base/clock.h"
#include "base/msg.h"
#include "base/util.h"
#include "cmd/child.h"
#include "cmd/options.h"
#include "cmd/stuck.h"
#include "cmd/trial.h"
#include "model/dbgfs.h"
#include "model/session.h"
#include "model/vmname.h"
#include "view/loops.h"

/* How often it is looked at, and how long a VMM may take to end when asked to. */
#define LOOK_MS		100
#define END_SECONDS	5

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_CHILDREN, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* Return: the registration, or -errno after a message. */
static int register_self(const struct trial *t)
{
	char line[256], pages[24] = "off";
	int fd;

	if (t->pages)
		snprintf(pages, sizeof(pages), "%llu", t->pages);
	snprintf(line, sizeof(line), "pid=%d budget=%s policy=%s on_loop=%s", getpid(), pages,
		 t->policy, t->on_loop);
	fd = dbgfs_run_open(line);
	if (fd < 0 && (fd != -EINVAL || !option_explain_names(t->cmd, t->policy, t->on_loop)))
		msg_err("%s: the module refuses budget %s, policy %s, on loop %s: %s", t->cmd,
			pages, t->policy, t->on_loop, msg_errno(-fd));
	return fd;
}

/* Ask it to end, then make it, and whoever else has one of its VMs. */
static void stop(struct child *child, const struct report *r)
{
	double until = clock_seconds() + END_SECONDS;
	struct vm_name name;
	size_t i;
	pid_t pid;

	kill(child->pid, SIGTERM);
	while (!child_poll(child, LOOK_MS) && clock_seconds() < until)
		;
	if (!child->ended)
		kill(child->pid, SIGKILL);
	for (i = 0; i < r->nr; i++) {
		pid = vm_name_parse(r->vm[i].name, &name) ? 0 : vm_tgid(name.tid);
		if (r->vm[i].alive && pid && pid != child->pid)
			kill(pid, SIGKILL);
	}
	while (!child_poll(child, LOOK_MS))
		;
}

/* Return: why it was stopped, NULL where it ended by itself. */
static const char *watch(const struct trial *t, struct child *child, int fd, struct stuck *stuck,
			 double begin)
{
	const char *why = NULL;
	unsigned int bad_line;
	struct report r;

	while (!child_poll(child, LOOK_MS)) {
		double now = clock_seconds();

		if (report_read(&r, fd, &bad_line)) {
			report_free(&r);
			continue;
		}
		if (t->patience > 0 && stuck_look(stuck, &r, now, t->patience))
			why = "loop";
		else if (t->limit > 0 && now - begin > t->limit)
			why = "time";
		if (why)
			stop(child, &r);
		report_free(&r);
		if (why)
			break;
	}
	return why;
}

static void add_loop(struct json_object *obj, const struct report *r, const struct stuck *stuck)
{
	const struct loop *l = stuck_loop(stuck, r);
	char *text = NULL;
	size_t size;
	FILE *f;

	json_object_object_add(obj, "loop", l ? loop_json(l) : NULL);
	f = l ? open_memstream(&text, &size) : NULL;
	if (f) {
		loop_print_short(f, l);
		if (!fclose(f))
			json_object_object_add(obj, "text", json_object_new_string(text));
	}
	if (!json_object_object_get_ex(obj, "text", NULL))
		json_object_object_add(obj, "text", NULL);
	free(text);
}

static void add_counters(struct json_object *obj, const struct report *r)
{
	static const char *const names[] = { "faults", "evictions", "loops" };
	unsigned long long value, sum, peak = 0;
	size_t i, j;

	for (j = 0; j < ARRAY_SIZE(names); j++) {
		sum = 0;
		for (i = 0; i < r->nr; i++)
			if (stats_get(&r->vm[i].stats, names[j], &value))
				sum += value;
		json_object_object_add(obj, names[j], json_object_new_uint64(sum));
	}
	for (i = 0; i < r->nr; i++)
		if (stats_get(&r->vm[i].stats, "peak", &value) && value > peak)
			peak = value;
	json_object_object_add(obj, "peak", json_object_new_uint64(peak));
}

static const char *verdict(const struct report *r, const char *why, int status)
{
	size_t i;

	for (i = 0; i < r->nr; i++)
		if (r->vm[i].refused)
			return "refused";
	if (why)
		return why;
	if (status)
		return "status";
	return r->nr ? "done" : "no VM";
}

static struct json_object *result_of(const struct trial *t, const struct report *r,
				     const struct child *child, const char *why,
				     const struct stuck *stuck, double seconds)
{
	struct json_object *obj = json_object_new_object();
	int status = child_exit_status(child);
	const char *what = verdict(r, why, status);

	json_object_object_add(obj, "pages", t->pages ? json_object_new_uint64(t->pages) : NULL);
	json_object_object_add(obj, "policy", json_object_new_string(t->policy));
	json_object_object_add(obj, "on_loop", json_object_new_string(t->on_loop));
	json_object_object_add(obj, "completed", json_object_new_boolean(!strcmp(what, "done")));
	json_object_object_add(obj, "why", json_object_new_string(what));
	json_object_object_add(obj, "status", why ? NULL : json_object_new_int(status));
	json_object_object_add(obj, "seconds", json_object_new_double(seconds));
	json_object_object_add(obj, "cpu_seconds", json_object_new_double(cpu_seconds()));
	add_counters(obj, r);
	add_loop(obj, r, stuck);
	return obj;
}

static void hide_output(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

/* Return: 0, or -errno after a message. */
static int begin(const struct trial *t, struct child *child, int *fd)
{
	int err, keep;

	err = child_prepare(child);
	if (err) {
		msg_err("%s: cannot prepare for %s: %s", t->cmd, t->argv[0], strerror(-err));
		return err;
	}
	*fd = register_self(t);
	if (*fd < 0)
		return *fd;
	keep = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (!t->show)
		hide_output();
	err = child_start(child, t->argv);
	if (keep >= 0)
		dup2(keep, STDERR_FILENO);
	if (err)
		msg_err("%s: cannot start %s: %s", t->cmd, t->argv[0], strerror(-err));
	return err;
}

static int work(const struct trial *t, int to)
{
	double start = clock_seconds(), seconds;
	struct stuck stuck = { 0 };
	struct child child;
	unsigned int bad_line;
	struct report r;
	const char *why, *text;
	struct json_object *obj;
	int fd, err;

	if (begin(t, &child, &fd))
		return 1;
	why = watch(t, &child, fd, &stuck, start);
	seconds = clock_seconds() - start;
	err = report_read(&r, fd, &bad_line);
	if (err)
		msg_err("%s: cannot read the module's summary: %s", t->cmd, msg_errno(-err));
	obj = err ? NULL : result_of(t, &r, &child, why, &stuck, seconds);
	text = obj ? json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN) : NULL;
	if (!text || dprintf(to, "%s", text) < 0)
		return 1;
	json_object_put(obj);
	report_free(&r);
	stuck_free(&stuck);
	return 0;
}

/* A signal to this process alone ends the VMM as well: it need not come from a terminal. */
static struct json_object *read_result(int fd, pid_t worker)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *obj = NULL;
	char buf[4096];
	ssize_t n;

	while (tok && (n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR) {
			kill(worker, SIGTERM);
			continue;
		}
		if (n < 0)
			break;
		obj = json_tokener_parse_ex(tok, buf, (int)n);
	}
	json_tokener_free(tok);
	return obj;
}

/**
 * trial_run() - run a workload once
 * @t: what, and how; @policy is given
 * @result: where to put what came of it, for json_object_put()
 *
 * A signal that this process handles, or that ends it, ends the VMM, too.
 *
 * Return: 0; -EIO after a message, where it could not be run.
 */
int trial_run(const struct trial *t, struct json_object **result)
{
	int fd[2], status;
	pid_t pid;

	*result = NULL;
	if (pipe2(fd, O_CLOEXEC))
		return -EIO;
	fflush(NULL);
	pid = fork();
	if (!pid) {
		/* Passed on to the VMM, as any other that asks it to end. */
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		close(fd[0]);
		_exit(work(t, fd[1]));
	}
	close(fd[1]);
	if (pid > 0)
		*result = read_result(fd[0], pid);
	close(fd[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return *result ? 0 : -EIO;
}

/**
 * trial_completed() - did the workload complete?
 * @result: of trial_run()
 */
bool trial_completed(const struct json_object *result)
{
	return json_object_get_boolean(json_object_object_get(result, "completed"));
}

/**
 * trial_number() - a number of a result
 * @result: of trial_run()
 * @key: its name
 */
unsigned long long trial_number(const struct json_object *result, const char *key)
{
	return json_object_get_uint64(json_object_object_get(result, key));
}

/**
 * trial_text() - a word of a result
 * @result: of trial_run()
 * @key: its name
 *
 * Return: the text, "" for null.
 */
const char *trial_text(const struct json_object *result, const char *key)
{
	const char *text = json_object_get_string(json_object_object_get(result, key));

	return text ? text : "";
}

/**
 * trial_seconds() - how long a run took
 * @result: of trial_run()
 */
double trial_seconds(const struct json_object *result)
{
	return json_object_get_double(json_object_object_get(result, "seconds"));
}
