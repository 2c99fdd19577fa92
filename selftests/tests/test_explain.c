// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a loop record says beyond its pages: registers, segments, what each page
 * is for; and "translate". The guest's every page and table is known.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "../lib/cells.h"

#define SIZE	(4UL << 20)
#define DATA	SZ_2M
#define ADDEND	0x10203U
#define MS	20000
/* The guest's tables: root, pointers, directory, and those to code and data. */
#define ROOT	(VMM_TABLES >> PAGE_SHIFT)
/* The first instruction is fetched, the addition lacks a page. */
#define NEED_LONG	7

static struct vmm vm;

static bool open_loop(enum vmm_mode mode, const char *on_loop)
{
	struct vmm_args args = {
		.data = DATA, .pages = 4, .laps = 5, .addend = ADDEND,
	};
	struct nptb_st_loop l;
	bool ok;

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vmm_add(&vm, GUEST_ADD, mode, &args);
	ok = !nptb_set(vm.name, "on_loop", on_loop) &&
		!nptb_budget(vm.name, mode == VMM_LONG ? NEED_LONG - 1 : 1);
	vmm_start(&vm);
	ok &= nptb_wait_loop(vm.name, 0, &l, MS);
	/* The explanation follows the record; it is there by the next lap. */
	if (!strcmp(on_loop, "log"))
		ok &= nptb_wait_stat(vm.name, "laps", 2, MS);
	if (!strcmp(on_loop, "stop")) {
		vmm_wait(&vm, MS);
		vmm_stop(&vm);
		ok &= vmm_end(&vm.vcpu[0]) == VMM_LOOPED;
	}
	if (!ok)
		note("%s, %s: no loop", vmm_mode_names[mode], on_loop);
	return ok;
}

static void close_loop(void)
{
	vmm_stop(&vm);
	vmm_destroy(&vm);
}

static char *loops_text(void)
{
	char path[160];
	char *text;

	snprintf(path, sizeof(path), NPTB_DIR "/vms/%s/loops", vm.name);
	text = file_slurp(path);
	if (!text)
		die("cannot read %s", path);
	return text;
}

/* Does the line that begins with @start have " @field" as a whole field? */
static bool line_has(const char *text, const char *start, const char *field)
{
	const char *line = strstr(text, start), *end, *at;
	size_t len = strlen(field);

	if (!line)
		goto missing;
	end = strchrnul(line, '\n');
	for (at = line; (at = strstr(at, field)) && at < end; at++)
		if (at[-1] == ' ' && (at[len] == ' ' || at[len] == '\n'))
			return true;
missing:
	note("no \"%s\" in the line of \"%s\"", field, start);
	return false;
}

/* As line_has(), for one name of a list. */
static bool page_for(const char *text, uint64_t gfn, int level, const char *name)
{
	char start[40], field[24], *at, *end, list[160];
	const char *line;

	snprintf(start, sizeof(start), "page gfn=0x%" PRIx64 " ", gfn);
	snprintf(field, sizeof(field), "level=%d", level);
	if (!line_has(text, start, field))
		return false;
	line = strstr(text, start);
	at = strstr(line, " for=");
	if (!at)
		return false;
	snprintf(list, sizeof(list), "%s", at + 5);
	list[strcspn(list, "\n ")] = '\0';
	for (at = strtok_r(list, ",", &end); at; at = strtok_r(NULL, ",", &end))
		if (!strcmp(at, name))
			return true;
	note("page 0x%" PRIx64 " is not for %s", gfn, name);
	return false;
}

/* CS: selector 8, code, present, 4 GiB; its D or L bit as the mode is. */
static bool check_machine(const char *text, enum vmm_mode mode)
{
	/* On VT-x real mode's is a data segment's, however it was set. */
	const char *const cs[] = {
		path_exists("/sys/module/kvm_intel") ? "cs=0x0:0x0:0xffffffff:0x893" :
						       "cs=0x0:0x0:0xffffffff:0x89b",
		"cs=0x8:0x0:0xffffffff:0xc9b", "cs=0x8:0x0:0xffffffff:0xa9b",
	};
	char gpr[160];

	/* As guest.S has them at the first addition: ebx is its operand. */
	snprintf(gpr, sizeof(gpr), "gpr=0x%x,0x4,0x5,0x%lx,0x0,0x1000,0x4,0x%lx%s", ADDEND,
		 DATA, DATA, ",0x0,0x0,0x0,0x0,0x0,0x0,0x0,0x0");
	return line_has(text, "loop ", "cpl=0") && line_has(text, "loop ", gpr) &&
	       line_has(text, "loop ", cs[mode]);
}

