// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget doctor on hosts that the test makes up: able, and with one fault each. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nptbudget.h>
#include "fake.h"

#define STRING(x) #x
#define TEXT(x) STRING(x)
#define NPTB_VERSION_LINE NPTB_VERSION " " TEXT(NPTB_FORMAT) "\n"

#define RELEASE	"6.12.117+deb12-amd64"

static const char cpuinfo[] =
	"processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: AMD Ryzen 7 1700\n"
	"flags\t\t: fpu vme svm npt\n\nprocessor\t: 1\n";

/* A file of an able host, and another text that spoils it. */
static const struct part {
	const char *path, *text;
} able[] = {
	{ "proc/cpuinfo", cpuinfo },
	{ "proc/sys/kernel/osrelease", RELEASE "\n" },
	{ "proc/sys/kernel/ftrace_enabled", "1\n" },
	{ "proc/mounts", "none /sys/kernel/debug debugfs rw 0 0\n"
			 "none /sys/kernel/tracing tracefs rw 0 0\n" },
	{ "proc/swaps", "Filename\tType\n/dev/vda2\tpartition\n" },
	{ "boot/config-" RELEASE, "#\nCONFIG_KPROBES=y\nCONFIG_DYNAMIC_FTRACE_WITH_REGS=y\n"
		"CONFIG_DEBUG_FS=y\nCONFIG_MODULES=y\nCONFIG_KALLSYMS_ALL=y\n" },
	{ "lib/modules/" RELEASE "/build/Makefile", "" },
	{ "dev/kvm", "" },
	{ "sys/module/kvm_amd/parameters/npt", "1\n" },
	{ "sys/module/kvm/parameters/tdp_mmu", "Y\n" },
	{ "sys/module/module/parameters/sig_enforce", "N\n" },
	{ "sys/module/nptbudget/refcnt", "0\n" },
	{ "sys/kernel/debug/.keep", "" },
	{ "sys/kernel/security/lockdown", "[none] integrity confidentiality\n" },
	{ "sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n" },
	{ "sys/kernel/tracing/enabled_functions", "" },
};

static void make_able(void)
{
	size_t i;

	assert_int_equal(setenv("NPTBUDGET_ROOT", fake_root, 1), 0);
	for (i = 0; i < ARRAY_SIZE(able); i++)
		fake_write(able[i].path, able[i].text);
	fake_write("nptbudget/version", NPTB_VERSION_LINE);
}

static void an_able_host(void **state)
{
	struct json_object *top, *list, *row, *status;
	struct result r;
	size_t i;

	(void)state;
	make_able();
	COMMAND(&r, "doctor");
	assert_has(r.out, "ok       CPU             AMD Ryzen 7 1700 (AuthenticAMD)\n");
	assert_has(r.out, "ok       nested paging   on, with the TDP MMU\n");
	assert_has(r.out, "\nThis host is able to hold VMs to budgets.\n");
	assert_null(strstr(r.out, "warning"));
	assert_null(strstr(r.out, "unknown"));
	assert_int_equal(r.status, 0);
	COMMAND(&r, "doctor", "--json");
	assert_documented("doctor", r.out);
	assert_int_equal(r.status, 0);
	top = json_tokener_parse(r.out);
	assert_true(json_object_object_get_ex(top, "able", &row));
	assert_true(json_object_get_boolean(row));
	assert_true(json_object_object_get_ex(top, "checks", &list));
	assert_int_equal(json_object_array_length(list), 15);
	for (i = 0; i < json_object_array_length(list); i++) {
		row = json_object_array_get_idx(list, i);
		assert_true(json_object_object_get_ex(row, "status", &status));
		assert_string_equal(json_object_get_string(status), "ok");
	}
	json_object_put(top);
	COMMAND(&r, "doctor", "extra");
	assert_int_equal(r.status, 2);
}

