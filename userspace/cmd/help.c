// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget help - what there is, and how to use it */
#include <string.h>

#include "cmd/cmd.h"

static int help_main(int argc, char **argv)
{
	const struct nptb_cmd *cmd;

	if (argc < 2)
		return cmd_overview();
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return cmd_show_help(&cmd_help);
	if (argc > 2)
		return cmd_usage_error(&cmd_help, "'%s' is too much", argv[2]);
	cmd = cmd_find(argv[1]);
	if (!cmd)
		return cmd_usage_error(&cmd_help, "no command '%s'", argv[1]);
	return cmd_show_help(cmd);
}

const struct nptb_cmd cmd_help = {
	.name = "help",
	.main = help_main,
	.usage = "[COMMAND]",
	.help = "List the commands, or explain one",
};
