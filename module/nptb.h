/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module's own header: its objects, its locks, and who may call whom.
 *
 * A fault goes one way: x86/hook.c catches it, fault/fault.c runs it through the
 * stages (account, make room, map, note, trace), budget/reclaim.c makes room.
 * vm/vm.c owns VMs from attach to end, vm/attach.c their budgets. ui/ uses vm/,
 * and is never called by it but for the making and removing of a VM's folder.
 *
 * Locks, outermost first:
 *   nptb_vm.ctl      mutex: control of one VM; may wait for vCPUs
 *   nptb_vm.life     rwsem: nptb_vm.kvm stays valid while held for read;
 *                    written once, when the VM ends
 *   nptb_registry    mutex: the list of VMs, sessions, the hook's user count
 *   nptb_vm.lock     spinlock: all else of one VM; never held while anything
 *                    sleeps; KVM's mmu_lock nests inside
 *
 * Whether a fault may make a leaf is decided without a lock where there is
 * room: see budget/reservation.h.
 */
#ifndef NPTB_MODULE_H
#define NPTB_MODULE_H

#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include <nptbudget.h>

#include "x86/compat.h"
#include "loop/lend_stats.h"
#include "loop/record.h"
#include "set/policy.h"
#include "set/ranges.h"
#include "set/rset.h"
#include "budget/contention.h"

#define NPTB_NAME_MAX	24

/* Leaves that one fault may make: mmu_set_spte()'s hook keeps it so. */
#define NPTB_NEED	1

/**
 * struct nptb_config - what a VM starts with
 * @budget: pages, or 0 for none
 * @policy: who goes next
 * @on_loop: enum nptb_on_loop
 * @flush_aged: flush where accessed bits were cleared and nothing was evicted
 * @seed: for policies that roll dice
 * @lend_max: pages to lend at a time, at most
 * @burst: instructions to emulate in one go, at most
 */
struct nptb_config {
	u64 budget;
	const struct nptb_policy_ops *policy;
	u32 on_loop;
	bool flush_aged;
	u64 seed;
	u32 lend_max;
	u32 burst;
};

/**
 * struct nptb_stats - counters of a VM, in the order of "stats"
 * @verdict: faults by how they ended, see enum nptb_verdict
 * @evictions: leaves zapped to make room
 * @stale: victims that KVM had taken away already
 * @revoked: grants taken back from vCPUs that held them for long
 * @flushes: times that all leaves were zapped at once
 * @loops: attempts that became a fault loop
 * @loops_event: of these, in event deliveries
 * @laps: rounds of all loops
 * @contention: faults on pages that other vCPUs had taken
 * @instructions: emulated in place of mapping
 * @irets: of these, carried out by ourselves
 * @refused: instructions that could not be emulated
 * @lent: pages lent, in sum
 * @lent_peak: pages lent at a time, at most
 * @lent_ns: for which pages were lent, over all vCPUs
 * @peak: most resident pages seen after a fault, since the write that put the
 *	VM under its budget was done
 */
struct nptb_stats {
	u64 verdict[NPTB_VERDICT_NR];
	u64 evictions;
	u64 stale;
	u64 revoked;
	u64 flushes;
	u64 loops;
	u64 loops_event;
	u64 laps;
	u64 contention;
	u64 instructions;
	u64 irets;
	u64 refused;
	u64 lent;
	u64 lent_peak;
	u64 lent_ns;
	u64 peak;
};

/**
 * enum nptb_hold - a leaf that a vCPU's fault was granted
 * @NPTB_HOLD_NONE: there is none, or it cannot be revoked
 * @NPTB_HOLD_GRANTED: it may be made
 * @NPTB_HOLD_REVOKED: it may not be made any more
 */
enum nptb_hold {
	NPTB_HOLD_NONE,
	NPTB_HOLD_GRANTED,
	NPTB_HOLD_REVOKED,
};

/**
 * struct nptb_vcpu - a vCPU of a VM under budget
 * @idx: as KVM numbers it
 * @shield: pages of its current attempt; under nptb_vm.lock
 * @attempt: its current attempt; its own thread's
 * @explain: of @attempt, while it is made; its own thread's
 * @inside: the thread that is in KVM's fault handler for us, or 0
 * @hold: enum nptb_hold; changed by cmpxchg where another vCPU revokes
 * @held_since: jiffies when @hold was granted
 * @made: key of the leaf that the shadow MMU has made for it, or NPTB_KEY_NONE;
 *	its own thread's
 * @turn: its part in the turns between vCPUs, ticks are jiffies; under
 *	nptb_vm.lock, but its own thread reads @turn.robbed without
 * @lent: pages lent to it; written under nptb_vm.lock
 * @lent_at: jiffies of the last page lent
 * @lent_since: when the first of @lent was lent, ns
 * @robbed_seen: @turn.robbed when that was last looked at; its own thread's
 * @since_step: faults mapped since an instruction was emulated; its thread's
 * @burst: instructions emulated in one go the last time; its own thread's
 * @ended: the attempt that @shield is of has ended; its own thread's
 * @unknown: @attempt was not kept up to date; its own thread's
 */
