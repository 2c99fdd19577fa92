// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nptbudget.h>
#include "model/dbgfs.h"
#include "base/fields.h"
#include "base/msg.h"
#include "cmd/options.h"
#include "base/util.h"

/**
 * option_pages() - check the argument of --pages
 * @cmd: the subcommand
 * @arg: the argument: "off", or NPTB_BUDGET_MIN to NPTB_BUDGET_MAX in decimal
 *
 * Return: 0, or EXIT_USAGE after a message.
 */
int option_pages(const struct nptb_cmd *cmd, const char *arg)
{
	unsigned long long pages;
	int err;

	if (!strcmp(arg, "off"))
		return 0;
	err = strncmp(arg, "0x", 2) ? field_u64(arg, &pages) : -EINVAL;
	if (err == -EINVAL)
		return cmd_usage_error(cmd, "--pages '%s': not a number of pages, nor off", arg);
	if (err || pages < NPTB_BUDGET_MIN || pages > NPTB_BUDGET_MAX)
		return cmd_usage_error(cmd, "--pages %s: out of range, %llu to %llu", arg,
				       NPTB_BUDGET_MIN, NPTB_BUDGET_MAX);
	return 0;
}

/**
 * option_seed() - check the argument of --seed
 * @cmd: the subcommand
 * @arg: the argument: a decimal number of 64 bits
 *
 * Return: 0, or EXIT_USAGE after a message.
 */
int option_seed(const struct nptb_cmd *cmd, const char *arg)
{
	unsigned long long seed;
	int err = strncmp(arg, "0x", 2) ? field_u64(arg, &seed) : -EINVAL;

	if (err == -ERANGE)
		return cmd_usage_error(cmd, "--seed %s: out of range, 0 to %llu", arg, ~0ULL);
	if (err)
		return cmd_usage_error(cmd, "--seed '%s': not a decimal number", arg);
	return 0;
}

/**
 * option_switch() - check the argument of an option that is on or off
 * @cmd: the subcommand
 * @option: the option
 * @arg: the argument
 *
 * Return: 0, or EXIT_USAGE after a message.
 */
int option_switch(const struct nptb_cmd *cmd, const char *option, const char *arg)
{
	if (!strcmp(arg, "on") || !strcmp(arg, "off"))
		return 0;
	return cmd_usage_error(cmd, "%s '%s': on or off", option, arg);
}

static int frame(const char *text, unsigned long long *gfn)
{
	int err = field_u64(text, gfn);

	return !err && *gfn > NPTB_GFN_MAX ? -ERANGE : err;
}

/**
 * option_frames() - check a range of guest frames
 * @cmd: the subcommand
 * @option: the option
 * @arg: the argument: one frame, or FIRST-LAST
 *
 * Return: 0, or EXIT_USAGE after a message.
 */
int option_frames(const struct nptb_cmd *cmd, const char *option, const char *arg)
{
	unsigned long long first, last;
	char text[64], *dash;
	int err;

	if (strscpy(text, arg, sizeof(text)) < 0)
		return cmd_usage_error(cmd, "%s: too long for a range of frames", option);
	dash = strchr(text, '-');
	if (dash)
		*dash++ = '\0';
	err = frame(text, &first);
	if (!err)
		err = frame(dash ? dash : text, &last);
	if (err == -ERANGE)
		return cmd_usage_error(cmd, "%s %s: out of range, 0 to 0x%llx", option, arg,
				       NPTB_GFN_MAX);
	if (err || first > last)
		return cmd_usage_error(cmd, "%s '%s': not a range of guest frames", option, arg);
	return 0;
}

/**
 * option_number() - check the argument of an option that takes a number
 * @cmd: the subcommand
 * @option: the option
 * @arg: the argument
 * @min: least
 * @max: most
 *
 * Return: 0, or EXIT_USAGE after a message.
 */
int option_number(const struct nptb_cmd *cmd, const char *option, const char *arg,
		  unsigned long long min, unsigned long long max)
{
	unsigned long long number;
	int err = strncmp(arg, "0x", 2) ? field_u64(arg, &number) : -EINVAL;

	if (err == -EINVAL)
		return cmd_usage_error(cmd, "%s '%s': not a number", option, arg);
	if (err || number < min || number > max)
		return cmd_usage_error(cmd, "%s %s: out of range, %llu to %llu", option, arg, min,
				       max);
	return 0;
}

/**
 * option_name() - check the argument of --policy or --on-loop
 * @cmd: the subcommand
 * @option: the option
 * @arg: the argument; whether the module knows it shows later
 *
 * Return: 0, or EXIT_USAGE after a message.
 */
int option_name(const struct nptb_cmd *cmd, const char *option, const char *arg)
{
	size_t len = strlen(arg);

	if (len && len < NPTB_POLICY_NAME_MAX &&
	    len == strspn(arg, "abcdefghijklmnopqrstuvwxyz0123456789_-"))
		return 0;
	return cmd_usage_error(cmd, "%s '%s': not a name", option, arg);
}

