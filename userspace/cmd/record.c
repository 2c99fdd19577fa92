// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget record - the module's events to a file of trace-cmd's */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fields.h"
#include "base/json.h"
#include "base/msg.h"
#include "cmd/child.h"
#include "cmd/cmd.h"
#include "cmd/notes.h"
#include "cmd/options.h"
#include "cmd/region.h"
#include "model/bindings.h"
#include "model/overview.h"
#include "model/recorder.h"
#include "model/session.h"
#include "model/vmfind.h"
#include "model/vmname.h"

#define DEFAULT_FILE	"nptbudget.dat"
/* For each CPU: what 50 ms of faults need on a fast machine, and more. */
#define BUFFER_KB	16384
#define BUFFER_KB_MAX	1048576
#define TICK_MS		50
/* Between two evictions of a region. */
#define EVERY_MS	10
#define EVERY_MS_MAX	60000
#define SECONDS_MAX	86400
/* How often a VM's end and the VMs of a VMM are looked for. */
#define LOOK_MS		200

/**
 * struct session - one use of the command
 * @args: for the recorder
 * @vm: the only VM that is recorded, "" for all
 * @gfn: a region alone is recorded
 * @region: which
 * @every: evict it so often, ms; 0 for never
 * @seconds: end after so many; 0 for when something ends it
 * @json: print JSON at the end
 * @argv: the VMM, NULL for none
 * @child: its process; signals to ours
 * @recorder: at work
 * @live: there is a terminal for a progress line
 * @warned: that there will be no events was told
 * @vms: VMs whose region is evicted
 */
struct session {
	struct recorder_args args;
	char vm[VM_NAME_MAX];
	bool gfn;
	struct region region;
	unsigned long long every;
	unsigned long long seconds;
	bool json;
	char **argv;
	struct child child;
	struct recorder *recorder;
	bool live;
	bool warned;
	struct report vms;
};

static uint64_t now_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / 1000000;
}

static void evict(struct session *s)
{
	size_t i;

	if (*s->vm)
		region_evict(&s->region, s->vm);
	for (i = 0; i < s->vms.nr; i++)
		if (s->vms.vm[i].alive)
			region_evict(&s->region, s->vms.vm[i].name);
}

static void show(struct session *s, uint64_t ms)
{
	struct recorder_counts c;

	recorder_counts(s->recorder, &c);
	fprintf(stderr, "recording %s: %llu.%llu s, %llu KiB, %llu events lost \r", s->args.path,
		(unsigned long long)ms / 1000, (unsigned long long)ms / 100 % 10,
		(unsigned long long)c.bytes / 1024, (unsigned long long)c.lost);
	fflush(stderr);
}

/* Did a signal come? Where there is a VMM, it gets them all. */
static bool interrupted(struct session *s, int timeout)
{
	struct pollfd pfd = { .fd = s->child.sigfd, .events = POLLIN };
	struct signalfd_siginfo si;
	bool found = false;

	poll(&pfd, 1, timeout);
	while (read(s->child.sigfd, &si, sizeof(si)) == sizeof(si))
		found |= si.ssi_signo != SIGCHLD;
	return found;
}

/* Why to stop, or NULL to go on. Waits for up to a tick. */
static const char *wait(struct session *s)
{
	int timeout = s->gfn && s->every && s->every < TICK_MS ? (int)s->every : TICK_MS;

	if (s->argv)
		return child_poll(&s->child, timeout) ? "vmm" : NULL;
	return interrupted(s, timeout) ? "signal" : NULL;
}

/* What need not be looked at in each tick. */
static const char *look(struct session *s, uint64_t ms)
{
	unsigned int bad_line;

	if (s->live)
		show(s, ms);
	if (s->region.fd >= 0) {
		report_free(&s->vms);
		report_read(&s->vms, s->region.fd, &bad_line);
	}
	return *s->vm && !dbgfs_vm_known(s->vm) ? "vm" : NULL;
}

