/* SPDX-License-Identifier: GPL-2.0-only */
/* What is told of fault loops. */
#ifndef NPTB_LOOP_REPORT_H
#define NPTB_LOOP_REPORT_H

#include "object/vm.h"

struct nptb_fault;

/* The vCPU has shown progress, or stopped: its last attempt has ended. */
static inline void nptb_attempt_next(struct nptb_vcpu *v)
{
	nptb_attempt_begin(&v->attempt, v->attempt.number + 1);
	v->ended = true;
	v->unknown = false;
}

void nptb_report_read_insn(struct nptb_fault *fault);
void nptb_report(struct nptb_fault *fault);
void nptb_report_end(struct nptb_fault *fault, enum nptb_resolved how);

#endif /* NPTB_LOOP_REPORT_H */
