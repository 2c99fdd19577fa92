// SPDX-License-Identifier: GPL-2.0-only
/* The module's text formats: good, bad, cut off, and changed at random. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/disas.h"
#include "base/fields.h"
#include "view/loops.h"
#include "model/session.h"
#include "model/vmname.h"
#include "fake.h"

static void numbers(void **state)
{
	static const struct {
		const char *text;
		int err;
		unsigned long long value;
	} cases[] = {
		{ "0", 0, 0 }, { "007", 0, 7 }, { "4294967296", 0, 1ULL << 32 },
		{ "18446744073709551615", 0, ULLONG_MAX }, { "0x0", 0, 0 },
		{ "0xffffffffffffffff", 0, ULLONG_MAX }, { "0xAb", 0, 0xab },
		{ "18446744073709551616", -ERANGE, 0 }, { "0x10000000000000000", -ERANGE, 0 },
		{ "", -EINVAL, 0 }, { "-1", -EINVAL, 0 }, { "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 }, { "1 ", -EINVAL, 0 }, { "1k", -EINVAL, 0 },
		{ "0x", -EINVAL, 0 }, { "0xg", -EINVAL, 0 }, { "ff", -EINVAL, 0 },
		{ "1.5", -EINVAL, 0 }, { "\xb2", -EINVAL, 0 },
	};
	unsigned long long v;
	size_t i;
	int n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		v = 0;
		assert_int_equal(field_u64(cases[i].text, &v), cases[i].err);
		assert_true(v == cases[i].value);
	}
	assert_int_equal(field_int("-1", &n), 0);
	assert_int_equal(n, -1);
	assert_int_equal(field_int("2147483647", &n), 0);
	assert_int_equal(n, INT_MAX);
	assert_int_equal(field_int("2147483648", &n), -ERANGE);
	assert_int_equal(field_int("--1", &n), -EINVAL);
	assert_int_equal(field_int("-", &n), -EINVAL);
}

static void vm_names(void **state)
{
	static const char *const bad[] = {
		"", "-", "1", "1-", "-1", "1-2-3", "a-1", "1-a", "0-3", "01-3", "1-03", "+1-2",
		"1--2", " 1-2", "1-2 ", "2147483648-1", "1-2147483648", "99999999999-1", "1-2\n",
		"../1-2", "0x1-2", "1-2.", "1-2.1", "1-2.0", "1-2.02", "1-2.2.2", "1-2.x", "1.2-2",
		"1-.2",
	};
	struct vm_name n;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(vm_name_parse(bad[i], &n), -EINVAL);
	assert_int_equal(vm_name_parse("1-0", &n), 0);
	assert_int_equal(n.tid, 1);
	assert_int_equal(n.fd, 0);
	assert_int_equal(vm_name_parse("2147483647-2147483647", &n), 0);
	assert_int_equal(n.tid, INT_MAX);
	assert_int_equal(n.fd, INT_MAX);
	assert_int_equal(n.nth, 1);
	assert_int_equal(vm_name_parse("12-3.2", &n), 0);
	assert_int_equal(n.fd, 3);
	assert_int_equal(n.nth, 2);
}

static int parse(struct loops *ls, const char *text, unsigned int *bad_line)
{
	char *copy = strdup(text);
	int err;

	err = loops_parse(ls, copy, bad_line);
	free(copy);
	return err;
}

static void loops_good(void **state)
{
	unsigned int bad_line;
	struct loops ls;

	(void)state;
	assert_int_equal(parse(&ls, "", &bad_line), 0);
	assert_int_equal(ls.nr, 0);
	loops_free(&ls);

	assert_int_equal(parse(&ls, LOOP_ADD LOOP_IRET, &bad_line), 0);
	assert_int_equal(ls.nr, 2);
	assert_true(loop_is(&ls.loop[0], NPTB_LOOP_INSTRUCTION));
	assert_int_equal(ls.loop[0].vector, -1);
	assert_int_equal(ls.loop[0].rip, 0x7c00);
	assert_int_equal(ls.loop[0].laps, 41);
	assert_int_equal(ls.loop[0].budget, 1);
	assert_int_equal(ls.loop[0].insn_len, 2);
	assert_int_equal(ls.loop[0].insn[1], 0x37);
	assert_true(ls.loop[0].has_machine);
	assert_int_equal(ls.loop[0].gpr[15], 0xf);
	assert_int_equal(ls.loop[0].seg[LOOP_FS].base, 0x10000);
	assert_int_equal(ls.loop[0].seg[LOOP_GDTR].limit, 0x2f);
	assert_false(ls.loop[1].has_machine);
	assert_int_equal(ls.loop[0].nr, 2);
	assert_int_equal(ls.loop[0].page[1].gfn, 8);
	assert_int_equal(ls.loop[0].page[1].roles, NPTB_ROLE_WRITE);
	assert_int_equal(ls.loop[0].page[1].faults, 43);
	assert_true(loop_is(&ls.loop[1], NPTB_LOOP_EVENT));
	assert_int_equal(ls.loop[1].vector, 14);
	assert_int_equal(ls.loop[1].page[0].roles, NPTB_ROLE_FETCH | NPTB_ROLE_TABLE);
	assert_int_equal(ls.loop[1].page[1].as, 1);
	loops_free(&ls);
}

/* What a newer module adds is skipped. */
static void loops_newer(void **state)
{
	static const char text[] =
		"colour red\n"
		"loop class=nested vcpu=0 rip=0x1 laps=2 budget=3 pages=1 new=1 flag insn=-\n"
		"page gfn=0x1 roles=fetch,dance,read level=4 faults=2\n"
		"looped 1\n";
	unsigned int bad_line;
	struct loops ls;

	(void)state;
	assert_int_equal(parse(&ls, text, &bad_line), 0);
	assert_int_equal(ls.nr, 1);
	assert_string_equal(ls.loop[0].class, "nested");
	assert_int_equal(ls.loop[0].insn_len, 0);
	assert_false(ls.loop[0].has_mode);
	assert_int_equal(ls.loop[0].page[0].roles, NPTB_ROLE_FETCH | NPTB_ROLE_READ);
	loops_free(&ls);
}