static const char *loop(struct session *s)
{
	const uint64_t begin = now_ms();
	uint64_t now = begin, looked = 0, evicted = begin;
	const char *why = NULL;

	/* What is resident is touched unseen. */
	if (*s->vm && s->gfn)
		evict(s);
	while (!why) {
		why = wait(s);
		now = now_ms();
		if (s->gfn && s->every && now - evicted >= s->every) {
			evict(s);
			evicted = now;
		}
		if (recorder_read(s->recorder))
			why = "disk";
		if (!why && now - looked >= LOOK_MS) {
			why = look(s, now - begin);
			looked = now;
		}
		if (!why && s->seconds && now - begin >= s->seconds * 1000)
			why = "time";
	}
	return why;
}

static void add(struct json_object *obj, const char *key, unsigned long long value)
{
	json_object_object_add(obj, key, json_object_new_uint64(value));
}

static int tell(const struct session *s, const char *why)
{
	struct recorder_counts c;
	struct json_object *obj;

	recorder_counts(s->recorder, &c);
	if (s->live)
		fputc('\n', stderr);
	if (c.lost)
		msg_err("record: %llu events were lost: record with a larger --buffer",
			(unsigned long long)c.lost);
	else if (c.events == c.notes && !s->warned)
		msg_err("record: no event came: VMs have some while they have a budget (nptbudget run, nptbudget set)");
	if (!s->json) {
		fprintf(stderr, "%s: %llu events, %llu KiB, %llu lost\n", s->args.path,
			(unsigned long long)c.events, (unsigned long long)c.bytes / 1024,
			(unsigned long long)c.lost);
		return EXIT_DONE;
	}
	obj = json_object_new_object();
	json_object_object_add(obj, "file", json_text(s->args.path));
	add(obj, "events", c.events);
	add(obj, "lost_events", c.lost);
	add(obj, "bytes", c.bytes);
	json_object_object_add(obj, "ended_by", json_object_new_string(why));
	return cmd_print_json(obj);
}

/* The VMM goes on without a recording: its end is its user's. */
static int stop(struct session *s, const char *why)
{
	int err = recorder_stop(s->recorder, why), ret;

	if (err)
		msg_err("record: %s: %s: it has what was recorded before", s->args.path,
			strerror(-err));
	region_end(&s->region);
	ret = tell(s, why);
	while (s->argv && !child_poll(&s->child, -1))
		;
	if (err || ret)
		return EXIT_FAILED;
	return s->argv ? child_exit_status(&s->child) : EXIT_DONE;
}

static int prepare_region(struct session *s)
{
	int err = 0;

	if (s->gfn)
		err = s->argv ? region_register(&s->region) :
				region_begin(&s->region, s->vm);
	if (err == -EBUSY && !s->argv)
		msg_err("record: VM %s has pinned frames: unpin them first (nptbudget set %s --unpin all)",
			s->vm, s->vm);
	else if (err)
		msg_err("record: cannot have touches of the region fault: %s", msg_errno(-err));
	return err;
}

static int begin(struct session *s)
{
	int err = recorder_open(&s->recorder, &s->args);

	if (err == -ENODEV)
		msg_err("record: tracefs has no events of the module: see nptbudget doctor");
	else if (err)
		msg_err("record: cannot record to %s: %s", s->args.path, strerror(-err));
	if (err)
		return err;
	err = notes_write(s->recorder, *s->vm ? s->vm : NULL);
	if (!err && s->gfn)
		err = recorder_note(s->recorder, "gfn=0x%llx-0x%llx every_ms=%llu",
				    s->region.first, s->region.last, s->every);
	if (err) {
		msg_err("record: cannot write notes to tracefs: %s", strerror(-err));
		return err;
	}
	err = prepare_region(s);
	if (!err && s->argv) {
		err = child_start(&s->child, s->argv);
		if (err)
			msg_err("record: cannot start %s: %s", s->argv[0], strerror(-err));
	}
	/* That the disk fails is told at the end, as later. */
	if (!err)
		recorder_begin(s->recorder);
	return err;
}

