// SPDX-License-Identifier: GPL-2.0-only
/* What the programs do: AMD64 APM volume 3 for the encodings. */
#include <stdio.h>
#include <string.h>

#include "../lib/util.h"
#include "corpus.h"

#define HLT		0xf4
#define REX_W		0x48
#define RFLAGS_DF	(1UL << 10)

#define IN_REAL		(1U << CORPUS_REAL)
#define IN_32		(1U << CORPUS_PROT | 1U << CORPUS_LEGACY | 1U << CORPUS_PAE)
#define IN_LONG		(1U << CORPUS_LONG)
#define IN_ALL		(IN_REAL | IN_32 | IN_LONG)

/* Sizes of an operand that are no number. */
#define SIZE_V		0	/* 2, 4 or 8, by mode and prefix */
#define SIZE_TABLE	100	/* limit and base of a descriptor table */
#define SIZE_WORD	101	/* of the stack */

struct template {
	const char *name;
	unsigned int modes;
	void (*emit)(struct corpus_case *c, const struct template *t);
	uint8_t op[3];
	uint8_t op_len;
	uint8_t reg;		/* of ModRM */
	uint8_t imm;		/* bytes of immediate operand */
	uint8_t size;
	uint8_t nr;		/* anything else */
};

struct corpus_step *corpus_begin(struct corpus_case *c, uint64_t rip, int vector)
{
	struct corpus_step *step = &c->step[c->steps++];

	if (c->steps > CORPUS_STEPS_MAX)
		die("corpus: too many steps");
	*step = (struct corpus_step){ .rip = rip, .vector = vector };
	return step;
}

void corpus_touch(struct corpus_step *step, uint64_t linear, unsigned int len)
{
	if (step->ranges == CORPUS_RANGES_MAX)
		die("corpus: too many ranges");
	step->range[step->ranges++] = (struct corpus_range){ linear, len };
}

static bool maybe_split(struct corpus_case *c)
{
	return !corpus_random(c, 3);
}

static void byte(struct corpus_case *c, uint8_t b)
{
	c->code[c->code_len++] = b;
}

/* The code, and a HLT behind it. */
void corpus_put_code(struct corpus_case *c, bool split)
{
	uint8_t hlt = HLT;

	if (split && c->code_len > 1)
		c->code_at = corpus_place(c, c->code_len, true);
	else
		c->code_at = corpus_place(c, c->code_len + 1, false);
	corpus_poke(c, c->code_at, c->code, c->code_len);
	corpus_poke(c, c->code_at + c->code_len, &hlt, 1);
	if (c->mode == CORPUS_REAL) {
		c->sregs.cs.base = c->code_at & ~0xfffULL;
		c->sregs.cs.selector = c->sregs.cs.base >> 4;
	}
	c->code_base = c->sregs.cs.base;
	c->regs.rip = c->code_at - c->code_base;
}

struct corpus_step *corpus_code_step(struct corpus_case *c)
{
	struct corpus_step *step = corpus_begin(c, c->regs.rip, -1);

	corpus_touch(step, c->code_at, c->code_len);
	return step;
}

static uint64_t next_rip(const struct corpus_case *c)
{
	return c->regs.rip + c->code_len;
}

/* The HLT behind the code. */
static void finish(struct corpus_case *c)
{
	struct corpus_step *step = corpus_begin(c, next_rip(c), -1);

	corpus_touch(step, c->code_at + c->code_len, 1);
	c->end_rip = next_rip(c) + 1;
}

/* Prefixes for an operand of some size; that size. */
static unsigned int size_prefix(struct corpus_case *c, const struct template *t)
{
	bool real = c->mode == CORPUS_REAL;
	unsigned int kind;

	if (t->size == SIZE_TABLE)
		return corpus_long(c) ? 10 : 6;
	if (t->size == SIZE_WORD)
		return corpus_word(c);
	if (t->size != SIZE_V)
		return t->size;
	kind = corpus_random(c, corpus_long(c) ? 3 : 2);
	if (kind == 1) {
		byte(c, 0x66);
		return real ? 4 : 2;
	}
	if (kind == 2) {
		byte(c, REX_W);
		return 8;
	}
	return real ? 2 : 4;
}

