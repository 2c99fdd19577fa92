// SPDX-License-Identifier: GPL-2.0-only
/*
 * Make functions of KVM late, so that what two vCPUs race for is lost by one of
 * them each time and not once in a while:
 *   insmod nptb_delay.ko func=kvm_mmu_page_fault,kvm_tdp_mmu_zap_invalidated_roots us=200,20000
 * They are entered that many microseconds late. Preemption is off meanwhile, and
 * interrupts may be: keep it short.
 */
#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/module.h>

#define FUNCS_MAX	4

static char *func[FUNCS_MAX];
static int nfunc;
module_param_array(func, charp, &nfunc, 0444);
MODULE_PARM_DESC(func, "functions of kvm.ko");

static uint us[FUNCS_MAX];
static int nus;
module_param_array(us, uint, &nus, 0644);
MODULE_PARM_DESC(us, "how late each is entered, in microseconds");

static struct kprobe probes[FUNCS_MAX];

static int be_late(struct kprobe *probe, struct pt_regs *regs)
{
	uint left = READ_ONCE(us[probe - probes]);

	/* In steps that udelay() takes. */
	for (; left > 1000; left -= 1000)
		udelay(1000);
	udelay(left);
	return 0;
}

static int __init nptb_delay_init(void)
{
	int i, ret = nfunc && nfunc == nus ? 0 : -EINVAL;

	for (i = 0; !ret && i < nfunc; i++) {
		probes[i].symbol_name = func[i];
		probes[i].pre_handler = be_late;
		ret = register_kprobe(&probes[i]);
	}
	if (ret)
		while (--i > 0)
			unregister_kprobe(&probes[i - 1]);
	return ret;
}

static void __exit nptb_delay_exit(void)
{
	int i;

	for (i = 0; i < nfunc; i++)
		unregister_kprobe(&probes[i]);
}

module_init(nptb_delay_init);
module_exit(nptb_delay_exit);

MODULE_DESCRIPTION("Make functions of KVM late");
MODULE_AUTHOR("The nptbudget developers");
MODULE_LICENSE("GPL");
