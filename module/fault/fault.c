// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way of a nested page fault: account, make room, map, note, report. Each
 * stage fills in its own outputs of struct nptb_fault; none calls another.
 */
#include "backend.h"
#include "budget/account.h"
#include "budget/backing.h"
#include "budget/frames.h"
#include "budget/make_room.h"
#include "budget/table.h"
#include "budget/reservation.h"
#include "budget/wait.h"
#include "cpu.h"
#include "fault/fault.h"
#include "fault/mapping.h"
#include "fault/refuse.h"
#include "hook.h"
#include "lock.h"
#include "loop/mode.h"
#include "loop/record.h"
#include "loop/report.h"
#include "loop/resolve.h"
#include "object/fault.h"
#include "object/vcpu.h"
#include "object/vm.h"
#include "set/attempt.h"
#include "set/policy.h"
#include "set/rset.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* Somebody listens, from now on. */
int nptb_trace_faults(void)
{
	nptb_hook_see_all();
	return 0;
}

void nptb_trace_faults_end(void)
{
	nptb_hook_see_all_end();
}

/* Has the vCPU shown progress? Then its last attempt is over. */
static __always_inline void account(struct nptb_fault *fault)
{
	struct nptb_vcpu *v = fault->in.v;

	if (likely(!v->attempt.noted && !v->loan.pages)) {
		if (!nptb_kvm_renew_state(fault->in.vcpu, &v->attempt.state, v->unknown))
			nptb_attempt_next(v);
		return;
	}
	if (!v->unknown && nptb_kvm_same_state(fault->in.vcpu, &v->attempt.state))
		return;
	nptb_report_end(fault, NPTB_RESOLVED_ITSELF);
	nptb_kvm_keep_state(fault->in.vcpu, &v->attempt.state);
}

/* Will it end a lap? A new attempt, as nearly all are, searches nothing. */
static __always_inline bool is_confirmed(struct nptb_fault *fault)
{
	struct nptb_attempt *attempt = &fault->in.v->attempt;

	if (!attempt->npages || fault->in.key == NPTB_KEY_NONE ||
	    !nptb_attempt_ends_lap(attempt, fault->in.key))
		return false;
	return attempt->maskless || nptb_resolve_confirmed(fault);
}

/* There is plenty of room: which attempt this belongs to is not looked into. */
static void account_nothing(struct nptb_fault *fault)
{
	if (!fault->in.v->unknown) {
		fault->in.v->ended = true;
		fault->in.v->unknown = true;
	}
}

/* The fault was let in: is it one that the attempt brought on itself? */
static __always_inline void detect(struct nptb_fault *fault)
{
	struct nptb_vcpu *v = fault->in.v;
	u64 robbed;

	if (fault->in.key == NPTB_KEY_NONE)
		return;
	fault->loop.lap = nptb_attempt_fault(&v->attempt, fault->in.key,
					     nptb_kvm_roles(fault->in.error_code));
	if (likely(!v->attempt.again))
		return;
	/* Or did others take the page? */
	robbed = READ_ONCE(v->turn.robbed);
	fault->loop.stolen = robbed != v->robbed_seen;
	v->attempt.stolen += fault->loop.stolen;
	v->robbed_seen = robbed;
}

/* Is there anything to tell of a loop that has not been told? */
static __always_inline bool has_report(const struct nptb_fault *fault)
{
	return (fault->loop.lap && !fault->told) || fault->loop.stolen || fault->step.done ||
	       fault->step.deliveries || fault->step.refused || fault->in.v->attempt.certain;
}

/* One more lap, and nothing else to tell: that needs no lock of its own. */
static __always_inline void tell_lap(struct nptb_fault *fault)
{
	struct nptb_vm *vm = fault->in.vm;

	if (fault->step.done || fault->step.deliveries || fault->step.refused ||
	    fault->in.v->attempt.certain ||
	    !nptb_loop_again(vm->loops, &fault->in.v->attempt))
		return;
	vm->stats.laps++;
	fault->told = true;
}