/* Opcode with [bx], [ebx] or [rbx] as its operand; the operand's size. */
static unsigned int mem_code(struct corpus_case *c, const struct template *t)
{
	unsigned int size, i;
	bool wide = c->mode != CORPUS_REAL;

	if (!wide && !corpus_random(c, 3)) {
		byte(c, 0x67);
		wide = true;
	}
	size = size_prefix(c, t);
	for (i = 0; i < t->op_len; i++)
		byte(c, t->op[i]);
	byte(c, t->reg << 3 | (wide ? 3 : 7));
	for (i = 0; i < t->imm; i++)
		byte(c, 1);
	return size;
}

static struct corpus_step *mem_operand(struct corpus_case *c, unsigned int size)
{
	struct corpus_step *step;
	uint64_t at = corpus_place(c, size, maybe_split(c));

	c->regs.rbx = corpus_reach(c, &c->sregs.ds, at);
	step = corpus_code_step(c);
	corpus_touch(step, at, size);
	return step;
}

/* One memory operand. */
static void emit_mem(struct corpus_case *c, const struct template *t)
{
	unsigned int size = mem_code(c, t);

	corpus_put_code(c, maybe_split(c));
	mem_operand(c, size);
	finish(c);
}

/* bts [mem], reg: the register's bit may be far from the address. */
static void emit_bit(struct corpus_case *c, const struct template *t)
{
	unsigned int size = mem_code(c, t), n = 1 + corpus_random(c, 100);

	corpus_put_code(c, maybe_split(c));
	mem_operand(c, size);
	c->regs.rbx -= (uint64_t)n * size;
	c->regs.rcx = (uint64_t)n * size * 8;
	finish(c);
}

/* @len bytes below (@above: from) the stack pointer. */
static uint64_t stack(struct corpus_case *c, struct corpus_step *step,
		      unsigned int len, bool above)
{
	uint64_t at = corpus_place(c, len, maybe_split(c));

	c->regs.rsp = corpus_reach(c, &c->sregs.ss, at) + (above ? 0 : len);
	corpus_touch(step, at, len);
	return at;
}

/* push [mem], pop [mem], call [mem]: .nr is 1 for what pops. */
static void emit_mem_stack(struct corpus_case *c, const struct template *t)
{
	unsigned int size = mem_code(c, t);
	struct corpus_step *step;
	uint64_t next;

	corpus_put_code(c, maybe_split(c));
	step = mem_operand(c, size);
	/* Where call goes; to the others it is a number. */
	next = next_rip(c);
	corpus_poke(c, step->range[1].linear, &next, size);
	stack(c, step, size, t->nr);
	finish(c);
}

/* Only the stack: .nr words of it, popped if .reg. */
static void emit_stack(struct corpus_case *c, const struct template *t)
{
	unsigned int len = t->nr * corpus_word(c), i;
	struct corpus_step *step;
	uint64_t at, value;

	for (i = 0; i < t->op_len; i++)
		byte(c, t->op[i]);
	/* A call to what follows: its offset is 0. */
	if (t->imm)
		c->code_len += c->mode == CORPUS_REAL ? 2 : 4;
	corpus_put_code(c, maybe_split(c));
	step = corpus_code_step(c);
	at = stack(c, step, len, t->reg);
	/* What ret returns to, popf: no flags, to the others a number. */
	value = t->size ? 2 : next_rip(c);
	if (t->reg && t->nr == 1)
		corpus_poke(c, at, &value, len);
	finish(c);
}

static void emit_leave(struct corpus_case *c, const struct template *t)
{
	struct corpus_step *step;

	byte(c, t->op[0]);
	corpus_put_code(c, maybe_split(c));
	step = corpus_code_step(c);
	stack(c, step, corpus_word(c), true);
	c->regs.rbp = c->regs.rsp;
	c->regs.rsp = 0;
	finish(c);
}

/* One end of a string instruction. */
struct string {
	uint64_t at;
	uint64_t first;
};

