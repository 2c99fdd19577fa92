// SPDX-License-Identifier: GPL-2.0-only
/* What an instruction touches, and which page of a loop set is what. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

#include "explain/explain.h"

#define HEAD_PAGES(class, insn, pages) \
	"loop class=" class " vcpu=0 rip=0x7c00 laps=2 budget=3 pages=" pages " insn=" insn
#define HEAD(class, insn)	HEAD_PAGES(class, insn, "0")
#define REAL	" cr0=0x10 efer=0x0"
#define PROT	" cr0=0x11 efer=0x0"
#define LONG	" cr0=0x80000011 cr3=0x1000 cr4=0x20 efer=0x500"
#define CS32	"0x8:0x0:0xffffffff:0xc9b"
#define CS64	"0x8:0x0:0xffffffff:0xa9b"

static struct loops parse(const char *text)
{
	char *copy = strdup(text);
	unsigned int bad_line;
	struct loops ls;

	assert_int_equal(loops_parse(&ls, copy, &bad_line), 0);
	free(copy);
	return ls;
}

/* Mode, instruction; then operands, in order, without the code. */
static void operands(void **state)
{
	static const struct {
		const char *mode, *insn;
		unsigned int code;
		struct {
			const char *text;
			unsigned long long linear;
			unsigned int size, roles;
		} op[3];
	} cases[] = {
#define R NPTB_ROLE_READ
#define W NPTB_ROLE_WRITE
		{ LONG MACHINE_CS("0x8000", CS64), "480103", 3, { { "[rbx]", 0x8000, 8, R | W } } },
		{ LONG MACHINE_CS("0x8000", CS64), "488903", 3, { { "[rbx]", 0x8000, 8, W } } },
		{ LONG MACHINE_CS("0x8000", CS64), "488b03", 3, { { "[rbx]", 0x8000, 8, R } } },
		/* lea touches nothing. */
		{ LONG MACHINE_CS("0x8000", CS64), "488d03", 3, { { NULL, 0, 0, 0 } } },
		/* disp and index; RIP; FS, which has a base in 64-bit mode as well. */
		{ LONG MACHINE_CS("0x8000", CS64), "8b44ce10", 4, { { NULL, 0x7020, 4, R } } },
		{ LONG MACHINE_CS("0x8000", CS64), "8b0510000000", 6, { { NULL, 0x7c16, 4, R } } },
		{ LONG MACHINE_CS("0x8000", CS64), "648b03", 3, { { NULL, 0x18000, 4, R } } },
		/* The stack, below and above its pointer. */
		{ LONG MACHINE_CS("0x8000", CS64), "50", 1, { { "stack", 0x4ff8, 8, W } } },
		{ LONG MACHINE_CS("0x8000", CS64), "58", 1, { { "stack", 0x5000, 8, R } } },
		{ LONG MACHINE_CS("0x8000", CS64), "ff33", 2,
		  { { "[rbx]", 0x8000, 8, R }, { "stack", 0x4ff8, 8, W } } },
		{ LONG MACHINE_CS("0x8000", CS64), "ff13", 2,
		  { { "[rbx]", 0x8000, 8, R }, { "stack", 0x4ff8, 8, W } } },
		{ LONG MACHINE_CS("0x8000", CS64), "c3", 1, { { "stack", 0x5000, 8, R } } },
		{ LONG MACHINE_CS("0x8000", CS64), "a5", 1,
		  { { "[rdi]", 0x7ffc, 4, W }, { "[rsi]", 0x7000, 4, R } } },
		/* bts [rbx], ecx: bit 2; with rsp as the offset, 0x5000 bits on. */
		{ LONG MACHINE_CS("0x8000", CS64), "0fab0b", 3, { { "[rbx]", 0x8000, 4, R | W } } },
		{ LONG MACHINE_CS("0x8000", CS64), "0fab23", 3, { { "[rbx]", 0x8a00, 4, R | W } } },
		{ PROT MACHINE_CS("0x100008000", CS32), "0103", 2,
		  { { "[ebx]", 0x8000, 4, R | W } } },
		{ PROT MACHINE_CS("0x8000", CS32), "60", 1, { { "stack", 0x4fe0, 32, W } } },
		/* A 16-bit segment by its D bit; and real mode. */
		{ PROT MACHINE("0x8000"), "0107", 2, { { "[bx]", 0x8000, 2, R | W } } },
		{ REAL MACHINE("0x18000"), "0107", 2, { { "[bx]", 0x8000, 2, R | W } } },
		{ REAL MACHINE("0x18000"), "50", 1, { { "stack", 0x4ffe, 2, W } } },
	};
	struct operands ops;
	char text[2048];
	struct loops ls;
	size_t i, o;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(text, sizeof(text), HEAD("instruction", "%s") "%s\n", cases[i].insn,
			 cases[i].mode);
		ls = parse(text);
		operands_of(&ls.loop[0], &ops);
		assert_string_equal(ops.op[0].text, "code");
		assert_int_equal(ops.op[0].linear, 0x7c00);
		assert_int_equal(ops.op[0].size, cases[i].code);
		for (o = 0; o < 3 && cases[i].op[o].size; o++) {
			if (o + 1 >= ops.nr || ops.op[o + 1].linear != cases[i].op[o].linear ||
			    ops.op[o + 1].size != cases[i].op[o].size ||
			    ops.op[o + 1].roles != cases[i].op[o].roles)
				fail_msg("%s: operand %zu of %zu: %s 0x%llx %u %u", cases[i].insn,
					 o, ops.nr - 1, ops.op[o + 1].text, ops.op[o + 1].linear,
					 ops.op[o + 1].size, ops.op[o + 1].roles);
			if (cases[i].op[o].text)
				assert_string_equal(ops.op[o + 1].text, cases[i].op[o].text);
		}
		assert_int_equal(ops.nr, o + 1);
		loops_free(&ls);
	}
}

