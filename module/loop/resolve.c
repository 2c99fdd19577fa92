// SPDX-License-Identifier: GPL-2.0-only
/* The modes of on_loop: what a confirmed loop, and a shortage, come to. */
#include "backend.h"
#include "cpu.h"
#include "emulator.h"
#include "loop/lend.h"
#include "loop/report.h"
#include "loop/resolve.h"
#include "object/fault.h"
#include "object/vm.h"
#include "set/attempt.h"

/*
 * Some instructions show in a mask register alone that they go on. Has this one,
 * since its last round?
 */
static bool mask_moved(struct nptb_fault *fault)
{
	struct nptb_attempt *attempt = &fault->in.v->attempt;
	struct nptb_mask_bits mask;
	bool moved, none;

	nptb_report_read_insn(fault);
	moved = nptb_kvm_hidden_progress(fault->in.vcpu, attempt->insn,
					 attempt->insn_len, &mask, &none);
	/* What could not be read is looked at again in the next round. */
	attempt->maskless = none && attempt->insn_len;
	if (!moved)
		return false;
	/* The first round only tells what to compare with. */
	moved = attempt->mask_number != attempt->number ||
		memcmp(&attempt->mask, &mask, sizeof(mask));
	attempt->mask = mask;
	return moved;
}

/**
 * nptb_resolve_confirmed() - does this fault confirm a loop, or one more lap?
 * @fault: accounted; its page says so
 *
 * A fault that shows progress after all, in a mask, begins a new attempt.
 *
 * Context: the vCPU's thread; may sleep.
 */
bool nptb_resolve_confirmed(struct nptb_fault *fault)
{
	struct nptb_attempt *attempt = &fault->in.v->attempt;

	if (!mask_moved(fault))
		return true;
	nptb_report_end(fault, NPTB_RESOLVED_ITSELF);
	attempt->mask_number = attempt->number;
	return false;
}

/**
 * nptb_resolve_stop() - leave KVM_RUN with the loop as the result
 * @fault: whose lap was noted by its attempt
 *
 * uapi/nptbudget.h says what user space finds.
 */
void nptb_resolve_stop(struct nptb_fault *fault)
{
	const struct nptb_attempt *attempt = &fault->in.v->attempt;
	u64 data[NPTB_STOP_NDATA] = {
		[NPTB_STOP_LAPS] = attempt->laps,
		[NPTB_STOP_HAD] = attempt->budget,
		[NPTB_STOP_NEEDS] = attempt->npages,
	};

	nptb_state_stop_data(&attempt->state, data);
	nptb_kvm_internal_error(fault->in.vcpu, NPTB_SUBERROR_LOOP, data,
				ARRAY_SIZE(data));
	fault->verdict = NPTB_VERDICT_STOPPED;
	fault->ret = 0;
}

/**
 * nptb_resolve_short() - lend to an attempt, or emulate, if that can be done
 * @fault: of an attempt that has all that there is, and needs more
 *
 * Context: the vCPU's thread.
 * Return: see &enum nptb_shortage.
 */
enum nptb_shortage nptb_resolve_short(struct nptb_fault *fault)
{
	struct nptb_attempt *attempt = &fault->in.v->attempt;
	struct nptb_vm *vm = fault->in.vm;
	bool lend;

	if (READ_ONCE(vm->config.on_loop) == NPTB_ON_LOOP_LEND) {
		lend = fault->loop.confirmed || attempt->laps;
	} else {
		if (!attempt->refused && nptb_kvm_may_step(fault->in.vcpu))
			return NPTB_SHORTAGE_STEP;
		/* Nothing else can help: no lap is waited for. */
		attempt->certain = true;
		lend = true;
	}
	if (lend) {
		spin_lock(&vm->lock);
		lend = nptb_lend(fault);
		spin_unlock(&vm->lock);
	}
	return lend ? NPTB_SHORTAGE_LENT : NPTB_SHORTAGE_EVICT;
}
