// SPDX-License-Identifier: GPL-2.0-only
/* The second oracle: KVM's own events, added up. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <tracefs/tracefs.h>
#include <unistd.h>

#include "../lib/util.h"
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

static struct tracefs_instance *instance;
static char instance_name[48];

const char *spte_unusable(void)
{
	char buf[8];

	if (file_read("/sys/module/kvm/parameters/tdp_mmu", buf,
		      sizeof(buf)) < 1 || buf[0] != 'Y')
		return "KVM does not use its TDP MMU";
	if (!tracefs_event_file_exists(NULL, EVENT_SYSTEM, EVENT_NAME, "id"))
		return "no event " EVENT_SYSTEM ":" EVENT_NAME;
	return NULL;
}

static void remove_instance(void)
{
	if (!instance)
		return;
	tracefs_trace_off(instance);
	tracefs_event_disable(instance, NULL, NULL);
	tracefs_instance_destroy(instance);
	tracefs_instance_free(instance);
	instance = NULL;
}

void spte_begin(unsigned int mib)
{
	static bool registered;

	snprintf(instance_name, sizeof(instance_name), "nptb-spte-%d", getpid());
	instance = tracefs_instance_create(instance_name);
	if (!instance)
		die("tracefs instance: %s", strerror(errno));
	if (!registered)
		atexit(remove_instance);
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
	if (tracefs_event_enable(instance, EVENT_SYSTEM, EVENT_NAME))
		die("event " EVENT_NAME ": %s", strerror(errno));
	tracefs_trace_on(instance);
}

static int leaves(uint64_t spte, unsigned int level)
{
	static const int pages[] = { 0, 1, 512, 262144 };

	if (!(spte & SPTE_PRESENT) || (level > 1 && !(spte & SPTE_HUGE)))
		return 0;
	return level < ARRAY_SIZE(pages) ? pages[level] : 262144;
}

static int on_event(struct tep_event *event, struct tep_record *record, int cpu,
		    void *data)
{
	struct spte_result *r = data;
	unsigned long long old, new, level;
	int diff;

	(void)cpu;
	if (strcmp(event->name, EVENT_NAME))
		return 0;
	if (tep_get_field_val(NULL, event, "old_spte", record, &old, 1) ||
	    tep_get_field_val(NULL, event, "new_spte", record, &new, 1) ||
	    tep_get_field_val(NULL, event, "level", record, &level, 1))
		die("fields of " EVENT_NAME " are not as expected");
	r->events++;
	diff = leaves(new, level) - leaves(old, level);
	r->now += diff;
	if (r->now > r->peak)
		r->peak = r->now;
	if (r->now < r->low)
		r->low = r->now;
	if (level > 1 && leaves(new, level) && !leaves(old, level))
		r->huge++;
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
	static const char *const systems[] = { EVENT_SYSTEM, NULL };
	struct spte_result r = { 0 };
	struct tep_handle *tep;

	tracefs_trace_off(instance);
	r.lost = count_lost();
	tep = tracefs_local_events_system(NULL, systems);
	if (!tep)
		die("event formats: %s", strerror(errno));
	if (tracefs_iterate_raw_events(tep, instance, NULL, 0, on_event, &r))
		die("trace buffer: %s", strerror(errno));
	tep_free(tep);
	remove_instance();
	return r;
}
