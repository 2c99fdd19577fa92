// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way of a nested page fault: account, make room, map, note, report. Each
 * stage fills in its own outputs of struct nptb_fault; none calls another.
 */
#include "backend.h"
#include "budget/account.h"
#include "budget/frames.h"
#include "budget/page_pool.h"
#include "budget/reclaim.h"
#include "budget/reservation.h"
#include "budget/wait.h"
#include "cpu.h"
#include "fault/fault.h"
#include "fault/mapping.h"
#include "hook.h"
#include "loop/emulate.h"
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

/* Has the vCPU shown progress? Then its last attempt is over. */
static __always_inline void account(struct nptb_fault *fault)
{
	struct nptb_vcpu *v = fault->v;

	/* The address first: it differs nearly always, and settles it. */
	if (nptb_state_pc(&v->attempt.state) == fault->pc && !v->unknown &&
	    nptb_kvm_same_state(fault->vcpu, &v->attempt.state))
		return;
	if (unlikely(v->attempt.noted || v->lent))
		nptb_report_end(fault, NPTB_RESOLVED_ITSELF);
	else
		nptb_attempt_next(v);
	nptb_kvm_keep_state(fault->vcpu, &v->attempt.state);
}

/* Will it end a lap? A new attempt, as nearly all are, searches nothing. */
static __always_inline bool is_confirmed(struct nptb_fault *fault)
{
	struct nptb_attempt *attempt = &fault->v->attempt;

	if (!attempt->npages || fault->key == NPTB_KEY_NONE ||
	    !nptb_attempt_ends_lap(attempt, fault->key))
		return false;
	return attempt->maskless || nptb_resolve_confirmed(fault);
}

/* There is plenty of room: which attempt this belongs to is not looked into. */
static void account_nothing(struct nptb_fault *fault)
{
	if (!fault->v->unknown) {
		fault->v->ended = true;
		fault->v->unknown = true;
	}
}

/* The fault was let in: is it one that the attempt brought on itself? */
static __always_inline void detect(struct nptb_fault *fault)
{
	struct nptb_vcpu *v = fault->v;
	u64 robbed;

	if (fault->key == NPTB_KEY_NONE)
		return;
	fault->lap = nptb_attempt_fault(&v->attempt, fault->key,
					nptb_roles(fault->error_code));
	if (likely(!v->attempt.again))
		return;
	/* Or did others take the page? */
	robbed = READ_ONCE(v->turn.robbed);
	fault->stolen = robbed != v->robbed_seen;
	v->attempt.stolen += fault->stolen;
	v->robbed_seen = robbed;
}

/* Is there anything to tell of a loop that has not been told? */
static __always_inline bool has_report(const struct nptb_fault *fault)
{
	return (fault->lap && !fault->told) || fault->stolen || fault->steps ||
	       fault->refused || fault->v->attempt.certain;
}

/* One more lap, and nothing else to tell: that needs no lock of its own. */
static __always_inline void tell_lap(struct nptb_fault *fault)
{
	struct nptb_vm *vm = fault->vm;

	if (fault->steps || fault->refused || fault->v->attempt.certain ||
	    !nptb_loop_again(vm->loops, &fault->v->attempt))
		return;
	vm->stats.laps++;
	fault->told = true;
}

/* KVM's return value does not tell the outcome everywhere; its counters do. */
static __always_inline enum nptb_verdict
verdict_of(struct nptb_fault *fault, const struct nptb_outcome *before)
{
	struct nptb_outcome after = nptb_kvm_outcome(fault->vcpu);

	if (after.fixed != before->fixed)
		return NPTB_VERDICT_MAPPED;
	if (after.spurious != before->spurious)
		return NPTB_VERDICT_SPURIOUS;
	if (after.emulated != before->emulated)
		return nptb_kvm_has_memory(fault->vcpu, fault->key) ?
			NPTB_VERDICT_EMULATED : NPTB_VERDICT_MMIO;
	return fault->ret < 0 ? NPTB_VERDICT_ERROR : NPTB_VERDICT_RETRY;
}

