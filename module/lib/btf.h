/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compare the prototypes that we call KVM by with what the running kernel says
 * of itself in BTF. Pure; the format is Documentation/bpf/btf.rst.
 */
#ifndef NPTB_LIB_BTF_H
#define NPTB_LIB_BTF_H

#include <linux/types.h>

/*
 * Types differ in length: from a mark on they are walked one by one. vmlinux has
 * well over 100,000 types, of which a handful is asked for.
 */
#define NPTB_BTF_STEP	64

/**
 * struct nptb_btf - one blob of BTF, a module's or vmlinux's
 * @data: the blob
 * @size: in bytes
 * @base: what a module's blob builds upon, or NULL
 * @types: offset of its first type
 * @types_end: offset past its last type
 * @strings: offset of its strings
 * @strings_end: offset past them
 * @first_id: id of its first type
 * @nr_types: types in it, once indexed
 * @marks: offset of every %NPTB_BTF_STEP-th type; the caller's to free
 */
struct nptb_btf {
	const u8 *data;
	u32 size;
	const struct nptb_btf *base;
	u32 types;
	u32 types_end;
	u32 strings;
	u32 strings_end;
	u32 first_id;
	u32 nr_types;
	u32 *marks;
};

int nptb_btf_open(struct nptb_btf *btf, const void *data, u32 size,
		  const struct nptb_btf *base);
int nptb_btf_index(struct nptb_btf *btf);
int nptb_btf_check(const struct nptb_btf *btf, const char *name,
		   const char *prototype);
int nptb_btf_member(const struct nptb_btf *btf, const char *name,
		    const char *member);

#endif /* NPTB_LIB_BTF_H */
