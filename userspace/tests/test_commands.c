// SPDX-License-Identifier: GPL-2.0-only
/* The command from outside: every wrong use, and what right use prints. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "fake.h"

static void wrong_use(void **state)
{
	(void)state;
	WRONG("which command");
	WRONG("no command 'frob'", "frob");
	WRONG("no command ''", "");
	WRONG("no command '--frob'", "--frob");

	WRONG("'x' is too much", "list", "x");
	WRONG("unknown option '--frob'", "list", "--frob");
	WRONG("unknown option '-j'", "list", "-j");
	WRONG("takes no argument", "list", "--json=1");

	WRONG("which VM?", "set");
	WRONG("which VM?", "set", "--pages", "5");
	WRONG("nothing to set", "set", "1-2");
	WRONG("unknown option '--default'", "set", "--default", "--json");
	WRONG("'1-3' is too much", "set", "1-2", "--pages", "5", "1-3");
	WRONG("needs an argument", "set", "1-2", "--pages");
	WRONG("needs an argument", "set", "1-2", "--policy");
	WRONG("unknown option '--p'", "set", "1-2", "--p", "5");
	WRONG("not a name", "set", "1-2", "--policy", "");
	WRONG("not a name", "set", "1-2", "--policy", "fifo on_loop=log");
	WRONG("not a name", "set", "1-2", "--policy", "0123456789abcdef");
	WRONG("not a name", "set", "1-2", "--on-loop", "../budget");
	WRONG("'' is no VM", "set", "", "--pages", "5");
	WRONG("'' is no VM", "loops", "");
	WRONG("'' is no VM", "watch", "");

	WRONG("'y' is too much", "loops", "1-2", "y");
	WRONG("unknown option '--frob'", "loops", "--frob");

	WRONG("-o -: it is read to go on", "sweep", "--pages", "5", "-o", "-", "true");
	WRONG("--merge -: results are printed", "sweep", "--merge", "-", "a", "b");
	WRONG("how many pages", "run");
	WRONG("how many pages", "run", "--", "true");
	WRONG("which VMM", "run", "--pages", "5");
	WRONG("which VMM", "run", "--pages", "5", "--");
	WRONG("needs an argument", "run", "--pages");
	WRONG("exclude each other", "run", "--pages", "5", "--live", "--quiet", "true");
	WRONG("unknown option '--frob'", "run", "--pages", "5", "--frob", "true");
	WRONG("not a name", "run", "--pages", "5", "--policy", "a b", "true");
	WRONG("not a decimal number", "run", "--pages", "5", "--seed", "-1", "true");
	WRONG("not a decimal number", "set", "1-2", "--seed", "0x1");
	WRONG("--lend-max '-1': not a number", "set", "1-2", "--lend-max", "-1");
	WRONG("--lend-max 4097: out of range, 0 to 4096", "set", "1-2", "--lend-max=4097");
	WRONG("--burst 0: out of range, 1 to 130", "set", "1-2", "--burst", "0");
	WRONG("--burst '0x1': not a number", "run", "--pages", "5", "--burst", "0x1", "true");
	WRONG("--burst 99999999999999999999: out of range, 1 to", "run", "--pages", "5", "--burst",
	      "99999999999999999999", "true");
	WRONG("--burst 131: out of range", "run", "--pages", "5", "--burst", "131", "true");
	WRONG("--batch 0: out of range, 1 to 32", "set", "1-2", "--batch", "0");
	WRONG("--batch 33: out of range, 1 to 32", "run", "--pages", "5", "--batch=33", "true");
	WRONG("--batch 'x': not a number", "set", "1-2", "--batch", "x");
	WRONG("--lend-max 4097: out", "run", "--pages", "5", "--lend-max", "4097", "true");
	WRONG("out of range", "set", "1-2", "--seed", "18446744073709551616");
	WRONG("on or off", "set", "1-2", "--flush-aged", "yes");
	WRONG("not a range", "set", "1-2", "--pin", "x");
	WRONG("not a range", "set", "1-2", "--pin", "2-1");
	WRONG("not a range", "set", "1-2", "--pin", "1-2-3");
	WRONG("not a range", "set", "1-2", "--exempt", "");
	WRONG("not a range", "set", "1-2", "--unpin", "!1");
	WRONG("out of range", "set", "1-2", "--unexempt", "0x10000000000");
	WRONG("on or off", "run", "--pages", "5", "--flush-aged", "", "true");

	WRONG("'x' is too much", "version", "x");
	WRONG("unknown option", "version", "--frob");
	WRONG("no command 'frob'", "help", "frob");
	WRONG("'run' is too much", "help", "list", "run");
}

/* What is wrong is told of long words, too; and in one line. */
static void odd_words(void **state)
{
	static char word[20000];
	struct result r;

	(void)state;
	memset(word, 'w', sizeof(word) - 1);
	COMMAND(&r, "report", word);
	assert_has(r.err, ": File name too long\n");
	assert_true(strlen(r.err) < 2048);
	FAILS(" cannot start www", "run", "--pages", "3", word);
	FAILS(": File name too long\n", "run", "--pages", "3", word);
	WRONG("w': not a name\n", "set", "1-2", "--policy", word);
	FAILS("/a?b?[31m: No such file", "report", "/a\nb\x1b[31m");
	FAILS("/\xc3\xbc: No such file", "report", "/\xc3\xbc");
}

