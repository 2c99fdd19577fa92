// SPDX-License-Identifier: GPL-2.0-only
/*
 * That a file cannot be written is to be said before a VMM is started; that a VMM
 * cannot be started is no reason to empty a file.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/output.h"

/**
 * output_open() - open a file, and leave in it what is there
 * @o: where to put it; output_undo() closes it, or close()
 * @path: its name, which has to stay
 * @flags: as for open(), without O_CREAT
 * @mode: as for open()
 *
 * Return: 0; -errno.
 */
int output_open(struct output *o, const char *path, int flags, mode_t mode)
{
	struct stat st;

	*o = (struct output){ .path = path };
	flags |= O_CREAT | O_CLOEXEC;
	o->fd = open(path, flags | O_EXCL, mode);
	o->created = o->fd >= 0;
	if (o->fd < 0 && errno == EEXIST)
		o->fd = open(path, flags, mode);
	if (o->fd < 0)
		return -errno;
	if (!fstat(o->fd, &st) && S_ISREG(st.st_mode))
		o->size = st.st_size;
	return 0;
}

/**
 * output_cut() - leave only the beginning of a file
 * @o: the file
 * @size: so many bytes of it
 *
 * Return: 0, also for what has no end, as a terminal; -errno.
 */
int output_cut(const struct output *o, off_t size)
{
	return ftruncate(o->fd, size) && errno != EINVAL ? -errno : 0;
}

static bool is_at(const struct output *o, int fd)
{
	struct stat a, b;

	return !fstat(o->fd, &a) && !fstat(fd, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/**
 * output_begin() - give up what was in a file
 * @o: the file, which was opened with O_APPEND; where it is standard output or error
 * under another name (/dev/stdout), what others write there stays
 *
 * Return: 0; -errno.
 */
int output_begin(const struct output *o)
{
	return is_at(o, STDOUT_FILENO) || is_at(o, STDERR_FILENO) ? 0 : output_cut(o, 0);
}

/**
 * output_undo() - close a file of which nothing is wanted
 * @o: the file: gone if it was not there; otherwise without what is behind its old end
 */
void output_undo(struct output *o)
{
	struct stat st;

	if (o->fd < 0)
		return;
	if (o->created)
		unlink(o->path);
	else if (!fstat(o->fd, &st) && st.st_size > o->size)
		output_cut(o, o->size);
	close(o->fd);
	o->fd = -1;
}

/* Is it what a write fails with? */
static bool is_of_write(int err)
{
	return err == ENOSPC || err == EDQUOT || err == EFBIG || err == EPIPE || err == EBADF;
}

/**
 * output_error() - did a write fail so far?
 * @f: where to
 *
 * Return: 0; -errno of it, -EIO where errno does not tell any more.
 */
int output_error(FILE *f)
{
	const int err = errno;

	if (!ferror(f))
		return 0;
	return is_of_write(err) ? -err : -EIO;
}

/**
 * output_flush() - write what waits to be
 * @f: where to
 *
 * Return: 0; -errno, of output_error() as well.
 */
int output_flush(FILE *f)
{
	const int err = output_error(f);

	return fflush(f) ? -errno : err;
}
