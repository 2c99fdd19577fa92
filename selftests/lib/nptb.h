/* SPDX-License-Identifier: GPL-2.0-only */
/* The module's debugfs files, as uapi/nptbudget.h describes them. */
#ifndef NPTB_ST_NPTB_H
#define NPTB_ST_NPTB_H

#include <stdbool.h>
#include <stdint.h>

#include "../../uapi/nptbudget.h"

#define NPTB_DIR	"/sys/kernel/debug/" NPTB_DEBUGFS_DIR
#define KVM_DIR		"/sys/kernel/debug/kvm"
/* A budget beyond what any test VM has. */
#define NPTB_UNLIMITED	1000000ULL

/* NULL where the module can be tested, else the reason why not. */
const char *nptb_unusable(void);
/*
 * The reason why a test must leave alone what VMs of others on this host could
 * notice (the defaults that a new VM starts with, KVM's modules); NULL in the lab, where
 * there are none, and where NPTB_OWN_HOST says that there are none.
 */
const char *host_is_shared(void);

/* Writes a VM's knob; 0 or -errno. */
int nptb_set(const char *vm, const char *knob, const char *value);
/* As nptb_set(), of "budget"; 0 pages means "off". */
int nptb_budget(const char *vm, uint64_t pages);
/* Reads a VM's knob without its newline; length or -errno. */
int nptb_get(const char *vm, const char *knob, char *buf, int size);
/* A number in a VM's "stats"; -errno, -ENOENT where there is no such name. */
int64_t nptb_stat(const char *vm, const char *name);

/* Wait until a counter of @vm is at least @value; false after @ms. */
bool nptb_wait_stat(const char *vm, const char *name, int64_t value,
		    unsigned int ms);
bool nptb_wait_vm_gone(const char *vm, unsigned int ms);

/* One page of a loop set. */
struct nptb_st_page {
	uint64_t gfn;
	uint64_t faults;
	unsigned int roles;	/* NPTB_ROLE_* */
};

/* One loop record, the fields the tests look at. */
struct nptb_st_loop {
	char class[32];
	char event[16];
	char insn[2 * NPTB_INSN_MAX + 2];
	int vcpu;
	int vector;
	uint64_t rip;
	uint64_t cr3;
	uint64_t cr0;
	uint64_t efer;
	uint64_t laps;
	uint64_t times;
	uint64_t budget;
	unsigned int pages;	/* as the record says */
	unsigned int listed;	/* page lines that followed it */
	struct nptb_st_page page[NPTB_LOOP_PAGES_MAX];
};

/*
 * Reads at most @max records from a VM's "loops"; how many there were, -errno,
 * or -EBADMSG for text that is not as uapi/nptbudget.h says.
 */
int nptb_loops(const char *vm, struct nptb_st_loop *loop, int max);
/* The same from text; changes @text. */
int nptb_loops_parse(char *text, struct nptb_st_loop *loop, int max);
/* Polls until vCPU @vcpu (-1: any) of @vm has a record; false after @ms. */
bool nptb_wait_loop(const char *vm, int vcpu, struct nptb_st_loop *loop,
		    unsigned int ms);

#endif
