/* SPDX-License-Identifier: GPL-2.0-only */
/* End KVM_RUN on a fault loop. */
#ifndef NPTB_LOOP_STOP_H
#define NPTB_LOOP_STOP_H

struct nptb_fault;

void nptb_stop(struct nptb_fault *fault);

#endif /* NPTB_LOOP_STOP_H */
