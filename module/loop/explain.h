/* SPDX-License-Identifier: GPL-2.0-only */
/* Say what the pages of a loop are for. */
#ifndef NPTB_LOOP_EXPLAIN_H
#define NPTB_LOOP_EXPLAIN_H

struct nptb_fault;

void nptb_explain_ahead(struct nptb_fault *fault);
void nptb_explain(struct nptb_fault *fault);
void nptb_explain_end(struct nptb_fault *fault);

#endif /* NPTB_LOOP_EXPLAIN_H */
