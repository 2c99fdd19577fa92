/* SPDX-License-Identifier: GPL-2.0-only */
/* The VMM under "nptbudget run": its start, signals and end. */
#ifndef NPTB_CHILD_H
#define NPTB_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "model/created.h"

/**
 * struct child - the VMM
 * @pid: its pid, 0 before it was started
 * @sigfd: signals to this process come here
 * @created: VMs that are created meanwhile
 * @old_mask: blocked signals before child_prepare(), for the VMM
 * @old_pipe: what SIGPIPE did before child_prepare(), for the VMM
 * @ended: it has ended, with @status
 * @status: as waitpid() gave it
 */
struct child {
	pid_t pid;
	int sigfd;
	struct created created;
	sigset_t old_mask;
	struct sigaction old_pipe;
	bool ended;
	int status;
};

int child_prepare(struct child *c);
int child_start(struct child *c, char **argv);
bool child_poll(struct child *c, int timeout_ms);
bool child_has_orphans(void);
int child_exit_status(const struct child *c);

#endif /* NPTB_CHILD_H */