/* KVM's return value does not tell the outcome everywhere; its counters do. */
static __always_inline enum nptb_verdict
verdict_of(struct nptb_fault *fault, const struct nptb_outcome *before)
{
	struct nptb_outcome after = nptb_kvm_outcome(fault->in.vcpu);

	if (after.fixed != before->fixed)
		return NPTB_VERDICT_MAPPED;
	if (after.spurious != before->spurious)
		return NPTB_VERDICT_SPURIOUS;
	if (after.emulated != before->emulated)
		return nptb_kvm_has_memory(fault->in.vcpu, fault->in.key) ?
			NPTB_VERDICT_EMULATED : NPTB_VERDICT_MMIO;
	return fault->ret < 0 ? NPTB_VERDICT_ERROR : NPTB_VERDICT_RETRY;
}

static __always_inline void map(struct nptb_fault *fault)
{
	struct nptb_outcome before = nptb_kvm_outcome(fault->in.vcpu);
	struct nptb_vcpu *v = fault->in.v;

	if (unlikely(fault->in.shadow))
		v->mapping.made = NPTB_KEY_NONE;
	if (!nptb_code_is_write(fault->in.error_code) &&
	    unlikely(nptb_kvm_may_log(fault->in.vm->kvm, fault->in.key, &fault->in.vm->logs)))
		nptb_read_only(v, fault->in.vcpu, fault->in.key);
	WRITE_ONCE(v->mapping.inside, current->pid);
	fault->ret = nptb_kvm_fault(fault->in.vcpu, fault->in.gpa, fault->in.error_code,
				    fault->in.insn, fault->in.insn_len);
	WRITE_ONCE(v->mapping.inside, 0);
	nptb_read_only_end(v);
	if (unlikely(fault->in.shadow))
		fault->made = v->mapping.made;
	fault->verdict = verdict_of(fault, &before);
	/* What was lent to it does not count as going on by itself. */
	if (!v->loan.pages)
		v->stepping.mapped++;
}

/* One more leaf for a frame of the set, or one that cannot be tracked. */
static void one_more(struct nptb_vm *vm, u64 key, bool more)
{
	struct nptb_page *page = nptb_rset_find(&vm->resident.set, key);

	if (!page || !nptb_rset_set_leaves(&vm->resident.set, page,
					   nptb_page_leaves(page) + more))
		WRITE_ONCE(vm->resident.untracked, true);
}

/*
 * The page belongs to the attempt now. That KVM only repaired a leaf, or mapped
 * none where it emulated, is told for the shadow MMU alone. With the TDP MMU a
 * page too many in the set costs a stale victim, one too few could never be
 * chosen.
 */
static __always_inline void give_page(struct nptb_fault *fault, bool plenty)
{
	struct nptb_vm *vm = fault->in.vm;
	bool made = unlikely(fault->in.shadow) && fault->made != NPTB_KEY_NONE;
	bool may_be_new = !fault->in.shadow || made;
	u64 key = made ? fault->made : fault->in.key;
	bool new;

	if (unlikely(vm->account.special & ~NPTB_SPECIAL_BATCH))
		new = nptb_give_special(fault, key, may_be_new, plenty);
	else if (plenty)
		new = nptb_rset_charge(&vm->resident.set, key, may_be_new);
	else
		new = nptb_rset_give(&vm->resident.set, key, may_be_new,
				     &fault->in.v->shield);
	if (!plenty)
		nptb_rset_bound(&vm->resident.set, &fault->in.v->shield);
	if (unlikely(!new && may_be_new))
		one_more(vm, key, made);
}

