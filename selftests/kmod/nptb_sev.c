// SPDX-License-Identifier: GPL-2.0-only
/*
 * A livepatch of the function by which kvm_amd tells KVM's emulator that a guest is
 * encrypted: every guest is, to see what nptbudget makes of it. The answers are
 * those of svm_check_emulate_instruction(), which 6.1 calls by another name.
 *   insmod nptb_sev.ko
 *   echo 2 >/sys/module/nptb_sev/parameters/answer
 */
#include <linux/kvm_host.h>
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/version.h>

/* arch/x86/kvm/kvm_emulate.h */
#define CONTINUE	0
#define UNHANDLEABLE	1
#define PROPAGATE_FAULT	2
#define RETRY_INSTR	3
/* EMULTYPE_SKIP: only asked whether it could. */
#define SKIP		BIT(2)

/* Values of @answer. */
#define SEV	1
#define SEV_ES	2

static unsigned int answer;
module_param(answer, uint, 0644);
MODULE_PARM_DESC(answer, "0 as of plain guests, 1 of SEV, 2 of SEV-ES");

/* KVM asks the same for a HLT, where the CPU does not tell its length: not for ever. */
static unsigned int honest;
module_param(honest, uint, 0644);
MODULE_PARM_DESC(honest, "how often to say so where only asked");

static int check(struct kvm_vcpu *vcpu, int type, void *insn, int len)
{
	unsigned int now = READ_ONCE(answer);

	if (type & SKIP) {
		if (!now || !READ_ONCE(honest))
			return CONTINUE;
		WRITE_ONCE(honest, honest - 1);
		return now == SEV_ES ? RETRY_INSTR : UNHANDLEABLE;
	}
	if (now == SEV_ES)
		return RETRY_INSTR;
	if (!now || insn)
		return CONTINUE;
	/* kvm_queue_exception(), which 7.3 lets no module call. */
	vcpu->arch.exception.pending = true;
	vcpu->arch.exception.vector = 6;
	vcpu->arch.exception.has_error_code = false;
	return PROPAGATE_FAULT;
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define NAME	"svm_check_emulate_instruction"
#define check_emulate_instruction	check
#else
#define NAME	"svm_can_emulate_instruction"
static bool check_emulate_instruction(struct kvm_vcpu *vcpu, int type, void *insn, int len)
{
	return check(vcpu, type, insn, len) == CONTINUE;
}
#endif

static struct klp_func funcs[] = {
	{ .old_name = NAME, .new_func = check_emulate_instruction },
	{ }
};

static struct klp_object objs[] = {
	{ .name = "kvm_amd", .funcs = funcs },
	{ }
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objs,
};

static int __init nptb_sev_init(void)
{
	return klp_enable_patch(&patch);
}

static void __exit nptb_sev_exit(void)
{
}

module_init(nptb_sev_init);
module_exit(nptb_sev_exit);

MODULE_INFO(livepatch, "Y");
MODULE_DESCRIPTION("Have KVM's emulator answer as for encrypted guests");
MODULE_AUTHOR("The nptbudget developers");
MODULE_LICENSE("GPL");
