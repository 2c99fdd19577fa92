// SPDX-License-Identifier: GPL-2.0-only
/* What all subcommands share: usage, help, JSON. */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/cmd.h"
#include "base/msg.h"

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
	char *text;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	msg_err("%s: %s", cmd->name, text ? text : "wrong usage");
	free(text);
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

/**
 * cmd_next_option() - the next option that is a subcommand's own
 * @cmd: the subcommand
 * @argc: as main() has it, from the subcommand's name on
 * @argv: likewise
 * @letters: for getopt_long(), with 'h'; ':' in it first, or behind a '+'
 * @options: the long ones, with OPT_HELP
 * @status: exit status where the subcommand is done with that
 *
 * Return: the option, its value in optarg; -1 behind the last; CMD_OPTION_ENDS where
 * help was shown, or the option is none.
 */
int cmd_next_option(const struct nptb_cmd *cmd, int argc, char **argv, const char *letters,
		    const struct option *options, int *status)
{
	int opt = getopt_long(argc, argv, letters, options, NULL);

	if (opt == OPT_HELP || opt == 'h')
		*status = cmd_show_help(cmd);
	else if (opt == '?' || opt == ':')
		*status = cmd_bad_option(cmd, opt, argv);
	else
		return opt;
	return CMD_OPTION_ENDS;
}

/**
 * cmd_only_json() - read the options of a subcommand that takes --json alone
 * @cmd: the subcommand
 * @argc: as main() has it, from the subcommand's name on
 * @argv: likewise; optind is behind the options afterwards
 * @json: set where --json was given, otherwise left alone
 * @status: exit status where the subcommand is done with that
 *
 * Return: false where it is: help was shown, or an option is none.
 */
bool cmd_only_json(const struct nptb_cmd *cmd, int argc, char **argv, bool *json,
		   int *status)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	int opt;

	optind = 0;
	opterr = 0;
	while ((opt = cmd_next_option(cmd, argc, argv, ":h", options, status)) == OPT_JSON)
		*json = true;
	return opt == -1;
}
