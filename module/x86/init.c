// SPDX-License-Identifier: GPL-2.0-only
/* Is this a CPU, and a KVM, that we know? The backend's part of the load. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <asm/cpufeature.h>

#include "backend.h"
#include "x86/guest_memory.h"
#include "x86/prototypes.h"
#include "x86/symbols.h"

int nptb_kvm_init(void)
{
	int ret;

	if (!boot_cpu_has(X86_FEATURE_SVM)) {
		pr_err("this CPU has no AMD-V; Intel's lazily read registers are not supported\n");
		return -ENODEV;
	}
	ret = nptb_symbols_begin();
	if (ret)
		return ret;
	ret = nptb_kvm_check_protos();
	if (ret)
		return ret;
	if (!nptb_symbols_find() || !nptb_kvm_memory_init())
		return -ENOENT;
	return 0;
}
