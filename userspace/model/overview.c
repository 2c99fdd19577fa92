// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "base/util.h"
#include "model/overview.h"
#include "model/vmname.h"

static const char *const names[OVERVIEW_NUMBERS] = OVERVIEW_NAMES;

static int take_word(char word[OVERVIEW_WORD_MAX], char *value)
{
	field_printable(value);
	return *value && strscpy(word, value, OVERVIEW_WORD_MAX) > 0 ? 0 : -EBADMSG;
}

static int take_field(struct overview_vm *vm, const char *name, char *value)
{
	struct vm_name parsed;
	size_t i;

	if (!strcmp(name, "name")) {
		if (vm_name_parse(value, &parsed) || strscpy(vm->name, value, VM_NAME_MAX) < 0)
			return -EBADMSG;
		return 0;
	}
	if (!strcmp(name, "budget"))
		return take_word(vm->budget, value);
	if (!strcmp(name, "policy"))
		return take_word(vm->policy, value);
	if (!strcmp(name, "on_loop"))
		return take_word(vm->on_loop, value);
	for (i = 0; i < OVERVIEW_NUMBERS; i++)
		if (!strcmp(name, names[i]))
			return field_u64(value, &vm->number[i]) ? -EBADMSG : 0;
	/* One of a newer module. */
	return 0;
}

static int take_line(struct overview *o, char *line)
{
	struct overview_vm *more, *vm;
	char *rest = line, *name, *value;
	int err;

	name = field_next(&rest, &value);
	if (!name || strcmp(name, "vm") || value)
		return name ? -EBADMSG : 0;
	/* Grown by doubling: there may be thousands. */
	if (!(o->nr & (o->nr - 1))) {
		more = reallocarray(o->vm, o->nr ? 2 * o->nr : 1, sizeof(*more));
		if (!more)
			return -ENOMEM;
		o->vm = more;
	}
	vm = &o->vm[o->nr];
	memset(vm, 0, sizeof(*vm));
	while ((name = field_next(&rest, &value))) {
		err = value ? take_field(vm, name, value) : -EBADMSG;
		if (err)
			return err;
	}
	if (!*vm->name || !*vm->budget || !*vm->policy || !*vm->on_loop)
		return -EBADMSG;
	o->nr++;
	return 0;
}

/**
 * overview_parse() - take in an "overview" file
 * @o: where to put the VMs, for overview_free() if this succeeds
 * @text: the file; taken to pieces
 *
 * Return: 0; -EBADMSG for a line that is not understood; -ENOMEM.
 */
int overview_parse(struct overview *o, char *text)
{
	char *line;
	int err = 0;

	o->nr = 0;
	o->vm = NULL;
	while (!err && (line = field_line(&text)))
		err = take_line(o, line);
	if (err)
		overview_free(o);
	return err;
}

/**
 * overview_read() - read what the module has on all VMs
 * @o: where to put the VMs, for overview_free() if this succeeds
 *
 * Return: 0; -ENOENT from a module that has no such file; as dbgfs_read() and
 * overview_parse().
 */
int overview_read(struct overview *o)
{
	char *text;
	int err;

	o->nr = 0;
	o->vm = NULL;
	err = dbgfs_read("overview", &text);
	if (err)
		return err;
	err = overview_parse(o, text);
	free(text);
	return err;
}

/**
 * overview_find() - look a VM up
 * @o: the VMs
 * @name: the module's name of it
 *
 * Return: the VM, or NULL where there is none of that name (any more).
 */
const struct overview_vm *overview_find(const struct overview *o, const char *name)
{
	size_t i;

	for (i = 0; i < o->nr; i++)
		if (!strcmp(o->vm[i].name, name))
			return &o->vm[i];
	return NULL;
}

/**
 * overview_free() - drop what overview_read() gave
 * @o: the VMs; none afterwards
 */
void overview_free(struct overview *o)
{
	free(o->vm);
	o->vm = NULL;
	o->nr = 0;
}
