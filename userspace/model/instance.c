// SPDX-License-Identifier: GPL-2.0-only
/*
 * An instance of tracefs has buffers, events and filters of its own, so that the
 * user's own tracing is untouched; it goes when the command ends. One that a killed
 * command left behind has its pid in its name and is removed by the next one.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tracefs/tracefs.h>

#include "model/instance.h"

/* Instances whose command is no more. */
static void remove_old(const char *prefix)
{
	char *path = tracefs_get_tracing_file("instances");
	struct tracefs_instance *old;
	const struct dirent *entry;
	DIR *dir = path ? opendir(path) : NULL;

	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) ||
		    !kill(atoi(entry->d_name + strlen(prefix)), 0) || errno != ESRCH)
			continue;
		old = tracefs_instance_create(entry->d_name);
		if (old)
			tracefs_instance_destroy(old);
		tracefs_instance_free(old);
	}
	if (dir)
		closedir(dir);
	tracefs_put_tracing_file(path);
}

/**
 * instance_create() - make an instance
 * @prefix: its name, before the pid of this process
 *
 * Return: the instance, for instance_destroy(); NULL, with errno set.
 */
struct tracefs_instance *instance_create(const char *prefix)
{
	struct tracefs_instance *instance;
	char name[48];

	remove_old(prefix);
	snprintf(name, sizeof(name), "%.32s%d", prefix, getpid());
	errno = 0;
	instance = tracefs_instance_create(name);
	if (!instance && !errno)
		errno = ENOENT;
	return instance;
}

/**
 * instance_write() - write a file of an instance
 * @instance: the instance
 * @file: its path, below the instance's folder
 * @text: what to write
 *
 * Return: 0; -errno, -EIO where the library does not say why.
 */
int instance_write(struct tracefs_instance *instance, const char *file, const char *text)
{
	errno = 0;
	if (tracefs_instance_file_write(instance, file, text) >= 0)
		return 0;
	return errno ? -errno : -EIO;
}

/**
 * instance_lost() - events that found no room in the buffers so far
 * @instance: the instance
 */
uint64_t instance_lost(struct tracefs_instance *instance)
{
	char file[40], *text, *at;
	uint64_t lost = 0;
	int cpu;

	for (cpu = 0;; cpu++) {
		snprintf(file, sizeof(file), "per_cpu/cpu%d/stats", cpu);
		text = tracefs_instance_file_read(instance, file, NULL);
		if (!text)
			return lost;
		at = strstr(text, "overrun: ");
		if (at)
			lost += strtoull(at + 9, NULL, 10);
		free(text);
	}
}

/**
 * instance_destroy() - leave nothing of an instance
 * @instance: the instance, may be NULL
 */
void instance_destroy(struct tracefs_instance *instance)
{
	if (!instance)
		return;
	tracefs_trace_off(instance);
	tracefs_instance_destroy(instance);
	tracefs_instance_free(instance);
}
