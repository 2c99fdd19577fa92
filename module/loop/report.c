// SPDX-License-Identifier: GPL-2.0-only
/* What is told of fault loops: counters, records, tracepoints. */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "backend.h"
#include "cpu.h"
#include "loop/explain.h"
#include "loop/lend.h"
#include "loop/lend_stats.h"
#include "loop/record.h"
#include "loop/report.h"
#include "object/fault.h"
#include "object/stats.h"
#include "object/vcpu.h"
#include "object/vm.h"
#include "set/attempt.h"
#include "trace.h"

/**
 * nptb_report_read_insn() - have the bytes of the attempt's instruction
 * @fault: of that attempt; the vCPU is still at the instruction
 *
 * Read once in an attempt, as far as they are in host memory.
 *
 * Context: the vCPU's thread; may sleep.
 */
void nptb_report_read_insn(struct nptb_fault *fault)
{
	struct nptb_attempt *attempt = &fault->in.v->attempt;

	if (!attempt->insn_len)
		attempt->insn_len = nptb_kvm_insn(fault->in.vcpu, attempt->insn,
						  sizeof(attempt->insn));
}

static struct nptb_opcode opcode_of(const struct nptb_attempt *attempt)
{
	return nptb_opcode_of(&attempt->state, attempt->insn, attempt->insn_len);
}

static void count_steps(struct nptb_fault *fault)
{
	struct nptb_attempt *attempt = &fault->in.v->attempt;
	struct nptb_stats *stats = &fault->in.vm->stats;

	lockdep_assert_held(&fault->in.vm->lock);
	stats->instructions += fault->step.done;
	stats->carried += fault->step.carried;
	stats->irets += fault->step.irets;
	stats->deliveries += fault->step.deliveries;
	if (!fault->step.refused)
		return;
	stats->refused++;
	nptb_lends_refused(fault->in.vm->lending.stats, opcode_of(attempt),
			   nptb_state_event(&attempt->state));
}

/*
 * Room for one more place that loops, as long as there may be more of them. Where there is
 * no memory, the one that was used least recently gives way.
 */
static void more_records(struct nptb_vm *vm)
{
	struct nptb_loop_record *records, *old;
	u32 max = READ_ONCE(vm->loops->max);

	if (READ_ONCE(vm->loops->count) < max || max >= NPTB_LOOP_RECORDS_MAX)
		return;
	max = min_t(u32, 2 * max, NPTB_LOOP_RECORDS_MAX);
	records = kvcalloc(max, sizeof(*records), GFP_KERNEL | __GFP_NOWARN);
	if (!records)
		return;
	spin_lock(&vm->lock);
	/* Another vCPU may have been faster. */
	old = max > vm->loops->max ? nptb_loop_more(vm->loops, records, max) : records;
	spin_unlock(&vm->lock);
	kvfree(old);
}

/**
 * nptb_report() - tell of a loop, if this fault has to do with one
 * @fault: noted
 *
 * The tracepoint comes at rounds 1, 2, 4, 8 and so on. A place that loops often
 * is looked into the first, second, fourth time and so on: that reads the guest's
 * tables some dozen times.
 *
 * Context: the vCPU's thread; may sleep.
 */
void nptb_report(struct nptb_fault *fault)
{
	struct nptb_vm *vm = fault->in.vm;
	struct nptb_attempt *attempt = &fault->in.v->attempt;
	u32 bit = 1u << nptb_attempt_class(attempt);
	bool first = !(attempt->noted & bit);
	u32 rounds = fault->loop.lap || fault->loop.stolen;
	struct nptb_loop_record *record;
	bool often;
	u64 all;

	if (fault->step.done || fault->step.deliveries || fault->step.refused) {
		spin_lock(&vm->lock);
		count_steps(fault);
		spin_unlock(&vm->lock);
	}
	if (!rounds && !(attempt->certain && first))
		return;
	/* After a step the vCPU is elsewhere, and the bytes have been read. */
	if (!fault->step.done && !fault->step.deliveries)
		nptb_report_read_insn(fault);
	more_records(vm);
	spin_lock(&vm->lock);
	vm->stats.laps += fault->loop.lap;
	vm->stats.contention += fault->loop.stolen;
	if (first && bit != 1u << NPTB_LOOP_CONTENTION) {
		vm->stats.loops++;
		vm->stats.loops_event += bit == 1u << NPTB_LOOP_EVENT;
	}
	record = nptb_loop_note(vm->loops, attempt, fault->in.v->idx, rounds);
	often = !nptb_is_told(record->times);
	spin_unlock(&vm->lock);
	attempt->noted |= bit;
	all = fault->loop.stolen ? attempt->stolen : attempt->laps;
	if (!nptb_is_told(all))
		return;
	if (!often)
		nptb_explain(fault);
	trace_nptb_loop(vm, fault->in.v->idx, attempt);
}

/**
 * nptb_report_end() - an attempt ends: the vCPU has shown progress, or stopped
 * @fault: that shows it; a new attempt begins with it
 * @how: what to tell where nothing was done for it
 */
void nptb_report_end(struct nptb_fault *fault, enum nptb_resolved how)
{
	struct nptb_vm *vm = fault->in.vm;
	struct nptb_vcpu *v = fault->in.v;
	struct nptb_attempt *attempt = &v->attempt;

	if (attempt->noted || v->loan.pages) {
		if (how == NPTB_RESOLVED_ITSELF)
			how = nptb_attempt_resolved(attempt);
		nptb_explain_end(fault);
		spin_lock(&vm->lock);
		nptb_lend_back(vm, v);
		if (attempt->lent)
			nptb_lends_lent(vm->lending.stats, opcode_of(attempt),
					nptb_state_event(&attempt->state),
					attempt->lent);
		nptb_loop_end(vm->loops, attempt, how);
		spin_unlock(&vm->lock);
		trace_nptb_resolve(vm, v->idx, attempt, how);
	}
	nptb_attempt_next(v);
}