static void wrong_pages(void **state)
{
	static const char *const junk[] = {
		"", "x", "-1", "+1", "1k", "0x10", " 1", "1.5", "OFF", "1e3",
	};
	static const char *const range[] = {
		"0", "4294967296", "18446744073709551616",
		"99999999999999999999999999999999999999",
	};
	size_t i;

	(void)state;
	fake_vm("1-2", "9\n", STATS, "");
	for (i = 0; i < ARRAY_SIZE(junk); i++) {
		WRONG("not a number of pages", "set", "1-2", "--pages", junk[i]);
		WRONG("not a number of pages", "run", "--pages", junk[i], "true");
	}
	for (i = 0; i < ARRAY_SIZE(range); i++) {
		WRONG("1 to 4294967295", "set", "1-2", "--pages", range[i]);
		WRONG("1 to 4294967295", "run", "--pages", range[i], "true");
	}
}

static void shows_help(void **state)
{
	static const char *const names[] = { "list", "set", "loops", "run", "version", "help" };
	struct result r, same;
	size_t i;

	(void)state;
	COMMAND(&r, "help");
	assert_int_equal(r.status, 0);
	assert_string_equal(r.err, "");
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		assert_has(r.out, names[i]);
		COMMAND(&same, "help", names[i]);
		assert_int_equal(same.status, 0);
		assert_has(same.out, "Usage: nptbudget ");
		assert_string_equal(same.err, "");
		COMMAND(&r, names[i], "--help");
		assert_int_equal(r.status, 0);
		assert_string_equal(r.out, same.out);
		COMMAND(&r, names[i], "-h");
		assert_string_equal(r.out, same.out);
		COMMAND(&r, "help");
	}
	COMMAND(&same, "--help");
	assert_string_equal(r.out, same.out);
}

static void missing(void **state)
{
	char path[128];

	(void)state;
	FAILS("there is no VM 1-2", "set", "1-2", "--pages", "5");
	FAILS("there is no VM 1-2", "loops", "1-2");
	FAILS("there is no process 7", "loops", "7");
	snprintf(path, sizeof(path), "%s/nptbudget/version", fake_root);
	assert_int_equal(unlink(path), 0);
	FAILS("modprobe nptbudget", "list");
	FAILS("modprobe nptbudget", "loops");
	FAILS("modprobe nptbudget", "set", "1-2", "--pages", "5");
	FAILS("modprobe nptbudget", "run", "--pages", "5", "true");
	setenv("NPTBUDGET_DEBUGFS", "/nonexistent", 1);
	FAILS("mount -t debugfs none", "list");
}

