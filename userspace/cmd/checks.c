// SPDX-License-Identifier: GPL-2.0-only
/* The host's part of "nptbudget doctor", in the order in which things build on each other. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/checks.h"
#include "base/util.h"
#include "model/host.h"

/*
 * The series that the module has been tested on: the stock ones of SERIES_TABLE in
 * scripts/lib/series.sh (static.sh compares them).
 */
static const char *const tested[] = { "6.1", "6.12", "7.3" };

#define MODULES "/sys/module"

static void say(struct check *c, enum check_status status, const char *text, const char *mend)
{
	c->status = status;
	strscpy(c->text, text, sizeof(c->text));
	strscpy(c->mend, mend, sizeof(c->mend));
}

/* The value of "name : value" of the first CPU. */
static void cpu_field(const char *info, const char *name, char *value, size_t size)
{
	const char *at = info;
	size_t len = strlen(name);

	*value = '\0';
	for (; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, name, len) || !strchr(" \t:", at[len]))
			continue;
		at += len + strspn(at + len, " \t:");
		snprintf(value, size, "%.*s", (int)strcspn(at, "\n"), at);
		return;
	}
}

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);
	const char *at = words;

	while ((at = strstr(at, word))) {
		if ((at == words || at[-1] == ' ') && (!at[len] || at[len] == ' '))
			return true;
		at += len;
	}
	return false;
}

static void check_cpu(struct check *c)
{
	char info[8192], vendor[32], model[96], flags[4096], text[160];

	c->name = "CPU";
	if (host_read("/proc/cpuinfo", info, sizeof(info))) {
		say(c, CHECK_UNKNOWN, "/proc/cpuinfo cannot be read", "mount -t proc none /proc");
		return;
	}
	cpu_field(info, "vendor_id", vendor, sizeof(vendor));
	cpu_field(info, "model name", model, sizeof(model));
	cpu_field(info, "flags", flags, sizeof(flags));
	snprintf(text, sizeof(text), "%s (%s)%s", model, vendor,
		 has_word(flags, "hypervisor") ? ", itself virtual" : "");
	if (has_word(flags, "svm") || has_word(flags, "vmx"))
		say(c, CHECK_OK, text, "");
	else if (!strcmp(vendor, "AuthenticAMD") || !strcmp(vendor, "HygonGenuine"))
		say(c, CHECK_FAILED, text,
		    has_word(flags, "hypervisor") ?
		    "give this VM a CPU with AMD-V (QEMU: -cpu host,+svm), on an AMD host" :
		    "turn on SVM mode in the machine's firmware");
	else if (!strcmp(vendor, "GenuineIntel"))
		say(c, CHECK_FAILED, text,
		    has_word(flags, "hypervisor") ?
		    "give this VM a CPU with VT-x (QEMU: -cpu host,+vmx), on an Intel host" :
		    "turn on VT-x in the machine's firmware");
	else
		say(c, CHECK_FAILED, text, "none: the module needs a CPU with AMD-V or VT-x");
}

static void check_kernel(struct check *c)
{
	char release[HOST_RELEASE_MAX], text[160];
	unsigned int major, minor, i;

	c->name = "kernel";
	if (host_release(release) || sscanf(release, "%u.%u", &major, &minor) != 2) {
		say(c, CHECK_UNKNOWN, "its release cannot be read", "mount -t proc none /proc");
		return;
	}
	for (i = 0; i < ARRAY_SIZE(tested); i++) {
		snprintf(text, sizeof(text), "%u.%u", major, minor);
		if (!strcmp(text, tested[i]))
			break;
	}
	snprintf(text, sizeof(text), "%s%s", release,
		 i < ARRAY_SIZE(tested) ? "" : ": not one of those that are tested");
	say(c, i < ARRAY_SIZE(tested) ? CHECK_OK : CHECK_WARNING, text,
	    i < ARRAY_SIZE(tested) ? "" :
	    "the module compares it at load and refuses what is different: see dmesg");
}

static void check_config(struct check *c)
{
	static const char *const needs[] = {
		"CONFIG_KPROBES", "CONFIG_DYNAMIC_FTRACE_WITH_REGS", "CONFIG_DEBUG_FS",
		"CONFIG_MODULES", "CONFIG_KALLSYMS_ALL",
	};
	char release[HOST_RELEASE_MAX], value[32], text[160] = "lacks";
	size_t i, missing = 0;

	c->name = "configuration";
	host_release(release);
	for (i = 0; i < ARRAY_SIZE(needs); i++) {
		if (host_config(release, needs[i], value, sizeof(value))) {
			say(c, CHECK_UNKNOWN, "this kernel's configuration is not in /boot", "");
			return;
		}
		if (strcmp(value, "n"))
			continue;
		missing++;
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s", needs[i]);
	}
	if (missing)
		say(c, CHECK_FAILED, text, "boot a kernel that has them, as Debian's do");
	else
		say(c, CHECK_OK, "ftrace, kprobes, debugfs and modules are there", "");
}

