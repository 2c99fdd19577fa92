// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/output.h"
#include "view/gnuplot.h"

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
	fprintf(out, "set title \"%s\\n", title);
	/* In double quotes, for the line break; a backslash and a quote mean something. */
	for (; *below; below++)
		fputc(strchr("\"\\`", *below) ? '?' : *below, out);
	/* gnuplot's fifth colour, a light yellow, is lost on white. */
	fprintf(out, "\"\nset tics out\nset border 3\nset linetype 5 linecolor rgb '#8c8c00'\n");
}

static int read_all(FILE *from, char **text, size_t *size)
{
	FILE *to = open_memstream(text, size);
	char buf[65536];
	size_t n;

	if (!to)
		return -ENOMEM;
	while ((n = fread(buf, 1, sizeof(buf), from)))
		fwrite(buf, 1, n, to);
	return fclose(to) ? -ENOMEM : 0;
}

/* Its picture comes by its standard output: of a file that is full it would say nothing. */
static int run(int script, char **picture, size_t *size)
{
	char command[64];
	FILE *from;
	int err, status;

	snprintf(command, sizeof(command), "exec gnuplot </proc/self/fd/%d", script);
	from = popen(command, "r");
	if (!from)
		return -errno;
	err = read_all(from, picture, size);
	status = pclose(from);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return -ENOENT;
	return status ? -EIO : err;
}

/**
 * gnuplot_draw() - have gnuplot draw
 * @script: writes what gnuplot is to do
 * @data: for @script
 * @path: file that the picture is for
 * @picture: where to put it, for free() in any case
 * @size: of it, bytes
 *
 * Return: 0; -ENOENT where gnuplot is not installed; -EIO where it failed.
 */
int gnuplot_draw(void (*script)(const void *data, FILE *out, const char *path), const void *data,
		 const char *path, char **picture, size_t *size)
{
	int err, fd = memfd_create("gnuplot", 0);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	*picture = NULL;
	if (!out)
		return -errno;
	script(data, out, path);
	err = output_flush(out);
	if (!err)
		err = run(fd, picture, size);
	fclose(out);
	return err;
}
