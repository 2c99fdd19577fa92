// SPDX-License-Identifier: GPL-2.0-only
/* Is this a CPU, and a KVM, that we know? The backend's part of the load. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <asm/cpufeature.h>
#include <asm/processor.h>

#include "backend.h"
#include "x86/guest_memory.h"
#include "x86/prototypes.h"
#include "x86/symbols.h"
#include "x86/vendor.h"
#include "x86/soft/xsave.h"

/* No CPU has both, and kvm_amd or kvm_intel may be loaded after us. */
static const struct nptb_vendor *vendor_of_cpu(void)
{
	static const struct nptb_vendor *const vendors[] = {
		&nptb_vendor_svm, &nptb_vendor_vmx,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(vendors); i++)
		if (cpu_has(&boot_cpu_data, vendors[i]->feature))
			return vendors[i];
	return NULL;
}

int nptb_kvm_init(void)
{
	const struct nptb_vendor *vendor = vendor_of_cpu();
	int ret;

	if (!vendor) {
		pr_err("this CPU (%s) has neither AMD-V nor VT-x, or the firmware has turned it off\n",
		       boot_cpu_data.x86_vendor_id);
		return -ENODEV;
	}
	ret = nptb_symbols_begin();
	if (ret)
		return ret;
	ret = nptb_kvm_check_protos();
	if (ret)
		return ret;
	if (!nptb_symbols_find() || !vendor->find() || !nptb_kvm_memory_init())
		return -ENOENT;
	nptb_xsave_init();
	return 0;
}
