// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "view/gnuplot.h"

/* In single quotes gnuplot takes all but a quote as it is, and markup is off. */
static void quoted(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text; text++)
		fputc(*text == '\'' ? '"' : *text, out);
	fputc('\'', out);
}

/**
 * gnuplot_head() - write what is the same for all pictures
 * @out: gnuplot
 * @path: file of the picture, which ends in .png or .svg
 * @title: what is above it
 * @below: a line below the title
 */
void gnuplot_head(FILE *out, const char *path, const char *title, const char *below)
{
	const char *end = strrchr(path, '.');

	if (end && !strcmp(end, ".svg"))
		fprintf(out, "set terminal svg size 1200,750 noenhanced background 'white'\n");
	else
		fprintf(out, "set terminal pngcairo size 1200,750 noenhanced\n");
	fprintf(out, "set output ");
	quoted(out, path);
	fprintf(out, "\nset title \"%s\\n", title);
	/* In double quotes, for the line break; a backslash and a quote mean something. */
	for (; *below; below++)
		fputc(strchr("\"\\`", *below) ? '?' : *below, out);
	/* gnuplot's fifth colour, a light yellow, is lost on white. */
	fprintf(out, "\"\nset tics out\nset border 3\nset linetype 5 linecolor rgb '#8c8c00'\n");
}

/**
 * gnuplot_draw() - have gnuplot draw
 * @script: writes what gnuplot is to do
 * @data: for @script
 * @path: file of the picture
 *
 * Return: 0; -ENOENT where gnuplot is not installed; -EIO where it failed.
 */
int gnuplot_draw(void (*script)(const void *data, FILE *out, const char *path), const void *data,
		 const char *path)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction old;
	FILE *out = popen("exec gnuplot", "w");
	int status;

	if (!out)
		return -errno;
	sigaction(SIGPIPE, &ignore, &old);
	script(data, out, path);
	status = pclose(out);
	sigaction(SIGPIPE, &old, NULL);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return -ENOENT;
	return status ? -EIO : 0;
}
