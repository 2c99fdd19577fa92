/* SPDX-License-Identifier: GPL-2.0-only */
/* Functions that the linker redirects to test_top.c (ld --wrap). */
#ifndef NPTB_TESTS_WRAP_FILES_H
#define NPTB_TESTS_WRAP_FILES_H

#include <dirent.h>
#include <stdio.h>
#include <sys/types.h>

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
ssize_t __real_readlink(const char *path, char *target, size_t size);
ssize_t __wrap_readlink(const char *path, char *target, size_t size);

#endif /* NPTB_TESTS_WRAP_FILES_H */
