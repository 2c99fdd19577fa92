// SPDX-License-Identifier: GPL-2.0-only
/* on_loop=stop: KVM_RUN returns, and says why. */
#include <linux/kernel.h>

#include "backend.h"
#include "loop/report.h"
#include "loop/stop.h"
#include "object/fault.h"
#include "object/vcpu.h"
#include "set/attempt.h"

/**
 * nptb_stop() - leave KVM_RUN with the loop as the result
 * @fault: whose lap was noted by its attempt, or which cannot be emulated
 *
 * uapi/nptbudget.h says what user space finds.
 *
 * Context: the vCPU's thread; may sleep.
 */
void nptb_stop(struct nptb_fault *fault)
{
	struct nptb_attempt *attempt = &fault->in.v->attempt;
	u64 data[NPTB_STOP_NDATA] = {
		[NPTB_STOP_LAPS] = attempt->laps,
		[NPTB_STOP_HAD] = attempt->budget,
		[NPTB_STOP_NEEDS] = attempt->npages,
		[NPTB_STOP_REASON] = attempt->reason,
		[NPTB_STOP_VECTOR] = nptb_state_event(&attempt->state),
	};

	nptb_report_read_insn(fault);
	data[NPTB_STOP_INSN_LEN] = attempt->insn_len;
	memcpy(&data[NPTB_STOP_INSN], attempt->insn, attempt->insn_len);
	nptb_state_stop_data(&attempt->state, data);
	nptb_kvm_internal_error(fault->in.vcpu, NPTB_SUBERROR_LOOP, data,
				ARRAY_SIZE(data));
	fault->verdict = NPTB_VERDICT_STOPPED;
	fault->ret = 0;
}