static bool gives_page(const struct nptb_fault *fault)
{
	if (unlikely(fault->made != NPTB_KEY_NONE))
		return true;
	return likely(!fault->room.there) && fault->in.key != NPTB_KEY_NONE &&
	       (likely(fault->verdict == NPTB_VERDICT_MAPPED) ||
		fault->verdict == NPTB_VERDICT_SPURIOUS ||
		fault->verdict == NPTB_VERDICT_EMULATED);
}

/* Built twice, for the two ways through: @plenty is a constant. */
static __always_inline void note(struct nptb_fault *fault, bool plenty)
{
	struct nptb_vm *vm = fault->in.vm;

	nptb_spin_lock(&vm->lock);
	nptb_settle_ended(vm, fault->in.v);
	vm->stats.verdict[fault->verdict]++;
	if (!plenty) {
		fault->note.seq = ++vm->seq;
		if (fault->loop.lap)
			tell_lap(fault);
	}
	if (vm->armed && gives_page(fault))
		give_page(fault, plenty);
	/* In the set first: see NPTB_ROOM_WAIT. */
	if (fault->room.reserved && nptb_reservation_end(fault->in.v))
		atomic64_sub(fault->room.reserved, &vm->account.reserved);
	if (unlikely(vm->sleep.sleepers) && fault->room.reserved)
		nptb_wake(vm);
	fault->note.leaves = nptb_kvm_leaves(vm->kvm);
	if (fault->note.leaves > vm->stats.peak)
		vm->stats.peak = fault->note.leaves;
	nptb_spin_unlock(&vm->lock);
}

/*
 * Make room. Where the attempt has all that there is, it is for the mode of on_loop to
 * say what then; what is evicted of the attempt's own is its answer, too.
 */
static __always_inline enum nptb_admission
make_room(struct nptb_fault *fault, const struct nptb_mode *mode, bool reclaim)
{
	enum nptb_admission admission;

	fault->room.take_own = !mode->shortage;
	while ((admission = nptb_make_room(fault)) == NPTB_ADMISSION_SHORT) {
		if (reclaim)
			nptb_backing_give_up(fault);
		switch (mode->shortage(fault)) {
		case NPTB_SHORTAGE_DONE:
			nptb_attempt_admitted(&fault->in.v->attempt, true);
			return NPTB_ADMISSION_SHORT;
		case NPTB_SHORTAGE_LENT:
			break;
		case NPTB_SHORTAGE_EVICT:
			fault->room.take_own = true;
		}
	}
	return admission;
}

/* Make room and map; or else, send the fault back or do without the page. */
static __always_inline void admit(struct nptb_fault *fault,
				  const struct nptb_mode *mode, bool reclaim)
{
	enum nptb_admission admission = NPTB_ADMISSION_RESERVED;

	if (!fault->room.reserved)
		admission = make_room(fault, mode, reclaim);
	/* Before another page comes in. */
	if (reclaim)
		nptb_backing_give_up(fault);
	if (admission == NPTB_ADMISSION_LATER) {
		fault->verdict = NPTB_VERDICT_DEFERRED;
		fault->ret = 1;
		return;
	}
	detect(fault);
	if (likely(admission == NPTB_ADMISSION_RESERVED)) {
		map(fault);
	} else if (admission == NPTB_ADMISSION_THERE) {
		fault->room.there = true;
		fault->verdict = NPTB_VERDICT_SPURIOUS;
		fault->ret = 1;
	}
}

/* Replay wants to tell what a smaller budget cost from what it did not. */
static void look_up(struct nptb_fault *fault)
{
	struct nptb_vm *vm = fault->in.vm;

	if (fault->in.key == NPTB_KEY_NONE)
		return;
	spin_lock(&vm->lock);
	fault->room.known = nptb_rset_find(&vm->resident.set, fault->in.key);
	spin_unlock(&vm->lock);
}

/*
 * MMIO costs no budget, and is no part of an attempt: the emulator alone is let in, as
 * KVM would have it. It makes no leaf, also where KVM's mark of MMIO is out of date, and
 * a slot comes right now.
 */
