// SPDX-License-Identifier: GPL-2.0-only
/*
 * nptbudget - hold KVM guests to a budget of resident pages
 *
 * The table of subcommands, and what all of them share: usage and help.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "msg.h"

static const struct nptb_cmd *const cmds[] = {
	&cmd_list,
	&cmd_set,
	&cmd_loops,
	&cmd_run,
	&cmd_version,
	&cmd_help,
};

#define NR_CMDS (sizeof(cmds) / sizeof(cmds[0]))

/**
 * cmd_find() - look a subcommand up
 * @name: its name
 *
 * Return: the subcommand, or NULL where there is none of that name.
 */
const struct nptb_cmd *cmd_find(const char *name)
{
	size_t i;

	for (i = 0; i < NR_CMDS; i++)
		if (!strcmp(cmds[i]->name, name))
			return cmds[i];
	return NULL;
}

/**
 * cmd_overview() - print all subcommands on stdout
 *
 * Return: EXIT_DONE.
 */
int cmd_overview(void)
{
	size_t i;

	printf("Usage: nptbudget COMMAND [ARGUMENTS]\n\n"
	       "Hold KVM guests to a budget of pages present in their nested page tables.\n\n"
	       "Commands:\n");
	for (i = 0; i < NR_CMDS; i++)
		printf("  %-10s%s\n", cmds[i]->name, cmds[i]->help);
	printf("\nVM is a name <pid>-<fd> as in 'nptbudget list', or the pid of a VMM that has one VM.\n"
	       "'nptbudget help COMMAND' explains a command; nptbudget(8) has it all.\n");
	return EXIT_DONE;
}

/**
 * cmd_show_help() - print the help of one subcommand on stdout
 * @cmd: the subcommand
 *
 * Return: EXIT_DONE.
 */
int cmd_show_help(const struct nptb_cmd *cmd)
{
	printf("Usage: nptbudget %s%s%s\n\n%s.\n", cmd->name, *cmd->usage ? " " : "",
	       cmd->usage, cmd->help);
	if (cmd->details)
		printf("\n%s", cmd->details);
	return EXIT_DONE;
}

/**
 * cmd_usage_error() - say on stderr what was wrong with the use of a subcommand
 * @cmd: the subcommand
 * @fmt: what was wrong, as for printf()
 *
 * Return: EXIT_USAGE.
 */
int cmd_usage_error(const struct nptb_cmd *cmd, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	msg_err("%s: %s", cmd->name, text);
	fprintf(stderr, "Usage: nptbudget %s%s%s\n", cmd->name, *cmd->usage ? " " : "",
		cmd->usage);
	return EXIT_USAGE;
}

/**
 * cmd_bad_option() - report what getopt_long() could not take
 * @cmd: the subcommand
 * @opt: what getopt_long() returned: '?', or ':' for a missing argument
 * @argv: the arguments that it was given
 *
 * Return: EXIT_USAGE.
 */
int cmd_bad_option(const struct nptb_cmd *cmd, int opt, char **argv)
{
	if (opt == ':')
		return cmd_usage_error(cmd, "option '%s' needs an argument", argv[optind - 1]);
	if (optopt >= OPT_LONG)
		return cmd_usage_error(cmd, "option '%s' takes no argument", argv[optind - 1]);
	if (optopt)
		return cmd_usage_error(cmd, "unknown option '-%c'", optopt);
	return cmd_usage_error(cmd, "unknown option '%s'", argv[optind - 1]);
}

/**
 * cmd_print_json() - print an object on stdout and drop it
 * @obj: the object; NULL where memory ran out while it was made
 *
 * Return: EXIT_DONE, or EXIT_FAILED with a message.
 */
int cmd_print_json(struct json_object *obj)
{
	const char *text = NULL;

	if (obj)
		text = json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PRETTY |
						      JSON_C_TO_STRING_SPACED |
						      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		puts(text);
	else
		msg_err("out of memory");
	json_object_put(obj);
	return text ? EXIT_DONE : EXIT_FAILED;
}

static int dispatch(int argc, char **argv)
{
	const struct nptb_cmd *cmd;

	if (argc < 2) {
		msg_err("which command? 'nptbudget help' lists them");
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return cmd_overview();
	cmd = cmd_find(!strcmp(argv[1], "--version") ? "version" : argv[1]);
	if (!cmd) {
		msg_err("no command '%s': 'nptbudget help' lists them", argv[1]);
		return EXIT_USAGE;
	}
	argv[1] = (char *)cmd->name;
	return cmd->main(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	int ret = dispatch(argc, argv);

	if (fflush(stdout) || ferror(stdout)) {
		msg_err("cannot write to standard output: %m");
		if (!ret)
			ret = EXIT_FAILED;
	}
	return ret;
}
