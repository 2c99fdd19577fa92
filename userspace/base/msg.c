// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"

/* What is longer is left out between its beginning and its end, which says why. */
#define LINE_MAX_BEGIN	768
#define LINE_MAX_END	240

/**
 * msg_verr() - print "nptbudget: TEXT" as one line on stderr
 * @fmt: TEXT, as for vprintf(); %m is the errno at the time of the call
 * @ap: likewise
 */
void msg_verr(const char *fmt, va_list ap)
{
	char *text, *at;
	size_t len;

	if (vasprintf(&text, fmt, ap) < 0) {
		fputs("nptbudget: out of memory\n", stderr);
		return;
	}
	/* Names that others chose must not end the line, nor do things to a terminal. */
	for (at = text; *at; at++)
		if ((*at >= 0 && *at < ' ') || *at == 127)
			*at = '?';
	len = (size_t)(at - text);
	if (len > LINE_MAX_BEGIN + LINE_MAX_END)
		fprintf(stderr, "nptbudget: %.*s...%s\n", LINE_MAX_BEGIN, text,
			at - LINE_MAX_END);
	else
		fprintf(stderr, "nptbudget: %s\n", text);
	free(text);
}

/**
 * msg_err() - print "nptbudget: TEXT" as one line on stderr
 * @fmt: TEXT, as for printf(); %m is the errno at the time of the call
 */
void msg_err(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	msg_verr(fmt, ap);
	va_end(ap);
}

/**
 * msg_errno() - what an error of the module means, and what to do
 * @err: a positive errno, from a file of the module
 *
 * Return: text that goes behind "WHAT: ". EINVAL and ERANGE are in the words of
 * no knob in particular; callers that know the knob have better ones.
 */
const char *msg_errno(int err)
{
	switch (err) {
	case EINVAL:
		return "the module does not understand this value: see nptbudget(8)";
	case ERANGE:
		return "out of range for the module: see nptbudget(8)";
	case ENODEV:
	case ENOENT:
		return "the VM has ended: 'nptbudget list' shows those that run";
	case EOPNOTSUPP:
		return "this VM's memory cannot be budgeted: the kernel log says why (dmesg)";
	case ENXIO:
		return "no free swap space: 'man nptbudget-set' says under --backing what to do";
	case EBUSY:
		return "a livepatch or so holds a function that must be hooked: see dmesg";
	case EINTR:
		return "interrupted, so the old value is in force: try again";
	case EACCES:
	case EPERM:
		if (geteuid())
			return "only root may do that: run it as root (sudo)";
		return "not even root may: lockdown? (cat /sys/kernel/security/lockdown)";
	case EBADMSG:
		return "not understood: install module and command of the same version";
	default:
		return strerror(err);
	}
}
