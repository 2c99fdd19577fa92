// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file "translate": walk the page tables of a guest whose vCPU loops, for
 * linear addresses that a reader asks for. uapi/nptbudget.h has the format.
 *
 * Not the vCPU's thread but the reader's looks into the VM's memory: so it works
 * where that vCPU was stopped, and a fault never waits for it.
 */
#include <linux/debugfs.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "backend.h"
#include "cpu.h"
#include "loop/record.h"
#include "object/vcpu.h"
#include "object/vm.h"
#include "set/attempt.h"
#include "ui/translate.h"

/* "vcpu=4294967295", and " addr=0x" and 16 digits for addresses, RIP and CR3. */
#define REQUEST_MAX	(16 + (NPTB_TRANSLATE_MAX + 2) * 24 + 2)
/* Of a line of the answer. */
#define ANSWER_LINE	192

static const char *const end_names[] = NPTB_WALK_END_NAMES;
static_assert(ARRAY_SIZE(end_names) == NPTB_WALK_END_NR);

/**
 * struct translation - what one descriptor asked for
 * @lock: one user at a time
 * @vcpu: of which vCPU
 * @has_pc: only if it loops at @pc
 * @has_space: only with @space
 * @pc: see @has_pc
 * @space: see @has_space
 * @count: entries used in @addr
 * @addr: linear addresses
 * @state: of the loop
 * @as: KVM's address space of its pages
 * @len: bytes in @answer
 * @answer: what is left to read
 */
struct translation {
	struct mutex lock;	/* of all below */
	u32 vcpu;
	bool has_pc;
	bool has_space;
	u64 pc;
	u64 space;
	u32 count;
	u64 addr[NPTB_TRANSLATE_MAX];
	struct nptb_state state;
	u32 as;
	u32 len;
	char answer[NPTB_TRANSLATE_MAX * ANSWER_LINE];
};

/* Where a walk reads guest memory. */
struct reader {
	struct kvm *kvm;
	u32 as;
};

static bool peek(void *ctx, u64 gpa, void *buf, u32 len)
{
	struct reader *reader = ctx;

	return nptb_kvm_peek(reader->kvm, reader->as, gpa, buf, len);
}

static int parse_word(struct translation *tr, const char *word, bool *has_vcpu)
{
	if (!strncmp(word, "vcpu=", 5)) {
		*has_vcpu = true;
		return kstrtou32(word + 5, 10, &tr->vcpu);
	}
	if (!strncmp(word, "rip=", 4)) {
		tr->has_pc = true;
		return kstrtou64(word + 4, 0, &tr->pc);
	}
	if (!strncmp(word, "cr3=", 4)) {
		tr->has_space = true;
		return kstrtou64(word + 4, 0, &tr->space);
	}
	if (strncmp(word, "addr=", 5))
		return -EINVAL;
	if (tr->count == NPTB_TRANSLATE_MAX)
		return -E2BIG;
	return kstrtou64(word + 5, 0, &tr->addr[tr->count++]);
}

static int parse(struct translation *tr, char *text)
{
	bool has_vcpu = false;
	char *word;
	int ret;

	tr->count = 0;
	tr->has_pc = false;
	tr->has_space = false;
	text = strim(text);
	while ((word = strsep(&text, " "))) {
		ret = parse_word(tr, word, &has_vcpu);
		if (ret)
			return ret;
	}
	return has_vcpu && tr->count ? 0 : -EINVAL;
}

/*
 * The record of the loop that a vCPU is in, as of its last fault: the latest one
 * of it whose state it still has, also where it was stopped.
 */
static struct nptb_loop_record *record_of(struct nptb_vm *vm, u32 vcpu)
{
	struct nptb_loop_record *last = NULL, *record = vm->loops->records;
	struct nptb_vcpu *v;
	u32 i;

	lockdep_assert_held(&vm->lock);
	v = vcpu < vm->nr_vcpus ? vm->vcpus[vcpu] : NULL;
	if (!v || READ_ONCE(v->unknown))
		return NULL;
	for (i = 0; i < vm->loops->count; i++, record++)
		if (record->vcpu == vcpu && (!last || record->used > last->used))
			last = record;
	/* Its thread may write to it now: then it is not the same. */
	if (last && memcmp(&last->state, &v->attempt.state, sizeof(last->state)))
		return NULL;
	return last;
}

