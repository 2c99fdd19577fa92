/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of the system "nptbudget". Every event begins with the VM's name
 * in its parts: pid, fd and nth, as in <pid>-<fd>.<nth>, which is <pid>-<fd> for
 * nth 1. Frames are gfns (guest-physical address >> 12), counts are in pages of
 * 4 KiB.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM nptbudget

#if !defined(NPTB_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define NPTB_TRACE_H

#include <linux/tracepoint.h>
#include "object/config.h"
#include "object/fault.h"
#include "object/vm.h"
#include "set/attempt.h"
#include "set/policy.h"

/* The numbers that formats name: each with its name, the last one apart. */
#define NPTB_TRACE_VERDICTS						\
	EM(NPTB_VERDICT_MAPPED, "mapped")				\
	EM(NPTB_VERDICT_SPURIOUS, "spurious")				\
	EM(NPTB_VERDICT_RETRY, "retry")					\
	EM(NPTB_VERDICT_DEFERRED, "deferred")				\
	EM(NPTB_VERDICT_EMULATED, "emulated")				\
	EM(NPTB_VERDICT_MMIO, "mmio")					\
	EM(NPTB_VERDICT_ERROR, "error")					\
	EM(NPTB_VERDICT_PASSED, "passed")				\
	EM(NPTB_VERDICT_STOPPED, "stopped")				\
	EM_LAST(NPTB_VERDICT_STEPPED, "stepped")

#define NPTB_TRACE_EVICT_REASONS					\
	EM(NPTB_EVICT_FAULT, "fault")					\
	EM(NPTB_EVICT_BUDGET, "budget")					\
	EM_LAST(NPTB_EVICT_FLUSH, "flush")

#define NPTB_TRACE_DETACH_REASONS					\
	EM(NPTB_DETACH_OFF, "off")					\
	EM(NPTB_DETACH_END, "end")					\
	EM(NPTB_DETACH_UNLOAD, "unload")				\
	EM_LAST(NPTB_DETACH_REFUSED, "refused")

#define NPTB_TRACE_CLASSES						\
	EM(NPTB_LOOP_INSTRUCTION, "instruction")			\
	EM(NPTB_LOOP_EVENT, "event-delivery")				\
	EM_LAST(NPTB_LOOP_CONTENTION, "contention")

#define NPTB_TRACE_EVENTS						\
	EM(NPTB_EVENT_NONE, "none")					\
	EM(NPTB_EVENT_EXCEPTION, "exception")				\
	EM(NPTB_EVENT_INTERRUPT, "interrupt")				\
	EM(NPTB_EVENT_SOFT, "int")					\
	EM_LAST(NPTB_EVENT_NMI, "nmi")

#define NPTB_TRACE_RESOLVED						\
	EM(NPTB_RESOLVED_NOT, "no")					\
	EM(NPTB_RESOLVED_ITSELF, "itself")				\
	EM(NPTB_RESOLVED_LENT, "lent")					\
	EM(NPTB_RESOLVED_EMULATED, "emulated")				\
	EM_LAST(NPTB_RESOLVED_STOPPED, "stopped")

#define NPTB_TRACE_REASONS						\
	EM(NPTB_REASON_NONE, "none")					\
	EM(NPTB_REASON_INSTRUCTION, "instruction")			\
	EM(NPTB_REASON_FORM, "form")					\
	EM(NPTB_REASON_MEMORY, "memory")				\
	EM(NPTB_REASON_NESTED, "nested")				\
	EM(NPTB_REASON_SMM, "smm")					\
	EM(NPTB_REASON_DEBUGGED, "debugged")				\
	EM(NPTB_REASON_BREAKPOINT, "breakpoint")			\
	EM(NPTB_REASON_SINGLE_STEP, "single-step")			\
	EM(NPTB_REASON_NMI, "nmi")					\
	EM_LAST(NPTB_REASON_PRIVATE, "private")

/* So that user space can tell them. */
#undef EM
#undef EM_LAST
#define EM(value, name)		TRACE_DEFINE_ENUM(value);
#define EM_LAST(value, name)	TRACE_DEFINE_ENUM(value);

NPTB_TRACE_VERDICTS
NPTB_TRACE_EVICT_REASONS
NPTB_TRACE_DETACH_REASONS
NPTB_TRACE_CLASSES
NPTB_TRACE_EVENTS
NPTB_TRACE_RESOLVED
NPTB_TRACE_REASONS

/* From here on, for __print_symbolic(). */
#undef EM
#undef EM_LAST
#define EM(value, name)		{ value, name },
#define EM_LAST(value, name)	{ value, name }

/* What every event begins with: the VM's name in its parts. */
#define NPTB_TRACE_VM							\
	__field(int, pid)						\
	__field(int, fd)						\
	__field(u32, nth)
