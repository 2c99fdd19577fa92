// SPDX-License-Identifier: GPL-2.0-only
/* Delivery of exceptions and interrupts in software. Pure; see x86/soft/event.h. */
#include "lib/pure.h"
#include "x86/soft/event.h"

/* Types of gates and of task state segments: AMD64 APM volume 2, table 4-5, 4-6. */
#define GATE_TASK	5
#define GATE_INTERRUPT	14
#define GATE_32		8	/* set in those of 32 and 64 bits */
#define TSS_32		8

/* Bit 1 of an error code: the selector is an index of the IDT. Section 8.4.1. */
#define CODE_IDT	2

/**
 * struct entry - where a delivery goes, as far as that is known
 * @gate: type of the gate
 * @ist: stack of the interrupt stack table, or 0: RSP alone, where the level stays
 * @cs: code segment
 * @rip: in it
 * @cpl: privilege level there
 * @ss: stack segment, where @inner
 * @rsp: the stack pointer before the frame
 * @inner: to an inner privilege level: the frame has SS and RSP
 */
struct entry {
	u32 gate;
	u32 ist;
	struct nptb_segment cs;
	u64 rip;
	u8 cpl;
	struct nptb_segment ss;
	u64 rsp;
	bool inner;
};

static u32 u16_at(const u8 *raw)
{
	return raw[0] | raw[1] << 8;
}

static u64 u32_at(const u8 *raw)
{
	return u16_at(raw) | (u64)u16_at(raw + 2) << 16;
}

/* Sections 4.8.3 and 4.8.4. */
static enum nptb_soft_end read_gate(struct nptb_soft *soft, const struct nptb_delivery *event,
				    struct entry *entry, u16 *selector)
{
	const struct nptb_segment *idt = &soft->machine.seg[NPTB_SEG_IDTR];
	u32 width = nptb_soft_long(soft) ? 16 : 8, at = event->vector * width;
	u32 code = event->vector * 8 + CODE_IDT + event->external;
	enum nptb_soft_end end;
	u8 raw[16] = { };

	if (at + width - 1 > idt->limit)
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, code);
	end = nptb_soft_read(soft, idt->base + at, raw, width, true);
	if (end != NPTB_SOFT_DONE)
		return end;
	/* Bit 4 is clear in all. */
	entry->gate = raw[5] & 0x1f;
	if (entry->gate == GATE_TASK && !nptb_soft_long(soft))
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	if ((entry->gate & 0x16) != 6 || (nptb_soft_long(soft) && !(entry->gate & GATE_32)))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, code);
	if (event->soft && nptb_attr_dpl(raw[5]) < soft->machine.cpl)
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, code);
	if (!(raw[5] & NPTB_ATTR_P))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_NP, code);
	*selector = u16_at(raw + 2);
	entry->rip = u16_at(raw);
	if (entry->gate & GATE_32)
		entry->rip |= u16_at(raw + 6) << 16;
	if (nptb_soft_long(soft)) {
		entry->rip |= u32_at(raw + 8) << 32;
		entry->ist = raw[4] & 7;
	}
	return NPTB_SOFT_DONE;
}

static enum nptb_soft_end read_code(struct nptb_soft *soft, u32 ext, u16 selector,
				    struct entry *entry)
{
	u32 code = (selector & ~3u) | ext, attr;
	enum nptb_soft_end end;

	if (!(selector & ~3u))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, ext);
	end = nptb_soft_descriptor(soft, selector, ext, NPTB_VECTOR_GP, &entry->cs);
	if (end != NPTB_SOFT_DONE)
		return end;
	attr = entry->cs.attr;
	if (!(attr & NPTB_ATTR_S) || !(attr & NPTB_ATTR_CODE) ||
	    nptb_attr_dpl(attr) > soft->machine.cpl)
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, code);
	if (!(attr & NPTB_ATTR_P))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_NP, code);
	if (nptb_soft_long(soft) && (attr & (NPTB_ATTR_L | NPTB_ATTR_DB)) != NPTB_ATTR_L)
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, code);
	entry->cpl = attr & NPTB_ATTR_CONFORMING ? soft->machine.cpl : nptb_attr_dpl(attr);
	entry->inner = entry->cpl < soft->machine.cpl;
	entry->cs.selector = (selector & ~3u) | entry->cpl;
	return NPTB_SOFT_DONE;
}

