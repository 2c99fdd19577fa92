/* SPDX-License-Identifier: GPL-2.0-only */
/* Blobs of BTF to read: a writer, and one with what we ask of it. */
#ifndef BLOB_H
#define BLOB_H

#include "unit.h"

#include "lib/btf.h"

enum {
	INT = 1, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE,
	CONST, RESTRICT, FUNC, FUNC_PROTO, VAR, DATASEC, FLOAT, DECL_TAG,
	TYPE_TAG, ENUM64,
};

/* A blob being written. */
struct writer {
	u32 first_id, next_id;
	u32 first_string;
	u32 types_len, strings_len;
	u8 types[3072];
	char strings[1024];
};

/* A blob as it is read. */
struct blob {
	u8 *data;
	u32 size;
	struct nptb_btf btf;
};

/* How blobs can be laid out. What is last has nothing behind it. */
struct layout {
	const char *name;
	bool alone;		/* one blob, not a module's upon its base */
	bool types_last;
	u32 head;		/* 7.3 has two fields more */
};

#define NR_LAYOUTS	5
extern const struct layout layouts[NR_LAYOUTS];

void begin(struct writer *w, const struct writer *base);
u32 add(struct writer *w, const char *name, u32 kind, u32 vlen, u32 size,
	u32 extra);
u32 integer(struct writer *w, const char *name, u32 size);
void add_func(struct writer *w, const char *name, const u32 *ids, size_t count);
void put(struct writer *w, u32 word);
u32 string(struct writer *w, const char *s);
void lay_out(struct blob *blob, const struct writer *w,
	     const struct layout *how);
bool open_blob(struct blob *blob, const struct blob *base);
void free_blob(struct blob *blob);

void make(const struct layout *how, struct blob *base, struct blob *mod);
bool read_both(const struct layout *how, struct blob *base, struct blob *mod,
	       bool exact);

/* A function, and its prototype behind it. */
#define ADD_FUNC(w, name, ...) do {					\
	const u32 ids_[] = { __VA_ARGS__ };				\
									\
	add_func(w, name, ids_, ARRAY_SIZE(ids_));			\
} while (0)

#endif /* BLOB_H */
