// SPDX-License-Identifier: GPL-2.0-only
/* module/x86/soft/event.c: where deliveries go, what they push, and what goes wrong. */
#include "unit.h"

#include "softguest.h"
#include "x86/soft/event.h"

#define INTERRUPT_GATE	14
#define TRAP_GATE	15
#define HANDLER64	0xffff800012345678ULL

static const char *const mode_names[] = { "long", "compat", "prot", "real" };

static u16 code_of(enum soft_mode mode)
{
	return mode == SOFT_PROT ? SOFT_CODE32 : mode == SOFT_REAL ? 0x100 : SOFT_CODE64;
}

/* What a delivery that goes well leaves, put together another way. */
static void check_frame(const struct nptb_soft *before, const struct nptb_soft *after,
			enum soft_mode mode, const struct nptb_delivery *event, u8 type, u8 ist)
{
	bool wide = mode == SOFT_LONG || mode == SOFT_COMPAT, inner = before->machine.cpl;
	u32 width = wide ? 8 : mode == SOFT_REAL ? 2 : type & 8 ? 4 : 2;
	u64 top = ist ? SOFT_IST1 : inner ? SOFT_RSP0 : SOFT_STACK, rflags = before->state.rflags;
	u64 handler = wide ? HANDLER64 : type & 8 && mode != SOFT_REAL ? SOFT_HANDLER :
								      SOFT_HANDLER & 0xffff;

	assert_int_equal(after->state.rip, handler);
	assert_int_equal(after->machine.cpl, 0);
	assert_int_equal(after->machine.seg[NPTB_SEG_CS].selector, code_of(mode));
	if (wide || inner) {
		top -= width;
		assert_int_equal(soft_guest_word(top, width),
				 before->machine.seg[NPTB_SEG_SS].selector);
		top -= width;
		assert_int_equal(soft_guest_word(top, width), SOFT_STACK);
	}
	top -= width;
	if (event->exception && event->vector == NPTB_VECTOR_GP)
		rflags |= NPTB_RFLAGS_RF;
	assert_int_equal(soft_guest_word(top, width), rflags & (width == 2 ? 0xffff : ~0ULL));
	top -= width;
	assert_int_equal(soft_guest_word(top, width), before->machine.seg[NPTB_SEG_CS].selector);
	top -= width;
	assert_int_equal(soft_guest_word(top, width), event->rip);
	if (event->has_code && mode != SOFT_REAL) {
		top -= width;
		assert_int_equal(soft_guest_word(top, width), event->code);
	}
	assert_int_equal(after->state.gpr[NPTB_RSP], top);
	assert_int_equal(after->machine.seg[NPTB_SEG_SS].selector,
			 !inner ? before->machine.seg[NPTB_SEG_SS].selector : wide ? 0 : SOFT_DATA);
	assert_int_equal(after->state.rflags & NPTB_RFLAGS_IF,
			 mode != SOFT_REAL && type & 1 ? NPTB_RFLAGS_IF : 0);
	assert_int_equal(after->state.rflags & (NPTB_RFLAGS_TF | NPTB_RFLAGS_NT), 0);
}

static void deliver_well(enum soft_mode mode, u8 cpl, u8 type, u8 ist, int kind)
{
	static const u8 vectors[] = { NPTB_VECTOR_GP, 0x20, 0x80, NPTB_VECTOR_NMI };
	struct nptb_delivery event = {
		.vector = vectors[kind], .exception = kind == 0, .external = kind & 1,
		.soft = kind == 2, .has_code = kind == 0, .code = 0x5a50,
		.rip = 0x7000 + 2 * (kind == 2),
	};
	struct nptb_soft soft, before;

	soft_guest_begin(&soft, mode, cpl);
	soft_guest_gate(mode, event.vector, type, 3, code_of(mode), ist);
	soft.state.rflags |= NPTB_RFLAGS_TF | NPTB_RFLAGS_NT;
	before = soft;
	if (nptb_event_deliver(&soft, &event) != NPTB_SOFT_DONE || soft.shutdown)
		fail_msg("%s, level %u, gate %u, kind %d", mode_names[mode], cpl, type, kind);
	check_frame(&before, &soft, mode, &event, type, ist);
}