static void check_ftrace(struct check *c)
{
	char text[16];

	c->name = "ftrace";
	if (host_read("/proc/sys/kernel/ftrace_enabled", text, sizeof(text)))
		say(c, CHECK_UNKNOWN, "kernel.ftrace_enabled cannot be read", "");
	else if (*text == '0')
		say(c, CHECK_FAILED, "is off", "sysctl kernel.ftrace_enabled=1");
	else
		say(c, CHECK_OK, "is on", "");
}

/* On a CPU with VT-x; the other one is AMD's, and stands for any other. */
static bool is_intel(void)
{
	char info[8192], flags[4096];

	if (host_read("/proc/cpuinfo", info, sizeof(info)))
		return false;
	cpu_field(info, "flags", flags, sizeof(flags));
	return has_word(flags, "vmx");
}

static void check_kvm(struct check *c)
{
	const bool intel = is_intel();

	c->name = "KVM";
	if (!host_has(intel ? MODULES "/kvm_intel" : MODULES "/kvm_amd"))
		say(c, CHECK_FAILED, intel ? "kvm_intel is not loaded" : "kvm_amd is not loaded",
		    intel ? "modprobe kvm_intel" : "modprobe kvm_amd");
	else if (!host_has("/dev/kvm"))
		say(c, CHECK_FAILED, "there is no /dev/kvm",
		    intel ?
		    "dmesg | grep -i -e kvm -e vmx says why; the firmware may have VT-x off" :
		    "dmesg | grep -i -e kvm -e svm says why; the firmware may have SVM mode off");
	else if (!host_may_write("/dev/kvm"))
		say(c, CHECK_WARNING,
		    intel ? "kvm_intel is loaded; this user may not open /dev/kvm" :
		    "kvm_amd is loaded; this user may not open /dev/kvm",
		    "adduser \"$USER\" kvm, for who is to start VMs");
	else
		say(c, CHECK_OK, intel ? "kvm_intel is loaded" : "kvm_amd is loaded", "");
}

/* Is a parameter of a module on? -1 where it cannot be read. */
static int parameter(const char *path)
{
	char text[16];

	if (host_read(path, text, sizeof(text)) || !*text)
		return -1;
	return *text == 'Y' || *text == '1';
}

static void check_npt(struct check *c)
{
	const bool intel = is_intel();
	int npt = parameter(intel ? MODULES "/kvm_intel/parameters/ept" :
				    MODULES "/kvm_amd/parameters/npt");
	int tdp = parameter(MODULES "/kvm/parameters/tdp_mmu");

	c->name = "nested paging";
	if (npt < 0)
		say(c, CHECK_UNKNOWN, intel ? "kvm_intel's parameter ept cannot be read" :
		    "kvm_amd's parameter npt cannot be read",
		    intel ? "modprobe kvm_intel" : "modprobe kvm_amd");
	else if (!npt)
		say(c, CHECK_WARNING, "off: shadow paging, where a page may have several leaves",
		    intel ? "modprobe -r kvm_intel && modprobe kvm_intel ept=1, while no VM runs" :
		    "modprobe -r kvm_amd && modprobe kvm_amd npt=1, while no VM runs");
	else if (!tdp)
		say(c, CHECK_WARNING, "on, without the TDP MMU: slower, and no exempt frames",
		    intel ?
		    "modprobe -r kvm_intel kvm && modprobe kvm tdp_mmu=1 && modprobe kvm_intel" :
		    "modprobe -r kvm_amd kvm && modprobe kvm tdp_mmu=1 && modprobe kvm_amd");
	else
		say(c, CHECK_OK, tdp < 0 ? "on" : "on, with the TDP MMU", "");
}

static void check_headers(struct check *c)
{
	char release[HOST_RELEASE_MAX], path[HOST_RELEASE_MAX + 32], mend[200];

	c->name = "kernel headers";
	host_release(release);
	snprintf(path, sizeof(path), "/lib/modules/%s/build/Makefile", release);
	snprintf(mend, sizeof(mend), "apt-get install linux-headers-%s", release);
	if (host_has(path))
		say(c, CHECK_OK, "are there: the module can be built", "");
	else
		say(c, CHECK_WARNING, "are not there: only a module built elsewhere can be loaded",
		    mend);
}

