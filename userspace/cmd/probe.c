// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget probe - how many resident pages does an instruction need? */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "base/msg.h"
#include "base/output.h"
#include "cmd/options.h"
#include "model/host.h"
#include "probe/explain.h"
#include "probe/host.h"
#include "probe/row.h"

enum style { STYLE_TABLE, STYLE_JSON, STYLE_CSV, STYLE_MARKDOWN };

/* One run of the command. */
struct probing {
	enum style style;
	const char *report;	/* file, or NULL */
	struct output file;	/* the same, open until it is written */
	bool explain, list;
	const struct probe_mode *mode;
	char **names;		/* cases; all where there are none */
	int nr_names;
	struct probe_host host;
	struct probe_sum sum;
	struct json_object *rows;
	const char *family;	/* of the last row */
	unsigned int nr, all;	/* pairs, for the live line */
	const struct probe_layout *now;
	bool live;
	struct probe_paging paging;	/* the host's */
};

static bool wanted(const struct probing *p, const struct probe_case *c, unsigned int mode)
{
	int i;

	if (!probe_fits(c, &probe_modes[mode]) || (p->mode && p->mode->id != mode))
		return false;
	for (i = 0; i < p->nr_names; i++)
		if (!strcmp(p->names[i], c->name))
			return true;
	return !p->nr_names;
}

static unsigned int count(const struct probing *p)
{
	const struct probe_case *const *c;
	unsigned int m, n = 0;

	probe_for_each_case(c)
		for (m = 0; m < M_NR; m++)
			n += wanted(p, *c, m);
	return n;
}

static void live(void *priv, unsigned int budget)
{
	const struct probing *p = priv;

	if (p->live)
		fprintf(stderr, "\r%-78.78s\r%u/%u %s, %s: budget %u", "", p->nr, p->all,
			p->now->c->name, p->now->m->name, budget);
}

static void live_clear(const struct probing *p)
{
	if (p->live)
		fprintf(stderr, "\r%-78.78s\r", "");
}

static void print_row(const struct row *r)
{
	const char *more = r->field[ROW_BELOW];

	if (strcmp(r->field[ROW_STEPS], "-"))
		more = r->field[ROW_STEPS];
	if (strcmp(r->field[ROW_WHY], "-"))
		more = r->field[ROW_WHY];
	printf("%-18s %-13s %-8s %5s  %-18s %6s  %-6s  %s\n", r->field[ROW_CASE],
	       r->field[ROW_MODE], r->field[ROW_RESULT], r->field[ROW_PAGES], r->field[ROW_ROLES],
	       r->field[ROW_THEORY], r->field[ROW_AGREES], more);
}

static void print_head(const struct probing *p)
{
	if (p->style == STYLE_CSV)
		row_csv_head(stdout);
	else if (p->style == STYLE_TABLE && !p->explain && !p->report)
		printf("%-18s %-13s %-8s %5s  %-18s %6s  %-6s  %s\n", "CASE", "MODE", "RESULT",
		       "PAGES", "ROLES", "THEORY", "AGREES", "BELOW, OR WHY");
}

static void output(struct probing *p, const struct probe_layout *l, const struct probe_measure *x)
{
	struct row row;

	row_make(x, &row);
	row_sum(&p->sum, x);
	live_clear(p);
	if (p->rows)
		json_object_array_add(p->rows, row_json(x, l, &row));
	if (p->explain) {
		explain_measure(stdout, l, x);
	} else if (p->style == STYLE_CSV) {
		row_csv(stdout, &row);
	} else if (p->style == STYLE_MARKDOWN) {
		if (p->family != x->c->family)
			row_markdown_head(stdout, x->c->family);
		row_markdown(stdout, &row);
	} else if (!p->rows) {
		print_row(&row);
	}
	p->family = x->c->family;
	fflush(stdout);
}

/* What this host does not have is left out by name, not in silence. */
static bool lacks(const struct probing *p, const struct probe_layout *l, struct probe_measure *x)
{
	bool mode = !vmm_has(p->host.kvm, l->m->feature);

	if (!mode && vmm_has(p->host.kvm, l->c->feature))
		return false;
	memset(x, 0, sizeof(*x));
	x->c = l->c;
	x->m = l->m;
	x->status = PROBE_SKIPPED;
	snprintf(x->why, sizeof(x->why), "KVM does not give its guests what %s %s needs",
		 mode ? "mode" : "case", mode ? l->m->name : l->c->name);
	return true;
}

static int pair(struct probing *p, const struct probe_case *c, const struct probe_mode *m)
{
	static struct probe_measure x;
	static struct probe_layout l;
	int err = probe_layout(&l, c, m);

	if (err) {
		msg_err("%s, mode %s: cannot be laid out: %s", c->name, m->name, strerror(-err));
		probe_layout_free(&l);
		return err;
	}
	l.paging = p->paging;
	p->nr++;
	p->now = &l;
	if (p->explain)
		explain_case(stdout, &l);
	if (!lacks(p, &l, &x))
		probe_measure(&p->host, &l, &x);
	output(p, &l, &x);
	probe_measure_free(&x);
	probe_layout_free(&l);
	return 0;
}

