// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bursts under on_loop=emulate go on with the translations they know. A guest that
 * writes to its code, that runs over the end of a page, and that maps its code or its
 * data elsewhere, or protects it, or loads other segments, has to get what the CPU
 * gives it.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../lib/cells.h"
#include "../lib/level.h"

#define SIZE	SZ_2M
/* The page table of vmm's guests in long mode, and the entry of CODE in it. */
#define TABLE	0x83000UL
#define BEFORE	0x1f000UL	/* a page of NOPs, for bursts to grow */
#define CODE	0x20000UL	/* linear; its frame at first */
#define OTHER	0x21000UL	/* its frame in the end */
#define STARTS	20
/* As the program below has them: a page, linear, and the frames after its first. */
#define DATA	0x22000UL
#define FRAMES	3
/* Segments of one guest, from that on a page off their offsets. */
#define GDT	0x24000UL
#define BASED	0x40
/* Of a guest with exceptions: its stack, and AMD64 APM volume 2, section 5.6. */
#define STACK	0x26000UL
#define EFER_NXE	(1ULL << 11)
#define NO_EXECUTE	(1ULL << 63)
#define PF_VECTOR	14

static struct vmm vm;
static struct vmm_vcpu *vcpu;
static struct kvm_sregs sregs;

/* The three bytes before CODE begin the first of these. */
static const uint8_t begun[] = { 0xb8, 0x78, 0x56 };	/* mov eax, 0x12345678 */
static const uint8_t code[] = {
	0x34, 0x12,
	0xc6, 0x05, 0x01, 0x00, 0x00, 0x00, 0x22,	/* mov byte [rip+1], 0x22 */
	0xbb, 0x11, 0x00, 0x00, 0x00,			/* mov ebx, 0x11 */
	0xbf, 0x00, 0x31, 0x08, 0x00,			/* mov edi, TABLE + 8 * 0x20 */
	0x48, 0x81, 0x07, 0x00, 0x10, 0x00, 0x00,	/* add qword [rdi], 0x1000 */
	0x0f, 0x01, 0x3c, 0x25, 0x00, 0x00, 0x02, 0x00,	/* invlpg [CODE] */
#define CHANGED	35
	0xb9, 0x33, 0x00, 0x00, 0x00,			/* mov ecx, 0x33 */
	0xf4,						/* hlt */
};

/*
 * Read and write a page; map the next frame there, and say so by INVLPG; the next, and
 * say so by CR3; then protect it: the CPU may write there as long as CR0.WP is clear.
 */
extern const uint8_t moves[], moves_end[];
asm(".pushsection .rodata\nmoves:\n.code64\n.intel_syntax noprefix\n"
    "mov esi, 0x22000; mov edi, 0x83110; mov eax, [rsi]; mov [rsi + 8], eax;"
    "add qword ptr [rdi], 0x1000; invlpg [rsi]; mov ebx, [rsi]; mov [rsi + 8], ebx;"
    "add qword ptr [rdi], 0x1000; mov rcx, cr3; mov cr3, rcx;"
    "mov ecx, [rsi]; mov [rsi + 8], ecx;"
    "and qword ptr [rdi], ~2; invlpg [rsi]; mov rdx, cr0; and edx, ~0x10000; mov cr0, rdx;"
    "inc dword ptr [rsi + 8]; hlt\n"
    ".att_syntax prefix\nmoves_end:\n.popsection\n");

/* DS is another, and then CS, as the table in run_segments() has them. */
extern const uint8_t loads[], loads_end[];
asm(".pushsection .rodata\nloads:\n.code32\n"
    "mov 0x22000, %eax; mov $0x18, %ebp; mov %ebp, %ds; mov 0x22000, %ebx; ljmp $0x20, $0x20040\n"
    ".code64\nloads_end:\n.popsection\n");

static void load(void)
{
	uint8_t other[sizeof(code)], nops[PAGE_SIZE - sizeof(begun)];
	uint64_t entry;

	memset(nops, 0x90, sizeof(nops));
	vmm_load(&vm, BEFORE, nops, sizeof(nops));
	vmm_load(&vm, CODE - sizeof(begun), begun, sizeof(begun));
	vmm_load(&vm, CODE, code, sizeof(code));
	memcpy(other, code, sizeof(code));
	other[CHANGED] = 0x44;
	vmm_load(&vm, OTHER, other, sizeof(other));
	memcpy(&entry, vm.mem + TABLE, sizeof(entry));
	entry |= CODE;
	vmm_load(&vm, TABLE + CODE / PAGE_SIZE * sizeof(entry), &entry, sizeof(entry));
}