static __always_inline void map(struct nptb_fault *fault)
{
	struct nptb_outcome before = nptb_kvm_outcome(fault->vcpu);
	struct nptb_vcpu *v = fault->v;

	v->made = NPTB_KEY_NONE;
	if (unlikely(nptb_kvm_may_log(nptb_kvm_of(fault->vcpu))))
		v->read_only = !nptb_code_is_write(fault->error_code) &&
			       nptb_read_only(fault->vcpu, fault->key);
	WRITE_ONCE(v->inside, current->pid);
	fault->ret = nptb_kvm_fault(fault->vcpu, fault->gpa, fault->error_code,
				    fault->insn, fault->insn_len);
	WRITE_ONCE(v->inside, 0);
	v->read_only = false;
	fault->made = v->made;
	fault->verdict = verdict_of(fault, &before);
	/* What was lent to it does not count as going on by itself. */
	if (!v->lent)
		v->since_step++;
}

/* One more leaf for a frame of the set, or one that cannot be tracked. */
static void one_more(struct nptb_vm *vm, u64 key, bool more)
{
	struct nptb_page *page = nptb_rset_find(&vm->set, key);

	if (page)
		nptb_rset_set_leaves(&vm->set, page, page->leaves + more);
	else
		WRITE_ONCE(vm->untracked, true);
}

/*
 * The page belongs to the attempt now. That KVM only repaired a leaf, or mapped
 * none where it emulated, is told for the shadow MMU alone. With the TDP MMU a
 * page too many in the set costs a stale victim, one too few could never be
 * chosen.
 */
static __always_inline void give_page(struct nptb_fault *fault, bool plenty)
{
	struct nptb_vm *vm = fault->vm;
	bool made = unlikely(fault->shadow) && fault->made != NPTB_KEY_NONE;
	bool may_be_new = !fault->shadow || made;
	u64 key = made ? fault->made : fault->key;
	struct nptb_page *spare = may_be_new ? nptb_page_get(vm) : NULL;
	bool used;

	if (unlikely(vm->special))
		used = nptb_give_special(fault, key, spare, plenty);
	else if (plenty)
		used = nptb_rset_charge(&vm->set, key, spare);
	else
		used = nptb_rset_give(&vm->set, key, spare, &fault->v->shield);
	if (!plenty)
		nptb_rset_bound(&vm->set, &fault->v->shield);
	if (spare && !used)
		nptb_page_put(vm, spare);
	if (unlikely(!used && (made || (may_be_new && !spare))))
		one_more(vm, key, made);
}

static bool gives_page(const struct nptb_fault *fault)
{
	if (unlikely(fault->made != NPTB_KEY_NONE))
		return true;
	if (unlikely(fault->there))
		return false;
	return fault->key != NPTB_KEY_NONE &&
	       (fault->verdict == NPTB_VERDICT_MAPPED ||
		fault->verdict == NPTB_VERDICT_SPURIOUS ||
		fault->verdict == NPTB_VERDICT_EMULATED);
}

/* Built twice, for the two ways through: @plenty is a constant. */
static __always_inline void note(struct nptb_fault *fault, bool plenty)
{
	struct nptb_vm *vm = fault->vm;

	spin_lock(&vm->lock);
	nptb_settle_ended(vm, fault->v);
	vm->stats.verdict[fault->verdict]++;
	if (!plenty) {
		fault->seq = ++vm->seq;
		if (fault->lap)
			tell_lap(fault);
	}
	if (vm->armed && gives_page(fault))
		give_page(fault, plenty);
	/* In the set first: see NPTB_ROOM_WAIT. */
	if (fault->granted && nptb_hold_end(fault->v))
		atomic64_sub(fault->granted, &vm->granted);
	if (unlikely(vm->sleepers) && fault->granted)
		nptb_wake(vm);
	fault->leaves = nptb_kvm_leaves(vm->kvm);
	if (fault->leaves > vm->stats.peak)
		vm->stats.peak = fault->leaves;
	spin_unlock(&vm->lock);
}

/*
 * Make room. Where the attempt has all that there is, it is for the loop's side to
 * say what then; what is evicted of the attempt's own is its answer, too.
 */
static __always_inline enum nptb_admission make_room(struct nptb_fault *fault)
{
	u32 on_loop = READ_ONCE(fault->vm->config.on_loop);
	enum nptb_admission admission;

	/* There the answer is known. */
	fault->take_own = on_loop != NPTB_ON_LOOP_LEND &&
			  on_loop != NPTB_ON_LOOP_EMULATE;
	while ((admission = nptb_make_room(fault)) == NPTB_ADMISSION_SHORT) {
		switch (nptb_resolve_short(fault)) {
		case NPTB_SHORTAGE_STEP:
			if (nptb_step(fault)) {
				nptb_attempt_admitted(&fault->v->attempt, true);
				return NPTB_ADMISSION_SHORT;
			}
			break;
		case NPTB_SHORTAGE_LENT:
			break;
		case NPTB_SHORTAGE_EVICT:
			fault->take_own = true;
		}
	}
	return admission;
}

