// SPDX-License-Identifier: GPL-2.0-only
/* Verdicts of nptbudget watch on made-up events of KVM's. */
#include <stdlib.h>
#include <string.h>

#include "explain/watch.h"
#include "fake.h"
#include "view/watch.h"

#define MS		1000000ULL
#define SECOND		1000000000ULL
#define TID		77

struct script {
	struct watch w;
	uint64_t now;
};

static void feed(struct script *s, struct kvm_event e)
{
	e.tid = e.tid ? e.tid : TID;
	e.ns = s->now;
	s->now += MS / 10;
	assert_int_equal(watch_feed(&s->w, &e), 0);
}

static void fault(struct script *s, uint64_t rip, uint64_t gpa, uint64_t error, bool entry)
{
	const struct kvm_event e = {
		.what = KVM_EVENT_FAULT, .vcpu = 1, .rip = rip, .address = gpa, .error = error,
	};

	feed(s, (struct kvm_event){ .what = KVM_EVENT_EXIT, .vcpu = 1, .rip = rip });
	feed(s, e);
	if (entry)
		feed(s, (struct kvm_event){ .what = KVM_EVENT_ENTRY, .vcpu = 1, .rip = rip });
}

static enum watch_verdict verdict(struct script *s, struct watch_finding *f)
{
	assert_int_equal(s->w.nr, 1);
	watch_judge(&s->w.vcpu[0], s->now, SECOND, f);
	return f->verdict;
}

static void fine(void **state)
{
	struct script s = { .now = SECOND };
	struct watch_finding f;
	uint64_t i;

	(void)state;
	for (i = 0; i < 200; i++)
		fault(&s, 0x1000 + i, i << 12, 4, true);
	assert_int_equal(verdict(&s, &f), WATCH_FINE);
	assert_null(f.site);
	assert_int_equal(s.w.count[WATCH_MISSING], 200);
	/* One that only sleeps is no vCPU. */
	feed(&s, (struct kvm_event){ .what = KVM_EVENT_SLEEP, .tid = 78 });
	assert_int_equal(s.w.nr, 1);
	watch_free(&s.w);
}

static void stuck(void **state)
{
	struct script s = { .now = SECOND };
	struct watch_finding f;
	int i;

	(void)state;
	/* Two frames in turn, one instruction, for more than half a second. */
	for (i = 0; i < 2000; i++)
		fault(&s, 0x7c06, i & 3 ? 0x200000 : 0x7000, 4, true);
	assert_int_equal(verdict(&s, &f), WATCH_STUCK);
	assert_int_equal(f.site->rip, 0x7c06);
	assert_true(f.ns >= SECOND / 2);
	/* Another exit at another place: it has got on. */
	feed(&s, (struct kvm_event){ .what = KVM_EVENT_EXIT, .vcpu = 1, .rip = 0x7c09 });
	assert_int_equal(verdict(&s, &f), WATCH_REPEATS);
	watch_next(&s.w);
	assert_int_equal(verdict(&s, &f), WATCH_FINE);
	watch_free(&s.w);
}

/* Of how many bits the code at @rip is said to be, of which KVM told no instruction; 0: nothing. */
static int bits_at(uint64_t rip)
{
	struct watch_vcpu v = { .tid = 1 };
	struct watch_site site = { .rip = rip, .kind = WATCH_MISSING };
	struct watch_finding f = { .verdict = WATCH_STUCK, .site = &site };
	struct json_object *obj = watch_finding_json(&v, &f), *value;
	int bits;

	assert_true(json_object_object_get_ex(obj, "site", &value));
	assert_true(json_object_object_get_ex(value, "bits", &value));
	bits = value ? json_object_get_int(value) : 0;
	json_object_put(obj);
	return bits;
}

static void bits(void **state)
{
	(void)state;
	assert_int_equal(bits_at(0x7c06), 0);
	assert_int_equal(bits_at(UINT32_MAX), 0);
	assert_int_equal(bits_at(1ULL << 32), 64);
	assert_int_equal(bits_at(0xffffffff816661e2), 64);
}

/* Takes the object. */
static void json_is(struct json_object *obj)
{
	assert_string_equal(json_at(obj, "verdict"), "storm");
	assert_string_equal(json_at(obj, "vcpu"), "1");
	/* Addresses are strings, as everywhere. */
	assert_string_equal(json_at(obj, "site/rip"), "0x50");
	assert_string_equal(json_at(obj, "site/gfn"), "0xa0");
	assert_string_equal(json_at(obj, "site/error_code"), "0xd");
	assert_string_equal(json_at(obj, "site/insn"), "8b07");
	assert_string_equal(json_at(obj, "site/bits"), "32");
	assert_string_equal(json_at(obj, "site/faults"), "500");
	json_object_put(obj);
}

static void storm(void **state)
{
	struct script s = { .now = SECOND };
	struct kvm_event insn = { .what = KVM_EVENT_INSN, .rip = 0x50, .insn = { 0x8b, 0x07 },
				  .insn_len = 2, .bits = 32 };
	struct kvm_event access = { .what = KVM_EVENT_ACCESS };
	struct watch_finding f;
	uint64_t i;

	(void)state;
	for (i = 0; i < 2000; i++) {
		access.address = (0xa0 + i % 4) << 12;
		fault(&s, 0x50, access.address, 8 + 5, false);
		feed(&s, insn);
		feed(&s, access);
		feed(&s, (struct kvm_event){ .what = KVM_EVENT_ENTRY, .vcpu = 1, .rip = 0x52 });
	}
	assert_int_equal(verdict(&s, &f), WATCH_STORM);
	assert_int_equal(f.site->insn_len, 2);
	assert_true(f.rate > 1999 && f.rate < 2001);
	assert_int_equal(s.w.count[WATCH_MMIO], 2000);
	json_is(watch_finding_json(&s.w.vcpu[0], &f));
	watch_free(&s.w);
}

