// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions: a process registers itself through the file "run", and the VMs that
 * it or a descendant creates start with its budget. The descriptor is the
 * registration: it goes with its last holder, however that ends.
 */
#include <linux/debugfs.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "nptb.h"

/* VMs remembered for one session; the oldest are forgotten first. */
#define SESSION_VMS_MAX	64
#define SESSION_LINE_MAX 256

/**
 * struct session - one registration
 * @node: in the list of sessions; under nptb_registry
 * @root: the process whose descendants it is about; NULL until registered
 * @config: what their VMs start with
 * @count: entries used in @vms
 * @vms: the VMs that started under it, a reference each
 */
struct session {
	struct list_head node;
	struct pid *root;
	struct nptb_config config;
	u32 count;
	struct nptb_vm *vms[SESSION_VMS_MAX];
};

static LIST_HEAD(sessions);

static bool descends_from(struct task_struct *task, struct pid *root)
{
	bool found = false;

	rcu_read_lock();
	for (; !found && task->pid; task = rcu_dereference(task->real_parent))
		found = task_tgid(task) == root;
	rcu_read_unlock();
	return found;
}

static void remember(struct session *session, struct nptb_vm *vm)
{
	if (session->count == SESSION_VMS_MAX) {
		nptb_vm_put(session->vms[0]);
		session->count--;
		memmove(&session->vms[0], &session->vms[1],
			session->count * sizeof(session->vms[0]));
	}
	nptb_vm_get(vm);
	session->vms[session->count++] = vm;
}

/**
 * nptb_session_config() - does a session say what a new VM starts with?
 * @vm: being created by the current thread
 * @config: replaced where one does; the newest session wins
 *
 * Context: nptb_registry held.
 */
void nptb_session_config(struct nptb_vm *vm, struct nptb_config *config)
{
	struct session *session;

	lockdep_assert_held(&nptb_registry);
	list_for_each_entry(session, &sessions, node) {
		if (!session->root || !descends_from(current, session->root))
			continue;
		*config = session->config;
		remember(session, vm);
		return;
	}
}

/* What has to be there, in this order; other knobs may follow. */
static const char *const mandatory[] = { "budget", "policy", "on_loop" };

static int parse_pid(const char *field, pid_t *pid)
{
	if (!field || strncmp(field, "pid=", 4) ||
	    kstrtoint(field + 4, 10, pid) || *pid <= 0)
		return -EINVAL;
	return 0;
}

/* "name=value" of a knob. */
static int parse_knob(const char *field, struct nptb_config *config)
{
	const char *value = strchr(field, '=');
	const struct nptb_knob *knob;

	if (!value)
		return -EINVAL;
	knob = nptb_knob_find(field, value - field);
	return knob ? knob->parse(value + 1, config) : -EINVAL;
}

static int parse_session(char *line, struct session *session, pid_t *pid)
{
	char *rest = strim(line);
	char *field;
	u32 n;
	int ret;

	ret = parse_pid(strsep(&rest, " "), pid);
	for (n = 0; !ret && (field = strsep(&rest, " ")); n++) {
		if (n < ARRAY_SIZE(mandatory) &&
		    !str_has_prefix(field, mandatory[n]))
			return -EINVAL;
		ret = parse_knob(field, &session->config);
	}
	if (ret)
		return ret;
	return n < ARRAY_SIZE(mandatory) ? -EINVAL : 0;
}

static ssize_t session_write(struct file *file, const char __user *buf,
			     size_t len, loff_t *pos)
{
	struct seq_file *m = file->private_data;
	struct session *session = m->private;
	struct session parsed = { };
	char line[SESSION_LINE_MAX];
	struct pid *root;
	pid_t pid;
	int ret;

	if (!len || len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, buf, len))
		return -EFAULT;
	line[len] = '\0';
	if (strlen(line) != len)
		return -EINVAL;
	/* What the line does not say is as for any other new VM. */
	mutex_lock(&nptb_registry);
	parsed.config = nptb_defaults;
	mutex_unlock(&nptb_registry);
	ret = parse_session(line, &parsed, &pid);
	if (ret)
		return ret;
	root = find_get_pid(pid);
	if (!root)
		return -ESRCH;

	mutex_lock(&nptb_registry);
	ret = session->root ? -EBUSY : 0;
	if (!ret) {
		session->root = root;
		session->config = parsed.config;
	}
	mutex_unlock(&nptb_registry);
	if (ret) {
		put_pid(root);
		return ret;
	}
	return len;
}

/* The VM of that number that the session started, held, or NULL; does it live? */
static struct nptb_vm *session_vm(struct session *session, u32 i, bool *alive)
{
	struct nptb_vm *vm = NULL;

	mutex_lock(&nptb_registry);
	if (i < session->count) {
		vm = session->vms[i];
		nptb_vm_get(vm);
		/* Off the list of VMs: it has ended. */
		*alive = !list_empty(&vm->node);
	}
	mutex_unlock(&nptb_registry);
	return vm;
}

/* What is shown of a VM takes its locks, which are outside nptb_registry. */
static int session_show(struct seq_file *m, void *unused)
{
	struct session *session = m->private;
	struct nptb_vm *vm;
	bool alive;
	u32 i;

	for (i = 0; (vm = session_vm(session, i, &alive)); i++) {
		seq_printf(m, "vm %s %s", vm->name, alive ? "alive" : "ended");
		if (READ_ONCE(vm->refused))
			seq_printf(m, " refused=%d", vm->refused);
		seq_putc(m, '\n');
		nptb_show_stats(m, vm);
		nptb_show_loops(m, vm);
		nptb_show_lends(m, vm);
		nptb_vm_put(vm);
	}
	return 0;
}

static int session_open(struct inode *inode, struct file *file)
{
	struct session *session = kzalloc(sizeof(*session), GFP_KERNEL);
	int ret;

	if (!session)
		return -ENOMEM;
	ret = single_open(file, session_show, session);
	if (ret) {
		kfree(session);
		return ret;
	}
	mutex_lock(&nptb_registry);
	list_add(&session->node, &sessions);
	mutex_unlock(&nptb_registry);
	return 0;
}

static int session_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct session *session = m->private;
	u32 i;

	mutex_lock(&nptb_registry);
	list_del(&session->node);
	mutex_unlock(&nptb_registry);
	for (i = 0; i < session->count; i++)
		nptb_vm_put(session->vms[i]);
	put_pid(session->root);
	kfree(session);
	return single_release(inode, file);
}

const struct file_operations nptb_session_fops = {
	.owner = THIS_MODULE,
	.open = session_open,
	.read = seq_read,
	.write = session_write,
	.llseek = seq_lseek,
	.release = session_release,
};
