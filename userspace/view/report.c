// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "view/report.h"

static const char *const classes[] = NPTB_LOOP_CLASS_NAMES;

/* The counts that two recordings are compared by. */
static const struct {
	const char *name, *text;
	size_t at;
} counts[] = {
	{ "faults", "faults", offsetof(struct analysis, faults) },
	{ "mapped", "pages mapped", offsetof(struct analysis, verdict[NPTB_VERDICT_MAPPED]) },
	{ "evictions", "evictions", offsetof(struct analysis, evictions) },
	{ "own_evictions", "of the attempt's own", offsetof(struct analysis, own) },
	{ "flushes", "flushes of all", offsetof(struct analysis, flushes) },
	{ "loop_reports", "loop reports", offsetof(struct analysis, reports) },
	{ "peak", "most resident pages", offsetof(struct analysis, peak) },
	{ "first_touches", "pages mapped first", offsetof(struct analysis, first) },
};

static uint64_t count(const struct analysis *a, size_t i)
{
	uint64_t n;

	memcpy(&n, (const char *)a + counts[i].at, sizeof(n));
	return n;
}

static double seconds(const struct recording *r)
{
	return (double)(r->last_ns - r->first_ns) / 1e9;
}

static size_t shown(const struct report_of *p, const struct index *t)
{
	return t->nr < p->top ? t->nr : p->top;
}

static const char *place(const struct report_of *p, uint64_t rip, char *text, size_t size)
{
	const char *name = p->symbols ? symbols_name(p->symbols, rip, text, size) : NULL;

	return name ? name : "";
}

static unsigned int vcpus_of(const struct page_stat *page)
{
	return (unsigned int)__builtin_popcountll(page->vcpus);
}

/* Names of all roles, with a comma between. */
static const char *roles_text(uint32_t roles, char *text, size_t size)
{
	size_t i, at = 0;

	*text = '\0';
	for (i = 0; i < ROLE_NR; i++)
		if (roles & BIT(i))
			at += (size_t)snprintf(text + at, size - at, "%s%s", at ? "," : "",
					       analysis_roles[i]);
	return text;
}

