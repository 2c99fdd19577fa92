/* SPDX-License-Identifier: GPL-2.0-only */
/* Pins, exempt frames, and faults that take a longer way. */
#ifndef NPTB_BUDGET_FRAMES_H
#define NPTB_BUDGET_FRAMES_H

#include "object/vm.h"

struct nptb_fault;

bool nptb_frames_has(const struct nptb_vm *vm, enum nptb_frames which, u64 key);
u64 nptb_victims_limit(const struct nptb_vm *vm, u64 budget);
void nptb_victims_mark(struct nptb_vm *vm);
bool nptb_victims_fit(const struct nptb_ranges *pin,
		      const struct nptb_policy_ops *ops, u64 budget);
bool nptb_exempt_begin(struct nptb_fault *fault);
void nptb_exempt_end(struct nptb_fault *fault);
bool nptb_give_special(struct nptb_fault *fault, u64 key,
		       bool may_be_new, bool plenty);
void nptb_give_ahead(struct nptb_vm *vm, u64 key, bool direct);

#endif /* NPTB_BUDGET_FRAMES_H */