static struct string place_string(struct corpus_case *c, struct kvm_segment *seg,
				  unsigned int size, unsigned int rounds,
				  __u64 *reg)
{
	uint64_t at = corpus_place(c, size * rounds, maybe_split(c));
	struct string s = { .at = at, .first = at };

	*reg = corpus_reach(c, seg, at);
	if (c->regs.rflags & RFLAGS_DF) {
		s.first += size * (rounds - 1);
		*reg += size * (rounds - 1);
	}
	return s;
}

/* .nr: 1 reads from DS:SI, 2 uses ES:DI. Each round is a step. */
static void emit_string(struct corpus_case *c, const struct template *t)
{
	unsigned int rep = corpus_random(c, 2), rounds = 1, size, i;
	struct string si = { 0 }, di = { 0 };
	struct corpus_step *step;
	int64_t delta;

	if (rep) {
		byte(c, 0xf3);
		rounds = 1 + corpus_random(c, 5);
		c->regs.rcx = rounds;
	}
	if (!corpus_random(c, 4))
		c->regs.rflags |= RFLAGS_DF;
	size = size_prefix(c, t);
	byte(c, t->op[0]);
	corpus_put_code(c, maybe_split(c));
	if (t->nr & 1)
		si = place_string(c, &c->sregs.ds, size, rounds, &c->regs.rsi);
	if (t->nr & 2)
		di = place_string(c, &c->sregs.es, size, rounds, &c->regs.rdi);
	delta = c->regs.rflags & RFLAGS_DF ? -(int64_t)size : (int64_t)size;
	for (i = 0; i < rounds; i++) {
		step = corpus_code_step(c);
		if (t->nr & 1)
			corpus_touch(step, si.first + i * delta, size);
		if (t->nr & 2)
			corpus_touch(step, di.first + i * delta, size);
	}
	finish(c);
}

/* mov ds, ax */
static void emit_segment(struct corpus_case *c, const struct template *t)
{
	struct corpus_step *step;

	byte(c, t->op[0]);
	byte(c, t->reg << 3 | 0xc0);
	corpus_put_code(c, maybe_split(c));
	corpus_gdt(c, maybe_split(c));
	c->regs.rax = CORPUS_SEL_DATA;
	step = corpus_code_step(c);
	corpus_touch(step, c->gdt_at + CORPUS_SEL_DATA, 8);
	finish(c);
}

/* int n, int3, a division by zero; .nr is the vector, 0xff for any. */
static void emit_event(struct corpus_case *c, const struct template *t)
{
	unsigned int vector = t->nr == 0xff ? 0x20 + corpus_random(c, 0xe0) : t->nr;
	unsigned int cpl = c->mode == CORPUS_REAL ? 0 : 3 * corpus_random(c, 2), i;

	corpus_mode_state(c, cpl);
	for (i = 0; i < t->op_len; i++)
		byte(c, t->op[i]);
	if (t->imm)
		byte(c, vector);
	corpus_put_code(c, maybe_split(c));
	corpus_code_step(c);
	corpus_event(c, vector, cpl, c->regs.rip);
	/*
	 * When the delivery of INT n is cut short, KVM is to inject it again. From
	 * vector 128 on kvm_amd does not, since it compares it with a signed byte (6.1,
	 * 6.12, 7.3): the instruction begins anew, and has to be fetched as well.
	 */
	if (t->imm && vector > 127 && !corpus_vtx)
		corpus_touch(&c->step[1], c->code_at, c->code_len);
}

