/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where an attempt's accesses go: the linear addresses at hand when a vCPU
 * loops, and which pages of the loop set they account for. Pure.
 */
#ifndef NPTB_PLACES_H
#define NPTB_PLACES_H

#include "x86/walk.h"

/**
 * struct nptb_place - a linear address at hand
 * @linear: the address
 * @what: an NPTB_FOR_* bit
 */
struct nptb_place {
	u64 linear;
	u32 what;
};

/* Two for code, four for the stack, six for tables, the registers. */
#define NPTB_PLACES_MAX	(12 + NPTB_GPRS)

u32 nptb_places(const struct nptb_state *state, const struct nptb_explain *expl,
		nptb_walk_read_fn read, void *ctx, struct nptb_place *places);
void nptb_explain_pages(const struct nptb_attempt *attempt,
			nptb_walk_read_fn read, void *ctx,
			struct nptb_explain *expl);

#endif /* NPTB_PLACES_H */
