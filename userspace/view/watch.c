// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/util.h"
#include "explain/disas.h"
#include "view/watch.h"

/* AMD64 APM volume 2, section 15.25.6. */
#define ERROR_PRESENT	BIT_ULL(0)
#define ERROR_WRITE	BIT_ULL(1)
#define ERROR_FETCH	BIT_ULL(4)
#define ERROR_TABLE	BIT_ULL(33)

static const char *access_name(const struct watch_site *s)
{
	if (s->error & ERROR_TABLE)
		return "walk of the guest's page tables";
	return s->error & ERROR_WRITE ? "write" : s->error & ERROR_FETCH ? "fetch" : "read";
}

static const char *place_name(const struct watch_site *s)
{
	if (s->kind == WATCH_MMIO)
		return "no memory slot (MMIO)";
	if (s->error & ERROR_PRESENT)
		return s->error & ERROR_WRITE ? "write-protected" : "not allowed";
	return s->kind == WATCH_BUDGET ? "evicted under a budget" : "nothing mapped";
}

/*
 * Of how many bits is the code? KVM tells it with an instruction that it emulates. Without,
 * a RIP of more than 32 bits does: only 64-bit mode has one (AMD64 APM volume 1, section
 * 2.5). Return: 0 where neither says.
 */
static unsigned int code_bits(const struct watch_site *s)
{
	if (s->insn_len)
		return s->bits;
	return s->rip > UINT32_MAX ? 64 : 0;
}

static const char *const says[] = {
	[WATCH_FINE] = "no fault repeats",
	[WATCH_STUCK] = "STUCK: it faults at one instruction and nothing is carried out",
	[WATCH_STORM] = "slow: a storm of MMIO; it gets on",
	[WATCH_REPEATS] = "slow: the same fault again and again; it gets on",
	[WATCH_WAITS] = "WAITS for the host: its thread sleeps in a fault (a pager, or reclaim)",
};

static void print_site(FILE *to, const struct watch_site *s)
{
	char text[96];

	fprintf(to, "    rip 0x%llx", (unsigned long long)s->rip);
	if (disas_bytes(s->rip, s->insn, s->insn_len, s->bits, text, sizeof(text)))
		fprintf(to, ": %s (%u-bit)", text, s->bits);
	else if (code_bits(s))
		fprintf(to, " (%u-bit code)", code_bits(s));
	fprintf(to, "\n    gfn 0x%llx: %s, %s\n", (unsigned long long)s->gfn, access_name(s),
		place_name(s));
	if (s->delivering)
		fprintf(to, "    while vector %u was being delivered to the guest\n", s->vector);
}

/**
 * watch_print_finding() - say what a vCPU does
 * @to: where
 * @v: the vCPU
 * @finding: about it
 */
void watch_print_finding(FILE *to, const struct watch_vcpu *v,
			 const struct watch_finding *finding)
{
	if (v->nr == WATCH_VCPU_UNKNOWN)
		fprintf(to, "A vCPU, thread %d: %s", v->tid, says[finding->verdict]);
	else
		fprintf(to, "vCPU %u, thread %d: %s", v->nr, v->tid, says[finding->verdict]);
	if (finding->rate > 0)
		fprintf(to, "; %.0f faults/s", finding->rate);
	if (finding->verdict != WATCH_FINE)
		fprintf(to, "; for %.1f s", (double)finding->ns / 1e9);
	fputc('\n', to);
	if (finding->site)
		print_site(to, finding->site);
	if (finding->site && finding->verdict == WATCH_STUCK && finding->site->kind == WATCH_BUDGET)
		fputs("    'nptbudget loops' names the instruction, the mode, and the pages that it needs\n",
		      to);
}

/* The upper end of a bucket. */
static const char *bucket_name(unsigned int i, char buf[24])
{
	if (i == WATCH_BUCKETS - 1)
		strscpy(buf, "more", 24);
	else if (i < 10)
		snprintf(buf, 24, "%llu us", 1ULL << i);
	else if (i < 20)
		snprintf(buf, 24, "%llu ms", 1ULL << (i - 10));
	else
		snprintf(buf, 24, "%llu s", 1ULL << (i - 20));
	return buf;
}

/**
 * watch_print_times() - for how long vCPUs were in faults
 * @to: where
 * @w: what was watched
 */