#define HEAD "loop class=instruction vcpu=0 rip=0x1 laps=2 budget=3 "

static void loops_bad(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
	} cases[] = {
		{ HEAD "pages=0 cpl=4\n", 1 }, { HEAD "pages=0 gpr=0x1,0x2\n", 1 },
		{ HEAD "pages=0 cs=0x1:0x2:0x3\n", 1 }, { HEAD "pages=0 cs=0x1:0x2:0x3:x\n", 1 },
		{ HEAD "pages=0 cs=0x1:0x2:0x3:0x4:0x5\n", 1 }, { HEAD "pages=0 exact=x\n", 1 },
		{ HEAD "pages=1\npage gfn=0x1 level=x\n", 2 },
		{ "loop\n", 1 },
		{ "page gfn=0x1 faults=1\n", 1 },
		{ HEAD "\n", 1 },			/* no pages= */
		{ HEAD "pages=\n", 1 },
		{ HEAD "pages=x\n", 1 },
		{ HEAD "pages=1\n", 1 },		/* and no page */
		{ HEAD "pages=1\n" HEAD "pages=0\n", 2 },
		{ HEAD "pages=0\npage gfn=0x1\n", 2 },
		{ HEAD "pages=1\npage faults=1\n", 2 },
		{ HEAD "pages=1\npage gfn=-1\n", 2 },
		{ HEAD "pages=0 insn=0\n", 1 },
		{ HEAD "pages=0 insn=zz\n", 1 },
		{ HEAD "pages=0 insn=\n", 1 },
		{ HEAD "pages=0 insn=00112233445566778899aabbccddeeff\n", 1 },
		{ HEAD "pages=0 vector=x\n", 1 },
		{ HEAD "pages=0 truncated=2\n", 1 },
		{ HEAD "pages=0 vcpu=4294967296\n", 1 },
		{ HEAD "pages=0 class=\n", 1 },
		{ HEAD "pages=0 class=0123456789012345678901234567890123456789\n", 1 },
	};
	unsigned int bad_line;
	struct loops ls;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (parse(&ls, cases[i].text, &bad_line) != -EBADMSG)
			fail_msg("taken: %s", cases[i].text);
		assert_int_equal(bad_line, cases[i].line);
		loops_free(&ls);
	}
}

/* Print to nowhere, to see that nothing in it breaks. */
static void print_all(const struct loops *ls)
{
	FILE *null = fopen("/dev/null", "we");
	struct json_object *json;
	size_t i;

	assert_non_null(null);
	for (i = 0; i < ls->nr; i++) {
		loop_print(null, "1-2", "vmm", &ls->loop[i]);
		loop_print_short(null, &ls->loop[i]);
	}
	fclose(null);
	json = loops_json(ls);
	assert_non_null(json_object_to_json_string(json));
	json_object_put(json);
}