/* Will some new VM have a budget? Yes where that cannot be told. */
static bool new_ones_have_budgets(void)
{
	struct binding *list;
	size_t nr, i, k;
	bool found = false;

	if (bindings_read(&list, &nr))
		return true;
	for (i = 0; i < nr; i++)
		for (k = 0; k < BINDING_KNOBS; k++)
			if (!strcmp(binding_knobs[k], "budget"))
				found |= strcmp(list[i].value[k], "off");
	free(list);
	return found;
}

/* Nothing is seen until a VM has a budget: say how to give it one; whether that was said. */
static bool warn_of_all(void)
{
	struct overview o;
	size_t i = 0;
	bool none;

	if (new_ones_have_budgets() || overview_read(&o))
		return false;
	while (i < o.nr && !strcmp(o.vm[i].budget, "off"))
		i++;
	none = i == o.nr;
	if (!o.nr)
		msg_err("record: there is no VM, and faults are seen under a budget alone: start it with nptbudget run --pages N -- VMM");
	else if (none)
		msg_err("record: no VM has a budget, and faults are seen under one alone: nptbudget set %s --pages N",
			o.vm[0].name);
	overview_free(&o);
	return none;
}

/* Without a budget the module is not asked about a VM's faults. Whether it was said. */
static bool warn(const struct session *s)
{
	char path[DBGFS_PATH_MAX], budget[32];

	/* A region comes with a budget. */
	if (s->argv || s->gfn)
		return false;
	if (!*s->vm)
		return warn_of_all();
	if (dbgfs_read_word(dbgfs_vm_file(path, s->vm, "budget"), budget, sizeof(budget)) ||
	    strcmp(budget, "off"))
		return false;
	msg_err("record: VM %s has no budget, and its faults are seen under one alone: nptbudget set %s --pages N",
		s->vm, s->vm);
	return true;
}

static int record(struct session *s)
{
	int ret = EXIT_FAILED, err;

	err = child_prepare(&s->child);
	if (err) {
		msg_err("record: cannot prepare: %s", strerror(-err));
		return EXIT_FAILED;
	}
	s->warned = warn(s);
	s->live = isatty(STDERR_FILENO);
	if (!begin(s))
		ret = stop(s, loop(s));
	region_end(&s->region);
	recorder_close(s->recorder);
	report_free(&s->vms);
	created_close(&s->child.created);
	return ret;
}

static int take_region(struct session *s, const char *arg)
{
	int err = region_parse(arg, &s->region);

	s->gfn = true;
	if (err == -E2BIG)
		return cmd_usage_error(&cmd_record, "--gfn %s: more than 1048576 frames", arg);
	return err ? cmd_usage_error(&cmd_record, "--gfn '%s': not a range of guest frames", arg) :
		     0;
}

static int take_option(struct session *s, int opt, const char **vm)
{
	unsigned long long number;
	int ret;

	switch (opt) {
	case 'o':
		s->args.path = optarg;
		return option_file(&cmd_record, "-o", optarg, "its header is written last");
	case OPT_VM:
		*vm = optarg;
		break;
	case OPT_GFN:
		return take_region(s, optarg);
	case OPT_BUFFER:
		ret = option_number(&cmd_record, "--buffer", optarg, 16, BUFFER_KB_MAX);
		if (ret)
			return ret;
		field_u64(optarg, &number);
		s->args.buffer_kb = (unsigned int)number;
		break;
	case OPT_EVERY:
		ret = option_number(&cmd_record, "--every", optarg, 0, EVERY_MS_MAX);
		field_u64(optarg, &s->every);
		return ret;
	case OPT_SECONDS:
		ret = option_number(&cmd_record, "--seconds", optarg, 1, SECONDS_MAX);
		field_u64(optarg, &s->seconds);
		return ret;
	case OPT_JSON:
		s->json = true;
		break;
	}
	return 0;
}

