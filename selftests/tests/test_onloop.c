// SPDX-License-Identifier: GPL-2.0-only
/* What happens on a fault loop: the knob on_loop, one mode after the other. */
#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/cells.h"
#include "../lib/guests.h"
#include "../lib/scene.h"

#define MS	20000

static struct vmm vm;

/* Waits until the vCPU has left its loop for user space. */
static bool looped(void)
{
	vmm_wait(&vm, MS);
	vmm_stop(&vm);
	if (vmm_end(&vm.vcpu[0]) != VMM_LOOPED)
		note("the vCPU ended with %d, not in a loop", vmm_end(&vm.vcpu[0]));
	return vmm_end(&vm.vcpu[0]) == VMM_LOOPED;
}

static bool says(enum vmm_mode mode, uint64_t budget)
{
	const uint64_t *loop = vm.vcpu[0].loop;
	uint64_t rip = vmm_entry(0) + guest_code(GUEST_ADD, mode).mark;

	if (loop[NPTB_STOP_RIP] == rip && loop[NPTB_STOP_LAPS] == 1 &&
	    loop[NPTB_STOP_CR3] == (mode == VMM_LONG ? VMM_TABLES : 0) &&
	    loop[NPTB_STOP_HAD] == budget && loop[NPTB_STOP_NEEDS] == adder_need(mode))
		return true;
	note("rip 0x%" PRIx64 " (want 0x%" PRIx64 ") cr3 0x%" PRIx64 " laps %" PRIu64 " had %"
	     PRIu64 " needs %" PRIu64, loop[NPTB_STOP_RIP], rip, loop[NPTB_STOP_CR3],
	     loop[NPTB_STOP_LAPS], loop[NPTB_STOP_HAD], loop[NPTB_STOP_NEEDS]);
	return false;
}

/* One page too few: stops, again when tried again, and goes on with one more. */
static bool stops(enum vmm_mode mode)
{
	uint64_t budget = adder_need(mode) - 1;
	bool ok;

	adder_open(&vm, GUEST_ADD, mode);
	ok = !nptb_set(vm.name, "on_loop", "stop") && !nptb_budget(vm.name, budget);
	vmm_start(&vm);
	ok &= looped() && says(mode, budget) && vmm_check(&vm);
	ok &= nptb_stat(vm.name, "stopped") == 1 && nptb_stat(vm.name, "loops") == 1;
	vmm_start(&vm);
	ok &= looped() && says(mode, budget) && vmm_check(&vm);
	ok &= nptb_stat(vm.name, "stopped") == 2 && nptb_stat(vm.name, "loops") == 2;
	if (!ok)
		note("stopped %" PRId64 ", loops %" PRId64, nptb_stat(vm.name, "stopped"),
		     nptb_stat(vm.name, "loops"));
	ok &= !nptb_budget(vm.name, budget + 1);
	vmm_start(&vm);
	ok &= vmm_wait(&vm, MS);
	vmm_stop(&vm);
	adder_want(&vm);
	ok &= vmm_check(&vm) && nptb_stat(vm.name, "loops") == 2;
	vmm_destroy(&vm);
	return ok;
}

/* The second word of every page is as the first; see guest.S. */
static void want_copies(void)
{
	int p;

	for (p = 0; p < ADDER_PAGES; p++)
		*vmm_want32(&vm, GUEST_DATA + p * PAGE_SIZE + 4) =
			*vmm_want32(&vm, GUEST_DATA + p * PAGE_SIZE);
}

/*
 * Runs the guest to its end with a budget that is not enough, while the sampler
 * sees that KVM never has more than @most pages.
 */