/* Every mode, level, width of gate, kind of event. */
static void test_well(void **state)
{
	static const u8 types[] = { 6, 7, INTERRUPT_GATE, TRAP_GATE };
	int i, done = 0;

	(void)state;
	for (i = 0; i < 4 * 2 * 4 * 2 * 4; i++) {
		enum soft_mode mode = i >> 6;
		u8 cpl = i >> 5 & 1 ? 3 : 0, type = types[i >> 3 & 3], ist = i >> 2 & 1;
		bool wide = mode == SOFT_LONG || mode == SOFT_COMPAT;

		/* Gates of 16 bits, an IST, and levels are not of every mode. */
		if ((wide && !(type & 8)) || (!wide && ist) ||
		    (mode == SOFT_REAL && (cpl || type != 6)))
			continue;
		deliver_well(mode, cpl, type, ist, i & 3);
		done++;
	}
	assert_int_equal(done, 100);
}

struct wrong {
	const char *what;
	enum soft_mode mode;
	u8 cpl;
	/* Of the event. */
	u8 vector;
	bool soft;
	bool external;
	/* Of its gate. */
	u8 type;
	u8 dpl;
	u16 selector;
	bool absent;
	/* Of the machine, where they are not 0. */
	u16 idt_limit;
	u16 tss_limit;
	u64 rsp;
	u64 no_page;
	/* What is delivered in its place, and with which code. */
	u8 raised;
	u32 code;
};

#define V	0x20
#define GATE(t, d, s)	.type = t, .dpl = d, .selector = s

static const struct wrong wrongs[] = {
	{ "beyond the IDT", SOFT_LONG, 0, V, .idt_limit = V * 16 + 14,
	  GATE(14, 0, SOFT_CODE64), .raised = 13, .code = V * 8 + 2 },
	{ "beyond the IDT, an interrupt", SOFT_LONG, 0, V, .external = true,
	  .idt_limit = V * 16 + 14, GATE(14, 0, SOFT_CODE64), .raised = 13, .code = V * 8 + 3 },
	{ "beyond the IDT of 32 bits", SOFT_PROT, 0, V, .idt_limit = V * 8 + 6,
	  GATE(14, 0, SOFT_CODE32), .raised = 13, .code = V * 8 + 2 },
	{ "no gate", SOFT_LONG, 0, V, GATE(12, 0, SOFT_CODE64), .raised = 13, .code = V * 8 + 2 },
	{ "a gate of 16 bits", SOFT_LONG, 0, V, GATE(6, 0, SOFT_CODE64), .raised = 13,
	  .code = V * 8 + 2 },
	{ "a data segment", SOFT_LONG, 0, V, GATE(0x1e, 0, SOFT_CODE64), .raised = 13,
	  .code = V * 8 + 2 },
	{ "INT through a gate of level 0", SOFT_LONG, 3, V, .soft = true,
	  GATE(14, 0, SOFT_CODE64), .raised = 13, .code = V * 8 + 2 },
	{ "absent gate", SOFT_LONG, 0, V, .absent = true, GATE(14, 0, SOFT_CODE64), .raised = 11,
	  .code = V * 8 + 2 },
	{ "null code", SOFT_LONG, 0, V, GATE(14, 0, 3), .raised = 13, .code = 0 },
	{ "null code, an interrupt", SOFT_LONG, 0, V, .external = true, GATE(14, 0, 3),
	  .raised = 13, .code = 1 },
	{ "code beyond the GDT", SOFT_LONG, 0, V, GATE(14, 0, 0x80), .raised = 13, .code = 0x80 },
	{ "code of no LDT", SOFT_LONG, 0, V, GATE(14, 0, 0xc), .raised = 13, .code = 0xc },
	{ "data for code", SOFT_LONG, 0, V, GATE(14, 0, SOFT_DATA), .raised = 13,
	  .code = SOFT_DATA },
	{ "code of an outer level", SOFT_LONG, 0, V, GATE(14, 0, SOFT_USER64), .raised = 13,
	  .code = SOFT_USER64 & ~3 },
	{ "absent code", SOFT_LONG, 0, V, GATE(14, 0, SOFT_ABSENT), .raised = 11,
	  .code = SOFT_ABSENT },
	{ "code of 32 bits", SOFT_LONG, 0, V, GATE(14, 0, SOFT_CODE32), .raised = 13,
	  .code = SOFT_CODE32 },
	{ "a stack in the hole", SOFT_LONG, 0, V, .rsp = 0x800000001000, GATE(14, 0, SOFT_CODE64),
	  .raised = 12, .code = 0 },
	{ "a short TSS of 32 bits", SOFT_PROT, 3, V, .tss_limit = 10, GATE(14, 3, SOFT_CODE32),
	  .raised = 10, .code = SOFT_TSS_SEL },
	{ "no page of the stack", SOFT_LONG, 0, V, .external = true,
	  .no_page = SOFT_STACK - 0x1000, GATE(14, 0, SOFT_CODE64), .raised = 14, .code = 6 },
};