/* Section 12.2.5: RSP0 to RSP2 are at 4, IST1 to IST7 at 0x24. */
static enum nptb_soft_end stack_long(struct nptb_soft *soft, u32 ext, struct entry *entry)
{
	const struct nptb_segment *tss = &soft->machine.seg[NPTB_SEG_TR];
	u32 at = entry->ist ? 0x1c + 8 * entry->ist : 4 + 8u * entry->cpl;
	enum nptb_soft_end end;

	entry->rsp = soft->state.gpr[NPTB_RSP];
	if (entry->ist || entry->inner) {
		if (at + 7 > tss->limit)
			return nptb_soft_raise_code(soft, NPTB_VECTOR_TS,
						    (tss->selector & ~3u) | ext);
		end = nptb_soft_read(soft, tss->base + at, &entry->rsp, 8, true);
		if (end != NPTB_SOFT_DONE)
			return end;
	}
	/*
	 * Section 8.9.3, 8.9.4: aligned to 16 bytes. At another level SS is null; an IST
	 * leaves it (Intel's SDM, volume 3A, section 6.14).
	 */
	entry->rsp &= ~0xfULL;
	entry->ss = (struct nptb_segment){
		.selector = entry->cpl, .attr = entry->cpl << NPTB_ATTR_DPL_SHIFT,
	};
	return NPTB_SOFT_DONE;
}

static enum nptb_soft_end check_stack(struct nptb_soft *soft, u32 ext, u16 selector,
				      struct entry *entry)
{
	u32 code = (selector & ~3u) | ext;
	enum nptb_soft_end end;

	if (!(selector & ~3u))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_TS, ext);
	end = nptb_soft_descriptor(soft, selector, ext, NPTB_VECTOR_TS, &entry->ss);
	if (end != NPTB_SOFT_DONE)
		return end;
	if ((selector & 3) != entry->cpl || nptb_attr_dpl(entry->ss.attr) != entry->cpl ||
	    (entry->ss.attr & (NPTB_ATTR_S | NPTB_ATTR_CODE | NPTB_ATTR_WRITABLE)) !=
	    (NPTB_ATTR_S | NPTB_ATTR_WRITABLE))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_TS, code);
	if (!(entry->ss.attr & NPTB_ATTR_P))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_SS, code);
	return NPTB_SOFT_DONE;
}

/* Section 12.2.4; a TSS of 16 bits has SP0 at 2, SS0 at 4 and so on. */
static enum nptb_soft_end stack_legacy(struct nptb_soft *soft, u32 ext, struct entry *entry)
{
	const struct nptb_segment *tss = &soft->machine.seg[NPTB_SEG_TR];
	bool wide = tss->attr & TSS_32;
	u32 size = wide ? 8 : 4, at = (wide ? 4 : 2) + size * entry->cpl;
	enum nptb_soft_end end;
	u8 raw[8];

	if (!entry->inner) {
		entry->ss = soft->machine.seg[NPTB_SEG_SS];
		entry->rsp = soft->state.gpr[NPTB_RSP];
		return NPTB_SOFT_DONE;
	}
	if (at + size - 1 > tss->limit)
		return nptb_soft_raise_code(soft, NPTB_VECTOR_TS, (tss->selector & ~3u) | ext);
	end = nptb_soft_read(soft, tss->base + at, raw, size, true);
	if (end != NPTB_SOFT_DONE)
		return end;
	entry->rsp = wide ? u32_at(raw) : u16_at(raw);
	return check_stack(soft, ext, u16_at(raw + size / 2), entry);
}

/**
 * struct frame - what is pushed, word by word: where that fails, CR2 tells which
 * @top: linear address behind the first word
 * @width: of a word, bytes
 * @system: with the rights of an inner level
 * @end: how the last one went
 */
struct frame {
	u64 top;
	u32 width;
	bool system;
	enum nptb_soft_end end;
};

static void push(struct nptb_soft *soft, struct frame *frame, u64 value)
{
	if (frame->end != NPTB_SOFT_DONE)
		return;
	frame->top -= frame->width;
	frame->end = nptb_soft_write(soft, frame->top, &value, frame->width, frame->system);
}