struct nptb_vcpu {
	u32 idx;
	struct nptb_shield shield;
	struct nptb_attempt attempt;
	struct nptb_explain explain;
	pid_t inside;
	u64 made;
	u32 hold;
	unsigned long held_since;
	struct nptb_turn turn;
	u32 lent;
	u32 burst;
	unsigned long lent_at;
	u64 lent_since;
	u64 robbed_seen;
	u64 since_step;
	bool ended;
	bool unknown;
};

/**
 * struct nptb_pages - memory for the pages of a VM's resident set
 * @free: pages to use, linked by &nptb_page.hash
 * @count: pages in @free
 * @chunks: what they were allocated in; freed when the VM has ended
 */
struct nptb_pages {
	struct nptb_page *free;
	u32 count;
	struct nptb_chunk *chunks;
};

/* Lists of guest frames that are never evicted; only pins count. */
enum nptb_frames {
	NPTB_FRAMES_PIN,
	NPTB_FRAMES_EXEMPT,
	NPTB_FRAMES_NR,
};

/**
 * struct nptb_vm - a VM, from its creation or our load to its end
 * @refs: debugfs folder, sessions; the VM itself holds one until it ends
 * @node: in the list of VMs; under nptb_registry
 * @armed_node: in the hash that faults look it up in, while under budget
 * @kvm: NULL once the VM has ended; under @life
 * @life: keeps @kvm
 * @ctl: one control operation at a time
 * @pid: first half of KVM's name, the thread that created the VM
 * @fd: second half
 * @name: the whole name
 * @dir: our debugfs folder
 * @refused: why it began without the budget meant for it: an errno, or 0
 * @end_work: takes the folder away after the VM has ended
 * @hooked: holds the fault hook; under @ctl
 * @attempts: numbers given to attempts
 * @granted: leaves that faults under way may make; raised before KVM's count
 *	is read, lowered after it was
 * @limit: the budget in force now, pages; written before @granted is read
 * @lent: pages lent over @limit; written under @lock
 * @lend_work: takes back what was lent for too long
 * @lock: protects all below
 * @armed: under budget
 * @untracked: a leaf may be there that is not in @set
 * @config: budget, policy and what to do on a loop
 * @special: NPTB_SPECIAL_* bits: faults of this VM take a longer way
 * @tdp_mmu: its own tables are the TDP MMU's
 * @aged: accessed bits were cleared, maybe without a flush
 * @seq: faults that &trace nptb_fault tells, or would tell
 * @frames: by enum nptb_frames; written under @ctl as well
 * @exempting: faults on exempt frames under way
 * @pages: memory for @set
 * @set: the pages believed resident
 * @vcpus: by index, filled as they fault
 * @max_vcpus: entries in @vcpus
 * @nr_vcpus: no vCPU of this index or above was seen
 * @turns: whose shield is broken when, and by whom
 * @loops: places that looped
 * @lends: what was lent pages
 * @stats: counters
 */
struct nptb_vm {
	struct kref refs;
	struct list_head node;
	struct hlist_node armed_node;
	struct kvm *kvm;
	struct rw_semaphore life;
	struct mutex ctl;
	int pid;
	int fd;
	char name[NPTB_NAME_MAX];
	struct dentry *dir;
	int refused;
	struct work_struct end_work;
	bool hooked;

	atomic64_t attempts;
	atomic64_t granted;
	u64 limit;
	u64 lent;
	u32 special;
	bool tdp_mmu;

	struct delayed_work lend_work;

	spinlock_t lock;
	bool armed;
	bool untracked;
	bool aged;
	u64 seq;
	struct nptb_ranges frames[NPTB_FRAMES_NR];
	u32 exempting;
	struct nptb_config config;
	struct nptb_pages pages;
	struct nptb_rset set;
	struct nptb_vcpu **vcpus;
	u32 max_vcpus;
	u32 nr_vcpus;
	struct nptb_turns turns;
	struct nptb_loop_table loops;
	struct nptb_lends *lends;
	struct nptb_stats stats;
};

