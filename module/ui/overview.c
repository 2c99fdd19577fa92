// SPDX-License-Identifier: GPL-2.0-only
/*
 * A line for each VM, of counters that cost nothing to read: no set is compared with
 * KVM's tables, as a read of "stats" does. uapi/nptbudget.h has the format.
 */
#include <linux/fs.h>
#include <linux/seq_file.h>

#include "backend.h"
#include "object/vm.h"
#include "set/policy.h"
#include "ui/overview.h"
#include "ui/parse.h"
#include "vm/vm.h"

/* A line is about this long: the first buffer has room for all of them. */
#define LINE_SIZE	512

static void show_vm(struct nptb_vm *vm, void *data)
{
	struct seq_file *m = data;
	struct nptb_config config;
	struct nptb_stats stats;
	u64 faults = 0;
	int i;

	spin_lock(&vm->lock);
	config = vm->config;
	stats = vm->stats;
	spin_unlock(&vm->lock);

	for (i = 0; i < NPTB_VERDICT_NR; i++)
		faults += stats.verdict[i];
	seq_printf(m, "vm name=%s vcpus=%u budget=", vm->id.name,
		   nptb_kvm_nr_vcpus(vm->kvm));
	if (config.budget)
		seq_printf(m, "%llu", config.budget);
	else
		seq_puts(m, "off");
	seq_printf(m, " policy=%s on_loop=%s resident=%llu peak=%llu",
		   config.policy->name, nptb_on_loop_name(config.on_loop),
		   nptb_kvm_leaves(vm->kvm), stats.peak);
	seq_printf(m, " faults=%llu evictions=%llu loops=%llu laps=%llu contention=%llu",
		   faults, stats.evictions, stats.loops, stats.laps,
		   stats.contention);
	seq_printf(m, " deferred=%llu lent=%llu instructions=%llu refused=%llu\n",
		   stats.verdict[NPTB_VERDICT_DEFERRED], stats.lent,
		   stats.instructions, stats.refused);
}

static int overview_show(struct seq_file *m, void *unused)
{
	nptb_vm_each(show_vm, m);
	return 0;
}

static int overview_open(struct inode *inode, struct file *file)
{
	u32 known, armed;

	nptb_vm_count(&known, &armed);
	return single_open_size(file, overview_show, NULL,
				(size_t)(known + 1) * LINE_SIZE);
}

const struct file_operations nptb_overview_fops = {
	.owner = THIS_MODULE,
	.open = overview_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};
