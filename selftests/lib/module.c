// SPDX-License-Identifier: GPL-2.0-only
/* Loading and unloading modules, and reading the kernel log. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "module.h"
#include "util.h"

const char *module_file(void)
{
	const char *path = getenv("NPTB_MODULE");

	if (!path)
		path = getenv("LAB_MODULE");
	return path && path_exists(path) ? path : NULL;
}

int module_load_with(const char *file, const char *args)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = syscall(SYS_finit_module, fd, args, 0) ? -errno : 0;
	close(fd);
	return err;
}

int module_load(const char *file)
{
	return module_load_with(file, "");
}

int test_module_load(const char *name, const char *args)
{
	const char *file = module_file();
	char path[PATH_MAX];

	if (!file)
		return -ENOENT;
	/* .../BUILD/stripped/nptbudget.ko: beside its folder. */
	snprintf(path, sizeof(path), "%.*s/../kmod/%s.ko",
		 (int)(strrchr(file, '/') - file), file, name);
	return module_load_with(path, args);
}

int module_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

const char *kvm_vendor(void)
{
	static const char *name;

	/* A test may be about to unload it. */
	if (!name)
		name = path_exists("/sys/module/kvm_intel") ? "kvm_intel" : "kvm_amd";
	return name;
}

const char *kvm_no_paging(void)
{
	return strcmp(kvm_vendor(), "kvm_intel") ? "npt=0" : "ept=0";
}

int klog_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		die("/dev/kmsg: %s", strerror(errno));
	lseek(fd, 0, SEEK_END);
	return fd;
}

bool klog_wait(int fd, const char *text, const char *other, unsigned int ms)
{
	uint64_t end = now_ms() + ms;
	char line[8192];
	ssize_t n;

	do {
		while ((n = read(fd, line, sizeof(line) - 1)) > 0) {
			line[n] = '\0';
			if (strstr(line, text) && strstr(line, other))
				return true;
		}
		sleep_ms(20);
	} while (now_ms() < end);
	return false;
}