static bool gets_past(enum guest_id id, enum vmm_mode mode, const char *on_loop,
		      uint64_t budget, uint64_t most)
{
	struct sampler sampler;
	bool ok;

	adder_open(&vm, id, mode);
	ok = !nptb_set(vm.name, "on_loop", on_loop) && !nptb_budget(vm.name, budget);
	sampler_begin(&sampler, &vm, most);
	vmm_start(&vm);
	ok &= vmm_wait(&vm, MS);
	if (!ok)
		note("did not end: %" PRId64 " faults, %" PRId64 " laps, %" PRId64 " stepped",
		     nptb_stat(vm.name, "faults"), nptb_stat(vm.name, "laps"),
		     nptb_stat(vm.name, "stepped"));
	vmm_stop(&vm);
	ok &= sampler_end(&sampler, false);
	if (id == GUEST_FPU)
		want_copies();
	else
		adder_want(&vm);
	return vmm_check(&vm) && ok;
}

/* Counters of the VM that are to have these values, and no others. */
static bool stat_is(const char *name, int64_t want)
{
	int64_t is = nptb_stat(vm.name, name);

	if (is != want)
		note("%s is %" PRId64 ", should be %" PRId64, name, is, want);
	return is == want;
}

static bool stat_at_least(const char *name, int64_t want)
{
	int64_t is = nptb_stat(vm.name, name);

	if (is < want)
		note("%s is %" PRId64 ", should be %" PRId64 " at least", name, is, want);
	return is >= want;
}

/* What was lent comes back by the deadline: the guest has halted. */
static bool comes_back(uint64_t budget)
{
	uint64_t end = deadline(MS);

	while (vmm_stat(&vm, "pages_4k") > (int64_t)budget && now_ms() < end)
		sleep_ms(1);
	return vmm_stat(&vm, "pages_4k") <= (int64_t)budget;
}

/* A field of the record at the looping instruction, as "name=value". */
static bool record_says(uint64_t rip, const char *field)
{
	char path[128], start[48], *text, *line, *rest;
	bool found = false;

	snprintf(path, sizeof(path), NPTB_DIR "/vms/%s/loops", vm.name);
	snprintf(start, sizeof(start), " rip=0x%" PRIx64 " ", rip);
	text = file_slurp(path);
	rest = text;
	while (text && (line = strsep(&rest, "\n"))) {
		if (!strstr(line, start))
			continue;
		found |= !!strstr(line, field);
		if (!found)
			note("no \"%s\" in \"%s\"", field, line);
	}
	free(text);
	return found;
}

/* As few pages as possible are lent, and the record has the exact need. */
static bool lends(enum vmm_mode mode, uint64_t budget)
{
	uint64_t rip = vmm_entry(0) + guest_code(GUEST_ADD, mode).mark;
	char needs[32];
	bool ok;

	ok = gets_past(GUEST_ADD, mode, "lend", budget, adder_need(mode));
	snprintf(needs, sizeof(needs), " needs=%u exact=1 ", adder_need(mode));
	ok &= stat_is("lent_peak", adder_need(mode) - budget) && stat_at_least("loops", 1);
	ok &= stat_at_least("lent", adder_need(mode) - budget) && stat_at_least("lent_us", 1);
	ok &= record_says(rip, needs) && record_says(rip, " resolved=lent ");
	ok &= comes_back(budget);
	vmm_destroy(&vm);
	return ok;
}

/* Not more than lend_max; and with more, the guest goes on. */
static bool lends_up_to(enum vmm_mode mode)
{
	uint64_t budget = 1, cap = adder_need(mode) - budget - 1;
	struct sampler sampler;
	char value[16];
	bool ok;

	adder_open(&vm, GUEST_ADD, mode);
	snprintf(value, sizeof(value), "%" PRIu64, cap);
	ok = !nptb_set(vm.name, "on_loop", "lend") && !nptb_set(vm.name, "lend_max", value) &&
	     !nptb_budget(vm.name, budget);
	sampler_begin(&sampler, &vm, budget + cap);
	vmm_start(&vm);
	ok &= nptb_wait_stat(vm.name, "laps", 20, MS);
	ok &= sampler_end(&sampler, false) && stat_is("lent_peak", cap);
	ok &= vmm_end(&vm.vcpu[0]) == VMM_RUNNING;
	snprintf(value, sizeof(value), "%" PRIu64, cap + 1);
	ok &= !nptb_set(vm.name, "lend_max", value);
	ok &= vmm_wait(&vm, MS);
	vmm_stop(&vm);
	adder_want(&vm);
	ok &= vmm_check(&vm) && stat_is("lent_peak", cap + 1);
	vmm_destroy(&vm);
	return ok;
}

