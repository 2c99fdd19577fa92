// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget report - what a recording comes to */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "base/msg.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "view/report.h"

#define TOP	10
#define TOP_MAX	3145728

/**
 * struct request - what the user wants
 * @path: the recording
 * @against: another one, or NULL
 * @vm: events of this VM alone, or NULL
 * @top: entries of a table
 * @symbols: file with names of the guest's kernel, or NULL
 * @kaslr: the offset is given
 * @offset: it
 * @csv: what prints the table that is wanted as CSV, or NULL
 * @json: print JSON
 */
struct request {
	const char *path, *against, *vm;
	unsigned long long top;
	const char *symbols;
	bool kaslr;
	unsigned long long offset;
	report_csv_fn csv;
	bool json;
};

static int read_one(struct report_of *p, const struct request *q, const char *path,
		    const struct symbols *symbols)
{
	int err;

	memset(p, 0, sizeof(*p));
	p->r.path = path;
	p->r.only = q->vm;
	p->symbols = symbols;
	p->top = (size_t)q->top;
	analysis_init(&p->a);
	err = recording_read(&p->r, analysis_feed, &p->a);
	if (err == -ENOMEM)
		msg_err("%s: out of memory", path);
	if (err)
		return err;
	recording_warn(&p->r);
	p->shared = analysis_shared(&p->a);
	reuse_free(&p->a.reuse);
	analysis_top(&p->a.pages, page_by_faults);
	analysis_top(&p->a.rips, rip_by_faults);
	analysis_top(&p->a.loops, loop_by_laps);
	return 0;
}

/* What KASLR added: given, or the offset that fits by far. */
static int place_symbols(struct symbols *s, const struct request *q, const struct analysis *a)
{
	uint64_t *rips;
	size_t i;
	int err;

	s->offset = q->offset;
	if (q->kaslr)
		return 0;
	rips = calloc(a->rips.nr + 1, sizeof(*rips));
	if (!rips)
		return -ENOMEM;
	for (i = 0; i < a->rips.nr; i++)
		rips[i] = ((const struct rip_stat *)index_at(&a->rips, i))->key;
	err = symbols_fit(s, rips, a->rips.nr, &s->offset);
	free(rips);
	if (err == -EAGAIN)
		msg_err("%s: several KASLR offsets fit, 0x%llx is the least: give --kaslr OFFSET (0 with nokaslr), or the guest's /proc/kallsyms and --kaslr 0",
			q->symbols, (unsigned long long)s->offset);
	if (err == -ENOENT)
		msg_err("%s: no KASLR offset fits: not the guest's kernel, or nothing of its kernel faulted",
			q->symbols);
	else if (!err && s->offset)
		msg_err("%s: KASLR offset 0x%llx", q->symbols, (unsigned long long)s->offset);
	return err == -ENOENT ? 0 : err;
}

static int print(const struct request *q, const struct report_of *p, const struct report_of *other)
{
	if (q->json)
		return cmd_print_json(other ? report_json_against(p, other) : report_json(p));
	if (q->csv)
		q->csv(p);
	else if (other)
		report_text_against(p, other);
	else
		report_text(p);
	return EXIT_DONE;
}

static int report(const struct request *q)
{
	struct report_of p = { 0 }, other = { 0 };
	struct symbols symbols = { 0 };
	int ret = EXIT_FAILED, err = 0;

	if (q->symbols) {
		err = symbols_read(q->symbols, &symbols);
		if (err)
			msg_err("%s: no symbols in it: %s", q->symbols, strerror(-err));
	}
	if (!err)
		err = read_one(&p, q, q->path, q->symbols ? &symbols : NULL);
	if (!err && q->symbols)
		err = place_symbols(&symbols, q, &p.a);
	if (!err && q->against)
		err = read_one(&other, q, q->against, NULL);
	if (!err)
		ret = print(q, &p, q->against ? &other : NULL);
	analysis_free(&p.a);
	analysis_free(&other.a);
	recording_free(&p.r);
	recording_free(&other.r);
	symbols_free(&symbols);
	return ret;
}

static int take_option(struct request *q, int opt)
{
	switch (opt) {
	case OPT_AGAINST:
		q->against = optarg;
		break;
	case OPT_VM:
		q->vm = optarg;
		break;
	case OPT_TOP:
		if (option_number(&cmd_report, "--top", optarg, 1, TOP_MAX))
			return EXIT_USAGE;
		field_u64(optarg, &q->top);
		break;
	case OPT_SYMBOLS:
		q->symbols = optarg;
		break;
	case OPT_KASLR:
		q->kaslr = true;
		if (field_u64(optarg, &q->offset))
			return cmd_usage_error(&cmd_report, "--kaslr '%s': not a number", optarg);
		break;
	case OPT_TABLE:
		q->csv = report_csv(optarg);
		if (!q->csv)
			return cmd_usage_error(&cmd_report, "--csv '%s': summary, pages, rips, loops or reuse",
					       optarg);
		break;
	case OPT_JSON:
		q->json = true;
		break;
	}
	return 0;
}

static int report_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "against", required_argument, NULL, OPT_AGAINST },
		{ "vm", required_argument, NULL, OPT_VM },
		{ "top", required_argument, NULL, OPT_TOP },
		{ "symbols", required_argument, NULL, OPT_SYMBOLS },
		{ "kaslr", required_argument, NULL, OPT_KASLR },
		{ "csv", required_argument, NULL, OPT_TABLE },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	struct request q = { .top = TOP };
	int opt, ret;

	optind = 0;
	opterr = 0;
	while ((opt = cmd_next_option(&cmd_report, argc, argv, ":h", options, &ret)) != -1) {
		if (opt == CMD_OPTION_ENDS)
			return ret;
		ret = take_option(&q, opt);
		if (ret)
			return ret;
	}
	ret = option_recording(&cmd_report, argc, argv);
	if (ret)
		return ret;
	if (q.csv && (q.json || q.against))
		return cmd_usage_error(&cmd_report, "--csv excludes --json and --against");
	if (q.kaslr && !q.symbols)
		return cmd_usage_error(&cmd_report, "--kaslr is of --symbols");
	q.path = argv[optind];
	return report(&q);
}

const struct nptb_cmd cmd_report = {
	.name = "report",
	.main = report_main,
	.usage = "FILE [--against FILE] [--vm VM] [--top N] [--symbols FILE] [OPTIONS]",
	.help = "Say what a recording comes to",
	.details =
	"Counts; faults by role and by how they ended; the pages, RIPs and fault loops with most\n"
	"of them; pages of several vCPUs; reuse distances. FILE is of 'nptbudget record' or\n"
	"trace-cmd. It is read as a stream: what is kept grows with pages and RIPs, up to a limit,\n"
	"and not with events. Needs neither root nor the module.\n"
	"\n"
	"  --against FILE  compare with another recording\n"
	"  --vm VM         events of VM <pid>-<fd> alone\n"
	"  --top N         entries of each table, 10 at first\n"
	"  --symbols FILE  name RIPs of the guest's kernel: its vmlinux, System.map or kallsyms\n"
	"  --kaslr OFFSET  what KASLR moved that kernel by, decimal, or hex behind 0x; otherwise it is\n"
	"                  found where one fits by far\n"
	"  --csv TABLE     print a table as CSV: summary, pages, rips, loops or reuse\n"
	"  --json          print JSON\n",
};
