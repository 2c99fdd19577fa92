/* SPDX-License-Identifier: GPL-2.0-only */
/* Which pages, instructions and vCPUs of one VM fault most, live. */
#ifndef NPTB_HOT_H
#define NPTB_HOT_H

#include <stddef.h>
#include <stdint.h>

/* Pages or instructions that are told apart; a power of two. */
#define HOT_MAX 8192
/* vCPUs that are shown. */
#define HOT_VCPUS 64

/**
 * struct hot_entry - a page or an instruction
 * @key: frame << 8 | address space, or RIP
 * @faults: nested page faults on it, or by it; 0: there is none
 */
struct hot_entry {
	uint64_t key;
	uint64_t faults;
};

/**
 * struct hot_table - pages or instructions
 * @entry: a hash
 * @nr: how many there are
 * @others: faults that found no room
 */
struct hot_table {
	struct hot_entry entry[HOT_MAX];
	size_t nr;
	uint64_t others;
};

/**
 * struct hot_vcpu - a vCPU
 * @faults: nested page faults since the beginning; 0: it was not seen
 * @rip: of the last one
 * @gpa: likewise
 * @verdict: how that ended, enum nptb_verdict
 */
struct hot_vcpu {
	uint64_t faults, rip, gpa;
	unsigned int verdict;
};

/**
 * struct hot - what was seen of a VM since the recording began
 * @pages: by page
 * @rips: by instruction
 * @vcpu: by vCPU
 * @faults: in all
 */
struct hot {
	struct hot_table pages, rips;
	struct hot_vcpu vcpu[HOT_VCPUS];
	uint64_t faults;
};

/**
 * struct hot_fault - a fault, as the tracepoint nptb_fault has it
 * @vcpu: index
 * @as: KVM's address space
 * @verdict: enum nptb_verdict
 * @rip: guest RIP
 * @gpa: guest-physical address
 */
struct hot_fault {
	unsigned int vcpu, as, verdict;
	uint64_t rip, gpa;
};

struct hot_trace;

void hot_add(struct hot *h, const struct hot_fault *f);
size_t hot_most(const struct hot_table *t, struct hot_entry *to, size_t nr);
int hot_open(struct hot_trace **trace, const char *vm);
int hot_read(struct hot_trace *trace, struct hot *h);
void hot_close(struct hot_trace *trace);

#endif /* NPTB_HOT_H */
