// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget replay - what another policy or budget would have cost, offline */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <nptbudget.h>
#include "cmd/cmd.h"
#include "base/fields.h"
#include "base/msg.h"
#include "cmd/options.h"
#include "replay/replay.h"
#include "base/util.h"

/**
 * struct request - what the user wants
 * @path: the recording
 * @policy: NULL for the recorded one
 * @pages: 0 for the recorded ones
 * @seed: NULL for the recorded one
 * @batch: pages that go at a time
 * @vm: NULL where there is but one
 * @json: print JSON
 */
struct request {
	const char *path;
	const char *policy;
	unsigned long long pages;
	const char *seed;
	unsigned long long batch;
	const char *vm;
	bool json;
};

static struct trace_vm *pick(const struct request *r, const struct trace *trace)
{
	size_t i;

	for (i = 0; r->vm && i < trace->nr; i++)
		if (!strcmp(trace->vm[i].name, r->vm))
			return &trace->vm[i];
	if (r->vm)
		msg_err("%s: no VM %s in it", r->path, r->vm);
	else if (!trace->nr)
		msg_err("%s: no faults in it: was there a VM under budget?", r->path);
	else if (trace->nr > 1)
		msg_err("%s: %zu VMs in it, %s and %s among them: choose one with --vm", r->path,
			trace->nr, trace->vm[0].name, trace->vm[1].name);
	else
		return &trace->vm[0];
	return NULL;
}

/* What was not said is as recorded. */
static int fill_in(const struct request *r, const struct trace_vm *vm, struct replay_args *args)
{
	const char *policy = r->policy ? r->policy : vm->policy;

	if (!vm->nr || vm->missing) {
		msg_err("%s: %llu of %llu faults of VM %s are missing: record again with a larger buffer (trace-cmd record -b KIB)",
			r->path, vm->missing, vm->missing + vm->nr, vm->name);
		return -EBADMSG;
	}
	args->pages = r->pages ? r->pages : vm->budget;
	args->seed = vm->seed;
	args->batch = r->batch;
	if (r->seed)
		field_u64(r->seed, &args->seed);
	if (!*policy || !args->pages) {
		msg_err("%s: it begins after VM %s came under its budget: give --policy and --pages",
			r->path, vm->name);
		return -EBADMSG;
	}
	args->policy = replay_policy(policy);
	if (args->policy)
		return 0;
	msg_err("%s: recorded with policy '%s', which this command does not have: give --policy",
		r->path, policy);
	return -EINVAL;
}

static void add(struct json_object *obj, const char *key, unsigned long long value)
{
	json_object_object_add(obj, key, json_object_new_uint64(value));
}

static int print_json(const struct trace_vm *vm, const struct replay_args *args,
		      const struct replay_counts *was, const struct replay_counts *c)
{
	struct json_object *obj = json_object_new_object(), *old = json_object_new_object();
	bool complete;

	json_object_object_add(obj, "vm", json_object_new_string(vm->name));
	json_object_object_add(obj, "policy", json_object_new_string(args->policy->name));
	add(obj, "pages", args->pages);
	add(obj, "seed", args->seed);
	add(obj, "batch", args->batch);
	add(obj, "faults", c->faults);
	add(obj, "hits", c->hits);
	add(obj, "misses", c->misses);
	add(obj, "evictions", c->evictions);
	add(obj, "own", c->own);
	add(obj, "left_out", c->left_out);
	json_object_object_add(old, "policy", *vm->policy ? json_object_new_string(vm->policy) :
							    NULL);
	json_object_object_add(old, "pages", vm->budget ? json_object_new_uint64(vm->budget) :
							  NULL);
	add(old, "seed", vm->seed);
	add(old, "misses", was->misses);
	add(old, "evictions", was->evictions);
	complete = vm->attached && !vm->changed && vm->fault[0].seq == 1;
	json_object_object_add(old, "complete", json_object_new_boolean(complete));
	json_object_object_add(obj, "recorded", old);
	return cmd_print_json(obj);
}

static int print(const struct trace_vm *vm, const struct replay_args *args,
		 const struct replay_counts *was, const struct replay_counts *c)
{
	printf("VM %s: %llu faults recorded", vm->name, was->faults);
	if (vm->attached)
		printf(" with %llu pages, policy %s", vm->budget, vm->policy);
	printf("\n  recorded: misses %llu, evictions %llu\n", was->misses, was->evictions);
	printf("  replayed with %llu pages, policy %s: hits %llu, misses %llu, evictions %llu\n",
	       args->pages, args->policy->name, c->hits, c->misses, c->evictions);
	if (c->own)
		printf("  %llu evictions took a page of the attempt that needed room: fault loops\n",
		       c->own);
	return EXIT_DONE;
}

