// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fields.h"
#include "base/util.h"
#include "model/host.h"

/* Tests have a host of their own. */
static int host_path(char *full, size_t size, const char *path)
{
	const char *root = getenv("NPTBUDGET_ROOT");
	int n = snprintf(full, size, "%s%s", root ? root : "", path);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

/**
 * host_read() - read a small file of the host
 * @path: from / on
 * @text: where to; a text in any case, "" on errors
 * @size: room there, bytes; what is longer is cut
 *
 * Return: 0; -errno of open() or read().
 */
int host_read(const char *path, char *text, size_t size)
{
	char full[4096];
	size_t used = 0;
	ssize_t n = 0;
	int fd, err;

	*text = '\0';
	err = host_path(full, sizeof(full), path);
	if (err)
		return err;
	fd = open(full, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do {
		n = read(fd, text + used, size - 1 - used);
		if (n > 0)
			used += n;
	} while (used < size - 1 && (n > 0 || (n < 0 && errno == EINTR)));
	err = n < 0 ? -errno : 0;
	close(fd);
	text[used] = '\0';
	return err;
}

/**
 * host_has() - is there such a file or folder?
 * @path: from / on
 */
bool host_has(const char *path)
{
	char full[4096];

	return !host_path(full, sizeof(full), path) && !access(full, F_OK);
}

/**
 * host_may_write() - may this process write to it?
 * @path: from / on
 */
bool host_may_write(const char *path)
{
	char full[4096];

	return !host_path(full, sizeof(full), path) && !access(full, R_OK | W_OK);
}

/**
 * host_folder_next() - the entries of a folder, one by one
 * @path: from / on
 * @at: 0 at first; the number of the next entry afterwards
 * @name: where to put the entry's name
 * @size: room there, bytes; longer names are passed over
 *
 * Return: false where there is none any more, or no such folder.
 */
bool host_folder_next(const char *path, size_t *at, char *name, size_t size)
{
	const struct dirent *entry;
	char full[4096];
	size_t nr = 0;
	bool found = false;
	DIR *dir;

	dir = host_path(full, sizeof(full), path) ? NULL : opendir(full);
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || strlen(entry->d_name) >= size || nr++ < *at)
			continue;
		strscpy(name, entry->d_name, size);
		found = true;
	}
	closedir(dir);
	*at = nr;
	return found;
}

/**
 * host_release() - the running kernel's release
 * @release: where to, as uname -r prints it
 *
 * Return: 0; -errno, as host_read().
 */
int host_release(char release[HOST_RELEASE_MAX])
{
	int err = host_read("/proc/sys/kernel/osrelease", release, HOST_RELEASE_MAX);

	release[strcspn(release, "\n")] = '\0';
	return err;
}

/**
 * host_mounted() - is a file system of this type mounted anywhere?
 * @type: "debugfs", say
 */
bool host_mounted(const char *type)
{
	char text[65536], want[64];

	snprintf(want, sizeof(want), " %s ", type);
	return !host_read("/proc/mounts", text, sizeof(text)) && strstr(text, want);
}

/**
 * host_choice() - which word of a line is chosen, as in "none [integrity]"
 * @text: the line
 * @word: where to put it; the first word of the line where none has brackets
 * @size: room there, bytes
 *
 * Return: false where there is no word, or no room for it.
 */
bool host_choice(const char *text, char *word, size_t size)
{
	const char *open = strchr(text, '[');
	const char *from = open ? open + 1 : text;
	size_t len = strcspn(from, open ? "]" : " \t\n");

	if (!len || len >= size)
		return false;
	memcpy(word, from, len);
	word[len] = '\0';
	return true;
}

/**
 * host_config() - a symbol of a kernel's configuration, from /boot
 * @release: of the kernel
 * @symbol: "CONFIG_KPROBES", say
 * @value: where to put its value; "n" where it is not set
 * @size: room there, bytes
 *
 * Return: 0; -ENOENT where that kernel's configuration is not to be had.
 */
int host_config(const char *release, const char *symbol, char *value, size_t size)
{
	char path[HOST_RELEASE_MAX + 32], want[80], *text;
	const char *line;
	int err = -ENOMEM;

	snprintf(path, sizeof(path), "/boot/config-%s", release);
	text = malloc(1 << 20);
	if (!text)
		return err;
	err = host_read(path, text, 1 << 20);
	if (!err) {
		snprintf(want, sizeof(want), "\n%s=", symbol);
		line = strstr(text, want);
		if (!line || !host_choice(line + strlen(want), value, size))
			strscpy(value, "n", size);
	}
	free(text);
	return err ? -ENOENT : 0;
}

/**
 * host_cpu_name() - name the CPU
 * @name: for the first "model name" of /proc/cpuinfo, printable, or "unknown"
 * @size: room in @name
 */
void host_cpu_name(char *name, size_t size)
{
	char text[4096];
	char *at;

	strscpy(name, "unknown", size);
	host_read("/proc/cpuinfo", text, sizeof(text));
	at = strstr(text, "\nmodel name");
	at = at ? strchr(at, ':') : NULL;
	if (!at)
		return;
	at += 1 + strspn(at + 1, " ");
	at[strcspn(at, "\n")] = '\0';
	strscpy(name, at, size);
	field_printable(name);
}
