// SPDX-License-Identifier: GPL-2.0-only
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyze/symbols.h"
#include "base/util.h"

/* x86-64's Linux: where its text is linked, and what KASLR moves it by, at most. */
#define TEXT_BASE	0xffffffff80000000ULL
#define KASLR_STEP	0x200000ULL
#define KASLR_MOST	0x40000000ULL
/* A function is no larger: what lies further behind the last symbol has no name. */
#define SYMBOL_MOST	0x100000ULL
/*
 * One offset fits by far where so many places, and so many times more than of any other, are
 * where functions begin. So many places are looked at.
 */
#define FIT_LEAST	8
#define FIT_FACTOR	2
#define FIT_RIPS	4096

static int add(struct symbols *s, size_t *room, uint64_t addr, const char *name, size_t len)
{
	if (s->nr == *room) {
		size_t more = *room ? 2 * *room : 4096;
		struct symbol *grown = reallocarray(s->symbol, more, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		s->symbol = grown;
		*room = more;
	}
	s->symbol[s->nr] = (struct symbol){ .addr = addr, .name = strndup(name, len) };
	return s->symbol[s->nr++].name ? 0 : -ENOMEM;
}

/* "ffffffff81000000 T _text", what follows is a module's name. */
static int read_text(FILE *f, struct symbols *s)
{
	char line[1024], name[512], type;
	size_t room = 0;
	uint64_t addr;
	int err = 0;

	while (!err && fgets(line, sizeof(line), f))
		if (sscanf(line, "%" SCNx64 " %c %511s", &addr, &type, name) == 3 &&
		    strchr("tTwW", type))
			err = add(s, &room, addr, name, strlen(name));
	return err;
}

/* @at to @at + @bytes lie within the file. */
static bool inside(uint64_t size, uint64_t at, uint64_t bytes)
{
	return at <= size && bytes <= size - at;
}

static int read_table(const char *data, uint64_t size, const Elf64_Shdr *table,
		      const Elf64_Shdr *names, struct symbols *s)
{
	size_t room = 0;
	uint64_t i, left;
	int err = 0;

	if (!inside(size, table->sh_offset, table->sh_size) ||
	    !inside(size, names->sh_offset, names->sh_size))
		return -EBADMSG;
	for (i = 0; !err && i + sizeof(Elf64_Sym) <= table->sh_size; i += sizeof(Elf64_Sym)) {
		Elf64_Sym sym;

		memcpy(&sym, data + table->sh_offset + i, sizeof(sym));
		if (ELF64_ST_TYPE(sym.st_info) != STT_FUNC || sym.st_name >= names->sh_size ||
		    !sym.st_value)
			continue;
		left = names->sh_size - sym.st_name;
		err = add(s, &room, sym.st_value, data + names->sh_offset + sym.st_name,
			  strnlen(data + names->sh_offset + sym.st_name, left));
	}
	return err;
}

static int read_elf(const char *data, uint64_t size, struct symbols *s)
{
	Elf64_Shdr table, names;
	Elf64_Ehdr head;
	unsigned int i;

	if (size < sizeof(head))
		return -EBADMSG;
	memcpy(&head, data, sizeof(head));
	if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_shentsize != sizeof(table) ||
	    !inside(size, head.e_shoff, (uint64_t)head.e_shnum * sizeof(table)))
		return -EBADMSG;
	for (i = 0; i < head.e_shnum; i++) {
		memcpy(&table, data + head.e_shoff + i * sizeof(table), sizeof(table));
		if (table.sh_type != SHT_SYMTAB || table.sh_link >= head.e_shnum)
			continue;
		memcpy(&names, data + head.e_shoff + table.sh_link * sizeof(names), sizeof(names));
		return read_table(data, size, &table, &names, s);
	}
	return -ENODATA;
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

/**
 * symbols_read() - read the symbols of a guest's kernel
 * @path: vmlinux, or a text as System.map or /proc/kallsyms
 * @s: where to put them; for symbols_free(), also after an error
 *
 * Return: 0; -ENODATA for a file without symbols; -EBADMSG for a damaged one; -errno.
 */
int symbols_read(const char *path, struct symbols *s)
{
	FILE *f = fopen(path, "re");
	struct stat st;
	char magic[SELFMAG] = "";
	void *data;
	int err;

	memset(s, 0, sizeof(*s));
	if (!f)
		return -errno;
	if (fread(magic, 1, sizeof(magic), f) == sizeof(magic) &&
	    !memcmp(magic, ELFMAG, SELFMAG)) {
		err = fstat(fileno(f), &st) ? -errno : 0;
		data = err ? MAP_FAILED : mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE,
					       fileno(f), 0);
		if (data == MAP_FAILED) {
			err = err ? err : -errno;
		} else {
			err = read_elf(data, (uint64_t)st.st_size, s);
			munmap(data, (size_t)st.st_size);
		}
	} else {
		rewind(f);
		err = read_text(f, s);
	}
	fclose(f);
	if (!err && !s->nr)
		err = -ENODATA;
	if (!err)
		qsort(s->symbol, s->nr, sizeof(*s->symbol), by_address);
	return err;
}

