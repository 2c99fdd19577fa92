// SPDX-License-Identifier: GPL-2.0-only
/* What happens on a fault loop: on_loop, per VM. */
#include "nptb.h"

/**
 * nptb_resolve_stops() - does this fault end the vCPU's run?
 * @fault: accounted
 *
 * Return: true where it ends a lap of a loop, and loops stop the vCPU.
 */
bool nptb_resolve_stops(const struct nptb_fault *fault)
{
	return READ_ONCE(fault->vm->config.on_loop) == NPTB_ON_LOOP_STOP &&
	       fault->key != NPTB_KEY_NONE &&
	       nptb_attempt_ends_lap(&fault->v->attempt, fault->key);
}

/**
 * nptb_resolve_stop() - leave KVM_RUN with the loop as the result
 * @fault: whose lap was noted by its attempt
 *
 * uapi/nptbudget.h says what user space finds.
 */
void nptb_resolve_stop(struct nptb_fault *fault)
{
	const struct nptb_attempt *attempt = &fault->v->attempt;
	const u64 data[NPTB_STOP_NDATA] = {
		[NPTB_STOP_RIP] = attempt->state.rip,
		[NPTB_STOP_CR3] = attempt->state.cr3,
		[NPTB_STOP_LAPS] = attempt->laps,
		[NPTB_STOP_HAD] = attempt->budget,
		[NPTB_STOP_NEEDS] = attempt->npages,
	};

	nptb_kvm_internal_error(fault->vcpu, NPTB_SUBERROR_LOOP, data,
				ARRAY_SIZE(data));
	fault->verdict = NPTB_VERDICT_STOPPED;
	fault->ret = 0;
}
