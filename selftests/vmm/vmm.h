/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tiny VMM for tests: one memory slot from guest-physical 0, no devices, no
 * interrupt controller. Every vCPU runs in a thread and ends at HLT, by a time
 * limit or by vmm_stop(); a guest in a fault loop can be stopped at any time.
 *
 * vm->want is what guest memory must hold: vmm_load() and vmm_fill() write to
 * both, a test adds what the guest is to do, vmm_check() compares every byte.
 */
#ifndef NPTB_ST_VMM_H
#define NPTB_ST_VMM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../uapi/nptbudget.h"

struct kvm_run;

#define VMM_VCPUS_MAX	8
/* Page of the first vCPU's code; the next vCPU's is one page on. */
#define VMM_CODE_PAGE	0x7000UL
#define VMM_CODE_ENTRY	0x7c00UL
/* Page tables of guests in long mode, from the root down. */
#define VMM_TABLES	0x80000UL

enum vmm_mode {
	VMM_REAL,	/* real mode, 4 GiB segments at base 0 */
	VMM_PROT,	/* 32-bit protected mode without paging */
	VMM_LONG,	/* long mode, identity map of 4 KiB pages */
	VMM_MODES,
};

extern const char *const vmm_mode_names[VMM_MODES];

enum vmm_mem {
	VMM_MEM_4K,	/* anonymous, MADV_NOHUGEPAGE */
	VMM_MEM_THP,	/* anonymous, MADV_HUGEPAGE, aligned */
	VMM_MEM_HUGETLB,	/* 2 MiB hugetlb pages */
	VMM_MEM_MEMFD,	/* memfd, shared */
	VMM_MEM_HUGE_1G,	/* 1 GiB hugetlb pages */
	VMM_MEM_FILE,	/* vmm_file, shared */
	VMM_MEM_GMEM,	/* guest_memfd, mapped (Linux 7.3) */
	VMM_MEMS,
};

extern const char *const vmm_mem_names[VMM_MEMS];

enum vmm_end {
	VMM_RUNNING,
	VMM_HALTED,	/* HLT */
	VMM_STOPPED,	/* by vmm_stop() */
	VMM_LOOPED,	/* a fault loop under on_loop=stop; vcpu->loop tells */
	VMM_FAILED,	/* anything else; vcpu->why says what */
};

/* The file that VMM_MEM_FILE maps; created anew for each VM. */
extern const char *vmm_file;

struct vmm;

/* What the guest's registers hold at the start; see guest.S. */
struct vmm_args {
	uint64_t data;		/* rdi */
	uint64_t pages;		/* rcx */
	uint64_t laps;		/* rdx */
	uint64_t addend;	/* rax */
	uint64_t stride;	/* rbp; 0 means a page */
};

struct vmm_vcpu {
	struct vmm *vm;
	int index;
	int fd;
	struct kvm_run *run;
	pthread_t thread;
	bool started;
	_Atomic int tid;
	_Atomic enum vmm_end end;
	char why[96];
	uint64_t loop[NPTB_STOP_NDATA];	/* see enum nptb_stop_data */
	_Atomic uint64_t outs;		/* port writes seen */
	/* Called in the vCPU's thread for each OUT; may be NULL. */
	void (*on_out)(struct vmm_vcpu *vcpu);
	void *priv;
};

struct vmm {
	int fd;
	char name[32];		/* KVM's: <pid>-<fd> */
	uint8_t *mem;
	uint8_t *want;
	size_t size;
	enum vmm_mem kind;
	int memfd;
	int vcpus;
	size_t run_size;
	_Atomic bool stop;
	bool irqchip;		/* set before vCPUs: interrupts are enabled */
	/*
	 * Called in the vCPU's thread: an access with no memory behind it, a
	 * full dirty ring, memory that the host refuses. False ends the vCPU;
	 * so does having none.
	 */
	bool (*on_mmio)(struct vmm_vcpu *vcpu);
	bool (*on_ring_full)(struct vmm_vcpu *vcpu);
	bool (*on_fault)(struct vmm_vcpu *vcpu);
	void *priv;
	struct vmm_vcpu vcpu[VMM_VCPUS_MAX];
};

/* The code of one guest in one mode. */
struct guest_code {
	const uint8_t *text;
	size_t len;
	size_t mark;		/* offset of the memory access in it */
	size_t mark_len;
};

enum guest_id {
	GUEST_ADD, GUEST_STAMP, GUEST_WORK, GUEST_SPIN, GUEST_TOUCH, GUEST_PUT, GUEST_HOP,
	GUEST_READ, GUEST_WRITE, GUEST_INVLPG, GUEST_TABLES, GUEST_NESTED, GUEST_NESTED_VMX,
	GUEST_FPU, GUEST_TEXT,
};

