// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions: a process registers itself through the file "run", and the VMs that
 * it or a descendant creates start with its budget. The descriptor is the
 * registration: it goes with its last holder, however that ends.
 */
#include <linux/debugfs.h>
#include <linux/pid.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "budget/frames.h"
#include "object/config.h"
#include "object/vm.h"
#include "set/ranges.h"
#include "ui/bindings.h"
#include "ui/knobs.h"
#include "ui/parse.h"
#include "ui/session.h"
#include "ui/show.h"
#include "vm/vm.h"

/* VMs remembered for one session; the oldest are forgotten first. */
#define SESSION_VMS_MAX	64
/* Room for all knobs, and for as many ranges as there may be. */
#define SESSION_LINE_MAX (256 + NPTB_FRAMES_NR * NPTB_RANGES_MAX * 40)

/**
 * struct start - what VMs start with
 * @config: their knobs
 * @frames: their pins and exempt frames
 */
struct start {
	struct nptb_config config;
	struct nptb_ranges frames[NPTB_FRAMES_NR];
};

/**
 * struct session - one registration
 * @node: in the list of sessions; under nptb_registry
 * @root: the process whose descendants it is about; NULL until registered
 * @start: what their VMs start with
 * @count: entries used in @vms
 * @started: VMs that started under it
 * @vms: those of them that are remembered, a reference each
 */
struct session {
	struct list_head node;
	struct pid *root;
	struct start start;
	u32 count;
	u64 started;
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

/* The newest that the current thread belongs to. */
static struct session *current_session(void)
{
	struct session *session;

	lockdep_assert_held(&nptb_registry);
	list_for_each_entry(session, &sessions, node)
		if (session->root && descends_from(current, session->root))
			return session;
	return NULL;
}

/**
 * nptb_session_start() - a new VM starts with what a session says, or a binding
 * @vm: being created by the current thread; the newest session wins
 *
 * Context: nptb_registry held; nobody else knows the VM.
 */
void nptb_session_start(struct nptb_vm *vm)
{
	struct session *session = current_session();
	const struct nptb_config *bound;

	if (!session) {
		bound = nptb_binding_of_current();
		if (bound)
			vm->config = *bound;
		return;
	}
	vm->config = session->start.config;
	memcpy(vm->resident.frames, session->start.frames, sizeof(vm->resident.frames));
	session->started++;
	remember(session, vm);
}

/**
 * nptb_session_idle() - a VM ends that nobody knew, and that never had a vCPU
 *
 * Context: nptb_registry held; a thread of the VM's process, as a rule.
 */
void nptb_session_idle(void)
{
	struct session *session = current_session();

	if (session)
		session->started++;
}

/**
 * nptb_session_wants() - would a VM of the current thread start with a budget?
 *
 * Context: nptb_registry held.
 * Return: true where a session says so, or a binding, or the defaults do.
 */
bool nptb_session_wants(void)
{
	struct session *session = current_session();
	const struct nptb_config *config = session ? &session->start.config :
						     nptb_binding_of_current();

	return (config ?: &nptb_defaults)->budget;
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

static int more_frames(char *text, struct nptb_ranges *frames)
{
	u64 first, last;
	int ret = nptb_parse_range(text, &first, &last);

	return ret ?: nptb_ranges_add(frames, first, last);
}

/* "name=value" of a knob, or of a list of frames: one range more. */
static int parse_field(char *field, struct start *start)
{
	char *value = strchr(field, '=');
	const struct nptb_knob *knob;

	if (!value)
		return -EINVAL;
	knob = nptb_knob_find(field, value - field);
	*value++ = '\0';
	if (knob)
		return knob->parse(value, &start->config);
	if (!strcmp(field, "pin"))
		return more_frames(value, &start->frames[NPTB_FRAMES_PIN]);
	if (!strcmp(field, "exempt"))
		return more_frames(value, &start->frames[NPTB_FRAMES_EXEMPT]);
	return -EINVAL;
}

/* What a write to the files of a VM would refuse. */
static int check_frames(const struct start *start)
{
	const struct nptb_ranges *pin = &start->frames[NPTB_FRAMES_PIN];

	if (nptb_ranges_share(pin, &start->frames[NPTB_FRAMES_EXEMPT]))
		return -EINVAL;
	if (start->config.budget &&
	    !nptb_victims_fit(pin, start->config.policy, start->config.budget))
		return -ENOSPC;
	return 0;
}

static int parse_session(char *line, struct start *start, pid_t *pid)
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
		ret = parse_field(field, start);
	}
	if (ret)
		return ret;
	return n < ARRAY_SIZE(mandatory) ? -EINVAL : check_frames(start);
}

/* Registers; @start is the caller's, for its size. */
static int register_line(struct session *session, char *line, struct start *start)
{
	struct pid *root;
	pid_t pid;
	int ret;

	/* What the line does not say is as for any other new VM. */
	mutex_lock(&nptb_registry);
	start->config = nptb_defaults;
	mutex_unlock(&nptb_registry);
	ret = parse_session(line, start, &pid);
	if (ret)
		return ret;
	root = find_get_pid(pid);
	if (!root)
		return -ESRCH;

	mutex_lock(&nptb_registry);
	ret = session->root ? -EBUSY : 0;
	if (!ret) {
		session->root = root;
		session->start = *start;
	}
	mutex_unlock(&nptb_registry);
	if (ret)
		put_pid(root);
	return ret;
}

static ssize_t session_write(struct file *file, const char __user *buf,
			     size_t len, loff_t *pos)
{
	struct seq_file *m = file->private_data;
	struct start *start;
	char *line;
	int ret = -ENOMEM;

	if (!len || len > SESSION_LINE_MAX)
		return -EINVAL;
	line = memdup_user_nul(buf, len);
	if (IS_ERR(line))
		return PTR_ERR(line);
	start = kzalloc(sizeof(*start), GFP_KERNEL);
	if (start)
		ret = strlen(line) == len ?
			register_line(m->private, line, start) : -EINVAL;
	kfree(start);
	kfree(line);
	return ret ?: len;
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
	u64 started;
	u32 i;

	mutex_lock(&nptb_registry);
	started = session->started;
	mutex_unlock(&nptb_registry);
	seq_printf(m, "started %llu\n", started);
	for (i = 0; (vm = session_vm(session, i, &alive)); i++) {
		seq_printf(m, "vm %s %s", vm->id.name, alive ? "alive" : "ended");
		if (READ_ONCE(vm->attach.refused))
			seq_printf(m, " refused=%d", vm->attach.refused);
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
