// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget watch - which nested page faults repeat, and is the vCPU stuck or slow? */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fields.h"
#include "base/msg.h"
#include "base/signals.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "explain/watch.h"
#include "model/host.h"
#include "model/kvmtrace.h"
#include "model/kvmvms.h"
#include "model/vmfind.h"
#include "view/watch.h"

/* A verdict takes about a second, a wait is told after a third of one. */
#define INTERVAL_NS	1000000000ULL
#define SECONDS_MAX	86400

/**
 * struct session - one use of the command
 * @pid: the only process to watch; 0 for all that hold a VM
 * @seconds: end after so many; 0 to watch until a signal comes
 * @json: print JSON at the end, and nothing before
 * @known: processes that are recorded
 * @nr_known: how many
 * @trace: the recording
 * @watch: what came of it
 * @shown: the last verdict on each vCPU that was printed
 * @nr_shown: how many
 * @found: JSON of all verdicts but "fine"
 */
struct session {
	pid_t pid;
	unsigned long long seconds;
	bool json;
	pid_t *known;
	size_t nr_known;
	struct kvmtrace *trace;
	struct watch watch;
	struct shown {
		enum watch_verdict verdict;
		uint64_t rip, gfn;
	} *shown;
	size_t nr_shown;
	struct json_object *found;
};

static atomic_int interrupted;

static void on_signal(int sig)
{
	interrupted = sig;
}

static bool is_known(const struct session *s, pid_t pid)
{
	size_t i;

	for (i = 0; i < s->nr_known && s->known[i] != pid; i++)
		;
	return i < s->nr_known;
}

