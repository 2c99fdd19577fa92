// SPDX-License-Identifier: GPL-2.0-only
/* The module's part of "nptbudget doctor": who is in its way, and is it there? */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nptbudget.h>
#include "base/msg.h"
#include "base/util.h"
#include "cmd/checks.h"
#include "model/dbgfs.h"
#include "model/host.h"

#define LIVEPATCH "/sys/kernel/livepatch"

/*
 * What the module redirects, as hooks[] of module/x86/symbols.c has it (static.sh
 * compares them): nobody else may at the same time.
 */
static bool is_hooked(const char *function)
{
	static const char *const hooked[] = {
		"kvm_arch_create_vm_debugfs", "kvm_arch_destroy_vm", "kvm_arch_vcpu_precreate",
		"kvm_mmu_page_fault",
		"kvm_mmu_hugepage_adjust", "mmu_set_spte", "kvm_tdp_mmu_map",
		"kvm_arch_async_page_ready", "kvm_arch_vcpu_pre_fault_memory",
		"kvm_mmu_recover_huge_pages", "kvm_mmu_zap_collapsible_sptes",
	};
	size_t len = strcspn(function, " ,"), i;

	for (i = 0; i < ARRAY_SIZE(hooked); i++)
		if (strlen(hooked[i]) == len && !strncmp(function, hooked[i], len))
			return true;
	return false;
}

/* A livepatch's folder: PATCH/OBJECT/FUNCTION,POSITION. */
static bool patch_holds(const char *patch, char *function, size_t size)
{
	char path[256];
	size_t at = 0;

	snprintf(path, sizeof(path), LIVEPATCH "/%.64s/kvm", patch);
	while (host_folder_next(path, &at, function, size))
		if (is_hooked(function))
			return true;
	return false;
}

/* A line of ftrace's: "NAME [MODULE] (COUNT) FLAGS", a tab; I is for a redirection. */
static bool line_redirects(const char *line)
{
	const char *flags = memchr(line, ')', strcspn(line, "\n"));

	return flags && is_hooked(line) && memchr(flags, 'I', strcspn(flags, "\t\n"));
}

static bool ftrace_redirects(const char *text, char *function, size_t size)
{
	const char *line;

	for (line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (!line_redirects(line))
			continue;
		snprintf(function, size, "%.*s", (int)strcspn(line, " "), line);
		return true;
	}
	return false;
}

static void check_rivals(struct check *c)
{
	static const char tracing[] = "/sys/kernel/tracing/enabled_functions";
	static const char older[] = "/sys/kernel/debug/tracing/enabled_functions";
	char patch[80], function[80], *text;
	size_t at = 0, size = 1 << 20;
	int err;

	c->name = "other hooks";
	while (host_folder_next(LIVEPATCH, &at, patch, sizeof(patch))) {
		if (!patch_holds(patch, function, sizeof(function)))
			continue;
		c->status = CHECK_FAILED;
		snprintf(c->text, sizeof(c->text), "the livepatch %.40s holds KVM's %.60s", patch,
			 function);
		snprintf(c->mend, sizeof(c->mend),
			 "echo 0 > " LIVEPATCH "/%.64s/enabled, where its vendor lets you", patch);
		return;
	}
	text = malloc(size);
	err = text ? host_read(tracing, text, size) : -ENOMEM;
	if (text && err)
		err = host_read(older, text, size);
	strscpy(c->text, "nobody else redirects what the module redirects", sizeof(c->text));
	if (err) {
		c->status = CHECK_UNKNOWN;
		strscpy(c->text, "no livepatch; what ftrace redirects cannot be seen",
			sizeof(c->text));
		strscpy(c->mend, "run this as root, with tracefs mounted", sizeof(c->mend));
	} else if (!host_has("/sys/module/nptbudget") &&
		   ftrace_redirects(text, function, sizeof(function))) {
		c->status = CHECK_FAILED;
		snprintf(c->text, sizeof(c->text), "KVM's %.60s is redirected by another module",
			 function);
		strscpy(c->mend, "unload the module that does: dmesg and lsmod tell which",
			sizeof(c->mend));
	}
	free(text);
}

/* Not loaded, so that nothing holds any VM: from where could it be? */
static void not_loaded(struct check *c)
{
	static const char *const folders[] = { "updates", "updates/dkms", "extra" };
	static const char *const ends[] = { "", ".xz", ".zst", ".gz" };
	char release[HOST_RELEASE_MAX], path[HOST_RELEASE_MAX + 64];
	size_t i;

	c->status = CHECK_FAILED;
	host_release(release);
	for (i = 0; i < ARRAY_SIZE(folders) * ARRAY_SIZE(ends); i++) {
		snprintf(path, sizeof(path), "/lib/modules/%s/%s/nptbudget.ko%s", release,
			 folders[i / ARRAY_SIZE(ends)], ends[i % ARRAY_SIZE(ends)]);
		if (!host_has(path))
			continue;
		strscpy(c->text, "is installed, and not loaded", sizeof(c->text));
		strscpy(c->mend, "modprobe nptbudget", sizeof(c->mend));
		return;
	}
	strscpy(c->text, "is not installed for this kernel", sizeof(c->text));
	strscpy(c->mend, "make && make install && modprobe nptbudget, in its sources",
		sizeof(c->mend));
}

static void check_module(struct check *c)
{
	struct dbgfs_version v;
	int err;

	c->name = "module";
	if (!host_has("/sys/module/nptbudget")) {
		not_loaded(c);
		return;
	}
	err = dbgfs_probe(&v);
	if (err) {
		c->status = err == -EACCES ? CHECK_UNKNOWN : CHECK_FAILED;
		snprintf(c->text, sizeof(c->text), "is loaded; its version: %.100s",
			 msg_errno(-err));
		strscpy(c->mend, err == -EACCES ? "run this as root" :
			"mount debugfs, or load the module of this version", sizeof(c->mend));
		return;
	}
	snprintf(c->text, sizeof(c->text), "%s is loaded, format %u; the command is %s, format %d",
		 v.version, v.format, NPTB_VERSION, NPTB_FORMAT);
	if (!strcmp(v.version, NPTB_VERSION) && v.format == NPTB_FORMAT)
		return;
	c->status = v.format < NPTB_FORMAT ? CHECK_FAILED : CHECK_WARNING;
	strscpy(c->mend,
		"install module and command of one version; rmmod and modprobe nptbudget",
		sizeof(c->mend));
}

/**
 * checks_module() - look at what has to do with the module
 * @rows: zeroed rows of checks_run()
 *
 * Return: how many rows.
 */
size_t checks_module(struct check *rows)
{
	check_rivals(&rows[0]);
	check_module(&rows[1]);
	return 2;
}