/* Make room and map; or else, send the fault back or do without the page. */
static __always_inline void admit(struct nptb_fault *fault)
{
	enum nptb_admission admission = NPTB_ADMISSION_GRANTED;

	if (!fault->granted)
		admission = make_room(fault);
	if (admission == NPTB_ADMISSION_LATER) {
		fault->verdict = NPTB_VERDICT_DEFERRED;
		fault->ret = 1;
		return;
	}
	detect(fault);
	if (likely(admission == NPTB_ADMISSION_GRANTED)) {
		map(fault);
	} else if (admission == NPTB_ADMISSION_THERE) {
		fault->there = true;
		fault->verdict = NPTB_VERDICT_SPURIOUS;
		fault->ret = 1;
	}
}

/* Replay wants to tell what a smaller budget cost from what it did not. */
static void look_up(struct nptb_fault *fault)
{
	struct nptb_vm *vm = fault->vm;

	if (fault->key == NPTB_KEY_NONE)
		return;
	spin_lock(&vm->lock);
	fault->known = nptb_rset_find(&vm->set, fault->key);
	spin_unlock(&vm->lock);
}

/*
 * MMIO costs no budget, and is no part of an attempt. KVM's mark of MMIO may be
 * out of date, though: a slot that comes right now would have it map memory.
 * With room for that KVM may go ahead; without, only the emulator is let in.
 */
