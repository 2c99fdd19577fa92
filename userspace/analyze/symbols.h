/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of places in a guest's kernel, from vmlinux, System.map or kallsyms. */
#ifndef NPTB_SYMBOLS_H
#define NPTB_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct symbol - a place with a name
 * @addr: where it begins, as linked
 * @name: its name
 */
struct symbol {
	uint64_t addr;
	char *name;
};

/**
 * struct symbols - all of a kernel, in order
 * @symbol: they
 * @nr: how many
 * @offset: what KASLR adds to all of them
 */
struct symbols {
	struct symbol *symbol;
	size_t nr;
	uint64_t offset;
};

int symbols_read(const char *path, struct symbols *s);
int symbols_fit(const struct symbols *s, const uint64_t *rips, size_t nr, uint64_t *offset);
const char *symbols_name(const struct symbols *s, uint64_t addr, char *text, size_t size);
void symbols_free(struct symbols *s);

#endif /* NPTB_SYMBOLS_H */
