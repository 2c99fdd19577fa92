/* SPDX-License-Identifier: GPL-2.0-only */
/* Fault loops, for people and as JSON. */
#ifndef NPTB_LOOPFMT_H
#define NPTB_LOOPFMT_H

#include <stdio.h>
#include <json-c/json.h>

#include "model/loops.h"

void loop_print(FILE *to, const char *vm, const char *comm, const struct loop *l);
void loop_print_short(FILE *to, const struct loop *l);
struct json_object *loop_json(const struct loop *l);
struct json_object *loops_json(const struct loops *ls);

#endif /* NPTB_LOOPFMT_H */
