// SPDX-License-Identifier: GPL-2.0-only
/*
 * Defaults bound to a program's name or a cgroup: what a VM starts with depends on
 * who creates it. Whoever starts VMMs for others, as libvirt does, is no ancestor that
 * could be registered as a session, and a restored VM is a new process again.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cgroup.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "lib/within.h"
#include "object/config.h"
#include "object/vm.h"
#include "ui/bindings.h"
#include "ui/knobs.h"
#include "vm/vm.h"

/* Room for all knobs, and for a path. */
#define BINDING_LINE_MAX	(256 + PATH_MAX)

enum kind {
	KIND_COMM,
	KIND_CGROUP,
	KIND_NR,
};

static const char *const kind_fields[KIND_NR] = { "comm=", "cgroup=" };

/**
 * struct binding - what VMs of somebody start with
 * @node: in the list of bindings; under nptb_registry
 * @config: their knobs
 * @kind: what @name is
 * @len: length of @name
 * @name: of the program, as in /proc/PID/comm; or the path of a cgroup of version 2
 */
struct binding {
	struct list_head node;
	struct nptb_config config;
	enum kind kind;
	size_t len;
	char name[];
};

/* Both under nptb_registry. */
static LIST_HEAD(bindings);
static u32 nr_bindings;

/* Path of the current thread's cgroup, or "". */
static const char *current_cgroup(void)
{
	/* Under nptb_registry as well: so that there is always memory for it. */
	static char path[PATH_MAX];
	int len;

	lockdep_assert_held(&nptb_registry);
	rcu_read_lock();
	len = cgroup_path(task_dfl_cgroup(current), path, sizeof(path));
	rcu_read_unlock();
	if (len >= 0 && len < (int)sizeof(path))
		return path;
	pr_warn("the path of the cgroup of %s is not known: error %d; no defaults of a cgroup for its VM\n",
		current->comm, len);
	return "";
}

static bool deeper(const struct binding *binding, const struct binding *than)
{
	return !than || than->kind != KIND_CGROUP || binding->len > than->len;
}

/**
 * nptb_binding_of_current() - what VMs of the current thread's process start with
 *
 * The deepest cgroup that it is in goes before the name of its program.
 *
 * Context: nptb_registry held.
 * Return: the knobs, or NULL where nothing is bound to it.
 */
const struct nptb_config *nptb_binding_of_current(void)
{
	struct binding *binding, *found = NULL;
	const char *cgroup = NULL;
	char comm[TASK_COMM_LEN];

	lockdep_assert_held(&nptb_registry);
	rcu_read_lock();
	strscpy(comm, current->group_leader->comm, sizeof(comm));
	rcu_read_unlock();
	list_for_each_entry(binding, &bindings, node) {
		if (binding->kind == KIND_COMM) {
			if (!found && !strcmp(binding->name, comm))
				found = binding;
			continue;
		}
		if (!cgroup)
			cgroup = current_cgroup();
		if (nptb_path_within(cgroup, binding->name) && deeper(binding, found))
			found = binding;
	}
	return found ? &found->config : NULL;
}

static struct binding *find(enum kind kind, const char *name)
{
	struct binding *binding;

	lockdep_assert_held(&nptb_registry);
	list_for_each_entry(binding, &bindings, node)
		if (binding->kind == kind && !strcmp(binding->name, name))
			return binding;
	return NULL;
}

static void drop(struct binding *binding)
{
	list_del(&binding->node);
	nr_bindings--;
	kfree(binding);
}

/* Whom it is for, which is the rest of a line, with any blanks: -EINVAL for nobody. */
static int parse_whom(char *text, enum kind *kind, char **name)
{
	size_t len;

	for (*kind = 0; *kind < KIND_NR; ++*kind)
		if (str_has_prefix(text, kind_fields[*kind]))
			break;
	if (*kind == KIND_NR)
		return -EINVAL;
	*name = text + strlen(kind_fields[*kind]);
	len = strlen(*name);
	if (!len || strchr(*name, '\n'))
		return -EINVAL;
	if (*kind == KIND_COMM) {
		/* As the kernel cuts a program's name. */
		if (len >= TASK_COMM_LEN)
			(*name)[TASK_COMM_LEN - 1] = '\0';
		return 0;
	}
	if (**name != '/' || len >= PATH_MAX)
		return -EINVAL;
	while (len > 1 && (*name)[len - 1] == '/')
		(*name)[--len] = '\0';
	return 0;
}

