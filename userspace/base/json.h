/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NPTB_JSON_H
#define NPTB_JSON_H

#include <stdint.h>

#include <json-c/json.h>

struct json_object *json_hex(uint64_t value);
struct json_object *json_text(const char *text);

#endif /* NPTB_JSON_H */
