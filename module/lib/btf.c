// SPDX-License-Identifier: GPL-2.0-only
/* Read just enough BTF to compare prototypes. Pure; see lib/btf.h. */
#include "lib/btf.h"
#include "lib/pure.h"

/* The magic, and version 1. */
#define BTF_MAGIC_LE	0x1eb9f

/* Kinds of types that a prototype can be made of, from btf.rst. */
enum {
	KIND_INT = 1,
	KIND_PTR = 2,
	KIND_ARRAY = 3,
	KIND_STRUCT = 4,
	KIND_UNION = 5,
	KIND_ENUM = 6,
	KIND_FWD = 7,
	KIND_TYPEDEF = 8,
	KIND_VOLATILE = 9,
	KIND_CONST = 10,
	KIND_RESTRICT = 11,
	KIND_FUNC = 12,
	KIND_FUNC_PROTO = 13,
	KIND_VAR = 14,
	KIND_DATASEC = 15,
	KIND_FLOAT = 16,
	KIND_DECL_TAG = 17,
	KIND_TYPE_TAG = 18,
	KIND_ENUM64 = 19,
};

/* A chain of typedefs and qualifiers longer than this is no valid BTF. */
#define CHAIN_MAX	32

struct type {
	u32 name;
	u32 info;
	u32 size;
};

/* Since 7.3, kinds have 7 bits and vlen 24; what they gained was 0 before. */
static u32 kind_of(const struct type *type)
{
	return (type->info >> 24) & 0x7f;
}

static u32 vlen_of(const struct type *type)
{
	return type->info & 0xffffff;
}

static u32 get32(const struct nptb_btf *btf, u32 at)
{
	u32 value;

	memcpy(&value, btf->data + at, sizeof(value));
	return value;
}

static bool get_type(const struct nptb_btf *btf, u32 at, struct type *type)
{
	if (at < btf->types || at + sizeof(*type) > btf->types_end)
		return false;
	memcpy(type, btf->data + at, sizeof(*type));
	return true;
}

/* Bytes behind struct type: always, and for each member. */
static const struct {
	bool known;
	u8 fixed;
	u8 each;
} behind[] = {
	[KIND_INT] = { true, 4, 0 },
	[KIND_PTR] = { true, 0, 0 },
	[KIND_ARRAY] = { true, 12, 0 },
	[KIND_STRUCT] = { true, 0, 12 },
	[KIND_UNION] = { true, 0, 12 },
	[KIND_ENUM] = { true, 0, 8 },
	[KIND_FWD] = { true, 0, 0 },
	[KIND_TYPEDEF] = { true, 0, 0 },
	[KIND_VOLATILE] = { true, 0, 0 },
	[KIND_CONST] = { true, 0, 0 },
	[KIND_RESTRICT] = { true, 0, 0 },
	[KIND_FUNC] = { true, 0, 0 },
	[KIND_FUNC_PROTO] = { true, 0, 8 },
	[KIND_VAR] = { true, 4, 0 },
	[KIND_DATASEC] = { true, 0, 12 },
	[KIND_FLOAT] = { true, 0, 0 },
	[KIND_DECL_TAG] = { true, 4, 0 },
	[KIND_TYPE_TAG] = { true, 0, 0 },
	[KIND_ENUM64] = { true, 0, 12 },
};

/* Where the type behind one at @at begins; 0 where @type is none we know. */
static u64 next_of(const struct type *type, u32 at)
{
	u32 kind = kind_of(type);

	if (kind > KIND_ENUM64 || !behind[kind].known)
		return 0;
	return (u64)at + sizeof(*type) + behind[kind].fixed +
	       (u64)behind[kind].each * vlen_of(type);
}

/**
 * nptb_btf_open() - look at the head of a blob
 * @btf: to set up
 * @data: the blob
 * @size: in bytes
 * @base: indexed, or NULL where @data stands alone
 *
 * Return: how many marks nptb_btf_index() may make, or a negative number where
 * it is no BTF that we know.
 */