static void no_machine(void **state)
{
	struct loops ls = parse(HEAD("instruction", "0103") REAL "\n");
	struct operands ops;

	(void)state;
	operands_of(&ls.loop[0], &ops);
	assert_int_equal(ops.nr, 0);
	loops_free(&ls);
}

static void delivery(void **state)
{
	struct loops ls = parse(HEAD("event-delivery", "cd20") " vector=32"
				LONG MACHINE_CS("0x8000", CS64) "\n");
	struct operands ops;

	(void)state;
	operands_of(&ls.loop[0], &ops);
	assert_int_equal(ops.nr, 2);
	assert_string_equal(ops.op[1].text, "IDT");
	assert_int_equal(ops.op[1].linear, 0x3200);
	assert_int_equal(ops.op[1].size, 16);
	loops_free(&ls);
}

static void says(const struct loop *l, size_t page, unsigned int roles, unsigned int level,
		 const char *names)
{
	struct explain_page to;
	char text[256] = "";
	struct explain e;
	size_t i;

	explain_loop(l, &e);
	explain_page(l, &e, &l->page[page], &to);
	for (i = 0; i < to.nr; i++) {
		strcat(text, i ? ", " : "");
		strcat(text, to.name[i]);
	}
	assert_string_equal(text, names);
	assert_int_equal(to.roles, roles);
	assert_int_equal(to.level, level);
}

static struct loops paged(const char *rbx)
{
	char text[2048];

	snprintf(text, sizeof(text), "%s%s%s",
		 HEAD_PAGES("instruction", "0103", "6") LONG " cpl=0 gpr=0x1,0x2,0x3,", rbx,
		 strstr(MACHINE_CS("", CS64), ",0x5000"));
	strcat(text, "\npage gfn=0x80 roles=table faults=2 level=4 for=code\n"
	       "page gfn=0x83 roles=table faults=2 level=1 for=code,rbx\n"
	       "page gfn=0x84 roles=table faults=2\n"
	       "page gfn=0x7 roles=fetch faults=2 level=0 for=code\n"
	       "page gfn=0x200 roles=read faults=2 level=0 for=rbx\n"
	       "page gfn=0x201 roles=write faults=2 level=0 for=-\n");
	return parse(text);
}