/* On VT-x: exits of their own, and no fault. */
static void storm_vtx(void **state)
{
	struct script s = { .now = SECOND };
	struct kvm_event insn = { .what = KVM_EVENT_INSN, .rip = 0x50, .insn = { 0x8b, 0x07 },
				  .insn_len = 2, .bits = 32 };
	const struct kvm_event exit = { .what = KVM_EVENT_EXIT, .vcpu = 1, .rip = 0x50,
					.mmio = true };
	struct kvm_event access = { .what = KVM_EVENT_ACCESS };
	struct watch_finding f;
	uint64_t i;

	(void)state;
	for (i = 0; i < 2000; i++) {
		access.address = (0xa0 + i % 4) << 12;
		feed(&s, exit);
		feed(&s, insn);
		feed(&s, access);
		feed(&s, (struct kvm_event){ .what = KVM_EVENT_ENTRY, .vcpu = 1, .rip = 0x52 });
	}
	assert_int_equal(verdict(&s, &f), WATCH_STORM);
	assert_int_equal(f.site->rip, 0x50);
	assert_int_equal(f.site->faults, 500);
	assert_int_equal(f.site->accesses, 500);
	assert_int_equal(f.site->insn_len, 2);
	assert_int_equal(s.w.count[WATCH_MMIO], 2000);
	/* Nothing is carried out where the mapping was only stale. */
	feed(&s, (struct kvm_event){ .what = KVM_EVENT_EXIT, .vcpu = 1, .mmio = true });
	feed(&s, (struct kvm_event){ .what = KVM_EVENT_ENTRY, .vcpu = 1 });
	assert_int_equal(s.w.count[WATCH_MMIO], 2000);
	watch_free(&s.w);
}

static void waits(void **state)
{
	struct script s = { .now = SECOND };
	struct watch_finding f;

	(void)state;
	fault(&s, 0x10, 0x5000, 6, false);
	s.now += 400 * MS;
	/* Long, but its thread has not slept: KVM works. */
	assert_int_equal(verdict(&s, &f), WATCH_FINE);
	feed(&s, (struct kvm_event){ .what = KVM_EVENT_SLEEP });
	assert_int_equal(verdict(&s, &f), WATCH_WAITS);
	assert_int_equal(f.site->gfn, 5);
	/* The place outlives the interval. */
	watch_next(&s.w);
	assert_int_equal(verdict(&s, &f), WATCH_WAITS);
	assert_int_equal(f.site->gfn, 5);
	feed(&s, (struct kvm_event){ .what = KVM_EVENT_ENTRY, .vcpu = 1, .rip = 0x10 });
	assert_int_equal(verdict(&s, &f), WATCH_FINE);
	assert_int_equal(s.w.count[WATCH_HOST], 1);
	assert_true(s.w.longest_ns[WATCH_HOST] >= 400 * MS);
	/* Asleep since before it was watched. */
	assert_int_equal(watch_sleeper(&s.w, 99, s.now), 0);
	watch_judge(&s.w.vcpu[1], s.now + SECOND, SECOND, &f);
	assert_int_equal(f.verdict, WATCH_WAITS);
	assert_null(f.site);
	watch_free(&s.w);
}

static void kinds(void **state)
{
	struct script s = { .now = SECOND };
	int i;

	(void)state;
	fault(&s, 1, 0x1000, 7, true);
	fault(&s, 2, 0x2000, 6, false);
	feed(&s, (struct kvm_event){ .what = KVM_EVENT_BUDGETED });
	assert_int_equal(s.w.vcpu[0].sites[0].kind, WATCH_PROTECT);
	assert_int_equal(s.w.vcpu[0].sites[1].kind, WATCH_BUDGET);
	feed(&s, (struct kvm_event){ .what = KVM_EVENT_ENTRY, .vcpu = 1 });
	/* Of the next one there it is known before the module has told. */
	fault(&s, 2, 0x2000, 6, false);
	assert_int_equal(s.w.vcpu[0].sites[1].kind, WATCH_BUDGET);
	feed(&s, (struct kvm_event){ .what = KVM_EVENT_EXIT, .vcpu = 1, .rip = 2 });
	assert_int_equal(s.w.count[WATCH_PROTECT], 1);
	assert_int_equal(s.w.count[WATCH_BUDGET], 1);
	/* 200 us from the exit to the entry: below 256. */
	assert_int_equal(s.w.bucket[WATCH_PROTECT][8], 1);
	/* More places than are told apart. */
	for (i = 0; i < WATCH_SITES + 5; i++)
		fault(&s, 100 + i, 0, 4, true);
	assert_int_equal(s.w.vcpu[0].lost_sites, 7);
	watch_free(&s.w);
}

/* KVM's events may be there without what runs VMs. */
static void no_kvm(void **state)
{
	(void)state;
	assert_int_equal(setenv("NPTBUDGET_ROOT", fake_root, 1), 0);
	FAILS("neither kvm_amd nor kvm_intel is loaded, so no VM runs: see nptbudget doctor",
	      "watch", "--seconds", "1");
	unsetenv("NPTBUDGET_ROOT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fine), cmocka_unit_test(stuck),
		cmocka_unit_test(bits), cmocka_unit_test(storm),
		cmocka_unit_test(storm_vtx),
		cmocka_unit_test(waits), cmocka_unit_test(kinds),
		cmocka_unit_test_setup_teardown(no_kvm, fake_setup, fake_teardown),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
