// SPDX-License-Identifier: GPL-2.0-only
/*
 * The knobs of a VM, one row each: how its text is read and written, and how a
 * change of it comes into force. debugfs has a file for each, of every VM and of
 * the defaults; a session names them in its line.
 */
#include "object/config.h"
#include "object/vm.h"
#include "set/policy.h"
#include "ui/knobs.h"
#include "ui/parse.h"
#include "vm/attach.h"
#include "vm/backing.h"
#include "vm/on_loop.h"
#include "vm/policy.h"
#include "vm/vm.h"

static int budget_parse(const char *text, struct nptb_config *config)
{
	return nptb_parse_budget(text, &config->budget);
}

static int budget_print(const struct nptb_config *config, char *text, size_t len)
{
	if (!config->budget)
		return scnprintf(text, len, "off");
	return scnprintf(text, len, "%llu", config->budget);
}

static int budget_apply(struct nptb_vm *vm, const struct nptb_config *config)
{
	return nptb_vm_set_budget(vm, config->budget);
}

static int policy_parse(const char *text, struct nptb_config *config)
{
	return nptb_parse_policy(text, &config->policy);
}

static int policy_print(const struct nptb_config *config, char *text, size_t len)
{
	return scnprintf(text, len, "%s", config->policy->name);
}

static int policy_apply(struct nptb_vm *vm, const struct nptb_config *config)
{
	return nptb_vm_set_policy(vm, config->policy);
}

static int on_loop_parse(const char *text, struct nptb_config *config)
{
	return nptb_parse_on_loop(text, &config->on_loop);
}

static int on_loop_print(const struct nptb_config *config, char *text, size_t len)
{
	return scnprintf(text, len, "%s", nptb_on_loop_name(config->on_loop));
}

static int on_loop_apply(struct nptb_vm *vm, const struct nptb_config *config)
{
	return nptb_vm_set_on_loop(vm, config->on_loop);
}

static int seed_parse(const char *text, struct nptb_config *config)
{
	return nptb_parse_seed(text, &config->seed);
}

static int seed_print(const struct nptb_config *config, char *text, size_t len)
{
	return scnprintf(text, len, "%llu", config->seed);
}

static int seed_apply(struct nptb_vm *vm, const struct nptb_config *config)
{
	return nptb_vm_set_seed(vm, config->seed);
}

static int flush_aged_parse(const char *text, struct nptb_config *config)
{
	return nptb_parse_switch(text, &config->flush_aged);
}

static int flush_aged_print(const struct nptb_config *config, char *text,
			    size_t len)
{
	return scnprintf(text, len, "%s", config->flush_aged ? "on" : "off");
}

static int flush_aged_apply(struct nptb_vm *vm, const struct nptb_config *config)
{
	nptb_vm_set_flush_aged(vm, config->flush_aged);
	return 0;
}

static int lend_max_parse(const char *text, struct nptb_config *config)
{
	return nptb_parse_lend_max(text, &config->lend_max);
}

static int lend_max_print(const struct nptb_config *config, char *text,
			  size_t len)
{
	return scnprintf(text, len, "%u", config->lend_max);
}

static int lend_max_apply(struct nptb_vm *vm, const struct nptb_config *config)
{
	return nptb_vm_set_lend_max(vm, config->lend_max);
}

static int burst_parse(const char *text, struct nptb_config *config)
{
	return nptb_parse_burst(text, &config->burst);
}

static int burst_print(const struct nptb_config *config, char *text, size_t len)
{
	return scnprintf(text, len, "%u", config->burst);
}

static int burst_apply(struct nptb_vm *vm, const struct nptb_config *config)
{
	nptb_vm_set_burst(vm, config->burst);
	return 0;
}

/* VMs to come are refused here: they would begin without their budget. */
static int backing_parse(const char *text, struct nptb_config *config)
{
	int ret = nptb_parse_backing(text, &config->backing);

	if (ret)
		return ret;
	return nptb_backing_possible(config->backing) ? 0 : -ENXIO;
}

static int backing_print(const struct nptb_config *config, char *text, size_t len)
{
	return scnprintf(text, len, "%s", nptb_backing_name(config->backing));
}

static int backing_apply(struct nptb_vm *vm, const struct nptb_config *config)
{
	return nptb_vm_set_backing(vm, config->backing);
}

static int batch_parse(const char *text, struct nptb_config *config)
{
	return nptb_parse_batch(text, &config->batch);
}

static int batch_print(const struct nptb_config *config, char *text, size_t len)
{
	return scnprintf(text, len, "%u", config->batch);
}

static int batch_apply(struct nptb_vm *vm, const struct nptb_config *config)
{
	nptb_vm_set_batch(vm, config->batch);
	return 0;
}

#define NPTB_KNOB(name_)						\
	{ #name_, name_##_parse, name_##_print, name_##_apply }

const struct nptb_knob nptb_knobs[] = {
	NPTB_KNOB(budget),
	NPTB_KNOB(policy),
	NPTB_KNOB(on_loop),
	NPTB_KNOB(seed),
	NPTB_KNOB(flush_aged),
	NPTB_KNOB(lend_max),
	NPTB_KNOB(burst),
	NPTB_KNOB(backing),
	NPTB_KNOB(batch),
	{ }
};

/**
 * nptb_knob_find() - find a knob
 * @name: its name
 * @len: length of the name
 *
 * Return: the knob, or NULL where there is none of that name.
 */
const struct nptb_knob *nptb_knob_find(const char *name, size_t len)
{
	const struct nptb_knob *knob;

	for (knob = nptb_knobs; knob->name; knob++)
		if (strlen(knob->name) == len && !strncmp(knob->name, name, len))
			return knob;
	return NULL;
}

/**
 * nptb_knob_read() - the value of a knob
 * @knob: which
 * @vm: whose, or NULL for the default
 * @text: for the value
 * @len: room in @text
 *
 * Return: length of the value.
 */
int nptb_knob_read(const struct nptb_knob *knob, struct nptb_vm *vm, char *text,
		   size_t len)
{
	struct nptb_config config;

	if (vm) {
		config = nptb_vm_config(vm);
	} else {
		mutex_lock(&nptb_registry);
		config = nptb_defaults;
		mutex_unlock(&nptb_registry);
	}
	return knob->print(&config, text, len);
}

/**
 * nptb_knob_write() - set a knob
 * @knob: which
 * @vm: whose, or NULL for the default
 * @text: the value
 *
 * Context: may sleep; no lock of ours held.
 * Return: 0, or an error of parsing or of &nptb_knob.apply; nothing is changed
 * then.
 */
int nptb_knob_write(const struct nptb_knob *knob, struct nptb_vm *vm,
		    const char *text)
{
	struct nptb_config config;
	int ret;

	if (vm) {
		ret = knob->parse(text, &config);
		return ret ?: knob->apply(vm, &config);
	}
	mutex_lock(&nptb_registry);
	config = nptb_defaults;
	ret = knob->parse(text, &config);
	if (!ret)
		nptb_defaults = config;
	mutex_unlock(&nptb_registry);
	return ret;
}