void watch_print_times(FILE *to, const struct watch *w)
{
	unsigned int kind, i;
	char name[24];

	for (kind = 0; kind < WATCH_KIND_NR && !w->count[kind]; kind++)
		;
	if (kind == WATCH_KIND_NR)
		return;
	fprintf(to, "Time in nested page faults, from the exit to the next entry\n");
	for (kind = 0; kind < WATCH_KIND_NR; kind++) {
		if (!w->count[kind])
			continue;
		fprintf(to, "  %-14s%10llu faults, %.1f us on average, %.1f ms at most\n",
			watch_kind_name(kind), (unsigned long long)w->count[kind],
			(double)w->total_ns[kind] / 1e3 / (double)w->count[kind],
			(double)w->longest_ns[kind] / 1e6);
		for (i = 0; i < WATCH_BUCKETS; i++) {
			if (!w->bucket[kind][i])
				continue;
			fprintf(to, "    %s%-8s%10llu  %.*s\n",
				i == WATCH_BUCKETS - 1 ? "  " : "< ", bucket_name(i, name),
				(unsigned long long)w->bucket[kind][i],
				(int)(w->bucket[kind][i] * 40 / w->count[kind]),
				"****************************************");
		}
	}
}

static void add(struct json_object *obj, const char *name, unsigned long long value)
{
	json_object_object_add(obj, name, json_object_new_uint64(value));
}

static struct json_object *site_json(const struct watch_site *s)
{
	struct json_object *obj = json_object_new_object();
	char text[96], hex[2 * KVM_INSN_MAX + 1] = "";
	unsigned int i, bits;

	json_object_object_add(obj, "rip", json_hex(s->rip));
	json_object_object_add(obj, "gfn", json_hex(s->gfn));
	json_object_object_add(obj, "error_code", json_hex(s->error));
	json_object_object_add(obj, "access", json_object_new_string(access_name(s)));
	json_object_object_add(obj, "place", json_object_new_string(place_name(s)));
	add(obj, "faults", s->faults);
	add(obj, "carried_out", s->accesses);
	json_object_object_add(obj, "vector",
			       s->delivering ? json_object_new_int(s->vector) : NULL);
	for (i = 0; i < s->insn_len; i++)
		snprintf(hex + 2 * i, 3, "%02x", s->insn[i]);
	json_object_object_add(obj, "insn", *hex ? json_object_new_string(hex) : NULL);
	bits = code_bits(s);
	json_object_object_add(obj, "bits", bits ? json_object_new_int((int)bits) : NULL);
	json_object_object_add(obj, "disassembly",
			       disas_bytes(s->rip, s->insn, s->insn_len, s->bits, text,
					   sizeof(text)) ? json_object_new_string(text) : NULL);
	return obj;
}

/**
 * watch_finding_json() - what a vCPU does, as JSON
 * @v: the vCPU
 * @finding: about it
 *
 * Return: an object.
 */
struct json_object *watch_finding_json(const struct watch_vcpu *v,
				       const struct watch_finding *finding)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "vcpu", v->nr == WATCH_VCPU_UNKNOWN ? NULL :
			       json_object_new_int64(v->nr));
	add(obj, "thread", (unsigned long long)v->tid);
	json_object_object_add(obj, "verdict",
			       json_object_new_string(watch_verdict_name(finding->verdict)));
	json_object_object_add(obj, "faults_per_second", json_object_new_double(finding->rate));
	add(obj, "ns", finding->ns);
	json_object_object_add(obj, "site", finding->site ? site_json(finding->site) : NULL);
	return obj;
}

/**
 * watch_times_json() - for how long vCPUs were in faults, as JSON
 * @w: what was watched
 *
 * Return: an object, a member for each kind of which there was a fault.
 */
struct json_object *watch_times_json(const struct watch *w)
{
	struct json_object *top = json_object_new_object(), *obj, *list;
	unsigned int kind, i;

	for (kind = 0; kind < WATCH_KIND_NR; kind++) {
		if (!w->count[kind])
			continue;
		obj = json_object_new_object();
		list = json_object_new_array();
		add(obj, "faults", w->count[kind]);
		add(obj, "total_ns", w->total_ns[kind]);
		add(obj, "longest_ns", w->longest_ns[kind]);
		for (i = 0; i < WATCH_BUCKETS; i++)
			json_object_array_add(list, json_object_new_uint64(w->bucket[kind][i]));
		json_object_object_add(obj, "below_us_powers_of_two", list);
		json_object_object_add(top, watch_kind_name(kind), obj);
	}
	return top;
}
