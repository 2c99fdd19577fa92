/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest's memory for walks: 64 pages from guest-physical 0, and page tables. */
#ifndef GUESTMEM_H
#define GUESTMEM_H

#include "unit.h"

#include "cpu.h"

#define GUEST_PAGES	64

struct guestmem {
	u8 mem[GUEST_PAGES << 12];
	u32 reads;
	u64 hole;		/* frame that cannot be read, 0: none */
};

/* nptb_walk_read_fn; the context is a struct guestmem. */
bool guestmem_read(void *ctx, u64 gpa, void *buf, u32 len);
void guestmem_put(struct guestmem *g, u64 gpa, u64 value, u32 len);
/* Writes entry @index of the 8-byte table in frame @table. */
void guestmem_entry(struct guestmem *g, u64 table, u32 index, u64 value);

#endif /* GUESTMEM_H */
