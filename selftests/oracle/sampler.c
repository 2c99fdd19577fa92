// SPDX-License-Identifier: GPL-2.0-only
/* The first oracle: KVM's own counters, read again and again. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../lib/nptb.h"
#include "../lib/util.h"
#include "sampler.h"

/*
 * What it looks at changes by faults, and those need a CPU: L1's CPUs share one
 * thread of the emulator, so a sampler that never sleeps reads one value many
 * times over while no guest runs, and doubles the time of every test.
 */
#define PAUSE_US	500
/* How long a limit that has to be seen is waited for. */
#define REACH_MS	2000

static const char *const counters[3] = { "pages_4k", "pages_2m", "pages_1g" };

static uint64_t read_counter(const struct sampler *s, int i)
{
	uint64_t val;

	if (pread(s->fd, &val, sizeof(val), s->at[i]) != sizeof(val))
		die("KVM's counter cannot be read: %s", strerror(errno));
	return val;
}

static void sample(struct sampler *s)
{
	unsigned int before = atomic_load(&s->seq), after;
	uint64_t limit = atomic_load(&s->limit), end;
	uint64_t pages = read_counter(s, 0);
	bool huge = false;

	/* The huge ones cost as much to read: now and then will do. */
	if (!(s->samples & 7))
		huge = read_counter(s, 1) || read_counter(s, 2);
	end = atomic_load(&s->limit);
	after = atomic_load(&s->seq);
	s->samples++;
	if (pages > s->peak)
		s->peak = pages;
	/*
	 * When the limit changed meanwhile, the value was read under one of the
	 * two, unless it changed more than once: no verdict then.
	 */
	if (after - before > 1)
		return;
	if (end > limit)
		limit = end;
	if (limit == SAMPLER_OFF)
		return;
	if (huge)
		s->huge++;
	if (pages == limit)
		s->reached++;
	if (pages > limit) {
		s->over++;
		if (pages - limit > s->worst)
			s->worst = pages - limit;
	}
}

static void *sampler_main(void *arg)
{
	struct sampler *s = arg;

	setpriority(PRIO_PROCESS, 0, 0);
	while (!atomic_load(&s->stop)) {
		sample(s);
		usleep(PAUSE_US);
	}
	return NULL;
}

void sampler_begin(struct sampler *s, const struct vmm *vm, uint64_t limit)
{
	int i;

	memset(s, 0, sizeof(*s));
	s->vm = vm;
	atomic_store(&s->limit, limit);
	s->fd = kvm_stats_open(vm->fd);
	for (i = 0; i < 3; i++) {
		s->at[i] = kvm_stats_find(s->fd, counters[i]);
		if (s->at[i] < 0)
			die("KVM has no counter %s", counters[i]);
	}
	if (pthread_create(&s->thread, NULL, sampler_main, s))
		die("pthread_create");
}

static void set_limit(struct sampler *s, uint64_t limit)
{
	atomic_store(&s->limit, limit);
	atomic_fetch_add(&s->seq, 1);
}

int sampler_budget(struct sampler *s, uint64_t pages)
{
	uint64_t old = atomic_load(&s->limit);
	uint64_t new = pages ? pages : SAMPLER_OFF;
	int ret;

	set_limit(s, old > new ? old : new);
	ret = nptb_budget(s->vm->name, pages);
	set_limit(s, ret ? old : new);
	return ret;
}

bool sampler_end(struct sampler *s, bool must_reach)
{
	uint64_t limit = atomic_load(&s->limit), end = deadline(REACH_MS);

	while (must_reach && !s->reached && now_ms() < end)
		sleep_ms(1);
	atomic_store(&s->stop, true);
	pthread_join(s->thread, NULL);
	close(s->fd);
	if (s->over)
		note("%s: %" PRIu64 " of %" PRIu64 " samples over the budget, by up to %" PRIu64,
		     s->vm->name, s->over, s->samples, s->worst);
	if (s->huge)
		note("%s: %" PRIu64 " samples saw a huge leaf under a budget",
		     s->vm->name, s->huge);
	if (must_reach && !s->reached)
		note("%s: %" PRIu64 " samples, none saw the budget of %" PRIu64
		     " reached (peak %" PRIu64 ")",
		     s->vm->name, s->samples, limit, s->peak);
	return !s->over && !s->huge && (!must_reach || s->reached);
}