int nptb_btf_open(struct nptb_btf *btf, const void *data, u32 size,
		  const struct nptb_btf *base)
{
	u64 end;
	u32 head;

	memset(btf, 0, sizeof(*btf));
	btf->data = data;
	btf->size = size;
	btf->base = base;
	/* magic 16, version 8, flags 8, then 32 bits each: hdr_len, type_off,
	 * type_len, str_off, str_len.
	 */
	if (size < 24 || (get32(btf, 0) & 0xffffff) != BTF_MAGIC_LE)
		return -1;
	head = get32(btf, 4);
	end = (u64)head + get32(btf, 8) + get32(btf, 12);
	if (end > size || (u64)head + get32(btf, 16) + get32(btf, 20) > size)
		return -1;
	btf->types = head + get32(btf, 8);
	btf->types_end = end;
	btf->strings = head + get32(btf, 16);
	btf->strings_end = btf->strings + get32(btf, 20);
	btf->first_id = base ? base->first_id + base->nr_types : 1;
	return (btf->types_end - btf->types) / sizeof(struct type) /
	       NPTB_BTF_STEP + 1;
}

/**
 * nptb_btf_index() - see that all types are whole, and mark where some are
 * @btf: opened; nptb_btf.marks has as many entries as nptb_btf_open() said
 *
 * Return: the number of types, or a negative number where one is not as it
 * should be.
 */
int nptb_btf_index(struct nptb_btf *btf)
{
	u32 at = btf->types, count = 0;
	struct type type;

	while (at < btf->types_end) {
		u64 next;

		if (!get_type(btf, at, &type))
			return -1;
		next = next_of(&type, at);
		if (!next || next > btf->types_end)
			return -1;
		if (count % NPTB_BTF_STEP == 0)
			btf->marks[count / NPTB_BTF_STEP] = at;
		count++;
		at = next;
	}
	btf->nr_types = count;
	return count;
}

static const struct nptb_btf *home_of(const struct nptb_btf *btf, u32 id)
{
	while (btf && id < btf->first_id)
		btf = btf->base;
	if (!btf || id - btf->first_id >= btf->nr_types)
		return NULL;
	return btf;
}

/* Get a type; return where it is, or 0 where there is none. */
static u32 type_at(const struct nptb_btf *btf, u32 id, struct type *type)
{
	const struct nptb_btf *home = home_of(btf, id);
	u32 at, i;

	if (!home)
		return 0;
	i = id - home->first_id;
	at = home->marks[i / NPTB_BTF_STEP];
	for (i %= NPTB_BTF_STEP; get_type(home, at, type); i--) {
		if (!i)
			return at;
		at = next_of(type, at);
	}
	return 0;
}

static bool type_of(const struct nptb_btf *btf, u32 id, struct type *type)
{
	return type_at(btf, id, type);
}

/* Strings of a module's blob go on where its base's end. */
static const char *string_of(const struct nptb_btf *btf, u32 offset)
{
	u32 base_len = 0;

	if (btf->base) {
		base_len = btf->base->strings_end - btf->base->strings;
		if (offset < base_len)
			return string_of(btf->base, offset);
	}
	offset -= base_len;
	if (offset >= btf->strings_end - btf->strings ||
	    btf->data[btf->strings_end - 1])
		return "";
	return (const char *)btf->data + btf->strings + offset;
}

/* Strip names and qualifiers. */
static bool bare_type(const struct nptb_btf *btf, u32 id, struct type *type)
{
	int i;

	for (i = 0; i < CHAIN_MAX; i++) {
		if (!type_of(btf, id, type))
			return false;
		switch (kind_of(type)) {
		case KIND_TYPEDEF:
		case KIND_VOLATILE:
		case KIND_CONST:
		case KIND_RESTRICT:
		case KIND_TYPE_TAG:
			id = type->size;
			break;
		default:
			return true;
		}
	}
	return false;
}