static void report_text(char *text, unsigned int *bad_line)
{
	struct report r;
	int err = report_parse(&r, text, bad_line);
	size_t i;

	assert_true(!err || err == -EBADMSG);
	for (i = 0; i < r.nr; i++)
		print_all(&r.vm[i].loops);
	report_free(&r);
}

#define REPORT "vm 12-3 ended\n" STATS LOOP_ADD LOOP_IRET "vm 12-4 alive\n" STATS "vm 13-4 alive\n"

static void cut_off(void **state)
{
	size_t len = strlen(REPORT), cut;
	unsigned int bad_line;
	char *copy;

	(void)state;
	for (cut = 0; cut <= len; cut++) {
		copy = strndup(REPORT, cut);
		report_text(copy, &bad_line);
		free(copy);
	}
}

static void changed_at_random(void **state)
{
	static const char bytes[] = " =,-\n0x19afz\t\xff\x7f";
	size_t len = strlen(REPORT);
	unsigned int bad_line, i, n;
	char *copy;

	(void)state;
	srand(20240229);
	for (i = 0; i < 20000; i++) {
		copy = strdup(REPORT);
		for (n = (unsigned int)rand() % 8 + 1; n; n--)
			copy[(size_t)rand() % len] = bytes[(size_t)rand() % (sizeof(bytes) - 1)];
		report_text(copy, &bad_line);
		free(copy);
	}
}

static void reports(void **state)
{
	static const char *const bad[] = {
		"vm 1-2\n", "vm x alive\n", "vm 1-2 alive\nfaults\n",
		"vm 1-2 alive\nfaults x\n", "vm 1-2 alive\nfaults -1\n",
		"vm 1-2 alive\nfaults=3\n", "vm 1-2 alive\nloop\n",
		"vm 1-2 alive\npage gfn=0x1\n", "vm 1-2 alive\n" HEAD "pages=1\nvm 1-3 alive\n",
	};
	unsigned long long v;
	unsigned int bad_line;
	struct report r;
	char *copy;
	size_t i;

	(void)state;
	copy = strdup("pid=1 budget=3\n" REPORT);
	assert_int_equal(report_parse(&r, copy, &bad_line), 0);
	free(copy);
	assert_int_equal(r.nr, 3);
	assert_false(r.vm[0].alive);
	assert_int_equal(r.vm[0].loops.nr, 2);
	assert_true(stats_get(&r.vm[0].stats, "evictions", &v));
	assert_int_equal(v, 82);
	assert_false(stats_get(&r.vm[2].stats, "evictions", &v));
	assert_int_equal(report_alive(&r), 2);
	report_free(&r);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		copy = strdup(bad[i]);
		if (report_parse(&r, copy, &bad_line) != -EBADMSG)
			fail_msg("taken: %s", bad[i]);
		report_free(&r);
		free(copy);
	}
}

static void lends(void **state)
{
	static const char *const bad[] = {
		"lends x\n", "lends refused=1\n", "lends opcode=48cf refused=x\n",
		"lends opcode=48cf refused\n",
	};
	char text[] = "vm 1-2 ended\nfaults 3\n"
		"lends opcode=48cf refused=20 lends=19 pages=40 peak=12 new=1\n"
		"lends vector=14 refused=0 lends=42 pages=200 peak=9\n"
		"lends opcode=- refused=1 lends=0 pages=0 peak=0\n"
		"lends other=1 refused=0 lends=3 pages=9 peak=3\n";
	struct json_object *obj;
	unsigned int bad_line;
	struct report r;
	char out[512];
	FILE *to;
	size_t i;

	(void)state;
	assert_int_equal(report_parse(&r, text, &bad_line), 0);
	assert_int_equal(r.vm[0].lends.nr, 4);
	obj = lends_json(&r.vm[0].lends);
	assert_string_equal(json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN),
			    "[{\"opcode\":\"48cf\",\"refused\":20,\"lends\":19,\"pages\":40,\"peak\":12},"
			    "{\"vector\":14,\"refused\":0,\"lends\":42,\"pages\":200,\"peak\":9},"
			    "{\"opcode\":\"-\",\"refused\":1,\"lends\":0,\"pages\":0,\"peak\":0},"
			    "{\"refused\":0,\"lends\":3,\"pages\":9,\"peak\":3}]");
	json_object_put(obj);
	memset(out, 0, sizeof(out));
	to = fmemopen(out, sizeof(out), "w");
	lends_print(to, &r.vm[0].lends);
	fclose(to);
	assert_string_equal(out, "  vector 14: lent pages 42 times, at most 9\n"
			    "  opcode 48cf: lent pages 19 times, at most 12; not emulated 20 times\n"
			    "  other: lent pages 3 times, at most 3\n"
			    "  opcode -: lent pages 0 times, at most 0; not emulated 1 times\n");
	report_free(&r);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		char line[128];

		snprintf(line, sizeof(line), "vm 1-2 alive\n%s", bad[i]);
		if (report_parse(&r, line, &bad_line) != -EBADMSG)
			fail_msg("taken: %s", bad[i]);
		report_free(&r);
	}
}

