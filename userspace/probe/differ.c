// SPDX-License-Identifier: GPL-2.0-only
/* What differs between two states that a guest has left behind. */
#include <stdio.h>
#include <string.h>

#include "vmm.h"

static size_t first_difference(const void *a, const void *b, size_t size)
{
	const uint8_t *x = a, *y = b;
	size_t i;

	for (i = 0; i < size && x[i] == y[i]; i++)
		;
	return i;
}

/**
 * vmm_differ() - compare what two runs left behind
 * @vm: the VM
 * @a: one state
 * @b: the other
 * @buf: for the answer
 * @size: of it
 *
 * Return: NULL where they are equal, else what differs.
 */
const char *vmm_differ(const struct vmm *vm, const struct vmm_state *a,
		       const struct vmm_state *b, char *buf, size_t size)
{
	if (memcmp(&a->sregs, &b->sregs, sizeof(a->sregs))) {
		snprintf(buf, size, "segments or control registers at offset 0x%zx",
			 first_difference(&a->sregs, &b->sregs, sizeof(a->sregs)));
		return buf;
	}
	return vmm_progress(vm, a, b, buf, size);
}

/**
 * vmm_progress() - has the guest done anything between two stops?
 * @vm: the VM
 * @a: state at one
 * @b: at the other
 * @buf: for the answer
 * @size: of it
 *
 * Segments are left out: the first run brings their attributes into the CPU's
 * own form.
 *
 * Return: NULL where it has not, else what has changed.
 */
const char *vmm_progress(const struct vmm *vm, const struct vmm_state *a,
			 const struct vmm_state *b, char *buf, size_t size)
{
	char name[32];
	size_t i;

	if (memcmp(&a->regs, &b->regs, sizeof(a->regs))) {
		snprintf(buf, size, "registers, RIP 0x%llx and 0x%llx",
			 (unsigned long long)a->regs.rip, (unsigned long long)b->regs.rip);
		return buf;
	}
	if (memcmp(&a->xsave, &b->xsave, sizeof(a->xsave))) {
		snprintf(buf, size, "x87, SSE or AVX registers at offset 0x%zx of XSAVE",
			 first_difference(&a->xsave, &b->xsave, sizeof(a->xsave)));
		return buf;
	}
	i = first_difference(a->memory, b->memory, vm->size);
	if (i == vm->size)
		return NULL;
	snprintf(buf, size, "memory, %s at offset 0x%zx",
		 probe_frame_name(vm->l, vm->l->frame[i / PROBE_PAGE].gpa, name, sizeof(name)),
		 i % PROBE_PAGE);
	return buf;
}
