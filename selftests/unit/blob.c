// SPDX-License-Identifier: GPL-2.0-only
/* Blobs of BTF, each in an allocation of its size: ASan sees what is past it. */
#include "blob.h"

#define HEAD	24

const struct layout layouts[NR_LAYOUTS] = {
	{ "alone, strings last", true, false, 24 },
	{ "alone, types last", true, true, 24 },
	{ "split, strings last", false, false, 24 },
	{ "split, types last", false, true, 24 },
	{ "split, longer head", false, false, 32 },
};

void put(struct writer *w, u32 word)
{
	assert_true(w->types_len + sizeof(word) <= sizeof(w->types));
	memcpy(w->types + w->types_len, &word, sizeof(word));
	w->types_len += sizeof(word);
}

u32 string(struct writer *w, const char *s)
{
	u32 at = w->strings_len;

	if (!*s)
		return 0;
	assert_true(at + strlen(s) < sizeof(w->strings));
	memcpy(w->strings + at, s, strlen(s) + 1);
	w->strings_len += strlen(s) + 1;
	return w->first_string + at;
}

/* A type; what the kind wants behind it is @extra words that mean nothing. */
u32 add(struct writer *w, const char *name, u32 kind, u32 vlen, u32 size,
	u32 extra)
{
	put(w, string(w, name));
	put(w, kind << 24 | vlen);
	put(w, size);
	while (extra--)
		put(w, 0x01020304);
	return w->next_id++;
}

static u32 of(struct writer *w, u32 kind, u32 type)
{
	return add(w, "", kind, 0, type, 0);
}

static u32 named(struct writer *w, const char *name, u32 type)
{
	return add(w, name, TYPEDEF, 0, type, 0);
}

u32 integer(struct writer *w, const char *name, u32 size)
{
	return add(w, name, INT, 0, size, 1);
}

static u32 chain(struct writer *w, u32 links, u32 type)
{
	static const u32 kinds[] = { CONST, VOLATILE, RESTRICT, TYPE_TAG };
	u32 i;

	for (i = 0; i < links; i++)
		type = of(w, kinds[i % ARRAY_SIZE(kinds)], type);
	return type;
}

void add_func(struct writer *w, const char *name, const u32 *ids, size_t count)
{
	size_t i;

	add(w, name, FUNC, 1, w->next_id + 1, 0);
	add(w, "", FUNC_PROTO, count - 1, ids[0], 0);
	for (i = 1; i < count; i++) {
		put(w, ids[i] ? string(w, "arg") : 0);
		put(w, ids[i]);
	}
}

void begin(struct writer *w, const struct writer *base)
{
	memset(w, 0, sizeof(*w));
	w->first_id = base ? base->next_id : 1;
	w->next_id = w->first_id;
	w->first_string = base ? base->strings_len : 0;
	w->strings_len = base ? 0 : 1;
}

/* A type of every kind that is not asked for, to be stepped over. */
static void add_others(struct writer *w)
{
	add(w, "", ARRAY, 0, 0, 3);
	add(w, "kvm", UNION, 2, 8, 6);
	add(w, "var", VAR, 0, 1, 1);
	add(w, ".data", DATASEC, 3, 24, 9);
	add(w, "tag", DECL_TAG, 0, 1, 1);
	add(w, "none", STRUCT, 0, 0, 0);
	add(w, "many", ENUM, 5, 4, 10);
}