/* The exception's own delivery goes by a stack of its own. */
static void test_wrong(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wrongs); i++) {
		const struct wrong *w = &wrongs[i];
		struct nptb_delivery event = {
			.vector = w->vector, .soft = w->soft, .external = w->external,
			.rip = 0x7002,
		};
		bool wide = w->mode != SOFT_PROT;
		u32 width = wide ? 8 : 4;
		struct nptb_soft soft;

		soft_guest_begin(&soft, w->mode, w->cpl);
		soft_guest_gate(w->mode, w->vector, w->type, w->dpl, w->selector, 0);
		if (w->absent)
			soft_guest.mem[SOFT_IDT + w->vector * 16 + 5] &= 0x7f;
		soft_guest_gate(w->mode, w->raised, INTERRUPT_GATE, 0,
				wide ? SOFT_CODE64 : w->cpl ? SOFT_CONFORM : SOFT_CODE32, wide);
		if (w->idt_limit)
			soft.machine.seg[NPTB_SEG_IDTR].limit = w->idt_limit;
		if (w->tss_limit)
			soft.machine.seg[NPTB_SEG_TR].limit = w->tss_limit;
		if (w->rsp)
			soft.state.gpr[NPTB_RSP] = w->rsp;
		soft_guest.no_page = w->no_page;
		if (nptb_event_deliver(&soft, &event) != NPTB_SOFT_DONE || soft.shutdown ||
		    soft.state.rip != (wide ? HANDLER64 : SOFT_HANDLER))
			fail_msg("%s: not delivered, rip 0x%llx", w->what,
				 (unsigned long long)soft.state.rip);
		/* An exception on the way returns to the instruction. */
		if (soft_guest_word(soft.state.gpr[NPTB_RSP], width) != w->code ||
		    soft_guest_word(soft.state.gpr[NPTB_RSP] + width, width) != 0x7000)
			fail_msg("%s: code 0x%llx", w->what, (unsigned long long)
				 soft_guest_word(soft.state.gpr[NPTB_RSP], width));
		if (w->raised == NPTB_VECTOR_PF)
			assert_int_equal(soft.cr2, SOFT_STACK - 8);
	}
}

/* What comes of one exception during another: AMD64 APM volume 2, table 8-4. */
static void test_nested(void **state)
{
	static const u8 vectors[] = { 0, 1, 3, 6, 8, 10, 11, 12, 13, 14, 16, 0x20 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		u8 first = vectors[i];
		bool contributory = first == 0 || (first >= 10 && first <= 13);
		struct nptb_delivery event = {
			.vector = first, .exception = first < 32, .external = first >= 32,
			.rip = 0x7000,
		};
		struct nptb_soft soft;
		u64 at;

		/* Its gate is absent, which raises #NP; that one's and #DF's are right. */
		soft_guest_begin(&soft, SOFT_LONG, 0);
		soft_guest_gate(SOFT_LONG, 11, INTERRUPT_GATE, 0, SOFT_CODE64, 0);
		soft_guest_gate(SOFT_LONG, 8, TRAP_GATE, 0, SOFT_CODE64, 0);
		soft_guest_gate(SOFT_LONG, first, INTERRUPT_GATE, 0, SOFT_CODE64, 0);
		soft_guest.mem[SOFT_IDT + first * 16 + 5] &= 0x7f;
		assert_int_equal(nptb_event_deliver(&soft, &event), NPTB_SOFT_DONE);
		if (first == 8) {
			assert_true(soft.shutdown);
			continue;
		}
		assert_false(soft.shutdown);
		at = soft.state.gpr[NPTB_RSP];
		assert_int_equal(soft_guest_word(at, 8), contributory || first == 14 ? 0 :
				 first * 8 + 2 + (first >= 32));
		/* The trap gate is #DF's. */
		assert_int_equal(!!(soft.state.rflags & NPTB_RFLAGS_IF),
				 contributory || first == 14);
	}
}

