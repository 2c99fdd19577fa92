// SPDX-License-Identifier: GPL-2.0-only
/*
 * Knobs and counters in debugfs, one value per file; uapi/nptbudget.h says
 * what they hold. At the side of everything: no fault comes through here.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "hook.h"
#include "object/vm.h"
#include "set/policy.h"
#include "text.h"
#include "ui/bindings.h"
#include "ui/debugfs.h"
#include "ui/frames.h"
#include "ui/knobs.h"
#include "ui/overview.h"
#include "ui/session.h"
#include "ui/show.h"
#include "ui/translate.h"
#include "vm/attach.h"
#include "vm/backing.h"
#include "vm/vm.h"

/* Longer than any value that is understood. */
#define VALUE_MAX	32

static struct dentry *root_dir;
/* We are leaving, and our files with us: under nptb_registry. */
static bool closed;
static struct dentry *vms_dir;

/*
 * Read a value as written: without the newline that echo puts behind it, and
 * nothing else forgiven.
 */
static int get_value(const char __user *buf, size_t len, loff_t *pos,
		     char *value)
{
	if (*pos || !len || len >= VALUE_MAX)
		return -EINVAL;
	if (copy_from_user(value, buf, len))
		return -EFAULT;
	value[len] = '\0';
	if (strlen(value) != len)
		return -EINVAL;
	if (value[len - 1] == '\n')
		value[len - 1] = '\0';
	return 0;
}

static ssize_t put_value(char __user *buf, size_t len, loff_t *pos,
			 const char *value)
{
	char line[VALUE_MAX];
	int n = scnprintf(line, sizeof(line), "%s\n", value);

	return simple_read_from_buffer(buf, len, pos, line, n);
}

/* The private data of a default's file is NULL. */
static struct nptb_vm *vm_of(struct file *file)
{
	return file_inode(file)->i_private;
}

/* A knob's file has its name. */
static const struct nptb_knob *knob_of(struct file *file)
{
	const struct qstr *name = &file_dentry(file)->d_name;

	return nptb_knob_find(name->name, name->len);
}

static ssize_t knob_read(struct file *file, char __user *buf, size_t len,
			 loff_t *pos)
{
	char value[VALUE_MAX];

	nptb_knob_read(knob_of(file), vm_of(file), value, sizeof(value));
	return put_value(buf, len, pos, value);
}

static ssize_t knob_write(struct file *file, const char __user *buf, size_t len,
			  loff_t *pos)
{
	char value[VALUE_MAX];
	int ret;

	ret = get_value(buf, len, pos, value);
	if (!ret)
		ret = nptb_knob_write(knob_of(file), vm_of(file), value);
	return ret ?: len;
}

static const struct file_operations knob_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = knob_read,
	.write = knob_write,
};

static ssize_t resident_read(struct file *file, char __user *buf, size_t len,
			     loff_t *pos)
{
	char value[VALUE_MAX];

	scnprintf(value, sizeof(value), "%llu", nptb_vm_resident(vm_of(file)));
	return put_value(buf, len, pos, value);
}

static const struct file_operations resident_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = resident_read,
};

static ssize_t backed_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	char value[VALUE_MAX];

	if (*pos)
		return 0;
	scnprintf(value, sizeof(value), "%llu", nptb_vm_backed(vm_of(file)));
	return put_value(buf, len, pos, value);
}

static const struct file_operations backed_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = backed_read,
};

/* Room for all ranges that there may be, and for "none" or "!" before them. */
#define FRAMES_TEXT_MAX	(NPTB_RANGES_MAX * 32)

/* Ranges of frames for @apply, which may cut the text up. */
static ssize_t ranges_write(struct nptb_vm *vm, const char __user *buf, size_t len,
			    int (*apply)(struct nptb_vm *vm, char *text))
{
	char *text;
	int ret;

	if (!len || len > FRAMES_TEXT_MAX)
		return -EINVAL;
	text = memdup_user_nul(buf, len);
	if (IS_ERR(text))
		return PTR_ERR(text);
	ret = strlen(text) != len ? -EINVAL : apply(vm, text);
	kfree(text);
	return ret ?: len;
}

#define NPTB_FRAMES_FILE(name_, which_)					\
static int name_##_show(struct seq_file *m, void *unused)		\
{									\
	nptb_frames_show(m, m->private, which_);			\
	return 0;							\
}									\
static int name_##_open(struct inode *inode, struct file *file)	\
{									\
	return single_open(file, name_##_show, inode->i_private);	\
}									\
static int name_##_apply(struct nptb_vm *vm, char *text)		\
{									\
	return nptb_frames_write(vm, which_, text);			\
}									\
static ssize_t name_##_write(struct file *file, const char __user *buf,	\
			     size_t len, loff_t *pos)			\
{									\
	return ranges_write(vm_of(file), buf, len, name_##_apply);	\
}									\
static const struct file_operations name_##_fops = {			\
	.owner = THIS_MODULE,						\
	.open = name_##_open,						\
	.read = seq_read,						\
	.write = name_##_write,						\
	.llseek = seq_lseek,						\
	.release = single_release,					\
}

NPTB_FRAMES_FILE(pin, NPTB_FRAMES_PIN);
NPTB_FRAMES_FILE(exempt, NPTB_FRAMES_EXEMPT);

static ssize_t evict_write(struct file *file, const char __user *buf, size_t len,
			   loff_t *pos)
{
	return ranges_write(vm_of(file), buf, len, nptb_frames_evict);
}

