// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget version - versions of the command and of the module */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include <nptbudget.h>
#include "cmd/cmd.h"
#include "model/dbgfs.h"
#include "base/msg.h"

static int print_json(int err, const struct dbgfs_version *v)
{
	struct json_object *top = json_object_new_object(), *module = NULL;

	json_object_object_add(top, "version", json_object_new_string(NPTB_VERSION));
	json_object_object_add(top, "format", json_object_new_int(NPTB_FORMAT));
	if (!err) {
		module = json_object_new_object();
		json_object_object_add(module, "version", json_object_new_string(v->version));
		json_object_object_add(module, "format", json_object_new_uint64(v->format));
	}
	json_object_object_add(top, "module", module);
	return cmd_print_json(top);
}

static int print_text(int err, const struct dbgfs_version *v)
{
	printf("nptbudget %s, format %d\n", NPTB_VERSION, NPTB_FORMAT);
	if (!err)
		printf("module %s, format %u\n", v->version, v->format);
	else if (err == -ENOENT)
		puts("module not loaded");
	else if (err == -ENODEV)
		puts("module unknown: debugfs is not mounted");
	else if (err == -EBADMSG)
		puts("module unknown: its version file is not understood");
	else
		printf("module unknown: %s\n", msg_errno(-err));
	return EXIT_DONE;
}

static int version_main(int argc, char **argv)
{
	struct dbgfs_version v;
	bool json = false;
	int status, err;

	if (!cmd_only_json(&cmd_version, argc, argv, &json, &status))
		return status;
	if (optind < argc)
		return cmd_usage_error(&cmd_version, "'%s' is too much", argv[optind]);
	err = dbgfs_probe(&v);
	return json ? print_json(err, &v) : print_text(err, &v);
}

const struct nptb_cmd cmd_version = {
	.name = "version",
	.main = version_main,
	.usage = "[--json]",
	.help = "Show the versions of the command and of the loaded module",
	.details =
	"The formats are those of the module's debugfs files and tracepoints. A command works\n"
	"with a module of a newer format, but does not show what was added.\n",
};
