// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prometheus' text-based exposition format, version 0.0.4. A metric's samples stand
 * together, below its HELP and TYPE; names of counters end in _total.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "model/vmfind.h"
#include "model/vmname.h"
#include "view/metrics.h"

#define PREFIX "nptbudget_"

/* Those of a VM that are a number of the overview. */
static const struct {
	const char *name, *type, *help;
	enum overview_number number;
} metrics[] = {
	{ "vm_vcpus", "gauge", "vCPUs that the VM has.", OVERVIEW_VCPUS },
	{ "vm_resident_pages", "gauge",
	  "Pages of 4 KiB that are present in the VM's nested page table, by KVM's counters.",
	  OVERVIEW_RESIDENT },
	{ "vm_resident_peak_pages", "gauge",
	  "Most resident pages seen after a fault, since the VM came under its budget.",
	  OVERVIEW_PEAK },
	{ "vm_faults_total", "counter", "Nested page faults seen under a budget.",
	  OVERVIEW_FAULTS },
	{ "vm_evictions_total", "counter", "Pages evicted to make room.", OVERVIEW_EVICTIONS },
	{ "vm_loops_total", "counter", "Attempts of vCPUs that became a fault loop.",
	  OVERVIEW_LOOPS },
	{ "vm_laps_total", "counter", "Rounds of all fault loops.", OVERVIEW_LAPS },
	{ "vm_contention_total", "counter", "Faults on pages that other vCPUs had taken.",
	  OVERVIEW_CONTENTION },
	{ "vm_deferred_faults_total", "counter", "Faults sent back because there was no room.",
	  OVERVIEW_DEFERRED },
	{ "vm_lent_pages_total", "counter", "Pages lent over the budget to vCPUs in a fault loop.",
	  OVERVIEW_LENT },
	{ "vm_emulated_instructions_total", "counter",
	  "Instructions emulated in place of mapping their pages.", OVERVIEW_INSTRUCTIONS },
	{ "vm_refused_instructions_total", "counter",
	  "Instructions that could not be emulated.", OVERVIEW_REFUSED },
};

static void head(FILE *to, const char *name, const char *type, const char *help)
{
	fprintf(to, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
}

/* A label's value: a backslash, a quote and an end of line are escaped. */
static void label(FILE *to, const char *name, const char *value)
{
	fprintf(to, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			fputc('\\', to);
		if (*value == '\n')
			fputs("\\n", to);
		else
			fputc(*value, to);
	}
	fputc('"', to);
}

/**
 * struct known - what names a VM
 * @vm: the VM
 * @label: what its VMM was told to call it
 */
struct known {
	const struct overview_vm *vm;
	char label[VM_LABEL_MAX];
};

static void begin(FILE *to, const char *name, const struct known *k)
{
	fprintf(to, PREFIX "%s{", name);
	label(to, "vm", k->vm->name);
	fputc(',', to);
	label(to, "name", k->label);
}

static void print_settings(FILE *to, const struct known *known, size_t nr)
{
	size_t i;

	head(to, "vm_budget_pages", "gauge",
	     "Most pages that may be resident; there is none for a VM without a budget.");
	for (i = 0; i < nr; i++) {
		if (!strcmp(known[i].vm->budget, "off"))
			continue;
		begin(to, "vm_budget_pages", &known[i]);
		fprintf(to, "} %s\n", known[i].vm->budget);
	}
	head(to, "vm_settings_info", "gauge", "Policy, and what happens in a fault loop; always 1.");
	for (i = 0; i < nr; i++) {
		begin(to, "vm_settings_info", &known[i]);
		fputc(',', to);
		label(to, "policy", known[i].vm->policy);
		fputc(',', to);
		label(to, "on_loop", known[i].vm->on_loop);
		fputs("} 1\n", to);
	}
}

static void print_vms(FILE *to, const struct known *known, size_t nr)
{
	size_t i, j;

	print_settings(to, known, nr);
	for (j = 0; j < ARRAY_SIZE(metrics); j++) {
		head(to, metrics[j].name, metrics[j].type, metrics[j].help);
		for (i = 0; i < nr; i++) {
			begin(to, metrics[j].name, &known[i]);
			fprintf(to, "} %llu\n", known[i].vm->number[metrics[j].number]);
		}
	}
}

/**
 * metrics_print() - print all there is to know
 * @to: where to; look at ferror() afterwards
 * @v: the module, or NULL where it cannot be asked
 * @o: its VMs
 */
void metrics_print(FILE *to, const struct dbgfs_version *v, const struct overview *o)
{
	struct known *known = o->nr ? calloc(o->nr, sizeof(*known)) : NULL;
	size_t i, budgets = 0, nr = known ? o->nr : 0;
	struct vm_name name;

	head(to, "up", "gauge", "Whether the module is loaded and was read.");
	fprintf(to, PREFIX "up %d\n", v ? 1 : 0);
	if (!v)
		goto out;
	head(to, "build_info", "gauge", "The module's version; always 1.");
	fputs(PREFIX "build_info{", to);
	label(to, "version", v->version);
	fputs("} 1\n", to);
	for (i = 0; i < nr; i++) {
		known[i].vm = &o->vm[i];
		budgets += !!strcmp(o->vm[i].budget, "off");
		if (!vm_name_parse(o->vm[i].name, &name))
			vm_label(vm_tgid(name.tid), known[i].label);
	}
	head(to, "vms", "gauge", "VMs that the module knows.");
	fprintf(to, PREFIX "vms %zu\n", o->nr);
	head(to, "budgeted_vms", "gauge", "VMs under a budget.");
	fprintf(to, PREFIX "budgeted_vms %zu\n", budgets);
	if (nr)
		print_vms(to, known, nr);
out:
	free(known);
}