static noinline int handle_mmio(struct nptb_fault *fault)
{
	struct nptb_vm *vm = fault->in.vm;

	WRITE_ONCE(fault->in.v->mapping.inside, current->pid);
	fault->ret = nptb_kvm_emulate_mmio(fault->in.vcpu, fault->in.gpa, fault->in.insn,
					   fault->in.insn_len);
	WRITE_ONCE(fault->in.v->mapping.inside, 0);
	fault->verdict = NPTB_VERDICT_MMIO;
	spin_lock(&vm->lock);
	vm->stats.verdict[fault->verdict]++;
	fault->note.seq = ++vm->seq;
	spin_unlock(&vm->lock);
	fault->note.leaves = nptb_kvm_leaves(vm->kvm);
	trace_nptb_fault(fault);
	return fault->ret;
}

/* An exempt frame's leaf counts against nothing: no room has to be made. */
static int handle_exempt(struct nptb_fault *fault)
{
	account(fault);
	map(fault);
	note(fault, false);
	nptb_exempt_end(fault);
	trace_nptb_fault(fault);
	return fault->ret;
}

/* The stages, in turn. Built twice: @reclaim is a constant. */
static __always_inline int stages(struct nptb_fault *fault, bool reclaim)
{
	struct nptb_vm *vm = fault->in.vm;
	const struct nptb_mode *mode;
	s64 room;

	/* What was lent is taken back first. KVM's count says nothing of host memory. */
	if (reclaim || READ_ONCE(fault->in.v->loan.pages)) {
		room = -1;
		fault->room.none = false;
		fault->room.reclaim = reclaim;
	} else {
		room = nptb_reserve_if_room(vm);
	}
	if (room >= 0)
		fault->room.reserved = NPTB_NEED;
	/*
	 * With room for more pages than an attempt is followed over, none can
	 * come into a loop, or be robbed of a page, before there is less room: it
	 * does not matter then which attempt the fault belongs to, and a good deal
	 * of work is saved. Whoever listens wants to know of every attempt.
	 */
	if (room >= NPTB_LOOP_PAGES_MAX && !trace_nptb_fault_enabled()) {
		account_nothing(fault);
		map(fault);
		note(fault, true);
		return fault->ret;
	}
	if (room >= 0)
		nptb_reservation_begin(fault->in.v);
	if (trace_nptb_fault_enabled())
		look_up(fault);
	account(fault);
	fault->loop.confirmed = is_confirmed(fault);
	/* Once: it may be written at any time. */
	mode = &nptb_modes[READ_ONCE(vm->config.on_loop)];
	if (fault->loop.confirmed && mode->confirmed) {
		detect(fault);
		mode->confirmed(fault);
	} else {
		admit(fault, mode, reclaim);
	}
	note(fault, false);
	if (unlikely(has_report(fault)))
		nptb_report(fault);
	trace_nptb_fault(fault);
	if (fault->verdict == NPTB_VERDICT_STOPPED)
		nptb_report_end(fault, NPTB_RESOLVED_STOPPED);
	return fault->ret;
}

/* Of a VM with exempt frames, or one that is held to its budget in host memory. */
static noinline bool run_special(struct nptb_fault *fault)
{
	u32 special = fault->in.vm->account.special;

	if ((special & NPTB_SPECIAL_EXEMPT) && nptb_exempt_begin(fault)) {
		handle_exempt(fault);
	} else if (special & NPTB_SPECIAL_RECLAIM) {
		stages(fault, true);
		nptb_backing_mapped(fault);
	} else {
		return false;
	}
	return true;
}

static __always_inline int run(struct nptb_fault *fault)
{
	struct nptb_vm *vm = fault->in.vm;

	if (nptb_code_is_mmio(fault->in.error_code) &&
	    !nptb_kvm_has_memory(fault->in.vcpu, fault->in.key))
		return handle_mmio(fault);
	nptb_table_check(vm);
	if (unlikely(vm->account.special & (NPTB_SPECIAL_EXEMPT | NPTB_SPECIAL_RECLAIM))) {
		/* KVM's count says less than all. */
		fault->room.none = false;
		if (run_special(fault))
			return fault->ret;
	}
	return stages(fault, false);
}