/* The vCPU is past the instruction then; its guest's tables are known all the same. */
static bool knows_levels(void)
{
	char path[128], *text;
	bool ok;

	snprintf(path, sizeof(path), NPTB_DIR "/vms/%s/loops", vm.name);
	text = file_slurp(path);
	ok = text && strstr(text, " level=4 ") && !strstr(text, " level=0 for=-");
	if (!ok)
		note("loops: %s", text ? text : "?");
	free(text);
	return ok;
}

/* One page, and never more: what does not fit is emulated. */
static bool emulates(enum vmm_mode mode)
{
	uint64_t rip = vmm_entry(0) + guest_code(GUEST_ADD, mode).mark;
	bool ok;

	ok = gets_past(GUEST_ADD, mode, "emulate", 1, 1);
	ok &= stat_is("lent", 0) && stat_is("refused", 0) && stat_is("peak", 1);
	ok &= stat_at_least("loops", 1) && stat_at_least("instructions", 1);
	/* In long mode, for one, the first instruction cannot even be fetched. */
	if (adder_need_fetch(mode) > 1)
		rip = vmm_entry(0);
	ok &= record_says(rip, " resolved=emulated ");
	ok &= mode != VMM_LONG || kvm_shadow_paging() || knows_levels();
	vmm_destroy(&vm);
	return ok;
}

/* One instruction at a time does the same, and takes more faults. */
static bool emulates_singly(void)
{
	int64_t bursts, singly;
	bool ok;

	ok = gets_past(GUEST_ADD, VMM_LONG, "emulate", 1, 1);
	bursts = nptb_stat(vm.name, "faults");
	vmm_destroy(&vm);
	ok &= !file_write(NPTB_DIR "/defaults/burst", "1", 1);
	ok &= gets_past(GUEST_ADD, VMM_LONG, "emulate", 1, 1);
	singly = nptb_stat(vm.name, "faults");
	ok &= stat_is("instructions", nptb_stat(vm.name, "stepped"));
	vmm_destroy(&vm);
	ok &= !file_write(NPTB_DIR "/defaults/burst", "130", 3);
	if (singly <= (kvm_shadow_paging() ? 1 : 2) * bursts)
		note("%" PRId64 " faults in bursts, %" PRId64 " singly", bursts, singly);
	/* No tables are missed where KVM walks the guest's. */
	return ok && singly > (kvm_shadow_paging() ? 1 : 2) * bursts;
}

/* MASKMOVQ is not emulated: these instructions, and only they, are lent pages. */
static bool lends_what_is_refused(enum vmm_mode mode)
{
	char path[128], *text;
	bool ok;

	ok = gets_past(GUEST_FPU, mode, "emulate", 1, adder_need(mode));
	ok &= stat_at_least("refused", 1) && stat_is("lent_peak", adder_need(mode) - 1);
	snprintf(path, sizeof(path), NPTB_DIR "/vms/%s/lends", vm.name);
	text = file_slurp(path);
	if (!text || !strstr(text, "0ff7 refused=") || strstr(text, "vector=") ||
	    strstr(text, "other=")) {
		note("lends: %s", text ? text : "?");
		ok = false;
	}
	free(text);
	vmm_destroy(&vm);
	return ok;
}

/*
 * Never lent: what cannot be emulated stops the vCPU, each time that it is tried, with
 * its bytes and the reason.
 */