/* What base and module have between them. */
static void write_all(struct writer *base, struct writer *mod, bool alone)
{
	struct writer *w = base;
	u32 b, s, i, l, q, o, kvm, vcpu, un, fault, e1, e4, e8, f8, any, gpa, proto;
	u32 pkvm, pvcpu, pun, own, loop, at_most, cvoid, pcvoid;

	begin(w, NULL);
	add_others(w);
	b = integer(w, "_Bool", 1);
	s = integer(w, "short", 2);
	i = integer(w, "int", 4);
	l = integer(w, "long unsigned int", 8);
	q = integer(w, "__int128", 16);
	o = integer(w, "odd", 3);
	f8 = add(w, "double", FLOAT, 0, 8, 0);
	e1 = add(w, "small", ENUM, 1, 1, 2);
	e4 = add(w, "usual", ENUM, 2, 4, 4);
	e8 = add(w, "large", ENUM64, 2, 8, 6);
	kvm = add(w, "kvm", STRUCT, 2, 8, 6);
	vcpu = add(w, "kvm_vcpu", FWD, 0, 0, 0);
	un = add(w, "mix", UNION, 1, 8, 3);
	any = of(w, PTR, 0);
	pkvm = of(w, PTR, kvm);
	gpa = named(w, "gpa_t", named(w, "u64", named(w, "__u64", l)));
	ADD_FUNC(w, "in_base", i, pkvm);
	proto = w->next_id - 1;

	if (!alone) {
		w = mod;
		begin(w, base);
	}
	own = add(w, "kvm_page_fault", STRUCT, 1, 8, 3);
	pvcpu = of(w, PTR, vcpu);
	pun = of(w, PTR, un);
	fault = of(w, PTR, own);
	loop = named(w, "loop", w->next_id + 1);
	named(w, "back", loop);
	at_most = chain(w, 31, i);
	cvoid = of(w, CONST, 0);
	pcvoid = of(w, PTR, cvoid);
	add_others(w);

	ADD_FUNC(w, "fault", i, pvcpu, gpa, l, any, i);
	ADD_FUNC(w, "nothing", 0);
	ADD_FUNC(w, "widths", b, b, s, i, l);
	ADD_FUNC(w, "enums", e4, e1, e4, e8);
	ADD_FUNC(w, "module_s", 0, fault);
	ADD_FUNC(w, "kvm_s", b, pkvm, pkvm);
	ADD_FUNC(w, "odd", i, o);
	ADD_FUNC(w, "huge", i, q);
	ADD_FUNC(w, "float", i, f8);
	ADD_FUNC(w, "by_value", i, kvm);
	ADD_FUNC(w, "union_p", i, pun);
	ADD_FUNC(w, "void_p", any, any, pcvoid, cvoid);
	ADD_FUNC(w, "void_ps", any, any, pcvoid);
	ADD_FUNC(w, "twice_p", 0, of(w, PTR, pkvm));
	ADD_FUNC(w, "chained", chain(w, 3, gpa), chain(w, 4, pkvm),
		 of(w, PTR, chain(w, 2, named(w, "kvm_t", kvm))));
	ADD_FUNC(w, "longest", at_most);
	ADD_FUNC(w, "too_long", of(w, CONST, at_most));
	ADD_FUNC(w, "loop", i, loop);
	ADD_FUNC(w, "loop_p", i, of(w, PTR, loop));
	ADD_FUNC(w, "self", i, named(w, "self", w->next_id));
	ADD_FUNC(w, "no_type", i, 0x7fffffff);
	ADD_FUNC(w, "variadic", i, i, 0);
	add(w, "base_proto", FUNC, 0, proto, 0);
	add(w, "no_proto", FUNC, 0, gpa, 0);
	add(w, "far_proto", FUNC, 0, 0x7fffffff, 0);
	add(w, "void_proto", FUNC, 0, 0, 0);
	/* The last one, and its name the last string. */
	ADD_FUNC(w, "last", i, l, 0);
}

/* Lay it out in memory of its own. */
void lay_out(struct blob *blob, const struct writer *w,
	     const struct layout *how)
{
	u32 head[HEAD / 4] = {
		0x1eb9f, how->head,
		how->types_last ? w->strings_len : 0, w->types_len,
		how->types_last ? 0 : w->types_len, w->strings_len,
	};

	blob->size = how->head + w->types_len + w->strings_len;
	blob->data = calloc(1, blob->size);
	memcpy(blob->data, head, sizeof(head));
	memcpy(blob->data + how->head + head[2], w->types, w->types_len);
	memcpy(blob->data + how->head + head[4], w->strings, w->strings_len);
}

bool open_blob(struct blob *blob, const struct blob *base)
{
	int nr = nptb_btf_open(&blob->btf, blob->data, blob->size,
			       base ? &base->btf : NULL);

	if (nr < 0)
		return false;
	blob->btf.marks = malloc(nr * sizeof(u32));
	nr = nptb_btf_index(&blob->btf);
	if (nr < 0) {
		free(blob->btf.marks);
		blob->btf.marks = NULL;
		return false;
	}
	assert_int_equal(nr, blob->btf.nr_types);
	return true;
}

void free_blob(struct blob *blob)
{
	free(blob->btf.marks);
	free(blob->data);
	memset(blob, 0, sizeof(*blob));
}

/* What is asked; BASE: of the base, and so only where there is no other. */
#define BASE	2

