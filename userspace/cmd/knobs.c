// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include <nptbudget.h>
#include "cmd/knobs.h"
#include "cmd/options.h"

/**
 * knob_name() - the module's name for a knob
 * @knob: which
 *
 * Return: the name of its file, and of its field of a registration.
 */
const char *knob_name(enum knob knob)
{
	static const char *const names[NR_KNOBS] = {
		[KNOB_SEED] = "seed",
		[KNOB_FLUSH_AGED] = "flush_aged",
		[KNOB_LEND_MAX] = "lend_max",
		[KNOB_BURST] = "burst",
		[KNOB_BACKING] = "backing",
		[KNOB_BATCH] = "batch",
		[KNOB_POLICY] = "policy",
		[KNOB_ON_LOOP] = "on_loop",
		[KNOB_PIN] = "pin",
		[KNOB_EXEMPT] = "exempt",
		[KNOB_BUDGET] = "budget",
	};

	return names[knob];
}

/**
 * knobs_given() - did the user give any?
 * @k: knobs
 *
 * Return: true where one has a value.
 */
bool knobs_given(const struct knobs *k)
{
	int i;

	for (i = 0; i < NR_KNOBS; i++)
		if (k->value[i])
			return true;
	return false;
}

/* One more word for the module: a range, or "!" and a range, or "none". */
static int take_frames(struct knobs *k, const struct nptb_cmd *cmd, enum knob knob,
		       const char *option, bool add)
{
	char *text = knob == KNOB_PIN ? k->pin : k->exempt;
	size_t len = strlen(text);
	int ret;

	k->value[knob] = text;
	if (!add && !strcmp(optarg, "all")) {
		strscpy(text, "none", KNOB_FRAMES_MAX);
		return 0;
	}
	ret = option_frames(cmd, option, optarg);
	if (ret)
		return ret;
	if (snprintf(text + len, k->frames_max - len, "%s%s%s", len ? " " : "", add ? "" : "!",
		     optarg) >= (int)(k->frames_max - len))
		return cmd_usage_error(cmd, "too many ranges");
	return 0;
}

/**
 * knobs_take() - take an option of KNOB_OPTIONS, --unpin or --unexempt
 * @k: where to; zeroed at first but for frames_max
 * @cmd: the subcommand, for messages
 * @opt: what getopt_long() returned; its argument is optarg
 *
 * Return: EXIT_DONE, EXIT_USAGE with a message, or -1 where @opt is another option.
 */
int knobs_take(struct knobs *k, const struct nptb_cmd *cmd, int opt)
{
	switch (opt) {
	case OPT_PAGES:
		k->value[KNOB_BUDGET] = optarg;
		return option_pages(cmd, optarg);
	case OPT_POLICY:
		k->value[KNOB_POLICY] = optarg;
		return option_name(cmd, "--policy", optarg);
	case OPT_ON_LOOP:
		k->value[KNOB_ON_LOOP] = optarg;
		return option_name(cmd, "--on-loop", optarg);
	case OPT_LEND_MAX:
		k->value[KNOB_LEND_MAX] = optarg;
		return option_number(cmd, "--lend-max", optarg, NPTB_LEND_MAX_MIN,
				     NPTB_LEND_MAX_MAX);
	case OPT_BURST:
		k->value[KNOB_BURST] = optarg;
		return option_number(cmd, "--burst", optarg, NPTB_BURST_MIN, NPTB_BURST_MAX);
	case OPT_BACKING:
		k->value[KNOB_BACKING] = optarg;
		return option_name(cmd, "--backing", optarg);
	case OPT_BATCH:
		k->value[KNOB_BATCH] = optarg;
		return option_number(cmd, "--batch", optarg, NPTB_BATCH_MIN, NPTB_BATCH_MAX);
	case OPT_SEED:
		k->value[KNOB_SEED] = optarg;
		return option_seed(cmd, optarg);
	case OPT_FLUSH_AGED:
		k->value[KNOB_FLUSH_AGED] = optarg;
		return option_switch(cmd, "--flush-aged", optarg);
	case OPT_PIN:
		return take_frames(k, cmd, KNOB_PIN, "--pin", true);
	case OPT_UNPIN:
		return take_frames(k, cmd, KNOB_PIN, "--unpin", false);
	case OPT_EXEMPT:
		return take_frames(k, cmd, KNOB_EXEMPT, "--exempt", true);
	case OPT_UNEXEMPT:
		return take_frames(k, cmd, KNOB_EXEMPT, "--unexempt", false);
	}
	return -1;
}