/* A double fault that fails for want of a page is a shutdown; nothing has moved. */
static void test_shutdown(void **state)
{
	struct nptb_delivery event = { .vector = 14, .exception = true, .has_code = true };
	struct nptb_soft soft;

	(void)state;
	soft_guest_begin(&soft, SOFT_LONG, 0);
	soft_guest.no_page = SOFT_IDT;
	assert_int_equal(nptb_event_deliver(&soft, &event), NPTB_SOFT_DONE);
	assert_true(soft.shutdown);
	assert_int_equal(soft.state.rip, 0x7000);
	assert_int_equal(soft.state.gpr[NPTB_RSP], SOFT_STACK);
}

/* What is not carried out changes nothing. */
static void test_unable(void **state)
{
	struct nptb_delivery event = { .vector = 0x20, .external = true };
	struct nptb_soft soft;

	(void)state;
	soft_guest_begin(&soft, SOFT_PROT, 0);
	soft_guest_gate(SOFT_PROT, 0x20, 5, 0, SOFT_TSS_SEL, 0);
	assert_int_equal(nptb_event_deliver(&soft, &event), NPTB_SOFT_UNABLE);
	assert_int_equal(soft.reason, NPTB_REASON_FORM);
	soft_guest_begin(&soft, SOFT_LONG, 0);
	soft.state.cr4 |= NPTB_CR4_CET;
	assert_int_equal(nptb_event_deliver(&soft, &event), NPTB_SOFT_UNABLE);
	soft_guest_begin(&soft, SOFT_PROT, 3);
	soft.state.rflags |= NPTB_RFLAGS_VM;
	assert_int_equal(nptb_event_deliver(&soft, &event), NPTB_SOFT_UNABLE);
	soft_guest_begin(&soft, SOFT_LONG, 3);
	soft_guest_gate(SOFT_LONG, 0x20, INTERRUPT_GATE, 0, SOFT_CODE64, 0);
	soft_guest.no_memory = SOFT_RSP0 - 0x1000;
	assert_int_equal(nptb_event_deliver(&soft, &event), NPTB_SOFT_UNABLE);
	assert_int_equal(soft.reason, NPTB_REASON_MEMORY);
	assert_int_equal(soft.state.rip, 0x7000);
	assert_int_equal(soft.machine.cpl, 3);
}

/* Loading a descriptor marks it as accessed. */
static void test_accessed(void **state)
{
	struct nptb_delivery event = { .vector = 0x20, .external = true };
	struct nptb_soft soft;

	(void)state;
	soft_guest_begin(&soft, SOFT_PROT, 3);
	soft_guest_gate(SOFT_PROT, 0x20, INTERRUPT_GATE, 0, SOFT_CODE32, 0);
	soft_guest.mem[SOFT_GDT + SOFT_CODE32 + 5] &= ~1;
	soft_guest.mem[SOFT_GDT + SOFT_DATA + 5] &= ~1;
	assert_int_equal(nptb_event_deliver(&soft, &event), NPTB_SOFT_DONE);
	assert_int_equal(soft_guest.mem[SOFT_GDT + SOFT_CODE32 + 5], 0x9b);
	assert_int_equal(soft_guest.mem[SOFT_GDT + SOFT_DATA + 5], 0x93);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_well),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_shutdown),
		cmocka_unit_test(test_unable),
		cmocka_unit_test(test_accessed),
	};

	return cmocka_run_group_tests_name("delivery", tests, NULL, NULL);
}
