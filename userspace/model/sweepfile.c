// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/output.h"
#include "base/util.h"
#include "model/sweepfile.h"

static struct json_object *field(const struct json_object *obj, const char *key)
{
	return json_object_object_get(obj, key);
}

static unsigned long long number(const struct json_object *obj, const char *key)
{
	return json_object_get_uint64(field(obj, key));
}

static const char *word(const struct json_object *obj, const char *key)
{
	const char *text = json_object_get_string(field(obj, key));

	return text ? text : "";
}

/* An object; the first one says what was run. */
static struct json_object *parse(struct json_tokener *tok, const char *line, bool first)
{
	struct json_object *obj;

	json_tokener_reset(tok);
	obj = json_tokener_parse_ex(tok, line, -1);
	if (json_object_is_type(obj, json_type_object) &&
	    (!first || json_object_is_type(field(obj, "argv"), json_type_array)))
		return obj;
	json_object_put(obj);
	return NULL;
}

/**
 * sweep_file_read() - read a file of results
 * @f: where to put them, for sweep_file_free() in any case
 * @path: the file
 *
 * A last line without an end was cut off when it was written: it does not count, but
 * where it cannot be the beginning of one.
 *
 * Return: 0; -errno of open(); -EBADMSG where a line is not of such a file; -ENOMEM.
 */
int sweep_file_read(struct sweep_file *f, const char *path)
{
	struct json_tokener *tok = json_tokener_new();
	FILE *in = fopen(path, "re");
	struct json_object *obj;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int err = in ? 0 : -errno;

	*f = (struct sweep_file){ .result = json_object_new_array() };
	if (!err && !tok)
		err = -ENOMEM;
	if (tok)
		json_tokener_set_flags(tok, JSON_TOKENER_VALIDATE_UTF8);
	while (!err && (len = getline(&line, &size, in)) > 0) {
		if (line[len - 1] != '\n') {
			err = *line == '{' ? 0 : -EBADMSG;
			break;
		}
		f->whole += len;
		obj = parse(tok, line, !f->head);
		if (!obj)
			err = -EBADMSG;
		else if (!f->head)
			f->head = obj;
		else
			json_object_array_add(f->result, obj);
	}
	free(line);
	if (tok)
		json_tokener_free(tok);
	if (in)
		fclose(in);
	return err;
}

/**
 * sweep_file_append() - write one line, so that it stays
 * @to: where to
 * @obj: the line
 *
 * Return: 0, or -errno.
 */
int sweep_file_append(FILE *to, struct json_object *obj)
{
	fprintf(to, "%s\n", json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN));
	return output_flush(to);
}

/**
 * sweep_file_find() - look a run up
 * @f: the results
 * @pages: its budget, 0 for none
 * @policy: who goes next
 * @repeat: which of several, from 0
 *
 * Return: the result, or NULL where there is none.
 */
const struct json_object *sweep_file_find(const struct sweep_file *f, unsigned long long pages,
					  const char *policy, unsigned long long repeat)
{
	const struct json_object *r;
	size_t i;

	for (i = 0; i < json_object_array_length(f->result); i++) {
		r = json_object_array_get_idx(f->result, i);
		if (number(r, "pages") == pages && number(r, "repeat") == repeat &&
		    !strcmp(word(r, "policy"), policy))
			return r;
	}
	return NULL;
}

/**
 * sweep_file_free() - drop what sweep_file_read() gave
 * @f: the results
 */