/* The module's policies, on one line; for free(); NULL if it does not say. */
static char *known_policies(void)
{
	size_t len;
	char *text;

	if (dbgfs_read("policies", &text))
		return NULL;
	len = strlen(text);
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	for (len = 0; text[len]; len++)
		if (text[len] == '\n')
			text[len] = ' ';
	field_printable(text);
	return text;
}

/**
 * option_policy_known() - does the module have this policy?
 * @name: the policy
 *
 * Return: whether it has; false also where it does not say.
 */
bool option_policy_known(const char *name)
{
	char *text, *rest, *line;
	bool known = false;

	if (dbgfs_read("policies", &text))
		return false;
	rest = text;
	while ((line = field_line(&rest)))
		known |= !strcmp(line, name);
	free(text);
	return known;
}

static void explain_name(const char *what, const char *knob, const char *value)
{
	static const char *const modes[] = NPTB_ON_LOOP_NAMES;
	char *policies;
	size_t i;

	if (!strcmp(knob, "policy")) {
		policies = known_policies();
		msg_err("%s: the module has no policy '%s'; it has: %s", what, value,
			policies ? policies : "?");
		free(policies);
		return;
	}
	if (!strcmp(knob, "backing")) {
		msg_err("%s: the module knows no backing '%s': resident or reclaim", what, value);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(modes); i++)
		if (!strcmp(modes[i], value))
			break;
	msg_err("%s: the module cannot do '%s' on a loop: see --on-loop in nptbudget-set(8)%s",
		what, value, i < ARRAY_SIZE(modes) ? ", or install a newer one" : "");
}

/**
 * option_explain_names() - say which name the module has refused with EINVAL
 * @what: for messages
 * @policy: as given, or NULL
 * @on_loop: as given, or NULL
 *
 * Return: false where it can be neither; nothing is said then.
 */
bool option_explain_names(const char *what, const char *policy, const char *on_loop)
{
	if (policy && !option_policy_known(policy))
		option_explain(what, "policy", policy, EINVAL);
	else if (on_loop)
		option_explain(what, "on_loop", on_loop, EINVAL);
	else
		return false;
	return true;
}

/**
 * option_file() - check the name of a file that is more than written
 * @cmd: the subcommand
 * @option: the option
 * @arg: the argument: anything but "-", which elsewhere is standard output
 * @why: what the file has to be able to do
 *
 * Return: 0, or EXIT_USAGE after a message.
 */
int option_file(const struct nptb_cmd *cmd, const char *option, const char *arg, const char *why)
{
	if (strcmp(arg, "-"))
		return 0;
	return cmd_usage_error(cmd, "%s -: %s: give the name of a file", option, why);
}

/**
 * option_recording() - check for one recording behind the options
 * @cmd: the subcommand, for messages
 * @argc: as of its main
 * @argv: likewise; @optind is where the options end, and then the recording
 *
 * Return: 0, or EXIT_USAGE after a message.
 */
int option_recording(const struct nptb_cmd *cmd, int argc, char **argv)
{
	if (optind == argc)
		return cmd_usage_error(cmd, "which recording?");
	if (argc - optind > 1)
		return cmd_usage_error(cmd, "'%s' is too much", argv[argc - 1]);
	if (!strcmp(argv[optind], "-"))
		return cmd_usage_error(cmd, "-: a file is read, not standard input");
	return 0;
}

/**
 * option_explain() - say why the module refused a value, and what to do
 * @what: what it was for, "VM 12-3" or so
 * @knob: "budget", "policy" or "on_loop"
 * @value: the value
 * @err: the module's positive errno
 */
void option_explain(const char *what, const char *knob, const char *value, int err)
{
	if (err == ENOSPC && !strcmp(knob, "budget"))
		msg_err("%s: its pins leave no room in %s pages: unpin some, or give more", what,
			value);
	else if (err == ENOSPC && !strcmp(knob, "policy"))
		msg_err("%s: %s keeps fewer pages than are pinned: unpin them", what, value);
	else if (err == ENOSPC)
		msg_err("%s: %s: pins alone would fill the budget, or there would be more than %d ranges",
			what, knob, NPTB_RANGES_MAX);
	else if (err == EINVAL && (!strcmp(knob, "pin") || !strcmp(knob, "exempt")))
		msg_err("%s: cannot set %s to %s: a frame cannot be both pinned and exempt", what,
			knob, value);
	else if (err == ENOENT && (!strcmp(knob, "pin") || !strcmp(knob, "exempt")))
		msg_err("%s: cannot set %s to %s: none of these frames is on the list", what, knob,
			value);
	else if (err == ERANGE && !strcmp(knob, "budget"))
		msg_err("%s: the module takes no budget of %s pages: give %llu to %llu, or off",
			what, value, NPTB_BUDGET_MIN, NPTB_BUDGET_MAX);
	else if (err == EINVAL && strcmp(knob, "budget"))
		explain_name(what, knob, value);
	else
		msg_err("%s: cannot set %s to %s: %s", what, knob, value, msg_errno(err));
}