#define NPTB_TRACE_VM_ASSIGN(vm)					\
	do {								\
		__entry->pid = (vm)->id.pid;				\
		__entry->fd = (vm)->id.fd;				\
		__entry->nth = (vm)->id.nth;				\
	} while (0)
#define NPTB_TRACE_VM_FMT	"vm=%d-%d nth=%u"
#define NPTB_TRACE_VM_ARGS	__entry->pid, __entry->fd, __entry->nth

/* By whom victims are chosen. */
#define NPTB_TRACE_POLICY						\
	__array(char, policy, NPTB_POLICY_NAME_MAX)			\
	__field(u64, seed)
#define NPTB_TRACE_POLICY_ASSIGN(config)				\
	do {								\
		strscpy(__entry->policy, (config)->policy->name,	\
			NPTB_POLICY_NAME_MAX);				\
		__entry->seed = (config)->seed;				\
	} while (0)
#define NPTB_TRACE_POLICY_FMT	"policy=%s seed=%llu"
#define NPTB_TRACE_POLICY_ARGS	__entry->policy, __entry->seed

/* An attempt of a vCPU that looped, or was robbed; its event has the last place. */
#define NPTB_TRACE_ATTEMPT						\
	__field(u32, vcpu)						\
	__field(u32, class)						\
	__field(s32, vector)						\
	__field(u64, rip)						\
	__field(u64, cr3)						\
	__field(u64, laps)						\
	__field(u64, attempt)
#define NPTB_TRACE_ATTEMPT_ASSIGN(idx, of)				\
	do {								\
		__entry->vcpu = (idx);					\
		__entry->class = nptb_attempt_class(of);		\
		__entry->vector = nptb_state_event(&(of)->state);	\
		__entry->event = nptb_state_event_kind(&(of)->state);	\
		__entry->rip = nptb_state_pc(&(of)->state);		\
		__entry->cr3 = nptb_state_space(&(of)->state);		\
		__entry->laps = (of)->laps ?: (of)->stolen;		\
		__entry->attempt = (of)->number;			\
	} while (0)
#define NPTB_TRACE_ATTEMPT_FMT						\
	"vcpu=%u class=%s vector=%d rip=0x%llx cr3=0x%llx laps=%llu attempt=%llu"
#define NPTB_TRACE_ATTEMPT_ARGS						\
	__entry->vcpu,							\
	__print_symbolic(__entry->class, NPTB_TRACE_CLASSES),		\
	__entry->vector, __entry->rip, __entry->cr3, __entry->laps,	\
	__entry->attempt

/* A VM came under a budget of @budget pages. */
TRACE_EVENT(nptb_attach,
	TP_PROTO(const struct nptb_vm *vm, u64 budget,
		 const struct nptb_config *config),
	TP_ARGS(vm, budget, config),
	TP_STRUCT__entry(
		NPTB_TRACE_VM
		__field(u64, budget)
		NPTB_TRACE_POLICY
	),
	TP_fast_assign(
		NPTB_TRACE_VM_ASSIGN(vm);
		__entry->budget = budget;
		NPTB_TRACE_POLICY_ASSIGN(config);
	),
	TP_printk(NPTB_TRACE_VM_FMT " budget=%llu " NPTB_TRACE_POLICY_FMT,
		  NPTB_TRACE_VM_ARGS, __entry->budget, NPTB_TRACE_POLICY_ARGS)
);

/* A VM under budget goes on under another policy. */
TRACE_EVENT(nptb_policy,
	TP_PROTO(const struct nptb_vm *vm, const struct nptb_config *config),
	TP_ARGS(vm, config),
	TP_STRUCT__entry(
		NPTB_TRACE_VM
		NPTB_TRACE_POLICY
	),
	TP_fast_assign(
		NPTB_TRACE_VM_ASSIGN(vm);
		NPTB_TRACE_POLICY_ASSIGN(config);
	),
	TP_printk(NPTB_TRACE_VM_FMT " " NPTB_TRACE_POLICY_FMT, NPTB_TRACE_VM_ARGS,
		  NPTB_TRACE_POLICY_ARGS)
);

/* A VM is no longer under budget. */
TRACE_EVENT(nptb_detach,
	TP_PROTO(const struct nptb_vm *vm, u32 reason),
	TP_ARGS(vm, reason),
	TP_STRUCT__entry(
		NPTB_TRACE_VM
		__field(u32, reason)
	),
	TP_fast_assign(
		NPTB_TRACE_VM_ASSIGN(vm);
		__entry->reason = reason;
	),
	TP_printk(NPTB_TRACE_VM_FMT " reason=%s", NPTB_TRACE_VM_ARGS,
		  __print_symbolic(__entry->reason, NPTB_TRACE_DETACH_REASONS))
);