static bool strict_stops(enum vmm_mode mode)
{
	static const uint8_t maskmovq[] = { 0x0f, 0xf7 };
	const uint64_t *loop = vm.vcpu[0].loop;
	struct sampler sampler;
	bool ok = true;
	int i;

	adder_open(&vm, GUEST_FPU, mode);
	ok &= !nptb_set(vm.name, "on_loop", "strict") && !nptb_budget(vm.name, 1);
	sampler_begin(&sampler, &vm, 1);
	for (i = 1; i <= 2; i++) {
		vmm_start(&vm);
		ok &= looped() && stat_is("stopped", i) && stat_is("refused", i);
		ok &= loop[NPTB_STOP_REASON] == NPTB_REASON_INSTRUCTION &&
			loop[NPTB_STOP_VECTOR] == ~0ULL && loop[NPTB_STOP_INSN_LEN] &&
			memmem(&loop[NPTB_STOP_INSN], 4, maskmovq, sizeof(maskmovq));
	}
	ok &= sampler_end(&sampler, false) && stat_is("lent", 0) && stat_is("peak", 1);
	if (!ok)
		note("reason %" PRIu64 " vector %" PRId64 " len %" PRIu64 " insn %016" PRIx64,
		     loop[NPTB_STOP_REASON], loop[NPTB_STOP_VECTOR],
		     loop[NPTB_STOP_INSN_LEN], loop[NPTB_STOP_INSN]);
	ok &= record_says(loop[NPTB_STOP_RIP], " resolved=stopped ");
	ok &= record_says(loop[NPTB_STOP_RIP], " reason=instruction");
	/* With room it goes on. */
	ok &= !nptb_budget(vm.name, adder_need(mode));
	vmm_start(&vm);
	ok &= vmm_wait(&vm, MS);
	vmm_stop(&vm);
	want_copies();
	ok &= vmm_check(&vm);
	vmm_destroy(&vm);
	return ok;
}

/* One page, and all can be emulated. */
static bool strict_ends(enum vmm_mode mode)
{
	bool ok = gets_past(GUEST_ADD, mode, "strict", 1, 1);

	ok &= stat_is("lent", 0) && stat_is("refused", 0) && stat_is("stopped", 0);
	ok &= stat_is("peak", 1) && stat_at_least("instructions", 1);
	vmm_destroy(&vm);
	return ok;
}

/* Changed all the time; with "log" the budget holds when the write returns. */
static bool changes(void)
{
	static const char *const modes[] = { "lend", "log", "emulate", "log" };
	struct vmm_args args = { .data = GUEST_DATA, .pages = ADDER_PAGES };
	int budget = kvm_shadow_paging() ? 1 : 3;
	struct sampler sampler;
	bool ok = true;
	int i;

	vmm_create(&vm, GUEST_SIZE, VMM_MEM_4K);
	vmm_add(&vm, GUEST_WORK, VMM_LONG, &args);
	ok &= !nptb_budget(vm.name, budget);
	vmm_start(&vm);
	for (i = 0; i < 200 && ok; i++) {
		const char *mode = modes[i % ARRAY_SIZE(modes)];

		ok &= !nptb_set(vm.name, "on_loop", mode);
		if (!strcmp(mode, "log")) {
			sampler_begin(&sampler, &vm, budget);
			sleep_ms(2);
			ok &= sampler_end(&sampler, false);
		} else {
			ok &= nptb_wait_stat(vm.name, mode[0] == 'l' ? "lent" : "stepped",
					     nptb_stat(vm.name, mode[0] == 'l' ? "lent" :
						       "stepped") + 1, MS);
		}
	}
	vmm_stop(&vm);
	ok &= stat_at_least("lent", 50) && stat_at_least("stepped", 50);
	vmm_destroy(&vm);
	return ok;
}

