// SPDX-License-Identifier: GPL-2.0-only
/*
 * All debugfs I/O. The formats are in uapi/nptbudget.h; what the text means is
 * no business of this file.
 *
 * Functions return 0 or a descriptor, or -errno, and print nothing; only
 * dbgfs_attach(), which everything begins with, says itself what is missing.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <nptbudget.h>
#include "model/dbgfs.h"
#include "base/fields.h"
#include "base/msg.h"
#include "base/util.h"
#include "model/vmname.h"

#define DEFAULT_ROOT "/sys/kernel/debug"

static const char *root(void)
{
	const char *env = getenv("NPTBUDGET_DEBUGFS");

	return env && *env ? env : DEFAULT_ROOT;
}

static int full_path(char *path, size_t size, const char *name)
{
	int n = snprintf(path, size, "%s/" NPTB_DEBUGFS_DIR "/%s", root(), name);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

static int open_file(const char *name, int flags)
{
	char path[4096];
	int fd, err;

	err = full_path(path, sizeof(path), name);
	if (err)
		return err;
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Read from the current offset to the end. */
static int read_all(int fd, char **text)
{
	size_t used = 0, size = 4096;
	char *buf = malloc(size), *more;
	ssize_t n;
	int err;

	if (!buf)
		return -ENOMEM;
	for (;;) {
		n = read(fd, buf + used, size - used - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err = -errno;
			goto fail;
		}
		if (!n)
			break;
		used += n;
		if (size - used > 1)
			continue;
		err = -EFBIG;
		if (size >= DBGFS_FILE_MAX)
			goto fail;
		size *= 2;
		more = realloc(buf, size);
		err = -ENOMEM;
		if (!more)
			goto fail;
		buf = more;
	}
	buf[used] = '\0';
	/* A NUL would hide what follows from all string functions. */
	err = -EBADMSG;
	if (strlen(buf) != used)
		goto fail;
	*text = buf;
	return 0;
fail:
	free(buf);
	return err;
}

/**
 * dbgfs_read() - read a file of the module
 * @name: path below the module's folder
 * @text: where to put the contents, for free(); untouched on errors
 *
 * Return: 0; -errno of open() or read(); -EFBIG, -EBADMSG for a file that is
 * not text of ours; -ENOMEM.
 */
int dbgfs_read(const char *name, char **text)
{
	int fd = open_file(name, O_RDONLY), err;

	if (fd < 0)
		return fd;
	err = read_all(fd, text);
	close(fd);
	return err;
}

/**
 * dbgfs_read_word() - read a knob
 * @name: path below the module's folder
 * @word: where to put its value, without the end of line
 * @size: room at @word, bytes
 *
 * Return: 0; -EBADMSG where the file holds no or several words or the value is
 * longer than @size; else as dbgfs_read().
 */
int dbgfs_read_word(const char *name, char *word, size_t size)
{
	char *text;
	size_t len;
	int err;

	err = dbgfs_read(name, &text);
	if (err)
		return err;
	len = strcspn(text, " \t\n");
	if (!len || strspn(text + len, " \t\n") != strlen(text + len))
		err = -EBADMSG;
	text[len] = '\0';
	if (!err && strscpy(word, text, size) < 0)
		err = -EBADMSG;
	free(text);
	return err;
}

