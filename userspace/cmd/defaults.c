// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget defaults - what VMs created from now on start with */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nptbudget.h>
#include "cmd/cmd.h"
#include "base/msg.h"
#include "cmd/apply.h"
#include "cmd/knobs.h"
#include "cmd/options.h"
#include "model/bindings.h"
#include "model/dbgfs.h"
#include "view/table.h"

/* Where cgroups of version 2 are mounted. */
#define CGROUP_ROOT	"/sys/fs/cgroup"

/**
 * struct request - what the user wants
 * @kind: "comm" or "cgroup" where it is for VMs of @whom, NULL for all
 * @whom: name of the program, or path of the cgroup
 * @remove: take that away
 * @json: print as JSON
 * @knobs: new values
 */
struct request {
	const char *kind;
	const char *whom;
	bool remove;
	bool json;
	struct knobs knobs;
};

static const char *const columns[] = {
	"POLICY", "ON-LOOP", "FLUSH-AGED", "BACKING", "BUDGET", "LEND-MAX", "BURST",
	"BATCH", "SEED", "VMS OF",
};

#define LEFT_COLUMNS (BIT(0) | BIT(1) | BIT(2) | BIT(3) | BIT(9))

static int print_table(const struct binding *list, size_t nr)
{
	struct table t = { .columns = ARRAY_SIZE(columns), .left = LEFT_COLUMNS };
	const char *row[ARRAY_SIZE(columns)];
	char whom[BINDING_KIND_MAX + BINDING_WHOM_MAX + 1];
	size_t i, k;
	int err;

	err = table_add(&t, columns);
	for (i = 0; !err && i < nr; i++) {
		for (k = 0; k < BINDING_KNOBS; k++)
			row[k] = *list[i].value[k] ? list[i].value[k] : "-";
		snprintf(whom, sizeof(whom), "%s %s", list[i].kind, list[i].whom);
		row[k] = *list[i].kind ? whom : nr > 1 ? "all others" : "all";
		err = table_add(&t, row);
	}
	table_print(&t, stdout);
	table_free(&t);
	return err ? EXIT_FAILED : EXIT_DONE;
}

static int print_json(const struct binding *list, size_t nr)
{
	struct json_object *top = json_object_new_object(), *array = json_object_new_array();
	size_t i;

	json_object_object_add(top, "format", json_object_new_int(NPTB_FORMAT));
	json_object_object_add(top, "defaults", binding_json(&list[nr - 1]));
	json_object_object_add(top, "bindings", array);
	for (i = 0; i + 1 < nr; i++)
		json_object_array_add(array, binding_json(&list[i]));
	return cmd_print_json(top);
}

static int show(const struct request *r)
{
	struct binding *list;
	size_t nr;
	int err, ret;

	err = bindings_read(&list, &nr);
	if (err) {
		msg_err("cannot read the defaults: %s", msg_errno(-err));
		return EXIT_FAILED;
	}
	ret = r->json ? print_json(list, nr) : print_table(list, nr);
	free(list);
	return ret;
}

/* Say why the module refused it as a whole. */
static void explain(const struct request *r, int err)
{
	const char *const *v = r->knobs.value;
	char *text = NULL;

	/* Is it the file that is not there? */
	if (err == ENOENT && r->remove && !dbgfs_read("defaults/bindings", &text))
		msg_err("nothing is bound to %s %s: 'nptbudget defaults' shows what is", r->kind,
			r->whom);
	else if (err == ENOENT)
		msg_err("the module binds no defaults: install one of this version");
	else if (err == ENOSPC)
		msg_err("there are %d bindings already: take one away (--remove)",
			NPTB_BINDINGS_MAX);
	else if (err != EINVAL ||
		 !option_explain_names("defaults", v[KNOB_POLICY], v[KNOB_ON_LOOP]))
		msg_err("defaults of %s %s: %s", r->kind, r->whom, msg_errno(err));
	free(text);
}

static int bind(const struct request *r)
{
	char line[1024];
	size_t len = 0;
	int i, err;

	if (r->remove)
		len = 1;
	strscpy(line, r->remove ? "!" : "", sizeof(line));
	for (i = 0; i < NR_KNOBS; i++)
		if (r->knobs.value[i])
			len += (size_t)snprintf(line + len, sizeof(line) - len, "%s=%s ",
						knob_name(i), r->knobs.value[i]);
	len += (size_t)snprintf(line + len, sizeof(line) - len, "%s=%s", r->kind, r->whom);
	err = len < sizeof(line) ? dbgfs_write("defaults/bindings", line) : -ENAMETOOLONG;
	if (!err)
		return EXIT_DONE;
	explain(r, -err);
	return EXIT_FAILED;
}