static int check_use(const struct session *s, const char *vm, bool every)
{
	if (vm && s->argv)
		return cmd_usage_error(&cmd_record, "--vm and a VMM exclude each other");
	if (s->gfn && !vm && !s->argv)
		return cmd_usage_error(&cmd_record, "--gfn needs --vm or a VMM");
	if (every && !s->gfn)
		return cmd_usage_error(&cmd_record, "--every is of --gfn");
	return 0;
}

static int resolve(struct session *s, const char *vm, char *filter, size_t size)
{
	struct vm_name name;

	if (!vm)
		return 0;
	if (vm_resolve(vm, s->vm) || vm_name_parse(s->vm, &name))
		return EXIT_FAILED;
	snprintf(filter, size, "pid == %d && fd == %d && nth == %d", name.tid, name.fd, name.nth);
	s->args.vm = filter;
	return 0;
}

static int record_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "vm", required_argument, NULL, OPT_VM },
		{ "gfn", required_argument, NULL, OPT_GFN },
		{ "every", required_argument, NULL, OPT_EVERY },
		{ "buffer", required_argument, NULL, OPT_BUFFER },
		{ "seconds", required_argument, NULL, OPT_SECONDS },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	struct session s = {
		.args = { .path = DEFAULT_FILE, .buffer_kb = BUFFER_KB }, .every = EVERY_MS,
		.region.fd = -1,
	};
	char filter[80], fault[224];
	const char *vm = NULL;
	bool every = false;
	int opt, ret;

	optind = 0;
	opterr = 0;
	while ((opt = cmd_next_option(&cmd_record, argc, argv, "+:ho:", options, &ret)) != -1) {
		if (opt == CMD_OPTION_ENDS)
			return ret;
		every |= opt == OPT_EVERY;
		ret = take_option(&s, opt, &vm);
		if (ret)
			return ret;
	}
	s.argv = optind < argc ? argv + optind : NULL;
	ret = check_use(&s, vm, every);
	if (ret)
		return ret;
	if (dbgfs_attach())
		return EXIT_FAILED;
	ret = resolve(&s, vm, filter, sizeof(filter));
	if (ret)
		return ret;
	if (s.gfn) {
		region_filter(&s.region, fault, sizeof(fault));
		if (s.args.vm) {
			strcat(fault, " && ");
			strcat(fault, filter);
		}
		s.args.fault = fault;
	}
	return record(&s);
}

const struct nptb_cmd cmd_record = {
	.name = "record",
	.main = record_main,
	.usage = "[--vm VM] [--gfn RANGE] [-o FILE] [OPTIONS] [[--] VMM [ARGS...]]",
	.help = "Record the module's events to a file",
	.details =
	"Faults, evictions, fault loops and changes of budgets go to FILE until VMM, or the VM of\n"
	"--vm, has ended, or until SIGINT or SIGTERM. It is a file of trace-cmd's: report, plot,\n"
	"export and replay read it, and so do 'trace-cmd report' and KernelShark. tracefs is used\n"
	"through an instance of its own: other tracing is not touched. A VM's faults are seen\n"
	"while it has a budget: start VMs with 'nptbudget run' as VMM. The exit status is VMM's.\n"
	"\n"
	"  -o, --output FILE  write to FILE, nptbudget.dat where not given\n"
	"  --vm VM            events of this VM alone; otherwise, also beside a VMM, of all VMs\n"
	"  --gfn RANGE        touches of these guest frames alone, FIRST-LAST or one: each fault\n"
	"                     has the time, vCPU, RIP, frame and access. The VM is given a budget\n"
	"                     for it, and has its own back at the end\n"
	"  --every MS         with --gfn, evict the region every MS ms (0 to 60000, 0 for never);\n"
	"                     10 at first. Touches of one page in a row show so often\n"
	"  --buffer KIB       ring buffer of each CPU, 16 to 1048576; 16384 at first\n"
	"  --seconds N        end after N seconds, 1 to 86400\n"
	"  --json             print JSON at the end: file, events, lost_events, bytes, ended_by\n",
};