static void shows_version(void **state)
{
	struct json_object *obj;
	struct result r;
	char path[128];

	(void)state;
	COMMAND(&r, "version");
	assert_int_equal(r.status, 0);
	assert_has(r.out, "nptbudget 0.1, format 1\nmodule 0.1, format 1\n");
	COMMAND(&r, "version", "--json");
	assert_documented("version", r.out);
	obj = json_of(r.out);
	assert_string_equal(json_at(obj, "module/version"), "0.1");
	json_object_put(obj);
	COMMAND(&r, "--version");
	assert_has(r.out, "nptbudget 0.1");
	fake_write("nptbudget/version", "0.\xff\x1b 1\n");
	COMMAND(&r, "version", "--json");
	obj = json_of(r.out);
	assert_string_equal(json_at(obj, "module/version"), "0.??");
	json_object_put(obj);
	snprintf(path, sizeof(path), "%s/nptbudget/version", fake_root);
	assert_int_equal(unlink(path), 0);
	COMMAND(&r, "version");
	assert_int_equal(r.status, 0);
	assert_has(r.out, "module not loaded");
	COMMAND(&r, "version", "--json");
	obj = json_of(r.out);
	assert_string_equal(json_at(obj, "module"), "null");
	json_object_put(obj);
}

static const char table[] =
	"VM     PROCESS  NAME  BUDGET  POLICY  ON-LOOP  RESIDENT  PEAK     FAULTS  EVICTIONS  LOOPS\n"
	"12-31  a?[3?\"\\  web     1024  fifo    log             1     1         84         82      1\n"
	"13-4   -        -        off  fifo    log             1     -  "
	"123456789          -      -\n";

static void lists(void **state)
{
	struct json_object *obj;
	struct result r;

	(void)state;
	COMMAND(&r, "list");
	assert_int_equal(r.status, 0);
	assert_has(r.out, "VM  PROCESS  NAME  BUDGET  POLICY  ON-LOOP  RESIDENT");
	fake_process(12, 12, "a\x1b[3\xff\"\\");
	fake_write("proc/12/cmdline", "--name=web");
	fake_vm("12-31", "1024\n", STATS "newer 18446744073709551615\n", "");
	fake_vm("13-4", "off\n", "faults 123456789\n", "");
	COMMAND(&r, "list");
	assert_int_equal(r.status, 0);
	assert_string_equal(r.err, "");
	assert_string_equal(r.out, table);
	COMMAND(&r, "list", "--json");
	assert_documented("list", r.out);
	obj = json_of(r.out);
	assert_string_equal(json_at(obj, "format"), "1");
	assert_string_equal(json_at(obj, "vms/1/vm"), "13-4");
	assert_string_equal(json_at(obj, "vms/1/budget"), "null");
	assert_string_equal(json_at(obj, "vms/0/budget"), "1024");
	assert_string_equal(json_at(obj, "vms/0/process"), "a?[3?\"\\");
	assert_string_equal(json_at(obj, "vms/0/name"), "web");
	assert_string_equal(json_at(obj, "vms/1/name"), "null");
	assert_string_equal(json_at(obj, "vms/0/stats/evictions"), "82");
	assert_string_equal(json_at(obj, "vms/0/stats/newer"), "18446744073709551615");
	json_object_put(obj);
}

