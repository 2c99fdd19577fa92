// SPDX-License-Identifier: GPL-2.0-only
/*
 * nptbudget watch on guests whose faults are known: one that has all it needs, one
 * whose page never comes, one that reads where no memory is, and one under a budget
 * in which its instruction cannot complete. The other three need no budget.
 */
#include <glob.h>
#include <inttypes.h>
#include <signal.h>

#include "../lib/cells.h"
#include "../lib/uffd.h"

#define SIZE	(8UL << 20)
#define DATA	SZ_2M
#define PAGES	4
#define WATCH_MS	2000
#define MS	60000

static struct vmm vm;

static bool no_memory(struct vmm_vcpu *vcpu)
{
	(void)vcpu;
	return true;
}

static void open_guest(enum guest_id id, uint64_t data)
{
	struct vmm_args args = {
		.data = data, .pages = PAGES, .laps = UINT32_MAX,
	};

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vm.on_mmio = no_memory;
	vmm_add(&vm, id, VMM_PROT, &args);
}

/* The command, from its start to the SIGINT that ends it. */
struct command {
	FILE *out;
	pid_t pid;
};

static struct command begin(void)
{
	struct command c = { 0 };
	char line[96];

	snprintf(line, sizeof(line), "echo $$; exec nptbudget watch %d --json 2>&1", getpid());
	c.out = popen(line, "r");
	if (c.out && fgets(line, sizeof(line), c.out))
		c.pid = atoi(line);
	return c;
}

/* Waits until the command records this process. */
static void recorded(void)
{
	uint64_t end = deadline(MS);
	char text[64];
	bool found = false;
	size_t i;
	glob_t g;
	FILE *f;

	while (!found && now_ms() < end) {
		if (!glob("/sys/kernel/tracing/instances/nptbudget-watch-*/set_event_pid", 0,
			  NULL, &g)) {
			for (i = 0; i < g.gl_pathc; i++) {
				f = fopen(g.gl_pathv[i], "r");
				while (f && fgets(text, sizeof(text), f))
					found |= atoi(text) == getpid();
				if (f)
					fclose(f);
			}
			globfree(&g);
		}
		sleep_ms(50);
	}
}

/* Ends it after so many ms; all that it prints, and its exit status. */
static int end(struct command c, unsigned int ms, char *text, size_t size)
{
	size_t used = 0, n;

	*text = '\0';
	if (c.pid <= 0)
		return -1;
	sleep_ms(ms);
	kill(c.pid, SIGINT);
	while (used < size - 1 && (n = fread(text + used, 1, size - 1 - used, c.out)) > 0)
		used += n;
	text[used] = '\0';
	return pclose(c.out);
}

static int watch(char *text, size_t size)
{
	struct command c = begin();

	recorded();
	return end(c, WATCH_MS, text, size);
}

static bool says(const char *text, const char *name, const char *value)
{
	char want[96];

	snprintf(want, sizeof(want), "\"%s\": %s", name, value);
	if (strstr(text, want))
		return true;
	note("the command does not say %s", want);
	return false;
}

static bool says_number(const char *text, const char *name, uint64_t value)
{
	char number[24];

	snprintf(number, sizeof(number), "%" PRIu64, value);
	return says(text, name, number);
}

static bool says_hex(const char *text, const char *name, uint64_t value)
{
	char number[24];

	snprintf(number, sizeof(number), "\"0x%" PRIx64 "\"", value);
	return says(text, name, number);
}

static void finish(const char *what, bool ok, const char *text)
{
	if (!ok)
		note("%s", text);
	vmm_stop(&vm);
	vmm_destroy(&vm);
	ksft_test_result(ok, "%s\n", what);
}

static void fine(char *text, size_t size)
{
	bool ok;

	open_guest(GUEST_WORK, DATA);
	vmm_start(&vm);
	ok = !watch(text, size) && says_number(text, "vcpus", 1);
	ok = ok && !strstr(text, "\"verdict\"");
	finish("a vCPU with all it needs", ok, text);
}

/* The fault begins while the command watches, or began before. */
static void waits(bool before, char *text, size_t size)
{
	static const char page[PAGE_SIZE];
	struct command c = { 0 };
	int uffd;
	bool ok;

	open_guest(GUEST_WORK, DATA);
	uffd = uffd_open(&vm, DATA + PAGE_SIZE, PAGE_SIZE);
	if (!before) {
		c = begin();
		recorded();
	}
	vmm_start(&vm);
	ok = uffd_wait(uffd, &vm, MS) == (int64_t)(DATA + PAGE_SIZE);
	if (before) {
		c = begin();
		recorded();
	}
	ok = !end(c, WATCH_MS, text, size) && ok && says(text, "verdict", "\"waits\"");
	if (!before)
		ok = ok && says_hex(text, "gfn", (DATA + PAGE_SIZE) >> PAGE_SHIFT);
	uffd_answer(uffd, &vm, DATA + PAGE_SIZE, page);
	finish(before ? "a vCPU that has waited for its pager" :
	       "a vCPU that waits for its pager", ok, text);
	close(uffd);
}

static void storm(char *text, size_t size)
{
	bool ok;

	open_guest(GUEST_TOUCH, SIZE);
	vmm_start(&vm);
	ok = !watch(text, size) && says(text, "verdict", "\"storm\"") &&
	     says_hex(text, "rip", vmm_entry(0) + guest_code(GUEST_TOUCH, VMM_PROT).mark) &&
	     says(text, "disassembly", "\"") && strstr(text, "\"mmio\": {");
	finish("a vCPU that reads where no memory is", ok, text);
}

static void stuck(char *text, size_t size)
{
	bool ok;

	open_guest(GUEST_ADD, DATA);
	ok = !nptb_budget(vm.name, 1);
	vmm_start(&vm);
	ok = ok && !watch(text, size) && says(text, "verdict", "\"stuck\"") &&
	     says_hex(text, "rip", vmm_entry(0) + guest_code(GUEST_ADD, VMM_PROT).mark) &&
	     strstr(text, "\"budget\": {") &&
	     says(text, "place", "\"evicted under a budget\"");
	finish("a vCPU in a fault loop", ok, text);
}

int main(void)
{
	static char text[65536];
	const char *why;

	ksft_print_header();
	need_module();
	why = uffd_unusable();
	ksft_set_plan(5);
	fine(text, sizeof(text));
	storm(text, sizeof(text));
	stuck(text, sizeof(text));
	if (why) {
		ksft_test_result_skip("a vCPU that waits for its pager: %s\n", why);
		ksft_test_result_skip("a vCPU that has waited for its pager: %s\n", why);
	} else {
		waits(false, text, sizeof(text));
		waits(true, text, sizeof(text));
	}
	ksft_finished();
}
