/* SPDX-License-Identifier: GPL-2.0-only */
/* What is known by a number of 64 bits, found again: entries in the order they came. */
#ifndef NPTB_INDEX_H
#define NPTB_INDEX_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct index - entries, each of which begins with its uint64_t key
 * @entry: the entries
 * @size: bytes of one
 * @nr: how many there are
 * @most: how many there may be
 * @room: how many there is memory for
 * @slot: hash of keys to numbers of entries, from 1; 0 for an empty slot
 * @slots: a power of two
 */
struct index {
	char *entry;
	size_t size;
	size_t nr, most, room;
	uint32_t *slot;
	size_t slots;
};

void index_init(struct index *t, size_t size, size_t most);
int index_get(struct index *t, uint64_t key, void *entry);
void index_free(struct index *t);

static inline void *index_at(const struct index *t, size_t i)
{
	return t->entry + i * t->size;
}

#endif /* NPTB_INDEX_H */