/* A fault's image of RFLAGS has RF set: section 3.1.6. Traps and aborts leave it. */
static u64 pushed_rflags(const struct nptb_soft *soft, const struct nptb_delivery *event)
{
	u64 rflags = soft->state.rflags;

	if (!event->exception || event->soft)
		return rflags;
	switch (event->vector) {
	case NPTB_VECTOR_DB: case NPTB_VECTOR_BP: case NPTB_VECTOR_OF: case NPTB_VECTOR_DF:
	case 18:
		return rflags;
	}
	return rflags | NPTB_RFLAGS_RF;
}

/* The frame, which lies below entry->rsp: section 8.7.3, 8.7.4, 8.9.3. */
static enum nptb_soft_end put_frame(struct nptb_soft *soft, const struct nptb_delivery *event,
				    struct entry *entry)
{
	bool wide = nptb_soft_long(soft), real = nptb_soft_real(soft);
	u32 width = real ? 2 : wide ? 8 : entry->gate & GATE_32 ? 4 : 2;
	u32 len = width * (3 + (wide || entry->inner ? 2 : 0) + (event->has_code && !real));
	u64 mask = wide ? ~0ULL : entry->ss.attr & NPTB_ATTR_DB ? 0xffffffffULL : 0xffffULL;
	u64 offset = (entry->rsp - len) & mask;
	struct frame frame = { .width = width, .system = entry->inner };

	if (wide && (!nptb_soft_canonical(soft, offset) ||
		     !nptb_soft_canonical(soft, offset + len - 1)))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_SS, event->external);
	/* One that wraps around in the middle. */
	if (!wide && offset + len - 1 > mask)
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	if (!wide && !nptb_soft_in_limit(&entry->ss, offset, len))
		return nptb_soft_raise_code(soft, NPTB_VECTOR_SS, event->external |
					    (entry->inner ? entry->ss.selector & ~3u : 0));
	frame.top = (wide ? 0 : entry->ss.base) + offset + len;
	if (wide || entry->inner) {
		push(soft, &frame, soft->machine.seg[NPTB_SEG_SS].selector);
		push(soft, &frame, soft->state.gpr[NPTB_RSP]);
	}
	push(soft, &frame, pushed_rflags(soft, event));
	push(soft, &frame, soft->machine.seg[NPTB_SEG_CS].selector);
	push(soft, &frame, event->rip);
	if (event->has_code && !real)
		push(soft, &frame, event->code);
	entry->rsp = (entry->rsp & ~mask) | offset;
	return frame.end;
}

/* All is known to go well: the vCPU is at its handler. */
static void enter(struct nptb_soft *soft, const struct entry *entry)
{
	u64 gone = NPTB_RFLAGS_TF | NPTB_RFLAGS_NT | NPTB_RFLAGS_RF | NPTB_RFLAGS_VM;

	if (!(entry->gate & 1))
		gone |= NPTB_RFLAGS_IF;
	soft->state.rflags &= ~gone;
	soft->state.rip = entry->rip;
	soft->state.gpr[NPTB_RSP] = entry->rsp;
	soft->machine.seg[NPTB_SEG_CS] = entry->cs;
	if (entry->inner)
		soft->machine.seg[NPTB_SEG_SS] = entry->ss;
	soft->machine.cpl = entry->cpl;
}

static enum nptb_soft_end deliver_protected(struct nptb_soft *soft,
					    const struct nptb_delivery *event)
{
	bool wide = nptb_soft_long(soft);
	enum nptb_soft_end end;
	struct entry entry = { };
	u16 selector = 0;

	if (soft->state.cr4 & NPTB_CR4_CET || soft->state.rflags & NPTB_RFLAGS_VM)
		return nptb_soft_unable(soft, NPTB_REASON_FORM);
	end = read_gate(soft, event, &entry, &selector);
	if (end == NPTB_SOFT_DONE)
		end = read_code(soft, event->external, selector, &entry);
	if (end == NPTB_SOFT_DONE)
		end = wide ? stack_long(soft, event->external, &entry) :
			     stack_legacy(soft, event->external, &entry);
	if (end != NPTB_SOFT_DONE)
		return end;
	if (wide ? !nptb_soft_canonical(soft, entry.rip) : entry.rip > entry.cs.limit)
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, event->external);
	end = put_frame(soft, event, &entry);
	if (end == NPTB_SOFT_DONE)
		end = nptb_soft_accessed(soft, &entry.cs);
	if (end == NPTB_SOFT_DONE && !wide && entry.inner)
		end = nptb_soft_accessed(soft, &entry.ss);
	if (end == NPTB_SOFT_DONE)
		enter(soft, &entry);
	return end;
}

