// SPDX-License-Identifier: GPL-2.0-only
/*
 * All frames but those of the region are exempt: they fault once and stay. Of the
 * region one page may be resident, so each touch of another one is a fault; and all
 * of it is evicted every few milliseconds, so that one which is touched again and
 * again is seen again. An instruction that needs several of its pages is lent them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nptbudget.h>
#include "base/fields.h"
#include "base/msg.h"
#include "base/util.h"
#include "cmd/region.h"

#define PAGES	"1"
#define POLICY	"fifo"
#define ON_LOOP	"lend"

/**
 * region_parse() - read a range of frames
 * @text: FIRST-LAST, or one frame; decimal, or hex behind 0x
 * @region: filled
 *
 * Return: 0; -EINVAL; -ERANGE; -E2BIG for more than can be evicted in one go.
 */
int region_parse(const char *text, struct region *region)
{
	char copy[64], *dash;
	int err;

	*region = (struct region){ .fd = -1 };
	if (strscpy(copy, text, sizeof(copy)) < 0)
		return -EINVAL;
	dash = strchr(copy, '-');
	if (dash)
		*dash++ = '\0';
	err = field_u64(copy, &region->first);
	if (!err)
		err = field_u64(dash ? dash : copy, &region->last);
	if (err)
		return err;
	if (region->last > NPTB_GFN_MAX)
		return -ERANGE;
	if (region->first > region->last)
		return -EINVAL;
	return region->last - region->first >= NPTB_EVICT_MAX ? -E2BIG : 0;
}

/* All that is not of it, with @name before each range. */
static void others(const struct region *r, const char *name, char *text, size_t size)
{
	int n = 0;

	*text = '\0';
	if (r->first)
		n = snprintf(text, size, " %s0x0-0x%llx", name, r->first - 1);
	if (r->last < NPTB_GFN_MAX)
		snprintf(text + n, size - (size_t)n, " %s0x%llx-0x%llx", name, r->last + 1,
			 NPTB_GFN_MAX);
}

/**
 * region_register() - have VMs that this process' descendants create begin so
 * @region: the region
 *
 * Return: 0; -errno of the module.
 */
int region_register(struct region *region)
{
	char line[256], exempt[128];

	others(region, "exempt=", exempt, sizeof(exempt));
	snprintf(line, sizeof(line), "pid=%d budget=" PAGES " policy=" POLICY " on_loop=" ON_LOOP
		 "%s", getpid(), exempt);
	region->fd = dbgfs_run_open(line);
	return region->fd < 0 ? region->fd : 0;
}

static int put(const char *vm, const char *file, const char *value)
{
	char path[DBGFS_PATH_MAX];

	return dbgfs_write(dbgfs_vm_file(path, vm, file), value);
}

static int keep(const char *vm, const char *file, char *value, size_t size)
{
	char path[DBGFS_PATH_MAX];

	return dbgfs_read_word(dbgfs_vm_file(path, vm, file), value, size);
}

/* What the VM has now; a VM with pins has no room for one page of the region. */
static int remember(struct region *r, const char *vm)
{
	char path[DBGFS_PATH_MAX], *pins;
	int err;

	err = dbgfs_read(dbgfs_vm_file(path, vm, "pin"), &pins);
	if (err)
		return err;
	err = *pins ? -EBUSY : 0;
	free(pins);
	if (!err)
		err = keep(vm, "budget", r->budget, sizeof(r->budget));
	if (!err)
		err = keep(vm, "policy", r->policy, sizeof(r->policy));
	if (!err)
		err = keep(vm, "on_loop", r->on_loop, sizeof(r->on_loop));
	if (!err)
		err = dbgfs_read(dbgfs_vm_file(path, vm, "exempt"), &r->exempt);
	return err;
}

/**
 * region_begin() - give a VM the budget that shows touches
 * @region: the region; keeps what the VM had, for region_end()
 * @vm: its name
 *
 * Return: 0; -EBUSY for a VM with pinned frames; -errno of the module.
 */
int region_begin(struct region *region, const char *vm)
{
	char exempt[128] = "none";
	int err = remember(region, vm);

	if (err)
		return err;
	strscpy(region->vm, vm, sizeof(region->vm));
	others(region, "", exempt + 4, sizeof(exempt) - 4);
	err = put(vm, "exempt", exempt);
	if (!err)
		err = put(vm, "policy", POLICY);
	if (!err)
		err = put(vm, "on_loop", ON_LOOP);
	if (!err)
		err = put(vm, "budget", PAGES);
	if (err)
		region_end(region);
	return err;
}

/**
 * region_evict() - have the next touch of each page be a fault
 * @region: the region
 * @vm: of which VM
 *
 * Return: 0; -errno of the module.
 */
int region_evict(const struct region *region, const char *vm)
{
	char text[64];

	snprintf(text, sizeof(text), "0x%llx-0x%llx", region->first, region->last);
	return put(vm, "evict", text);
}

/**
 * region_end() - give the VM back what it had
 * @region: the region
 */
void region_end(struct region *region)
{
	char *exempt = NULL;
	int err;

	if (region->fd >= 0)
		close(region->fd);
	region->fd = -1;
	if (!*region->vm || !dbgfs_vm_known(region->vm))
		goto out;
	err = put(region->vm, "budget", region->budget);
	if (!err && asprintf(&exempt, "none %s", region->exempt) > 0)
		err = put(region->vm, "exempt", exempt);
	if (!err)
		err = put(region->vm, "policy", region->policy);
	if (!err)
		err = put(region->vm, "on_loop", region->on_loop);
	if (err && err != -ENODEV && dbgfs_vm_known(region->vm))
		msg_err("record: VM %s cannot be given back budget %s, policy %s, on loop %s: %s",
			region->vm, region->budget, region->policy, region->on_loop,
			strerror(-err));
out:
	*region->vm = '\0';
	free(exempt);
	free(region->exempt);
	region->exempt = NULL;
}

/**
 * region_filter() - the filter of nptb_fault that leaves mapped touches of it alone
 * @region: the region
 * @text: where to put it
 * @size: room there, bytes
 */
void region_filter(const struct region *region, char *text, size_t size)
{
	snprintf(text, size, "gpa >= 0x%llx && gpa < 0x%llx && as == 0 && verdict == %d",
		 region->first << 12, (region->last + 1) << 12, NPTB_VERDICT_MAPPED);
}
