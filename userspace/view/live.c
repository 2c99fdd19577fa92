// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "view/live.h"
#include "base/util.h"
#include "model/vminfo.h"

/* Length of the line on the screen; the next one must cover it. */
static int shown;

static int screen_width(void)
{
	struct winsize ws;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) || !ws.ws_col)
		return 0;
	return ws.ws_col - 1;
}

/* The VM to show: the newest that lives, else the newest. */
static const struct report_vm *pick(const struct report *r)
{
	size_t i = r->nr;

	while (i--)
		if (r->vm[i].alive)
			return &r->vm[i];
	return r->nr ? &r->vm[r->nr - 1] : NULL;
}

static void vm_text(const struct report *r, const struct report_vm *vm, char *buf, size_t size)
{
	char path[DBGFS_PATH_MAX], budget[KNOB_MAX] = "", resident[24], peak[24], faults[24],
	     evictions[24], loops[24];
	int n;

	if (vm->alive)
		dbgfs_read_word(dbgfs_vm_file(path, vm->name, "budget"), budget, sizeof(budget));
	n = snprintf(buf, size,
		     "VM %s: resident %s%s%s, peak %s, faults %s, evictions %s, loops %s",
		     vm->name, stats_text(&vm->stats, "resident", resident), *budget ? "/" : "",
		     budget, stats_text(&vm->stats, "peak", peak),
		     stats_text(&vm->stats, "faults", faults),
		     stats_text(&vm->stats, "evictions", evictions),
		     stats_text(&vm->stats, "loops", loops));
	if (r->nr > 1 && n > 0 && (size_t)n < size)
		snprintf(buf + n, size - (size_t)n, ", 1 of %zu VMs", r->nr);
}

/**
 * live_show() - show the line anew on stderr
 * @r: the VMs
 */
void live_show(const struct report *r)
{
	const struct report_vm *vm = pick(r);
	int width = screen_width(), len;
	char text[256];

	if (vm)
		vm_text(r, vm, text, sizeof(text));
	else
		strscpy(text, "no VM yet", sizeof(text));
	if (width > 0 && width < (int)sizeof(text))
		text[width] = '\0';
	len = (int)strlen(text);
	fprintf(stderr, "%s%*s\r", text, shown > len ? shown - len : 0, "");
	fflush(stderr);
	shown = len;
}

/**
 * live_end() - leave the line as it is, and go below it
 */
void live_end(void)
{
	if (shown)
		fputc('\n', stderr);
	shown = 0;
}
