// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keep KVM in L1 away from two defects of QEMU's emulated AMD-V. docs/LAB.md has
 * the proof. For emulated hosts alone: a real CPU needs none of this.
 *
 * 1. An interrupt that VMRUN injects is delivered twice. QEMU leaves its vector
 *    behind as a pending exception, and delivers that as soon as the emulator has
 *    any other reason to pause the CPU, whatever the guest's RFLAGS.IF says. The
 *    next #VMEXIT forgets it. So each entry that injects one exits at once, before
 *    the guest's first instruction: KVM has a flag for that, which sends an IPI to
 *    the CPU itself.
 * 2. A guest that writes CR8 while KVM waits for its interrupt window aborts
 *    QEMU 7.2. KVM lets guests write it directly, unless it may have to look at
 *    pending interrupts; here it always looks.
 *
 * KVM calls both functions of kvm_amd by static calls, which are redirected. kvm
 * and kvm_amd may go and come back: nothing here holds them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kprobes.h>
#include <linux/kvm_host.h>
#include <linux/module.h>
#include <linux/static_call.h>
#include <linux/string.h>

static enum exit_fastpath_completion lab_svm_vcpu_run(struct kvm_vcpu *vcpu,
						      u64 run_flags);
static void lab_svm_update_cr8(struct kvm_vcpu *vcpu, int tpr, int irr);

static_assert(__same_type(&lab_svm_vcpu_run,
			  ((struct kvm_x86_ops *)0)->vcpu_run));
static_assert(__same_type(&lab_svm_update_cr8,
			  ((struct kvm_x86_ops *)0)->update_cr8_intercept));

DEFINE_STATIC_CALL_NULL(lab_lookup, kallsyms_lookup_name);
/* kvm_amd's own. */
DEFINE_STATIC_CALL_NULL(lab_vcpu_run, lab_svm_vcpu_run);
DEFINE_STATIC_CALL_NULL(lab_update_cr8, lab_svm_update_cr8);

static enum exit_fastpath_completion lab_svm_vcpu_run(struct kvm_vcpu *vcpu,
						      u64 run_flags)
{
	if (vcpu->arch.interrupt.injected)
		run_flags |= KVM_RUN_FORCE_IMMEDIATE_EXIT;
	return static_call(lab_vcpu_run)(vcpu, run_flags);
}

/* A TPR that is not below what is pending: kvm_amd then intercepts writes. */
static void lab_svm_update_cr8(struct kvm_vcpu *vcpu, int tpr, int irr)
{
	static_call(lab_update_cr8)(vcpu, 0, 0);
}

/* A call of KVM's to a function of kvm_amd, and where it is to go instead. */
struct lab_call {
	const char *key, *tramp;	/* KVM's static call */
	void *to;
	struct static_call_key *own_key;	/* ours, to kvm_amd's function */
	void *own_tramp;
};

static const struct lab_call calls[] = {
	{
		"__SCK__kvm_x86_vcpu_run", "__SCT__kvm_x86_vcpu_run",
		lab_svm_vcpu_run, &STATIC_CALL_KEY(lab_vcpu_run),
		STATIC_CALL_TRAMP_ADDR(lab_vcpu_run),
	}, {
		"__SCK__kvm_x86_update_cr8_intercept",
		"__SCT__kvm_x86_update_cr8_intercept",
		lab_svm_update_cr8, &STATIC_CALL_KEY(lab_update_cr8),
		STATIC_CALL_TRAMP_ADDR(lab_update_cr8),
	},
};

static noinline void *lookup(const char *name)
{
	return (void *)static_call(lab_lookup)(name);
}

static int redirect(const struct lab_call *call)
{
	struct static_call_key *key = lookup(call->key);
	void *tramp = lookup(call->tramp);

	if (!key || !tramp || !key->func) {
		pr_err("this kernel's kvm has no call %s, or kvm_amd is not loaded\n",
		       call->tramp);
		return -ENOENT;
	}
	if (key->func != call->to) {
		__static_call_update(call->own_key, call->own_tramp, key->func);
		__static_call_update(key, tramp, call->to);
	}
	return 0;
}

static int redirect_all(void)
{
	int i, ret = 0;

	for (i = 0; !ret && i < ARRAY_SIZE(calls); i++)
		ret = redirect(&calls[i]);
	return ret;
}

/* kvm_amd puts its own functions there each time that it is loaded. */
static int on_module(struct notifier_block *nb, unsigned long state, void *data)
{
	struct module *mod = data;

	if (state == MODULE_STATE_LIVE && !strcmp(mod->name, "kvm_amd"))
		WARN_ON(redirect_all());
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = on_module };

/* Not exported: asked from a kprobe that is never armed, behind any ENDBR. */
static int find_lookup(void)
{
	struct kprobe probe = {
		.symbol_name = "kallsyms_lookup_name",
		.flags = KPROBE_FLAG_DISABLED,
	};
	int ret = register_kprobe(&probe);

	if (ret)
		return ret;
	static_call_update(lab_lookup, (unsigned long (*)(const char *))
			   (unsigned long)probe.addr);
	unregister_kprobe(&probe);
	return 0;
}

static int __init lab_svm_init(void)
{
	int ret = find_lookup();

	if (!ret)
		ret = redirect_all();
	if (!ret)
		ret = register_module_notifier(&notifier);
	return ret;
}
module_init(lab_svm_init);

/* No exit: it goes when L1 does. */
MODULE_DESCRIPTION("Work around QEMU's emulation of AMD-V, in the lab");
MODULE_LICENSE("GPL");