static __always_inline int handle_tracked(struct nptb_vm *vm, struct nptb_vcpu *v,
					  struct kvm_vcpu *vcpu, gpa_t gpa,
					  u64 error_code, void *insn, int insn_len)
{
	/*
	 * All are named: for one that is left out the compiler would clear the
	 * whole of it, by a string instruction, at every fault.
	 */
	const bool sole = nptb_kvm_nr_vcpus(vm->kvm) == 1;
	struct nptb_fault fault = {
		.in = {
			.vm = vm,
			.v = v,
			.vcpu = vcpu,
			.pc = nptb_kvm_pc(vcpu),
			.gpa = gpa,
			.error_code = error_code,
			.insn = insn,
			.insn_len = insn_len,
			.sole = sole,
			.shadow = !vm->account.tdp_mmu || !nptb_kvm_direct(vcpu),
			.key = nptb_kvm_key(vcpu, gpa),
		},
		.room = {
			.reserved = 0, .evicted = 0, .stale = 0,
			.none = sole, .there = false, .exempt = false, .reclaim = false,
			.take_own = false, .known = false, .own = false, .held = 0,
			.victim = NPTB_KEY_NONE,
		},
		.step = {
			.done = 0, .carried = 0, .irets = 0, .deliveries = 0, .refused = false,
		},
		.loop = { .confirmed = false, .lap = false, .stolen = false },
		.told = false, .ret = 0, .verdict = 0, .made = NPTB_KEY_NONE,
		.note = { .leaves = 0, .seq = 0 },
	};

	return run(&fault);
}

/* A fault of a VM that is under budget, or was when it was found. */
static __always_inline int handle(struct nptb_vm *vm, struct kvm_vcpu *vcpu, gpa_t gpa,
				  u64 error_code, void *insn, int insn_len)
{
	struct nptb_vcpu *v = nptb_vm_vcpu(vm, nptb_kvm_vcpu_idx(vcpu));

	if (unlikely(!v))
		return nptb_no_memory(vm);
	if (unlikely(!v->readable || nptb_kvm_protected(vcpu)) &&
	    !nptb_is_readable(v, vcpu))
		return nptb_refuse(vm, vcpu, gpa, error_code, insn, insn_len);
	return handle_tracked(vm, v, vcpu, gpa, error_code, insn, insn_len);
}

/**
 * nptb_handle_fault() - handle a nested page fault in place of KVM
 * @vcpu: that faulted
 * @gpa: guest-physical address, what kvm_mmu_page_fault() calls cr2_or_gpa
 * @error_code: of the fault
 * @insn: instruction bytes of the exit
 * @insn_len: how many
 *
 * Where there is no room without waiting, nothing is mapped: KVM_RUN's own loop
 * looks after signals and rescheduling, and the fault comes again.
 *
 * Context: the vCPU's thread, in process context; may sleep; vcpu->mutex and
 * kvm->srcu held, mmu_lock not.
 * Return: as kvm_mmu_page_fault(); 1 resumes the guest.
 */
int nptb_handle_fault(struct kvm_vcpu *vcpu, gpa_t gpa, u64 error_code,
		      void *insn, int insn_len)
{
	struct nptb_watch *watch;
	int ret;

	nptb_hook_enter();
	watch = nptb_watch_find(nptb_kvm_of(vcpu));
	if (likely(watch))
		ret = handle(container_of(watch, struct nptb_vm, watch), vcpu, gpa,
			     error_code, insn, insn_len);
	else
		ret = nptb_kvm_fault(vcpu, gpa, error_code, insn, insn_len);
	nptb_hook_leave();
	return ret;
}
