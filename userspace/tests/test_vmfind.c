// SPDX-License-Identifier: GPL-2.0-only
/* Which VM an argument means. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "model/vmfind.h"
#include "model/vmname.h"
#include "fake.h"

static void fake_fd(int pid, int fd, const char *target)
{
	char path[128];

	snprintf(path, sizeof(path), "proc/%d/fd/.keep", pid);
	fake_write(path, "");
	snprintf(path, sizeof(path), "%s/proc/%d/fd/%d", fake_root, pid, fd);
	assert_int_equal(symlink(target, path), 0);
}

static void resolve(void **state)
{
	char name[VM_NAME_MAX];

	(void)state;
	fake_process(100, 100, "vmm");
	fake_process(101, 100, "vmm-thread");
	fake_process(102, 100, "vmm-thread");
	fake_process(200, 200, "two");
	fake_process(201, 200, "two");
	fake_process(300, 300, "none");
	fake_process(400, 400, "other");
	fake_fd(400, 7, "anon_inode:kvm-vm");
	fake_process(500, 500, "nearly");
	fake_fd(500, 7, "anon_inode:kvm-vcpu:0");
	fake_vm("101-11", "9\n", STATS, "");
	fake_vm("200-3", "9\n", STATS, "");
	fake_vm("201-4", "9\n", STATS, "");
	fake_vm("600-9", "9\n", STATS, "");
	fake_vm("399-7", "9\n", STATS, "");	/* by a thread of 400 that is gone */

	assert_int_equal(vm_resolve("101-11", name), 0);
	assert_string_equal(name, "101-11");
	assert_int_equal(vm_resolve("100", name), 0);
	assert_string_equal(name, "101-11");
	assert_int_equal(vm_resolve("102", name), 0);
	assert_string_equal(name, "101-11");
	assert_int_equal(vm_resolve("400", name), 0);
	assert_string_equal(name, "399-7");
	/* A pid that is no more, but is in a VM's name. */
	assert_int_equal(vm_resolve("600", name), 0);
	assert_string_equal(name, "600-9");
	assert_int_equal(vm_resolve("200", name), -EEXIST);
	assert_int_equal(vm_resolve("300", name), -ENOENT);
	assert_int_equal(vm_resolve("500", name), -ENOENT);
	assert_int_equal(vm_resolve("700", name), -ENOENT);
	assert_int_equal(vm_resolve("101-12", name), -ENOENT);
	assert_int_equal(vm_resolve("vmm", name), -ENOENT);
	assert_int_equal(vm_resolve("0", name), -ENOENT);
	assert_int_equal(vm_resolve("-1", name), -ENOENT);
	assert_int_equal(vm_resolve("../../x", name), -ENOENT);
	assert_int_equal(vm_resolve("", name), -EINVAL);
}

/* A process that holds a VM, with its command line (words end in '|') and cgroup. */
static void fake_vmm(int pid, const char *cmdline, const char *cgroup)
{
	char path[256], *c;
	FILE *f;

	fake_process(pid, pid, "qemu");
	fake_fd(pid, 9, "anon_inode:kvm-vm");
	snprintf(path, sizeof(path), "proc/%d/cgroup", pid);
	fake_write(path, cgroup);
	snprintf(path, sizeof(path), "proc/%d/cmdline", pid);
	fake_write(path, cmdline);
	snprintf(path, sizeof(path), "%s/proc/%d/cmdline", fake_root, pid);
	f = fopen(path, "we");
	assert_non_null(f);
	for (c = strdupa(cmdline); *c; c++)
		fputc(*c == '|' ? '\0' : *c, f);
	assert_int_equal(fclose(f), 0);
	snprintf(path, sizeof(path), "%d-9", pid);
	fake_vm(path, "9\n", STATS, "");
}

/* Longer than is kept of it. */
#define TEN		"0123456789"
#define LONG_NAME	"n" TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static void resolve_names(void **state)
{
	static const struct {
		const char *arg, *vm;
		int err;
	} cases[] = {
		{ "web", "10-9", 0 },
		{ "db,1", "11-9", 0 },
		{ "fire", "12-9", 0 },
		{ "twin", NULL, -EEXIST },
		{ "we", NULL, -ENOENT },
		{ "notname", NULL, -ENOENT },
		{ "/machine.slice/machine-qemu\\x2d1\\x2dweb.scope", "10-9", 0 },
		{ "/sys/fs/cgroup/machine.slice/machine-qemu\\x2d1\\x2dweb.scope/", "10-9", 0 },
		{ "machine-qemu\\x2d1\\x2dweb.scope", "10-9", 0 },
		{ "emulator", "10-9", 0 },
		{ "x2dweb.scope", NULL, -ENOENT },
		{ "machine.slice", NULL, -EEXIST },
		{ "/machine.slice/machine", NULL, -ENOENT },
		{ "/", NULL, -ENOENT },
		{ "12", "12-9", 0 },
		/* As it was given, and as it is shown. */
		{ "m\xc3\xbcller", "18-9", 0 },
		{ "m??ller", "18-9", 0 },
		{ "/h\xc3\xa4user", "18-9", 0 },
		{ LONG_NAME, "19-9", 0 },
	};
	char name[VM_NAME_MAX], label[VM_LABEL_MAX], path[VM_CGROUP_MAX];
	pid_t pid;
	size_t i;

	(void)state;
	fake_vmm(10, "/usr/bin/qemu-system-x86_64|-name|guest=web,debug-threads=on|-S|",
		 "1:name=systemd:/x\n0::/machine.slice/machine-qemu\\x2d1\\x2dweb.scope/libvirt/emulator\n");
	fake_vmm(11, "qemu|-m|64|-name|debug-threads=on,guest=db,,1|",
		 "0::/machine.slice/other.scope\n");
	fake_vmm(12, "firecracker|--name=fire|", "0::/\n");
	fake_vmm(13, "qemu|-name|twin|", "");
	fake_vmm(14, "qemu|-name|twin|", "");
	fake_vmm(15, "qemu|-m|-name", "");
	fake_vmm(18, "qemu|-name|m\xc3\xbcller|", "0::/h\xc3\xa4user/1\n");
	fake_vmm(19, "qemu|-name|" LONG_NAME "|", "");
	fake_process(16, 16, "qemu");
	fake_write("proc/16/cmdline", "-name");
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(vm_resolve(cases[i].arg, name), cases[i].err);
		if (!cases[i].err)
			assert_string_equal(name, cases[i].vm);
	}
	assert_int_equal(vm_find_process("db,1", &pid), 0);
	assert_int_equal(pid, 11);
	assert_int_equal(vm_label(15, label), -ENOENT);
	assert_int_equal(vm_label(17, label), -ENOENT);
	assert_int_equal(vm_cgroup(13, path), -ENOENT);
	assert_string_equal(path, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(resolve, fake_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(resolve_names, fake_setup, fake_teardown),
	};

	return cmocka_run_group_tests_name("vmfind", tests, NULL, NULL);
}