/*
 * One type against one letter: v void, p pointer, b 1, w 2, i 4, l 8 bytes of
 * integer or enum. A pointer to a struct may be followed by its name in <>.
 */
static bool same_type(const struct nptb_btf *btf, u32 id, const char **proto)
{
	static const char letters[] = { 0, 'b', 'w', 0, 'i', 0, 0, 0, 'l' };
	char want = *(*proto)++;
	struct type type;
	const char *name;
	size_t len;

	if (!id)
		return want == 'v';
	if (!bare_type(btf, id, &type))
		return false;
	if (kind_of(&type) != KIND_PTR)
		return (kind_of(&type) == KIND_INT ||
			kind_of(&type) == KIND_ENUM ||
			kind_of(&type) == KIND_ENUM64) &&
		       type.size < sizeof(letters) &&
		       letters[type.size] == want;
	if (want != 'p')
		return false;
	if (**proto != '<')
		return true;
	len = strcspn(*proto, ">");
	if (!type.size || !bare_type(btf, type.size, &type) ||
	    (kind_of(&type) != KIND_STRUCT && kind_of(&type) != KIND_FWD))
		return false;
	name = string_of(btf, type.name);
	if (strlen(name) != len - 1 || strncmp(name, *proto + 1, len - 1))
		return false;
	*proto += len + 1;
	return true;
}

static bool same_prototype(const struct nptb_btf *btf, u32 id,
			   const char *proto)
{
	const struct nptb_btf *home = home_of(btf, id);
	struct type type;
	u32 i, at = type_at(btf, id, &type);

	if (!at || kind_of(&type) != KIND_FUNC_PROTO ||
	    !same_type(btf, type.size, &proto))
		return false;
	at += sizeof(type);
	for (i = 0; i < vlen_of(&type); i++)
		if (!*proto ||
		    !same_type(btf, get32(home, at + 8 * i + 4), &proto))
			return false;
	return !*proto;
}

/**
 * nptb_btf_check() - is a function what we take it for?
 * @btf: indexed, and its base as well
 * @name: of the function, looked for in @btf alone
 * @prototype: a letter for what it returns and one for each parameter, see
 *	same_type()
 *
 * Return: 1 where it is, 0 where it is something else, -1 where @btf does not
 * have it.
 */
int nptb_btf_check(const struct nptb_btf *btf, const char *name,
		   const char *prototype)
{
	u32 at = btf->types, i;
	struct type type;

	for (i = 0; i < btf->nr_types && get_type(btf, at, &type); i++) {
		if (kind_of(&type) == KIND_FUNC &&
		    !strcmp(string_of(btf, type.name), name))
			return same_prototype(btf, type.size, prototype);
		at = next_of(&type, at);
	}
	return -1;
}

/**
 * nptb_btf_member() - where is a member of a struct?
 * @btf: opened
 * @name: of the struct, looked for in @btf alone
 * @member: of it, not of a struct or union in it
 *
 * Return: the offset in bytes, or -1 where @btf does not have it.
 */
int nptb_btf_member(const struct nptb_btf *btf, const char *name,
		    const char *member)
{
	u32 at = btf->types, i, j;
	struct type type;

	for (i = 0; i < btf->nr_types && get_type(btf, at, &type); i++) {
		bool it = kind_of(&type) == KIND_STRUCT &&
			  !strcmp(string_of(btf, type.name), name);

		for (j = 0; it && j < vlen_of(&type); j++) {
			u32 entry = at + sizeof(type) + 12 * j;

			/* Offsets in bits; a bit field's size is above. */
			if (!strcmp(string_of(btf, get32(btf, entry)), member))
				return (get32(btf, entry + 8) & 0xffffff) / 8;
		}
		at = next_of(&type, at);
	}
	return -1;
}