static void check_lockdown(struct check *c)
{
	char text[80], word[32];
	int err = host_read("/sys/kernel/security/lockdown", text, sizeof(text));

	c->name = "lockdown";
	if (err == -EACCES)
		say(c, CHECK_UNKNOWN, "only root can see it", "");
	else if (err || !host_choice(text, word, sizeof(word)) || !strcmp(word, "none"))
		say(c, CHECK_OK, "none", "");
	else
		say(c, CHECK_FAILED, strcmp(word, "integrity") ?
		    "the kernel is locked down: debugfs and tracefs are closed to everybody" :
		    "the kernel is locked down: nobody can set budgets; watch, list, record work",
		    "turn Secure Boot off in the firmware, or boot without lockdown=");
}

/* One byte behind four of attributes: UEFI specification, section 3.3. */
#define SECURE_BOOT \
	"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static void check_signing(struct check *c)
{
	bool enforced = parameter(MODULES "/module/parameters/sig_enforce") == 1;
	char text[8] = "";

	c->name = "Secure Boot";
	if (enforced) {
		say(c, CHECK_WARNING, "the kernel loads signed modules only",
		    "mokutil --import /var/lib/dkms/mok.pub, reboot, enrol it: DKMS signs with that key");
		return;
	}
	/* Zeros end the text: where byte 4 is 1, it has been read behind them. */
	if (!host_has("/sys/firmware/efi"))
		say(c, CHECK_OK, "none: no UEFI; unsigned modules can be loaded", "");
	else if (host_read(SECURE_BOOT, text, sizeof(text)))
		say(c, CHECK_UNKNOWN, "its state cannot be read; unsigned modules can be loaded", "");
	else if (text[4] == 1)
		say(c, CHECK_WARNING, "on; the kernel does not insist on signed modules", "");
	else
		say(c, CHECK_OK, "off", "");
}

static void check_mounts(struct check *c)
{
	c->name = "debugfs";
	if (!host_mounted("debugfs"))
		say(c, CHECK_FAILED, "is not mounted", "mount -t debugfs none /sys/kernel/debug");
	else if (!host_may_write("/sys/kernel/debug"))
		say(c, CHECK_UNKNOWN, "is mounted; only root can use it", "run this as root");
	else
		say(c, CHECK_OK, "is mounted", "");
}

static void check_tracefs(struct check *c)
{
	c->name = "tracefs";
	if (!host_mounted("tracefs") && !host_has("/sys/kernel/debug/tracing/events"))
		say(c, CHECK_WARNING, "is not mounted: no events can be recorded",
		    "mount -t tracefs none /sys/kernel/tracing");
	else
		say(c, CHECK_OK, "is mounted", "");
}

static void check_thp(struct check *c)
{
	char text[80], word[32], line[160];

	c->name = "huge pages";
	if (host_read("/sys/kernel/mm/transparent_hugepage/enabled", text, sizeof(text)) ||
	    !host_choice(text, word, sizeof(word))) {
		say(c, CHECK_OK, "none transparent", "");
		return;
	}
	snprintf(line, sizeof(line),
		 "transparent ones: %s; a VM under budget has leaves of 4 KiB all the same", word);
	say(c, CHECK_OK, line, "");
}

static void check_swap(struct check *c)
{
	char text[4096];
	const char *line;

	c->name = "swap";
	if (host_read("/proc/swaps", text, sizeof(text))) {
		say(c, CHECK_UNKNOWN, "/proc/swaps cannot be read", "");
		return;
	}
	line = strchr(text, '\n');
	if (line && line[1])
		say(c, CHECK_OK, "there is some", "");
	else
		say(c, CHECK_OK, "none: budgets need none, but --backing reclaim does", "");
}

/**
 * checks_run() - look at everything
 * @rows: where to; what was seen, in the order in which it is to be mended
 *
 * Return: how many rows.
 */
size_t checks_run(struct check rows[CHECKS_MAX])
{
	static void (*const checks[])(struct check *c) = {
		check_cpu, check_kernel, check_config, check_ftrace, check_kvm, check_npt,
		check_headers, check_signing, check_lockdown, check_mounts, check_tracefs,
		check_thp, check_swap,
	};
	size_t i;

	memset(rows, 0, sizeof(*rows) * CHECKS_MAX);
	for (i = 0; i < ARRAY_SIZE(checks); i++)
		checks[i](&rows[i]);
	return i + checks_module(rows + i);
}