static void summary(const struct probing *p)
{
	const struct probe_sum *s = &p->sum;
	char cpu[256], kernel[256];

	host_cpu_name(cpu, sizeof(cpu));
	host_kernel(kernel, sizeof(kernel));
	printf("\n%u pairs of case and mode: %u measured, %u as theory says, %u skipped, %u failed\n"
	       "registers and memory as without a budget: %u of %u\n",
	       p->all, s->done, s->agree, s->skipped, s->failed, s->same, s->done);
	if (s->most)
		printf("most pages at once: %u, %s in mode %s\n", s->most, s->most_case,
		       s->most_mode);
	printf("CPU %s, kernel %s\n", cpu, kernel);
}

static int finish_json(struct probing *p)
{
	struct json_object *top = json_object_new_object();
	int ret = EXIT_DONE;

	json_object_object_add(top, "format", json_object_new_int(1));
	json_object_object_add(top, "host", host_json());
	json_object_object_add(top, "pairs", p->rows);
	if (!p->report)
		return cmd_print_json(top);
	if (output_begin(&p->file) ||
	    json_object_to_fd(p->file.fd, top, JSON_C_TO_STRING_PRETTY) || close(p->file.fd)) {
		msg_err("cannot write %s: %m", p->report);
		ret = EXIT_FAILED;
	} else {
		printf("%s is written: docs/PROBE.md says how to read it, and where to send it\n",
		       p->report);
	}
	p->file.fd = -1;
	json_object_put(top);
	return ret;
}

/*
 * As long as one VM is under budget the module's hook stays where it is: to
 * move it costs more than all else that a case takes.
 */
static int keep_hook(struct probing *p, int *fd)
{
	char name[VM_NAME_MAX], path[DBGFS_PATH_MAX];
	int err;

	*fd = ioctl(p->host.kvm, KVM_CREATE_VM, 0UL);
	if (*fd < 0) {
		msg_err("cannot create a VM: %m");
		return -errno;
	}
	snprintf(name, sizeof(name), "%d-%d", (int)gettid(), *fd);
	err = dbgfs_write(dbgfs_vm_file(path, name, "budget"), "1");
	if (err)
		msg_err("cannot set a budget: %s", msg_errno(-err));
	return err;
}

static int run_all(struct probing *p)
{
	const struct probe_case *const *c;
	int keep = -1, err = keep_hook(p, &keep);
	unsigned int m;

	print_head(p);
	probe_for_each_case(c)
		for (m = 0; m < M_NR && !err; m++)
			if (wanted(p, *c, m))
				err = pair(p, *c, &probe_modes[m]);
	if (keep >= 0)
		close(keep);
	if (err) {
		json_object_put(p->rows);
		return EXIT_FAILED;
	}
	if (p->rows)
		err = finish_json(p);
	if (p->style == STYLE_TABLE)
		summary(p);
	return err || p->sum.failed || p->sum.same != p->sum.done ? EXIT_FAILED : EXIT_DONE;
}

/* All takes minutes: what would then be in vain is told first. */
static int open_report(struct probing *p)
{
	int err = p->report ? output_open(&p->file, p->report, O_WRONLY | O_APPEND, 0666) : 0;

	if (err)
		msg_err("cannot write %s: %s", p->report, strerror(-err));
	return err;
}

static int probe(struct probing *p)
{
	int ret;

	if (dbgfs_attach())
		return EXIT_FAILED;
	if (p->host.policy && !option_policy_known(p->host.policy)) {
		option_explain("probe", "policy", p->host.policy, EINVAL);
		return EXIT_FAILED;
	}
	if (open_report(p))
		return EXIT_FAILED;
	p->host.kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (p->host.kvm < 0) {
		msg_err("/dev/kvm: %m: load kvm_amd or kvm_intel, and run this as root");
		output_undo(&p->file);
		return EXIT_FAILED;
	}
	p->host.tail = -1;
	p->host.budget = live;
	p->host.priv = p;
	p->live = isatty(STDERR_FILENO);
	host_paging(&p->paging);
	p->all = count(p);
	if (p->style == STYLE_JSON || p->report)
		p->rows = json_object_new_array();
	ret = run_all(p);
	close(p->host.kvm);
	output_undo(&p->file);
	return ret;
}