/* Without walks, what the record says; an operand goes by its own name. */
static void by_record(void **state)
{
	struct loops ls = paged("0x200000");
	const struct loop *l = &ls.loop[0];

	(void)state;
	says(l, 0, NPTB_ROLE_TABLE, 4, "code");
	says(l, 1, NPTB_ROLE_TABLE, 1, "code, [rbx]");
	says(l, 2, NPTB_ROLE_TABLE, 0, "");
	says(l, 3, NPTB_ROLE_FETCH, 0, "code");
	says(l, 4, NPTB_ROLE_READ | NPTB_ROLE_WRITE, 0, "[rbx]");
	says(l, 5, NPTB_ROLE_WRITE, 0, "");
	loops_free(&ls);
}

/* With walks every page of an operand that crosses one is known. */
static void by_walks(void **state)
{
	char answer[] =
		"walk addr=0x7c00 end=mapped gpa=0x7c00 level=1 tables=0x80,0x81,0x82,0x83\n"
		"walk addr=0x200ffe end=mapped gpa=0x200ffe level=1 tables=0x80,0x81,0x82,0x84\n"
		"walk addr=0x201001 end=mapped gpa=0x201001 level=1 tables=0x80,0x81,0x82,0x84\n";
	struct loops ls = paged("0x200ffe");
	struct loop *l = &ls.loop[0];

	(void)state;
	assert_int_equal(loop_add_walks(l, answer), 0);
	assert_int_equal(l->nr_walks, 3);
	says(l, 0, NPTB_ROLE_TABLE, 4, "code, [rbx]");
	says(l, 1, NPTB_ROLE_TABLE, 1, "code");
	says(l, 2, NPTB_ROLE_TABLE, 1, "[rbx]");
	says(l, 3, NPTB_ROLE_FETCH, 0, "code");
	says(l, 4, NPTB_ROLE_READ | NPTB_ROLE_WRITE, 0, "[rbx]");
	says(l, 5, NPTB_ROLE_READ | NPTB_ROLE_WRITE, 0, "[rbx]");
	loops_free(&ls);
}

static void bad_walks(void **state)
{
	static const char *const bad[] = {
		"walked addr=0x1\n", "walk\n", "walk addr=x\n", "walk end=mapped gpa=0x1\n",
		"walk addr=0x1 level=6\n", "walk addr=0x1 level=1 tables=0x1,\x7f\n",
		"walk addr=0x1 level=1 tables=0x1,0x2,0x3,0x4,0x5,0x6\n",
		"walk addr=0x1 level=5 tables=0x1,0x2\n", "\n",
	};
	struct loop l = { 0 };
	char text[128];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(text, sizeof(text), "%s", bad[i]);
		assert_int_equal(loop_add_walks(&l, text), -EBADMSG);
	}
	assert_int_equal(l.nr_walks, 0);
}

/* The command asks, with what tells the loop, for every page of every operand. */
static void asks(void **state)
{
	static const char request[] =
		"vcpu=0 rip=0x7c00 cr3=0x1000 addr=0x7c00 addr=0x200ffe addr=0x201001";
	struct loops ls = paged("0x200ffe");
	char file[512], got[512];

	(void)state;
	/* What follows the request in the file is the answer. */
	memset(file, ' ', sizeof(file));
	strcpy(file + strlen(request),
	       "walk addr=0x7c00 end=mapped gpa=0x7c00 level=1 tables=0x80,0x81,0x82,0x83\n");
	fake_write("nptbudget/vms/1-2/translate", file);
	explain_ask("1-2", &ls.loop[0]);
	assert_int_equal(ls.loop[0].nr_walks, 1);
	assert_int_equal(ls.loop[0].walk[0].table[3], 0x83);
	fake_read("nptbudget/vms/1-2/translate", got, sizeof(got));
	assert_memory_equal(got, request, strlen(request));
	loops_free(&ls);
	/* No such file, as an older module has none: nothing happens. */
	ls = paged("0x200ffe");
	explain_ask("3-4", &ls.loop[0]);
	assert_int_equal(ls.loop[0].nr_walks, 0);
	loops_free(&ls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operands),
		cmocka_unit_test(no_machine),
		cmocka_unit_test(delivery),
		cmocka_unit_test(by_record),
		cmocka_unit_test(by_walks),
		cmocka_unit_test(bad_walks),
		cmocka_unit_test_setup_teardown(asks, fake_setup, fake_teardown),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
