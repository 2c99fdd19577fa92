// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/child.h"
#include "base/signals.h"
#include "base/util.h"

/**
 * child_prepare() - make this process fit to have a VMM as its child
 * @c: the VMM
 *
 * Signals come to a descriptor from here on, but for a SIGHUP that is ignored, as under
 * nohup. A VMM that puts itself into the background leaves orphans; they become children
 * of this process and not of init, so that the module finds them among its descendants.
 *
 * Return: 0, or -errno of what failed.
 */
int child_prepare(struct child *c)
{
	static const int signals[] = { SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t mask;
	size_t i;

	memset(c, 0, sizeof(*c));
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		return -errno;
	/* Were it ignored, children would vanish without a status. */
	signal(SIGCHLD, SIG_DFL);
	/* A reader of stderr that goes away must not end the registration. */
	sigaction(SIGPIPE, &ignore, &c->old_pipe);
	created_open(&c->created);
	sigemptyset(&mask);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (signals[i] != SIGHUP || !signals_hang_up_ignored())
			sigaddset(&mask, signals[i]);
	sigprocmask(SIG_BLOCK, &mask, &c->old_mask);
	c->sigfd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return c->sigfd < 0 ? -errno : 0;
}

static void exec_child(const struct child *c, char **argv, int errfd)
{
	int err;

	sigaction(SIGPIPE, &c->old_pipe, NULL);
	sigprocmask(SIG_SETMASK, &c->old_mask, NULL);
	execvp(argv[0], argv);
	err = errno;
	if (write(errfd, &err, sizeof(err)) != sizeof(err))
		_exit(126);
	_exit(127);
}

/**
 * child_start() - start the VMM
 * @c: the VMM, prepared
 * @argv: its file, sought in PATH, and arguments
 *
 * Return: 0; -errno of fork() or exec().
 */
int child_start(struct child *c, char **argv)
{
	int pipefd[2], err = 0;
	ssize_t n;

	if (pipe2(pipefd, O_CLOEXEC))
		return -errno;
	c->pid = fork();
	if (c->pid < 0) {
		err = -errno;
		c->pid = 0;
		close(pipefd[0]);
		close(pipefd[1]);
		return err;
	}
	if (!c->pid)
		exec_child(c, argv, pipefd[1]);
	close(pipefd[1]);
	/* Nothing to read: exec closed the pipe. */
	do {
		n = read(pipefd[0], &err, sizeof(err));
	} while (n < 0 && errno == EINTR);
	close(pipefd[0]);
	if (n != sizeof(err))
		return 0;
	waitpid(c->pid, NULL, 0);
	c->pid = 0;
	return -err;
}

/* Fetch all that ended: the VMM, and orphans that it left behind. */
static void reap(struct child *c)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != c->pid)
			continue;
		c->ended = true;
		c->status = status;
	}
}

/*
 * Pass a signal on, unless it came from the terminal, which has sent it to the
 * VMM as well: to all of the process group in the foreground.
 */
static void forward(const struct child *c, const struct signalfd_siginfo *si)
{
	if (c->ended)
		return;
	if (si->ssi_code == SI_KERNEL && getpgid(c->pid) == getpgrp())
		return;
	kill(c->pid, (int)si->ssi_signo);
}

/**
 * child_poll() - wait for the VMM's end, and serve signals meanwhile
 * @c: the VMM, started
 * @timeout_ms: how long to wait, -1 for until something happens
 *
 * Return: whether the VMM has ended. May return early without that.
 */
bool child_poll(struct child *c, int timeout_ms)
{
	struct pollfd pfd[] = {
		{ .fd = c->sigfd, .events = POLLIN },
		{ .fd = c->created.fd, .events = POLLIN },
	};
	struct signalfd_siginfo si;

	if (!c->ended)
		poll(pfd, ARRAY_SIZE(pfd), timeout_ms);
	/* Before anybody is waited for: whose he was is then not to be found out. */
	created_read(&c->created);
	while (read(c->sigfd, &si, sizeof(si)) == sizeof(si))
		if (si.ssi_signo != SIGCHLD)
			forward(c, &si);
	reap(c);
	return c->ended;
}

/**
 * child_has_orphans() - did the VMM leave processes behind?
 *
 * Return: whether a descendant of this process still runs.
 */
bool child_has_orphans(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return errno != ECHILD;
}

/**
 * child_exit_status() - the VMM's exit status, as a shell has it
 * @c: the VMM, ended
 *
 * Return: its status; 128 + the signal that killed it.
 */
int child_exit_status(const struct child *c)
{
	return WIFSIGNALED(c->status) ? 128 + WTERMSIG(c->status) : WEXITSTATUS(c->status);
}
