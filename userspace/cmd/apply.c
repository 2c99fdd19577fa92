// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/apply.h"
#include "cmd/options.h"
#include "model/dbgfs.h"
#include "model/vminfo.h"

/* Set by a handler of signals. */
static atomic_int interrupted;

static void on_signal(int sig)
{
	interrupted = sig;
}

/* Let signals end a write that waits for vCPUs, instead of ending the process. */
static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

static bool is_frames(enum knob knob)
{
	return knob == KNOB_PIN || knob == KNOB_EXEMPT;
}

static const char *knob_path(char path[DBGFS_PATH_MAX], const char *vm, enum knob knob)
{
	if (vm)
		return dbgfs_vm_file(path, vm, knob_name(knob));
	snprintf(path, DBGFS_PATH_MAX, "defaults/%s", knob_name(knob));
	return path;
}

/* All or nothing: put back what was there before, as far as that works. */
static void undo(const char *vm, char *const old[NR_KNOBS], int knobs)
{
	char path[DBGFS_PATH_MAX], text[KNOB_FRAMES_WRITE + 8];

	while (knobs--) {
		if (!old[knobs])
			continue;
		old[knobs][strcspn(old[knobs], is_frames(knobs) ? "" : "\n")] = '\0';
		snprintf(text, sizeof(text), "%s%s", is_frames(knobs) ? "none " : "",
			 old[knobs]);
		dbgfs_write(knob_path(path, vm, knobs), text);
	}
}

/**
 * knobs_apply() - set knobs, all of them or none
 * @knobs: those with a value are set
 * @what: whose they are, for messages
 * @vm: name of the VM, or NULL for the defaults
 *
 * A signal ends the wait for vCPUs that are inside a fault.
 *
 * Return: EXIT_DONE, or EXIT_FAILED after a message.
 */
int knobs_apply(const struct knobs *knobs, const char *what, const char *vm)
{
	char path[DBGFS_PATH_MAX], *old[NR_KNOBS] = { NULL };
	int i, err = 0;

	catch_signals();
	for (i = 0; i < NR_KNOBS && !err; i++) {
		if (!knobs->value[i])
			continue;
		knob_path(path, vm, i);
		if (dbgfs_read(path, &old[i]))
			old[i] = NULL;
		err = interrupted ? -EINTR : dbgfs_write(path, knobs->value[i]);
		if (!err)
			continue;
		if (vm && vm_has_ended(vm, err))
			err = -ENODEV;
		option_explain(what, knob_name(i), knobs->value[i], -err);
		undo(vm, old, i);
	}
	for (i = 0; i < NR_KNOBS; i++)
		free(old[i]);
	return err ? EXIT_FAILED : EXIT_DONE;
}