/*
 * Faults take a longer way: the policy gives no shield (&nptb_policy_ops.bare),
 * there are pins, there are exempt frames.
 */
#define NPTB_SPECIAL_BARE	BIT(0)
#define NPTB_SPECIAL_PIN	BIT(1)
#define NPTB_SPECIAL_EXEMPT	BIT(2)

/**
 * struct nptb_fault - one nested page fault on its way through the stages
 * @vm: whose it is
 * @v: which vCPU's, in our books
 * @vcpu: the same, KVM's
 * @rip: of the vCPU when it faulted; KVM may emulate and go on from there
 * @gpa: guest-physical address
 * @error_code: of the fault
 * @insn: instruction bytes of the exit, handed through
 * @insn_len: how many
 * @key: the frame, or NPTB_KEY_NONE
 * @known: the set had the page when it faulted; looked up for the trace alone
 * @shadow: it is for KVM's shadow MMU: that of nested guests, or of all, see
 *	&nptb_vm.tdp_mmu
 * @exempt: the frame is an exempt one
 * @granted: output of make room: leaves granted, given back by note
 * @evicted: output of make room: leaves that were evicted
 * @steps: output of step: instructions emulated
 * @irets: output of step: of these, IRETQ of ours
 * @refused: output of step: the first could not be emulated
 * @confirmed: the fault will end a lap of a fault loop, if it is let in
 * @lap: output of detect: it has
 * @stolen: output of detect: another vCPU had taken the page
 * @told: output of note: there is nothing more to tell of @lap
 * @ret: output of map: for KVM
 * @verdict: output of map: how it ended
 * @made: output of map: key of a leaf that the shadow MMU made, or
 *	NPTB_KEY_NONE
 * @leaves: output of note: KVM's count of resident pages after it
 * @seq: output of note: its number among the VM's faults
 */
struct nptb_fault {
	struct nptb_vm *vm;
	struct nptb_vcpu *v;
	struct kvm_vcpu *vcpu;
	u64 rip;
	gpa_t gpa;
	u64 error_code;
	void *insn;
	int insn_len;
	u64 key;

	struct_group(cleared,
		u32 granted;
		u32 evicted;
		u32 steps;
		u32 irets;
		bool known;
		bool exempt;
		bool shadow;
		bool refused;
		bool confirmed;
		bool lap;
		bool stolen;
		bool told;
	);
	int ret;
	enum nptb_verdict verdict;
	u64 made;
	u64 leaves;
	u64 seq;
};

/**
 * enum nptb_admission - what make room came to
 * @NPTB_ADMISSION_GRANTED: &nptb_fault.granted leaves may be made
 * @NPTB_ADMISSION_LATER: the fault has to come again
 * @NPTB_ADMISSION_STEP: there is no room for the attempt; emulate
 */
enum nptb_admission {
	NPTB_ADMISSION_GRANTED,
	NPTB_ADMISSION_LATER,
	NPTB_ADMISSION_STEP,
};

/**
 * enum nptb_shortage - what to do for an attempt that has all there is
 * @NPTB_SHORTAGE_EVICT: evict a page of its own
 * @NPTB_SHORTAGE_LENT: it was lent a page: try again
 * @NPTB_SHORTAGE_STEP: emulate its instruction
 */
enum nptb_shortage {
	NPTB_SHORTAGE_EVICT,
	NPTB_SHORTAGE_LENT,
	NPTB_SHORTAGE_STEP,
};

/* main.c */
extern struct mutex nptb_registry;
extern struct workqueue_struct *nptb_wq;

/* x86/hook.c */
DECLARE_PER_CPU(long, nptb_in_flight);
int nptb_hook_init(void);
void nptb_hook_exit(void);
int nptb_hook_get(void);
long nptb_hook_in_flight(void);
void nptb_hook_put(void);
void nptb_hook_map(void);
bool nptb_hook_maps(void);

/* The last act of a replacement. */
static __always_inline void nptb_hook_leave(void)
{
	this_cpu_dec(nptb_in_flight);
}

/* fault/fault.c */
int nptb_handle_fault(struct kvm_vcpu *vcpu, gpa_t gpa, u64 error_code,
		      void *insn, int insn_len, struct nptb_vm *vm);

/* fault/mapping.c */
int nptb_handle_set_spte(const struct nptb_set_spte *set);
int nptb_handle_map(struct kvm_vcpu *vcpu, void *fault);
void nptb_note_ahead(struct nptb_vm *vm, struct nptb_vcpu *v, u64 key);
void nptb_handle_async_ready(struct kvm_vcpu *vcpu, struct kvm_async_pf *work);
long nptb_handle_pre_fault(struct kvm_vcpu *vcpu,
			   struct kvm_pre_fault_memory *range);