/* One fault at a time: the line that tells, the mend, and the exit status. */
static const struct fault {
	const char *path, *text, *says, *mend;
	int status;
} faults[] = {
	{ "proc/cpuinfo", "vendor_id\t: AuthenticAMD\nmodel name\t: X\nflags\t\t: fpu npt svme\n",
	  "failed   CPU             X (AuthenticAMD)\n", "turn on SVM mode", 1 },
	{ "proc/cpuinfo", "vendor_id\t: AuthenticAMD\nmodel name\t: X\nflags\t\t: fpu hypervisor\n",
	  "failed   CPU             X (AuthenticAMD), itself virtual\n", "-cpu host,+svm", 1 },
	{ "proc/cpuinfo", "vendor_id\t: GenuineIntel\nmodel name\t: Y\nflags\t\t: fpu vmxe\n",
	  "failed   CPU             Y (GenuineIntel)\n", "turn on VT-x", 1 },
	{ "proc/cpuinfo", "vendor_id\t: GenuineIntel\nmodel name\t: Y\nflags\t\t: fpu vmx\n",
	  "failed   KVM             kvm_intel is not loaded\n", "modprobe kvm_intel", 1 },
	{ "proc/cpuinfo", "vendor_id\t: CentaurHauls\nmodel name\t: Z\nflags\t\t: fpu\n",
	  "failed   CPU             Z (CentaurHauls)\n", "needs a CPU with AMD-V or VT-x", 1 },
	{ "proc/sys/kernel/osrelease", "6.13.1\n", "warning  kernel          6.13.1: not one",
	  "see dmesg", 0 },
	{ "boot/config-" RELEASE, "#\nCONFIG_KPROBES=y\n# CONFIG_DEBUG_FS is not set\n",
	  "failed   configuration   lacks CONFIG_DYNAMIC_FTRACE_WITH_REGS CONFIG_DEBUG_FS",
	  "boot a kernel", 1 },
	{ "proc/sys/kernel/ftrace_enabled", "0\n", "failed   ftrace          is off\n",
	  "sysctl kernel.ftrace_enabled=1", 1 },
	{ "sys/module/kvm_amd/parameters/npt", "N\n", "warning  nested paging   off: shadow",
	  "npt=1", 0 },
	{ "sys/module/kvm/parameters/tdp_mmu", "N\n",
	  "warning  nested paging   on, without the TDP MMU", "tdp_mmu=1", 0 },
	{ "sys/kernel/security/lockdown", "none [integrity] confidentiality\n",
	  "failed   lockdown        the kernel is locked down: nobody can set budgets; watch",
	  "turn Secure Boot off", 1 },
	{ "sys/kernel/security/lockdown", "none integrity [confidentiality]\n",
	  "failed   lockdown        the kernel is locked down: debugfs and tracefs are closed",
	  "turn Secure Boot off", 1 },
	{ "sys/module/module/parameters/sig_enforce", "Y\n",
	  "warning  Secure Boot     the kernel loads signed modules only\n",
	  "mokutil --import /var/lib/dkms/mok.pub", 0 },
	{ "proc/mounts", "none /sys/kernel/tracing tracefs rw 0 0\n",
	  "failed   debugfs         is not mounted\n", "mount -t debugfs", 1 },
	{ "proc/mounts", "none /sys/kernel/debug debugfs rw 0 0\n",
	  "warning  tracefs         is not mounted", "mount -t tracefs", 0 },
	{ "nptbudget/version", "0.0 1\n", "warning  module          0.0 is loaded, format 1;",
	  "of one version", 0 },
	{ "nptbudget/version", "9 2\n", "warning  module          9 is loaded, format 2;",
	  "of one version", 0 },
	{ "nptbudget/version", "what", "failed   module          is loaded; its version:",
	  "load the module of this version", 1 },
	{ "sys/kernel/livepatch/lp1/kvm/kvm_mmu_page_fault,1/patched", "1\n",
	  "failed   other hooks     the livepatch lp1 holds KVM's kvm_mmu_page_fault,1\n",
	  "echo 0 > /sys/kernel/livepatch/lp1/enabled", 1 },
};

static void one_fault_each(void **state)
{
	struct result r;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		make_able();
		fake_write(faults[i].path, faults[i].text);
		COMMAND(&r, "doctor");
		assert_has(r.out, faults[i].says);
		assert_has(r.out, faults[i].mend);
		assert_int_equal(r.status, faults[i].status);
	}
}

/* Who redirects is told from who only traces, and from the module itself. */
static void redirections(void **state)
{
	static const char redirected[] =
		"vfs_read (1) R I     \ttramp: 0xffffffffc0\n"
		"kvm_mmu_page_fault [kvm] (1) R I     \ttramp: 0xffffffffc0\n";
	static const char traced[] = "kvm_mmu_page_fault [kvm] (2) R       \ttramp: I\n"
		"kvm_mmu_page_fault_x [kvm] (1) R I\n";
	struct result r;

	(void)state;
	make_able();
	fake_write("sys/kernel/tracing/enabled_functions", redirected);
	COMMAND(&r, "doctor");
	assert_int_equal(r.status, 0);
	fake_remove("sys/module/nptbudget/refcnt");
	fake_remove("sys/module/nptbudget");
	COMMAND(&r, "doctor");
	assert_has(r.out, "failed   other hooks     KVM's kvm_mmu_page_fault is redirected by another");
	assert_has(r.out, "failed   module          is not installed for this kernel\n");
	assert_int_equal(r.status, 1);
	fake_write("sys/kernel/tracing/enabled_functions", traced);
	fake_write("lib/modules/" RELEASE "/updates/dkms/nptbudget.ko.xz", "");
	COMMAND(&r, "doctor");
	assert_has(r.out, "ok       other hooks ");
	/* All is there, and yet no VM can be held: one command is missing. */
	assert_has(r.out, "failed   module          is installed, and not loaded\n");
	assert_has(r.out, "modprobe nptbudget\n");
	assert_has(r.out, "\nNot able: 1 of the checks failed.");
	assert_int_equal(r.status, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_able_host), TEST(one_fault_each), TEST(redirections),
	};

	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