/* A budget was changed, and is in force; 0 stands for off. */
TRACE_EVENT(nptb_budget,
	TP_PROTO(const struct nptb_vm *vm, u64 old, u64 new),
	TP_ARGS(vm, old, new),
	TP_STRUCT__entry(
		NPTB_TRACE_VM
		__field(u64, old)
		__field(u64, new)
	),
	TP_fast_assign(
		NPTB_TRACE_VM_ASSIGN(vm);
		__entry->old = old;
		__entry->new = new;
	),
	TP_printk(NPTB_TRACE_VM_FMT " old=%llu new=%llu", NPTB_TRACE_VM_ARGS,
		  __entry->old, __entry->new)
);

/*
 * A nested page fault under budget: of which vCPU at which RIP, for which
 * address and with which error code, how it ended, in which attempt of that vCPU
 * (each counts its own from 1), how many leaves went for it, and how many pages
 * were resident after it. @as is KVM's address space of the frame, or 255 where
 * the address is no frame of the VM's own; @known: the set had the page, so it is
 * no eviction that this fault was for; @seq counts the VM's faults from 1, so a gap
 * in it is an event lost; @event: enum nptb_event, what was being delivered.
 * @victim: the frame of the leaf that went for it, with @victim_as and @own as in
 * nptb_evict, whose event this one is as well; ~0 where none went, or all that did have
 * events of their own.
 *
 * While it is on, faults on leaves that are there are handled, and counted, too.
 */
TRACE_EVENT_FN(nptb_fault,
	TP_PROTO(const struct nptb_fault *fault),
	TP_ARGS(fault),
	TP_STRUCT__entry(
		NPTB_TRACE_VM
		__field(u32, vcpu)
		__field(u64, rip)
		__field(u64, gpa)
		__field(u64, error_code)
		__field(u32, verdict)
		__field(u32, evicted)
		__field(u64, attempt)
		__field(u64, resident)
		__field(u64, seq)
		__field(u8, as)
		__field(bool, known)
		__field(u8, event)
		__field(u8, victim_as)
		__field(u64, victim)
		__field(bool, own)
	),
	TP_fast_assign(
		NPTB_TRACE_VM_ASSIGN(fault->in.vm);
		__entry->vcpu = fault->in.v->idx;
		__entry->rip = fault->in.pc;
		__entry->gpa = fault->in.gpa;
		__entry->error_code = fault->in.error_code;
		__entry->verdict = fault->verdict;
		__entry->evicted = fault->room.evicted;
		__entry->attempt = fault->in.v->attempt.number;
		__entry->resident = fault->note.leaves;
		__entry->seq = fault->note.seq;
		__entry->as = nptb_key_as(fault->in.key);
		__entry->known = fault->room.known;
		__entry->event = nptb_state_event_kind(&fault->in.v->attempt.state);
		__entry->victim_as = 0;
		__entry->victim = fault->room.victim;
		if (fault->room.victim != NPTB_KEY_NONE) {
			__entry->victim_as = nptb_key_as(fault->room.victim);
			__entry->victim = nptb_key_gfn(fault->room.victim);
		}
		__entry->own = fault->room.own;
	),
	TP_printk(NPTB_TRACE_VM_FMT
		  " vcpu=%u rip=0x%llx gpa=0x%llx error_code=0x%llx verdict=%s evicted=%u attempt=%llu resident=%llu seq=%llu as=%u known=%d event=%s victim=0x%llx victim_as=%u own=%d",
		  NPTB_TRACE_VM_ARGS, __entry->vcpu, __entry->rip,
		  __entry->gpa, __entry->error_code,
		  __print_symbolic(__entry->verdict, NPTB_TRACE_VERDICTS),
		  __entry->evicted,
		  __entry->attempt, __entry->resident, __entry->seq,
		  __entry->as, __entry->known,
		  __print_symbolic(__entry->event, NPTB_TRACE_EVENTS),
		  __entry->victim, __entry->victim_as, __entry->own),
	nptb_trace_faults, nptb_trace_faults_end
);

/*
 * A leaf was evicted, for a fault of vCPU @vcpu or, if -1, by a write to the
 * budget. @own: the attempt that needed room had been given the page itself.
 * With reason "flush" all leaves went, and gfn and as are 0. While nptb_fault is on,
 * what a VM's only vCPU evicts for a fault is told by that: the last, if several went.
 */
TRACE_EVENT(nptb_evict,
	TP_PROTO(const struct nptb_vm *vm, s32 vcpu, u64 key, u32 reason,
		 bool own),
	TP_ARGS(vm, vcpu, key, reason, own),
	TP_STRUCT__entry(
		NPTB_TRACE_VM
		__field(s32, vcpu)
		__field(u32, as)
		__field(u64, gfn)
		__field(u32, reason)
		__field(bool, own)
	),
	TP_fast_assign(
		NPTB_TRACE_VM_ASSIGN(vm);
		__entry->vcpu = vcpu;
		__entry->as = nptb_key_as(key);
		__entry->gfn = nptb_key_gfn(key);
		__entry->reason = reason;
		__entry->own = own;
	),
	TP_printk(NPTB_TRACE_VM_FMT " vcpu=%d gfn=0x%llx as=%u reason=%s own=%d",
		  NPTB_TRACE_VM_ARGS, __entry->vcpu, __entry->gfn,
		  __entry->as, __print_symbolic(__entry->reason, NPTB_TRACE_EVICT_REASONS),
		  __entry->own)
);

