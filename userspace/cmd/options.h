/* SPDX-License-Identifier: GPL-2.0-only */
/* Values of options that several subcommands take. */
#ifndef NPTB_OPTIONS_H
#define NPTB_OPTIONS_H

#include <stdbool.h>

#include "cmd/cmd.h"

int option_pages(const struct nptb_cmd *cmd, const char *arg);
int option_frames(const struct nptb_cmd *cmd, const char *option, const char *arg);
int option_seed(const struct nptb_cmd *cmd, const char *arg);
int option_number(const struct nptb_cmd *cmd, const char *option, const char *arg,
		  unsigned long long min, unsigned long long max);
int option_switch(const struct nptb_cmd *cmd, const char *option, const char *arg);
int option_name(const struct nptb_cmd *cmd, const char *option, const char *arg);
int option_file(const struct nptb_cmd *cmd, const char *option, const char *arg, const char *why);
int option_recording(const struct nptb_cmd *cmd, int argc, char **argv);
bool option_explain_names(const char *what, const char *policy, const char *on_loop);
bool option_policy_known(const char *name);
void option_explain(const char *what, const char *knob, const char *value, int err);

#endif /* NPTB_OPTIONS_H */
