// SPDX-License-Identifier: GPL-2.0-only
/* A VM's counters and loops as text; uapi/nptbudget.h has the formats. */
#include <linux/mm.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "budget/reconcile.h"
#include "loop/lend_stats.h"
#include "loop/record.h"
#include "object/backing.h"
#include "object/stats.h"
#include "object/vm.h"
#include "set/attempt.h"
#include "set/explain.h"
#include "text.h"
#include "ui/show.h"
#include "vm/attach.h"
#include "vm/memory.h"

static const char *const verdict_names[] = NPTB_VERDICT_NAMES;
static const char *const role_names[] = NPTB_ROLE_NAMES;
static const char *const class_names[] = NPTB_LOOP_CLASS_NAMES;
static const char *const for_names[] = NPTB_FOR_NAMES;
static const char *const resolved_names[] = NPTB_RESOLVED_NAMES;
static const char *const reason_names[] = NPTB_REASON_NAMES;

static_assert(ARRAY_SIZE(verdict_names) == NPTB_VERDICT_NR);
static_assert(ARRAY_SIZE(role_names) == NPTB_ROLE_NR);
static_assert(ARRAY_SIZE(class_names) == NPTB_LOOP_CLASS_NR);
static_assert(ARRAY_SIZE(for_names) == NPTB_FOR_NR);
static_assert(ARRAY_SIZE(resolved_names) == NPTB_RESOLVED_NR);
static_assert(ARRAY_SIZE(reason_names) == NPTB_REASON_NR);

static void show_counter(struct seq_file *m, const char *name, u64 value)
{
	seq_printf(m, "%s %llu\n", name, value);
}

/**
 * nptb_show_stats() - print a VM's counters
 * @m: where
 * @vm: alive or ended
 */
void nptb_show_stats(struct seq_file *m, struct nptb_vm *vm)
{
	struct nptb_stats stats;
	u64 faults = 0, dropped, set, pinned, exempt;
	int i;

	nptb_reconcile(vm);
	spin_lock(&vm->lock);
	stats = vm->stats;
	dropped = vm->loops->dropped;
	pinned = vm->resident.set.pinned.count;
	exempt = vm->resident.set.exempt.count;
	set = vm->resident.set.leaves;
	spin_unlock(&vm->lock);

	for (i = 0; i < NPTB_VERDICT_NR; i++)
		faults += stats.verdict[i];
	show_counter(m, "faults", faults);
	for (i = 0; i < NPTB_VERDICT_NR; i++)
		show_counter(m, verdict_names[i], stats.verdict[i]);
	show_counter(m, "evictions", stats.evictions);
	show_counter(m, "stale", stats.stale);
	show_counter(m, "flushes", stats.flushes);
	show_counter(m, "loops", stats.loops);
	show_counter(m, "loops_event", stats.loops_event);
	show_counter(m, "laps", stats.laps);
	show_counter(m, "contention", stats.contention);
	show_counter(m, "dropped", dropped);
	show_counter(m, "instructions", stats.instructions);
	show_counter(m, "irets", stats.irets);
	show_counter(m, "refused", stats.refused);
	show_counter(m, "lent", stats.lent);
	show_counter(m, "lent_peak", stats.lent_peak);
	show_counter(m, "lent_us", stats.lent_ns / NSEC_PER_USEC);
	show_counter(m, "resident", nptb_vm_resident(vm));
	show_counter(m, "peak", stats.peak);
	show_counter(m, "pinned", pinned);
	show_counter(m, "exempt", exempt);
	show_counter(m, "set", set);
	show_counter(m, "reclaimed", vm->backing ? atomic64_read(&vm->backing->reclaimed) : 0);
	show_counter(m, "unreclaimed", vm->backing ? atomic64_read(&vm->backing->unreclaimed) : 0);
	show_counter(m, "kept", vm->backing ? READ_ONCE(vm->backing->kept) : 0);
	show_counter(m, "revoked", stats.revoked);
	show_counter(m, "carried", stats.carried);
	show_counter(m, "deliveries", stats.deliveries);
	show_counter(m, "memory", nptb_vm_memory(vm));
}

static void show_bits(struct seq_file *m, u32 bits, const char *const *names,
		      int count)
{
	const char *separator = "";
	int i;

	for (i = 0; i < count; i++) {
		if (!(bits & (1u << i)))
			continue;
		seq_printf(m, "%s%s", separator, names[i]);
		separator = ",";
	}
}

