// SPDX-License-Identifier: GPL-2.0-only
/* on_loop=stop: KVM_RUN returns, and says why. */
#include <linux/kernel.h>

#include "backend.h"
#include "loop/stop.h"
#include "object/fault.h"
#include "object/vcpu.h"
#include "set/attempt.h"

/**
 * nptb_stop_confirmed() - leave KVM_RUN with the loop as the result
 * @fault: whose lap was noted by its attempt
 *
 * uapi/nptbudget.h says what user space finds.
 */
void nptb_stop_confirmed(struct nptb_fault *fault)
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