static const struct {
	const char *name;
	const char *prototype;
	int want;
} asked[] = {
	{ "fault", "ip<kvm_vcpu>llpi", 1 },
	{ "fault", "ippppi", 0 },
	{ "fault", "ipllpi", 1 },
	{ "fault", "ip<kvm_vcpu>llp", 0 },	/* one less */
	{ "fault", "i", 0 },
	{ "fault", "ip<kvm_vcpu>llpii", 0 },	/* one more */
	{ "fault", "ip<kvm_vcpu>llpiv", 0 },
	{ "fault", "ip<kvm_vcpu>lipi", 0 },	/* another width */
	{ "fault", "ip<kvm_vcpu>llpl", 0 },
	{ "fault", "ip<kvm>llpi", 0 },		/* another struct */
	{ "fault", "ip<kvm_vcpa>llpi", 0 },
	{ "fault", "ip<kvm_vcp>llpi", 0 },
	{ "fault", "ip<kvm_vcpus>llpi", 0 },
	{ "fault", "ip<>llpi", 0 },
	{ "fault", "lp<kvm_vcpu>llpi", 0 },	/* another result */
	{ "fault", "vp<kvm_vcpu>llpi", 0 },
	{ "fault", "pp<kvm_vcpu>llpi", 0 },
	{ "fault", "illlpi", 0 },		/* no pointer */
	{ "fault", "ip<kvm_vcpu>lp<kvm_vcpu>pi", 0 },
	{ "fault", "ip<kvm_vcpu>llp<kvm>i", 0 },	/* to void */
	{ "nothing", "v", 1 },
	{ "nothing", "i", 0 },
	{ "nothing", "p", 0 },
	{ "nothing", "vv", 0 },
	{ "widths", "bbwil", 1 },
	{ "widths", "bwwil", 0 },
	{ "widths", "bbbil", 0 },
	{ "widths", "bbwll", 0 },
	{ "widths", "bbwii", 0 },
	{ "widths", "ibwil", 0 },
	{ "widths", "bbwip", 0 },
	{ "enums", "ibil", 1 },
	{ "enums", "iiil", 0 },
	{ "enums", "ibii", 0 },
	{ "module_s", "vp<kvm_page_fault>", 1 },
	{ "module_s", "vp<kvm>", 0 },
	{ "kvm_s", "bp<kvm>p<kvm>", 1 },
	{ "kvm_s", "bp<kvm>p<kvm_vcpu>", 0 },
	{ "kvm_s", "bp<kvm>", 0 },
	{ "odd", "ii", 0 },
	{ "odd", "iw", 0 },
	{ "huge", "il", 0 },
	{ "float", "il", 0 },
	{ "by_value", "il", 0 },
	{ "by_value", "ip<kvm>", 0 },
	{ "union_p", "ip", 1 },
	{ "union_p", "ip<mix>", 0 },
	{ "void_p", "pppv", 0 },	/* const void is none */
	{ "void_ps", "ppp", 1 },
	{ "twice_p", "vp", 1 },
	{ "twice_p", "vp<kvm>", 0 },
	{ "chained", "lp<kvm>p<kvm>", 1 },
	{ "chained", "lp<kvm>p<kvm_t>", 0 },
	{ "chained", "ip<kvm>p<kvm>", 0 },
	{ "longest", "i", 1 },
	{ "too_long", "i", 0 },
	{ "loop", "ii", 0 },
	{ "loop", "iv", 0 },
	{ "loop_p", "ip", 1 },
	{ "loop_p", "ip<kvm>", 0 },
	{ "self", "il", 0 },
	{ "no_type", "ii", 0 },
	{ "no_type", "iv", 0 },
	{ "variadic", "iiv", 1 },
	{ "variadic", "ii", 0 },
	{ "base_proto", "ip<kvm>", 1 },
	{ "base_proto", "ip<kvm_vcpu>", 0 },
	{ "no_proto", "l", 0 },
	{ "far_proto", "v", 0 },
	{ "void_proto", "v", 0 },
	{ "last", "ilv", 1 },
	{ "last", "ilvv", 0 },
	{ "absent", "v", -1 },
	{ "las", "ilv", -1 },
	{ "lasts", "ilv", -1 },
	{ "kvm", "v", -1 },			/* a struct's name */
	{ "in_base", "ip<kvm>", BASE },
};

/* Ask all; with @exact, see the right answers, else see an answer at all. */
static void ask(const struct nptb_btf *btf, const struct layout *how,
		bool exact)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(asked); i++) {
		int want = asked[i].want, got;

		/* In damaged ones, a question for each name is enough. */
		if (!exact && i && !strcmp(asked[i].name, asked[i - 1].name))
			continue;
		got = nptb_btf_check(btf, asked[i].name, asked[i].prototype);
		if (want == BASE)
			want = how->alone ? 1 : -1;
		if (exact && got != want)
			fail_msg("%s, %s: %s is %d, not %d", how->name,
				 asked[i].name, asked[i].prototype, got, want);
		assert_in_range(got + 1, 0, 2);
	}
}

/* Write both in a layout; where there is one only, @mod is it. */
void make(const struct layout *how, struct blob *base, struct blob *mod)
{
	static struct writer writers[2];

	memset(base, 0, sizeof(*base));
	memset(mod, 0, sizeof(*mod));
	write_all(&writers[0], &writers[1], how->alone);
	lay_out(how->alone ? mod : base, &writers[0], how);
	if (!how->alone)
		lay_out(mod, &writers[1], how);
}

/* Read and ask what is there; whether it was BTF. */
bool read_both(const struct layout *how, struct blob *base, struct blob *mod,
	       bool exact)
{
	bool ok = (how->alone || open_blob(base, NULL)) &&
		  open_blob(mod, how->alone ? NULL : base);

	if (ok)
		ask(&mod->btf, how, exact);
	free(base->btf.marks);
	free(mod->btf.marks);
	base->btf.marks = NULL;
	mod->btf.marks = NULL;
	return ok;
}
