/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM's own events, live, from an instance of tracefs that is ours alone. */
#ifndef NPTB_KVMTRACE_H
#define NPTB_KVMTRACE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/kvmevent.h"

struct kvmtrace;

/**
 * typedef kvmtrace_fn - takes an event
 * @event: the event; gone when the function returns
 * @data: as given to kvmtrace_read()
 *
 * Return: 0, or -errno to end the reading.
 */
typedef int (*kvmtrace_fn)(const struct kvm_event *event, void *data);

int kvmtrace_open(struct kvmtrace **trace);
int kvmtrace_add(struct kvmtrace *trace, const pid_t *tids, size_t nr);
int kvmtrace_read(struct kvmtrace *trace, kvmtrace_fn fn, void *data);
uint64_t kvmtrace_lost(struct kvmtrace *trace);
uint64_t kvmtrace_cut(const struct kvmtrace *trace);
uint64_t kvmtrace_now(void);
void kvmtrace_close(struct kvmtrace *trace);

#endif /* NPTB_KVMTRACE_H */
