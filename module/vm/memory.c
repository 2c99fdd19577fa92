// SPDX-License-Identifier: GPL-2.0-only
/* What our books of a VM take of host memory. */
#include <linux/slab.h>

#include "budget/account.h"
#include "budget/table.h"
#include "loop/lend_stats.h"
#include "loop/record.h"
#include "object/backing.h"
#include "object/vm.h"
#include "vm/memory.h"

/**
 * nptb_vm_memory() - what our books of a VM take of host memory
 * @vm: alive or ended
 *
 * All that is kept for it until it ends; as the allocators round it up. What is in the host
 * once, or belongs to debugfs, is not counted.
 *
 * Context: may sleep; no lock of ours held but nptb_vm.ctl and nptb_vm.life.
 * Return: bytes.
 */
u64 nptb_vm_memory(struct nptb_vm *vm)
{
	u64 bytes = kmalloc_size_roundup(sizeof(*vm)) +
		    kmalloc_size_roundup(sizeof(*vm->loops));

	bytes += kmalloc_size_roundup(READ_ONCE(vm->loops->max) * sizeof(*vm->loops->records));
	if (vm->lending.stats)
		bytes += kmalloc_size_roundup(sizeof(*vm->lending.stats));
	if (READ_ONCE(vm->backing))
		bytes += kmalloc_size_roundup(sizeof(*vm->backing));
	return bytes + nptb_vm_vcpus_bytes(vm) + nptb_table_bytes(vm);
}
