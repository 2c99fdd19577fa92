/* SPDX-License-Identifier: GPL-2.0-only */
/* Recordings made up for tests, as nptbudget record writes them. */
#ifndef NPTB_TESTS_GENDAT_H
#define NPTB_TESTS_GENDAT_H

#include <stdint.h>

#define GENDAT_CPUS	2

struct gendat;

/* A fault of VM 77-5; what is 0 or false need not be said. */
struct gendat_fault {
	uint32_t vcpu;
	uint64_t rip, gpa, error;
	uint32_t verdict, evicted;
	uint64_t attempt, resident, seq;
	uint8_t as, known, event;
	uint64_t victim;	/* for gendat_open_victims(); 0 for none */
};

struct gendat *gendat_open(const char *path);
/* One whose faults tell what was evicted for them. */
struct gendat *gendat_open_victims(const char *path);
/* One that has notes alone, whole, below the fake root; its path. */
const char *gendat_empty(void);
void gendat_note(struct gendat *g, uint64_t ns, const char *text);
void gendat_attach(struct gendat *g, uint64_t ns, uint64_t budget, const char *policy);
void gendat_fault(struct gendat *g, unsigned int cpu, uint64_t ns, const struct gendat_fault *f);
void gendat_evict(struct gendat *g, unsigned int cpu, uint64_t ns, int vcpu, uint64_t gfn);
void gendat_loop(struct gendat *g, uint64_t ns, uint64_t rip, uint64_t laps,
		 const uint64_t *gfns, const uint8_t *roles, uint32_t pages);
void gendat_close(struct gendat *g);

#endif /* NPTB_TESTS_GENDAT_H */
