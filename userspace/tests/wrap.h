/* SPDX-License-Identifier: GPL-2.0-only */
/* Functions that the linker redirects to test_files.c and test_top.c (ld --wrap). */
#ifndef NPTB_TESTS_WRAP_H
#define NPTB_TESTS_WRAP_H

#include <dirent.h>
#include <stdio.h>
#include <sys/types.h>

int __real_open(const char *path, int flags, ...);
ssize_t __real_write(int fd, const void *buf, size_t size);
ssize_t __real_read(int fd, void *buf, size_t size);
FILE *__real_fopen(const char *path, const char *mode);
DIR *__real_opendir(const char *path);
ssize_t __real_readlink(const char *path, char *target, size_t size);
int __wrap_open(const char *path, int flags, ...);
ssize_t __wrap_write(int fd, const void *buf, size_t size);
ssize_t __wrap_read(int fd, void *buf, size_t size);
FILE *__wrap_fopen(const char *path, const char *mode);
DIR *__wrap_opendir(const char *path);
ssize_t __wrap_readlink(const char *path, char *target, size_t size);

#endif /* NPTB_TESTS_WRAP_H */
