// SPDX-License-Identifier: GPL-2.0-only
#include <signal.h>
#include <stddef.h>

#include "base/signals.h"
#include "base/util.h"

/**
 * signals_hang_up_ignored() - was the command started under nohup, or so?
 *
 * Return: whether SIGHUP is ignored: then it is to stay so.
 */
bool signals_hang_up_ignored(void)
{
	struct sigaction now;

	return !sigaction(SIGHUP, NULL, &now) && now.sa_handler == SIG_IGN;
}

/**
 * signals_catch() - have a function called for each signal that asks to end
 * @handler: the function; what waits for something is interrupted as well
 */
void signals_catch(void (*handler)(int sig))
{
	static const int asks[] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP };
	struct sigaction sa = { .sa_handler = handler };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(asks); i++)
		if (asks[i] != SIGHUP || !signals_hang_up_ignored())
			sigaction(asks[i], &sa, NULL);
}
