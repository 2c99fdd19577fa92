// SPDX-License-Identifier: GPL-2.0-only
/* A VMM as a process of its own. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../vmm/vmm.h"
#include "child.h"
#include "util.h"

#define DATA	SZ_2M
#define PAGES	64

static void child_main(int in, int out)
{
	static struct vmm vm;
	struct vmm_args args = { .pages = PAGES };
	char cmd, name[32];
	int v, vcpus = 0;

	while (read(in, &cmd, 1) == 1) {
		switch (cmd) {
		case 'v':
			if (read(in, &cmd, 1) != 1)
				_exit(1);
			vcpus = cmd;
			vmm_create(&vm, 4UL << 20, VMM_MEM_4K);
			for (v = 0; v < vcpus; v++) {
				args.data = DATA + v * PAGES * PAGE_SIZE;
				vmm_add(&vm, GUEST_WORK, VMM_PROT, &args);
			}
			vmm_start(&vm);
			memset(name, 0, sizeof(name));
			strcpy(name, vm.name);
			if (write(out, name, sizeof(name)) != sizeof(name))
				_exit(1);
			break;
		case 'e':
			vmm_destroy(&vm);
			if (write(out, &cmd, 1) != 1)
				_exit(1);
			break;
		default:
			_exit(0);
		}
	}
	_exit(0);
}

/* In the process in between: it is there to be the parent, and ends alike. */
static void stand_between(int in, int out)
{
	pid_t pid = fork();

	if (pid < 0)
		_exit(1);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		child_main(in, out);
	}
	waitpid(pid, NULL, 0);
	_exit(0);
}

void child_start(struct child *c, int generations)
{
	int to[2], from[2];

	fflush(stdout);
	if (pipe(to) || pipe(from))
		die("pipe: %s", strerror(errno));
	c->pid = fork();
	if (c->pid < 0)
		die("fork: %s", strerror(errno));
	if (!c->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(to[1]);
		close(from[0]);
		if (generations > 1)
			stand_between(to[0], from[1]);
		child_main(to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	c->to = to[1];
	c->from = from[0];
}

void child_vm(struct child *c, int vcpus, char *name, int size)
{
	char cmd[2] = { 'v', vcpus }, buf[32];

	if (write(c->to, cmd, 2) != 2 ||
	    read(c->from, buf, sizeof(buf)) != sizeof(buf))
		die("the VMM process ended");
	snprintf(name, size, "%s", buf);
}

void child_vm_end(struct child *c)
{
	char cmd = 'e';

	if (write(c->to, &cmd, 1) != 1 || read(c->from, &cmd, 1) != 1)
		die("the VMM process ended");
}

static void reap(struct child *c)
{
	close(c->to);
	close(c->from);
	waitpid(c->pid, NULL, 0);
}

void child_kill(struct child *c)
{
	kill(c->pid, SIGKILL);
	reap(c);
}

/* Told so: closing the pipe does not do, later children hold it as well. */
void child_end(struct child *c)
{
	if (write(c->to, "q", 1) != 1)
		die("the VMM process ended");
	reap(c);
}