static int write_once(int fd, const char *text)
{
	size_t len = strlen(text);
	ssize_t n = write(fd, text, len);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

/**
 * dbgfs_write() - set a knob
 * @name: path below the module's folder
 * @value: the value, without an end of line
 *
 * A budget waits for vCPUs that are inside a fault. A signal ends that wait
 * with -EINTR, which is not tried again: whoever sent it wants to stop.
 *
 * Return: 0, -errno of open() or write(), -EINVAL for a value longer than 1023.
 */
int dbgfs_write(const char *name, const char *value)
{
	char line[1024];
	int fd, err, n;

	n = snprintf(line, sizeof(line), "%s\n", value);
	if (n < 0 || (size_t)n >= sizeof(line))
		return -EINVAL;
	fd = open_file(name, O_WRONLY | O_TRUNC);
	if (fd < 0)
		return fd;
	err = write_once(fd, line);
	if (close(fd) && !err)
		err = -errno;
	return err;
}

/**
 * dbgfs_vm_file() - name a file of a VM
 * @path: room for the path
 * @vm: name of the VM, a valid one
 * @file: name of the file in the VM's folder
 *
 * Return: @path, for dbgfs_read() and dbgfs_write().
 */
const char *dbgfs_vm_file(char path[DBGFS_PATH_MAX], const char *vm, const char *file)
{
	snprintf(path, DBGFS_PATH_MAX, "vms/%s/%s", vm, file);
	return path;
}

static int by_number(const void *a, const void *b)
{
	struct vm_name x = { 0 }, y = { 0 };

	vm_name_parse(a, &x);
	vm_name_parse(b, &y);
	if (x.tid != y.tid)
		return x.tid < y.tid ? -1 : 1;
	if (x.fd != y.fd)
		return x.fd < y.fd ? -1 : 1;
	return (x.nth > y.nth) - (x.nth < y.nth);
}

/**
 * dbgfs_vms() - list the VMs that the module knows
 * @vms: where to put them; for dbgfs_vms_free() if this succeeds
 *
 * Return: 0, -errno of opendir(), -ENOMEM.
 */
int dbgfs_vms(struct dbgfs_vms *vms)
{
	struct vm_name parsed;
	struct dirent *de;
	char path[4096];
	void *more;
	DIR *dir;
	int err;

	vms->nr = 0;
	vms->name = NULL;
	err = full_path(path, sizeof(path), "vms");
	if (err)
		return err;
	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((de = readdir(dir))) {
		if (vm_name_parse(de->d_name, &parsed))
			continue;
		more = realloc(vms->name, (vms->nr + 1) * VM_NAME_MAX);
		if (!more) {
			err = -ENOMEM;
			break;
		}
		vms->name = more;
		strscpy(vms->name[vms->nr++], de->d_name, VM_NAME_MAX);
	}
	closedir(dir);
	if (err)
		dbgfs_vms_free(vms);
	else if (vms->nr)
		qsort(vms->name, vms->nr, VM_NAME_MAX, by_number);
	return err;
}

/**
 * dbgfs_vms_free() - drop what dbgfs_vms() gave
 * @vms: the list; empty afterwards
 */
void dbgfs_vms_free(struct dbgfs_vms *vms)
{
	free(vms->name);
	vms->name = NULL;
	vms->nr = 0;
}

/**
 * dbgfs_vm_known() - does the module know this VM?
 * @vm: name of the VM, a valid one
 *
 * Return: whether it has a folder now; it may end at any time.
 */
bool dbgfs_vm_known(const char *vm)
{
	char name[DBGFS_PATH_MAX], path[4096];

	snprintf(name, sizeof(name), "vms/%s", vm);
	return !full_path(path, sizeof(path), name) && !access(path, F_OK);
}

/**
 * dbgfs_run_open() - register a process tree
 * @line: the registration, as in uapi/nptbudget.h, without an end of line
 *
 * The registration lasts until the descriptor is closed. It is closed on exec,
 * so that a VMM does not hold it.
 *
 * Return: a descriptor for dbgfs_run_read(); -errno of open() or write().
 */
int dbgfs_run_open(const char *line)
{
	char *text;
	int fd, err;

	fd = open_file("run", O_RDWR);
	if (fd < 0)
		return fd;
	if (asprintf(&text, "%s\n", line) < 0) {
		close(fd);
		return -ENOMEM;
	}
	err = write_once(fd, text);
	free(text);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

/**
 * dbgfs_run_read() - read what became of the VMs of a process tree
 * @fd: from dbgfs_run_open()
 * @text: where to put the contents, for free()
 *
 * Return: as dbgfs_read().
 */
int dbgfs_run_read(int fd, char **text)
{
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return read_all(fd, text);
}

/**
 * dbgfs_translate() - have a looping vCPU's page tables walked
 * @vm: name of the VM
 * @request: as in uapi/nptbudget.h, without an end of line
 * @text: where to put the answer, for free()
 *
 * Return: 0; -EAGAIN where that vCPU is not in that loop; -errno of open(),
 * write() and as dbgfs_read().
 */
int dbgfs_translate(const char *vm, const char *request, char **text)
{
	char path[DBGFS_PATH_MAX];
	int fd, err;

	fd = open_file(dbgfs_vm_file(path, vm, "translate"), O_RDWR);
	if (fd < 0)
		return fd;
	err = write_once(fd, request);
	if (!err)
		err = read_all(fd, text);
	close(fd);
	return err;
}

/**
 * dbgfs_probe() - is the module there, and which one?
 * @v: where to put what it says
 *
 * Return: 0; -EACCES or -EPERM without the rights; -ENODEV where debugfs is not
 * mounted; -ENOENT where the module is not loaded; -EBADMSG where it is not
 * understood; -errno of other failures.
 */
int dbgfs_probe(struct dbgfs_version *v)
{
	bool ours = !!getenv("NPTBUDGET_DEBUGFS");
	char *text, *rest = NULL, *ver, *fmt;
	unsigned long long format;
	struct statfs fs;
	int err;

	err = dbgfs_read("version", &text);
	if (err == -ENOENT || err == -ENOTDIR) {
		if (statfs(root(), &fs) || (!ours && fs.f_type != DEBUGFS_MAGIC))
			return -ENODEV;
		return -ENOENT;
	}
	if (err)
		return err;
	ver = strtok_r(text, " \t\n", &rest);
	fmt = strtok_r(NULL, " \t\n", &rest);
	if (!ver || !fmt || field_u64(fmt, &format) || !format || format > 0xffffffff ||
	    strlen(ver) >= sizeof(v->version)) {
		err = -EBADMSG;
	} else {
		strscpy(v->version, ver, sizeof(v->version));
		field_printable(v->version);
		v->format = (unsigned int)format;
	}
	free(text);
	return err;
}

/**
 * dbgfs_attach() - see that the module can be talked to, and say so if not
 *
 * A module with a newer format is fine, as formats only grow; there is a
 * warning, because some of what it says will not be shown.
 *
 * Return: 0; -errno as dbgfs_probe(), after a message of one line.
 */
int dbgfs_attach(void)
{
	struct dbgfs_version v;
	int err = dbgfs_probe(&v);

	switch (err) {
	case 0:
		if (v.format > NPTB_FORMAT)
			msg_err("warning: newer module: install the command of version %s to see all fields (format %u, known %d)",
				v.version, v.format, NPTB_FORMAT);
		break;
	case -ENODEV:
		msg_err("debugfs is not mounted: mount -t debugfs none %s", root());
		break;
	case -ENOENT:
		msg_err("the module is not loaded: modprobe nptbudget (as root)");
		break;
	case -EBADMSG:
	default:
		msg_err("cannot read %s/" NPTB_DEBUGFS_DIR "/version: %s", root(),
			msg_errno(-err));
	}
	return err;
}
