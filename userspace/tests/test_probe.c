// SPDX-License-Identifier: GPL-2.0-only
/* The probe without KVM: tables, predictor, writers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "probe/row.h"
#include "base/util.h"
#include "fake.h"

static const struct probe_case *case_named(const char *name)
{
	const struct probe_case *const *c;

	probe_for_each_case(c)
		if (!strcmp((*c)->name, name))
			return *c;
	fail_msg("no case %s", name);
	return NULL;
}

static uint64_t read_entry(const struct probe_layout *l, uint64_t table, uint64_t index)
{
	const struct probe_frame *f = probe_frame_at(l, table);
	uint64_t entry = 0;

	assert_non_null(f);
	memcpy(&entry, f->data + index * l->m->entry, l->m->entry);
	return entry;
}

/* A walk by the manual alone: AMD64 APM volume 2, chapter 5. */
static uint64_t walk(const struct probe_layout *l, uint64_t lin)
{
	unsigned int i, bits = 9, shift, last = probe_page_shift(l->m);
	uint64_t table = l->cr3, entry = 0;

	if (!l->m->nlevels)
		return lin;
	for (i = 0; i < l->m->nlevels; i++) {
		shift = l->m->levels[i].shift;
		if (l->m->entry == 4)
			bits = 10;
		else
			bits = shift == 30 && l->m->bits == 32 ? 2 : 9;
		entry = read_entry(l, table, (lin >> shift) & ((1ULL << bits) - 1));
		assert_true(entry & 1);
		if (shift == last)
			break;
		assert_false(shift != 30 && (entry & 0x80));
		table = entry & 0xffffffffff000ULL;
	}
	assert_int_equal(!!(entry & 0x80), last > 12);
	return (entry & 0xffffffffff000ULL & ~((1ULL << last) - 1)) | (lin & ((1ULL << last) - 1));
}

static void check_layout(const struct probe_layout *l)
{
	unsigned int i, j;

	for (i = 0; i < l->npages; i++) {
		assert_true(walk(l, l->page[i].lin + 0x123) == l->page[i].gpa + 0x123);
		if (l->m->bits == 16)
			assert_true(l->page[i].lin < 0x100000);
		if (l->m->bits == 32)
			assert_true(l->page[i].lin < 0x100000000ULL);
		for (j = 0; j < i; j++) {
			assert_true(l->page[i].lin != l->page[j].lin);
			if (!l->c->code_in_table)
				assert_true(l->page[i].gpa != l->page[j].gpa);
		}
	}
	for (i = 1; i < l->nframes; i++)
		assert_true(l->frame[i].gpa > l->frame[i - 1].gpa);
	/* A host has at least 36 bits of physical address. */
	assert_true(l->frame[l->nframes - 1].gpa < 1ULL << 36);
	for (i = 0; i < l->insn_len; i++)
		assert_int_equal(probe_peek(l, l->memory, l->part[P_CODE].lin + i, 1),
				 probe_text(l->c->text, l->m)->code[i]);
}

static void tables(void **state)
{
	const struct probe_case *const *c;
	static struct probe_layout l;
	unsigned int m, pairs = 0;

	(void)state;
	probe_for_each_case(c)
		for (m = 0; m < M_NR; m++) {
			if (!probe_fits(*c, &probe_modes[m]))
				continue;
			assert_int_equal(probe_layout(&l, *c, &probe_modes[m]), 0);
			check_layout(&l);
			probe_layout_free(&l);
			pairs++;
		}
	assert_true(pairs >= 120);
}

static bool shared(const struct probe_layout *l, unsigned int level, unsigned int a,
		   unsigned int b)
{
	return probe_table_at(l, level, l->page[a].lin) ==
	       probe_table_at(l, level, l->page[b].lin);
}

/* In the worst spread two halves share the root and nothing else. */
static void spread(void **state)
{
	static const enum probe_mode_id far[] = { M_32F, M_LONGF, M_LONG_2MF, M_LONG_1GF, M_LA57F };
	static struct probe_layout l;
	unsigned int i, j, k, level;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(far); i++) {
		assert_int_equal(probe_layout(&l, case_named("movsd"), &probe_modes[far[i]]), 0);
		for (j = 0; j < l.npages; j++)
			for (k = 0; k < j; k++)
				for (level = 1; level < l.m->nlevels; level++)
					if (l.page[j].part <= P_DI && l.page[k].part <= P_DI)
						assert_false(shared(&l, level, j, k));
		probe_layout_free(&l);
	}
}

static const struct probe_paging npt, npt0 = { .shadow = true };

