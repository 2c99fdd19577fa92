/* SPDX-License-Identifier: GPL-2.0-only */
/* A debugfs and a /proc of their own for the tests, and ways to run the command. */
#ifndef NPTB_TESTS_FAKE_H
#define NPTB_TESTS_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/types.h>

#include "base/util.h"

/* What a record says of registers and segments: flat, but for FS, and RBX is as said. */
#define MACHINE_CS(rbx, cs) \
	" cpl=0 gpr=0x1,0x2,0x3," rbx ",0x5000,0x6,0x7000,0x7ffc,0x8,0x9,0xa,0xb,0xc,0xd,0xe,0xf " \
	"es=0x0:0x0:0xffffffff:0xc93 cs=" cs " ss=0x0:0x0:0xffffffff:0xc93 " \
	"ds=0x0:0x0:0xffffffff:0xc93 fs=0x0:0x10000:0xffffffff:0xc93 " \
	"gs=0x0:0x0:0xffffffff:0xc93 ldtr=0x0:0x0:0xffff:0x82 tr=0x0:0x0:0xffff:0x8b " \
	"idtr=0x0:0x3000:0xfff:0x0 gdtr=0x0:0x4000:0x2f:0x0"
#define MACHINE(rbx)	MACHINE_CS(rbx, "0x0:0x0:0xffff:0x9b")

/* A loop record as in uapi/nptbudget.h, with its two pages. */
#define LOOP_ADD \
	"loop class=instruction vcpu=0 vector=-1 event=none rip=0x7c00 cr3=0x0 cr0=0x10 cr4=0x0 " \
	"efer=0x0 rflags=0x2 laps=41 times=1 budget=1 pages=2 truncated=0 insn=0137" \
	MACHINE("0x8000") "\n" \
	"page gfn=0x7 as=0 roles=fetch faults=42\n" \
	"page gfn=0x8 as=0 roles=write faults=43\n"

#define LOOP_IRET \
	"loop class=event-delivery vcpu=1 vector=14 event=exception rip=0xffffffff81000000 cr3=0x1000 " \
	"cr0=0x80000011 cr4=0x20 efer=0xd00 rflags=0x2 laps=3 times=2 budget=1 pages=2 " \
	"truncated=0 insn=48cf\n" \
	"page gfn=0x1234567 as=0 roles=fetch,table faults=2\n" \
	"page gfn=0x9 as=1 roles=read,write faults=4\n"

#define STATS "faults 84\nmapped 80\nspurious 4\nretry 0\nevictions 82\nloops 1\npeak 1\nresident 1\n"

/**
 * struct result - what a command did
 * @status: exit status, 128 + signal
 * @out: standard output
 * @err: standard error
 */
struct result {
	int status;
	char out[65536];
	char err[65536];
};

extern char fake_root[64];

int fake_setup(void **state);
int fake_teardown(void **state);
void fake_path(char *path, size_t size, const char *name);
const char *fake_in(const char *name);
void fake_write(const char *path, const char *text);
void fake_remove(const char *path);
void fake_read(const char *path, char *text, size_t size);
void fake_vm(const char *vm, const char *budget, const char *stats, const char *loops);
void fake_process(int pid, int tgid, const char *comm);
void fake_end(struct result *r, pid_t pid);
pid_t fake_start(int (*fn)(int argc, char **argv), const char *const argv[]);
void fake_run(struct result *r, int (*fn)(int argc, char **argv), const char *const argv[]);

/* Run the command itself, or a function of it in a child of the test. */
#define COMMAND(r, ...) \
	fake_run(r, NULL, (const char *const[]){ "nptbudget", ##__VA_ARGS__, NULL })
#define FUNCTION(r, fn, ...) \
	fake_run(r, fn, (const char *const[]){ __VA_ARGS__, NULL })

/* Run it: exit 2, the reason and the usage on stderr, nothing on stdout. */
void fake_wrong(const char *says, const char *const argv[]);
#define WRONG(says, ...) \
	fake_wrong(says, (const char *const[]){ "nptbudget", ##__VA_ARGS__, NULL })
/* Run it: exit 1, one line on stderr, nothing on stdout. */
void fake_fails(const char *says, const char *const argv[]);
#define FAILS(says, ...) \
	fake_fails(says, (const char *const[]){ "nptbudget", ##__VA_ARGS__, NULL })

/* Run it on a full disk: exit 1, and one line on stderr that says so. */
void fake_full(const char *const argv[]);
#define FULL(...) \
	fake_full((const char *const[]){ "nptbudget", ##__VA_ARGS__, NULL })

void assert_has(const char *text, const char *part);
/* Is each key of what a subcommand prints in its page? */
void assert_documented(const char *command, const char *text);
struct json_object *json_of(const char *text);
const char *json_at(struct json_object *obj, const char *path);

#endif /* NPTB_TESTS_FAKE_H */
