// SPDX-License-Identifier: GPL-2.0-only
/* What is in guest memory, and what should be. */
#include <stdio.h>
#include <string.h>

#include "../lib/util.h"
#include "vmm.h"

/* Page-table entry: present, writable, user, accessed, dirty. */
#define PTE_FLAGS	0x67ULL
/* Read, write, execute; write-back: Intel SDM, volume 3C, section 28.2.2. */
#define EPT_ALL		7ULL
#define EPT_WB		(6ULL << 3)
#define PTES		512

static void must_fit(const struct vmm *vm, uint64_t gpa, size_t len)
{
	if (gpa > vm->size || len > vm->size - gpa)
		die("guest memory 0x%llx+0x%zx is beyond the VM's",
		    (unsigned long long)gpa, len);
}

void vmm_load(struct vmm *vm, uint64_t gpa, const void *buf, size_t len)
{
	must_fit(vm, gpa, len);
	memcpy(vm->mem + gpa, buf, len);
	memcpy(vm->want + gpa, buf, len);
}

void vmm_fill(struct vmm *vm, uint64_t gpa, size_t len)
{
	uint64_t x = gpa * 0x9e3779b97f4a7c15ULL + 1;
	size_t i;

	must_fit(vm, gpa, len);
	for (i = 0; i + 8 <= len; i += 8) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(vm->want + gpa + i, &x, 8);
	}
	memcpy(vm->mem + gpa, vm->want + gpa, len);
}

void vmm_accept(struct vmm *vm, uint64_t gpa, size_t len)
{
	must_fit(vm, gpa, len);
	memcpy(vm->want + gpa, vm->mem + gpa, len);
}

uint32_t *vmm_want32(struct vmm *vm, uint64_t gpa)
{
	must_fit(vm, gpa, 4);
	return (uint32_t *)(vm->want + gpa);
}

uint32_t vmm_get32(struct vmm *vm, uint64_t gpa)
{
	must_fit(vm, gpa, 4);
	return *(volatile uint32_t *)(vm->mem + gpa);
}

static int identity_map(struct vmm *vm, uint64_t root, uint64_t to_table, uint64_t leaf)
{
	size_t pds = (vm->size + SZ_2M - 1) / SZ_2M;
	uint64_t pdpt = root + PAGE_SIZE, pd = pdpt + PAGE_SIZE;
	uint64_t pt = pd + PAGE_SIZE;
	uint64_t table[PTES];
	size_t i, j;

	if (pds > PTES)
		die("identity maps reach 1 GiB");
	memset(table, 0, sizeof(table));
	table[0] = pdpt | to_table;
	vmm_load(vm, root, table, sizeof(table));
	table[0] = pd | to_table;
	vmm_load(vm, pdpt, table, sizeof(table));
	for (i = 0; i < pds; i++)
		table[i] = (pt + i * PAGE_SIZE) | to_table;
	vmm_load(vm, pd, table, sizeof(table));
	for (i = 0; i < pds; i++) {
		for (j = 0; j < PTES; j++)
			table[j] = (i * SZ_2M + j * PAGE_SIZE) | leaf;
		vmm_load(vm, pt + i * PAGE_SIZE, table, sizeof(table));
	}
	return 3 + pds;
}

/*
 * Accessed and dirty bits are set from the start: the guest's walks then write
 * nothing, and the tables too can be compared byte for byte.
 */
int vmm_tables(struct vmm *vm, uint64_t root)
{
	return identity_map(vm, root, PTE_FLAGS, PTE_FLAGS);
}

int vmm_ept_tables(struct vmm *vm, uint64_t root)
{
	return identity_map(vm, root, EPT_ALL, EPT_ALL | EPT_WB);
}

/* memcmp() is made for real CPUs: its vector code is slow in an emulator. */
static bool same_page(const uint8_t *a, const uint8_t *b)
{
	const uint64_t *x = (const uint64_t *)a, *y = (const uint64_t *)b;
	const uint64_t *end = x + PAGE_SIZE / 8;
	uint64_t diff = 0;

	for (; x < end; x += 4, y += 4)
		diff |= (x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) |
			(x[3] ^ y[3]);
	return !diff;
}

bool vmm_check(const struct vmm *vm)
{
	size_t page, i, bad = 0;

	for (page = 0; page < vm->size; page += PAGE_SIZE) {
		if (same_page(vm->mem + page, vm->want + page))
			continue;
		for (i = page; vm->mem[i] == vm->want[i]; i++)
			;
		if (bad++ < 4)
			note("%s: guest memory at 0x%zx is %02x, should be %02x",
			     vm->name, i, vm->mem[i], vm->want[i]);
	}
	if (bad)
		note("%s: %zu pages of guest memory are wrong", vm->name, bad);
	return !bad;
}
