// SPDX-License-Identifier: GPL-2.0-only
/* What is done about a VM's fault loops: changed while the guest runs. */
#include "budget/reclaim.h"
#include "loop/lend.h"
#include "object/vm.h"
#include "vm/on_loop.h"

/*
 * Nothing is lent any more, and the budget holds, when this returns. The new
 * value is in place: nothing is lent that it does not allow.
 */
static int end_lending(struct nptb_vm *vm)
{
	int ret = 0;

	spin_lock(&vm->lock);
	nptb_lend_back_all(vm);
	spin_unlock(&vm->lock);
	down_read(&vm->life);
	if (vm->kvm && vm->armed)
		ret = nptb_shrink(vm);
	up_read(&vm->life);
	return ret;
}

/* A knob that what is lent depends on. Return: as end_lending(), or -EINTR. */
static int set_lending(struct nptb_vm *vm, u32 *knob, u32 value)
{
	int ret;

	if (mutex_lock_interruptible(&vm->ctl))
		return -EINTR;
	spin_lock(&vm->lock);
	WRITE_ONCE(*knob, value);
	spin_unlock(&vm->lock);
	ret = end_lending(vm);
	mutex_unlock(&vm->ctl);
	return ret;
}

/**
 * nptb_vm_set_on_loop() - choose what happens on a fault loop
 * @vm: to change
 * @on_loop: enum nptb_on_loop
 *
 * Context: may sleep; no lock of ours held.
 * Return: 0, or -EINTR where a signal came while the VM was brought back to its
 * budget; the new mode is in force.
 */
int nptb_vm_set_on_loop(struct nptb_vm *vm, u32 on_loop)
{
	return set_lending(vm, &vm->config.on_loop, on_loop);
}

/**
 * nptb_vm_set_lend_max() - choose how many pages may be lent at a time
 * @vm: to change
 * @lend_max: pages
 *
 * Context: may sleep; no lock of ours held.
 * Return: 0, or -EINTR as nptb_vm_set_on_loop().
 */
int nptb_vm_set_lend_max(struct nptb_vm *vm, u32 lend_max)
{
	return set_lending(vm, &vm->config.lend_max, lend_max);
}

/**
 * nptb_vm_set_burst() - choose how many instructions to emulate in one go
 * @vm: to change
 * @burst: instructions, at most
 */
void nptb_vm_set_burst(struct nptb_vm *vm, u32 burst)
{
	spin_lock(&vm->lock);
	WRITE_ONCE(vm->config.burst, burst);
	spin_unlock(&vm->lock);
}
