// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes functions of nptbudget late, or leaves them out, to see that the rest
 * copes with it:
 *   insmod nptb_detour.ko func=vm_end_work ms=300
 *   insmod nptb_detour.ko func=nptb_vm_create ms=-1
 *
 * A probe at the function's start sends whoever comes there through a function
 * of ours, which sleeps and then calls it: one at a time.
 */
#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/mutex.h>

#define FUNCS_MAX	4

static char *func[FUNCS_MAX];
static int nr_funcs;
module_param_array(func, charp, &nr_funcs, 0444);
MODULE_PARM_DESC(func, "functions of nptbudget");

static int ms[FUNCS_MAX];
module_param_array(ms, int, NULL, 0444);
MODULE_PARM_DESC(ms, "how late each is, milliseconds; -1: it returns 0 at once");

typedef long (*any_func)(long a, long b, long c, long d, long e, long f);

/**
 * struct detour - a function that is late
 * @probe: at its start
 * @lock: one at a time
 * @inside: who is on its way from us into it; lets the probe pass
 */
struct detour {
	struct kprobe probe;
	struct mutex lock;	/* one at a time */
	struct task_struct *inside;
};

static struct detour detours[FUNCS_MAX];

static long go(int i, long a, long b, long c, long d, long e, long f)
{
	struct detour *way = &detours[i];
	long ret = 0;

	if (ms[i] < 0)
		return 0;
	mutex_lock(&way->lock);
	msleep(ms[i]);
	WRITE_ONCE(way->inside, current);
	ret = ((any_func)way->probe.addr)(a, b, c, d, e, f);
	WRITE_ONCE(way->inside, NULL);
	mutex_unlock(&way->lock);
	return ret;
}

#define WAY(i)								\
static long way_##i(long a, long b, long c, long d, long e, long f)	\
{									\
	return go(i, a, b, c, d, e, f);					\
}
WAY(0) WAY(1) WAY(2) WAY(3)

static const any_func ways[FUNCS_MAX] = { way_0, way_1, way_2, way_3 };

static int pre(struct kprobe *probe, struct pt_regs *regs)
{
	struct detour *way = container_of(probe, struct detour, probe);

	if (READ_ONCE(way->inside) == current)
		return 0;
	regs->ip = (unsigned long)ways[way - detours];
	return 1;
}

/* With one, the kernel makes no jump of the probe, which would not obey @pre. */
static void post(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
}

static void leave(int i)
{
	while (i--) {
		unregister_kprobe(&detours[i].probe);
		/* Whoever is under way comes to its end. */
		mutex_lock(&detours[i].lock);
		mutex_unlock(&detours[i].lock);
	}
}

static int __init nptb_detour_init(void)
{
	int i, ret;

	for (i = 0; i < nr_funcs; i++) {
		mutex_init(&detours[i].lock);
		detours[i].probe.symbol_name = func[i];
		detours[i].probe.pre_handler = pre;
		detours[i].probe.post_handler = post;
		ret = register_kprobe(&detours[i].probe);
		if (ret) {
			pr_err("nptb_detour: %s: error %d\n", func[i], ret);
			leave(i);
			return ret;
		}
	}
	return nr_funcs ? 0 : -EINVAL;
}

static void __exit nptb_detour_exit(void)
{
	leave(nr_funcs);
}

module_init(nptb_detour_init);
module_exit(nptb_detour_exit);

MODULE_DESCRIPTION("Make functions of nptbudget late");
MODULE_AUTHOR("The nptbudget developers");
MODULE_LICENSE("GPL");
