// SPDX-License-Identifier: GPL-2.0-only
/* What came of a sweep, and files of several machines made one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/util.h"
#include "cmd/cmd.h"
#include "cmd/sweep.h"
#include "view/table.h"

static int add_row(struct table *t, const struct sweep *s, const struct sweep_point *p)
{
	char pages[24] = "none", runs[40], faults[24] = "-", evictions[24] = "-",
	     seconds[24] = "-", slowdown[24] = "-";
	const char *const row[] = { p->policy, pages, runs, faults, evictions, seconds, slowdown,
				    p->why ? p->why : "" };

	if (p->pages)
		snprintf(pages, sizeof(pages), "%llu", p->pages);
	snprintf(runs, sizeof(runs), "%zu/%zu", p->done, p->runs);
	if (p->done) {
		if (p->pages) {
			snprintf(faults, sizeof(faults), "%.0f", p->faults);
			snprintf(evictions, sizeof(evictions), "%.0f", p->evictions);
		}
		snprintf(seconds, sizeof(seconds), "%.2f", p->seconds);
		if (s->base > 0)
			snprintf(slowdown, sizeof(slowdown), "%.2f", p->seconds / s->base);
	}
	return table_add(t, row);
}

static void print_point(const char *what, const struct sweep_point *p)
{
	if (p)
		printf("  %s: %llu pages (%.0f faults)\n", what, p->pages, p->faults);
	else
		printf("  %s: cannot be told from these runs\n", what);
}

static int print_table(const struct sweep *s)
{
	static const char *const head[] = { "POLICY", "PAGES", "DONE", "FAULTS", "EVICTIONS",
					    "SECONDS", "SLOWDOWN", "OTHERS" };
	struct table t = { .columns = ARRAY_SIZE(head), .left = BIT(0) | BIT(7) };
	int err = table_add(&t, head);
	const char *before;
	size_t i;

	for (i = 0; !err && i < s->nr; i++)
		err = add_row(&t, s, &s->point[i]);
	if (!err)
		table_print(&t, stdout);
	table_free(&t);
	for (i = 0; !err && i < s->nr; i++) {
		before = i && s->point[i - 1].pages ? s->point[i - 1].policy : "";
		if (!s->point[i].pages || !strcmp(before, s->point[i].policy))
			continue;
		printf("\n%s:\n", s->point[i].policy);
		print_point("working set, within 10 % of the faults of the largest budget",
			    sweep_working_set(s, s->point[i].policy));
		print_point("knee", sweep_knee(s, s->point[i].policy));
	}
	if (s->touched)
		printf("\nIt touches %llu pages.\n", s->touched);
	return err ? EXIT_FAILED : EXIT_DONE;
}

static struct json_object *pages_json(const struct sweep_point *p)
{
	return p ? json_object_new_uint64(p->pages) : NULL;
}

/* Null where nothing is known. */
static void add_double(struct json_object *obj, const char *key, double value, bool known)
{
	json_object_object_add(obj, key, known ? json_object_new_double(value) : NULL);
}

static int print_json(const struct sweep *s, const struct sweep_file *f)
{
	struct json_object *top = json_object_new_object(), *points = json_object_new_array(), *o;
	const struct sweep_point *p;
	size_t i;

	for (i = 0; i < s->nr; i++) {
		p = &s->point[i];
		o = json_object_new_object();
		json_object_object_add(o, "policy", json_object_new_string(p->policy));
		json_object_object_add(o, "pages", p->pages ? pages_json(p) : NULL);
		json_object_object_add(o, "runs", json_object_new_uint64(p->runs));
		json_object_object_add(o, "completed", json_object_new_uint64(p->done));
		add_double(o, "faults", p->faults, p->done);
		add_double(o, "evictions", p->evictions, p->done);
		add_double(o, "seconds", p->seconds, p->done);
		add_double(o, "slowdown", s->base > 0 ? p->seconds / s->base : 0,
			   p->done && s->base > 0);
		json_object_object_add(o, "working_set",
				       pages_json(sweep_working_set(s, p->policy)));
		json_object_object_add(o, "knee", pages_json(sweep_knee(s, p->policy)));
		json_object_array_add(points, o);
	}
	json_object_object_add(top, "sweep", json_object_get(f->head));
	json_object_object_add(top, "points", points);
	json_object_object_add(top, "touched",
			       s->touched ? json_object_new_uint64(s->touched) : NULL);
	return cmd_print_json(top);
}

/**
 * sweep_print() - print what came of a sweep
 * @f: the results
 * @json: as JSON
 *
 * Return: exit status.
 */
int sweep_print(const struct sweep_file *f, bool json)
{
	struct sweep s;
	int ret;

	if (sweep_sum(&s, f)) {
		msg_err("sweep: out of memory");
		return EXIT_FAILED;
	}
	ret = json ? print_json(&s, f) : print_table(&s);
	sweep_free(&s);
	return ret;
}

static const char *key_text(const struct json_object *head, const char *key)
{
	const char *text = json_object_to_json_string(json_object_object_get(head, key));

	return text ? text : "";
}

/* Each run of a shard once. */
static bool has(const struct sweep_file *f, const struct json_object *r)
{
	static const char *const keys[] = { "pages", "policy", "repeat", "shard" };
	const struct json_object *other;
	size_t i, j;

	for (i = 0; i < json_object_array_length(f->result); i++) {
		other = json_object_array_get_idx(f->result, i);
		for (j = 0; j < ARRAY_SIZE(keys) &&
		     json_object_equal(json_object_object_get(other, keys[j]),
				       json_object_object_get(r, keys[j])); j++)
			;
		if (j == ARRAY_SIZE(keys))
			return true;
	}
	return false;
}

static int merge_one(struct sweep_file *all, const char *path)
{
	struct sweep_file f;
	struct json_object *r;
	int err = sweep_file_read(&f, path);
	size_t i;

	if (!err && !f.head)
		err = -EBADMSG;
	if (err)
		msg_err("sweep: %s: %s", path, err == -EBADMSG ? "no results of a sweep" :
			strerror(-err));
	else if (all->head && strcmp(key_text(all->head, "argv"), key_text(f.head, "argv")))
		err = -EINVAL;
	if (err == -EINVAL)
		msg_err("sweep: %s is of another workload: %s", path, key_text(f.head, "argv"));
	if (!err && !all->head)
		all->head = json_object_get(f.head);
	for (i = 0; !err && i < json_object_array_length(f.result); i++) {
		r = json_object_array_get_idx(f.result, i);
		if (!has(all, r))
			json_object_array_add(all->result, json_object_get(r));
	}
	sweep_file_free(&f);
	return err;
}

/**
 * sweep_merge() - make one file of several
 * @to: where to; it may not be there yet
 * @from: they, with NULL behind
 *
 * Return: exit status.
 */
int sweep_merge(const char *to, char **from)
{
	struct sweep_file all = { .result = json_object_new_array() };
	FILE *out = NULL;
	int err = 0;
	size_t i;

	while (!err && *from)
		err = merge_one(&all, *from++);
	if (!err) {
		out = fopen(to, "wxe");
		err = out ? sweep_file_append(out, all.head) : -errno;
		for (i = 0; !err && i < json_object_array_length(all.result); i++)
			err = sweep_file_append(out, json_object_array_get_idx(all.result, i));
		if (out && fclose(out) && !err)
			err = -errno;
		if (err)
			msg_err("sweep: cannot write %s: %s", to, strerror(-err));
		if (err && out)
			unlink(to);
	}
	if (!err)
		err = sweep_print(&all, false);
	sweep_file_free(&all);
	return err ? EXIT_FAILED : EXIT_DONE;
}
