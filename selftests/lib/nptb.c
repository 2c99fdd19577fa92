// SPDX-License-Identifier: GPL-2.0-only
/* The module's debugfs files: knobs and counters. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nptb.h"
#include "util.h"

const char *nptb_unusable(void)
{
	if (geteuid())
		return "needs root";
	if (!path_exists(KVM_DIR))
		return "no KVM in debugfs";
	if (!path_exists(NPTB_DIR "/version"))
		return "module nptbudget is not loaded";
	return NULL;
}

const char *host_is_shared(void)
{
	if (getenv("LAB_KERNEL") || getenv("NPTB_OWN_HOST"))
		return NULL;
	return "others may have VMs here (NPTB_OWN_HOST=1: nobody has)";
}

static void knob_path(char *path, size_t size, const char *vm, const char *knob)
{
	snprintf(path, size, NPTB_DIR "/vms/%s/%s", vm, knob);
}

int nptb_set(const char *vm, const char *knob, const char *value)
{
	char path[160];

	knob_path(path, sizeof(path), vm, knob);
	return file_write(path, value, strlen(value));
}

int nptb_budget(const char *vm, uint64_t pages)
{
	char buf[32];

	snprintf(buf, sizeof(buf), "%" PRIu64, pages);
	return nptb_set(vm, "budget", pages ? buf : "off");
}

int nptb_get(const char *vm, const char *knob, char *buf, int size)
{
	char path[160];
	int len;

	knob_path(path, sizeof(path), vm, knob);
	len = file_read(path, buf, size);
	if (len > 0 && buf[len - 1] == '\n')
		buf[--len] = '\0';
	return len;
}

int64_t nptb_stat(const char *vm, const char *name)
{
	size_t len = strlen(name);
	char buf[4096];
	char *line, *save;
	int ret = nptb_get(vm, "stats", buf, sizeof(buf));

	if (ret < 0)
		return ret;
	for (line = strtok_r(buf, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (!strncmp(line, name, len) && line[len] == ' ')
			return strtoll(line + len + 1, NULL, 10);
	return -ENOENT;
}

bool nptb_wait_vm_gone(const char *vm, unsigned int ms)
{
	uint64_t end = now_ms() + ms;
	char path[160];

	snprintf(path, sizeof(path), KVM_DIR "/%s", vm);
	if (!wait_gone(path, ms))
		return false;
	snprintf(path, sizeof(path), NPTB_DIR "/vms/%s", vm);
	return wait_gone(path, end > now_ms() ? end - now_ms() : 0);
}

bool nptb_wait_stat(const char *vm, const char *name, int64_t value,
		    unsigned int ms)
{
	uint64_t end = deadline(ms);

	while (nptb_stat(vm, name) < value) {
		if (now_ms() > end)
			return false;
		sleep_ms(1);
	}
	return true;
}