/*
 * A vCPU is in a fault loop; sent at laps 1, 2, 4, 8 and so on of an attempt,
 * and with 0 laps where the loop was certain before one was over. With class
 * "contention" @laps counts pages that others took. @gfns and @roles
 * (NPTB_ROLE_*) are the loop set, @insn the bytes at RIP. @event: enum nptb_event,
 * what kind of event @vector is of.
 */
TRACE_EVENT(nptb_loop,
	TP_PROTO(const struct nptb_vm *vm, u32 vcpu,
		 const struct nptb_attempt *attempt),
	TP_ARGS(vm, vcpu, attempt),
	TP_STRUCT__entry(
		NPTB_TRACE_VM
		NPTB_TRACE_ATTEMPT
		__field(u64, budget)
		__field(u32, npages)
		__dynamic_array(u64, gfns, attempt->npages)
		__dynamic_array(u8, roles, attempt->npages)
		__dynamic_array(u8, insn, attempt->insn_len)
		__field(u32, event)
	),
	TP_fast_assign(
		u64 *gfns = __get_dynamic_array(gfns);
		u8 *roles = __get_dynamic_array(roles);
		u32 i;

		NPTB_TRACE_VM_ASSIGN(vm);
		NPTB_TRACE_ATTEMPT_ASSIGN(vcpu, attempt);
		__entry->budget = attempt->budget;
		__entry->npages = attempt->npages;
		for (i = 0; i < attempt->npages; i++) {
			gfns[i] = nptb_key_gfn(attempt->pages[i].key);
			roles[i] = attempt->pages[i].roles;
		}
		memcpy(__get_dynamic_array(insn), attempt->insn,
		       attempt->insn_len);
	),
	TP_printk(NPTB_TRACE_VM_FMT " " NPTB_TRACE_ATTEMPT_FMT
		  " budget=%llu pages=%u gfns=%s roles=%s insn=%s event=%s",
		  NPTB_TRACE_VM_ARGS, NPTB_TRACE_ATTEMPT_ARGS,
		  __entry->budget, __entry->npages,
		  __print_array(__get_dynamic_array(gfns), __entry->npages, 8),
		  __print_hex(__get_dynamic_array(roles), __entry->npages),
		  __print_hex(__get_dynamic_array(insn),
			      __get_dynamic_array_len(insn)),
		  __print_symbolic(__entry->event, NPTB_TRACE_EVENTS))
);

/*
 * An attempt that looped, or was robbed, has ended. @how: see enum
 * nptb_resolved. @laps: rounds until then. @needs: distinct pages that it took;
 * exactly, where pages were lent. @lent: at most at a time. @steps:
 * instructions emulated. @reason: enum nptb_reason, why not.
 */
TRACE_EVENT(nptb_resolve,
	TP_PROTO(const struct nptb_vm *vm, u32 vcpu,
		 const struct nptb_attempt *attempt, u32 how),
	TP_ARGS(vm, vcpu, attempt, how),
	TP_STRUCT__entry(
		NPTB_TRACE_VM
		NPTB_TRACE_ATTEMPT
		__field(u64, steps)
		__field(u32, how)
		__field(u32, needs)
		__field(u32, lent)
		__field(u32, event)
		__field(u32, reason)
	),
	TP_fast_assign(
		NPTB_TRACE_VM_ASSIGN(vm);
		NPTB_TRACE_ATTEMPT_ASSIGN(vcpu, attempt);
		__entry->steps = attempt->steps;
		__entry->how = how;
		__entry->needs = attempt->npages;
		__entry->lent = attempt->lent;
		__entry->reason = attempt->reason;
	),
	TP_printk(NPTB_TRACE_VM_FMT " " NPTB_TRACE_ATTEMPT_FMT
		  " how=%s needs=%u lent=%u steps=%llu event=%s reason=%s",
		  NPTB_TRACE_VM_ARGS, NPTB_TRACE_ATTEMPT_ARGS,
		  __print_symbolic(__entry->how, NPTB_TRACE_RESOLVED),
		  __entry->needs, __entry->lent,
		  __entry->steps, __print_symbolic(__entry->event, NPTB_TRACE_EVENTS),
		  __print_symbolic(__entry->reason, NPTB_TRACE_REASONS))
);

#endif /* NPTB_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
