// SPDX-License-Identifier: GPL-2.0-only
/*
 * csv, jsonl: a row for each event. perfetto: Trace Event Format, the JSON that
 * Perfetto and Chrome's about:tracing open. damo has a file of its own.
 *
 * What there is once for each event is printed by hand: json-c has no writer but for an
 * object that is whole in memory, and a list of 100 million events never is. All of it is
 * numbers and words of our own, which need no escaping; what comes from elsewhere goes
 * through json-c.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/output.h"
#include "base/util.h"
#include "view/damo.h"
#include "view/export.h"

static const char *const classes[] = NPTB_LOOP_CLASS_NAMES;
static const char *const events[] = NPTB_EVENT_NAMES;
static const char *const reasons[] = { "fault", "budget", "flush" };

static const char *name_of(const char *const *names, size_t nr, unsigned int i)
{
	return i < nr ? names[i] : "unknown";
}

static const char *event_of(const struct rec_event *e)
{
	return name_of(events, ARRAY_SIZE(events), e->event);
}

static const char *class_of(const struct rec_event *e)
{
	return name_of(classes, ARRAY_SIZE(classes), e->class);
}

static const char *reason_of(const struct rec_event *e)
{
	return name_of(reasons, ARRAY_SIZE(reasons), e->reason);
}

static void csv_begin(struct export *x)
{
	fputs("time_ns,event,vm,vcpu,rip,gpa,gfn,as,access,verdict,evicted,attempt,resident,seq,known,delivering,reason,own,class,vector,laps,pages\n",
	      x->out);
}

static int csv_event(const struct recording *r, const struct rec_event *e, void *data)
{
	struct export *x = data;
	const char *vm = r->vm[e->vm].name;

	if (e->kind == REC_FAULT)
		fprintf(x->out,
			"%" PRIu64 ",fault,%s,%d,0x%" PRIx64 ",0x%" PRIx64 ",0x%" PRIx64 ",%u,%s,%s,%u,%"
			PRIu64 ",%" PRIu64 ",%" PRIu64 ",%d,%s,,,,,,\n",
			e->ns, vm, e->vcpu, e->rip, e->gpa, e->gfn, e->as, rec_access(e),
			rec_verdict(e->verdict), e->evicted, e->attempt, e->resident, e->seq,
			e->known, event_of(e));
	else if (e->kind == REC_EVICT)
		fprintf(x->out, "%" PRIu64 ",evict,%s,%d,,,0x%" PRIx64 ",%u,,,,,,,,,%s,%d,,,,\n",
			e->ns, vm, e->vcpu, e->gfn, e->as, reason_of(e), e->own);
	else if (e->kind == REC_LOOP)
		fprintf(x->out,
			"%" PRIu64 ",loop,%s,%d,0x%" PRIx64 ",,,,,,,%" PRIu64
			",,,,,,,%s,%d,%" PRIu64
			",%u\n",
			e->ns, vm, e->vcpu, e->rip, e->attempt, class_of(e), e->vector,
			e->laps, e->npages);
	return output_error(x->out);
}

static void no_begin(struct export *x)
{
	(void)x;
}

static int jsonl_event(const struct recording *r, const struct rec_event *e, void *data)
{
	struct export *x = data;
	const char *vm = r->vm[e->vm].name;
	size_t i;

	if (e->kind == REC_FAULT) {
		fprintf(x->out,
			"{\"time_ns\":%" PRIu64 ",\"event\":\"fault\",\"vm\":\"%s\",\"vcpu\":%d,\"rip\":\"0x%"
			PRIx64 "\",\"gpa\":\"0x%" PRIx64 "\",\"gfn\":\"0x%" PRIx64
			"\",\"as\":%u,\"access\":\"%s\",",
			e->ns, vm, e->vcpu, e->rip, e->gpa, e->gfn, e->as, rec_access(e));
		fprintf(x->out,
			"\"verdict\":\"%s\",\"evicted\":%u,\"attempt\":%" PRIu64
			",\"resident\":%" PRIu64
			",\"seq\":%" PRIu64 ",\"known\":%s,\"delivering\":\"%s\"}\n",
			rec_verdict(e->verdict), e->evicted, e->attempt, e->resident, e->seq,
			e->known ? "true" : "false", event_of(e));
	} else if (e->kind == REC_EVICT) {
		fprintf(x->out,
			"{\"time_ns\":%" PRIu64 ",\"event\":\"evict\",\"vm\":\"%s\",\"vcpu\":%d,\"gfn\":\"0x%"
			PRIx64 "\",\"as\":%u,\"reason\":\"%s\",\"own\":%s}\n",
			e->ns, vm, e->vcpu, e->gfn, e->as, reason_of(e),
			e->own ? "true" : "false");
	} else if (e->kind == REC_LOOP) {
		fprintf(x->out,
			"{\"time_ns\":%" PRIu64 ",\"event\":\"loop\",\"vm\":\"%s\",\"vcpu\":%d,\"rip\":\"0x%"
			PRIx64 "\",\"class\":\"%s\",\"vector\":%d,\"laps\":%" PRIu64 ",\"pages\":[",
			e->ns, vm, e->vcpu, e->rip, class_of(e), e->vector, e->laps);
		for (i = 0; i < e->nr; i++)
			fprintf(x->out, "%s\"0x%" PRIx64 "\"", i ? "," : "", e->gfns[i]);
		fprintf(x->out, "]}\n");
	}
	return output_error(x->out);
}

static int no_finish(const struct recording *r, struct export *x)
{
	(void)r;
	return output_error(x->out);
}

static void no_free(struct export *x)
{
	(void)x;
}

/* A VM is a process, a vCPU a thread; times are microseconds. */
static void perfetto_begin(struct export *x)
{
	fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n", x->out);
}

