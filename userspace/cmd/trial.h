/* SPDX-License-Identifier: GPL-2.0-only */
/* One run of a workload under a budget, and whether it completes: for floor, sweep. */
#ifndef NPTB_TRIAL_H
#define NPTB_TRIAL_H

#include <stdbool.h>

#include <json-c/json.h>

/**
 * struct trial - what to run, and how
 * @cmd: the subcommand, for messages
 * @argv: the VMM
 * @pages: the budget, 0 for none
 * @policy: who goes next, NULL for the module's default
 * @on_loop: what happens in a fault loop
 * @limit: seconds that it may take, 0 for as long as it takes
 * @patience: seconds of one fault loop after which it is stuck; 0: never
 * @show: the VMM's output is shown
 */
struct trial {
	const char *cmd;
	char **argv;
	unsigned long long pages;
	const char *policy, *on_loop;
	double limit, patience;
	bool show;
};

/*
 * What came of it is a JSON object:
 *   pages      the budget, null for none
 *   policy, on_loop  as given, policy null for the default
 *   completed  the VMM ended with status 0, and all its VMs were held
 *   why        "done"; "loop": a fault loop went on for too long; "time"; "status";
 *              "refused": a VM ran without the budget; "no VM"
 *   status     of the VMM, as a shell has it; null where it was stopped
 *   seconds, cpu_seconds  that it took, by the clock and of all CPUs
 *   faults, evictions, loops  of all its VMs
 *   peak       most resident pages of one of its VMs
 *   loop       the fault loop that stopped it, or with most laps, as "loops --json"
 *              has it; null for none
 *   text       the same for people, null for none
 */
int trial_run(const struct trial *t, struct json_object **result);
bool trial_completed(const struct json_object *result);
unsigned long long trial_number(const struct json_object *result, const char *key);
const char *trial_text(const struct json_object *result, const char *key);
double trial_seconds(const struct json_object *result);

#endif /* NPTB_TRIAL_H */