static bool explains(enum vmm_mode mode, const char *on_loop)
{
	bool ok = open_loop(mode, on_loop);
	char *text = loops_text();
	int i;

	ok = ok && check_machine(text, mode) &&
		page_for(text, VMM_CODE_PAGE >> PAGE_SHIFT, 0, "code") &&
		page_for(text, DATA >> PAGE_SHIFT, 0, "rbx");
	if (mode == VMM_LONG) {
		for (i = 0; i < 4; i++)
			ok = ok && page_for(text, ROOT + i, 4 - i, "code");
		ok = ok && page_for(text, ROOT + 4, 1, "rbx");
	}
	if (!ok)
		note("%s", text);
	free(text);
	close_loop();
	return ok;
}

static int open_translate(void)
{
	char path[160];
	int fd;

	snprintf(path, sizeof(path), NPTB_DIR "/vms/%s/translate", vm.name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

static int ask(int fd, const char *request)
{
	return write(fd, request, strlen(request)) < 0 ? -errno : 0;
}

static bool answers(int fd, const char *request, const char *want)
{
	char got[1024] = "";
	int ret = ask(fd, request);
	ssize_t len = 0;

	if (!ret)
		len = read(fd, got, sizeof(got) - 1);
	if (!ret && len == (ssize_t)strlen(want) && !strcmp(got, want) &&
	    read(fd, got, 1) == 0)
		return true;
	note("%s: %d, \"%s\"", request, ret, got);
	return false;
}

/* What a walk line says of an address: how it ends, where, and the tables. */
static bool walks(int fd, uint64_t addr, const char *rest)
{
	char request[64], want[160];

	snprintf(request, sizeof(request), "vcpu=0 addr=0x%" PRIx64, addr);
	snprintf(want, sizeof(want), "walk addr=0x%" PRIx64 " %s\n", addr, rest);
	return answers(fd, request, want);
}

static bool translates(enum vmm_mode mode, const char *on_loop)
{
	bool ok = open_loop(mode, on_loop);
	int fd = open_translate();

	if (mode != VMM_LONG) {
		ok = ok && walks(fd, 0x100007c06, "end=mapped gpa=0x7c06 level=0 tables=-");
		goto out;
	}
	ok = ok && walks(fd, 0x7c06, "end=mapped gpa=0x7c06 level=1 tables=0x80,0x81,0x82,0x83");
	ok = ok && walks(fd, 0x200123,
			 "end=mapped gpa=0x200123 level=1 tables=0x80,0x81,0x82,0x84");
	/* Two at once, in another order. */
	ok = ok && answers(fd, "addr=0x40000000 vcpu=0 addr=0x800000000000\n",
			   "walk addr=0x40000000 end=absent gpa=0x0 level=3 tables=0x80,0x81\n"
			   "walk addr=0x800000000000 end=noncanonical gpa=0x0 level=0 tables=-\n");
out:
	close(fd);
	close_loop();
	return ok;
}

/* A table entry that leads out of the guest's memory ends a walk, no more. */
static bool meets_bad_table(void)
{
	bool ok = open_loop(VMM_LONG, "stop");
	int fd = open_translate();

	/* The guest does not run now, and its tables are the test's. */
	*(uint64_t *)(vm.mem + VMM_TABLES + 8) = 0x000ffffffffff003ULL;
	*(uint64_t *)(vm.mem + VMM_TABLES + 16) = VMM_TABLES | 3;
	ok = ok && walks(fd, 0x8000000000,
			 "end=unreadable gpa=0x0 level=3 tables=0x80,0xffffffffff");
	ok = ok && walks(fd, 0x10080402000,
			 "end=mapped gpa=0x80000 level=1 tables=0x80,0x80,0x80,0x80");
	close(fd);
	close_loop();
	return ok;
}

static bool refuses(int fd, const char *request, int error)
{
	int ret = ask(fd, request);
	char c;

	if (ret == -error && read(fd, &c, 1) == 0)
		return true;
	note("\"%s\": %d, not %d", request, ret, -error);
	return false;
}

static bool refuses_wrong_requests(void)
{
	char many[2048] = "vcpu=0", *end = many + 6;
	bool ok = open_loop(VMM_REAL, "log");
	int fd = open_translate(), i;

	ok &= refuses(fd, "\n", EINVAL) && refuses(fd, "vcpu=0", EINVAL) &&
		refuses(fd, "addr=0x1000", EINVAL) &&
		refuses(fd, "vcpu=0 addr=", EINVAL) &&
		refuses(fd, "vcpu=0 addr=0xg", EINVAL) &&
		refuses(fd, "vcpu=-1 addr=0x1000", EINVAL) &&
		refuses(fd, "vcpu=0 addr=0x10000000000000000", ERANGE) &&
		refuses(fd, "vcpu=0  addr=0x1000", EINVAL) &&
		refuses(fd, "vcpu=0 addr=0x1000 x=1", EINVAL) &&
		refuses(fd, "vcpu=1 addr=0x1000", EAGAIN) &&
		refuses(fd, "vcpu=0 rip=0x7c07 addr=0x1000", EAGAIN) &&
		refuses(fd, "vcpu=0 cr3=0x1000 addr=0x1000", EAGAIN) &&
		refuses(fd, "vcpu=0 rip= addr=0x1000", EINVAL) &&
		refuses(fd, "vcpu=4294967295 addr=0x1000", EAGAIN);
	/* At its first addition, and the guest has no tables. */
	ok &= answers(fd, "vcpu=0 rip=0x7c06 cr3=0x0 addr=0x1000",
		      "walk addr=0x1000 end=mapped gpa=0x1000 level=0 tables=-\n");
	for (i = 0; i < NPTB_TRANSLATE_MAX; i++)
		end += sprintf(end, " addr=0x%x", i);
	ok &= !ask(fd, many);
	sprintf(end, " addr=0x1");
	ok &= refuses(fd, many, E2BIG);
	close(fd);
	close_loop();
	return ok;
}

/* Who is helped past its loop, or has ended, is not asked any more. */
static bool refuses_without_loop(void)
{
	bool ok = open_loop(VMM_LONG, "log");
	int fd = open_translate();

	ok &= !ask(fd, "vcpu=0 addr=0x7c06");
	ok &= !nptb_budget(vm.name, NEED_LONG);
	ok &= vmm_wait(&vm, MS);
	ok &= refuses(fd, "vcpu=0 addr=0x7c06", EAGAIN);
	vmm_stop(&vm);
	vmm_destroy(&vm);
	ok &= nptb_wait_vm_gone(vm.name, MS);
	ok &= ask(fd, "vcpu=0 addr=0x7c06") == -EIO;
	close(fd);
	return ok;
}

int main(void)
{
	static const char *const on_loop[] = { "log", "stop" };
	size_t i;
	int mode;

	ksft_print_header();
	need_module();
	ksft_set_plan(2 * VMM_MODES * 2 + 3);
	for (mode = 0; mode < VMM_MODES; mode++)
		for (i = 0; i < ARRAY_SIZE(on_loop); i++) {
			ksft_test_result(explains(mode, on_loop[i]), "%s, %s: explained\n",
					 vmm_mode_names[mode], on_loop[i]);
			ksft_test_result(translates(mode, on_loop[i]), "%s, %s: translates\n",
					 vmm_mode_names[mode], on_loop[i]);
		}
	ksft_test_result(meets_bad_table(), "tables that lead nowhere, or to themselves\n");
	ksft_test_result(refuses_wrong_requests(), "wrong requests are refused\n");
	ksft_test_result(refuses_without_loop(), "no loop, no translation\n");
	ksft_finished();
}