static int take_whom(struct request *r, const char *kind, const char *whom)
{
	if (r->kind)
		return cmd_usage_error(&cmd_defaults, "one --comm or one --cgroup");
	r->kind = kind;
	r->whom = whom;
	return EXIT_DONE;
}

/* A path from the root of cgroups, or from that of files. */
static int take_cgroup(struct request *r)
{
	size_t root = strlen(CGROUP_ROOT);
	const char *path = optarg;

	if (!strncmp(path, CGROUP_ROOT, root) && (!path[root] || path[root] == '/'))
		path += root;
	if (path != optarg && !*path)
		path = "/";
	if (*path != '/' || strchr(path, '\n'))
		return cmd_usage_error(&cmd_defaults,
				       "--cgroup '%s': not a path: give it as in /proc/PID/cgroup",
				       optarg);
	return take_whom(r, "cgroup", path);
}

static int take_option(struct request *r, int opt)
{
	switch (opt) {
	case OPT_COMM:
		if (!*optarg || strchr(optarg, '\n') || strchr(optarg, '/'))
			return cmd_usage_error(&cmd_defaults,
					       "--comm '%s': not a name: give it as in /proc/PID/comm",
					       optarg);
		return take_whom(r, "comm", optarg);
	case OPT_CGROUP:
		return take_cgroup(r);
	case OPT_REMOVE:
		r->remove = true;
		return EXIT_DONE;
	case OPT_JSON:
		r->json = true;
		return EXIT_DONE;
	}
	return knobs_take(&r->knobs, &cmd_defaults, opt);
}

static int defaults(const struct request *r)
{
	bool given = knobs_given(&r->knobs);
	int ret = EXIT_DONE;

	if (dbgfs_attach())
		return EXIT_FAILED;
	if (r->kind)
		ret = bind(r);
	else if (given)
		ret = knobs_apply(&r->knobs, "defaults", NULL);
	if (ret || (!r->json && (r->kind || given)))
		return ret;
	return show(r);
}

static int defaults_main(int argc, char **argv)
{
	static const struct option options[] = {
		KNOB_OPTIONS,
		{ "comm", required_argument, NULL, OPT_COMM },
		{ "cgroup", required_argument, NULL, OPT_CGROUP },
		{ "remove", no_argument, NULL, OPT_REMOVE },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	struct request r = { .knobs.frames_max = KNOB_FRAMES_WRITE };
	int opt, ret;

	optind = 0;
	opterr = 0;
	while ((opt = cmd_next_option(&cmd_defaults, argc, argv, ":h", options, &ret)) != -1) {
		if (opt == CMD_OPTION_ENDS)
			return ret;
		ret = take_option(&r, opt);
		if (ret)
			return ret;
	}
	if (optind < argc)
		return cmd_usage_error(&cmd_defaults, "'%s' is too much", argv[optind]);
	if (r.knobs.value[KNOB_PIN] || r.knobs.value[KNOB_EXEMPT])
		return cmd_usage_error(&cmd_defaults, "pins and exempt frames are of one VM");
	if (r.remove && !r.kind)
		return cmd_usage_error(&cmd_defaults, "remove what? (--comm or --cgroup)");
	if (r.remove && knobs_given(&r.knobs))
		return cmd_usage_error(&cmd_defaults, "--remove takes no values");
	if (r.kind && !r.remove && !knobs_given(&r.knobs))
		return cmd_usage_error(&cmd_defaults, "nothing to set for %s %s", r.kind, r.whom);
	return defaults(&r);
}

const struct nptb_cmd cmd_defaults = {
	.name = "defaults",
	.main = defaults_main,
	.usage = "[--comm NAME|--cgroup PATH] [OPTIONS]",
	.help = "Show or set what new VMs start with, also those of a program or cgroup",
	.details =
	"Without options, show what VMs that are created from now on start with.\n"
	"\n"
	"  --comm NAME      set it for VMs of processes of this name alone, as in\n"
	"                   /proc/PID/comm\n"
	"  --cgroup PATH    for VMs of processes in this cgroup, or below it\n"
	"  --remove         take away what is bound to that name or cgroup\n"
	KNOB_HELP_PAGES
	"  --pages off      no budget\n"
	KNOB_HELP_WHO
	KNOB_HELP_LOOP
	KNOB_HELP_BACKING
	"  --json           print JSON, also what is in force after a change\n"
	"\n"
	"The deepest cgroup goes before the name, and that before the defaults; 'nptbudget run'\n"
	"before all. VMs that are there keep what they have, and all is forgotten when the\n"
	"module is unloaded.\n",
};
