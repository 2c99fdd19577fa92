// SPDX-License-Identifier: GPL-2.0-only
/*
 * on_loop=emulate: an instruction whose pages do not fit is run by KVM's
 * emulator, which reads and writes guest memory where the host has it, and maps
 * nothing.
 */
#include "backend.h"
#include "cpu.h"
#include "emulator.h"
#include "loop/emulate.h"
#include "loop/explain.h"
#include "loop/lend.h"
#include "loop/record.h"
#include "loop/report.h"
#include "object/fault.h"
#include "object/vcpu.h"
#include "object/vm.h"
#include "set/attempt.h"

/*
 * How many instructions to emulate in one go. A vCPU that comes back for want of
 * pages with its very next instructions gains from more: twice as many each
 * time. One that has gone on by itself for a while begins anew.
 */
static u32 burst_of(struct nptb_stepping *stepping, u64 limit, u32 most)
{
	if (stepping->mapped > 2 * limit)
		stepping->burst = 1;
	else
		stepping->burst = min(2 * stepping->burst, most);
	stepping->burst = max(stepping->burst, 1U);
	stepping->mapped = 0;
	return stepping->burst;
}

/* What the emulator cannot do, but we can. */
static enum nptb_step carry_out(struct nptb_fault *fault)
{
	struct nptb_carried carried;
	enum nptb_step step = nptb_kvm_carry_out(fault->in.vcpu, &carried);

	if (step == NPTB_STEP_REFUSED) {
		/* Only the first is the attempt's: the others come again. */
		if (!fault->step.done && !fault->step.deliveries)
			fault->in.v->attempt.reason = carried.reason;
		return step;
	}
	fault->step.carried += carried.instruction;
	fault->step.irets += carried.iret;
	fault->step.deliveries += carried.delivery;
	fault->step.done += carried.instruction;
	fault->ret = 1;
	return step;
}

/*
 * That one more than the first could not be done is found out at its own fault.
 *
 * Return: false where the first could not be.
 */
static bool run(struct nptb_fault *fault, u32 most)
{
	struct nptb_burst burst;

	nptb_kvm_burst_begin(&burst, fault->in.vcpu);
	while (nptb_kvm_steps(&burst, most, &fault->step.done, &fault->ret) ==
	       NPTB_STEP_REFUSED) {
		/* The guest may be in another ring, or another mode, by then. */
		nptb_kvm_burst_forget(&burst);
		if (carry_out(fault) != NPTB_STEP_DONE ||
		    !nptb_kvm_goes_on(&burst, fault->step.done < most))
			break;
	}
	return fault->step.done || fault->step.deliveries;
}

/*
 * The vCPU will be elsewhere when the loop is reported. A place that loops often
 * is explained at its first, second, fourth time and so on, as in nptb_report().
 */
static void look_around(struct nptb_fault *fault)
{
	struct nptb_vm *vm = fault->in.vm;
	u64 times;

	spin_lock(&vm->lock);
	times = nptb_loop_times(vm->loops, &fault->in.v->attempt);
	spin_unlock(&vm->lock);
	if (!nptb_is_told(times + 1))
		return;
	nptb_report_read_insn(fault);
	nptb_explain_ahead(fault);
}

/* Return: false where the first instruction, or the delivery, cannot be emulated. */
static bool emulate(struct nptb_fault *fault)
{
	struct nptb_vm *vm = fault->in.vm;
	bool done;
	u32 burst;

	look_around(fault);
	WRITE_ONCE(fault->in.v->mapping.inside, current->pid);
	burst = burst_of(&fault->in.v->stepping, READ_ONCE(vm->account.limit),
			 READ_ONCE(vm->config.burst));
	done = run(fault, burst);
	WRITE_ONCE(fault->in.v->mapping.inside, 0);
	return done;
}

/**
 * nptb_emulate() - emulate in place of mapping, where that is possible
 * @fault: of an attempt that has all there is, and needs more
 *
 * Context: the vCPU's thread; may sleep.
 * Return: false where it is not; its attempt has the reason.
 */
bool nptb_emulate(struct nptb_fault *fault)
{
	struct nptb_attempt *attempt = &fault->in.v->attempt;

	attempt->certain = true;
	if (attempt->refused)
		return false;
	attempt->reason = nptb_kvm_barred(fault->in.vcpu);
	if (!attempt->reason && emulate(fault)) {
		attempt->steps += fault->step.done;
		fault->verdict = NPTB_VERDICT_STEPPED;
		return true;
	}
	nptb_report_read_insn(fault);
	attempt->refused = true;
	fault->step.refused = true;
	return false;
}

/*
 * on_loop=emulate: see &nptb_mode.shortage. What cannot be emulated is lent: nothing
 * else can help, and no lap is waited for.
 */
enum nptb_shortage nptb_emulate_shortage(struct nptb_fault *fault)
{
	if (nptb_emulate(fault))
		return NPTB_SHORTAGE_DONE;
	return nptb_lend(fault, NPTB_ON_LOOP_EMULATE);
}
