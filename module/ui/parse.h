/* SPDX-License-Identifier: GPL-2.0-only */
/* Values of knobs as users write them. */
#ifndef NPTB_UI_PARSE_H
#define NPTB_UI_PARSE_H

#include <linux/types.h>

struct nptb_policy_ops;

const char *nptb_on_loop_name(u32 on_loop);
int nptb_parse_range(char *text, u64 *first, u64 *last);
int nptb_parse_budget(const char *text, u64 *budget);
int nptb_parse_policy(const char *text, const struct nptb_policy_ops **ops);
const char *nptb_backing_name(u32 backing);
int nptb_parse_backing(const char *text, u32 *backing);
int nptb_parse_on_loop(const char *text, u32 *on_loop);
int nptb_parse_seed(const char *text, u64 *seed);
int nptb_parse_switch(const char *text, bool *on);
int nptb_parse_lend_max(const char *text, u32 *lend_max);
int nptb_parse_burst(const char *text, u32 *burst);
int nptb_parse_batch(const char *text, u32 *batch);

#endif /* NPTB_UI_PARSE_H */
