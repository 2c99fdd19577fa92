// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM with another MMU: kvm and the module for the CPU are loaded anew with other
 * parameters, which our module has to leave for, in the same L1.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/module.h"
#include "../lib/nptb.h"
#include "../lib/util.h"
#include "../oracle/spte.h"
#include "paths.h"

const char *const variant_names[VARIANTS] = { "tdp", "legacy", "shadow" };

static bool parameter_is(const char *file, char want)
{
	char buf[8];

	return file_read(file, buf, sizeof(buf)) > 0 &&
		(buf[0] == want || (want == 'Y' && buf[0] == '1') ||
		 (want == 'N' && buf[0] == '0'));
}

static bool in_force(enum variant variant)
{
	bool npt = !kvm_shadow_paging();
	bool tdp_mmu = parameter_is("/sys/module/kvm/parameters/tdp_mmu", 'Y');

	switch (variant) {
	case TDP:
		return npt && tdp_mmu;
	case LEGACY:
		return npt && !tdp_mmu;
	default:
		return !npt;
	}
}

static const char *unload(const char *name)
{
	static char why[96];
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	if (!path_exists(path))
		return NULL;
	ret = module_unload(name);
	if (!ret)
		return NULL;
	snprintf(why, sizeof(why), "cannot unload %s: %s", name, strerror(-ret));
	return why;
}

/*
 * A VM that does nothing but hold the module's hooks: to put them in and take
 * them out for each cell changes the kernel's code, which is slow in an
 * emulator.
 */
static struct vmm keeper;

static void keep_hooks(void)
{
	vmm_create(&keeper, SZ_2M, VMM_MEM_4K);
	nptb_budget(keeper.name, 1);
}

void variant_leave(void)
{
	spte_close();
	if (keeper.fd > 0)
		vmm_destroy(&keeper);
	keeper.fd = -1;
}

static bool load(enum variant variant)
{
	char line[96];

	snprintf(line, sizeof(line), "modprobe kvm%s && modprobe %s %s",
		 variant == LEGACY ? " tdp_mmu=0" : "", kvm_vendor(),
		 variant == SHADOW ? kvm_no_paging() : "");
	return !system(line);
}

static const char *reload(enum variant variant)
{
	const char *const modules[] = { "nptbudget", kvm_vendor(), "kvm" };
	const char *file = module_file(), *why;
	size_t i;
	int ret;

	if (!file)
		return "no file of our module to load again";
	for (i = 0; i < ARRAY_SIZE(modules); i++) {
		why = unload(modules[i]);
		if (why)
			return why;
	}
	if (!load(variant))
		return "KVM cannot be loaded again";
	if (!in_force(variant))
		return "KVM does not take its parameters";
	ret = module_load(file);
	if (ret)
		die("our module does not load again: %s", strerror(-ret));
	return NULL;
}

const char *variant_enter(enum variant variant)
{
	const char *why = NULL;

	variant_leave();
	if (!in_force(variant) || nptb_unusable())
		why = reload(variant);
	if (!why)
		keep_hooks();
	return why;
}