static bool in_kernel(uint64_t addr)
{
	return addr >= TEXT_BASE && addr < TEXT_BASE + KASLR_MOST;
}

static bool is_start(const struct symbols *s, uint64_t addr)
{
	const struct symbol key = { .addr = addr };

	return bsearch(&key, s->symbol, s->nr, sizeof(key), by_address);
}

/* How many of the first RIPs are where a function begins, were it moved by @offset. */
static size_t starts(const struct symbols *s, const uint64_t *rips, size_t nr, uint64_t offset)
{
	size_t i, looked = 0, found = 0;

	for (i = 0; i < nr && looked < FIT_RIPS; i++) {
		if (!in_kernel(rips[i]))
			continue;
		looked++;
		found += is_start(s, rips[i] - offset);
	}
	return found;
}

/**
 * symbols_fit() - find out what KASLR moved a kernel by
 * @s: its symbols
 * @rips: places in its code that faulted
 * @nr: how many
 * @offset: where to put it
 *
 * Several offsets have all places within the text, as not all of that faults. Who calls a
 * function on a page that is not resident faults at its first instruction: the right
 * offset has far more places where functions begin than any other.
 *
 * Return: 0 where one offset alone fits, or one by far; -ENOENT where none does, -EAGAIN
 * where several do.
 */
int symbols_fit(const struct symbols *s, const uint64_t *rips, size_t nr, uint64_t *offset)
{
	uint64_t low = ~0ULL, high = 0, first = 0, last = 0, o;
	size_t i, score, most = 0, second = 0, found = 0;

	for (i = 0; i < nr; i++) {
		if (!in_kernel(rips[i]))
			continue;
		low = rips[i] < low ? rips[i] : low;
		high = rips[i] > high ? rips[i] : high;
	}
	for (i = 0; i < s->nr; i++) {
		if (!in_kernel(s->symbol[i].addr))
			continue;
		first = first ? first : s->symbol[i].addr;
		last = s->symbol[i].addr;
	}
	if (!high || !last)
		return -ENOENT;
	for (o = 0; o < KASLR_MOST; o += KASLR_STEP) {
		if (low < first + o || high > last + o + SYMBOL_MOST)
			continue;
		score = starts(s, rips, nr, o);
		if (!found++ || score > most) {
			*offset = o;
			second = most;
			most = score;
		} else if (score > second) {
			second = score;
		}
	}
	if (!found)
		return -ENOENT;
	return found == 1 || (most >= FIT_LEAST && most >= FIT_FACTOR * second) ? 0 : -EAGAIN;
}

/**
 * symbols_name() - name a place
 * @s: symbols
 * @addr: the place, as the guest has it
 * @text: room for the name
 * @size: bytes there
 *
 * Return: "name+0x12", in @text; NULL where no symbol is near.
 */
const char *symbols_name(const struct symbols *s, uint64_t addr, char *text, size_t size)
{
	size_t low = 0, high = s->nr, mid;

	addr -= s->offset;
	while (low < high) {
		mid = (low + high) / 2;
		if (s->symbol[mid].addr <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low || addr - s->symbol[low - 1].addr > SYMBOL_MOST)
		return NULL;
	snprintf(text, size, "%s+0x%" PRIx64, s->symbol[low - 1].name,
		 addr - s->symbol[low - 1].addr);
	return text;
}

/**
 * symbols_free() - free symbols
 * @s: they
 */
void symbols_free(struct symbols *s)
{
	while (s->nr)
		free(s->symbol[--s->nr].name);
	free(s->symbol);
	memset(s, 0, sizeof(*s));
}