static void perfetto_next(struct export *x, const struct rec_event *e, const char *phase,
			  const char *name)
{
	fprintf(x->out,
		"%s{\"ph\":\"%s\",\"name\":\"%s\",\"pid\":%u,\"tid\":%d,\"ts\":%" PRIu64
		".%03u",
		x->some ? ",\n" : "", phase, name, e->vm + 1, e->vcpu + 1, e->ns / 1000,
		(unsigned int)(e->ns % 1000));
	x->some = true;
}

static int perfetto_event(const struct recording *r, const struct rec_event *e, void *data)
{
	struct export *x = data;

	(void)r;
	if (e->kind == REC_FAULT) {
		perfetto_next(x, e, "i", rec_access(e));
		fprintf(x->out,
			",\"s\":\"t\",\"args\":{\"rip\":\"0x%" PRIx64 "\",\"gfn\":\"0x%" PRIx64
			"\",\"verdict\":\"%s\",\"attempt\":%" PRIu64 ",\"delivering\":\"%s\"}}",
			e->rip, e->gfn, rec_verdict(e->verdict), e->attempt,
			event_of(e));
		perfetto_next(x, e, "C", "resident pages");
		fprintf(x->out, ",\"args\":{\"pages\":%" PRIu64 "}}", e->resident);
	} else if (e->kind == REC_EVICT) {
		perfetto_next(x, e, "i", "evict");
		fprintf(x->out, ",\"s\":\"t\",\"args\":{\"gfn\":\"0x%" PRIx64 "\",\"reason\":\"%s\"}}",
			e->gfn, reason_of(e));
	} else if (e->kind == REC_LOOP) {
		perfetto_next(x, e, "i", "fault loop");
		fprintf(x->out,
			",\"s\":\"p\",\"args\":{\"rip\":\"0x%" PRIx64
			"\",\"class\":\"%s\",\"laps\":%" PRIu64
			",\"pages\":%u}}",
			e->rip, class_of(e), e->laps, e->npages);
	}
	return output_error(x->out);
}

static int perfetto_finish(const struct recording *r, struct export *x)
{
	struct json_object *other;
	const char *text;
	size_t i;
	int err;

	for (i = 0; i < r->nr; i++) {
		fprintf(x->out,
			"%s{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%zu,\"tid\":0,\"ts\":0,\"args\":{\"name\":\"VM %s\"}}",
			x->some ? ",\n" : "", i + 1, r->vm[i].name);
		x->some = true;
	}
	other = json_object_new_object();
	json_object_object_add(other, "kernel", json_object_new_string(r->kernel));
	json_object_object_add(other, "cpu", json_object_new_string(r->cpu));
	json_object_object_add(other, "module", json_object_new_string(r->module));
	text = json_object_to_json_string_ext(other, JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		fprintf(x->out, "\n],\"otherData\":%s}\n", text);
	err = text ? output_error(x->out) : -ENOMEM;
	json_object_put(other);
	return err;
}

static const struct export_format formats[] = {
	{ "csv", csv_begin, csv_event, no_finish, no_free },
	{ "jsonl", no_begin, jsonl_event, no_finish, no_free },
	{ "perfetto", perfetto_begin, perfetto_event, perfetto_finish, no_free },
	{ "damo", damo_begin, damo_event, damo_finish, damo_free },
};

/**
 * export_format() - look a format up
 * @name: its name
 *
 * Return: the format, or NULL for none.
 */
const struct export_format *export_format(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	return NULL;
}