/* budget/reconcile.c */
void nptb_follow(struct nptb_vm *vm);

/* budget/reservation.c */
bool nptb_may_map(struct nptb_vm *vm, struct nptb_vcpu *v);
bool nptb_revoke(struct nptb_vm *vm, struct nptb_vcpu *v);
void nptb_hold_exit(void);

/* budget/reclaim.c */
enum nptb_admission nptb_make_room(struct nptb_fault *fault);
bool nptb_trim(struct nptb_vm *vm, u32 most);
int nptb_shrink(struct nptb_vm *vm);
void nptb_flush(struct nptb_vm *vm, s32 vcpu);

/* loop/resolve.c */
bool nptb_resolve_confirmed(struct nptb_fault *fault);
void nptb_resolve_stop(struct nptb_fault *fault);
enum nptb_shortage nptb_resolve_short(struct nptb_fault *fault);

/* loop/emulate.c */
bool nptb_step(struct nptb_fault *fault);

/* loop/lend.c */
bool nptb_lend(struct nptb_fault *fault);
void nptb_lend_back(struct nptb_vm *vm, struct nptb_vcpu *v);
void nptb_lend_back_all(struct nptb_vm *vm);
void nptb_lend_work(struct work_struct *work);

/* loop/report.c */
void nptb_report_read_insn(struct nptb_fault *fault);
void nptb_report(struct nptb_fault *fault);
void nptb_report_end(struct nptb_fault *fault, enum nptb_resolved how);

/* loop/explain.c */
void nptb_explain_ahead(struct nptb_fault *fault);
void nptb_explain(struct nptb_fault *fault);
void nptb_explain_end(struct nptb_fault *fault);

/* budget/page_pool.c */
void nptb_pages_more(struct nptb_vm *vm);
void nptb_pages_free(struct nptb_vm *vm);

/* A page to use, or NULL where there is none. */
static inline struct nptb_page *nptb_page_get(struct nptb_vm *vm)
{
	struct nptb_page *page = vm->pages.free;

	lockdep_assert_held(&vm->lock);
	if (page) {
		vm->pages.free = page->hash;
		WRITE_ONCE(vm->pages.count, vm->pages.count - 1);
	}
	return page;
}

/* A page that is in no set any more. */
static inline void nptb_page_put(struct nptb_vm *vm, struct nptb_page *page)
{
	lockdep_assert_held(&vm->lock);
	page->hash = vm->pages.free;
	vm->pages.free = page;
	WRITE_ONCE(vm->pages.count, vm->pages.count + 1);
}

/* vm/vm.c */
int nptb_vm_create(struct kvm *kvm);
void nptb_vm_end(struct kvm *kvm);
bool nptb_vm_leaving(void);
struct nptb_vcpu *nptb_vm_new_vcpu(struct nptb_vm *vm, u32 idx);
void nptb_vm_release(struct kref *refs);
void nptb_vm_disarm_all(void);
void nptb_vm_free_all(void);
void nptb_vm_name_inside(void);
void nptb_vm_count(u32 *known, u32 *under_budget);

/* Our books of a vCPU, whose thread this is; NULL where there is no memory. */
static inline struct nptb_vcpu *nptb_vm_vcpu(struct nptb_vm *vm, u32 idx)
{
	struct nptb_vcpu *v = NULL;

	if (likely(idx < vm->max_vcpus))
		v = READ_ONCE(vm->vcpus[idx]);
	return v ?: nptb_vm_new_vcpu(vm, idx);
}

static inline void nptb_vm_get(struct nptb_vm *vm)
{
	kref_get(&vm->refs);
}

static inline void nptb_vm_put(struct nptb_vm *vm)
{
	kref_put(&vm->refs, nptb_vm_release);
}

/* A new attempt has begun: what the last one was given may go. */
static inline void nptb_settle_ended(struct nptb_vm *vm, struct nptb_vcpu *v)
{
	lockdep_assert_held(&vm->lock);
	if (!v->ended)
		return;
	nptb_rset_settle(&vm->set, &v->shield);
	v->ended = false;
	nptb_turn_end(&v->turn);
}

/* The vCPU has shown progress, or stopped: its last attempt has ended. */
static inline void nptb_attempt_next(struct nptb_vm *vm, struct nptb_vcpu *v)
{
	nptb_attempt_begin(&v->attempt, atomic64_inc_return(&vm->attempts));
	v->ended = true;
	v->unknown = false;
}