/* What the loop is now: false where there is none. */
static bool find_loop(struct nptb_vm *vm, struct translation *tr)
{
	struct nptb_loop_record *record;

	spin_lock(&vm->lock);
	record = record_of(vm, tr->vcpu);
	if (record && ((tr->has_pc && tr->pc != nptb_state_pc(&record->state)) ||
		       (tr->has_space && tr->space != nptb_state_space(&record->state))))
		record = NULL;
	if (record) {
		tr->state = record->state;
		tr->as = record->npages ? nptb_key_as(record->pages[0].key) : 0;
	}
	spin_unlock(&vm->lock);
	return record;
}

static bool still_loops(struct nptb_vm *vm, const struct translation *tr)
{
	struct nptb_loop_record *record;
	bool same;

	spin_lock(&vm->lock);
	record = record_of(vm, tr->vcpu);
	same = record && !memcmp(&record->state, &tr->state, sizeof(tr->state));
	spin_unlock(&vm->lock);
	return same;
}

static void answer(struct translation *tr, u64 addr, const struct nptb_walk *walk)
{
	u32 size = sizeof(tr->answer), level;
	const char *separator = "";

	tr->len += scnprintf(tr->answer + tr->len, size - tr->len,
			     "walk addr=0x%llx end=%s gpa=0x%llx level=%u tables=",
			     addr, end_names[walk->end], walk->gpa, walk->level);
	if (!walk->top)
		separator = "-";
	for (level = walk->top; level && level >= walk->level; level--) {
		tr->len += scnprintf(tr->answer + tr->len, size - tr->len,
				     "%s0x%llx", separator,
				     walk->table[level - 1]);
		separator = ",";
	}
	tr->len += scnprintf(tr->answer + tr->len, size - tr->len, "%s\n",
			     walk->top ? "" : separator);
}

static int translate(struct nptb_vm *vm, struct translation *tr)
{
	struct reader reader;
	struct nptb_walk walk;
	u32 i;

	if (!find_loop(vm, tr))
		return -EAGAIN;
	for (i = 0; i < tr->count; i++) {
		if (signal_pending(current))
			return -EINTR;
		if (down_read_interruptible(&vm->life))
			return -EINTR;
		reader = (struct reader){ .kvm = vm->kvm, .as = tr->as };
		if (reader.kvm)
			nptb_walk(&tr->state, tr->addr[i], peek, &reader, &walk);
		up_read(&vm->life);
		if (!reader.kvm)
			return -ENODEV;
		answer(tr, tr->addr[i], &walk);
	}
	/* Half an answer about one loop and half about another is none. */
	return still_loops(vm, tr) ? 0 : -EAGAIN;
}

static int translate_open(struct inode *inode, struct file *file)
{
	struct translation *tr = kzalloc(sizeof(*tr), GFP_KERNEL);

	if (!tr)
		return -ENOMEM;
	mutex_init(&tr->lock);
	file->private_data = tr;
	return 0;
}

static int translate_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static ssize_t translate_write(struct file *file, const char __user *buf,
			       size_t len, loff_t *pos)
{
	struct nptb_vm *vm = file_inode(file)->i_private;
	struct translation *tr = file->private_data;
	char *text;
	int ret;

	if (len >= REQUEST_MAX)
		return -E2BIG;
	text = memdup_user_nul(buf, len);
	if (IS_ERR(text))
		return PTR_ERR(text);
	ret = mutex_lock_interruptible(&tr->lock);
	if (!ret) {
		tr->len = 0;
		ret = parse(tr, text);
		if (!ret)
			ret = translate(vm, tr);
		if (ret)
			tr->len = 0;
		mutex_unlock(&tr->lock);
	}
	kfree(text);
	return ret ?: len;
}

/* What has been read is gone: an answer is about one moment. */
static ssize_t translate_read(struct file *file, char __user *buf, size_t len,
			      loff_t *pos)
{
	struct translation *tr = file->private_data;
	ssize_t ret;

	if (mutex_lock_interruptible(&tr->lock))
		return -EINTR;
	ret = min_t(size_t, len, tr->len);
	if (copy_to_user(buf, tr->answer, ret)) {
		ret = -EFAULT;
	} else {
		tr->len -= ret;
		memmove(tr->answer, tr->answer + ret, tr->len);
	}
	mutex_unlock(&tr->lock);
	return ret;
}

const struct file_operations nptb_translate_fops = {
	.owner = THIS_MODULE,
	.open = translate_open,
	.release = translate_release,
	.read = translate_read,
	.write = translate_write,
};
