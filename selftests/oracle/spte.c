// SPDX-License-Identifier: GPL-2.0-only
/* The second oracle: KVM's own events, added up. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tracefs/tracefs.h>
#include <unistd.h>

#include "../lib/formats.h"
#include "../lib/util.h"
#include "../vmm/vmm.h"
#include "spte.h"

/*
 * arch/x86/kvm/mmu/spte.h, the same in 6.1, 6.12 and 7.3:
 * SPTE_MMU_PRESENT_MASK, set in every entry that KVM holds to be present and in
 * no MMIO or frozen entry, and PT_PAGE_SIZE_MASK, set in a leaf above level 1.
 */
#define SPTE_PRESENT	(1ULL << 11)
#define SPTE_HUGE	(1ULL << 7)

#define EVENT_SYSTEM	"kvmmmu"
#define EVENT_NAME	"kvm_tdp_mmu_spte_changed"

/* What spte_limit() writes into the recording, as an event "print". */
#define MARK		"nptb limit "

/* What a recording is added up into. */
struct sum {
	struct spte_result r;
	int64_t limit;		/* 0: none */
};

static struct tracefs_instance *instance;
static char instance_name[48];
static char also[48];
/* The frames of spte_apart(). */
static struct {
	bool told, counts;
	uint64_t first, last;
} apart;
static struct tep_handle *formats;

/* A parameter of a module is on; the kernels differ in how they say so. */
static bool is_on(const char *parameter)
{
	char buf[8];

	return file_read(parameter, buf, sizeof(buf)) >= 1 && (buf[0] == 'Y' || buf[0] == '1');
}

const char *spte_unusable(void)
{
	/* 6.1 leaves tdp_mmu on where there is no nested paging to do. */
	if (!is_on("/sys/module/kvm/parameters/tdp_mmu") || kvm_shadow_paging())
		return "KVM does not use its TDP MMU";
	if (!tracefs_event_file_exists(NULL, EVENT_SYSTEM, EVENT_NAME, "id"))
		return "no event " EVENT_SYSTEM ":" EVENT_NAME;
	return NULL;
}

void spte_close(void)
{
	tep_free(formats);
	formats = NULL;
	if (!instance)
		return;
	tracefs_print_close(instance);
	tracefs_trace_off(instance);
	tracefs_event_disable(instance, NULL, NULL);
	tracefs_instance_destroy(instance);
	tracefs_instance_free(instance);
	instance = NULL;
}

static void make_instance(unsigned int mib)
{
	static bool registered;

	snprintf(instance_name, sizeof(instance_name), "nptb-spte-%d", getpid());
	instance = tracefs_instance_create(instance_name);
	if (!instance)
		die("tracefs instance: %s", strerror(errno));
	if (!registered)
		atexit(spte_close);
	registered = true;
	tracefs_trace_off(instance);
	/*
	 * "counter" numbers the events of all CPUs in the order in which they
	 * happened; a clock of time per CPU could put a map before the eviction
	 * that made room for it.
	 */
	if (tracefs_instance_file_write(instance, "trace_clock", "counter") < 0)
		die("trace_clock: %s", strerror(errno));
	if (tracefs_instance_set_buffer_size(instance, mib * 1024, -1))
		die("trace buffer: %s", strerror(errno));
	formats = formats_open();
	/* Stays on: to turn it on and off changes the kernel's code each time. */
	formats_add(formats, instance, EVENT_SYSTEM, EVENT_NAME);
	formats_add(formats, NULL, "ftrace", "print");
	if (tracefs_print_init(instance))
		die("trace_marker: %s", strerror(errno));
}

void spte_begin(unsigned int mib)
{
	if (!instance)
		make_instance(mib);
	also[0] = '\0';
	apart.told = false;
	if (tracefs_instance_file_write(instance, "trace", "") < 0)
		die("trace buffer: %s", strerror(errno));
	tracefs_trace_on(instance);
}

void spte_limit(uint64_t pages)
{
	if (tracefs_printf(instance, MARK "%" PRIu64, pages) < 0)
		die("trace_marker: %s", strerror(errno));
}

