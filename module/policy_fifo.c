// SPDX-License-Identifier: GPL-2.0-only
/*
 * First in, first out: the smallest correct policy, and the one to copy when
 * writing another. Pure.
 */
#include "policy.h"

static void fifo_charge(struct nptb_policy *policy, struct nptb_page *page)
{
	nptb_ring_add(&policy->ring, &page->link);
	policy->count++;
}

static struct nptb_page *fifo_victim(struct nptb_policy *policy)
{
	if (nptb_ring_empty(&policy->ring))
		return NULL;
	return nptb_page_of(policy->ring.next);
}

static void fifo_forget(struct nptb_policy *policy, struct nptb_page *page)
{
	nptb_ring_del(&page->link);
	policy->count--;
}

const struct nptb_policy_ops nptb_policy_fifo = {
	.name = "fifo",
	.charge = fifo_charge,
	.victim = fifo_victim,
	.forget = fifo_forget,
};