/* Section 8.6: no error codes, and four bytes for each vector. */
static enum nptb_soft_end deliver_real(struct nptb_soft *soft, const struct nptb_delivery *event)
{
	const struct nptb_segment *idt = &soft->machine.seg[NPTB_SEG_IDTR];
	struct entry entry = {
		.gate = GATE_INTERRUPT, .ss = soft->machine.seg[NPTB_SEG_SS],
		.cs = soft->machine.seg[NPTB_SEG_CS], .rsp = soft->state.gpr[NPTB_RSP],
	};
	enum nptb_soft_end end;
	u8 raw[4];

	if (event->vector * 4u + 3 > idt->limit)
		return nptb_soft_raise_code(soft, NPTB_VECTOR_GP, 0);
	end = nptb_soft_read(soft, idt->base + event->vector * 4, raw, sizeof(raw), true);
	if (end == NPTB_SOFT_DONE)
		end = put_frame(soft, event, &entry);
	if (end != NPTB_SOFT_DONE)
		return end;
	entry.rip = u16_at(raw);
	entry.cs.selector = u16_at(raw + 2);
	entry.cs.base = entry.cs.selector << 4;
	enter(soft, &entry);
	soft->state.rflags &= ~NPTB_RFLAGS_AC;
	return NPTB_SOFT_DONE;
}

/* Section 8.2.9. */
static bool is_contributory(u8 vector)
{
	return vector == NPTB_VECTOR_DE ||
	       (vector >= NPTB_VECTOR_TS && vector <= NPTB_VECTOR_GP);
}

/*
 * An exception comes up while another event is being delivered.
 *
 * Return: false where the vCPU shuts down.
 */
static bool combine(const struct nptb_delivery *first, struct nptb_exception *second)
{
	bool grave = is_contributory(second->vector) || second->vector == NPTB_VECTOR_PF;

	if (!first->exception)
		return true;
	if (first->vector == NPTB_VECTOR_DF)
		return !grave;
	if ((first->vector == NPTB_VECTOR_PF && grave) ||
	    (is_contributory(first->vector) && is_contributory(second->vector)))
		*second = (struct nptb_exception){ .vector = NPTB_VECTOR_DF, .has_code = true };
	return true;
}

/**
 * nptb_event_deliver() - deliver an event, or what comes of it
 * @soft: the vCPU, at an instruction's beginning
 * @event: to deliver
 *
 * Exceptions on the way are delivered in its place, or lead to a double fault, or a
 * shutdown.
 *
 * Return: %NPTB_SOFT_DONE, or %NPTB_SOFT_UNABLE.
 */
enum nptb_soft_end nptb_event_deliver(struct nptb_soft *soft,
				      const struct nptb_delivery *event)
{
	struct nptb_delivery now = *event;

	for (;;) {
		enum nptb_soft_end end;

		end = nptb_soft_real(soft) ? deliver_real(soft, &now) :
					     deliver_protected(soft, &now);
		if (end == NPTB_SOFT_DONE && now.exception && now.vector == NPTB_VECTOR_DB)
			soft->clear_gd = true;
		if (end != NPTB_SOFT_RAISED)
			return end;
		if (soft->raised.vector == NPTB_VECTOR_PF)
			soft->cr2 = soft->raised.address;
		if (!combine(&now, &soft->raised)) {
			soft->shutdown = true;
			return NPTB_SOFT_DONE;
		}
		now = (struct nptb_delivery){
			.vector = soft->raised.vector, .exception = true,
			.has_code = soft->raised.has_code, .code = soft->raised.code,
			.rip = soft->state.rip,
		};
	}
}

/**
 * nptb_event_raise() - deliver the exception that an instruction has raised
 * @soft: at the instruction, whose exception is in &nptb_soft.raised
 *
 * Return: as nptb_event_deliver().
 */
enum nptb_soft_end nptb_event_raise(struct nptb_soft *soft)
{
	struct nptb_delivery event = {
		.vector = soft->raised.vector, .exception = true,
		.has_code = soft->raised.has_code, .code = soft->raised.code,
		.rip = soft->state.rip,
	};

	if (event.vector == NPTB_VECTOR_PF)
		soft->cr2 = soft->raised.address;
	return nptb_event_deliver(soft, &event);
}