/* iret to a HLT elsewhere. */
static void emit_iret(struct corpus_case *c, const struct template *t)
{
	unsigned int word = corpus_word(c), i;
	uint64_t frame[5] = { 0, CORPUS_SEL_CODE, 2, 0, CORPUS_SEL_DATA };
	unsigned int words = corpus_long(c) ? 5 : 3;
	uint64_t target, at;
	struct corpus_step *step;
	uint8_t hlt = HLT;

	if (corpus_long(c))
		byte(c, REX_W);
	byte(c, t->op[0]);
	corpus_put_code(c, maybe_split(c));
	target = corpus_place(c, 1, false);
	corpus_poke(c, target, &hlt, 1);
	step = corpus_code_step(c);
	at = stack(c, step, words * word, true);
	frame[0] = target;
	frame[3] = c->regs.rsp + words * word;
	if (c->mode == CORPUS_REAL) {
		frame[0] = target & 0xfff;
		frame[1] = (target & ~0xfffULL) >> 4;
	} else {
		corpus_gdt(c, maybe_split(c));
		corpus_touch(step, c->gdt_at + CORPUS_SEL_CODE, corpus_long(c) ? 16 : 8);
	}
	for (i = 0; i < words; i++)
		corpus_poke(c, at + i * word, &frame[i], word);
	step = corpus_begin(c, frame[0], -1);
	corpus_touch(step, target, 1);
	c->end_rip = frame[0] + 1;
}

#define MEM(name_, len_, reg_, imm_, size_, ...) {			\
	.name = name_, .modes = IN_ALL, .emit = emit_mem, .op = { __VA_ARGS__ }, \
	.op_len = len_, .reg = reg_, .imm = imm_, .size = size_ }
#define STRING(name_, nr_, size_, op_) {				\
	.name = name_, .modes = IN_ALL, .emit = emit_string, .op = { op_ }, \
	.nr = nr_, .size = size_ }
#define STACK(name_, modes_, op_, pops_, words_, ...) {			\
	.name = name_, .modes = modes_, .emit = emit_stack, .op = { op_ }, \
	.op_len = 1, .reg = pops_, .nr = words_, __VA_ARGS__ }
#define MEM_STACK(name_, reg_, op_, pops_) {				\
	.name = name_, .modes = IN_ALL, .emit = emit_mem_stack, .op = { op_ }, \
	.op_len = 1, .reg = reg_, .size = SIZE_WORD, .nr = pops_ }