static void many_stats(void **state)
{
	struct stats s = { 0 };
	char line[64];
	int i;

	(void)state;
	for (i = 0; i < 2 * STATS_MAX; i++) {
		snprintf(line, sizeof(line), "counter%d %d", i, i);
		assert_int_equal(stats_add_line(&s, line), 0);
	}
	assert_int_equal(s.nr, STATS_MAX);
	strscpy(line, "counter0 9 new words", sizeof(line));
	assert_int_equal(stats_add_line(&s, line), 0);
	assert_int_equal(s.value[0], 9);
	strscpy(line, "a_name_that_is_longer_than_any_counters 1", sizeof(line));
	assert_int_equal(stats_add_line(&s, line), -EBADMSG);
}

/* Modes and disassembly. */
static void disassembly(void **state)
{
	static const struct {
		unsigned long long cr0, efer, rflags;
		const char *insn, *text, *mode;
	} cases[] = {
		{ 0x10, 0, 2, "0130", "add [bx+si], si", "real mode" },
		{ 0x11, 0, 2, "0118", "add [eax], ebx", "protected mode" },
		{ 0x80000011, 0, 2, "0118", "add [eax], ebx", "protected mode, paging" },
		{ 0x11, 0, 0x20002, "0130", "add [bx+si], si", "virtual-8086 mode" },
		{ 0x80000011, 0xd00, 2, "480118", "add [rax], rbx", "long mode" },
		{ 0x80000011, 0xd00, 2, "488918", "mov [rax], rbx", "long mode" },
		{ 0x80000011, 0xd00, 2, "488b18", "mov rbx, [rax]", "long mode" },
		{ 0x80000011, 0xd00, 2, "f00fb118", "lock cmpxchg [rax], ebx", "long mode" },
		{ 0x80000011, 0xd00, 2, "ff10", "call [rax]", "long mode" },
		{ 0x80000011, 0xd00, 2, "48a5", "movsq", "long mode" },
		{ 0x80000011, 0xd00, 2, "ff30", "push [rax]", "long mode" },
		{ 0x80000011, 0xd00, 2, "8f00", "pop [rax]", "long mode" },
		{ 0x80000011, 0xd00, 2, "0f0b", "ud2", "long mode" },
		{ 0x80000011, 0xd00, 2, "0fff", "", "long mode" },
		{ 0x80000011, 0xd00, 2, "48", "", "long mode" },
	};
	char line[256];
	unsigned int bad_line;
	struct disas d;
	struct loops ls;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(line, sizeof(line),
			 HEAD "pages=0 cr0=0x%llx efer=0x%llx rflags=0x%llx insn=%s\n",
			 cases[i].cr0, cases[i].efer, cases[i].rflags, cases[i].insn);
		assert_int_equal(parse(&ls, line, &bad_line), 0);
		disas_loop(&ls.loop[0], &d);
		assert_string_equal(d.text, cases[i].text);
		assert_string_equal(d.mode, cases[i].mode);
		loops_free(&ls);
	}
}

static void printable(void **state)
{
	char text[] = "a\x1b[31m\xc3\xa4~\x7f";

	(void)state;
	field_printable(text);
	assert_string_equal(text, "a?[31m??~?");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(vm_names),
		cmocka_unit_test(loops_good),
		cmocka_unit_test(loops_newer),
		cmocka_unit_test(loops_bad),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(changed_at_random),
		cmocka_unit_test(reports),
		cmocka_unit_test(lends),
		cmocka_unit_test(many_stats),
		cmocka_unit_test(disassembly),
		cmocka_unit_test(printable),
	};

	return cmocka_run_group_tests_name("formats", tests, NULL, NULL);
}