static int list(const struct probing *p)
{
	const struct probe_case *const *c;
	const char *family = "";
	unsigned int m, n, pairs = 0, cases = 0;

	probe_for_each_case(c) {
		n = 0;
		for (m = 0; m < M_NR; m++)
			n += wanted(p, *c, m);
		if (!n)
			continue;
		if (strcmp(family, (*c)->family))
			printf("%s%s\n", *family ? "\n" : "", (*c)->family);
		family = (*c)->family;
		printf("  %-18s %s (%u mode%s)\n", (*c)->name, (*c)->what, n, n == 1 ? "" : "s");
		pairs += n;
		cases++;
	}
	printf("\n%u cases, %u pairs of case and mode. Modes:\n", cases, pairs);
	for (m = 0; m < M_NR; m++)
		printf("  %-13s %s\n", probe_modes[m].name, probe_modes[m].what);
	return EXIT_DONE;
}

static bool is_case(const char *name)
{
	const struct probe_case *const *c;

	probe_for_each_case(c)
		if (!strcmp((*c)->name, name))
			return true;
	return false;
}

static int check(struct probing *p)
{
	const bool other = p->style != STYLE_TABLE;
	int i;

	for (i = 0; i < p->nr_names; i++)
		if (!is_case(p->names[i]))
			return cmd_usage_error(&cmd_probe, "no case '%s': see --list", p->names[i]);
	if (p->list + p->explain + !!p->report + other > 1)
		return cmd_usage_error(&cmd_probe,
				       "--list, --explain, --report and another form of the table exclude each other");
	if (!count(p))
		return cmd_usage_error(&cmd_probe, "no case to run in mode %s",
				       p->mode ? p->mode->name : "?");
	return 0;
}

static int parse(struct probing *p, int argc, char **argv)
{
	enum { OPT_MODE = 1000, OPT_CSV, OPT_MARKDOWN, OPT_LIST, OPT_EXPLAIN, OPT_REPORT };
	static const struct option options[] = {
		{ "mode", required_argument, NULL, OPT_MODE },
		{ "policy", required_argument, NULL, OPT_POLICY },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "csv", no_argument, NULL, OPT_CSV },
		{ "markdown", no_argument, NULL, OPT_MARKDOWN },
		{ "list", no_argument, NULL, OPT_LIST },
		{ "explain", required_argument, NULL, OPT_EXPLAIN },
		{ "report", required_argument, NULL, OPT_REPORT },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	static char *one[1];
	int opt, bad;

	optind = 0;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		switch (opt) {
		case OPT_MODE:
			p->mode = probe_mode_find(optarg);
			if (!p->mode)
				return cmd_usage_error(&cmd_probe, "no mode '%s': see --list",
						       optarg);
			break;
		case OPT_POLICY:
			bad = option_name(&cmd_probe, "--policy", optarg);
			if (bad)
				return bad;
			p->host.policy = optarg;
			break;
		case OPT_JSON:
			p->style = STYLE_JSON;
			break;
		case OPT_CSV:
			p->style = STYLE_CSV;
			break;
		case OPT_MARKDOWN:
			p->style = STYLE_MARKDOWN;
			break;
		case OPT_LIST:
			p->list = true;
			break;
		case OPT_EXPLAIN:
			p->explain = true;
			one[0] = optarg;
			p->names = one;
			p->nr_names = 1;
			break;
		case OPT_REPORT:
			p->report = optarg;
			bad = option_file(&cmd_probe, "--report", optarg,
					  "the table goes to standard output");
			if (bad)
				return bad;
			break;
		case OPT_HELP:
		case 'h':
			cmd_show_help(&cmd_probe);
			return -1;
		default:
			return cmd_bad_option(&cmd_probe, opt, argv);
		}
	}
	if (!p->explain) {
		p->names = argv + optind;
		p->nr_names = argc - optind;
	} else if (optind != argc) {
		return cmd_usage_error(&cmd_probe, "'%s' is too much", argv[optind]);
	}
	return check(p);
}

static int probe_main(int argc, char **argv)
{
	struct probing p = { .file.fd = -1 };
	int bad = parse(&p, argc, argv);

	if (bad)
		return bad < 0 ? EXIT_DONE : bad;
	return p.list ? list(&p) : probe(&p);
}

const struct nptb_cmd cmd_probe = {
	.name = "probe",
	.main = probe_main,
	.usage = "[CASE...] [--mode M] [--policy P] [--json|--csv|--markdown]\n"
		 "       nptbudget probe --list | --explain CASE [--mode M] | --report FILE",
	.help = "Measure how many resident pages instructions and events need",
	.details =
	"Each case runs in a tiny guest under budgets 1, 2, 3, ... until it completes, and is set\n"
	"against what theory says. Roles: F fetch, R read, W write, T the guest's page tables.\n"
	"\n"
	"  CASE          a case of --list; without one, all of them\n"
	"  --mode M      in this mode alone\n"
	"  --policy P    who goes next, as for 'nptbudget set'\n"
	"  --list        the cases and the modes\n"
	"  --explain C   one case: bytes, memory, the page of each operand, each budget's outcome\n"
	"  --report F    write all of it, and what the host is, to a file to send in\n"
	"  --json, --csv, --markdown   other forms of the table\n",
};
