/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A doubly linked ring that pure code can use in the kernel and in the unit
 * tests alike. A head is a ring of its own; an unlinked node points at itself.
 */
#ifndef NPTB_SET_RING_H
#define NPTB_SET_RING_H

#include <linux/types.h>

/**
 * struct nptb_ring - a node of a ring, or its head
 * @prev: the node before; of a head, the newest
 * @next: the node after; of a head, the oldest
 */
struct nptb_ring {
	struct nptb_ring *prev;
	struct nptb_ring *next;
};

static inline void nptb_ring_init(struct nptb_ring *node)
{
	node->prev = node;
	node->next = node;
}

static inline bool nptb_ring_empty(const struct nptb_ring *head)
{
	return head->next == head;
}

/* Append @node as the newest of @head. */
static inline void nptb_ring_add(struct nptb_ring *head, struct nptb_ring *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

/* Unlink @node; harmless where it is in no ring. */
static inline void nptb_ring_del(struct nptb_ring *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	nptb_ring_init(node);
}

/* Unlink @node from the ring that it is in, and append it to @head's. */
static inline void nptb_ring_move(struct nptb_ring *head, struct nptb_ring *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	nptb_ring_add(head, node);
}

/* Append all of @from, in order, to @head; @from is empty then. */
static inline void nptb_ring_join(struct nptb_ring *head, struct nptb_ring *from)
{
	if (nptb_ring_empty(from))
		return;
	from->next->prev = head->prev;
	head->prev->next = from->next;
	from->prev->next = head;
	head->prev = from->prev;
	nptb_ring_init(from);
}

#endif /* NPTB_SET_RING_H */