void spte_apart(uint64_t first, uint64_t last, bool counts)
{
	apart.told = true;
	apart.counts = counts;
	apart.first = first;
	apart.last = last;
}

void spte_also(const char *system, const char *event)
{
	formats_add(formats, instance, system, event);
	snprintf(also, sizeof(also), "%s", event);
}

static int leaves(uint64_t spte, unsigned int level)
{
	static const int pages[] = { 0, 1, 512, 262144 };

	if (!(spte & SPTE_PRESENT) || (level > 1 && !(spte & SPTE_HUGE)))
		return 0;
	return level < ARRAY_SIZE(pages) ? pages[level] : 262144;
}

/* The running sum against what is in force. */
static void look(struct sum *sum)
{
	struct spte_result *r = &sum->r;

	if (r->now < r->low)
		r->low = r->now;
	if (!sum->limit)
		return;
	if (r->now > r->peak)
		r->peak = r->now;
	if (r->now - sum->limit > r->over)
		r->over = r->now - sum->limit;
}

static void on_mark(struct sum *sum, struct tep_event *event,
		    struct tep_record *record)
{
	struct tep_format_field *buf = tep_find_field(event, "buf");
	const char *text;

	if (!buf)
		die("no text in the event print");
	text = (const char *)record->data + buf->offset;
	if (strncmp(text, MARK, strlen(MARK)))
		return;
	sum->limit = strtoll(text + strlen(MARK), NULL, 10);
	look(sum);
}

static void on_change(struct sum *sum, struct tep_event *event,
		      struct tep_record *record)
{
	struct spte_result *r = &sum->r;
	unsigned long long old, new, level, gfn;
	int diff;

	if (tep_get_field_val(NULL, event, "old_spte", record, &old, 1) ||
	    tep_get_field_val(NULL, event, "new_spte", record, &new, 1) ||
	    tep_get_field_val(NULL, event, "level", record, &level, 1) ||
	    tep_get_field_val(NULL, event, "gfn", record, &gfn, 1))
		die("fields of " EVENT_NAME " are not as expected");
	r->events++;
	diff = leaves(new, level) - leaves(old, level);
	if (apart.told && level == 1 && gfn >= apart.first && gfn <= apart.last) {
		r->apart_came += diff > 0;
		r->apart_gone += diff < 0;
		if (!apart.counts)
			diff = 0;
	}
	r->now += diff;
	look(sum);
	if (level > 1 && leaves(new, level) && !leaves(old, level)) {
		if (sum->limit)
			r->huge++;
		else
			r->huge_off++;
	}
}

static int on_event(struct tep_event *event, struct tep_record *record, int cpu,
		    void *data)
{
	struct sum *sum = data;

	(void)cpu;
	if (!strcmp(event->name, EVENT_NAME))
		on_change(sum, event, record);
	else if (!strcmp(event->name, "print"))
		on_mark(sum, event, record);
	else if (!strcmp(event->name, also))
		sum->r.also++;
	return 0;
}

/* "overrun", "commit overrun" and "dropped events" of every CPU. */
static uint64_t count_lost(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF), cpu;
	uint64_t lost = 0;
	char name[48];
	char *text, *line, *save;

	for (cpu = 0; cpu < cpus; cpu++) {
		snprintf(name, sizeof(name), "per_cpu/cpu%ld/stats", cpu);
		text = tracefs_instance_file_read(instance, name, NULL);
		if (!text)
			continue;
		for (line = strtok_r(text, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save))
			if (strstr(line, "overrun:") || strstr(line, "dropped"))
				lost += strtoull(strchr(line, ':') + 1, NULL, 10);
		free(text);
	}
	return lost;
}

struct spte_result spte_end(void)
{
	struct sum sum = { .limit = INT64_MAX };

	tracefs_trace_off(instance);
	sum.r.lost = count_lost();
	if (tracefs_iterate_raw_events(formats, instance, NULL, 0, on_event, &sum))
		die("trace buffer: %s", strerror(errno));
	return sum.r;
}
