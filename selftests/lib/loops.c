// SPDX-License-Identifier: GPL-2.0-only
/* Loop records: strict reader of the text in a VM's "loops". */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nptb.h"
#include "util.h"

static const char *const role_names[] = NPTB_ROLE_NAMES;

static int parse_u64(const char *val, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(val, &end, 0);
	return end == val || *end || errno ? -EBADMSG : 0;
}

static int parse_roles(char *val, unsigned int *roles)
{
	char *name, *save;
	size_t i;

	*roles = 0;
	for (name = strtok_r(val, ",", &save); name;
	     name = strtok_r(NULL, ",", &save)) {
		for (i = 0; i < ARRAY_SIZE(role_names); i++)
			if (!strcmp(name, role_names[i]))
				break;
		if (i == ARRAY_SIZE(role_names))
			return -EBADMSG;
		*roles |= 1u << i;
	}
	return *roles ? 0 : -EBADMSG;
}

static int parse_field(struct nptb_st_loop *l, const char *key, char *val)
{
	uint64_t num;
	int ret;

	if (!strcmp(key, "class")) {
		snprintf(l->class, sizeof(l->class), "%s", val);
		return 0;
	}
	if (!strcmp(key, "event")) {
		snprintf(l->event, sizeof(l->event), "%s", val);
		return 0;
	}
	if (!strcmp(key, "insn")) {
		snprintf(l->insn, sizeof(l->insn), "%s", val);
		return 0;
	}
	if (!strcmp(key, "vector")) {
		l->vector = atoi(val);
		return 0;
	}
	ret = parse_u64(val, &num);
	if (!strcmp(key, "vcpu"))
		l->vcpu = num;
	else if (!strcmp(key, "rip"))
		l->rip = num;
	else if (!strcmp(key, "cr3"))
		l->cr3 = num;
	else if (!strcmp(key, "cr0"))
		l->cr0 = num;
	else if (!strcmp(key, "efer"))
		l->efer = num;
	else if (!strcmp(key, "laps"))
		l->laps = num;
	else if (!strcmp(key, "times"))
		l->times = num;
	else if (!strcmp(key, "budget"))
		l->budget = num;
	else if (!strcmp(key, "pages"))
		l->pages = num;
	else
		return 0;	/* formats grow */
	return ret;
}

static int parse_page_field(struct nptb_st_page *p, const char *key, char *val)
{
	if (!strcmp(key, "gfn"))
		return parse_u64(val, &p->gfn);
	if (!strcmp(key, "faults"))
		return parse_u64(val, &p->faults);
	if (!strcmp(key, "roles"))
		return parse_roles(val, &p->roles);
	return 0;
}

static int parse_line(char *line, struct nptb_st_loop *l, bool page)
{
	char *field, *save, *val;
	int ret;

	strtok_r(line, " ", &save);
	while ((field = strtok_r(NULL, " ", &save))) {
		val = strchr(field, '=');
		if (!val)
			return -EBADMSG;
		*val++ = '\0';
		ret = page ? parse_page_field(&l->page[l->listed], field, val) :
			     parse_field(l, field, val);
		if (ret)
			return ret;
	}
	if (page)
		l->listed++;
	return 0;
}

int nptb_loops_parse(char *text, struct nptb_st_loop *loop, int max)
{
	struct nptb_st_loop *l = NULL;
	char *line, *save;
	int nr = 0, ret;
	bool page;

	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		page = !strncmp(line, "page ", 5);
		if (!page) {
			if (strncmp(line, "loop ", 5))
				return -EBADMSG;
			l = nr < max ? &loop[nr] : NULL;
			nr++;
			if (l)
				memset(l, 0, sizeof(*l));
		} else if (!nr || (l && l->listed == NPTB_LOOP_PAGES_MAX)) {
			return -EBADMSG;
		}
		if (!l)
			continue;
		ret = parse_line(line, l, page);
		if (ret)
			return ret;
	}
	return nr;
}

int nptb_loops(const char *vm, struct nptb_st_loop *loop, int max)
{
	char path[160];
	char *text;
	int ret;

	snprintf(path, sizeof(path), NPTB_DIR "/vms/%s/loops", vm);
	text = file_slurp(path);
	if (!text)
		return -EIO;
	ret = nptb_loops_parse(text, loop, max);
	free(text);
	return ret;
}

bool nptb_wait_loop(const char *vm, int vcpu, struct nptb_st_loop *loop,
		    unsigned int ms)
{
	static struct nptb_st_loop all[NPTB_LOOP_RECORDS_MAX];
	uint64_t end = deadline(ms);
	int nr, i;

	do {
		nr = nptb_loops(vm, all, ARRAY_SIZE(all));
		if (nr < 0) {
			note("%s: loops: %s", vm, strerror(-nr));
			return false;
		}
		for (i = 0; i < nr && i < (int)ARRAY_SIZE(all); i++) {
			if (vcpu >= 0 && all[i].vcpu != vcpu)
				continue;
			/* Told apart by the module: no loop of a vCPU's own. */
			if (!strcmp(all[i].class, "contention"))
				continue;
			*loop = all[i];
			return true;
		}
		sleep_ms(10);
	} while (now_ms() < end);
	return false;
}
