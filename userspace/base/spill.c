// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/spill.h"

/* Up to here no file is needed. */
#define IN_MEMORY	(4u << 20)

/* Not /tmp, which may be memory itself. */
static const char *folder(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/var/tmp";
}

/* A file without a name, or -errno after a message. */
static int nameless(void)
{
	char path[PATH_MAX];
	int fd, err;

	snprintf(path, sizeof(path), "%s/nptbudget.XXXXXX", folder());
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		msg_err("cannot make a file in %s: %s: set TMPDIR to a folder with room", folder(),
			strerror(-err));
		return err;
	}
	unlink(path);
	return fd;
}

/**
 * spill_stream() - a file without a name where spilled memory goes
 *
 * Return: the file, to write and read; NULL with errno, after a message unless it is
 * ENOMEM.
 */
FILE *spill_stream(void)
{
	int fd = nameless();
	FILE *f;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	f = fdopen(fd, "w+");
	if (!f)
		close(fd);
	return f;
}

static int move_to_file(struct spill *s, size_t size)
{
	int fd = nameless(), err;
	void *at;

	if (fd < 0)
		return fd;
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	/* Without the blocks, a write to it would be SIGBUS on a full disk. */
	err = at == MAP_FAILED ? errno : posix_fallocate(fd, 0, (off_t)size);
	if (err) {
		if (at != MAP_FAILED)
			munmap(at, size);
		close(fd);
		msg_err("%s: no room for %zu MiB: %s: set TMPDIR to a folder with room", folder(),
			size >> 20, strerror(err));
		return -err;
	}
	if (s->size)
		memcpy(at, s->at, s->size);
	free(s->at);
	s->at = at;
	s->fd = fd + 1;
	return 0;
}

static int grow_file(struct spill *s, size_t size)
{
	int err = posix_fallocate(s->fd - 1, 0, (off_t)size);
	void *at = MAP_FAILED;

	if (!err) {
		at = mremap(s->at, s->size, size, MREMAP_MAYMOVE);
		err = at == MAP_FAILED ? errno : 0;
	}
	if (err) {
		msg_err("%s: no room for %zu MiB: %s: set TMPDIR to a folder with room", folder(),
			size >> 20, strerror(err));
		return -err;
	}
	s->at = at;
	return 0;
}

/**
 * spill_grow() - have more of it; what is new is not zeroed
 * @s: the memory, for spill_free()
 * @size: bytes, not less than it has
 *
 * Return: 0; -ENOMEM; -errno of the file, after a message.
 */
int spill_grow(struct spill *s, size_t size)
{
	void *at;
	int err;

	if (s->fd || size > IN_MEMORY) {
		err = s->fd ? grow_file(s, size) : move_to_file(s, size);
	} else {
		at = realloc(s->at, size);
		err = at ? 0 : -ENOMEM;
		s->at = at ? at : s->at;
	}
	if (!err)
		s->size = size;
	return err;
}

/**
 * spill_free() - free it
 * @s: the memory
 */
void spill_free(struct spill *s)
{
	if (s->fd) {
		munmap(s->at, s->size);
		close(s->fd - 1);
	} else {
		free(s->at);
	}
	memset(s, 0, sizeof(*s));
}
