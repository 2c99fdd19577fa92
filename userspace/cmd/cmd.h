/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Subcommands of nptbudget. To add one: write NAME.c here with its struct
 * nptb_cmd, name it below and in the table of nptbudget.c, and describe it in
 * man/nptbudget-NAME.8, man/nptbudget.8 and completion/nptbudget:
 * scripts/check-command.sh looks.
 */
#ifndef NPTB_CMD_H
#define NPTB_CMD_H

#include <stdbool.h>

#include <json-c/json.h>

#include "base/util.h"

/* Exit codes of every subcommand but run, which passes on the VMM's. */
#define EXIT_DONE	0
#define EXIT_FAILED	1
#define EXIT_USAGE	2

/* Values of long options for getopt_long(); short ones are their letter. */
enum {
	OPT_LONG = 256,
	OPT_JSON = OPT_LONG,
	OPT_PAGES,
	OPT_POLICY,
	OPT_ON_LOOP,
	OPT_LEND_MAX,
	OPT_BURST,
	OPT_BACKING,
	OPT_BATCH,
	OPT_SEED,
	OPT_FLUSH_AGED,
	OPT_PIN,
	OPT_UNPIN,
	OPT_EXEMPT,
	OPT_UNEXEMPT,
	OPT_VM,
	OPT_COMM,
	OPT_CGROUP,
	OPT_REMOVE,
	OPT_LIVE,
	OPT_QUIET,
	OPT_SUMMARY,
	OPT_SECONDS,
	OPT_LIMIT,
	OPT_FIRST,
	OPT_PATIENCE,
	OPT_SHOW,
	OPT_REPEAT,
	OPT_SHARD,
	OPT_MERGE,
	OPT_READ,
	OPT_GFN,
	OPT_BUFFER,
	OPT_EVERY,
	OPT_AGAINST,
	OPT_TOP,
	OPT_SYMBOLS,
	OPT_KASLR,
	OPT_TABLE,
	OPT_TO,
	OPT_WHAT,
	OPT_HELP,
};

/**
 * struct nptb_cmd - one subcommand
 * @name: what follows "nptbudget" on the command line
 * @main: does the work; argv[0] is @name; returns the exit status
 * @usage: what follows the name in the usage line
 * @help: one line for the overview
 * @details: explanation of options, for --help; lines end with \n
 */
struct nptb_cmd {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *usage;
	const char *help;
	const char *details;
};

struct option;

extern const struct nptb_cmd cmd_doctor;
extern const struct nptb_cmd cmd_list;
extern const struct nptb_cmd cmd_set;
extern const struct nptb_cmd cmd_defaults;
extern const struct nptb_cmd cmd_loops;
extern const struct nptb_cmd cmd_probe;
extern const struct nptb_cmd cmd_run;
extern const struct nptb_cmd cmd_export;
extern const struct nptb_cmd cmd_plot;
extern const struct nptb_cmd cmd_record;
extern const struct nptb_cmd cmd_report;
extern const struct nptb_cmd cmd_replay;
extern const struct nptb_cmd cmd_watch;
extern const struct nptb_cmd cmd_sweep;
extern const struct nptb_cmd cmd_floor;
extern const struct nptb_cmd cmd_top;
extern const struct nptb_cmd cmd_metrics;
extern const struct nptb_cmd cmd_version;
extern const struct nptb_cmd cmd_help;

const struct nptb_cmd *cmd_find(const char *name);
int cmd_overview(void);
int cmd_show_help(const struct nptb_cmd *cmd);
int cmd_usage_error(const struct nptb_cmd *cmd, const char *fmt, ...)
	__printf(2, 3);
int cmd_bad_option(const struct nptb_cmd *cmd, int opt, char **argv);
/* No option: the subcommand ends with the status that it was given. */
#define CMD_OPTION_ENDS	(-2)
int cmd_next_option(const struct nptb_cmd *cmd, int argc, char **argv, const char *letters,
		    const struct option *options, int *status);
bool cmd_only_json(const struct nptb_cmd *cmd, int argc, char **argv, bool *json,
		   int *status);
int cmd_print_json(struct json_object *obj);

#endif /* NPTB_CMD_H */
