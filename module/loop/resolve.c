// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is done about fault loops: which faults confirm one, and the modes of
 * on_loop, a row and a file each.
 */
#include "backend.h"
#include "cpu.h"
#include "emulator.h"
#include "loop/emulate.h"
#include "loop/lend.h"
#include "loop/report.h"
#include "loop/resolve.h"
#include "loop/stop.h"
#include "loop/strict.h"
#include "object/fault.h"
#include "object/vcpu.h"
#include "set/attempt.h"

const struct nptb_mode nptb_modes[NPTB_ON_LOOP_NR] = {
	[NPTB_ON_LOOP_LOG] = { },
	[NPTB_ON_LOOP_STOP] = { .confirmed = nptb_stop },
	[NPTB_ON_LOOP_LEND] = { .shortage = nptb_lend_shortage },
	[NPTB_ON_LOOP_EMULATE] = { .shortage = nptb_emulate_shortage },
	[NPTB_ON_LOOP_STRICT] = { .shortage = nptb_strict_shortage },
};

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
