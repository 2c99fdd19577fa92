/* SPDX-License-Identifier: GPL-2.0-only */
/* Small helpers all test programs share. */
#ifndef NPTB_ST_UTIL_H
#define NPTB_ST_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE	4096UL
#define PAGE_SHIFT	12
#define SZ_2M		(2UL << 20)

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

/*
 * For what no test is about: the environment broke. Prints a TAP "Bail out!"
 * and ends the process with 1, so that it never counts as passed.
 */
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* A TAP comment line. */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

uint64_t now_ms(void);
/*
 * When, by now_ms(), to give up on what should take less than @ms. A kernel that
 * checks everything is slower: NPTB_PATIENCE, a number from 1 on, stretches it.
 */
uint64_t deadline(uint64_t ms);
uint64_t now_ns(void);
void sleep_ms(unsigned int ms);

/* Reads a small file into @buf as a string; length, or -errno. */
int file_read(const char *path, char *buf, size_t size);
/* Writes @len bytes with one write(); 0, or -errno. */
int file_write(const char *path, const void *buf, size_t len);
/* Writes a text that must be taken. */
void file_set(const char *path, const char *text);
/* A file that holds one number; -errno where there is none. */
int64_t file_number(const char *path);
/* Like file_read(), for files of any size; to be freed, NULL on error. */
char *file_slurp(const char *path);
bool path_exists(const char *path);
/* Polls until @path is gone; false after @ms. */
bool wait_gone(const char *path, unsigned int ms);

#endif
