/* SPDX-License-Identifier: GPL-2.0-only */
/* What new VMs start with: the defaults, and those of a program or a cgroup. */
#ifndef NPTB_BINDINGS_H
#define NPTB_BINDINGS_H

#include <stddef.h>

#include <json-c/json.h>

/* Room for a cgroup's path, as long as a write of the command's may be. */
#define BINDING_WHOM_MAX 1024
/* "comm", "cgroup". */
#define BINDING_KIND_MAX 16
/* The knobs that they have. */
#define BINDING_KNOBS	9

extern const char *const binding_knobs[BINDING_KNOBS];

/**
 * struct binding - what some VMs start with
 * @kind: what @whom is, "comm" or "cgroup"; empty for all other VMs
 * @whom: name of the program, or path of the cgroup; printable
 * @value: of each of binding_knobs, empty where an older module has none
 */
struct binding {
	char kind[BINDING_KIND_MAX];
	char whom[BINDING_WHOM_MAX];
	char value[BINDING_KNOBS][32];
};

int bindings_read(struct binding **list, size_t *nr);
struct json_object *binding_json(const struct binding *b);

#endif /* NPTB_BINDINGS_H */
