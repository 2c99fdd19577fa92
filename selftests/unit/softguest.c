// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "softguest.h"

struct soft_guest soft_guest;

static enum nptb_soft_end look(u64 linear, u32 len, bool write, bool system,
			       struct nptb_exception *why)
{
	u64 first = linear & ~0xfffULL, last = (linear + len - 1) & ~0xfffULL;
	u64 page;

	for (page = first; page <= last; page += 0x1000) {
		if (page >= SOFT_SIZE || (soft_guest.no_memory && page == soft_guest.no_memory))
			return NPTB_SOFT_UNABLE;
		if ((soft_guest.no_page && page == soft_guest.no_page) ||
		    (write && soft_guest.no_write && page == soft_guest.no_write)) {
			*why = (struct nptb_exception){
				.vector = NPTB_VECTOR_PF, .has_code = true,
				.code = (page == soft_guest.no_write) | write << 1 | !system << 2,
				.address = page > linear ? page : linear,
			};
			return NPTB_SOFT_RAISED;
		}
	}
	return NPTB_SOFT_DONE;
}

static enum nptb_soft_end read_mem(void *ctx, u64 linear, void *buf, u32 len, bool system,
				   struct nptb_exception *why)
{
	enum nptb_soft_end end = look(linear, len, false, system, why);

	(void)ctx;
	if (end == NPTB_SOFT_DONE)
		memcpy(buf, soft_guest.mem + linear, len);
	return end;
}

static enum nptb_soft_end write_mem(void *ctx, u64 linear, const void *buf, u32 len,
				    bool system, struct nptb_exception *why)
{
	enum nptb_soft_end end = look(linear, len, true, system, why);

	(void)ctx;
	if (end == NPTB_SOFT_DONE)
		memcpy(soft_guest.mem + linear, buf, len);
	return end;
}

static bool read_msr(void *ctx, u32 nr, u64 *value)
{
	(void)ctx;
	(void)nr;
	*value = soft_guest.msr_value;
	return soft_guest.msr;
}

static const struct nptb_soft_ops ops = {
	.read = read_mem, .write = write_mem, .msr = read_msr,
};

void soft_guest_put(u64 at, u32 width, u64 value)
{
	memcpy(soft_guest.mem + at, &value, width);
}

u64 soft_guest_word(u64 at, u32 width)
{
	u64 value = 0;

	memcpy(&value, soft_guest.mem + at, width);
	return value;
}

/* A flat descriptor with the attributes of nptb_segment, all but G. */
static void descriptor(u16 selector, u32 attr)
{
	soft_guest_put(SOFT_GDT + (selector & ~7u), 8,
		       0xffff | (u64)(attr & 0xff) << 40 | 0xfULL << 48 |
		       (u64)((attr >> 4 & 0x70) | 0x80) << 48);
}

static struct nptb_segment flat(u16 selector, u32 attr)
{
	return (struct nptb_segment){ 0, 0xffffffff, selector, attr | NPTB_ATTR_G };
}

#define CODE(dpl)	(0x9bu | (dpl) << NPTB_ATTR_DPL_SHIFT)
#define DATA(dpl)	(0x93u | (dpl) << NPTB_ATTR_DPL_SHIFT | NPTB_ATTR_DB)

static void load_tables(enum soft_mode mode)
{
	bool wide = mode == SOFT_LONG || mode == SOFT_COMPAT;

	descriptor(SOFT_CODE64, CODE(0u) | NPTB_ATTR_L);
	descriptor(SOFT_DATA, DATA(0u));
	descriptor(SOFT_CODE32, CODE(0u) | NPTB_ATTR_DB);
	descriptor(SOFT_USER64, CODE(3u) | NPTB_ATTR_L);
	descriptor(SOFT_USERDATA, DATA(3u));
	descriptor(SOFT_USER32, CODE(3u) | NPTB_ATTR_DB);
	descriptor(SOFT_CONFORM, CODE(0u) | NPTB_ATTR_CONFORMING |
		   (wide ? NPTB_ATTR_L : NPTB_ATTR_DB));
	descriptor(SOFT_ABSENT, (CODE(0u) & ~NPTB_ATTR_P) | (wide ? NPTB_ATTR_L : NPTB_ATTR_DB));
	soft_guest_put(SOFT_TSS + 4, wide ? 8 : 4, SOFT_RSP0);
	if (wide)
		soft_guest_put(SOFT_TSS + 0x24, 8, SOFT_IST1);
	else
		soft_guest_put(SOFT_TSS + 8, 2, SOFT_DATA);
}

void soft_guest_begin(struct nptb_soft *soft, enum soft_mode mode, u8 cpl)
{
	bool wide = mode == SOFT_LONG || mode == SOFT_COMPAT;
	struct nptb_machine *m = &soft->machine;

	memset(&soft_guest, 0, sizeof(soft_guest));
	memset(soft, 0, sizeof(*soft));
	load_tables(mode);
	soft->ops = &ops;
	soft->state.rip = 0x7000;
	soft->state.gpr[NPTB_RSP] = SOFT_STACK;
	soft->state.rflags = 0x202;
	soft->state.cr0 = mode != SOFT_REAL;
	soft->state.efer = wide ? NPTB_EFER_LMA | NPTB_EFER_SCE : NPTB_EFER_SCE;
	m->cpl = cpl;
	m->seg[NPTB_SEG_GDTR] = (struct nptb_segment){ SOFT_GDT, 0x7f, 0, 0 };
	m->seg[NPTB_SEG_IDTR] = (struct nptb_segment){ SOFT_IDT, 0xfff, 0, 0 };
	m->seg[NPTB_SEG_TR] = (struct nptb_segment){ SOFT_TSS, 103, SOFT_TSS_SEL, 0x8b };
	if (mode == SOFT_REAL) {
		m->seg[NPTB_SEG_CS] = (struct nptb_segment){ 0, 0xffff, 0, 0x9b };
		m->seg[NPTB_SEG_SS] = (struct nptb_segment){ 0, 0xffff, 0, 0x93 };
		return;
	}
	m->seg[NPTB_SEG_CS] = mode == SOFT_LONG ?
		flat(cpl ? SOFT_USER64 : SOFT_CODE64, CODE((u32)cpl) | NPTB_ATTR_L) :
		flat(cpl ? SOFT_USER32 : SOFT_CODE32, CODE((u32)cpl) | NPTB_ATTR_DB);
	m->seg[NPTB_SEG_SS] = flat(cpl ? SOFT_USERDATA : SOFT_DATA, DATA((u32)cpl));
	m->seg[NPTB_SEG_DS] = m->seg[NPTB_SEG_SS];
	m->seg[NPTB_SEG_GS] = m->seg[NPTB_SEG_SS];
}

void soft_guest_gate(enum soft_mode mode, u8 vector, u8 type, u8 dpl, u16 selector, u8 ist)
{
	u64 at = SOFT_HANDLER, low;

	if (mode == SOFT_REAL) {
		soft_guest_put(SOFT_IDT + vector * 4, 4, (at & 0xffff) | (u64)selector << 16);
		return;
	}
	low = (at & 0xffff) | (u64)selector << 16 | (u64)ist << 32 |
	      (u64)(type | dpl << 5 | 0x80) << 40 | (at >> 16) << 48;
	if (mode == SOFT_PROT) {
		soft_guest_put(SOFT_IDT + vector * 8, 8, low);
		return;
	}
	soft_guest_put(SOFT_IDT + vector * 16, 8, low);
	soft_guest_put(SOFT_IDT + vector * 16 + 8, 8, 0xffff8000);
}
