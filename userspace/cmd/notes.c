// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include <nptbudget.h>
#include "base/clock.h"
#include "cmd/notes.h"
#include "model/dbgfs.h"
#include "model/host.h"
#include "model/vminfo.h"

static void parameter(const char *path, char *value, size_t size)
{
	if (host_read(path, value, size) < 0 || !*value)
		strscpy(value, "unknown", size);
	value[strcspn(value, "\n")] = '\0';
}

static int note_machine(struct recorder *r)
{
	char cpu[128], npt[16], tdp[16];
	struct dbgfs_version v;
	struct utsname u;
	int err;

	if (dbgfs_probe(&v))
		v = (struct dbgfs_version){ .version = "unknown" };
	err = recorder_note(r, "record=%d command=" NPTB_VERSION " module=%s format=%u",
			    RECORDER_FORMAT, v.version, v.format);
	if (!err && !uname(&u))
		err = recorder_note(r, "kernel=%s machine=%s", u.release, u.machine);
	host_cpu_name(cpu, sizeof(cpu));
	/* The only field of its note, as it has blanks. */
	if (!err)
		err = recorder_note(r, "cpu=%s", cpu);
	parameter(host_has("/sys/module/kvm_intel") ? "/sys/module/kvm_intel/parameters/ept" :
		  "/sys/module/kvm_amd/parameters/npt", npt, sizeof(npt));
	parameter("/sys/module/kvm/parameters/tdp_mmu", tdp, sizeof(tdp));
	if (!err)
		err = recorder_note(r, "npt=%s tdp_mmu=%s", npt, tdp);
	if (!err)
		err = recorder_note(r, "clock=mono mono_ns=%llu realtime_ns=%llu",
				    (unsigned long long)clock_ns(CLOCK_MONOTONIC),
				    (unsigned long long)clock_ns(CLOCK_REALTIME));
	return err;
}

static int note_vm(struct recorder *r, const char *name)
{
	struct vm_info info;
	char *at;

	/* One that has ended meanwhile is none. */
	if (vm_info_read(name, &info))
		return 0;
	for (at = info.comm; *at; at++)
		if (*at == ' ' || *at == '=')
			*at = '_';
	return recorder_note(r, "vm=%s pid=%d comm=%s budget=%s policy=%s on_loop=%s resident=%llu",
			     name, info.tgid, info.comm, info.budget, info.policy, info.on_loop,
			     info.resident);
}

/**
 * notes_write() - leave notes on this machine and its VMs in a recording
 * @r: the recording
 * @vm: the only VM, or NULL for all there are
 *
 * VMs that come later tell of themselves by their events.
 *
 * Return: 0; -errno of tracefs.
 */
int notes_write(struct recorder *r, const char *vm)
{
	struct dbgfs_vms vms = { 0 };
	int err = note_machine(r);
	size_t i;

	if (!err && vm)
		return note_vm(r, vm);
	if (err || dbgfs_vms(&vms))
		return err;
	for (i = 0; !err && i < vms.nr; i++)
		err = note_vm(r, vms.name[i]);
	dbgfs_vms_free(&vms);
	return err;
}
