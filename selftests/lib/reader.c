// SPDX-License-Identifier: GPL-2.0-only
/* Threads that read every file of the module in a loop. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "nptb.h"
#include "reader.h"
#include "util.h"

#define THREADS_MAX	4

static pthread_t thread[THREADS_MAX];
static int threads;
static _Atomic bool stop;
static _Atomic uint64_t files;

static void read_all(const char *dir)
{
	char path[512], buf[4096];
	struct dirent *e;
	DIR *d = opendir(dir);
	int fd;

	if (!d)
		return;
	while ((e = readdir(d)) && !atomic_load(&stop)) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (e->d_type == DT_DIR) {
			read_all(path);
			continue;
		}
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		while (read(fd, buf, sizeof(buf)) > 0)
			;
		close(fd);
		atomic_fetch_add(&files, 1);
	}
	closedir(d);
}

static void *reader_main(void *arg)
{
	(void)arg;
	setpriority(PRIO_PROCESS, 0, 0);
	while (!atomic_load(&stop))
		read_all(NPTB_DIR);
	return NULL;
}

void readers_start(int nr)
{
	atomic_store(&stop, false);
	atomic_store(&files, 0);
	for (threads = 0; threads < nr && threads < THREADS_MAX; threads++)
		if (pthread_create(&thread[threads], NULL, reader_main, NULL))
			die("pthread_create");
}

uint64_t readers_stop(void)
{
	int i;

	atomic_store(&stop, true);
	for (i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	return atomic_load(&files);
}
