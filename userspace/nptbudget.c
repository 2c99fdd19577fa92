// SPDX-License-Identifier: GPL-2.0-only
/*
 * nptbudget - hold KVM guests to a budget of resident pages
 *
 * The table of subcommands.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "base/msg.h"
#include "base/output.h"
#include "base/util.h"

static const struct nptb_cmd *const cmds[] = {
	&cmd_doctor,
	&cmd_list,
	&cmd_set,
	&cmd_defaults,
	&cmd_loops,
	&cmd_run,
	&cmd_watch,
	&cmd_record,
	&cmd_report,
	&cmd_export,
	&cmd_plot,
	&cmd_top,
	&cmd_metrics,
	&cmd_floor,
	&cmd_sweep,
	&cmd_probe,
	&cmd_replay,
	&cmd_version,
	&cmd_help,
};

#define NR_CMDS ARRAY_SIZE(cmds)

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
	printf("\nVM is <pid>-<fd> as in 'nptbudget list', the pid of a VMM, the -name that it was given,\n"
	       "its libvirt domain, or its cgroup.\n"
	       "'nptbudget help COMMAND' explains a command; so does 'man nptbudget-COMMAND'.\n");
	return EXIT_DONE;
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

/*
 * Where a descriptor was closed, a file that is opened later would be taken for standard
 * output or error. What is written to the first is to fail all the same.
 */
static void fill_descriptors(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY) != fd)
			exit(EXIT_FAILED);
}

int main(int argc, char **argv)
{
	int ret, err;

	fill_descriptors();
	ret = dispatch(argc, argv);
	err = output_flush(stdout);
	if (err) {
		msg_err("cannot write to standard output: %s", strerror(-err));
		if (!ret)
			ret = EXIT_FAILED;
	}
	return ret;
}