void sweep_file_free(struct sweep_file *f)
{
	json_object_put(f->head);
	json_object_put(f->result);
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool is_of(const struct json_object *r, const struct sweep_point *p)
{
	return number(r, "pages") == p->pages && !strcmp(word(r, "policy"), p->policy);
}

/* The median of a number over the runs of a point that completed. */
static double median(const struct sweep_file *f, const struct sweep_point *p, const char *key)
{
	size_t i, nr = 0, all = json_object_array_length(f->result);
	double *value = calloc(all + 1, sizeof(*value)), m = 0;
	const struct json_object *r;

	for (i = 0; value && i < all; i++) {
		r = json_object_array_get_idx(f->result, i);
		if (is_of(r, p) && json_object_get_boolean(field(r, "completed")))
			value[nr++] = json_object_get_double(field(r, key));
	}
	if (nr) {
		qsort(value, nr, sizeof(*value), by_value);
		m = nr % 2 ? value[nr / 2] : (value[nr / 2 - 1] + value[nr / 2]) / 2;
	}
	free(value);
	return m;
}

static void count(struct sweep_point *p, const struct json_object *r)
{
	p->runs++;
	if (json_object_get_boolean(field(r, "completed")))
		p->done++;
	else
		p->why = word(r, "why");
	if (number(r, "peak") > p->peak)
		p->peak = number(r, "peak");
}

static int by_place(const void *a, const void *b)
{
	const struct sweep_point *x = a, *y = b;
	int d = strcmp(x->policy, y->policy);

	return d ? d : (x->pages > y->pages) - (x->pages < y->pages);
}

/**
 * sweep_sum() - what came of a sweep
 * @s: where to put it, for sweep_free() if this succeeds
 * @f: the results, which have to stay
 *
 * Return: 0; -ENOMEM.
 */
int sweep_sum(struct sweep *s, const struct sweep_file *f)
{
	size_t i, j, all = json_object_array_length(f->result);
	const struct json_object *r;
	struct sweep_point *p;

	*s = (struct sweep){ .point = calloc(all + 1, sizeof(*s->point)) };
	if (!s->point)
		return -ENOMEM;
	for (i = 0; i < all; i++) {
		r = json_object_array_get_idx(f->result, i);
		for (j = 0; j < s->nr && !is_of(r, &s->point[j]); j++)
			;
		p = &s->point[j];
		if (j == s->nr) {
			s->nr++;
			p->pages = number(r, "pages");
			p->policy = word(r, "policy");
		}
		count(p, r);
	}
	for (i = 0; i < s->nr; i++) {
		p = &s->point[i];
		p->faults = median(f, p, "faults");
		p->evictions = median(f, p, "evictions");
		p->seconds = median(f, p, "seconds");
		if (!p->pages)
			s->base = p->seconds;
		if (p->done && p->evictions == 0 && p->peak > s->touched)
			s->touched = p->peak;
	}
	qsort(s->point, s->nr, sizeof(*s->point), by_place);
	return 0;
}

/**
 * sweep_working_set() - the least budget that costs little
 * @s: what came of a sweep
 * @policy: of this policy
 *
 * Return: the one of least pages whose faults are at most 1.1 times those of the
 * largest budget; NULL where none completed.
 */
const struct sweep_point *sweep_working_set(const struct sweep *s, const char *policy)
{
	const struct sweep_point *most = NULL, *least = NULL, *p;
	size_t i;

	for (i = 0; i < s->nr; i++)
		if (s->point[i].pages && s->point[i].done && !strcmp(s->point[i].policy, policy))
			most = &s->point[i];
	for (i = s->nr; most && i--;) {
		p = &s->point[i];
		if (!p->pages || strcmp(p->policy, policy))
			continue;
		if (!p->done || p->faults > 1.1 * most->faults)
			break;
		least = p;
	}
	return least;
}

/**
 * sweep_knee() - where fewer pages begin to cost much
 * @s: what came of a sweep
 * @policy: of this policy
 *
 * Return: the point of the curve of faults by pages that is farthest below the line
 * between its ends, both scaled to 1; NULL where fewer than three completed, or none is
 * below.
 */
const struct sweep_point *sweep_knee(const struct sweep *s, const char *policy)
{
	const struct sweep_point *first = NULL, *last = NULL, *knee = NULL, *p;
	double x, y, most = 0;
	size_t i, nr = 0;

	for (i = 0; i < s->nr; i++) {
		p = &s->point[i];
		if (!p->pages || !p->done || strcmp(p->policy, policy))
			continue;
		first = first ? first : p;
		last = p;
		nr++;
	}
	if (nr < 3 || first->faults <= last->faults)
		return NULL;
	for (i = 0; i < s->nr; i++) {
		p = &s->point[i];
		if (!p->pages || !p->done || strcmp(p->policy, policy))
			continue;
		x = (double)(p->pages - first->pages) / (double)(last->pages - first->pages);
		y = (p->faults - last->faults) / (first->faults - last->faults);
		if (1 - x - y > most) {
			most = 1 - x - y;
			knee = p;
		}
	}
	return knee;
}

/**
 * sweep_free() - drop what sweep_sum() gave
 * @s: it
 */
void sweep_free(struct sweep *s)
{
	free(s->point);
	s->point = NULL;
	s->nr = 0;
}
