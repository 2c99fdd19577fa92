// SPDX-License-Identifier: GPL-2.0-only
/* What a recording's events and gaps mean. */
#include <inttypes.h>

#include "base/msg.h"
#include "base/util.h"
#include "model/recording.h"

/* Error codes: AMD64 APM volume 2, section 15.25.6. */
#define CODE_WRITE	(1ULL << 1)
#define CODE_FETCH	(1ULL << 4)
#define CODE_WALK	(1ULL << 33)

/**
 * recording_lost() - events that are not in a recording
 * @r: the recording, read
 *
 * Return: as far as is known, the largest of what the recorder, the ring buffers and
 * the numbers of the faults tell.
 */
uint64_t recording_lost(const struct recording *r)
{
	uint64_t lost = r->missed > r->lost ? r->missed : r->lost, gaps = 0;
	size_t i;

	for (i = 0; i < r->nr; i++)
		if (r->vm[i].faults)
			gaps += r->vm[i].last_seq - r->vm[i].first_seq + 1 - r->vm[i].faults;
	return lost > gaps ? lost : gaps;
}

/**
 * recording_warn() - say what makes counts of a recording doubtful
 * @r: the recording, read
 */
void recording_warn(const struct recording *r)
{
	const uint64_t lost = recording_lost(r);

	if (lost)
		msg_err("%s: %" PRIu64 " events are missing, lost or filtered: counts are too low",
			r->path, lost);
	if (!r->events)
		msg_err("%s: no events in it: they are of VMs under a budget alone, see nptbudget-record(8)",
			r->path);
	if (r->noted && !*r->end)
		msg_err("%s: it was cut short: it does not say how it ended", r->path);
}

/**
 * rec_access() - what kind of access a fault was
 * @e: the fault
 *
 * Return: "walk" (of the guest's own tables), "fetch", "write" or "read".
 */
const char *rec_access(const struct rec_event *e)
{
	return e->error & CODE_WALK ? "walk" : e->error & CODE_FETCH ? "fetch" :
	       e->error & CODE_WRITE ? "write" : "read";
}

/**
 * rec_verdict() - how a fault ended, as the tracepoint names it
 * @verdict: enum nptb_verdict
 */
const char *rec_verdict(unsigned int verdict)
{
	static const char *const names[] = {
		"mapped", "spurious", "retry", "deferred", "emulated", "mmio", "error", "passed",
		"stopped", "stepped",
	};

	return verdict < ARRAY_SIZE(names) ? names[verdict] : "unknown";
}

/**
 * rec_is_mapped() - did a fault make a page of the VM's resident?
 * @e: the event
 */
bool rec_is_mapped(const struct rec_event *e)
{
	return e->kind == REC_FAULT && e->verdict == NPTB_VERDICT_MAPPED && e->as != 255;
}
