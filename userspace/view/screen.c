// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>

#include "base/util.h"
#include "view/screen.h"

/* Asks us to end: noted, and looked at between two keys. */
static const int polite[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
/* A bug of ours, or abort(): the terminal is put back right there. */
static const int fatal[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };

static atomic_int signal_seen;
static bool active;
static SCREEN *screen;

/* For the handler of fatal signals, which may not call curses. */
static struct termios saved;
static char restore[256];
static size_t restore_len;

static void on_polite(int sig)
{
	signal_seen = sig;
}

/* tcsetattr(), write(), raise() are safe here: signal-safety(7). */
static void on_fatal(int sig)
{
	ssize_t n = write(STDOUT_FILENO, restore, restore_len);

	(void)n;
	tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	raise(sig);
}

static void add_restore(const char *name)
{
	const char *text = tigetstr(name);
	size_t len;

	/* -1: no such string. */
	if (!text || text == (char *)-1)
		return;
	len = strlen(text);
	if (restore_len + len > sizeof(restore))
		return;
	memcpy(restore + restore_len, text, len);
	restore_len += len;
}

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_polite };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(polite); i++)
		sigaction(polite[i], &sa, NULL);
	sa.sa_handler = on_fatal;
	sa.sa_flags = (int)SA_RESETHAND | SA_NODEFER;
	for (i = 0; i < ARRAY_SIZE(fatal); i++)
		sigaction(fatal[i], &sa, NULL);
}

/**
 * screen_begin() - take the terminal
 *
 * Ctrl-Z, and the return from it, are curses' own affair; so is a change of size,
 * which getch() tells by KEY_RESIZE.
 *
 * Return: 0; -ENOTTY where there is none; -EINVAL where TERM is unknown.
 */
int screen_begin(void)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &saved))
		return -ENOTTY;
	/* Where these are exported, curses believes them, and no change of size. */
	unsetenv("COLUMNS");
	unsetenv("LINES");
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return -EINVAL;
	active = true;
	atexit(screen_end);
	add_restore("sgr0");
	add_restore("cnorm");
	add_restore("rmkx");
	add_restore("rmcup");
	catch_signals();
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	set_escdelay(50);
	return 0;
}

/**
 * screen_signal() - the signal that asked us to end
 *
 * Return: its number, 0 for none.
 */
int screen_signal(void)
{
	return signal_seen;
}

/**
 * screen_end() - give the terminal back as it was
 */
void screen_end(void)
{
	if (!active)
		return;
	active = false;
	endwin();
	delscreen(screen);
}