#define TEXT	0x300UL
#define TEXT_LAPS	2

static struct {
	size_t len;
	uint8_t sent[TEXT * TEXT_LAPS];
} text;

/* The guest asks port 0x81 whether it may, and sends by port 0x80. */
static void on_text(struct vmm_vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	uint8_t *data = (uint8_t *)run + run->io.data_offset;

	if (run->io.direction == KVM_EXIT_IO_IN)
		*data = 0x20;
	else if (text.len < sizeof(text.sent))
		text.sent[text.len++] = *data;
}

/* Bytes go through a port, and over page boundaries in pieces of all sizes. */
static bool sends_text(enum vmm_mode mode, const char *on_loop)
{
	struct vmm_args args = { .data = GUEST_DATA + 0xe05, .pages = TEXT, .laps = TEXT_LAPS };
	size_t i, wrong = 0;
	bool ok;

	vmm_create(&vm, GUEST_SIZE, VMM_MEM_4K);
	vmm_fill(&vm, GUEST_DATA, 5 * PAGE_SIZE);
	vmm_add(&vm, GUEST_TEXT, mode, &args)->on_out = on_text;
	text.len = 0;
	ok = !nptb_set(vm.name, "on_loop", on_loop) && !nptb_budget(vm.name, 1);
	vmm_start(&vm);
	ok &= vmm_wait(&vm, 3 * MS);
	vmm_stop(&vm);
	if (!ok || text.len != sizeof(text.sent))
		note("%zu bytes sent", text.len);
	for (i = 0; i < text.len; i++)
		if (text.sent[i] != vm.want[args.data + i % TEXT] && wrong++ < 8)
			note("byte %zu is %02x, should be %02x", i, text.sent[i],
			     vm.want[args.data + i % TEXT]);
	memcpy(vm.want + args.data + 0x10003, vm.want + args.data, TEXT);
	memcpy(vm.want + args.data + 0x20003, vm.want + args.data, TEXT);
	memcpy(vm.want + args.data + 0x30004, vm.want + args.data + 1, TEXT + 2);
	ok &= vmm_check(&vm) && !wrong && text.len == sizeof(text.sent);
	vmm_destroy(&vm);
	return ok;
}

int main(void)
{
	int mode, i;

	ksft_print_header();
	need_module();
	ksft_set_plan(8 * VMM_MODES + 4);
	for (mode = 0; mode < VMM_MODES; mode++) {
		const char *name = vmm_mode_names[mode];

		if (mode == VMM_REAL && kvm_restricted()) {
			for (i = 0; i < 8; i++)
				ksft_test_result_skip("real: KVM emulates it, in no page\n");
			continue;
		}
		ksft_test_result(stops(mode), "stop, %s\n", name);
		ksft_test_result(lends(mode, adder_need(mode) - 1), "lend one page, %s\n", name);
		ksft_test_result(lends_up_to(mode), "lend_max, %s\n", name);
		ksft_test_result(emulates(mode), "emulate, one page, %s\n", name);
		ksft_test_result(sends_text(mode, "emulate"), "emulate, text to a port, %s\n",
				 name);
		ksft_test_result(lends_what_is_refused(mode),
				 "emulate, lend for MASKMOVQ, %s\n", name);
		ksft_test_result(strict_ends(mode), "strict, one page, %s\n", name);
		ksft_test_result(strict_stops(mode), "strict, stop at MASKMOVQ, %s\n", name);
	}
	for (i = 1; i <= 3; i += 2)
		if (kvm_shadow_paging())
			ksft_test_result_skip("lend %d pages, long: two are all it takes\n", 7 - i);
		else
			ksft_test_result(lends(VMM_LONG, i), "lend %d pages, long\n", 7 - i);
	ksft_test_result(emulates_singly(), "emulate, one instruction at a time\n");
	ksft_test_result(changes(), "on_loop changed during the run\n");
	ksft_finished();
}
