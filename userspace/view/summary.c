// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <json-c/json.h>

#include <nptbudget.h>
#include "view/loops.h"
#include "base/msg.h"
#include "base/output.h"
#include "view/summary.h"
#include "model/vminfo.h"

/* Loops that are explained for one VM; JSON has all of them. */
#define LOOPS_SHOWN 8

/* What was done about loops, where anything was. */
static void print_resolved(FILE *to, const struct report_vm *vm)
{
	unsigned long long lent = 0, instructions = 0;
	char peak[24], refused[24], carried[24], deliveries[24];

	stats_get(&vm->stats, "instructions", &instructions);
	stats_get(&vm->stats, "lent", &lent);
	if (instructions)
		fprintf(to, "  instructions emulated %llu, by the module %s, events delivered by it %s, refused %s\n",
			instructions, stats_text(&vm->stats, "carried", carried),
			stats_text(&vm->stats, "deliveries", deliveries),
			stats_text(&vm->stats, "refused", refused));
	if (lent)
		fprintf(to, "  pages lent %llu, at most %s at a time\n", lent,
			stats_text(&vm->stats, "lent_peak", peak));
	lends_print(to, &vm->lends);
}

static void print_vm(FILE *to, const struct summary *s, const struct report_vm *vm)
{
	char peak[24], faults[24], evictions[24], loops[24];
	size_t i;

	if (vm->refused) {
		fprintf(to, "nptbudget: VM %s %s; it was REFUSED budget %s and began without one: %s\n",
			vm->name, vm->alive ? "is still alive" : "ended", s->budget,
			msg_errno(vm->refused));
		fputs("  see dmesg for the reason\n", to);
		return;
	}
	fprintf(to, "nptbudget: VM %s %s; began with budget %s, policy %s, on loop %s\n", vm->name,
		vm->alive ? "is still alive and keeps its budget" : "ended", s->budget, s->policy,
		s->on_loop);
	fprintf(to, "  faults %s, evictions %s, peak resident %s, loops %s\n",
		stats_text(&vm->stats, "faults", faults),
		stats_text(&vm->stats, "evictions", evictions),
		stats_text(&vm->stats, "peak", peak), stats_text(&vm->stats, "loops", loops));
	for (i = 0; i < vm->loops.nr && i < LOOPS_SHOWN; i++)
		loop_print_short(to, &vm->loops.loop[i]);
	if (vm->loops.nr > LOOPS_SHOWN)
		fprintf(to, "  and %zu more loops: run with --json to see all\n",
			vm->loops.nr - LOOPS_SHOWN);
	print_resolved(to, vm);
}

/**
 * summary_print() - print the summary for people, a block for each VM
 * @to: where to
 * @s: what is known
 *
 * Return: 0; -errno where it could not be written.
 */
int summary_print(FILE *to, const struct summary *s)
{
	size_t i;

	if (!s->report.nr && !s->missed)
		fputs("nptbudget: no VM was created: is KVM in use? (QEMU: -accel kvm)\n", to);
	for (i = 0; i < s->report.nr; i++)
		print_vm(to, s, &s->report.vm[i]);
	return output_flush(to);
}

static struct json_object *vm_json(const struct report_vm *vm)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "vm", json_object_new_string(vm->name));
	json_object_object_add(obj, "alive", json_object_new_boolean(vm->alive));
	json_object_object_add(obj, "refused", vm->refused ?
			       json_object_new_string(msg_errno(vm->refused)) : NULL);
	json_object_object_add(obj, "stats", stats_json(&vm->stats));
	json_object_object_add(obj, "loops", loops_json(&vm->loops));
	json_object_object_add(obj, "lends", lends_json(&vm->lends));
	return obj;
}

/**
 * summary_print_json() - print the summary as JSON
 * @to: where to
 * @s: what is known
 *
 * Return: 0; -errno where it could not be written.
 */
int summary_print_json(FILE *to, const struct summary *s)
{
	struct json_object *top = json_object_new_object();
	struct json_object *vms = json_object_new_array();
	size_t i;

	for (i = 0; i < s->report.nr; i++)
		json_object_array_add(vms, vm_json(&s->report.vm[i]));
	json_object_object_add(top, "format", json_object_new_int(NPTB_FORMAT));
	json_object_object_add(top, "status", json_object_new_int(s->status));
	json_object_object_add(top, "budget", budget_json(s->budget));
	json_object_object_add(top, "policy", json_object_new_string(s->policy));
	json_object_object_add(top, "on_loop", json_object_new_string(s->on_loop));
	json_object_object_add(top, "missed", json_object_new_int64((int64_t)s->missed));
	json_object_object_add(top, "vms", vms);
	fprintf(to, "%s\n", json_object_to_json_string_ext(top, JSON_C_TO_STRING_PRETTY |
							   JSON_C_TO_STRING_SPACED |
							   JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(top);
	return output_flush(to);
}
