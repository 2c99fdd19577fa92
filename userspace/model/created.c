// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM tells of each VM that it creates, by a uevent of /dev/kvm that has the
 * thread's number. What the module was told of and what there was are thus known
 * from two sides.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fields.h"
#include "base/util.h"
#include "model/created.h"
#include "model/vmname.h"

/* Of the netlink groups: the kernel's own events, and not udev's. */
#define GROUP_KERNEL	1
/* Longer than any event; and room for a storm of them. */
#define EVENT_MAX	8192
#define QUEUE_BYTES	(4 << 20)

/**
 * created_open() - begin to listen
 * @c: what was heard; nothing where that is not possible, and then @c->lost
 */
void created_open(struct created *c)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = GROUP_KERNEL };
	int bytes = QUEUE_BYTES;

	memset(c, 0, sizeof(*c));
	c->fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       NETLINK_KOBJECT_UEVENT);
	c->lost = c->fd < 0 || bind(c->fd, (struct sockaddr *)&addr, sizeof(addr));
	/* Without the right to that it is as large as it is. */
	if (c->fd >= 0)
		setsockopt(c->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
}

static enum created_whose whose(pid_t tid)
{
	pid_t pid = vm_tgid(tid);

	if (!pid)
		return CREATED_UNKNOWN;
	while (pid && pid != getpid())
		pid = vm_parent(pid);
	return pid ? CREATED_OURS : CREATED_OTHERS;
}

static int add(struct created *c, pid_t tid)
{
	struct created_by *more;
	size_t i;

	for (i = 0; i < c->nr && c->by[i].tid != tid; i++)
		;
	if (i == c->nr) {
		more = reallocarray(c->by, c->nr + 1, sizeof(*more));
		if (!more)
			return -ENOMEM;
		c->by = more;
		more[c->nr++] = (struct created_by){ .tid = tid };
	}
	c->by[i].vms++;
	if (c->by[i].whose == CREATED_UNKNOWN)
		c->by[i].whose = whose(tid);
	return 0;
}

/**
 * created_take() - take in one uevent
 * @c: what was heard
 * @text: strings, each with its end: "change@PATH", then "NAME=value"
 * @len: bytes at @text, the last of them 0
 *
 * Return: 0, -ENOMEM.
 */
int created_take(struct created *c, const char *text, size_t len)
{
	static const char device[] = "/misc/kvm";
	const char *end = text + len, *s = text;
	bool created = false;
	int tid = 0;

	if (!len || text[len - 1] || strlen(s) < sizeof(device) ||
	    strcmp(s + strlen(s) - strlen(device), device))
		return 0;
	for (; s < end; s += strlen(s) + 1) {
		if (!strcmp(s, "EVENT=create"))
			created = true;
		else if (!strncmp(s, "PID=", 4) && field_int(s + 4, &tid))
			tid = 0;
	}
	return created && tid > 0 ? add(c, tid) : 0;
}

/**
 * created_read() - hear what there is to hear now
 * @c: what was heard
 *
 * Soon behind a VM's creation, and before its process is waited for: whose a
 * thread is can be asked while it is there.
 */
void created_read(struct created *c)
{
	char text[EVENT_MAX];
	struct sockaddr_nl from;
	socklen_t size;
	ssize_t n;

	while (c->fd >= 0) {
		size = sizeof(from);
		n = recvfrom(c->fd, text, sizeof(text) - 1, 0, (struct sockaddr *)&from, &size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n < 0) {
			c->lost = true;
			if (errno == ENOBUFS)
				continue;
			return;
		}
		/* The kernel's word, and no process's. */
		if (from.nl_pid)
			continue;
		text[n] = '\0';
		if (created_take(c, text, (size_t)n + (n && text[n - 1])))
			c->lost = true;
	}
}

static size_t held_of(const struct report *r, pid_t tid)
{
	struct vm_name name;
	size_t i, held = 0;

	for (i = 0; i < r->nr; i++)
		held += !vm_name_parse(r->vm[i].name, &name) && name.tid == tid;
	return held;
}

/**
 * created_compare() - which of the VMs of our descendants did the module not hold?
 * @c: what was heard, to the end
 * @r: what the module held
 * @missed: where to put it
 */
void created_compare(const struct created *c, const struct report *r,
		     struct created_missed *missed)
{
	size_t i, held, unlisted = r->started > r->nr ? r->started - r->nr : 0;

	memset(missed, 0, sizeof(*missed));
	for (i = 0; i < c->nr; i++) {
		held = held_of(r, c->by[i].tid);
		if (c->by[i].whose == CREATED_OTHERS || c->by[i].vms <= held)
			continue;
		missed->tid = c->by[i].tid;
		if (c->by[i].whose == CREATED_OURS)
			missed->vms += c->by[i].vms - held;
		else
			missed->unknown += c->by[i].vms - held;
	}
	/* Held, and not in the list any more, or without a vCPU. */
	missed->vms -= unlisted < missed->vms ? unlisted : missed->vms;
}

/**
 * created_close() - end listening
 * @c: what was heard; nothing afterwards
 */
void created_close(struct created *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free(c->by);
	memset(c, 0, sizeof(*c));
	c->fd = -1;
}
