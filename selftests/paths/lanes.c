// SPDX-License-Identifier: GPL-2.0-only
/* What guests do to memory: lanes of pages, one lane a vCPU. */
#include <inttypes.h>
#include <string.h>

#include "../lib/util.h"
#include "paths.h"
#include "../vmm/nested.h"

/* As many more than the budget as make every lap evict. */
#define PAGES_SMALL	96
/* Where turns pass by the tick: a lap takes many. */
#define PAGES_LEAST	16
/* Beyond half of the guest's memory; with what is aside as many again. */
#define PAGES_HALF	LANE_PAGES_MAX
#define PAGES_HALF_ASIDE	640

unsigned int path_need(const struct path *path, enum variant variant, bool hop)
{
	unsigned int tables = 0;

	/*
	 * Its own page tables are read through nested ones: four, and a fifth
	 * where code and data are 2 MiB apart. In shadow paging KVM reads them.
	 */
	if (path->mode == VMM_LONG && variant != SHADOW)
		tables = hop ? 4 : 5;
	return tables + (hop ? 1 : 2);
}

static unsigned int need(const struct cell *cell, bool hop)
{
	return path_need(cell->path, cell->variant, hop);
}

static bool looks_aside(enum guest_id guest)
{
	return guest == GUEST_READ || guest == GUEST_WRITE;
}

static uint32_t pages_of(const struct cell *cell)
{
	if (cell->path->flags & PATH_LEAST)
		return PAGES_LEAST;
	if (cell->budget < PAGES_SMALL)
		return PAGES_SMALL;
	return looks_aside(cell->path->guest) ? PAGES_HALF_ASIDE : PAGES_HALF;
}

uint32_t lanes_laps(struct run *r, uint32_t page)
{
	return vmm_get32(&r->vm, LANES + page * PAGE_SIZE);
}

static void add_lane(struct run *r, int i)
{
	const struct path *path = r->cell->path;
	struct lane *lane = &r->lane[i];

	lane->pages = r->pages / r->cell->vcpus;
	lane->gpa = LANES + (uint64_t)i * lane->pages * PAGE_SIZE;
	lane->at = lane->gpa - LANES + (path->at ? path->at : LANES);
	lane->mode = path->mode;
	lane->guest = path->guest == GUEST_NESTED ? nested_hypervisor() : path->guest;
	if (path->flags & PATH_IN_PLACE)
		lane->gpa = lane->at = VMM_CODE_PAGE + i * PAGE_SIZE;
	/* Code in the lanes themselves wants fewer pages at once. */
	else if (r->cell->budget < need(r->cell, false) &&
		 !(path->flags & PATH_NO_HOP))
		lane->guest = GUEST_HOP;
}

void lane_start(struct run *r, int i)
{
	const struct path *path = r->cell->path;
	struct lane *lane = &r->lane[i];
	struct vmm_args args = { .data = lane->at, .pages = lane->pages };
	uint32_t p;

	if (lane->guest == GUEST_TABLES)
		/* Of the identity map, after root, pointers and directory. */
		args.addend = VMM_TABLES + 3 * PAGE_SIZE + lane->at / PAGE_SIZE * 8;
	else if (lane->guest == GUEST_NESTED || lane->guest == GUEST_NESTED_VMX)
		args.addend = path->aside + i * PAGE_SIZE;
	else if (looks_aside(lane->guest))
		args.addend = path->aside - r->lane[0].at;
	if (lane->guest == GUEST_HOP)
		vmm_load_hop(&r->vm, lane->gpa, lane->pages, lane->mode);
	if (i < r->vm.vcpus)
		vmm_reset(&r->vm.vcpu[i], lane->guest, lane->mode, &args);
	else
		vmm_add(&r->vm, lane->guest, lane->mode, &args);
	for (p = 0; p < lane->pages; p++)
		r->base[i * lane->pages + p] =
			vmm_get32(&r->vm, lane->gpa + p * PAGE_SIZE);
}

void lanes_open(struct run *r)
{
	const struct path *path = r->cell->path;
	bool in_place = path->flags & PATH_IN_PLACE;
	int i;

	r->pages = in_place ? (uint32_t)r->cell->vcpus : pages_of(r->cell);
	vmm_fill(&r->vm, LANES, r->pages * PAGE_SIZE);
	if (looks_aside(path->guest))
		vmm_fill(&r->vm, ASIDE, r->pages * PAGE_SIZE);
	for (i = 0; i < r->cell->vcpus; i++)
		add_lane(r, i);
	in_place |= r->lane[0].guest == GUEST_HOP;
	r->progress = r->cell->budget >= need(r->cell, in_place);
}

