// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/util.h"
#include "view/report.h"

static const char *const classes[] = NPTB_LOOP_CLASS_NAMES;

static void put(struct json_object *o, const char *key, uint64_t value)
{
	json_object_object_add(o, key, json_object_new_uint64(value));
}

static void put_hex(struct json_object *o, const char *key, uint64_t value)
{
	json_object_object_add(o, key, json_hex(value));
}

/* What is not known is null. */
static void put_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, text && *text ? json_text(text) : NULL);
}

static void put_symbol(struct json_object *o, const struct report_of *p, uint64_t rip)
{
	char text[160];

	put_text(o, "symbol", p->symbols ? symbols_name(p->symbols, rip, text, sizeof(text)) :
					   NULL);
}

static struct json_object *vms(const struct recording *r)
{
	struct json_object *list = json_object_new_array(), *o;
	size_t i;

	for (i = 0; i < r->nr; i++) {
		o = json_object_new_object();
		put_text(o, "vm", r->vm[i].name);
		put_text(o, "process", r->vm[i].comm);
		put_text(o, "budget", r->vm[i].budget);
		put_text(o, "policy", r->vm[i].policy);
		put(o, "faults", r->vm[i].faults);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *counts(const struct report_of *p)
{
	struct json_object *o = json_object_new_object(), *roles = json_object_new_object(),
			   *ends = json_object_new_object();
	size_t i;

	put(o, "faults", p->a.faults);
	put(o, "mapped", p->a.verdict[NPTB_VERDICT_MAPPED]);
	put(o, "evictions", p->a.evictions);
	put(o, "own_evictions", p->a.own);
	put(o, "flushes", p->a.flushes);
	put(o, "loop_reports", p->a.reports);
	put(o, "peak", p->a.peak);
	put(o, "first_touches", p->a.first);
	put(o, "pages", p->a.pages.nr);
	put(o, "shared_pages", p->shared);
	for (i = 0; i < ROLE_NR; i++)
		put(roles, analysis_roles[i], p->a.role[i]);
	json_object_object_add(o, "faults_by_role", roles);
	for (i = 0; i < VERDICTS; i++)
		put(ends, rec_verdict((unsigned int)i), p->a.verdict[i]);
	json_object_object_add(o, "faults_by_verdict", ends);
	return o;
}

static struct json_object *pages(const struct report_of *p)
{
	struct json_object *list = json_object_new_array(), *o, *roles;
	size_t i, k;

	for (i = 0; i < p->a.pages.nr && i < p->top; i++) {
		const struct page_stat *s = index_at(&p->a.pages, i);

		o = json_object_new_object();
		put_text(o, "vm", p->r.vm[page_vm(s->key)].name);
		put_hex(o, "gfn", page_gfn(s->key));
		put(o, "as", page_as(s->key));
		put(o, "faults", s->faults);
		put(o, "mapped", s->mapped);
		put(o, "evictions", s->evictions);
		put(o, "vcpus", (uint64_t)__builtin_popcountll(s->vcpus));
		roles = json_object_new_array();
		for (k = 0; k < ROLE_NR; k++)
			if (s->role & BIT(k))
				json_object_array_add(roles,
						      json_object_new_string(analysis_roles[k]));
		json_object_object_add(o, "roles", roles);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *rips(const struct report_of *p)
{
	struct json_object *list = json_object_new_array(), *o;
	size_t i;

	for (i = 0; i < p->a.rips.nr && i < p->top; i++) {
		const struct rip_stat *s = index_at(&p->a.rips, i);

		o = json_object_new_object();
		put_hex(o, "rip", s->key);
		put(o, "faults", s->faults);
		put_symbol(o, p, s->key);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *loops(const struct report_of *p)
{
	struct json_object *list = json_object_new_array(), *o;
	char bytes[2 * NPTB_INSN_MAX + 1];
	size_t i, k;

	for (i = 0; i < p->a.loops.nr && i < p->top; i++) {
		const struct loop_stat *s = index_at(&p->a.loops, i);

		o = json_object_new_object();
		put_text(o, "vm", p->r.vm[s->vm].name);
		put_hex(o, "rip", s->rip);
		put_text(o, "class", s->class < ARRAY_SIZE(classes) ? classes[s->class] : NULL);
		json_object_object_add(o, "vector",
				       s->vector < 0 ? NULL : json_object_new_int(s->vector));
		put(o, "laps", s->laps);
		put(o, "times", s->times);
		put(o, "pages", s->pages);
		*bytes = '\0';
		for (k = 0; k < s->insn_len; k++)
			sprintf(bytes + 2 * k, "%02x", s->insn[k]);
		put_text(o, "insn", bytes);
		put_symbol(o, p, s->rip);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *reuse(const struct analysis *a)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	size_t i;

	for (i = 0; i < REUSE_BUCKETS; i++)
		json_object_array_add(list, json_object_new_uint64(a->distance[i]));
	json_object_object_add(o, "below_pages_powers_of_two", list);
	put(o, "never_before", a->first);
	return o;
}

/**
 * report_json() - a report as JSON
 * @p: on what
 *
 * Return: an object; its keys are in nptbudget-report(8).
 */
struct json_object *report_json(const struct report_of *p)
{
	struct json_object *o = json_object_new_object();

	put_text(o, "file", p->r.path);
	put_text(o, "kernel", p->r.kernel);
	put_text(o, "cpu", p->r.cpu);
	put_text(o, "module", p->r.module);
	put_text(o, "ended_by", p->r.end);
	put(o, "events", p->r.events);
	put(o, "lost_events", recording_lost(&p->r));
	put(o, "ns", p->r.last_ns - p->r.first_ns);
	json_object_object_add(o, "vms", vms(&p->r));
	json_object_object_add(o, "counts", counts(p));
	json_object_object_add(o, "pages", pages(p));
	json_object_object_add(o, "rips", rips(p));
	json_object_object_add(o, "loops", loops(p));
	json_object_object_add(o, "reuse_distances", reuse(&p->a));
	put(o, "faults_on_further_pages", p->a.other_pages);
	put(o, "faults_at_further_rips", p->a.other_rips);
	put(o, "reports_of_further_loops", p->a.other_loops);
	return o;
}

/**
 * report_json_against() - two recordings side by side
 * @p: the one
 * @q: the other
 *
 * Return: an object of "a" and "b", a report each.
 */
struct json_object *report_json_against(const struct report_of *p, const struct report_of *q)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "a", report_json(p));
	json_object_object_add(o, "b", report_json(q));
	return o;
}
