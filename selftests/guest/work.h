/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Work as programs do it, on some 200 pages: a quicksort, a hash table, a binary
 * tree, a product of matrices, and a search for repetitions in a text. Built
 * into a guest and into the test alike: both must come to the same sum.
 */
#ifndef NPTB_ST_WORK_H
#define NPTB_ST_WORK_H

#include <stdint.h>

/* Where the guest has what. */
#define WORK_CODE	0x100000UL
#define WORK_STACK	0x180000UL	/* its top */
#define WORK_RESULT	0x180000UL
#define WORK_ARENA	0x200000UL
#define WORK_SIZE	0x120000UL

#define SORT_N		12288
#define HASH_N		4096
#define TREE_N		3000
#define MATRIX_N	64
#define TEXT_N		65536

struct work_node {
	struct work_node *kid[2];
	uint32_t key;
	uint32_t count;
	uint8_t payload[40];
};

struct work_arena {
	uint32_t sort[SORT_N];
	struct {
		uint64_t key;
		uint64_t value;
	} hash[HASH_N];
	struct work_node tree[TREE_N];
	uint64_t matrix[3][MATRIX_N][MATRIX_N];
	uint8_t text[TEXT_N];
	uint32_t head[4096];
};

static inline uint32_t work_dice(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 20;
}

/* Small numbers often, large ones seldom. */
static inline uint32_t work_skewed(uint64_t *state, uint32_t sides)
{
	uint32_t span = sides;

	while (span > 16 && work_dice(state) % 4)
		span /= 2;
	return work_dice(state) % span;
}

static void work_quicksort(uint32_t *a, int low, int high)
{
	while (low < high) {
		uint32_t pivot = a[low + (high - low) / 2], swap;
		int i = low, j = high;

		while (i <= j) {
			while (a[i] < pivot)
				i++;
			while (a[j] > pivot)
				j--;
			if (i > j)
				break;
			swap = a[i];
			a[i++] = a[j];
			a[j--] = swap;
		}
		/* The shorter part by recursion: little stack. */
		if (j - low < high - i) {
			work_quicksort(a, low, j);
			low = i;
		} else {
			work_quicksort(a, i, high);
			high = j;
		}
	}
}

static uint64_t work_sort(struct work_arena *w, uint64_t *dice)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < SORT_N; i++)
		w->sort[i] = work_dice(dice);
	work_quicksort(w->sort, 0, SORT_N - 1);
	for (i = 0; i < SORT_N; i++)
		sum = sum * 31 + w->sort[i];
	return sum;
}

static uint64_t work_hash(struct work_arena *w, uint64_t *dice)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < 2500; i++) {
		uint64_t key = 1 + work_skewed(dice, HASH_N / 2);
		uint32_t at = key * 0x9e3779b97f4a7c15ULL >> 52;

		while (w->hash[at].key && w->hash[at].key != key)
			at = (at + 1) % HASH_N;
		w->hash[at].key = key;
		sum += ++w->hash[at].value * key;
	}
	return sum;
}

static uint64_t work_tree(struct work_arena *w, uint64_t *dice, uint32_t *used)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < 1500; i++) {
		uint32_t key = work_skewed(dice, 1 << 16);
		struct work_node *node = &w->tree[0];

		while (*used && node->key != key) {
			struct work_node **next = &node->kid[key > node->key];

			if (!*next && *used < TREE_N) {
				*next = &w->tree[(*used)++];
				(*next)->key = key;
			}
			if (!*next)
				break;
			node = *next;
		}
		if (!*used)
			w->tree[(*used)++].key = key;
		sum += ++node->count + node->payload[key % 40]++;
	}
	return sum;
}

static uint64_t work_matrix(struct work_arena *w, uint64_t *dice)
{
	uint64_t sum = 0;
	int i, j, k;

	for (i = 0; i < MATRIX_N; i++)
		for (j = 0; j < MATRIX_N; j++) {
			w->matrix[0][i][j] = work_dice(dice);
			w->matrix[1][i][j] = work_dice(dice);
		}
	for (i = 0; i < MATRIX_N; i += 16)
		for (j = 0; j < MATRIX_N; j++) {
			uint64_t dot = 0;

			for (k = 0; k < MATRIX_N; k++)
				dot += w->matrix[0][i][k] * w->matrix[1][k][j];
			w->matrix[2][i][j] = dot;
			sum ^= dot;
		}
	return sum;
}

static uint64_t work_text(struct work_arena *w, uint64_t *dice)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < TEXT_N; i++)
		w->text[i] = 'a' + work_skewed(dice, 64);
	for (i = 0; i < 4096; i++)
		w->head[i] = 0;
	for (i = 0; i + 4 < TEXT_N; i += 3) {
		uint32_t word = w->text[i] | w->text[i + 1] << 8 | w->text[i + 2] << 16;
		uint32_t slot = word * 2654435761U >> 20, len = 0, from = w->head[slot];

		while (from && len < 64 && i + len < TEXT_N &&
		       w->text[from + len] == w->text[i + len])
			len++;
		sum += len;
		w->head[slot] = i;
	}
	return sum;
}

#define WORK_PARTS	{ "sort", "hash", "tree", "matrix", "text" }
#define WORK_PARTS_ALL	0x1f

/* @w begins with zeroes; @parts: bits of WORK_PARTS. */
static uint64_t work_all(struct work_arena *w, int rounds, uint32_t parts)
{
	uint64_t dice = 0x9e3779b97f4a7c15ULL, sum = 0;
	uint32_t used = 0;

	while (rounds--) {
		if (parts & 1)
			sum = sum * 31 + work_sort(w, &dice);
		if (parts & 2)
			sum = sum * 31 + work_hash(w, &dice);
		if (parts & 4)
			sum = sum * 31 + work_tree(w, &dice, &used);
		if (parts & 8)
			sum = sum * 31 + work_matrix(w, &dice);
		if (parts & 16)
			sum = sum * 31 + work_text(w, &dice);
	}
	return sum;
}

_Static_assert(sizeof(struct work_arena) <= WORK_SIZE, "the arena is too small");

#endif