static void sets(void **state)
{
	struct json_object *obj;
	struct result r;
	char text[64];

	(void)state;
	fake_process(1200, 1200, "vmm");
	fake_vm("1200-31", "off\n", STATS, "");
	COMMAND(&r, "set", "1200", "--pages", "4294967295", "--policy", "clock",
		"--on-loop", "log");
	assert_int_equal(r.status, 0);
	assert_string_equal(r.out, "");
	assert_string_equal(r.err, "");
	fake_read("nptbudget/vms/1200-31/budget", text, sizeof(text));
	assert_string_equal(text, "4294967295\n");
	fake_read("nptbudget/vms/1200-31/policy", text, sizeof(text));
	assert_string_equal(text, "clock\n");
	COMMAND(&r, "set", "--json", "--pages=1", "1200-31");
	assert_int_equal(r.status, 0);
	obj = json_of(r.out);
	assert_string_equal(json_at(obj, "vm"), "1200-31");
	assert_string_equal(json_at(obj, "budget"), "1");
	json_object_put(obj);
	COMMAND(&r, "set", "1200-31", "--pages", "off");
	assert_int_equal(r.status, 0);
	fake_read("nptbudget/vms/1200-31/budget", text, sizeof(text));
	assert_string_equal(text, "off\n");
	COMMAND(&r, "set", "1200-31", "--seed", "18446744073709551615", "--flush-aged", "on");
	assert_int_equal(r.status, 0);
	fake_read("nptbudget/vms/1200-31/seed", text, sizeof(text));
	assert_string_equal(text, "18446744073709551615\n");
	fake_read("nptbudget/vms/1200-31/flush_aged", text, sizeof(text));
	assert_string_equal(text, "on\n");
	COMMAND(&r, "set", "1200-31", "--pin", "0x10-0x1f", "--pin=7", "--unpin", "0x18",
		"--exempt", "1-2");
	assert_int_equal(r.status, 0);
	fake_read("nptbudget/vms/1200-31/pin", text, sizeof(text));
	assert_string_equal(text, "0x10-0x1f 7 !0x18\n");
	fake_read("nptbudget/vms/1200-31/exempt", text, sizeof(text));
	assert_string_equal(text, "1-2\n");
	COMMAND(&r, "set", "1200-31", "--unpin", "all", "--pin", "9", "--unexempt=all");
	fake_read("nptbudget/vms/1200-31/pin", text, sizeof(text));
	assert_string_equal(text, "none 9\n");
	fake_read("nptbudget/vms/1200-31/exempt", text, sizeof(text));
	assert_string_equal(text, "none\n");
	COMMAND(&r, "set", "1200-31", "--lend-max", "0", "--burst", "1", "--on-loop", "lend");
	assert_int_equal(r.status, 0);
	fake_read("nptbudget/vms/1200-31/lend_max", text, sizeof(text));
	assert_string_equal(text, "0\n");
	fake_read("nptbudget/vms/1200-31/burst", text, sizeof(text));
	assert_string_equal(text, "1\n");
	COMMAND(&r, "set", "1200-31", "--batch", "32");
	assert_int_equal(r.status, 0);
	fake_read("nptbudget/vms/1200-31/batch", text, sizeof(text));
	assert_string_equal(text, "32\n");
	COMMAND(&r, "set", "1200-31", "--pages", "3", "--json");
	assert_documented("list", r.out);
	obj = json_of(r.out);
	assert_string_equal(json_at(obj, "backing"), "resident");
	assert_string_equal(json_at(obj, "backed"), "null");
	json_object_put(obj);
	COMMAND(&r, "set", "1200-31", "--backing=reclaim", "--json");
	assert_int_equal(r.status, 0);
	fake_read("nptbudget/vms/1200-31/backing", text, sizeof(text));
	assert_string_equal(text, "reclaim\n");
	obj = json_of(r.out);
	assert_string_equal(json_at(obj, "backing"), "reclaim");
	assert_string_equal(json_at(obj, "backed"), "9");
	json_object_put(obj);
}

static const char explained[] =
	"VM 1200-31 (vmm), vCPU 0: fault loop in an instruction, 41 laps\n"
	"  rip 0x7c00: add [bx], si  [01 37]\n"
	"  real mode, CPL 0, cr3 0x0\n"
	"    code: linear 0x7c00, 2 bytes, gfn 0x7\n"
	"    [bx]: linear 0x8000, 2 bytes, gfn 0x8\n"
	"  needs at least 2 pages at once, has 1:\n"
	"    GFN           GPA               ROLES                   FAULTS\n"
	"    0x7           0x7000            fetch                       42  code\n"
	"    0x8           0x8000            read/write                  43  [bx]\n";

