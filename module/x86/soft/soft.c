// SPDX-License-Identifier: GPL-2.0-only
/* A vCPU in software: memory, limits, descriptors. Pure; see x86/soft/soft.h. */
#include "lib/pure.h"
#include "x86/soft/soft.h"

enum nptb_soft_end nptb_soft_raise(struct nptb_soft *soft, u8 vector)
{
	soft->raised = (struct nptb_exception){ .vector = vector };
	return NPTB_SOFT_RAISED;
}

enum nptb_soft_end nptb_soft_raise_code(struct nptb_soft *soft, u8 vector, u32 code)
{
	soft->raised = (struct nptb_exception){
		.vector = vector, .has_code = true, .code = code,
	};
	return NPTB_SOFT_RAISED;
}

enum nptb_soft_end nptb_soft_unable(struct nptb_soft *soft, enum nptb_reason reason)
{
	soft->reason = reason;
	return NPTB_SOFT_UNABLE;
}

/* AMD64 APM volume 2, section 1.1.3. Outside of long mode there is no such thing. */
bool nptb_soft_canonical(const struct nptb_soft *soft, u64 linear)
{
	u32 unused = soft->state.cr4 & NPTB_CR4_LA57 ? 64 - 57 : 64 - 48;

	return !nptb_soft_long(soft) ||
	       (u64)((s64)(linear << unused) >> unused) == linear;
}

/**
 * nptb_soft_read() - read guest memory
 * @soft: the vCPU
 * @linear: linear address
 * @buf: for the bytes
 * @len: how many
 * @system: as the system reads its tables, whatever the privilege level
 *
 * Return: see &enum nptb_soft_end.
 */
enum nptb_soft_end nptb_soft_read(struct nptb_soft *soft, u64 linear, void *buf,
				  u32 len, bool system)
{
	enum nptb_soft_end end;

	if (!nptb_soft_long(soft))
		linear = (u32)linear;
	end = soft->ops->read(soft->ctx, linear, buf, len, system, &soft->raised);
	if (end == NPTB_SOFT_UNABLE)
		soft->reason = NPTB_REASON_MEMORY;
	return end;
}

/* As nptb_soft_read(). */
enum nptb_soft_end nptb_soft_write(struct nptb_soft *soft, u64 linear, const void *buf,
				   u32 len, bool system)
{
	enum nptb_soft_end end;

	if (!nptb_soft_long(soft))
		linear = (u32)linear;
	end = soft->ops->write(soft->ctx, linear, buf, len, system, &soft->raised);
	if (end == NPTB_SOFT_UNABLE)
		soft->reason = NPTB_REASON_MEMORY;
	return end;
}

/* Which bits of RSP address the stack: APM volume 2, section 4.7.3. */
u64 nptb_soft_stack_mask(const struct nptb_soft *soft, const struct nptb_segment *ss)
{
	if (nptb_soft_64(soft))
		return ~0ULL;
	return ss->attr & NPTB_ATTR_DB ? 0xffffffffULL : 0xffffULL;
}

/* Sections 4.12.1 and 4.12.2. Real mode has limits, too. */
bool nptb_soft_in_limit(const struct nptb_segment *seg, u64 offset, u32 len)
{
	u64 last = offset + len - 1, top;

	if ((seg->attr & (NPTB_ATTR_S | NPTB_ATTR_CODE | NPTB_ATTR_CONFORMING)) !=
	    (NPTB_ATTR_S | NPTB_ATTR_CONFORMING))
		return last >= offset && last <= seg->limit;
	top = seg->attr & NPTB_ATTR_DB ? 0xffffffffULL : 0xffffULL;
	return offset > seg->limit && last >= offset && last <= top;
}

/* The eight bytes of a descriptor of a code or data segment: section 4.7. */
static void unpack(const u8 *raw, struct nptb_segment *seg)
{
	u32 limit = raw[0] | raw[1] << 8 | (raw[6] & 0xf) << 16;

	seg->attr = raw[5] | (raw[6] & 0xf0) << 4;
	if (seg->attr & NPTB_ATTR_G)
		limit = limit << 12 | 0xfff;
	seg->limit = limit;
	seg->base = raw[2] | raw[3] << 8 | raw[4] << 16 | (u32)raw[7] << 24;
}

/**
 * nptb_soft_descriptor() - read a descriptor of a code or data segment
 * @soft: the vCPU
 * @selector: which; not a null one
 * @ext: 1 where the event comes from outside, for an error code
 * @vector: exception where its table has none
 * @seg: filled in
 *
 * Return: see &enum nptb_soft_end.
 */
enum nptb_soft_end nptb_soft_descriptor(struct nptb_soft *soft, u16 selector, u32 ext,
					u8 vector, struct nptb_segment *seg)
{
	const struct nptb_segment *table =
		&soft->machine.seg[selector & 4 ? NPTB_SEG_LDTR : NPTB_SEG_GDTR];
	u32 offset = selector & ~7u;
	enum nptb_soft_end end;
	u8 raw[8];

	if ((selector & 4 && !(table->attr & NPTB_ATTR_P)) || offset + 7 > table->limit)
		return nptb_soft_raise_code(soft, vector, (selector & ~3u) | ext);
	end = nptb_soft_read(soft, table->base + offset, raw, sizeof(raw), true);
	if (end != NPTB_SOFT_DONE)
		return end;
	unpack(raw, seg);
	seg->selector = selector;
	return NPTB_SOFT_DONE;
}

/**
 * nptb_soft_accessed() - mark a descriptor as accessed, as loading it does
 * @soft: the vCPU
 * @seg: from nptb_soft_descriptor()
 *
 * Return: see &enum nptb_soft_end.
 */
enum nptb_soft_end nptb_soft_accessed(struct nptb_soft *soft, struct nptb_segment *seg)
{
	const struct nptb_segment *table =
		&soft->machine.seg[seg->selector & 4 ? NPTB_SEG_LDTR : NPTB_SEG_GDTR];
	u8 byte;

	if (seg->attr & NPTB_ATTR_ACCESSED)
		return NPTB_SOFT_DONE;
	seg->attr |= NPTB_ATTR_ACCESSED;
	byte = seg->attr;
	return nptb_soft_write(soft, table->base + (seg->selector & ~7u) + 5, &byte, 1, true);
}
