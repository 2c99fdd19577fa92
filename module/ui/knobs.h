/* SPDX-License-Identifier: GPL-2.0-only */
/* The knobs of a VM. */
#ifndef NPTB_UI_KNOBS_H
#define NPTB_UI_KNOBS_H

#include "object/config.h"

struct nptb_vm;

/**
 * struct nptb_knob - a knob of a VM, and of the defaults
 * @name: as in debugfs
 * @parse: read its text into its place of a configuration, the rest of which
 *	need not be set; -EINVAL or -ERANGE where it is not understood
 * @print: write its text; returns the length
 * @apply: put its value of a configuration into force; returns 0 or an error,
 *	and then the old value is in force
 */
struct nptb_knob {
	const char *name;
	int (*parse)(const char *text, struct nptb_config *config);
	int (*print)(const struct nptb_config *config, char *text, size_t len);
	int (*apply)(struct nptb_vm *vm, const struct nptb_config *config);
};

extern const struct nptb_knob nptb_knobs[];
const struct nptb_knob *nptb_knob_find(const char *name, size_t len);
int nptb_knob_read(const struct nptb_knob *knob, struct nptb_vm *vm, char *text,
		   size_t len);
int nptb_knob_write(const struct nptb_knob *knob, struct nptb_vm *vm,
		    const char *text);

#endif /* NPTB_UI_KNOBS_H */