static void explains_loops(void **state)
{
	struct json_object *obj;
	struct result r;

	(void)state;
	COMMAND(&r, "loops");
	assert_int_equal(r.status, 0);
	assert_string_equal(r.out, "No fault loops.\n");
	fake_process(1200, 1200, "vmm");
	fake_vm("1200-31", "1\n", STATS, LOOP_ADD);
	fake_vm("1300-4", "1\n", STATS, LOOP_IRET);
	COMMAND(&r, "loops", "1200");
	assert_int_equal(r.status, 0);
	assert_string_equal(r.out, explained);
	/* QEMU's CPU loads first: the module saw a read. */
	fake_vm("1200-31", "1\n", STATS,
		"loop class=instruction vcpu=0 rip=0x7c06 cr0=0x10 efer=0x0 laps=8 budget=1 pages=2 insn=67660103"
		MACHINE("0x200000") "\n"
		"page gfn=0x200 roles=read faults=80\npage gfn=0x7 roles=fetch faults=80\n");
	COMMAND(&r, "loops", "1200");
	assert_has(r.out, "add [ebx], eax  [67 66 01 03]\n");
	assert_has(r.out, "0x200         0x200000          read/write ");
	fake_vm("1200-31", "1\n", STATS, LOOP_ADD);
	COMMAND(&r, "loops");
	assert_has(r.out, "VM 1300-4 (-), vCPU 1: fault loop in the delivery of vector 14 (#PF), ");
	assert_has(r.out, "3 laps in 2 times\n");
	assert_has(r.out, "rip 0xffffffff81000000: iretq  [48 cf]");
	assert_has(r.out, "0x9           0x9000            1   read/write");
	/* A BIOS takes the timer's interrupt by vector 8: no double fault. */
	fake_vm("1200-31", "1\n", STATS,
		"loop class=event-delivery vcpu=0 vector=8 event=interrupt rip=0x7c06 cr0=0x10 "
		"efer=0x0 laps=8 budget=1 pages=1 insn=90\npage gfn=0x0 as=0 roles=read faults=80\n"
		"loop class=event-delivery vcpu=0 vector=8 event=int rip=0x7c06 cr0=0x10 "
		"efer=0x0 laps=8 budget=1 pages=1 insn=cd08\npage gfn=0x0 as=0 roles=read faults=80\n"
		"loop class=event-delivery vcpu=0 vector=2 event=nmi rip=0x7c06 cr0=0x10 "
		"efer=0x0 laps=8 budget=1 pages=1 insn=90\npage gfn=0x0 as=0 roles=read faults=80\n"
		"loop class=event-delivery vcpu=0 vector=8 event=exception rip=0x7c06 cr0=0x10 "
		"efer=0x0 laps=8 budget=1 pages=1 insn=90\npage gfn=0x0 as=0 roles=read faults=80\n"
		"loop class=event-delivery vcpu=0 vector=8 rip=0x7c06 cr0=0x10 "
		"efer=0x0 laps=9 budget=1 pages=1 insn=90\npage gfn=0x0 as=0 roles=read faults=80\n");
	COMMAND(&r, "loops", "1200");
	assert_has(r.out, "in the delivery of vector 8 (interrupt), ");
	assert_has(r.out, "in the delivery of vector 8 (INT instruction), ");
	assert_has(r.out, "in the delivery of vector 2 (NMI), ");
	assert_has(r.out, "in the delivery of vector 8 (#DF), ");
	assert_has(r.out, "in the delivery of vector 8, 9 laps");
	fake_vm("1200-31", "1\n", STATS, LOOP_ADD);
	COMMAND(&r, "loops", "--json");
	assert_documented("loops", r.out);
	obj = json_of(r.out);
	assert_string_equal(json_at(obj, "vms/0/loops/0/rip"), "0x7c00");
	assert_string_equal(json_at(obj, "vms/0/loops/0/event"), "null");
	assert_string_equal(json_at(obj, "vms/1/loops/0/event"), "exception");
	assert_string_equal(json_at(obj, "vms/0/loops/0/needs"), "2");
	assert_string_equal(json_at(obj, "vms/0/loops/0/vector"), "null");
	assert_string_equal(json_at(obj, "vms/0/loops/0/pages/1/roles/1"), "write");
	assert_string_equal(json_at(obj, "vms/0/loops/0/pages/1/for/0"), "[bx]");
	assert_string_equal(json_at(obj, "vms/0/loops/0/pages/1/level"), "null");
	assert_string_equal(json_at(obj, "vms/0/loops/0/operands/1/linear"), "0x8000");
	assert_string_equal(json_at(obj, "vms/0/loops/0/operands/1/gfns/0"), "0x8");
	assert_string_equal(json_at(obj, "vms/0/loops/0/registers/rbx"), "0x8000");
	assert_string_equal(json_at(obj, "vms/0/loops/0/segments/fs/base"), "0x10000");
	assert_string_equal(json_at(obj, "vms/0/loops/0/exact"), "false");
	assert_string_equal(json_at(obj, "vms/1/loops/0/vector"), "14");
	assert_string_equal(json_at(obj, "vms/1/loops/0/registers"), "null");
	json_object_put(obj);
	/* One VM's file is broken; the other's is shown. */
	fake_vm("1200-31", "1\n", STATS, "loop x\n");
	COMMAND(&r, "loops");
	assert_int_equal(r.status, EXIT_FAILED);
	assert_has(r.err, "VM 1200-31: line 1 of its loops");
	assert_has(r.out, "VM 1300-4");
	COMMAND(&r, "loops", "--json");
	assert_int_equal(r.status, EXIT_FAILED);
	json_object_put(json_of(r.out));
}

