// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget top - all VMs on a screen, live, and knobs to turn */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curses.h>

#include <nptbudget.h>
#include "base/clock.h"
#include "base/fields.h"
#include "base/msg.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "model/vmfind.h"
#include "model/vminfo.h"
#include "view/screen.h"
#include "view/top.h"

/* Between two refreshes. */
#define SECONDS_MIN	0.1
#define SECONDS_MAX	60.0
#define KEY_ESC		27
#define CTRL_L		12

/**
 * struct top - one use of the command
 * @v: what is on the screen
 * @trace: the faults of the VM that is looked into
 * @asks: name of the knob that is asked for, NULL for none
 * @choices: what it may be, NULL for whatever is typed
 * @nr_choices: how many
 * @next: when to refresh, ns
 * @done: end
 */
struct top {
	struct top_view v;
	struct hot_trace *trace;
	const char *asks;
	char choices[32][NPTB_POLICY_NAME_MAX];
	size_t nr_choices;
	uint64_t next;
	bool done;
};

static void read_loops(struct top_view *v)
{
	char path[DBGFS_PATH_MAX], *text;
	unsigned int bad_line;

	loops_free(&v->loops);
	if (dbgfs_read(dbgfs_vm_file(path, v->vm, "loops"), &text))
		return;
	if (loops_parse(&v->loops, text, &bad_line))
		loops_free(&v->loops);
	free(text);
}

static int refresh_all(struct top *t)
{
	struct top_view *v = &t->v;
	int err;

	err = rates_refresh(&v->rates, clock_ns(CLOCK_MONOTONIC));
	if (err)
		return err;
	rates_sort(&v->rates, v->key, v->reverse);
	if (!*v->vm)
		return 0;
	read_loops(v);
	if (t->trace && v->hot && hot_read(t->trace, v->hot))
		snprintf(v->message, sizeof(v->message), "its faults cannot be read");
	return 0;
}

static void leave_vm(struct top *t)
{
	hot_close(t->trace);
	t->trace = NULL;
	free(t->v.hot);
	t->v.hot = NULL;
	loops_free(&t->v.loops);
	t->v.vm[0] = '\0';
	t->v.scroll = 0;
}

/* Count from now on. */
static void zero(struct top_view *v)
{
	const struct rates_row *row = top_row(v);

	v->since = row ? row->vm->number[OVERVIEW_FAULTS] : 0;
	if (v->hot)
		memset(v->hot, 0, sizeof(*v->hot));
}

static void enter_vm(struct top *t, const char *vm)
{
	int err;

	leave_vm(t);
	strscpy(t->v.vm, vm, sizeof(t->v.vm));
	zero(&t->v);
	t->v.hot = calloc(1, sizeof(*t->v.hot));
	err = t->v.hot ? hot_open(&t->trace, vm) : -ENOMEM;
	if (err) {
		t->v.why_cold = -err;
		free(t->v.hot);
		t->v.hot = NULL;
	}
	read_loops(&t->v);
}

static void ask_none(struct top *t)
{
	t->asks = NULL;
	t->v.prompt[0] = '\0';
	t->v.answer[0] = '\0';
}

static void add_choice(struct top *t, const char *word)
{
	size_t len = strlen(t->v.prompt);

	if (t->nr_choices == ARRAY_SIZE(t->choices) ||
	    strscpy(t->choices[t->nr_choices], word, sizeof(t->choices[0])) < 0)
		return;
	snprintf(t->v.prompt + len, sizeof(t->v.prompt) - len, " %zu %s", ++t->nr_choices, word);
}

static void ask(struct top *t, const char *knob, const char *prompt)
{
	static const char *const modes[] = NPTB_ON_LOOP_NAMES;
	char *text, *rest, *line;
	size_t i;

	if (!top_row(&t->v))
		return;
	t->asks = knob;
	t->nr_choices = 0;
	snprintf(t->v.prompt, sizeof(t->v.prompt), "%s", prompt);
	if (!strcmp(knob, "on_loop"))
		for (i = 0; i < ARRAY_SIZE(modes); i++)
			add_choice(t, modes[i]);
	if (strcmp(knob, "policy") || dbgfs_read("policies", &text))
		return;
	rest = text;
	while ((line = field_line(&rest)))
		add_choice(t, line);
	free(text);
}

