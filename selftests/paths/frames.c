// SPDX-License-Identifier: GPL-2.0-only
/* Exempt frames where KVM makes leaves unseen: refused, whoever asks. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../lib/nptb.h"
#include "../lib/util.h"
#include "paths.h"

/* By the VM's own file: nothing is changed. */
static bool refuse_list(void)
{
	struct vmm vm;
	char list[32];
	int ret;
	bool ok;

	vmm_create(&vm, SZ_2M, VMM_MEM_4K);
	ret = nptb_set(vm.name, "exempt", "1");
	ok = ret == -EOPNOTSUPP && nptb_get(vm.name, "exempt", list, sizeof(list)) >= 0 &&
	     !*list;
	if (!ok)
		note("exempt: %s, reads '%s'", strerror(-ret), list);
	vmm_destroy(&vm);
	return ok;
}

/* By a registration, which cannot know: the VM begins without its budget. */
static bool refuse_start(void)
{
	int fd = open(NPTB_DIR "/run", O_RDWR | O_CLOEXEC);
	char line[96], text[4096], budget[32];
	struct vmm vm;
	ssize_t n;
	bool ok;

	n = snprintf(line, sizeof(line), "pid=%d budget=5 policy=fifo on_loop=log exempt=1",
		     getpid());
	if (write(fd, line, n) != n)
		die(NPTB_DIR "/run: %s", strerror(errno));
	vmm_create(&vm, SZ_2M, VMM_MEM_4K);
	n = pread(fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	snprintf(line, sizeof(line), "vm %s alive refused=%d\n", vm.name, EOPNOTSUPP);
	ok = nptb_get(vm.name, "budget", budget, sizeof(budget)) >= 0 &&
	     !strcmp(budget, "off") && strstr(text, line);
	if (!ok)
		note("begun with budget %s; %.40s", budget, text);
	vmm_destroy(&vm);
	close(fd);
	return ok;
}

static bool refuse_exempt(struct run *r, int round)
{
	(void)r;
	(void)round;
	return refuse_list() & refuse_start();
}

const struct path paths_frames[] = {
	{ .name = "exempt frames refused", .variants = ON(LEGACY) | ON(SHADOW),
	  .quick = ON(LEGACY) | ON(SHADOW), .flags = PATH_OWN, .act = refuse_exempt },
	{ }
};