/* What theory says of a case must be these roles. Return: how many pages. */
static unsigned int predicted(const char *name, enum probe_mode_id mode,
			      struct probe_paging paging, const char *want)
{
	static struct probe_layout l;
	static struct probe_need need;
	struct probe_roles roles;
	char text[64];

	assert_int_equal(probe_layout(&l, case_named(name), &probe_modes[mode]), 0);
	l.paging = paging;
	assert_int_equal(probe_predict(&l, &need), 0);
	probe_need_roles(&need, &roles);
	assert_string_equal(probe_roles_text(&roles, text, sizeof(text)), want);
	probe_layout_free(&l);
	return roles.pages;
}

/* Counted by hand. */
static void predictions(void **state)
{
	static const struct {
		const char *name;
		enum probe_mode_id mode;
		unsigned int pages;
		const char *roles;
	} want[] = {
		{ "nop", M_REAL, 1, "1F" },
		{ "nop", M_LONG, 5, "1F 4T" },
		{ "nop", M_LA57, 6, "1F 5T" },
		{ "add", M_PROT, 2, "1F 1RW" },
		{ "add_own", M_PROT, 1, "1F" },
		{ "store_split", M_REAL, 3, "1F 2W" },
		{ "movsd", M_REAL, 6, "2F 2R 2W" },
		{ "movsd", M_32, 8, "2F 2R 2W 2T" },
		{ "movsd", M_32F, 13, "2F 2R 2W 7T" },
		{ "movsd", M_PAE, 9, "2F 2R 2W 3T" },
		{ "movsd", M_PAEF, 17, "2F 2R 2W 11T" },
		{ "movsd", M_LONG, 10, "2F 2R 2W 4T" },
		{ "movsd", M_LONGF, 25, "2F 2R 2W 19T" },
		{ "movsd", M_LONG_2MF, 19, "2F 2R 2W 13T" },
		{ "movsd", M_LONG_1GF, 13, "2F 2R 2W 7T" },
		{ "movsd", M_LA57F, 31, "2F 2R 2W 25T" },
		{ "record_32", M_PROT, 16, "2F 12R 2W" },
		{ "record_64", M_LONGF, 49, "2F 8R 2W 37T" },
		{ "record_64", M_LA57F, 61, "2F 8R 2W 49T" },
		/* The largest step counts, not the sum. */
		{ "rep_movsb", M_PROT, 3, "1F 1R 1W" },
		{ "rep_movsd", M_PROT, 5, "1F 2R 2W" },
		/* The delivery alone is more than the fetch. */
		{ "int_same_split", M_PROT, 6, "4R 2W" },
		/* The first use of a page that is several things. */
		{ "code_is_table", M_LONG, 4, "4T" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(want); i++)
		assert_int_equal(predicted(want[i].name, want[i].mode, npt, want[i].roles),
				 want[i].pages);
}

/* Without nested paging KVM walks the tables: they are no leaves of the guest. */
static void shadow(void **state)
{
	static const struct {
		const char *name;
		enum probe_mode_id mode;
		const char *roles;
	} want[] = {
		{ "movsd", M_LONGF, "2F 2R 2W" }, { "code_is_table", M_LONG, "1F" },
		{ "paging_long", M_PROT, "1F 1W" }, { "add", M_REAL, "1F 1RW" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(want); i++)
		predicted(want[i].name, want[i].mode, npt0, want[i].roles);
}

/* What VT-x has differently: PAE's root; unpaged guests without "unrestricted guest". */
static void on_vmx(void **state)
{
	static const struct probe_paging ept = { .pdptes = true };
	static const struct probe_paging restricted = { .pdptes = true, .restricted = true };
	static const struct probe_paging ept0 = { .shadow = true, .restricted = true };
	static const struct {
		struct probe_paging paging;
		const char *name;
		enum probe_mode_id mode;
		const char *roles;
	} want[] = {
		{ ept, "movsd", M_PAE, "2F 2R 2W 2T" }, { ept, "movsd", M_PAEF, "2F 2R 2W 10T" },
		{ ept, "movsd", M_PAE_2M, "2F 2R 2W 1T" }, { ept, "movsd", M_LONG, "2F 2R 2W 4T" },
		{ ept, "mov_cr3", M_PAE, "1F 3T" }, { ept, "mov_cr3", M_32, "1F 2T" },
		{ ept, "mov_cr3", M_LONG, "1F 4T" }, { ept, "paging_pae", M_PROT, "1F 2T" },
		{ ept, "nop", M_PROT, "1F" }, { ept, "rm_int", M_REAL_64K, "1R 1W" },
		{ restricted, "nop", M_PROT, "1F 1T" },
		{ restricted, "movsd", M_PROT, "2F 2R 2W 1T" },
		{ restricted, "movsd", M_LONG, "2F 2R 2W 4T" }, { restricted, "add", M_REAL, "" },
		{ restricted, "rm_add", M_REAL_64K, "1F 1RW 1T" },
		{ restricted, "rm_int", M_REAL_64K, "1F 1T" },
		{ ept0, "add", M_REAL, "" }, { ept0, "nop", M_PROT, "1F" },
		{ ept0, "movsd", M_LONG, "2F 2R 2W" }, { ept0, "rm_add", M_REAL_64K, "1F 1RW" },
		{ ept0, "rm_out", M_REAL_64K, "1F 1R" },
		{ restricted, "rm_out", M_REAL_64K, "1F 1R 1T" },
		{ restricted, "paging_32", M_PROT, "1F 1W 1T" },
		{ restricted, "paging_long", M_PROT, "1F 4T" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(want); i++)
		predicted(want[i].name, want[i].mode, want[i].paging, want[i].roles);
}

static void formulas(void **state)
{
	static const struct {
		const char *text;
		int err;
		unsigned int pages;
	} cases[] = {
		{ "code", 0, 1 }, { " code  +  bp ", 0, 2 }, { "code+bp:w", 0, 2 },
		{ "code | bp", 0, 1 }, { "code | code + bp | code", 0, 2 },
		{ "bp/1:w + code", 0, 2 }, { "bp:w/1", 0, 1 }, { "code + stack", 0, 1 },
		{ "", -EINVAL, 0 }, { "code +", -EINVAL, 0 }, { "what", -EINVAL, 0 },
		{ "code:x", -EINVAL, 0 }, { "code bp", -EINVAL, 0 }, { "code |", -EINVAL, 0 },
		{ "codex", -EINVAL, 0 }, { "cod", -EINVAL, 0 },
	};
	static struct probe_layout l;
	static struct probe_need need;
	struct probe_case c = *case_named("add");
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		c.needs = cases[i].text;
		assert_int_equal(probe_layout(&l, &c, &probe_modes[M_PROT]), 0);
		assert_int_equal(probe_predict(&l, &need), cases[i].err);
		if (!cases[i].err)
			assert_int_equal(need.n, cases[i].pages);
		probe_layout_free(&l);
	}
	c.needs = NULL;
	assert_int_equal(probe_layout(&l, &c, &probe_modes[M_PROT]), 0);
	assert_int_equal(probe_predict(&l, &need), -EINVAL);
	probe_layout_free(&l);
}

/* Every formula of the catalogue can be read, and needs something. */
static void all_formulas(void **state)
{
	const struct probe_case *const *c;
	static struct probe_layout l;
	static struct probe_need need;
	unsigned int m;

	(void)state;
	probe_for_each_case(c)
		for (m = 0; m < M_NR; m++) {
			if (!probe_fits(*c, &probe_modes[m]))
				continue;
			assert_int_equal(probe_layout(&l, *c, &probe_modes[m]), 0);
			if (probe_predict(&l, &need) || !need.n)
				fail_msg("%s in %s: %s", (*c)->name, probe_modes[m].name,
					 probe_formula(&l));
			probe_layout_free(&l);
		}
}

static void same_pages(void **state)
{
	struct loop_page page[2] = { { .gfn = 0x10, .roles = NPTB_ROLE_FETCH },
				     { .gfn = 0x20, .roles = NPTB_ROLE_READ } };
	struct loop loop = { .nr = 2, .page = page };
	static struct probe_need need = {
		.n = 2, .gpa = { 0x20000, 0x10000 }, .role = { NPTB_ROLE_READ, NPTB_ROLE_FETCH },
	};

	(void)state;
	assert_true(probe_same_pages(&loop, &need));
	page[1].roles = NPTB_ROLE_WRITE;
	assert_false(probe_same_pages(&loop, &need));
	/* Where theory has two roles, either will do. */
	need.role[0] = NPTB_ROLE_READ | NPTB_ROLE_WRITE;
	assert_true(probe_same_pages(&loop, &need));
	page[1].roles = NPTB_ROLE_FETCH;
	assert_false(probe_same_pages(&loop, &need));
	page[1].roles = NPTB_ROLE_READ;
	assert_true(probe_same_pages(&loop, &need));
	page[1].gfn = 0x21;
	assert_false(probe_same_pages(&loop, &need));
	loop.nr = 1;
	assert_false(probe_same_pages(&loop, &need));
	/* A page more than theory has. */
	loop.nr = 2;
	need.n = 1;
	need.gpa[0] = 0x10000;
	need.role[0] = NPTB_ROLE_FETCH;
	assert_false(probe_same_pages(&loop, &need));
}

/* A measurement as it might be. */
static void fake_measure(struct probe_measure *x, struct probe_layout *l)
{
	static struct loop_page page[3];

	memset(x, 0, sizeof(*x));
	x->c = case_named("load_split");
	x->m = &probe_modes[M_PROT];
	assert_int_equal(probe_layout(l, x->c, x->m), 0);
	assert_int_equal(probe_predict(l, &x->need), 0);
	probe_need_roles(&x->need, &x->predicted);
	x->roles = x->predicted;
	page[0] = (struct loop_page) { .gfn = 0x10, .roles = NPTB_ROLE_FETCH };
	page[1] = (struct loop_page) { .gfn = 0x1f, .roles = NPTB_ROLE_READ };
	page[2] = (struct loop_page) { .gfn = 0x20, .roles = NPTB_ROLE_READ };
	x->loop.nr = 3;
	x->loop.page = page;
	x->min = 3;
	x->agrees = true;
	x->same = true;
	x->touched = 3;
	x->faults = 3;
	x->nr = 3;
	x->outcome[1] = (struct probe_outcome) { .budget = 2, .end = VMM_LOOP, .vector = -1,
						 .class = "instruction", .pages = 3 };
}

/* What a table in memory came to; to be freed. */
struct table {
	FILE *f;
	char *text;
	size_t size;
};

static void table_open(struct table *t)
{
	*t = (struct table) { 0 };
	t->f = open_memstream(&t->text, &t->size);
	assert_non_null(t->f);
}

static void table_is(struct table *t, const char *text)
{
	fclose(t->f);
	assert_string_equal(t->text, text);
	free(t->text);
}

static void csv(void **state)
{
	static struct probe_measure x;
	static struct probe_layout l;
	struct table t;
	struct row row;

	(void)state;
	fake_measure(&x, &l);
	row_make(&x, &row);
	table_open(&t);
	row_csv_head(t.f);
	row_csv(t.f, &row);
	strcpy(row.field[ROW_WHY], "a \"b\", c");
	row_csv(t.f, &row);
	table_is(&t,
		"case,family,mode,result,pages,roles,theory,theory_roles,agrees,same,below,touched,faults,steps,emulated,false_loops,why\n"
		"load_split,one operand,prot,done,3,1F 2R,3,1F 2R,yes,yes,instruction,3,3,-,0,0,-\n"
		"load_split,one operand,prot,done,3,1F 2R,3,1F 2R,yes,yes,instruction,3,3,-,0,0,\"a \"\"b\"\", c\"\n");
	probe_layout_free(&l);
}

static void markdown(void **state)
{
	static struct probe_measure x;
	static struct probe_layout l;
	struct table t;
	struct row row;

	(void)state;
	fake_measure(&x, &l);
	x.agrees = false;
	x.outcome[1].vector = 32;
	strcpy(x.outcome[1].class, "event|x");
	row_make(&x, &row);
	table_open(&t);
	row_markdown_head(t.f, "one operand");
	row_markdown(t.f, &row);
	table_is(&t,
		"\n## one operand\n\n"
		"| case | mode | pages | roles | theory | agrees | below | steps |\n"
		"| --- | --- | --- | --- | --- | --- | --- | --- |\n"
		"| load_split | prot | 3 | 1F 2R | 3 | no | event\\|x 32 | - |\n");
	probe_layout_free(&l);
}

static struct json_object *get(struct json_object *obj, const char *key)
{
	struct json_object *value = NULL;

	assert_true(json_object_object_get_ex(obj, key, &value));
	return value;
}

static void json(void **state)
{
	static struct probe_measure x;
	static struct probe_layout l;
	struct json_object *obj, *page;
	struct row row;

	(void)state;
	fake_measure(&x, &l);
	row_make(&x, &row);
	obj = row_json(&x, &l, &row);
	assert_int_equal(json_object_get_int(get(obj, "pages")), 3);
	assert_int_equal(json_object_get_type(get(obj, "pages")), json_type_int);
	assert_string_equal(json_object_get_string(get(obj, "mode")), "prot");
	assert_int_equal(json_object_array_length(get(obj, "budgets")), 3);
	assert_int_equal(json_object_array_length(get(obj, "measured_pages")), 3);
	page = json_object_array_get_idx(get(obj, "measured_pages"), 1);
	assert_string_equal(json_object_get_string(get(page, "what")), "bx.1");
	assert_string_equal(json_object_get_string(get(page, "gpa")), "0x1f000");
	json_object_put(obj);

	/* What is not known is there, as the page says. */
	strcpy(row.field[ROW_THEORY], "-");
	obj = row_json(&x, &l, &row);
	assert_documented("probe", json_object_to_json_string(obj));
	assert_string_equal(json_at(obj, "theory"), "null");
	json_object_put(obj);

	/* A mode whose name is a number stays a string. */
	x.m = &probe_modes[M_32];
	row_make(&x, &row);
	obj = row_json(&x, &l, &row);
	assert_int_equal(json_object_get_type(get(obj, "mode")), json_type_string);
	json_object_put(obj);
	probe_layout_free(&l);
}

static void not_measured(void **state)
{
	static struct probe_measure x;
	static struct probe_layout l;
	struct probe_sum sum = { 0 };
	struct row row;

	(void)state;
	fake_measure(&x, &l);
	row_sum(&sum, &x);
	x.status = PROBE_SKIPPED;
	strcpy(x.why, "no such mode here");
	row_make(&x, &row);
	row_sum(&sum, &x);
	assert_string_equal(row.field[ROW_RESULT], "skipped");
	assert_string_equal(row.field[ROW_PAGES], "-");
	assert_string_equal(row.field[ROW_WHY], "no such mode here");
	x.status = PROBE_FAILED;
	row_make(&x, &row);
	row_sum(&sum, &x);
	assert_string_equal(row.field[ROW_RESULT], "failed");
	x.status = PROBE_OK;
	x.same = false;
	strcpy(x.differs, "memory, bx.1 at offset 0x4");
	row_make(&x, &row);
	row_sum(&sum, &x);
	assert_string_equal(row.field[ROW_SAME], "no");
	assert_non_null(strstr(row.field[ROW_WHY], "bx.1"));
	assert_int_equal(sum.done, 2);
	assert_int_equal(sum.same, 1);
	assert_int_equal(sum.skipped, 1);
	assert_int_equal(sum.failed, 1);
	assert_int_equal(sum.most, 3);
	probe_layout_free(&l);
}

static void usage(void **state)
{
	static struct result r;

	(void)state;
	WRONG("no case 'nosuch'", "probe", "nosuch");
	WRONG("no case 'nosuch'", "probe", "add", "nosuch");
	WRONG("no mode 'nosuch'", "probe", "--mode", "nosuch");
	WRONG("needs an argument", "probe", "--mode");
	WRONG("no case to run in mode real", "probe", "movsq", "--mode", "real");
	WRONG("not a name", "probe", "--policy", "a b");
	WRONG("unknown option", "probe", "--nosuch");
	WRONG("takes no argument", "probe", "--json=x");
	WRONG("exclude each other", "probe", "--report", "x", "--json");
	WRONG("exclude each other", "probe", "--explain", "add", "--csv");
	WRONG("exclude each other", "probe", "--explain", "add", "--report", "x");
	WRONG("exclude each other", "probe", "--list", "--json");
	WRONG("is too much", "probe", "--explain", "add", "movsd");

	COMMAND(&r, "probe", "--list");
	assert_int_equal(r.status, EXIT_DONE);
	assert_has(r.out, "record_32");
	assert_has(r.out, "la57-1g-far");
	COMMAND(&r, "probe", "--list", "--mode", "real", "movsd");
	assert_has(r.out, "\n1 cases, 1 pairs");
	COMMAND(&r, "probe", "--help");
	assert_int_equal(r.status, EXIT_DONE);
	assert_has(r.out, "--explain");
}

/* Neither module nor KVM: one line that says what to do. */
static void no_host(void **state)
{
	static struct result r;

	(void)state;
	setenv("NPTBUDGET_DEBUGFS", "/nonexistent", 1);
	COMMAND(&r, "probe", "nop");
	assert_int_equal(r.status, EXIT_FAILED);
	assert_string_equal(r.out, "");
	assert_true(*r.err);
	unsetenv("NPTBUDGET_DEBUGFS");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables),
		cmocka_unit_test(spread),
		cmocka_unit_test(predictions),
		cmocka_unit_test(shadow),
		cmocka_unit_test(on_vmx),
		cmocka_unit_test(formulas),
		cmocka_unit_test(all_formulas),
		cmocka_unit_test(same_pages),
		cmocka_unit_test(csv),
		cmocka_unit_test(markdown),
		cmocka_unit_test(json),
		cmocka_unit_test(not_measured),
		cmocka_unit_test(usage),
		cmocka_unit_test(no_host),
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
