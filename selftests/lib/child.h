/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VMM as a process of its own, told what to do over a pipe: to be killed, to
 * be a descendant of something, to create its VM at a chosen moment.
 */
#ifndef NPTB_ST_CHILD_H
#define NPTB_ST_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct child {
	pid_t pid;
	int to;		/* our end of its commands */
	int from;	/* our end of its answers */
};

/* Forks; @generations 1: a child, 2: a grandchild, whose parent waits for it. */
void child_start(struct child *c, int generations);
/* Has it create a VM with @vcpus endless workers and run it; its name. */
void child_vm(struct child *c, int vcpus, char *name, int size);
/* Has it stop and destroy its VM. */
void child_vm_end(struct child *c);
/* Has it exit, or kills it with SIGKILL; waits for it. */
void child_end(struct child *c);
void child_kill(struct child *c);

#endif