static int handle_mmio(struct nptb_fault *fault)
{
	struct nptb_vm *vm = fault->vm;
	bool granted = nptb_grant(vm) >= 0;

	fault->v->made = NPTB_KEY_NONE;
	WRITE_ONCE(fault->v->inside, current->pid);
	if (granted)
		fault->ret = nptb_kvm_fault(fault->vcpu, fault->gpa,
					    fault->error_code, fault->insn,
					    fault->insn_len);
	else
		fault->ret = nptb_kvm_emulate_mmio(fault->vcpu, fault->gpa,
						   fault->insn, fault->insn_len);
	WRITE_ONCE(fault->v->inside, 0);
	if (granted)
		nptb_note_ahead(vm, fault->v, fault->key);
	fault->verdict = NPTB_VERDICT_MMIO;
	spin_lock(&vm->lock);
	vm->stats.verdict[fault->verdict]++;
	fault->seq = ++vm->seq;
	spin_unlock(&vm->lock);
	fault->leaves = nptb_kvm_leaves(vm->kvm);
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

/*
 * No memory for our books: the fault fails as it does where KVM has none for a
 * page table. KVM_RUN returns ENOMEM, and may be called again.
 */
static int no_memory(struct nptb_vm *vm)
{
	spin_lock(&vm->lock);
	vm->stats.verdict[NPTB_VERDICT_ERROR]++;
	spin_unlock(&vm->lock);
	return -ENOMEM;
}

/* Step aside, KVM runs as always, and say so. */
static int pass(struct nptb_fault *fault)
{
	struct nptb_vm *vm = fault->vm;

	spin_lock(&vm->lock);
	vm->stats.verdict[NPTB_VERDICT_PASSED]++;
	WRITE_ONCE(vm->untracked, true);
	spin_unlock(&vm->lock);
	return nptb_kvm_fault(fault->vcpu, fault->gpa, fault->error_code,
			      fault->insn, fault->insn_len);
}

/* Asked anew as long as it is not: the books may be of an earlier budget. */
static bool is_readable(struct nptb_fault *fault)
{
	if (!nptb_kvm_protected(fault->vcpu))
		fault->v->readable = nptb_kvm_readable(fault->vcpu);
	else
		fault->v->readable = false;
	return fault->v->readable;
}

/* A guest that is private cannot be held to a budget: it loses it, aloud. */
static int refuse(struct nptb_fault *fault)
{
	queue_work(nptb_wq, &fault->vm->refuse_work);
	return pass(fault);
}

static __always_inline int handle(struct nptb_vm *vm, struct kvm_vcpu *vcpu,
				  gpa_t gpa, u64 error_code, void *insn,
				  int insn_len)
{
	/* Every field is set here or by its stage: clearing all of it costs. */
	struct nptb_fault fault __uninitialized;
	s64 room;

	fault.vm = vm;
	fault.vcpu = vcpu;
	fault.pc = nptb_kvm_pc(vcpu);
	fault.gpa = gpa;
	fault.error_code = error_code;
	fault.insn = insn;
	fault.insn_len = insn_len;
	memset(&fault.cleared, 0, sizeof(fault.cleared));
	fault.made = NPTB_KEY_NONE;

	fault.v = nptb_vm_vcpu(vm, nptb_kvm_vcpu_idx(vcpu));
	if (unlikely(!fault.v))
		return no_memory(vm);
	if (unlikely(!fault.v->readable || nptb_kvm_protected(vcpu)) &&
	    !is_readable(&fault))
		return refuse(&fault);
	fault.key = nptb_kvm_key(vcpu, gpa);
	fault.shadow = !vm->tdp_mmu || !nptb_kvm_direct(vcpu);
	if (nptb_code_is_mmio(error_code) &&
	    !nptb_kvm_has_memory(vcpu, fault.key))
		return handle_mmio(&fault);
	/*
	 * Every vCPU may need a page at the same time. Without one the fault goes
	 * untracked, but never unbudgeted.
	 */
	if (READ_ONCE(vm->pages.count) <= READ_ONCE(vm->nr_vcpus))
		nptb_pages_more(vm);

	if (unlikely(vm->special & NPTB_SPECIAL_EXEMPT) &&
	    nptb_exempt_begin(&fault))
		return handle_exempt(&fault);

	/* What was lent to it is taken back first: there is less room then. */
	room = READ_ONCE(fault.v->lent) ? -1 : nptb_grant_if_room(vm);
	if (room >= 0)
		fault.granted = NPTB_NEED;
	/*
	 * With room for more pages than an attempt is followed over, none can
	 * come into a loop, or be robbed of a page, before there is less room: it
	 * does not matter then which attempt the fault belongs to, and a good deal
	 * of work is saved. Whoever listens wants to know of every attempt.
	 */
	if (room >= NPTB_LOOP_PAGES_MAX && !trace_nptb_fault_enabled()) {
		account_nothing(&fault);
		map(&fault);
		note(&fault, true);
		return fault.ret;
	}
	if (room >= 0)
		nptb_hold(fault.v);
	if (trace_nptb_fault_enabled())
		look_up(&fault);
	account(&fault);
	fault.confirmed = is_confirmed(&fault);
	if (fault.confirmed && vm->config.on_loop == NPTB_ON_LOOP_STOP) {
		detect(&fault);
		nptb_resolve_stop(&fault);
	} else {
		admit(&fault);
	}
	note(&fault, false);
	if (unlikely(has_report(&fault)))
		nptb_report(&fault);
	trace_nptb_fault(&fault);
	if (fault.verdict == NPTB_VERDICT_STOPPED)
		nptb_report_end(&fault, NPTB_RESOLVED_STOPPED);
	return fault.ret;
}

/**
 * nptb_handle_fault() - handle a nested page fault in place of KVM
 * @vcpu: that faulted
 * @gpa: guest-physical address, what kvm_mmu_page_fault() calls cr2_or_gpa
 * @error_code: of the fault
 * @insn: instruction bytes of the exit
 * @insn_len: how many
 * @watch: of the VM, which was under budget a moment ago
 *
 * Where there is no room now and none to be had without waiting, nothing is
 * mapped: KVM_RUN's own loop looks after signals and rescheduling, and the
 * fault comes again.
 *
 * Context: the vCPU's thread, in process context; may sleep; vcpu->mutex and
 * kvm->srcu held, mmu_lock not.
 * Return: as kvm_mmu_page_fault(); 1 resumes the guest.
 */
int nptb_handle_fault(struct kvm_vcpu *vcpu, gpa_t gpa, u64 error_code,
		      void *insn, int insn_len, struct nptb_watch *watch)
{
	struct nptb_vm *vm = container_of(watch, struct nptb_vm, watch);
	int ret = handle(vm, vcpu, gpa, error_code, insn, insn_len);

	nptb_hook_leave();
	return ret;
}
