// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMs that end and VMMs that die under a budget: within a second nothing of
 * them is left, while everything the module shows is being read in a loop and
 * descriptors of its files are held open.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#include "../lib/cells.h"
#include "../lib/child.h"
#include "../lib/reader.h"

#define ROUNDS	3
#define LIMIT	1000

static const char *const knobs[] = {
	"budget", "policy", "on_loop", "resident", "stats", "loops",
};

static int open_knob(const char *vm, const char *knob, int flags)
{
	char path[160];

	snprintf(path, sizeof(path), NPTB_DIR "/vms/%s/%s", vm, knob);
	return open(path, flags | O_CLOEXEC);
}

enum ending { BY_ITSELF, BY_KILL };

/* One VM's life; @held: keep all its files open beyond its end. */
static bool one_life(enum ending how, int vcpus, uint64_t budget, bool held)
{
	int fd[ARRAY_SIZE(knobs) + 1];
	struct child c;
	char vm[32], buf[64];
	uint64_t start;
	bool ok = true;
	size_t i;
	int ret;

	child_start(&c, 1);
	child_vm(&c, vcpus, vm, sizeof(vm));
	ret = budget ? nptb_budget(vm, budget) : 0;
	if (ret)
		note("%s: budget: %s", vm, strerror(-ret));
	for (i = 0; held && i < ARRAY_SIZE(knobs); i++)
		fd[i] = open_knob(vm, knobs[i], O_RDONLY);
	if (held)
		fd[i] = open_knob(vm, "budget", O_WRONLY);
	sleep_ms(30);
	start = now_ms();
	if (how == BY_KILL)
		child_kill(&c);
	else
		child_vm_end(&c);
	if (!nptb_wait_vm_gone(vm, LIMIT)) {
		note("%s is still there after %" PRIu64 " ms", vm, now_ms() - start);
		ok = false;
	}
	for (i = 0; held && i < ARRAY_SIZE(knobs); i++) {
		/* It may fail or be empty; it may not hang or crash. */
		ok &= fd[i] >= 0 && pread(fd[i], buf, sizeof(buf), 0) <=
			(ssize_t)sizeof(buf);
		close(fd[i]);
	}
	if (held) {
		if (write(fd[i], "7", 1) >= 0) {
			note("%s: a budget was taken after the end", vm);
			ok = false;
		}
		close(fd[i]);
	}
	if (how == BY_ITSELF)
		child_end(&c);
	return ok && !ret;
}

static bool lives(enum ending how, int vcpus, uint64_t budget, bool held)
{
	uint64_t files;
	bool ok = true;
	int i;

	readers_start(1);
	for (i = 0; i < ROUNDS && ok; i++)
		ok = one_life(how, vcpus, budget, held);
	files = readers_stop();
	if (files < 20) {
		note("only %" PRIu64 " files were read meanwhile", files);
		ok = false;
	}
	return ok;
}

/* Many at once, killed while they fault. */
static bool many(void)
{
	struct child c[6];
	char vm[6][32];
	bool ok = true;
	size_t i;

	readers_start(1);
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		child_start(&c[i], 1);
		child_vm(&c[i], 1 + i % 2, vm[i], sizeof(vm[i]));
		ok &= !nptb_budget(vm[i], 1 + i);
	}
	sleep_ms(50);
	for (i = 0; i < ARRAY_SIZE(c); i++)
		child_kill(&c[i]);
	for (i = 0; i < ARRAY_SIZE(c); i++)
		ok &= nptb_wait_vm_gone(vm[i], LIMIT);
	readers_stop();
	return ok;
}

int main(void)
{
	ksft_print_header();
	need_module();
	setpriority(PRIO_PROCESS, 0, -15);
	ksft_set_plan(8);
	ksft_test_result(lives(BY_ITSELF, 1, 0, false), "ends, no budget\n");
	ksft_test_result(lives(BY_ITSELF, 2, 16, false), "ends, budget 16\n");
	ksft_test_result(lives(BY_ITSELF, 2, 16, true), "ends, files held open\n");
	ksft_test_result(lives(BY_KILL, 1, 1, false), "killed in a fault loop\n");
	ksft_test_result(lives(BY_KILL, 2, 16, false), "killed, budget 16\n");
	ksft_test_result(lives(BY_KILL, 2, 16, true), "killed, files held open\n");
	ksft_test_result(lives(BY_KILL, 2, 0, false), "killed, no budget\n");
	ksft_test_result(many(), "six VMMs killed at once\n");
	ksft_finished();
}