/* Not every attempt is looked into: pages are told by their keys. */
static void show_purpose(struct seq_file *m, const struct nptb_explain *explain,
			 u64 key)
{
	u32 i;

	for (i = 0; i < explain->npages && explain->key[i] != key; i++)
		;
	if (i == explain->npages)
		return;
	seq_printf(m, " level=%u for=", explain->level[i]);
	if (explain->what[i])
		show_bits(m, explain->what[i], for_names, NPTB_FOR_NR);
	else
		seq_putc(m, '-');
}

static void show_page(struct seq_file *m, const struct nptb_loop_record *record,
		      u32 i)
{
	const struct nptb_loop_page *page = &record->pages[i];

	seq_printf(m, "page gfn=0x%llx as=%u roles=",
		   nptb_key_gfn(page->key), nptb_key_as(page->key));
	show_bits(m, page->roles, role_names, NPTB_ROLE_NR);
	seq_printf(m, " faults=%llu", page->faults);
	if (record->explain.attempt)
		show_purpose(m, &record->explain, page->key);
	seq_putc(m, '\n');
}

static void show_record(struct seq_file *m, const struct nptb_loop_record *record)
{
	const struct nptb_state *state = &record->state;
	u32 i;

	seq_printf(m, "loop class=%s vcpu=%u", class_names[record->cls],
		   record->vcpu);
	nptb_state_show(m, state);
	seq_printf(m, " laps=%llu times=%llu budget=%llu pages=%u truncated=%d insn=",
		   record->laps, record->times, record->budget, record->npages,
		   record->truncated);
	if (record->insn_len)
		seq_printf(m, "%*phN", (int)record->insn_len, record->insn);
	else
		seq_puts(m, "-");
	seq_printf(m, " resolved=%s needs=%u exact=%d lent=%u steps=%llu reason=%s",
		   resolved_names[record->how], record->needs, record->exact,
		   record->lent, record->steps, reason_names[record->reason]);
	if (record->explain.attempt)
		nptb_machine_show(m, state, &record->explain.machine);
	seq_putc(m, '\n');
	for (i = 0; i < record->npages; i++)
		show_page(m, record, i);
}

/**
 * nptb_show_loops() - print the places that looped in a VM
 * @m: where
 * @vm: alive or ended
 *
 * One record is copied at a time: faults need the lock.
 */
void nptb_show_loops(struct seq_file *m, struct nptb_vm *vm)
{
	struct nptb_loop_record *record;
	u32 i;

	record = kmalloc(sizeof(*record), GFP_KERNEL);
	if (!record)
		return;
	for (i = 0; i < NPTB_LOOP_RECORDS_MAX; i++) {
		bool used;

		spin_lock(&vm->lock);
		used = i < vm->loops->count;
		if (used)
			*record = vm->loops->records[i];
		spin_unlock(&vm->lock);
		if (!used)
			break;
		show_record(m, record);
	}
	kfree(record);
}

static void show_lends_entry(struct seq_file *m,
			     const struct nptb_lends_entry *entry, bool other)
{
	if (other)
		seq_puts(m, "lends other=1");
	else if (entry->vector >= 0)
		seq_printf(m, "lends vector=%lld", entry->vector);
	else if (entry->op.len)
		seq_printf(m, "lends opcode=%*phN", (int)entry->op.len,
			   entry->op.bytes);
	else
		seq_puts(m, "lends opcode=-");
	seq_printf(m, " refused=%llu lends=%llu pages=%llu peak=%u\n",
		   entry->refused, entry->lends, entry->pages, entry->peak);
}

/**
 * nptb_show_lends() - print what was lent pages, and what was not emulated
 * @m: where
 * @vm: alive or ended
 */
void nptb_show_lends(struct seq_file *m, struct nptb_vm *vm)
{
	const struct nptb_lends_entry *other;
	struct nptb_lends *lends;
	u32 i;

	lends = kmalloc(sizeof(*lends), GFP_KERNEL);
	if (!lends)
		return;
	spin_lock(&vm->lock);
	if (vm->lending.stats)
		*lends = *vm->lending.stats;
	else
		memset(lends, 0, sizeof(*lends));
	spin_unlock(&vm->lock);

	for (i = 0; i < lends->count; i++)
		show_lends_entry(m, &lends->entry[i], false);
	other = &lends->entry[NPTB_LENDS_MAX];
	if (other->refused || other->lends)
		show_lends_entry(m, other, true);
	kfree(lends);
}