static void full_disk(void **state)
{
	(void)state;
	fake_vm("12-3", "8\n", STATS, LOOP_ADD);
	fake_write("nptbudget/overview", "");
	FULL("help");
	FULL("list", "--help");
	FULL("version", "--json");
	FULL("list");
	FULL("list", "--json");
	FULL("loops", "12-3");
	FULL("defaults");
	FULL("set", "12-3", "--pages", "4", "--json");
	FULL("metrics");
	FULL("probe", "--list");
}

/* As a service may be started: what is opened then must not be taken for stderr. */
static int without_stderr(int argc, char **argv)
{
	(void)argc;
	close(STDERR_FILENO);
	execv(NPTBUDGET_BIN, argv);
	return 99;
}

static int without_stdout(int argc, char **argv)
{
	(void)argc;
	close(STDOUT_FILENO);
	execv(NPTBUDGET_BIN, argv);
	return 99;
}

static void closed(void **state)
{
	char text[512];
	struct result r;

	(void)state;
	FUNCTION(&r, without_stderr, "nptbudget", "run", "--pages", "4", "--live", "--json",
		 "--summary", fake_in("summary"), "sleep", "0.5");
	fake_read("summary", text, sizeof(text));
	assert_int_equal(r.status, 0);
	assert_int_equal(*text, '{');
	json_object_put(json_of(text));
	FUNCTION(&r, without_stdout, "nptbudget", "list");
	assert_int_equal(r.status, EXIT_FAILED);
	assert_string_equal(r.err,
			    "nptbudget: cannot write to standard output: Bad file descriptor\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(wrong_use), TEST(wrong_pages), TEST(odd_words), TEST(shows_help),
		TEST(missing), TEST(shows_version), TEST(lists), TEST(sets),
		TEST(explains_loops), TEST(full_disk), TEST(closed),
	};

	return cmocka_run_group_tests_name("commands", tests, NULL, NULL);
}