static const struct file_operations evict_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = evict_write,
};

static int stats_show(struct seq_file *m, void *unused)
{
	nptb_show_stats(m, m->private);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int loops_show(struct seq_file *m, void *unused)
{
	nptb_show_loops(m, m->private);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(loops);

static int lends_show(struct seq_file *m, void *unused)
{
	nptb_show_lends(m, m->private);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(lends);

static int version_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "%s %d\n", NPTB_VERSION, NPTB_FORMAT);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(version);

static int policies_show(struct seq_file *m, void *unused)
{
	int i;

	for (i = 0; nptb_policies[i]; i++)
		seq_printf(m, "%s\n", nptb_policies[i]->name);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(policies);

static int module_stats_show(struct seq_file *m, void *unused)
{
	u32 known, armed;

	nptb_vm_count(&known, &armed);
	seq_printf(m, "vms %u\n", known);
	seq_printf(m, "armed %u\n", armed);
	seq_printf(m, "in_flight %ld\n", nptb_hook_in_flight());
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(module_stats);

/* Return: false where there was no memory for it. */
static bool add_file(struct dentry *dir, struct nptb_vm *vm, const char *name,
		     umode_t mode, const struct file_operations *fops)
{
	return !IS_ERR(debugfs_create_file(name, mode, dir, vm, fops));
}

static bool add_knobs(struct dentry *dir, struct nptb_vm *vm)
{
	const struct nptb_knob *knob;
	bool whole = true;

	for (knob = nptb_knobs; knob->name; knob++)
		whole &= add_file(dir, vm, knob->name, 0600, &knob_fops);
	return whole;
}

/**
 * nptb_debugfs_add_vm() - make the folder of a VM
 * @vm: new; the folder holds no reference, it goes before the VM does
 *
 * A VM that lacks one of its files is held to its budget all the same; the kernel log
 * says so.
 *
 * Context: nptb_registry held.
 */
void nptb_debugfs_add_vm(struct nptb_vm *vm)
{
	bool whole;

	lockdep_assert_held(&nptb_registry);
	if (closed)
		return;
	vm->dir = debugfs_create_dir(vm->id.name, vms_dir);
	whole = add_knobs(vm->dir, vm);
	whole &= add_file(vm->dir, vm, "pin", 0600, &pin_fops);
	whole &= add_file(vm->dir, vm, "exempt", 0600, &exempt_fops);
	whole &= add_file(vm->dir, vm, "evict", 0200, &evict_fops);
	whole &= add_file(vm->dir, vm, "resident", 0400, &resident_fops);
	whole &= add_file(vm->dir, vm, "backed", 0400, &backed_fops);
	whole &= add_file(vm->dir, vm, "stats", 0400, &stats_fops);
	whole &= add_file(vm->dir, vm, "loops", 0400, &loops_fops);
	whole &= add_file(vm->dir, vm, "translate", 0600, &nptb_translate_fops);
	whole &= add_file(vm->dir, vm, "lends", 0400, &lends_fops);
	if (!whole)
		pr_warn("VM %s runs without some of its files in debugfs: no memory for them\n",
			vm->id.name);
}

/**
 * nptb_debugfs_hide_vm() - make the name of a VM's folder free
 * @vm: ended
 *
 * To take the folder away waits for whoever is inside one of its files, and a new
 * VM may have the name by then.
 *
 * Context: nptb_registry held.
 */
void nptb_debugfs_hide_vm(struct nptb_vm *vm)
{
	static u64 ended;
	char name[32];

	lockdep_assert_held(&nptb_registry);
	if (closed)
		return;
	snprintf(name, sizeof(name), ".ended-%llu", ++ended);
	nptb_kvm_debugfs_rename(vm->dir, name);
}

/**
 * nptb_debugfs_remove_vm() - take the folder of a VM away
 * @vm: ended
 *
 * Context: waits for whoever is inside one of its files.
 */
void nptb_debugfs_remove_vm(struct nptb_vm *vm)
{
	if (!READ_ONCE(closed))
		debugfs_remove_recursive(vm->dir);
}

/* That debugfs is missing or full is no reason not to load: its way. */
void nptb_debugfs_init(void)
{
	struct dentry *defaults;

	root_dir = debugfs_create_dir(NPTB_DEBUGFS_DIR, NULL);
	debugfs_create_file("version", 0400, root_dir, NULL, &version_fops);
	debugfs_create_file("policies", 0400, root_dir, NULL, &policies_fops);
	debugfs_create_file("stats", 0400, root_dir, NULL, &module_stats_fops);
	debugfs_create_file("overview", 0400, root_dir, NULL, &nptb_overview_fops);
	debugfs_create_file("run", 0600, root_dir, NULL, &nptb_session_fops);
	defaults = debugfs_create_dir("defaults", root_dir);
	add_knobs(defaults, NULL);
	debugfs_create_file("bindings", 0600, defaults, NULL, &nptb_bindings_fops);
	vms_dir = debugfs_create_dir("vms", root_dir);
}

/*
 * All folders go with ours. A VM that ends meanwhile must not take its own away
 * a second time: work that has not seen this is waited for, and later work sees
 * it.
 */
void nptb_debugfs_exit(void)
{
	mutex_lock(&nptb_registry);
	WRITE_ONCE(closed, true);
	mutex_unlock(&nptb_registry);
	flush_workqueue(nptb_wq);
	debugfs_remove_recursive(root_dir);
}