static struct kvm_regs go(uint64_t rip)
{
	struct kvm_regs regs = { .rip = rip, .rsp = 0x1000, .rflags = 2 };
	int ret;

	if (ioctl(vcpu->fd, KVM_SET_SREGS, &sregs) || ioctl(vcpu->fd, KVM_SET_REGS, &regs))
		die("cannot set a vCPU up: %s", strerror(errno));
	do
		ret = ioctl(vcpu->fd, KVM_RUN, 0UL);
	while (ret && errno == EINTR);
	if (ret || ioctl(vcpu->fd, KVM_GET_REGS, &regs))
		die("KVM_RUN: %s", strerror(errno));
	return regs;
}

/* Right where EAX, EBX and ECX are; says so where not. */
static bool run(uint64_t rip)
{
	struct kvm_regs regs;

	load();
	regs = go(rip);
	if (vcpu->run->exit_reason == KVM_EXIT_HLT && regs.rax == 0x12345678 &&
	    regs.rbx == 0x22 && regs.rcx == 0x44)
		return true;
	note("from 0x%llx: exit %u at 0x%llx, rax 0x%llx rbx 0x%llx rcx 0x%llx",
	     (unsigned long long)rip, vcpu->run->exit_reason, (unsigned long long)regs.rip,
	     (unsigned long long)regs.rax, (unsigned long long)regs.rbx,
	     (unsigned long long)regs.rcx);
	return false;
}

/* From different places, so that bursts end in different places. */
static bool run_all(void)
{
	bool ok = true;
	int i;

	for (i = 0; i < STARTS; i++)
		ok &= run(BEFORE + 37 * i);
	return ok;
}

/* Of a frame of DATA: what is in it, and where the guest is to write that. */
static uint32_t *word(int frame, int nr)
{
	return (uint32_t *)(vm.mem + DATA + frame * PAGE_SIZE) + 2 * nr;
}

/* NOPs, so that the burst has begun; each frame has to hold its own word twice. */
static bool run_data(void)
{
	uint64_t rip = CODE - 64, entry;
	struct kvm_regs regs;
	bool ok = true;
	int i;

	load();
	memset(vm.mem + CODE - sizeof(begun), 0x90, sizeof(begun));
	memcpy(vm.mem + CODE, moves, moves_end - moves);
	memcpy(&entry, vm.mem + TABLE, sizeof(entry));
	entry |= DATA | 2;
	vmm_load(&vm, TABLE + DATA / PAGE_SIZE * sizeof(entry), &entry, sizeof(entry));
	for (i = 0; i < FRAMES; i++) {
		*word(i, 0) = 0x11 * (i + 1);
		*word(i, 1) = 0;
	}
	sregs.cr0 |= 1 << 16;
	regs = go(rip);
	for (i = 0; i < FRAMES; i++)
		ok &= *word(i, 1) == 0x11U * (i + 1) + (i == FRAMES - 1);
	if (ok && vcpu->run->exit_reason == KVM_EXIT_HLT && regs.rax == 0x11 &&
	    regs.rbx == 0x22 && regs.rcx == 0x33)
		return true;
	note("exit %u at 0x%llx, rax 0x%llx rbx 0x%llx rcx 0x%llx, memory 0x%x 0x%x 0x%x",
	     vcpu->run->exit_reason, (unsigned long long)regs.rip,
	     (unsigned long long)regs.rax, (unsigned long long)regs.rbx,
	     (unsigned long long)regs.rcx, *word(0, 1), *word(1, 1), *word(2, 1));
	return false;
}