static void set_knob(struct top *t, const char *value)
{
	const struct rates_row *row = top_row(&t->v);
	struct top_view *v = &t->v;
	char path[DBGFS_PATH_MAX];
	int err;

	if (!row)
		return;
	err = dbgfs_write(dbgfs_vm_file(path, row->vm->name, t->asks), value);
	if (vm_has_ended(row->vm->name, err))
		err = -ENODEV;
	if (err)
		snprintf(v->message, sizeof(v->message), "VM %s: cannot set %s to %s: %s",
			 row->vm->name, t->asks, value, msg_errno(-err));
	else
		snprintf(v->message, sizeof(v->message), "VM %s: %s is %s now", row->vm->name,
			 t->asks, value);
	ask_none(t);
	t->next = 0;
}

static void key_of_prompt(struct top *t, int key)
{
	char *answer = t->v.answer;
	size_t len = strlen(answer);

	if (key == KEY_ESC)
		ask_none(t);
	else if (t->nr_choices && key >= '1' && key < '1' + (int)t->nr_choices)
		set_knob(t, t->choices[key - '1']);
	else if ((key == '\n' || key == KEY_ENTER) && *answer && !t->nr_choices)
		set_knob(t, answer);
	else if ((key == KEY_BACKSPACE || key == 127 || key == '\b') && len)
		answer[len - 1] = '\0';
	else if (key > ' ' && key < 127 && !t->nr_choices && len < sizeof(t->v.answer) - 1)
		snprintf(answer + len, sizeof(t->v.answer) - len, "%c", key);
}

static void move_by(struct top_view *v, long lines)
{
	size_t *at = *v->vm ? &v->scroll : &v->at;
	long to = (long)*at + lines;

	/* What is too far down is brought back when it is drawn. */
	*at = to > 0 ? (size_t)to : 0;
}

static void sort_by(struct top_view *v, int step)
{
	v->key = (v->key + RATES_KEYS + (unsigned int)step) % RATES_KEYS;
	rates_sort(&v->rates, v->key, v->reverse);
}

static void pace(struct top_view *v, double by)
{
	v->seconds *= by;
	if (v->seconds < SECONDS_MIN)
		v->seconds = SECONDS_MIN;
	if (v->seconds > SECONDS_MAX)
		v->seconds = SECONDS_MAX;
	snprintf(v->message, sizeof(v->message), "refreshed every %.1f s", v->seconds);
}

static void key_of_knobs(struct top *t, int key)
{
	struct top_view *v = &t->v;

	switch (key) {
	case 'b':
		ask(t, "budget", "Budget, in pages, or off: ");
		break;
	case 'p':
		ask(t, "policy", "Policy:");
		break;
	case 'o':
		ask(t, "on_loop", "In a fault loop:");
		break;
	case 's':
		sort_by(v, 1);
		break;
	case 'S':
		sort_by(v, -1);
		break;
	case 'r':
		v->reverse = !v->reverse;
		sort_by(v, 0);
		break;
	case 'z':
		zero(v);
		break;
	case '+':
		pace(v, 0.5);
		break;
	case '-':
		pace(v, 2);
		break;
	case ' ':
		v->paused = !v->paused;
		t->next = 0;
		break;
	}
}

static void key_of_list(struct top *t, int key)
{
	struct top_view *v = &t->v;
	const struct rates_row *row = top_row(v);

	v->message[0] = '\0';
	switch (key) {
	case 'q':
		t->done = true;
		break;
	case 'h':
	case '?':
		v->help = !v->help;
		break;
	case KEY_UP:
	case 'k':
		move_by(v, -1);
		break;
	case KEY_DOWN:
	case 'j':
		move_by(v, 1);
		break;
	case KEY_PPAGE:
		move_by(v, 4 - LINES);
		break;
	case KEY_NPAGE:
		move_by(v, LINES - 4);
		break;
	case '\n':
	case KEY_ENTER:
	case KEY_RIGHT:
		if (!*v->vm && row)
			enter_vm(t, row->vm->name);
		break;
	case KEY_ESC:
	case KEY_LEFT:
		if (v->help)
			v->help = false;
		else
			leave_vm(t);
		break;
	default:
		key_of_knobs(t, key);
	}
}

/* The chosen VM stays chosen when others come, go, or pass it by. */
static void follow(struct top_view *v, const char *vm)
{
	size_t i;

	for (i = 0; i < v->rates.now.nr; i++)
		if (!strcmp(v->rates.row[i].vm->name, vm))
			v->at = i;
}

