/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The events of a file of trace-cmd's in the order of time, in memory that does not grow.
 *
 * tracecmd_iterate_events() as it is (3.1.6) keeps a map of all that it has read, and where
 * a CPU has 2 GiB or more it makes a map for each page, of which the kernel allows 65530:
 * 256 MiB. So where the file has the kernel's pages as they are, which is what files of
 * version 6 do, they are read one after the other, and libtraceevent's kbuffer decodes
 * them; libtracecmd, which knows the header, says where they are. Others go its way.
 */
#ifndef NPTB_EVENTS_H
#define NPTB_EVENTS_H

#include <stdint.h>

/* More than any KVM takes: a file in which there are more is damaged. */
#define EVENTS_VCPUS_MAX 65536

struct tep_record;
struct tracecmd_input;

/* As for tracecmd_iterate_events(): below 0 ends it. */
typedef int (*events_fn)(struct tracecmd_input *handle, struct tep_record *record, int cpu,
			 void *data);

struct tracecmd_input *events_open(const char *path, uint64_t *size);
int events_read(struct tracecmd_input *handle, const char *path, events_fn fn, void *data);

#endif /* NPTB_EVENTS_H */