static const struct template templates[] = {
	MEM("add [mem], reg", 1, 0, 0, SIZE_V, 0x01),
	MEM("mov [mem], reg", 1, 0, 0, SIZE_V, 0x89),
	MEM("mov reg, [mem]", 1, 0, 0, SIZE_V, 0x8b),
	MEM("xchg [mem], reg", 1, 0, 0, SIZE_V, 0x87),
	MEM("inc [mem]", 1, 0, 0, SIZE_V, 0xff),
	MEM("not [mem]", 1, 2, 0, SIZE_V, 0xf7),
	MEM("cmp [mem], imm", 1, 7, 1, SIZE_V, 0x83),
	MEM("or [mem], reg8", 1, 0, 0, 1, 0x08),
	MEM("lock add [mem], reg8", 2, 0, 0, 1, 0xf0, 0x00),
	MEM("cmpxchg [mem], reg", 2, 1, 0, SIZE_V, 0x0f, 0xb1),
	MEM("xadd [mem], reg", 2, 1, 0, SIZE_V, 0x0f, 0xc1),
	MEM("cmpxchg8b [mem]", 2, 1, 0, 8, 0x0f, 0xc7),
	MEM("imul reg, [mem]", 2, 0, 0, SIZE_V, 0x0f, 0xaf),
	MEM("movzx reg, [mem]", 2, 0, 0, 1, 0x0f, 0xb6),
	MEM("setz [mem]", 2, 0, 0, 1, 0x0f, 0x94),
	MEM("bts [mem], imm", 2, 5, 1, SIZE_V, 0x0f, 0xba),
	MEM("movups xmm, [mem]", 2, 0, 0, 16, 0x0f, 0x10),
	MEM("movups [mem], xmm", 2, 0, 0, 16, 0x0f, 0x11),
	MEM("fld qword [mem]", 1, 0, 0, 8, 0xdd),
	MEM("lgdt [mem]", 2, 2, 0, SIZE_TABLE, 0x0f, 0x01),
	MEM("lidt [mem]", 2, 3, 0, SIZE_TABLE, 0x0f, 0x01),
	MEM("sgdt [mem]", 2, 0, 0, SIZE_TABLE, 0x0f, 0x01),
	{ .name = "bts [mem], reg", .modes = IN_ALL, .emit = emit_bit,
	  .op = { 0x0f, 0xab }, .op_len = 2, .reg = 1, .size = SIZE_V },
	STRING("movs", 3, SIZE_V, 0xa5), STRING("movsb", 3, 1, 0xa4),
	STRING("cmps", 3, SIZE_V, 0xa7), STRING("cmpsb", 3, 1, 0xa6),
	STRING("stos", 2, SIZE_V, 0xab), STRING("stosb", 2, 1, 0xaa),
	STRING("lods", 1, SIZE_V, 0xad), STRING("scas", 2, SIZE_V, 0xaf),
	MEM_STACK("push [mem]", 6, 0xff, 0), MEM_STACK("pop [mem]", 0, 0x8f, 1),
	MEM_STACK("call [mem]", 2, 0xff, 0),
	STACK("push reg", IN_ALL, 0x50, 0, 1), STACK("pop reg", IN_ALL, 0x58, 1, 1),
	STACK("pusha", IN_REAL | IN_32, 0x60, 0, 8),
	STACK("popa", IN_REAL | IN_32, 0x61, 1, 8),
	STACK("pushf", IN_ALL, 0x9c, 0, 1),
	STACK("popf", IN_ALL, 0x9d, 1, 1, .size = 1),
	STACK("ret", IN_ALL, 0xc3, 1, 1),
	STACK("call", IN_ALL, 0xe8, 0, 1, .imm = 1),
	{ .name = "leave", .modes = IN_ALL, .emit = emit_leave, .op = { 0xc9 } },
	{ .name = "mov ds, reg", .modes = IN_32 | IN_LONG, .emit = emit_segment,
	  .op = { 0x8e }, .reg = 3 },
	{ .name = "mov es, reg", .modes = IN_32 | IN_LONG, .emit = emit_segment,
	  .op = { 0x8e }, .reg = 0 },
	{ .name = "int n", .modes = IN_ALL, .emit = emit_event, .op = { 0xcd },
	  .op_len = 1, .imm = 1, .nr = 0xff },
	{ .name = "int3", .modes = IN_ALL, .emit = emit_event, .op = { 0xcc },
	  .op_len = 1, .nr = 3 },
	/* ecx is 0 */
	{ .name = "div by zero", .modes = IN_ALL, .emit = emit_event,
	  .op = { 0xf7, 0xf1 }, .op_len = 2, .nr = 0 },
	{ .name = "iret", .modes = IN_ALL, .emit = emit_iret, .op = { 0xcf } },
};

unsigned int corpus_templates(void)
{
	return ARRAY_SIZE(templates);
}

bool corpus_emit(struct corpus_case *c, unsigned int nr)
{
	const struct template *t = &templates[nr];

	snprintf(c->name, sizeof(c->name), "%s, %s", t->name,
		 corpus_mode_names[c->mode]);
	if (!(t->modes & 1U << c->mode))
		return false;
	t->emit(c, t);
	return true;
}

bool corpus_generate(struct corpus_case *c, uint64_t seed, unsigned int index,
		     uint8_t *mem, const struct kvm_sregs *sregs)
{
	unsigned int len, i;

	/* Clear what the last one left, and no more: there are hundreds. */
	for (i = 0; c->mem == mem && i < CORPUS_FRAMES; i++)
		if (c->used[i])
			memset(mem + ((size_t)i << PAGE_SHIFT), 0, PAGE_SIZE);
	memset(c, 0, sizeof(*c));
	c->mem = mem;
	c->sregs = *sregs;
	c->mode = index % CORPUS_MODES;
	/* xorshift wants no zero, and its first numbers to be different. */
	c->random = (seed * 0x9e3779b97f4a7c15ULL + index + 1) * 0xbf58476d1ce4e5b9ULL | 1;
	for (i = 0; i < 8; i++)
		corpus_random(c, 2);
	corpus_memory(c);
	corpus_mode_state(c, 0);
	if (!corpus_emit(c, index / CORPUS_MODES % ARRAY_SIZE(templates)))
		return false;
	len = strlen(c->name);
	snprintf(c->name + len, sizeof(c->name) - len, ": needs %u of %u pages",
		 corpus_need(c), c->pages);
	return corpus_need(c) > 1;
}