static int look(struct top *t)
{
	const struct rates_row *row = *t->v.vm ? NULL : top_row(&t->v);
	char chosen[VM_NAME_MAX] = "";
	int err;

	if (row)
		strscpy(chosen, row->vm->name, sizeof(chosen));
	err = refresh_all(t);
	/* At the top, it is the top that was chosen. */
	if (*chosen && t->v.at)
		follow(&t->v, chosen);
	t->next = clock_ns(CLOCK_MONOTONIC) + (uint64_t)(t->v.seconds * 1e9);
	return err;
}

/* How long to wait for a key: curses goes on to wait when a signal has come. */
static int wait_ms(const struct top *t, uint64_t now)
{
	uint64_t ms = t->next > now ? (t->next - now) / 1000000 + 1 : 0;

	return t->v.paused || ms > 200 ? 200 : (int)ms;
}

static int loop(struct top *t)
{
	uint64_t now;
	int key, err = 0;

	while (!t->done && !screen_signal() && !err) {
		now = clock_ns(CLOCK_MONOTONIC);
		if (!t->v.paused && now >= t->next)
			err = look(t);
		top_draw(&t->v);
		timeout(wait_ms(t, clock_ns(CLOCK_MONOTONIC)));
		key = getch();
		/* What a terminal does with the old lines is its own affair. */
		if (key == KEY_RESIZE || key == CTRL_L)
			clearok(curscr, TRUE);
		if (key == ERR || key == KEY_RESIZE || key == CTRL_L)
			continue;
		if (t->asks)
			key_of_prompt(t, key);
		else
			key_of_list(t, key);
	}
	return err;
}

static int run(struct top *t, const char *arg)
{
	char vm[VM_NAME_MAX];
	int err;

	if (dbgfs_attach())
		return EXIT_FAILED;
	err = arg ? vm_resolve(arg, vm) : 0;
	if (err)
		return err == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	err = rates_refresh(&t->v.rates, clock_ns(CLOCK_MONOTONIC));
	if (!err)
		err = screen_begin();
	if (err == -ENOTTY)
		msg_err("top: this is no terminal: 'nptbudget list' prints the same");
	else if (err == -EINVAL)
		msg_err("top: the terminal is unknown: set TERM");
	else if (err)
		msg_err("top: cannot read the module's overview: %s", err == -ENOENT ?
			"install a module of this version" : msg_errno(-err));
	if (err) {
		rates_free(&t->v.rates);
		return EXIT_FAILED;
	}
	if (arg)
		enter_vm(t, vm);
	err = loop(t);
	screen_end();
	leave_vm(t);
	rates_free(&t->v.rates);
	if (err) {
		msg_err("top: the module has gone: %s", strerror(-err));
		return EXIT_FAILED;
	}
	return screen_signal() ? 128 + screen_signal() : EXIT_DONE;
}

static int top_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "interval", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	struct top t = { .v = { .key = RATES_FAULTS, .reverse = true, .seconds = 1 } };
	char *end;
	int opt, ret;

	optind = 0;
	opterr = 0;
	while ((opt = cmd_next_option(&cmd_top, argc, argv, ":d:h", options, &ret)) != -1) {
		if (opt == CMD_OPTION_ENDS)
			return ret;
		t.v.seconds = strtod(optarg, &end);
		if (*end || !(t.v.seconds >= SECONDS_MIN && t.v.seconds <= SECONDS_MAX))
			return cmd_usage_error(&cmd_top, "--interval '%s': give %.1f to %.0f seconds",
					       optarg, SECONDS_MIN, SECONDS_MAX);
	}
	if (argc - optind > 1)
		return cmd_usage_error(&cmd_top, "'%s' is too much", argv[argc - 1]);
	return run(&t, argv[optind]);
}

const struct nptb_cmd cmd_top = {
	.name = "top",
	.main = top_main,
	.usage = "[VM] [-d SECONDS]",
	.help = "Show all VMs on a screen, live, and change their knobs",
	.details =
	"Keys: Enter looks into a VM (vCPUs, pages and instructions that fault most, fault loops),\n"
	"Esc goes back; b, p and o change budget, policy and what happens in a fault loop; s sorts,\n"
	"Space pauses, h shows all keys, q ends.\n"
	"\n"
	"  VM                         look into this one: <pid>-<fd>, pid, -name, libvirt domain\n"
	"                             or cgroup\n"
	"  -d, --interval SECONDS     refresh so often, 0.1 to 60; 1 at first\n",
};
