// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that does the work of guest/work.h, and the same work beside it: is
 * the sum the same? For comparing policies on something like a program:
 *   nptbudget run --pages 64 --policy lru -- work --rounds 2
 * Its parts are sort, hash, tree, matrix and text; all of them, or those named.
 */
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../guest/work.h"
#include "../lib/util.h"
#include "../vmm/vmm.h"

#define SIZE	(8UL << 20)

__asm__(".section .rodata\n"
	"work_text_begin: .incbin \"" WORK_BIN "\"\n"
	"work_text_end:\n"
	".previous\n");
extern const uint8_t work_text_begin[], work_text_end[];

static void enter(struct vmm_vcpu *vcpu, uint64_t rounds, uint32_t parts)
{
	struct kvm_regs regs;

	if (ioctl(vcpu->fd, KVM_GET_REGS, &regs))
		die("KVM_GET_REGS");
	regs.rip = WORK_CODE;
	/* As behind a call. */
	regs.rsp = WORK_STACK - 8;
	regs.rdi = rounds;
	regs.rsi = parts;
	if (ioctl(vcpu->fd, KVM_SET_REGS, &regs))
		die("KVM_SET_REGS");
}

/* The bit of a part, 0 for none of that name. */
static uint32_t part_of(const char *name)
{
	static const char *const parts[] = WORK_PARTS;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		if (!strcmp(name, parts[i]))
			return 1u << i;
	return 0;
}

static void usage(void)
{
	fprintf(stderr, "usage: work [--rounds N] [--part PART]...\n");
	exit(2);
}

static void parse(int argc, char **argv, uint64_t *rounds, uint32_t *parts)
{
	uint32_t part;
	int i;

	*rounds = 1;
	*parts = 0;
	for (i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--rounds")) {
			*rounds = strtoull(argv[i + 1], NULL, 10);
		} else {
			part = part_of(argv[i + 1]);
			if (strcmp(argv[i], "--part") || !part)
				usage();
			*parts |= part;
		}
	}
	if (i != argc || !*rounds || *rounds > 1000)
		usage();
	if (!*parts)
		*parts = WORK_PARTS_ALL;
}

int main(int argc, char **argv)
{
	struct vmm_args args = { .pages = 1, .laps = 1 };
	struct work_arena *arena = calloc(1, sizeof(*arena));
	uint64_t rounds, seconds = 600, got, want;
	const char *why = vmm_unusable();
	struct vmm vm;
	uint32_t parts;
	bool done;

	parse(argc, argv, &rounds, &parts);
	if (!arena)
		die("no memory");
	if (why) {
		fprintf(stderr, "work: %s\n", why);
		return 1;
	}
	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vmm_load(&vm, WORK_CODE, work_text_begin, work_text_end - work_text_begin);
	enter(vmm_add(&vm, GUEST_ADD, VMM_LONG, &args), rounds, parts);
	/* Each page there from the start: none changes its place later. */
	memset(vm.mem + WORK_ARENA, 0, WORK_SIZE);
	memset(vm.mem + WORK_STACK - PAGE_SIZE, 0, 2 * PAGE_SIZE);
	vmm_start(&vm);
	done = vmm_wait(&vm, seconds * 1000);
	vmm_stop(&vm);
	memcpy(&got, vm.mem + WORK_RESULT, sizeof(got));
	vmm_destroy(&vm);
	want = work_all(arena, (int)rounds, parts);
	free(arena);
	printf("work: %s, sum 0x%" PRIx64 ", %s\n", done ? "done" : "not done", got,
	       got == want ? "right" : "wrong");
	return done && got == want ? 0 : 1;
}