uint8_t *lanes_page(struct run *r, uint32_t page)
{
	return r->vm.mem + LANES + page * PAGE_SIZE;
}

/* Looking at a page brings it into host memory: only one of each lane. */
static uint32_t last_word(struct run *r, const struct lane *lane)
{
	return vmm_get32(&r->vm, lane->gpa + (lane->pages - 1) * PAGE_SIZE);
}

bool lanes_wait(struct run *r, unsigned int laps)
{
	uint64_t end = deadline(PATH_MS);
	int i;

	for (i = 0; i < r->vm.vcpus; i++)
		r->lane[i].mark = last_word(r, &r->lane[i]);
	for (i = 0; i < r->vm.vcpus; ) {
		if (last_word(r, &r->lane[i]) - r->lane[i].mark >= laps) {
			i++;
		} else if (vmm_end(&r->vm.vcpu[i]) != VMM_RUNNING) {
			note("vCPU %d ended: %s", i, r->vm.vcpu[i].why);
			return false;
		} else if (now_ms() > end) {
			note("vCPU %d: %u of %u laps in %u ms", i,
			     last_word(r, &r->lane[i]) - r->lane[i].mark, laps,
			     PATH_MS);
			return false;
		} else {
			sleep_ms(1);
		}
	}
	return true;
}

/*
 * The guest turns a page's entry, then adds 1 to the page. Whatever the entry
 * holds now is taken as wanted; false where the two do not match.
 */
static bool accept_entry(struct run *r, const struct lane *lane, uint32_t page,
			 uint32_t laps)
{
	uint64_t at = VMM_TABLES + 3 * PAGE_SIZE +
		(lane->at / PAGE_SIZE + page) * 8;
	uint32_t bit = vmm_get32(&r->vm, at) & 0x200;

	*vmm_want32(&r->vm, at) = (*vmm_want32(&r->vm, at) & ~0x200) | bit;
	return !bit == !(laps & 1);
}

void lanes_zeroed(struct run *r, uint32_t page, uint32_t before, uint32_t after)
{
	r->zeroed[page] = (struct zeroed){ true, before - 1, after };
	memset(r->vm.want + LANES + page * PAGE_SIZE, 0, PAGE_SIZE);
}

/* What a page has counted since it became zero, beside the page before it. */
static bool accept_zeroed(struct run *r, uint32_t page, uint64_t gpa)
{
	const struct zeroed *z = &r->zeroed[page];
	uint32_t beside = lanes_laps(r, page - 1), laps = vmm_get32(&r->vm, gpa);

	*vmm_want32(&r->vm, gpa) = laps;
	if (laps + 1 >= beside - z->most && laps <= beside - z->least)
		return true;
	note("page %u: %u laps since it became zero, should be %u to %u", page,
	     laps, beside - z->most - 1, beside - z->least);
	return false;
}

/*
 * At any time the pages up to some page are one lap ahead of the rest, counted
 * from the start.
 */
static bool accept_lane(struct run *r, int i)
{
	struct lane *lane = &r->lane[i];
	uint32_t p, laps, first = 0, before = 0, page = i * lane->pages;
	int steps = 0, unmatched = 0;
	bool ok = true;

	for (p = 0; p < lane->pages; p++, page++) {
		uint64_t gpa = lane->gpa + p * PAGE_SIZE;

		if (r->zeroed[page].is) {
			ok &= accept_zeroed(r, page, gpa);
			continue;
		}
		laps = vmm_get32(&r->vm, gpa) - r->base[page];
		*vmm_want32(&r->vm, gpa) = r->base[page] + laps;
		if (lane->guest == GUEST_TABLES)
			unmatched += !accept_entry(r, lane, p, laps);
		if (!p) {
			first = laps;
		} else if (laps != before) {
			steps++;
			ok &= laps + 1 == before;
		}
		before = laps;
	}
	/* One page may be between its entry and its word. */
	if (ok && steps <= 1 && unmatched <= 1)
		return true;
	note("vCPU %d: laps %u to %u, %d steps, %d entries unmatched", i, first,
	     before, steps, unmatched);
	return false;
}

bool lanes_accept(struct run *r)
{
	bool ok = true;
	int i;

	for (i = 0; i < r->vm.vcpus; i++)
		ok &= accept_lane(r, i);
	return ok;
}