static int unbind(char *text)
{
	struct binding *binding;
	enum kind kind;
	char *name;
	int ret;

	ret = parse_whom(text, &kind, &name);
	if (ret)
		return ret;
	mutex_lock(&nptb_registry);
	binding = find(kind, name);
	if (binding)
		drop(binding);
	mutex_unlock(&nptb_registry);
	return binding ? 0 : -ENOENT;
}

/* "name=value" of knobs, up to whom they are for. */
static int parse_knobs(char **rest, struct nptb_config *config)
{
	const struct nptb_knob *knob;
	char *field, *value;
	int ret = 0;

	while (!ret && !str_has_prefix(*rest, kind_fields[KIND_COMM]) &&
	       !str_has_prefix(*rest, kind_fields[KIND_CGROUP])) {
		field = strsep(rest, " ");
		value = strchr(field, '=');
		if (!*rest || !value)
			return -EINVAL;
		knob = nptb_knob_find(field, value - field);
		ret = knob ? knob->parse(value + 1, config) : -EINVAL;
	}
	return ret;
}

/* What a line does not say is as it is bound already, or as for any other VM. */
static int bind(char *text)
{
	struct binding *old, *binding;
	struct nptb_config config = { };
	char *whom = text, *name;
	enum kind kind;
	size_t len;
	int ret;

	/* Once for its errors, and to know whom it is for: it is cut up the second time. */
	text = kstrdup(text, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	ret = parse_knobs(&whom, &config);
	if (!ret)
		ret = parse_whom(whom, &kind, &name);
	if (ret)
		goto out_text;
	ret = -ENOMEM;
	len = strlen(name);
	binding = kzalloc(struct_size(binding, name, len + 1), GFP_KERNEL);
	if (!binding)
		goto out_text;
	binding->kind = kind;
	binding->len = len;
	memcpy(binding->name, name, len + 1);

	mutex_lock(&nptb_registry);
	old = find(kind, name);
	binding->config = old ? old->config : nptb_defaults;
	whom = text;
	ret = parse_knobs(&whom, &binding->config);
	if (!ret && !old && nr_bindings == NPTB_BINDINGS_MAX)
		ret = -ENOSPC;
	if (!ret) {
		if (old)
			drop(old);
		list_add_tail(&binding->node, &bindings);
		nr_bindings++;
	}
	mutex_unlock(&nptb_registry);
	if (ret)
		kfree(binding);
out_text:
	kfree(text);
	return ret;
}

static int write_line(char *line)
{
	if (!strcmp(line, "none")) {
		nptb_bindings_free();
		return 0;
	}
	return *line == '!' ? unbind(line + 1) : bind(line);
}

static ssize_t bindings_write(struct file *file, const char __user *buf, size_t len,
			      loff_t *pos)
{
	char *line;
	int ret;

	if (!len || len > BINDING_LINE_MAX)
		return -EINVAL;
	line = memdup_user_nul(buf, len);
	if (IS_ERR(line))
		return PTR_ERR(line);
	if (strlen(line) != len) {
		ret = -EINVAL;
	} else {
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		ret = write_line(line);
	}
	kfree(line);
	return ret ?: len;
}

static int bindings_show(struct seq_file *m, void *unused)
{
	const struct nptb_knob *knob;
	struct binding *binding;
	char value[32];

	mutex_lock(&nptb_registry);
	list_for_each_entry(binding, &bindings, node) {
		for (knob = nptb_knobs; knob->name; knob++) {
			knob->print(&binding->config, value, sizeof(value));
			seq_printf(m, "%s=%s ", knob->name, value);
		}
		seq_printf(m, "%s%s\n", kind_fields[binding->kind], binding->name);
	}
	mutex_unlock(&nptb_registry);
	return 0;
}

static int bindings_open(struct inode *inode, struct file *file)
{
	return single_open(file, bindings_show, NULL);
}

const struct file_operations nptb_bindings_fops = {
	.owner = THIS_MODULE,
	.open = bindings_open,
	.read = seq_read,
	.write = bindings_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/**
 * nptb_bindings_free() - forget all bindings
 *
 * Context: may sleep; nptb_registry not held.
 */
void nptb_bindings_free(void)
{
	struct binding *binding, *next;

	mutex_lock(&nptb_registry);
	list_for_each_entry_safe(binding, next, &bindings, node)
		drop(binding);
	mutex_unlock(&nptb_registry);
}
