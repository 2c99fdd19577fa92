/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recordings read as a stream, event by event in the order of time: what is kept of
 * them does not grow with their length.
 */
#ifndef NPTB_RECORDING_H
#define NPTB_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nptbudget.h>
#include "model/dbgfs.h"

#define REC_TEXT_MAX	128

/**
 * enum rec_kind - what an event tells of
 * @REC_FAULT: a nested page fault
 * @REC_EVICT: a leaf that went, or with reason NPTB_EVICT_FLUSH all of them
 * @REC_LOOP: a fault loop
 * @REC_BEGIN: a budget's beginning
 * @REC_OTHER: a change of a budget or a policy, or an end
 */
enum rec_kind { REC_FAULT, REC_EVICT, REC_LOOP, REC_BEGIN, REC_OTHER };

/**
 * struct rec_event - an event
 * @kind: which of the fields below mean something
 * @vm: index of its VM
 * @ns: when, by the clock of the recording
 * @vcpu: of the fault or the loop; of an eviction, or -1
 * @rip: fault, loop
 * @gpa: fault: guest-physical address
 * @gfn: fault, eviction: guest frame
 * @error: fault: error code
 * @verdict: fault: enum nptb_verdict
 * @evicted: fault: leaves that went for it
 * @attempt: fault, loop
 * @resident: fault: pages resident after it
 * @seq: fault: its number in its VM
 * @as: fault, eviction: KVM's address space, or 255
 * @known: fault: the module had the page
 * @event: fault, loop: enum nptb_event
 * @reason: eviction: enum nptb_evict_reason
 * @own: eviction: of the attempt's own page
 * @class: loop: enum nptb_loop_class
 * @vector: loop
 * @laps: loop
 * @budget: loop
 * @npages: loop: distinct pages
 * @gfns: loop: the first of them; gone when the function returns
 * @nr: loop: entries in @gfns and @roles
 * @roles: loop: of each, NPTB_ROLE_*
 * @insn: loop: the instruction's bytes
 * @insn_len: loop: how many
 */
struct rec_event {
	enum rec_kind kind;
	unsigned int vm;
	uint64_t ns;
	int vcpu;
	uint64_t rip, gpa, gfn, error;
	unsigned int verdict, evicted;
	uint64_t attempt, resident, seq;
	unsigned int as;
	bool known;
	unsigned int event;
	unsigned int reason;
	bool own;
	unsigned int class;
	int vector;
	uint64_t laps, budget;
	unsigned int npages;
	const uint64_t *gfns;
	const uint8_t *roles;
	size_t nr;
	const uint8_t *insn;
	size_t insn_len;
};

/**
 * struct rec_vm - a VM of a recording
 * @name: KVM's name of it
 * @comm: its process, "" where that was not noted
 * @budget: at its beginning, pages, or "off"; "" where that was not recorded
 * @policy: likewise
 * @on_loop: likewise
 * @first_seq: number of the first fault
 * @last_seq: of the last
 * @faults: that are in the recording
 */
struct rec_vm {
	char name[VM_NAME_MAX];
	char comm[REC_TEXT_MAX];
	char budget[32];
	char policy[32];
	char on_loop[32];
	uint64_t first_seq, last_seq, faults;
};

/**
 * struct recording - what is known of a recording
 * @path: the file
 * @only: the VM that is asked about, NULL for all
 * @again: it is read a second time, which the progress line says
 * @kernel: release, "" where that was not noted; so are those that follow
 * @machine: architecture
 * @cpu: model
 * @module: version
 * @end: why it ended; "" where it was cut short, or trace-cmd recorded it
 * @realtime_ns: CLOCK_REALTIME at @mono_ns of the recording's clock, 0 for unknown
 * @mono_ns: likewise
 * @noted: it has notes
 * @lost: events that were lost, as noted at the end
 * @missed: events that were lost, as the ring buffers tell
 * @events: that were handed on
 * @first_ns: when the first of them was
 * @last_ns: the last
 * @vm: the VMs, in the order of their first events or notes
 * @nr: how many
 */
struct recording {
	const char *path;
	const char *only;
	bool again;
	char kernel[REC_TEXT_MAX];
	char machine[32];
	char cpu[REC_TEXT_MAX];
	char module[32];
	char end[32];
	uint64_t realtime_ns, mono_ns;
	bool noted;
	uint64_t lost, missed;
	uint64_t events;
	uint64_t first_ns, last_ns;
	struct rec_vm *vm;
	size_t nr;
};

/**
 * typedef recording_fn - takes an event
 * @r: the recording, as far as it was read
 * @e: the event; gone when the function returns
 * @data: as given to recording_read()
 *
 * Return: 0, or -errno to end the reading.
 */
typedef int (*recording_fn)(const struct recording *r, const struct rec_event *e, void *data);

int recording_read(struct recording *r, recording_fn fn, void *data);
uint64_t recording_lost(const struct recording *r);
void recording_warn(const struct recording *r);
void recording_free(struct recording *r);
const char *rec_access(const struct rec_event *e);
const char *rec_verdict(unsigned int verdict);
bool rec_is_mapped(const struct rec_event *e);

#endif /* NPTB_RECORDING_H */
