// SPDX-License-Identifier: GPL-2.0-only
/* A guest that runs a guest of its own, on either vendor's CPUs. */
#include <stdio.h>
#include <string.h>

#include "../lib/module.h"
#include "../lib/util.h"
#include "nested.h"
#include "vmcb.h"

static bool on_vmx(void)
{
	return !strcmp(kvm_vendor(), "kvm_intel");
}

const char *nested_unusable(void)
{
	char path[64], value[8];

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/nested", kvm_vendor());
	if (file_read(path, value, sizeof(value)) > 0 && (value[0] == '1' || value[0] == 'Y'))
		return NULL;
	return on_vmx() ? "kvm_intel nested=0" : "kvm_amd nested=0";
}

enum guest_id nested_hypervisor(void)
{
	return on_vmx() ? GUEST_NESTED_VMX : GUEST_NESTED;
}

void nested_tables(struct vmm *vm, uint64_t root)
{
	if (on_vmx())
		vmm_ept_tables(vm, root);
	else
		vmm_tables(vm, root);
}

void nested_ready(struct vmm_vcpu *vcpu, uint64_t control, uint64_t save, uint64_t tables)
{
	uint64_t rip = vmm_entry(vcpu->index) +
		guest_code(nested_hypervisor(), VMM_LONG).mark;

	if (on_vmx())
		vmcs_ready(vcpu, control, save, rip, tables);
	else
		vmcb_ready(vcpu, control, save, rip, tables);
}

void nested_accept(struct vmm *vm, uint64_t control, uint64_t save)
{
	vmm_accept(vm, control, PAGE_SIZE);
	vmm_accept(vm, save, NESTED_SAVE_PAGES * PAGE_SIZE);
}
