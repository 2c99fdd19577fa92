/* SPDX-License-Identifier: GPL-2.0-only */
/* The knobs of a VM as options of subcommands: --pages, --policy and so on. */
#ifndef NPTB_KNOBS_H
#define NPTB_KNOBS_H

#include <getopt.h>

#include "cmd/cmd.h"

/* In the order of writing: the budget last, as only it can take long. */
enum knob {
	KNOB_SEED,
	KNOB_FLUSH_AGED,
	KNOB_LEND_MAX,
	KNOB_BURST,
	KNOB_BACKING,
	KNOB_BATCH,
	KNOB_POLICY,
	KNOB_ON_LOOP,
	KNOB_PIN,
	KNOB_EXEMPT,
	KNOB_BUDGET,
	NR_KNOBS
};

/* Changes to one list of frames, with its end: a run's pins, as long as they get. */
#define KNOB_FRAMES_MAX	2500
/* What the module takes in one write to a VM's "pin" or "exempt". */
#define KNOB_FRAMES_WRITE	1000

/**
 * struct knobs - values that the user gave
 * @value: in the module's words, NULL for a knob to leave alone; frames are ranges
 *	with a space between, each with "!" before it to take it off the list
 * @frames_max: room for each list of frames that is of use to the caller
 * @pin: what @value of KNOB_PIN points to
 * @exempt: likewise
 */
struct knobs {
	const char *value[NR_KNOBS];
	size_t frames_max;
	char pin[KNOB_FRAMES_MAX];
	char exempt[KNOB_FRAMES_MAX];
};

/* For the table of getopt_long(): what knobs_take() takes. */
#define KNOB_OPTIONS \
	{ "pages", required_argument, NULL, OPT_PAGES }, \
	{ "policy", required_argument, NULL, OPT_POLICY }, \
	{ "on-loop", required_argument, NULL, OPT_ON_LOOP }, \
	{ "lend-max", required_argument, NULL, OPT_LEND_MAX }, \
	{ "burst", required_argument, NULL, OPT_BURST }, \
	{ "backing", required_argument, NULL, OPT_BACKING }, \
	{ "batch", required_argument, NULL, OPT_BATCH }, \
	{ "seed", required_argument, NULL, OPT_SEED }, \
	{ "flush-aged", required_argument, NULL, OPT_FLUSH_AGED }, \
	{ "pin", required_argument, NULL, OPT_PIN }, \
	{ "exempt", required_argument, NULL, OPT_EXEMPT }

/* Their explanation, for &nptb_cmd.details. */
#define KNOB_HELP_PAGES \
	"  --pages N        let at most N pages of 4 KiB be resident, 1 to 4294967295\n"
#define KNOB_HELP_WHO \
	"  --policy POLICY  choose who goes next: fifo, clock, lru, random, mru, last-only,\n" \
	"                   wsclock\n" \
	"  --seed N         what random begins with, 0 to 18446744073709551615\n" \
	"  --flush-aged on|off\n" \
	"                   flush translations where only accessed bits were cleared\n" \
	"  --batch N        evict N pages at a time, 1 to 32, with one flush: up to N-1 pages of\n" \
	"                   the budget stay free; never more than half of it\n"
#define KNOB_HELP_FRAMES \
	"  --pin RANGE      never evict these guest frames: FIRST-LAST or one, 0x for hex\n" \
	"  --exempt RANGE   nor count these\n"
#define KNOB_HELP_LOOP \
	"  --on-loop MODE   what to do with a vCPU in a fault loop: log, stop, lend, emulate,\n" \
	"                   strict\n" \
	"  --lend-max N     lend at most N pages over the budget at a time, 0 to 4096\n" \
	"  --burst N        emulate at most N instructions in one go, 1 to 130\n"
#define KNOB_HELP_BACKING \
	"  --backing MODE   what becomes of a page that goes: resident, it stays in host memory;\n" \
	"                   reclaim, the host writes it to swap or its file\n"

const char *knob_name(enum knob knob);
bool knobs_given(const struct knobs *k);
int knobs_take(struct knobs *k, const struct nptb_cmd *cmd, int opt);

#endif /* NPTB_KNOBS_H */
