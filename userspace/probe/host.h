/* SPDX-License-Identifier: GPL-2.0-only */
/* The host that the catalogue runs on: for --report, and for documents. */
#ifndef NPTB_PROBE_HOST_H
#define NPTB_PROBE_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "layout.h"

void host_kernel(char *buf, size_t size);
bool host_intel(void);
void host_paging(struct probe_paging *paging);
struct json_object *host_json(void);

#endif /* NPTB_PROBE_HOST_H */