static const char *hex(const uint8_t *bytes, size_t nr, char *text)
{
	size_t i;

	strcpy(text, "-");
	for (i = 0; i < nr; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	return text;
}

static void text_head(const struct report_of *p)
{
	const struct recording *r = &p->r;
	size_t i;

	printf("%s: %" PRIu64 " events in %.3f s", r->path, r->events, seconds(r));
	if (r->noted)
		printf(", kernel %s, %s, module %s", r->kernel, r->cpu, r->module);
	printf("\n");
	for (i = 0; i < r->nr; i++)
		printf("  VM %s%s%s: %" PRIu64 " faults%s%s%s%s\n", r->vm[i].name,
		       *r->vm[i].comm ? " " : "", r->vm[i].comm, r->vm[i].faults,
		       *r->vm[i].budget ? ", budget " : "", r->vm[i].budget,
		       *r->vm[i].policy ? ", policy " : "", r->vm[i].policy);
}

static void text_counts(const struct report_of *p)
{
	const double all = p->a.faults ? (double)p->a.faults : 1;
	size_t i;

	printf("\n");
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		printf("  %-22s%14" PRIu64 "\n", counts[i].text, count(&p->a, i));
	printf("  %-22s%14zu, %" PRIu64 " of several vCPUs\n", "pages seen", p->a.pages.nr,
	       p->shared);
	printf("\nFaults by role\n");
	for (i = 0; i < ROLE_NR; i++)
		printf("  %-22s%14" PRIu64 "  %5.1f%%\n", analysis_roles[i], p->a.role[i],
		       100 * (double)p->a.role[i] / all);
	printf("\nFaults by how they ended\n");
	for (i = 0; i < VERDICTS; i++)
		if (p->a.verdict[i])
			printf("  %-22s%14" PRIu64 "  %5.1f%%\n", rec_verdict((unsigned int)i),
			       p->a.verdict[i], 100 * (double)p->a.verdict[i] / all);
}

static void text_tables(const struct report_of *p)
{
	char text[160], bytes[2 * NPTB_INSN_MAX + 2];
	size_t i;

	printf("\nPages with most faults\n  %-16s %-18s %10s %10s %6s  %s\n", "VM", "frame",
	       "faults", "evictions", "vCPUs", "roles");
	for (i = 0; i < shown(p, &p->a.pages); i++) {
		const struct page_stat *s = index_at(&p->a.pages, i);

		printf("  %-16s 0x%-16" PRIx64 " %10u %10u %6u  %s%s\n",
		       p->r.vm[page_vm(s->key)].name, page_gfn(s->key), s->faults, s->evictions,
		       vcpus_of(s), roles_text(s->role, text, sizeof(text)),
		       page_as(s->key) ? ", SMM" : "");
	}
	printf("\nRIPs with most faults\n");
	for (i = 0; i < shown(p, &p->a.rips); i++) {
		const struct rip_stat *s = index_at(&p->a.rips, i);

		printf("  0x%-18" PRIx64 " %10" PRIu64 "  %s\n", s->key, s->faults,
		       place(p, s->key, text, sizeof(text)));
	}
	if (p->a.loops.nr)
		printf("\nFault loops with most laps\n  %-16s %-18s %10s %8s %6s  %s\n", "VM", "RIP",
		       "laps", "times", "pages", "what");
	for (i = 0; i < shown(p, &p->a.loops); i++) {
		const struct loop_stat *s = index_at(&p->a.loops, i);

		printf("  %-16s 0x%-16" PRIx64 " %10" PRIu64 " %8u %6u  %s", p->r.vm[s->vm].name,
		       s->rip, s->laps, s->times, s->pages,
		       s->class < ARRAY_SIZE(classes) ? classes[s->class] : "unknown");
		if (s->vector >= 0)
			printf(" of vector %d", s->vector);
		printf(" %s %s\n", hex(s->insn, s->insn_len, bytes),
		       place(p, s->rip, text, sizeof(text)));
	}
}

static void text_reuse(const struct report_of *p)
{
	uint64_t all = p->a.first, sum = 0;
	size_t i;

	for (i = 0; i < REUSE_BUCKETS; i++)
		all += p->a.distance[i];
	printf("\nReuse distances: other pages mapped between two mappings of one page\n"
	       "  %-22s%14s  %6s\n", "pages", "mappings", "up to");
	for (i = 0; i < REUSE_BUCKETS; i++) {
		sum += p->a.distance[i];
		if (p->a.distance[i])
			printf("  < %-20llu%14" PRIu64 "  %5.1f%%\n", 1ULL << i, p->a.distance[i],
			       100 * (double)sum / (double)all);
	}
	printf("  %-22s%14" PRIu64 "\n", "never before", p->a.first);
}

static void text_others(const struct analysis *a)
{
	if (a->other_pages)
		printf("\n%" PRIu64 " faults are on further pages, which are not told apart\n",
		       a->other_pages);
	if (a->other_rips)
		printf("\n%" PRIu64 " faults are at further RIPs, which are not told apart\n",
		       a->other_rips);
	if (a->other_loops)
		printf("\n%" PRIu64 " reports are of further loops, which are not told apart\n",
		       a->other_loops);
}

/**
 * report_text() - print a report
 * @p: on what
 */
void report_text(const struct report_of *p)
{
	text_head(p);
	text_counts(p);
	text_tables(p);
	text_reuse(p);
	text_others(&p->a);
}

static void csv_summary(const struct report_of *p)
{
	size_t i;

	printf("count,value\n");
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		printf("%s,%" PRIu64 "\n", counts[i].name, count(&p->a, i));
	for (i = 0; i < ROLE_NR; i++)
		printf("faults_%s,%" PRIu64 "\n", analysis_roles[i], p->a.role[i]);
	printf("shared_pages,%" PRIu64 "\n", p->shared);
}

static void csv_reuse(const struct report_of *p)
{
	size_t i;

	printf("below_pages,mappings\n");
	for (i = 0; i < REUSE_BUCKETS; i++)
		printf("%llu,%" PRIu64 "\n", 1ULL << i, p->a.distance[i]);
	printf(",%" PRIu64 "\n", p->a.first);
}

static void csv_pages(const struct report_of *p)
{
	char text[160];
	size_t i;

	printf("vm,as,gfn,faults,mapped,evictions,vcpus,roles\n");
	for (i = 0; i < shown(p, &p->a.pages); i++) {
		const struct page_stat *s = index_at(&p->a.pages, i);

		printf("%s,%u,0x%" PRIx64 ",%u,%u,%u,%u,\"%s\"\n", p->r.vm[page_vm(s->key)].name,
		       page_as(s->key), page_gfn(s->key), s->faults, s->mapped, s->evictions,
		       vcpus_of(s), roles_text(s->role, text, sizeof(text)));
	}
}

static void csv_rips(const struct report_of *p)
{
	char text[160];
	size_t i;

	printf("rip,faults,symbol\n");
	for (i = 0; i < shown(p, &p->a.rips); i++) {
		const struct rip_stat *s = index_at(&p->a.rips, i);

		printf("0x%" PRIx64 ",%" PRIu64 ",%s\n", s->key, s->faults,
		       place(p, s->key, text, sizeof(text)));
	}
}

static void csv_loops(const struct report_of *p)
{
	char text[160], bytes[2 * NPTB_INSN_MAX + 2];
	size_t i;

	printf("vm,rip,class,vector,laps,times,pages,insn,symbol\n");
	for (i = 0; i < shown(p, &p->a.loops); i++) {
		const struct loop_stat *s = index_at(&p->a.loops, i);

		printf("%s,0x%" PRIx64 ",%s,%d,%" PRIu64 ",%u,%u,%s,%s\n", p->r.vm[s->vm].name,
		       s->rip, s->class < ARRAY_SIZE(classes) ? classes[s->class] : "unknown",
		       s->vector, s->laps, s->times, s->pages, hex(s->insn, s->insn_len, bytes),
		       place(p, s->rip, text, sizeof(text)));
	}
}

static const struct {
	const char *name;
	report_csv_fn print;
} tables[] = {
	{ "summary", csv_summary }, { "pages", csv_pages }, { "rips", csv_rips },
	{ "loops", csv_loops }, { "reuse", csv_reuse },
};

/**
 * report_csv() - what prints a table as CSV, after a line that names its columns
 * @table: pages, rips, loops, reuse or summary
 *
 * Return: the function, or NULL where there is no such table.
 */
report_csv_fn report_csv(const char *table)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		if (!strcmp(tables[i].name, table))
			return tables[i].print;
	return NULL;
}

/**
 * report_text_against() - print two recordings side by side
 * @p: the one
 * @q: the other
 */
void report_text_against(const struct report_of *p, const struct report_of *q)
{
	size_t i;

	printf("A: ");
	text_head(p);
	printf("B: ");
	text_head(q);
	printf("\n  %-22s%14s%14s%14s\n", "", "A", "B", "A / B");
	for (i = 0; i < ARRAY_SIZE(counts) + ROLE_NR; i++) {
		const bool role = i >= ARRAY_SIZE(counts);
		const size_t k = i - ARRAY_SIZE(counts);
		const uint64_t a = role ? p->a.role[k] : count(&p->a, i);
		const uint64_t b = role ? q->a.role[k] : count(&q->a, i);

		printf("  %-22s%14" PRIu64 "%14" PRIu64,
		       role ? analysis_roles[k] : counts[i].text, a, b);
		if (b)
			printf("%14.2f\n", (double)a / (double)b);
		else
			printf("%14s\n", a ? "-" : "1.00");
	}
	printf("  %-22s%14zu%14zu\n", "pages seen", p->a.pages.nr, q->a.pages.nr);
	printf("  %-22s%14" PRIu64 "%14" PRIu64 "\n", "of several vCPUs", p->shared, q->shared);
}
