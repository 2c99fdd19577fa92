// SPDX-License-Identifier: GPL-2.0-only
/*
 * The question this project began with, as a program: a guest that does
 * `add [mem], reg` on one page of code and others of data. With two resident
 * pages it ends; with one, the addition can never retire.
 *
 * It makes one VM and knows nothing of budgets:
 *   nptbudget run --pages 1 -- addloop --stop-on-loop
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/nptb.h"
#include "../lib/util.h"
#include "../vmm/vmm.h"

#define SIZE	(8UL << 20)
#define DATA	SZ_2M
#define ADDEND	3U

/* Exit codes beside 0 (memory right) and 2 (wrong usage). */
#define EXIT_WRONG	1	/* memory wrong, or the guest did not end */
#define EXIT_LOOPED	3	/* a loop was reported, the run was ended */

static const char *const role_names[] = NPTB_ROLE_NAMES;

static struct {
	uint64_t laps, pages, seconds;
	enum vmm_mode mode;
	bool stop_on_loop;
} opt = { .laps = 100, .pages = 4, .seconds = 60 };

static void usage(FILE *out)
{
	fprintf(out,
		"usage: addloop [--laps N] [--pages N] [--mode real|prot|long] [--seconds N]\n"
		"               [--stop-on-loop]\n"
		"A guest adds 3 to the first word of N pages (4), in N laps (100), and ends.\n"
		"--stop-on-loop ends it when the module reports a fault loop of it.\n"
		"Exit status: 0 memory right; 1 wrong, or not done in time (60 s); 2 wrong\n"
		"usage; 3 ended because of a loop, memory as far as it came right.\n");
}

static uint64_t number(const char *arg, uint64_t max)
{
	char *end;
	uint64_t n = strtoull(arg, &end, 10);

	if (end == arg || *end || arg[0] == '-' || !n || n > max) {
		fprintf(stderr, "addloop: '%s' is no number from 1 to %" PRIu64 "\n",
			arg, max);
		exit(2);
	}
	return n;
}

static enum vmm_mode mode_named(const char *arg)
{
	int m;

	for (m = 0; m < VMM_MODES; m++)
		if (!strcmp(arg, vmm_mode_names[m]))
			return m;
	fprintf(stderr, "addloop: no mode '%s' (real, prot, long)\n", arg);
	exit(2);
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "laps", required_argument, NULL, 'l' },
		{ "pages", required_argument, NULL, 'p' },
		{ "mode", required_argument, NULL, 'm' },
		{ "seconds", required_argument, NULL, 's' },
		{ "stop-on-loop", no_argument, NULL, 'x' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 'l':
			opt.laps = number(optarg, 1000000000);
			break;
		case 'p':
			opt.pages = number(optarg, (SIZE - DATA) / PAGE_SIZE);
			break;
		case 'm':
			opt.mode = mode_named(optarg);
			break;
		case 's':
			opt.seconds = number(optarg, 86400);
			break;
		case 'x':
			opt.stop_on_loop = true;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			exit(2);
		}
	}
	if (optind != argc) {
		usage(stderr);
		exit(2);
	}
}

static void print_loop(const struct nptb_st_loop *l)
{
	unsigned int i, r;
	const char *comma;

	printf("fault loop at rip 0x%" PRIx64 ", instruction %s, %" PRIu64 " laps, budget %" PRIu64 "\n",
	       l->rip, l->insn, l->laps, l->budget);
	for (i = 0; i < l->listed; i++) {
		printf("  page 0x%" PRIx64 " ", l->page[i].gfn << PAGE_SHIFT);
		comma = "";
		for (r = 0; r < NPTB_ROLE_NR; r++) {
			if (!(l->page[i].roles & (1u << r)))
				continue;
			printf("%s%s", comma, role_names[r]);
			comma = ",";
		}
		printf(", %" PRIu64 " faults\n", l->page[i].faults);
	}
}

/* Sums are right where each page had the same laps, or one more up to a page. */
static void accept_partial(struct vmm *vm)
{
	uint32_t first = *vmm_want32(vm, DATA), done, got;
	uint64_t p;

	done = (vmm_get32(vm, DATA) - first) / ADDEND;
	for (p = 0; p < opt.pages; p++) {
		uint32_t *want = vmm_want32(vm, DATA + p * PAGE_SIZE);

		got = vmm_get32(vm, DATA + p * PAGE_SIZE);
		if (got != *want + done * ADDEND && done)
			done--;
		*want += done * ADDEND;
	}
}

static int run(struct vmm *vm)
{
	uint64_t end = now_ms() + opt.seconds * 1000;
	struct nptb_st_loop loop;
	bool done = false, looped = false;
	uint64_t p;

	vmm_start(vm);
	while (!done && !looped && now_ms() < end) {
		done = vmm_wait(vm, 20);
		if (!done && vmm_end(&vm->vcpu[0]) == VMM_FAILED)
			break;
		if (!done && opt.stop_on_loop)
			looped = nptb_loops(vm->name, &loop, 1) > 0;
	}
	vmm_stop(vm);
	if (looped)
		print_loop(&loop);
	if (done) {
		for (p = 0; p < opt.pages; p++)
			*vmm_want32(vm, DATA + p * PAGE_SIZE) +=
				opt.laps * ADDEND;
	} else {
		printf("the guest did not end%s\n",
		       looped ? ": it was stopped" : " in time");
		accept_partial(vm);
	}
	if (!vmm_check(vm)) {
		printf("memory wrong\n");
		return EXIT_WRONG;
	}
	printf("memory right\n");
	return done ? 0 : looped ? EXIT_LOOPED : EXIT_WRONG;
}

int main(int argc, char **argv)
{
	struct vmm_args args = { .data = DATA, .addend = ADDEND };
	const char *why;
	struct vmm vm;
	int ret;

	parse(argc, argv);
	why = vmm_unusable();
	if (why) {
		fprintf(stderr, "addloop: %s\n", why);
		return EXIT_WRONG;
	}
	vmm_create(&vm, SIZE, VMM_MEM_4K);
	args.pages = opt.pages;
	args.laps = opt.laps;
	vmm_fill(&vm, DATA, opt.pages * PAGE_SIZE);
	vmm_add(&vm, GUEST_ADD, opt.mode, &args);
	printf("VM %s: add [mem], reg; %" PRIu64 " pages, %" PRIu64 " laps, %s mode\n",
	       vm.name, opt.pages, opt.laps, vmm_mode_names[opt.mode]);
	fflush(stdout);
	ret = run(&vm);
	vmm_destroy(&vm);
	return ret;
}