static int record_process(struct session *s, pid_t pid)
{
	pid_t *tids = NULL, *more;
	size_t nr = 0;
	int err;

	more = reallocarray(s->known, s->nr_known + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	s->known = more;
	err = process_threads(pid, &tids, &nr);
	if (!err)
		err = kvmtrace_add(s->trace, tids, nr);
	if (!err)
		more[s->nr_known++] = pid;
	free(tids);
	return err;
}

/* Processes that hold VMs come and go. */
static int find_processes(struct session *s)
{
	struct kvm_process *list;
	size_t nr, i;
	int err;

	if (s->pid)
		return is_known(s, s->pid) ? 0 : record_process(s, s->pid);
	err = kvm_processes(&list, &nr);
	for (i = 0; !err && i < nr; i++)
		if (!is_known(s, list[i].pid))
			err = record_process(s, list[i].pid);
	free(list);
	return err == -ESRCH ? 0 : err;
}

/* Threads of which there is no event may sleep in a fault since before. */
static int find_sleepers(struct session *s, uint64_t now)
{
	pid_t *tids = NULL;
	size_t nr, i, j;
	int err = 0;

	for (i = 0; !err && i < s->nr_known; i++) {
		nr = 0;
		if (process_threads(s->known[i], &tids, &nr) == -ENOMEM)
			err = -ENOMEM;
		for (j = 0; !err && j < nr; j++)
			if (thread_in_fault(s->known[i], tids[j]))
				err = watch_sleeper(&s->watch, tids[j], now);
	}
	free(tids);
	return err;
}

static int feed(const struct kvm_event *event, void *data)
{
	return watch_feed(data, event);
}

/* Has the verdict on a vCPU changed since it was told? */
static bool is_news(struct session *s, size_t i, const struct watch_finding *f)
{
	const struct shown now = {
		.verdict = f->verdict,
		.rip = f->site ? f->site->rip : 0,
		.gfn = f->site ? f->site->gfn : 0,
	};
	struct shown *more;
	bool news;

	if (i >= s->nr_shown) {
		more = reallocarray(s->shown, i + 1, sizeof(*more));
		if (!more)
			return true;
		memset(more + s->nr_shown, 0, (i + 1 - s->nr_shown) * sizeof(*more));
		s->shown = more;
		s->nr_shown = i + 1;
	}
	news = s->shown[i].verdict != now.verdict || s->shown[i].rip != now.rip ||
	       s->shown[i].gfn != now.gfn;
	s->shown[i] = now;
	return news;
}

static void judge(struct session *s, uint64_t now, uint64_t interval)
{
	struct watch_finding finding;
	size_t i;

	for (i = 0; i < s->watch.nr; i++) {
		watch_judge(&s->watch.vcpu[i], now, interval, &finding);
		if (!is_news(s, i, &finding))
			continue;
		if (!s->json) {
			watch_print_finding(stdout, &s->watch.vcpu[i], &finding);
			fflush(stdout);
		} else if (finding.verdict != WATCH_FINE) {
			json_object_array_add(s->found, watch_finding_json(&s->watch.vcpu[i],
									   &finding));
		}
	}
}

static int watch_on(struct session *s)
{
	const struct timespec pause = { .tv_nsec = 200000000 };
	uint64_t begin = kvmtrace_now(), last = begin, now;
	bool last_round = false;
	int err;

	do {
		err = find_processes(s);
		if (!err)
			nanosleep(&pause, NULL);
		if (!err)
			err = kvmtrace_read(s->trace, feed, &s->watch);
		now = kvmtrace_now();
		last_round = interrupted || ferror(stdout) ||
			     (s->seconds && now - begin >= s->seconds * 1000000000);
		if (!err && (now - last >= INTERVAL_NS || last_round)) {
			err = find_sleepers(s, now - INTERVAL_NS / 2);
			judge(s, now, now - last);
			watch_next(&s->watch);
			last = now;
		}
	} while (!err && !last_round);
	return err;
}

/* A process that has no VM, and had none, is not what was meant. */
static bool has_vm(const struct session *s)
{
	struct kvm_process *list;
	bool found = false;
	size_t nr, i;

	if (!s->pid || s->watch.nr)
		return true;
	if (kvm_processes(&list, &nr))
		return true;
	for (i = 0; i < nr; i++)
		found |= list[i].pid == s->pid;
	free(list);
	return found;
}

static int report(struct session *s)
{
	unsigned long long lost = kvmtrace_lost(s->trace), cut = kvmtrace_cut(s->trace);
	struct json_object *top;
	size_t i, loud = 0;

	if (s->json) {
		top = json_object_new_object();
		json_object_object_add(top, "vcpus", json_object_new_uint64(s->watch.nr));
		json_object_object_add(top, "findings", json_object_get(s->found));
		json_object_object_add(top, "times", watch_times_json(&s->watch));
		json_object_object_add(top, "lost_events", json_object_new_uint64(lost));
		json_object_object_add(top, "cut_readings", json_object_new_uint64(cut));
		return cmd_print_json(top);
	}
	for (i = 0; i < s->nr_shown; i++)
		loud += s->shown[i].verdict != WATCH_FINE;
	if (!s->watch.nr)
		puts("No vCPU ran.");
	else if (loud)
		printf("Of %zu vCPU%s, %zu %s told of above.\n", s->watch.nr,
		       s->watch.nr == 1 ? "" : "s", loud, loud == 1 ? "is" : "are");
	else
		printf("No fault repeats on %s%zu vCPU%s.\n", s->watch.nr == 1 ? "" : "any of ",
		       s->watch.nr, s->watch.nr == 1 ? "" : "s");
	watch_print_times(stdout, &s->watch);
	if (lost)
		printf("%llu events found no room: counts are too low\n", lost);
	if (cut)
		printf("Events came more quickly than they are read, for %llu s: counts are too low\n",
		       cut);
	return EXIT_DONE;
}

static int run(struct session *s)
{
	int err, ret = EXIT_FAILED;

	/* Its events may be there all the same: they are of the module kvm. */
	if (!host_has("/sys/module/kvm_amd") && !host_has("/sys/module/kvm_intel")) {
		msg_err("watch: neither kvm_amd nor kvm_intel is loaded, so no VM runs: see nptbudget doctor");
		return EXIT_FAILED;
	}
	signals_catch(on_signal);
	/* Who reads the output may go: tracefs is to be left as it was. */
	signal(SIGPIPE, SIG_IGN);
	s->found = json_object_new_array();
	err = kvmtrace_open(&s->trace);
	if (err == -ENOENT)
		msg_err("watch: KVM's events are not there: is tracefs mounted? See nptbudget doctor");
	else if (err)
		msg_err("watch: cannot record KVM's events: %s", msg_errno(-err));
	if (err)
		goto out;
	err = watch_on(s);
	if (err == -ESRCH)
		msg_err("watch: process %d has ended", s->pid);
	else if (err)
		msg_err("watch: cannot read KVM's events: %s", strerror(-err));
	else if (!has_vm(s))
		msg_err("watch: process %d has no VM: without a VM named, all are watched", s->pid);
	else
		ret = report(s);
out:
	kvmtrace_close(s->trace);
	watch_free(&s->watch);
	json_object_put(s->found);
	free(s->shown);
	free(s->known);
	return ret;
}

static int watch_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seconds", required_argument, NULL, OPT_SECONDS },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	struct session s = { 0 };
	int opt, ret;

	optind = 0;
	opterr = 0;
	while ((opt = cmd_next_option(&cmd_watch, argc, argv, ":h", options, &ret)) != -1) {
		if (opt == CMD_OPTION_ENDS)
			return ret;
		if (opt == OPT_JSON) {
			s.json = true;
			continue;
		}
		ret = option_number(&cmd_watch, "--seconds", optarg, 1, SECONDS_MAX);
		if (ret)
			return ret;
		s.seconds = strtoull(optarg, NULL, 10);
	}
	if (argc - optind > 1)
		return cmd_usage_error(&cmd_watch, "'%s' is too much", argv[argc - 1]);
	ret = optind < argc ? vm_find_process(argv[optind], &s.pid) : 0;
	if (ret)
		return ret == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	return run(&s);
}

const struct nptb_cmd cmd_watch = {
	.name = "watch",
	.main = watch_main,
	.usage = "[VM] [--seconds N] [--json]",
	.help = "Watch nested page faults of running VMs: which repeat, stuck or slow?",
	.details =
	"No budget and no module are needed: KVM's own events are read, from an instance of\n"
	"tracefs that goes with the command. Each vCPU whose state changes gets a line:\n"
	"\n"
	"  STUCK            one instruction faults for ever, and nothing is carried out\n"
	"  WAITS            its thread sleeps in a fault: the host owes it a page\n"
	"  slow             it gets on, but one instruction and frame take most of its exits\n"
	"\n"
	"with the instruction (where KVM emulated it), the frame and what is there. At the end\n"
	"follows how long faults took: missing, write-protect, mmio, budget, or host, where the\n"
	"thread slept.\n"
	"\n"
	"  VM               the VM's name <pid>-<fd> as in 'nptbudget list'; its VMM's pid or\n"
	"                   -name; its libvirt domain; or its cgroup; otherwise all VMs\n"
	"  --seconds N      end after N seconds, 1 to 86400; otherwise at Ctrl-C\n"
	"  --json           print JSON at the end, and nothing before\n",
};
