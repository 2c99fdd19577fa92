// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget metrics - counters for Prometheus */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/output.h"
#include "cmd/cmd.h"
#include "model/dbgfs.h"
#include "model/overview.h"
#include "view/metrics.h"

/* Return: 0; EXIT_FAILED where the module cannot be read, after a message. */
static int collect(FILE *to)
{
	struct overview o = { 0 };
	struct dbgfs_version v;
	int err;

	if (dbgfs_attach() || dbgfs_probe(&v)) {
		metrics_print(to, NULL, &o);
		return EXIT_FAILED;
	}
	err = overview_read(&o);
	if (err)
		msg_err("metrics: cannot read the module's overview: %s", err == -ENOENT ?
			"install a module of this version" : msg_errno(-err));
	metrics_print(to, err ? NULL : &v, &o);
	overview_free(&o);
	return err ? EXIT_FAILED : EXIT_DONE;
}

/* Return: 0, or EXIT_FAILED after a message, of collect(); -errno. */
static int write_to(FILE *f)
{
	int ret, err;

	if (!f)
		return -errno;
	ret = collect(f);
	err = output_flush(f);
	if (fclose(f) && !err)
		err = -errno;
	return err ? err : ret;
}

/*
 * Whoever reads the file sees the old one or the new one, whole. Its name on the way
 * does not end in .prom, which the collector would read.
 */
static int replace(const char *path)
{
	char *tmp, *copy = strdup(path), *base = copy ? strdup(path) : NULL;
	int fd, ret;

	if (!base || asprintf(&tmp, "%s/.%s.XXXXXX", dirname(copy), basename(base)) < 0)
		tmp = NULL;
	fd = tmp ? mkostemp(tmp, O_CLOEXEC) : -1;
	/* Whoever collects it is not root. */
	ret = fd < 0 || fchmod(fd, 0644) ? -errno : write_to(fdopen(fd, "w"));
	if (ret >= 0 && rename(tmp, path))
		ret = -errno;
	if (ret < 0 && fd >= 0)
		unlink(tmp);
	free(tmp);
	free(base);
	free(copy);
	return ret;
}

/* What a link points to is replaced; a device, a pipe or so is written to. */
static int to_file(const char *path)
{
	char *real = realpath(path, NULL);
	struct stat st;
	int ret;

	if (real && !stat(real, &st) && !S_ISREG(st.st_mode))
		ret = write_to(fopen(real, "we"));
	else
		ret = replace(real ? real : path);
	if (ret < 0)
		msg_err("metrics: cannot write %s: %s", path, strerror(-ret));
	free(real);
	return ret < 0 ? EXIT_FAILED : ret;
}

static int metrics_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	const char *path = NULL;
	int opt, ret;

	optind = 0;
	opterr = 0;
	while ((opt = cmd_next_option(&cmd_metrics, argc, argv, ":o:h", options, &ret)) != -1) {
		if (opt == CMD_OPTION_ENDS)
			return ret;
		path = strcmp(optarg, "-") ? optarg : NULL;
	}
	if (optind < argc)
		return cmd_usage_error(&cmd_metrics, "'%s' is too much", argv[optind]);
	if (path && (!*path || path[strlen(path) - 1] == '/'))
		return cmd_usage_error(&cmd_metrics, "--output '%s': not the name of a file", path);
	return path ? to_file(path) : collect(stdout);
}

const struct nptb_cmd cmd_metrics = {
	.name = "metrics",
	.main = metrics_main,
	.usage = "[-o FILE]",
	.help = "Print the counters of all VMs for Prometheus",
	.details =
	"In Prometheus' text format, for the textfile collector of node_exporter:\n"
	"\n"
	"  * * * * * root nptbudget metrics -o /var/lib/prometheus/node-exporter/nptbudget.prom\n"
	"\n"
	"  -o, --output FILE  replace FILE, at once and whole, instead of writing to stdout,\n"
	"                     which - is as well\n"
	"\n"
	"Where the module cannot be read, nptbudget_up is 0, and the exit status 1.\n",
};
