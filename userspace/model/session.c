// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "model/session.h"
#include "base/util.h"
#include "model/vmname.h"

/* More words may follow in later modules. */
static int add_refused(struct report_vm *vm, char *rest)
{
	char *word, *value;

	while ((word = field_next(&rest, &value))) {
		if (strcmp(word, "refused"))
			continue;
		if (!value || field_int(value, &vm->refused) || vm->refused <= 0)
			return -EBADMSG;
	}
	return 0;
}

static int add_vm(struct report *r, char *rest)
{
	struct report_vm *more;
	char *name, *state, *eq;
	struct vm_name parsed;
	int err;

	name = field_next(&rest, &eq);
	state = field_next(&rest, &eq);
	if (!name || !state || vm_name_parse(name, &parsed))
		return -EBADMSG;
	more = realloc(r->vm, (r->nr + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	r->vm = more;
	memset(&more[r->nr], 0, sizeof(*more));
	strscpy(more[r->nr].name, name, VM_NAME_MAX);
	more[r->nr].alive = !strcmp(state, "alive");
	err = add_refused(&more[r->nr], rest);
	if (!err)
		r->nr++;
	return err;
}

/* Before the first VM; there may be other lines some day. */
static int add_head(struct report *r, char *line)
{
	unsigned long long started;

	if (strncmp(line, "started ", 8))
		return 0;
	if (field_u64(line + 8, &started))
		return -EBADMSG;
	r->started = started;
	return 0;
}

static int add_line(struct report *r, char *line)
{
	struct report_vm *vm = r->nr ? &r->vm[r->nr - 1] : NULL;
	int err;

	if (!strncmp(line, "vm ", 3)) {
		err = vm ? loops_check_last(&vm->loops) : 0;
		return err ? err : add_vm(r, line + 3);
	}
	if (!vm)
		return add_head(r, line);
	if (loops_is_line(line))
		return loops_add_line(&vm->loops, line);
	if (lends_is_line(line))
		return lends_add_line(&vm->lends, line);
	return stats_add_line(&vm->stats, line);
}

/**
 * report_parse() - take in the contents of a "run" file
 * @r: the VMs, for report_free() in any case
 * @text: the contents; taken to pieces
 * @bad_line: where to put the number, from 1, of the line that is not right
 *
 * Return: 0, -EBADMSG, -ENOMEM.
 */
int report_parse(struct report *r, char *text, unsigned int *bad_line)
{
	char *line;
	int err;

	memset(r, 0, sizeof(*r));
	*bad_line = 0;
	while ((line = field_line(&text))) {
		++*bad_line;
		err = add_line(r, line);
		if (err)
			return err;
	}
	return r->nr ? loops_check_last(&r->vm[r->nr - 1].loops) : 0;
}

/**
 * report_read() - read a "run" file
 * @r: the VMs, for report_free() in any case
 * @fd: from dbgfs_run_open()
 * @bad_line: as for report_parse(); 0 where the file could not be read
 *
 * Return: 0, or -errno of dbgfs_run_read() and report_parse().
 */
int report_read(struct report *r, int fd, unsigned int *bad_line)
{
	char *text;
	int err;

	memset(r, 0, sizeof(*r));
	*bad_line = 0;
	err = dbgfs_run_read(fd, &text);
	if (err)
		return err;
	err = report_parse(r, text, bad_line);
	free(text);
	return err;
}

/**
 * report_alive() - how many VMs have not ended?
 * @r: the VMs
 *
 * Return: their number.
 */
size_t report_alive(const struct report *r)
{
	size_t i, nr = 0;

	for (i = 0; i < r->nr; i++)
		nr += r->vm[i].alive;
	return nr;
}

/**
 * report_free() - drop the VMs
 * @r: the VMs; none afterwards
 */
void report_free(struct report *r)
{
	size_t i;

	for (i = 0; i < r->nr; i++)
		loops_free(&r->vm[i].loops);
	free(r->vm);
	r->vm = NULL;
	r->nr = 0;
}