struct guest_code guest_code(enum guest_id id, enum vmm_mode mode);

/* True under kvm_amd npt=0 and kvm_intel ept=0: KVM reads the guest's page tables itself. */
bool kvm_shadow_paging(void);
/*
 * True where kvm_intel has no "unrestricted guest", as under ept=0: a guest has paging on,
 * whatever it thinks. With EPT, PROT goes through a table of KVM's at VMM_IDENTITY. REAL,
 * whose segments have 4 GiB here, KVM emulates to the last instruction, without a leaf.
 */
bool kvm_restricted(void);
#define VMM_IDENTITY	0xfffbc000UL
/* NULL where KVM can be used, else the reason why not. */
const char *vmm_unusable(void);
/* KVM_CHECK_EXTENSION: 0 where there is none. */
int vmm_capability(int cap);
/* False where the machine has no such memory (no free hugetlb pages). */
bool vmm_create(struct vmm *vm, size_t size, enum vmm_mem kind);
/* As vmm_create(), and KVM_CREATE_VM returns @fd, 1 to 63, which is free. */
void vmm_create_at(struct vmm *vm, size_t size, enum vmm_mem kind, int fd);
/* Closes the VM's descriptor: its vCPUs keep it, and the number is free. */
void vmm_let_go(struct vmm *vm);
void vmm_destroy(struct vmm *vm);
/* Adds a vCPU which will run guest @id in @mode from VMM_CODE_ENTRY on. */
struct vmm_vcpu *vmm_add(struct vmm *vm, enum guest_id id, enum vmm_mode mode,
			 const struct vmm_args *args);
uint64_t vmm_entry(int index);
/* Starts a stopped vCPU anew, as a reset does, with another guest or mode. */
void vmm_reset(struct vmm_vcpu *vcpu, enum guest_id id, enum vmm_mode mode,
	       const struct vmm_args *args);
void vmm_set_msr(struct vmm_vcpu *vcpu, uint32_t msr, uint64_t value);
/* Takes what memory holds there as wanted. */
void vmm_accept(struct vmm *vm, uint64_t gpa, size_t len);
/* Puts GUEST_HOP's step into @pages pages from @gpa on. */
void vmm_load_hop(struct vmm *vm, uint64_t gpa, uint64_t pages,
		  enum vmm_mode mode);
/* Sets memory slot @slot; @mem NULL or @size 0 deletes it; 0 or -errno. */
int vmm_slot(struct vmm *vm, uint32_t slot, uint64_t gpa, void *mem,
	     uint64_t size, uint32_t flags);
void vmm_load(struct vmm *vm, uint64_t gpa, const void *buf, size_t len);
/* Fills with a pattern that differs from page to page and byte to byte. */
void vmm_fill(struct vmm *vm, uint64_t gpa, size_t len);
uint32_t *vmm_want32(struct vmm *vm, uint64_t gpa);
uint32_t vmm_get32(struct vmm *vm, uint64_t gpa);
/* Builds an identity map of the VM's memory; pages used for tables. */
int vmm_tables(struct vmm *vm, uint64_t root);
/* The same in the format of Intel's EPT, for a nested guest. */
int vmm_ept_tables(struct vmm *vm, uint64_t root);
/* True where guest memory is as wanted; says where it is not. */
bool vmm_check(const struct vmm *vm);

/* Starts every vCPU that neither runs nor has halted. */
void vmm_start(struct vmm *vm);
/* True where every vCPU ended by itself with HLT within @ms. */
bool vmm_wait(struct vmm *vm, unsigned int ms);
/* Stops what still runs and joins all threads; vmm_start() goes on. */
void vmm_stop(struct vmm *vm);
enum vmm_end vmm_end(const struct vmm_vcpu *vcpu);
/* The binary statistics of a VM or vCPU, and where in them one is; -errno. */
int kvm_stats_open(int fd);
int64_t kvm_stats_find(int stats, const char *name);
/* A statistic of one vCPU by KVM_GET_STATS_FD, such as "pf_fixed". */
int64_t vmm_vcpu_stat(const struct vmm_vcpu *vcpu, const char *name);
/* The sum of it over all vCPUs. */
int64_t vmm_vcpus_stat(const struct vmm *vm, const char *name);
/* KVM's debugfs counter of the VM, such as "pages_4k"; negative: -errno. */
int64_t vmm_stat(const struct vmm *vm, const char *name);

#endif
