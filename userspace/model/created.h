/* SPDX-License-Identifier: GPL-2.0-only */
/* Which VMs were created, by KVM's own word: its uevents, past the module. */
#ifndef NPTB_CREATED_H
#define NPTB_CREATED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "model/session.h"

/* Whose descendant a thread was when it created a VM. */
enum created_whose {
	CREATED_UNKNOWN,	/* it was gone before that could be asked */
	CREATED_OURS,
	CREATED_OTHERS,
};

/**
 * struct created_by - a thread that created VMs
 * @tid: the thread, as the host numbers threads
 * @vms: how many
 * @whose: descendant
 */
struct created_by {
	pid_t tid;
	size_t vms;
	enum created_whose whose;
};

/**
 * struct created - VMs created since created_open(), on the whole host
 * @fd: KVM's uevents, or -1
 * @lost: some went past us
 * @nr: entries at @by
 * @by: by whom
 */
struct created {
	int fd;
	bool lost;
	size_t nr;
	struct created_by *by;
};

/**
 * struct created_missed - what KVM created and the module did not hold
 * @vms: of descendants of this process
 * @unknown: of threads that may have been such
 * @tid: one of these threads
 */
struct created_missed {
	size_t vms;
	size_t unknown;
	pid_t tid;
};

void created_open(struct created *c);
void created_read(struct created *c);
int created_take(struct created *c, const char *text, size_t len);
void created_compare(const struct created *c, const struct report *r,
		     struct created_missed *missed);
void created_close(struct created *c);

#endif /* NPTB_CREATED_H */
