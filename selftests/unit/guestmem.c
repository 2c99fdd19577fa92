// SPDX-License-Identifier: GPL-2.0-only
#include "guestmem.h"

bool guestmem_read(void *ctx, u64 gpa, void *buf, u32 len)
{
	struct guestmem *g = ctx;

	g->reads++;
	assert_true((gpa & 0xfff) + len <= 0x1000);
	if (gpa >= sizeof(g->mem) || (g->hole && gpa >> 12 == g->hole))
		return false;
	memcpy(buf, g->mem + gpa, len);
	return true;
}

void guestmem_put(struct guestmem *g, u64 gpa, u64 value, u32 len)
{
	assert_true(gpa + len <= sizeof(g->mem));
	memcpy(g->mem + gpa, &value, len);
}

void guestmem_entry(struct guestmem *g, u64 table, u32 index, u64 value)
{
	guestmem_put(g, (table << 12) + 8 * index, value, 8);
}
