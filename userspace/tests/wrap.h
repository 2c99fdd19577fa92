/* SPDX-License-Identifier: GPL-2.0-only */
/* System calls that the linker redirects to test_files.c (ld --wrap). */
#ifndef NPTB_TESTS_WRAP_H
#define NPTB_TESTS_WRAP_H

#include <sys/types.h>

int __real_open(const char *path, int flags, ...);
ssize_t __real_write(int fd, const void *buf, size_t size);
ssize_t __real_read(int fd, void *buf, size_t size);
int __wrap_open(const char *path, int flags, ...);
ssize_t __wrap_write(int fd, const void *buf, size_t size);
ssize_t __wrap_read(int fd, void *buf, size_t size);

#endif /* NPTB_TESTS_WRAP_H */
