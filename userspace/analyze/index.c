// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/index.h"

#define FIRST_ROOM	1024

/**
 * index_init() - begin a table
 * @t: the table, for index_free()
 * @size: bytes of an entry, which begins with its key
 * @most: entries
 */
void index_init(struct index *t, size_t size, size_t most)
{
	memset(t, 0, sizeof(*t));
	t->size = size;
	t->most = most;
}

static size_t place(const struct index *t, uint64_t key)
{
	size_t at = (size_t)((key * 0x9e3779b97f4a7c15ULL) >> 20) & (t->slots - 1);
	uint64_t other;

	while (t->slot[at]) {
		memcpy(&other, index_at(t, t->slot[at] - 1), sizeof(other));
		if (other == key)
			break;
		at = (at + 1) & (t->slots - 1);
	}
	return at;
}

static int grow(struct index *t)
{
	size_t room = t->room ? 2 * t->room : FIRST_ROOM, i;
	uint64_t key;
	char *more;

	if (room > t->most)
		room = t->most;
	more = reallocarray(t->entry, room, t->size);
	if (!more)
		return -ENOMEM;
	t->entry = more;
	t->room = room;
	/* Its old hash is of no use any more, and its memory is. */
	free(t->slot);
	for (t->slots = FIRST_ROOM; t->slots < 2 * room; t->slots *= 2)
		;
	t->slot = calloc(t->slots, sizeof(*t->slot));
	if (!t->slot)
		return -ENOMEM;
	for (i = 0; i < t->nr; i++) {
		memcpy(&key, index_at(t, i), sizeof(key));
		t->slot[place(t, key)] = (uint32_t)i + 1;
	}
	return 0;
}

/**
 * index_get() - the entry of a key, made where there is none
 * @t: the table
 * @key: the key
 * @entry: where to put a pointer to it, valid until the next call; zeros where new
 *
 * Return: 1 for a new one, 0 for one that was there; -ENOSPC where there are as many as
 * there may be; -ENOMEM.
 */
int index_get(struct index *t, uint64_t key, void *entry)
{
	size_t at;
	int err = t->slots ? 0 : grow(t);
	void *found;

	if (err)
		return err;
	at = place(t, key);
	if (t->slot[at]) {
		found = index_at(t, t->slot[at] - 1);
		memcpy(entry, &found, sizeof(found));
		return 0;
	}
	if (t->nr == t->most)
		return -ENOSPC;
	if (t->nr == t->room) {
		err = grow(t);
		if (err)
			return err;
		at = place(t, key);
	}
	found = index_at(t, t->nr++);
	t->slot[at] = (uint32_t)t->nr;
	memset(found, 0, t->size);
	memcpy(found, &key, sizeof(key));
	memcpy(entry, &found, sizeof(found));
	return 1;
}

/**
 * index_free() - free the entries
 * @t: the table
 */
void index_free(struct index *t)
{
	free(t->entry);
	free(t->slot);
	memset(t, 0, sizeof(*t));
}
