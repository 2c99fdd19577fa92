/* SPDX-License-Identifier: GPL-2.0-only */
/* What "nptbudget watch" found, for people and as JSON. */
#ifndef NPTB_VIEW_WATCH_H
#define NPTB_VIEW_WATCH_H

#include <stdio.h>

#include <json-c/json.h>

#include "explain/watch.h"

void watch_print_finding(FILE *to, const struct watch_vcpu *v,
			 const struct watch_finding *finding);
void watch_print_times(FILE *to, const struct watch *w);
struct json_object *watch_finding_json(const struct watch_vcpu *v,
				       const struct watch_finding *finding);
struct json_object *watch_times_json(const struct watch *w);

#endif /* NPTB_VIEW_WATCH_H */