/* vm/attach.c */
void nptb_budget_init(struct nptb_vm *vm);
void nptb_budget_drain(struct nptb_vm *vm);
void nptb_budget_unpublish(struct nptb_vm *vm);
void nptb_budget_unhook(struct nptb_vm *vm);
void nptb_budget_off(struct nptb_vm *vm, u32 reason);
struct nptb_config nptb_vm_config(struct nptb_vm *vm);
int nptb_vm_set_budget(struct nptb_vm *vm, u64 budget);
int nptb_vm_set_on_loop(struct nptb_vm *vm, u32 on_loop);
int nptb_vm_set_lend_max(struct nptb_vm *vm, u32 lend_max);
void nptb_vm_set_burst(struct nptb_vm *vm, u32 burst);
u64 nptb_vm_resident(struct nptb_vm *vm);

/* vm/policy.c */
bool nptb_frames_has(const struct nptb_vm *vm, enum nptb_frames which, u64 key);
u64 nptb_victims_limit(const struct nptb_vm *vm, u64 budget);
void nptb_victims_mark(struct nptb_vm *vm);
bool nptb_victims_fit(const struct nptb_ranges *pin,
		      const struct nptb_policy_ops *ops, u64 budget);
bool nptb_exempt_begin(struct nptb_fault *fault);
void nptb_exempt_end(struct nptb_fault *fault);
bool nptb_give_special(struct nptb_fault *fault, u64 key,
		       struct nptb_page *spare, bool plenty);
bool nptb_give_ahead(struct nptb_vm *vm, u64 key, struct nptb_page *spare,
		     bool direct);
int nptb_vm_set_policy(struct nptb_vm *vm, const struct nptb_policy_ops *ops);
void nptb_vm_set_seed(struct nptb_vm *vm, u64 seed);
void nptb_vm_set_flush_aged(struct nptb_vm *vm, bool flush);

/* vm/frames.c */
int nptb_frames_write(struct nptb_vm *vm, enum nptb_frames which, char *text);
bool nptb_frames_possible(const struct nptb_vm *vm,
			  const struct nptb_ranges *exempt);
void nptb_frames_show(struct seq_file *m, struct nptb_vm *vm,
		      enum nptb_frames which);

/* ui/session.c */
void nptb_session_start(struct nptb_vm *vm);
extern const struct file_operations nptb_session_fops;

/* ui/translate.c */
extern const struct file_operations nptb_translate_fops;

/* ui/show.c */
void nptb_show_stats(struct seq_file *m, struct nptb_vm *vm);
void nptb_show_loops(struct seq_file *m, struct nptb_vm *vm);
void nptb_show_lends(struct seq_file *m, struct nptb_vm *vm);

/* ui/parse.c */
const char *nptb_on_loop_name(u32 on_loop);
int nptb_parse_range(char *text, u64 *first, u64 *last);
int nptb_parse_budget(const char *text, u64 *budget);
int nptb_parse_policy(const char *text, const struct nptb_policy_ops **ops);
int nptb_parse_on_loop(const char *text, u32 *on_loop);
int nptb_parse_seed(const char *text, u64 *seed);
int nptb_parse_switch(const char *text, bool *on);
int nptb_parse_lend_max(const char *text, u32 *lend_max);
int nptb_parse_burst(const char *text, u32 *burst);

/**
 * struct nptb_knob - a knob of a VM, and of the defaults
 * @name: as in debugfs
 * @parse: read its text into its place of a configuration, the rest of which
 *	need not be set; -EINVAL or -ERANGE where it is not understood
 * @print: write its text; returns the length
 * @apply: put its value of a configuration into force; returns 0 or an error,
 *	and then the old value is in force
 */
struct nptb_knob {
	const char *name;
	int (*parse)(const char *text, struct nptb_config *config);
	int (*print)(const struct nptb_config *config, char *text, size_t len);
	int (*apply)(struct nptb_vm *vm, const struct nptb_config *config);
};

/* ui/knobs.c */
extern struct nptb_config nptb_defaults;
extern const struct nptb_knob nptb_knobs[];
const struct nptb_knob *nptb_knob_find(const char *name, size_t len);
int nptb_knob_read(const struct nptb_knob *knob, struct nptb_vm *vm, char *text,
		   size_t len);
int nptb_knob_write(const struct nptb_knob *knob, struct nptb_vm *vm,
		    const char *text);

/* ui/debugfs.c */
void nptb_debugfs_init(void);
void nptb_debugfs_exit(void);
void nptb_debugfs_add_vm(struct nptb_vm *vm);
void nptb_debugfs_remove_vm(struct nptb_vm *vm);

#endif /* NPTB_MODULE_H */