/* In protected mode: what is read by the new DS, and run by the new CS, is a page off. */
static bool run_segments(void)
{
	static const uint64_t gdt[] = {
		0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00cf93001000ffff, 0x00cf9b001000ffff,
	};
	uint8_t there[] = { 0xb9, 0x33, 0x00, 0x00, 0x00, 0xf4 };	/* mov ecx, 0x33; hlt */
	struct kvm_regs regs;

	load();
	memset(vm.mem + CODE - sizeof(begun), 0x90, sizeof(begun));
	memcpy(vm.mem + CODE, loads, loads_end - loads);
	memcpy(vm.mem + CODE + BASED, there, sizeof(there));
	there[1] = 0x44;
	memcpy(vm.mem + OTHER + BASED, there, sizeof(there));
	vmm_load(&vm, GDT, gdt, sizeof(gdt));
	*word(0, 0) = 0x11;
	*word(1, 0) = 0x22;
	sregs.gdt.base = GDT;
	sregs.gdt.limit = sizeof(gdt) - 1;
	regs = go(CODE - 64);
	if (vcpu->run->exit_reason == KVM_EXIT_HLT && regs.rax == 0x11 && regs.rbx == 0x22 &&
	    regs.rcx == 0x44)
		return true;
	note("exit %u at 0x%llx, rax 0x%llx rbx 0x%llx rcx 0x%llx", vcpu->run->exit_reason,
	     (unsigned long long)regs.rip, (unsigned long long)regs.rax,
	     (unsigned long long)regs.rbx, (unsigned long long)regs.rcx);
	return false;
}

/*
 * What a burst comes to in a page that the guest may not execute: an instruction that KVM's
 * emulator does not get, for it takes it for another, raises a page fault as well.
 */
static bool run_forbidden(void)
{
	static const uint8_t tzcnt[] = { 0xf3, 0x0f, 0xbc, 0xc1, 0xf4 };	/* eax, ecx; hlt */
	struct kvm_sregs kept = sregs, now;
	struct kvm_regs regs;
	uint64_t entry;

	load();
	level_load(&vm, STACK, STACK);
	level_tables(&sregs);
	level_set(&sregs, false);
	sregs.efer |= EFER_NXE;
	memset(vm.mem + CODE - sizeof(begun), 0x90, sizeof(begun));
	memcpy(vm.mem + CODE, tzcnt, sizeof(tzcnt));
	memcpy(&entry, vm.mem + TABLE, sizeof(entry));
	entry |= CODE | NO_EXECUTE;
	vmm_load(&vm, TABLE + CODE / PAGE_SIZE * sizeof(entry), &entry, sizeof(entry));
	regs = go(CODE - 64);
	if (ioctl(vcpu->fd, KVM_GET_SREGS, &now))
		die("KVM_GET_SREGS: %s", strerror(errno));
	sregs = kept;
	if (vcpu->run->exit_reason == KVM_EXIT_HLT && now.cr2 == CODE && !regs.rax &&
	    regs.rip == LEVEL_HANDLERS + 16 * PF_VECTOR + 1)
		return true;
	note("exit %u at 0x%llx, rax 0x%llx cr2 0x%llx", vcpu->run->exit_reason,
	     (unsigned long long)regs.rip, (unsigned long long)regs.rax,
	     (unsigned long long)now.cr2);
	return false;
}

static void open_guest(enum vmm_mode mode)
{
	struct vmm_args args = { .pages = 1 };

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vcpu = vmm_add(&vm, GUEST_SPIN, mode, &args);
	if (ioctl(vcpu->fd, KVM_GET_SREGS, &sregs))
		die("KVM_GET_SREGS: %s", strerror(errno));
}

static void confine(void)
{
	if (nptb_set(vm.name, "on_loop", "emulate") || nptb_budget(vm.name, 1))
		die("no budget");
}

int main(void)
{
	int64_t faults, instructions;

	ksft_print_header();
	need_module();
	ksft_set_plan(9);
	open_guest(VMM_LONG);
	ksft_test_result(run_all(), "the CPU runs the code that there is\n");
	ksft_test_result(run_data(), "and has the data that there is\n");
	ksft_test_result(run_forbidden(), "and nothing from where it may not execute\n");
	confine();
	ksft_test_result(run_all(), "so does a burst\n");
	ksft_test_result(run_data(), "and has the data\n");
	ksft_test_result(run_forbidden(), "and nothing from where it may not execute\n");
	faults = nptb_stat(vm.name, "faults");
	instructions = nptb_stat(vm.name, "instructions");
	note("%lld instructions emulated, %lld faults", (long long)instructions,
	     (long long)faults);
	ksft_test_result(instructions > 20 * faults, "bursts are long\n");
	vmm_destroy(&vm);
	open_guest(VMM_PROT);
	ksft_test_result(run_segments(), "the CPU has the segments that there are\n");
	confine();
	ksft_test_result(run_segments(), "so has a burst\n");
	vmm_destroy(&vm);
	ksft_finished();
}
