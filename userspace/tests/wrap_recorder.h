/* SPDX-License-Identifier: GPL-2.0-only */
/* Functions that the linker redirects to test_output.c (ld --wrap). */
#ifndef NPTB_TESTS_WRAP_RECORDER_H
#define NPTB_TESTS_WRAP_RECORDER_H

#include <stdbool.h>

#include <tracefs/tracefs.h>

struct tracedat;

int __wrap_tracedat_here(struct tracedat *t, const char *system);
struct tracefs_instance *__wrap_instance_create(const char *prefix);
int __wrap_instance_write(struct tracefs_instance *instance, const char *file, const char *text);
void __wrap_instance_destroy(struct tracefs_instance *instance);
struct tracefs_cpu *__wrap_tracefs_cpu_open(struct tracefs_instance *instance, int cpu,
					    bool nonblock);
char *__wrap_tracefs_instance_file_read(struct tracefs_instance *instance, const char *file,
					int *size);
int __wrap_tracefs_instance_file_write(struct tracefs_instance *instance, const char *file,
				       const char *text);
int __wrap_tracefs_trace_off(struct tracefs_instance *instance);

#endif /* NPTB_TESTS_WRAP_RECORDER_H */
