// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget doctor - is this host able, and what mends it where it is not? */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/msg.h"
#include "cmd/checks.h"
#include "cmd/cmd.h"

static const char *const status_names[] = {
	[CHECK_OK] = "ok",
	[CHECK_WARNING] = "warning",
	[CHECK_FAILED] = "failed",
	[CHECK_UNKNOWN] = "unknown",
};

static void print_row(const struct check *c)
{
	printf("%-9s%-16s%s\n", status_names[c->status], c->name, c->text);
	if (*c->mend)
		printf("%-9s%-16s  %s\n", "", "", c->mend);
}

static struct json_object *row_json(const struct check *c)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "check", json_object_new_string(c->name));
	json_object_object_add(obj, "status", json_object_new_string(status_names[c->status]));
	json_object_object_add(obj, "text", json_object_new_string(c->text));
	json_object_object_add(obj, "mend", *c->mend ? json_object_new_string(c->mend) : NULL);
	return obj;
}

static int print_json(const struct check *rows, size_t nr, bool able)
{
	struct json_object *top = json_object_new_object(), *list = json_object_new_array();
	size_t i;

	for (i = 0; i < nr; i++)
		json_object_array_add(list, row_json(&rows[i]));
	json_object_object_add(top, "able", json_object_new_boolean(able));
	json_object_object_add(top, "checks", list);
	return cmd_print_json(top);
}

static void print_verdict(const unsigned int count[CHECK_STATUS_NR])
{
	if (count[CHECK_FAILED])
		printf("\nNot able: %u of the checks failed. Mend them from the top down.\n",
		       count[CHECK_FAILED]);
	else if (count[CHECK_UNKNOWN])
		printf("\nNothing stands in the way, as far as could be seen: %u could not.\n",
		       count[CHECK_UNKNOWN]);
	else
		printf("\nThis host is able to hold VMs to budgets.\n");
}

static int doctor_main(int argc, char **argv)
{
	unsigned int count[CHECK_STATUS_NR] = { 0 };
	struct check rows[CHECKS_MAX];
	bool json = false;
	int status;
	size_t nr, i;

	if (!cmd_only_json(&cmd_doctor, argc, argv, &json, &status))
		return status;
	if (optind < argc)
		return cmd_usage_error(&cmd_doctor, "'%s' is too much", argv[optind]);
	nr = checks_run(rows);
	for (i = 0; i < nr; i++)
		count[rows[i].status]++;
	if (json) {
		if (print_json(rows, nr, !count[CHECK_FAILED]))
			return EXIT_FAILED;
	} else {
		for (i = 0; i < nr; i++)
			print_row(&rows[i]);
		print_verdict(count);
	}
	return count[CHECK_FAILED] ? EXIT_FAILED : EXIT_DONE;
}

const struct nptb_cmd cmd_doctor = {
	.name = "doctor",
	.main = doctor_main,
	.usage = "[--json]",
	.help = "Check whether this host is able, and say what mends it",
	.details =
	"Each line is ok, warning, failed or unknown; below it stands the command that mends it.\n"
	"A warning is no obstacle. What only root can see is unknown to others. Nothing is\n"
	"changed. A module that is not loaded is one of the checks that failed.\n"
	"\n"
	"  --json           print the checks as JSON\n"
	"\n"
	"The exit status is 1 where a check failed: VMs cannot be held to budgets then.\n",
};
