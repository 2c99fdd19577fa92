/* SPDX-License-Identifier: GPL-2.0-only */
/* Functions that the linker redirects to test_kvmtrace.c (ld --wrap). */
#ifndef NPTB_TESTS_WRAP_TRACEFS_H
#define NPTB_TESTS_WRAP_TRACEFS_H

#include <time.h>

#include <tracefs/tracefs.h>

typedef int (*raw_fn)(struct tep_event *event, struct tep_record *record, int cpu, void *data);

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
struct tracefs_instance *__wrap_instance_create(const char *prefix);
int __wrap_instance_write(struct tracefs_instance *instance, const char *file, const char *text);
void __wrap_instance_destroy(struct tracefs_instance *instance);
char *__wrap_tracefs_instance_file_read(struct tracefs_instance *instance, const char *file,
					int *size);
char *__wrap_tracefs_event_file_read(struct tracefs_instance *instance, const char *system,
				     const char *event, const char *file, int *size);
int __wrap_tracefs_option_enable(struct tracefs_instance *instance, enum tracefs_option_id id);
int __wrap_tracefs_instance_file_append(struct tracefs_instance *instance, const char *file,
					const char *text);
int __wrap_tracefs_event_enable(struct tracefs_instance *instance, const char *system,
				const char *event);
int __wrap_tracefs_iterate_raw_events(struct tep_handle *tep, struct tracefs_instance *instance,
				      cpu_set_t *cpus, int cpu_size, raw_fn fn, void *data);

#endif /* NPTB_TESTS_WRAP_TRACEFS_H */
