// SPDX-License-Identifier: GPL-2.0-only
/* Small helpers all test programs share. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

void die(const char *fmt, ...)
{
	va_list ap;

	printf("Bail out! ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

void note(const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

uint64_t now_ms(void)
{
	return now_ns() / 1000000;
}

uint64_t deadline(uint64_t ms)
{
	const char *patience = getenv("NPTB_PATIENCE");
	long times = patience ? atol(patience) : 1;

	return now_ms() + ms * (times > 1 ? times : 1);
}

void sleep_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, (ms % 1000) * 1000000L };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

int file_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 0;
	int err;

	if (fd < 0)
		return -errno;
	while (len < size - 1) {
		n = read(fd, buf + len, size - 1 - len);
		if (n <= 0)
			break;
		len += n;
	}
	err = n < 0 ? -errno : (int)len;
	close(fd);
	buf[len] = '\0';
	return err;
}

int file_write(const char *path, const void *buf, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int err = 0;

	if (fd < 0)
		return -errno;
	n = write(fd, buf, len);
	if (n < 0)
		err = -errno;
	else if ((size_t)n != len)
		err = -EIO;
	close(fd);
	return err;
}

void file_set(const char *path, const char *text)
{
	int err = file_write(path, text, strlen(text));

	if (err)
		die("%s: %s", path, strerror(-err));
}

int64_t file_number(const char *path)
{
	char buf[64];
	char *end;
	int64_t val;
	int ret = file_read(path, buf, sizeof(buf));

	if (ret < 0)
		return ret;
	errno = 0;
	val = strtoll(buf, &end, 10);
	if (end == buf || errno || (*end && *end != '\n'))
		return -EINVAL;
	return val;
}

char *file_slurp(const char *path)
{
	size_t size = 4096, len = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *buf;
	ssize_t n;

	if (fd < 0)
		return NULL;
	buf = malloc(size);
	if (!buf)
		die("out of memory");
	for (;;) {
		n = read(fd, buf + len, size - 1 - len);
		if (n <= 0)
			break;
		len += n;
		if (size - 1 - len < 1024) {
			size *= 2;
			buf = realloc(buf, size);
			if (!buf)
				die("out of memory");
		}
	}
	close(fd);
	buf[len] = '\0';
	if (n == 0)
		return buf;
	free(buf);
	return NULL;
}

bool path_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

bool wait_gone(const char *path, unsigned int ms)
{
	uint64_t end = now_ms() + ms;

	while (path_exists(path)) {
		if (now_ms() > end)
			return false;
		sleep_ms(5);
	}
	return true;
}