static void warn(const struct request *r, const struct trace_vm *vm)
{
	if (!vm->attached || vm->fault[0].seq != 1)
		msg_err("%s: it begins after VM %s came under its budget: what was resident then counts as missing",
			r->path, vm->name);
	if (vm->changed)
		msg_err("%s: budget or policy of VM %s were changed during the recording", r->path,
			vm->name);
}

static int replay(const struct request *r)
{
	struct replay_counts was, now;
	struct replay_args args;
	struct trace_vm *vm;
	struct trace trace;
	int ret = EXIT_FAILED, err;

	vm = trace_read(r->path, &trace) ? NULL : pick(r, &trace);
	if (vm && !fill_in(r, vm, &args)) {
		warn(r, vm);
		was = replay_recorded(vm);
		err = replay_run(vm, &args, &now);
		if (err == -ENOMEM)
			msg_err("out of memory");
		if (!err)
			ret = (r->json ? print_json : print)(vm, &args, &was, &now);
	}
	trace_free(&trace);
	return ret;
}

static int take_option(struct request *r, int opt)
{
	switch (opt) {
	case OPT_PAGES:
		if (!strcmp(optarg, "off"))
			return cmd_usage_error(&cmd_replay, "--pages off: nothing to replay then");
		if (option_pages(&cmd_replay, optarg))
			return EXIT_USAGE;
		field_u64(optarg, &r->pages);
		break;
	case OPT_POLICY:
		r->policy = optarg;
		if (!replay_policy(optarg))
			return cmd_usage_error(&cmd_replay, "no policy '%s': 'nptbudget help replay' lists them",
					       optarg);
		break;
	case OPT_SEED:
		r->seed = optarg;
		return option_seed(&cmd_replay, optarg);
	case OPT_BATCH:
		if (option_number(&cmd_replay, "--batch", optarg, NPTB_BATCH_MIN, NPTB_BATCH_MAX))
			return EXIT_USAGE;
		field_u64(optarg, &r->batch);
		break;
	case OPT_VM:
		r->vm = optarg;
		break;
	case OPT_JSON:
		r->json = true;
		break;
	}
	return 0;
}

static int replay_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "pages", required_argument, NULL, OPT_PAGES },
		{ "policy", required_argument, NULL, OPT_POLICY },
		{ "seed", required_argument, NULL, OPT_SEED },
		{ "batch", required_argument, NULL, OPT_BATCH },
		{ "vm", required_argument, NULL, OPT_VM },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	struct request r = { .batch = NPTB_BATCH_MIN };
	int opt, ret;

	optind = 0;
	opterr = 0;
	while ((opt = cmd_next_option(&cmd_replay, argc, argv, ":h", options, &ret)) != -1) {
		if (opt == CMD_OPTION_ENDS)
			return ret;
		ret = take_option(&r, opt);
		if (ret)
			return ret;
	}
	ret = option_recording(&cmd_replay, argc, argv);
	if (ret)
		return ret;
	r.path = argv[optind];
	return replay(&r);
}

const struct nptb_cmd cmd_replay = {
	.name = "replay",
	.main = replay_main,
	.usage = "TRACE [--policy POLICY] [--pages N] [--seed N] [--batch N] [--vm VM] [--json]",
	.help = "Run recorded faults through a policy, without a guest",
	.details =
	"TRACE is a recording of 'nptbudget record', or of trace-cmd:\n"
	"\n"
	"  nptbudget record -o TRACE -- nptbudget run --pages N -- VMM ARGS\n"
	"  trace-cmd record -e nptbudget nptbudget run --pages N -- VMM ARGS\n"
	"\n"
	"Record at the smallest budget that runs without fault loops: there nearly every change\n"
	"of page is a fault. It needs neither root nor the module.\n"
	"\n"
	"  --policy POLICY  fifo, clock, lru, random, mru, last-only or wsclock; or a yardstick:\n"
	"                   true-lru, told of every hit; opt, which knows the future\n"
	"  --pages N        with N pages of 4 KiB, 1 to 4294967295\n"
	"  --seed N         what random begins with\n"
	"  --batch N        evict N pages at a time, 1 to 32, as --batch of set; 1 if not given\n"
	"  --vm VM          the faults of VM <pid>-<fd>, where there are several\n"
	"  --json           print JSON\n"
	"\n"
	"What else is not given is as recorded.\n",
};
