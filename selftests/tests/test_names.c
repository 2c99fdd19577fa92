// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMs that KVM has no folder for: a vCPU keeps its VM when the VM's descriptor is
 * closed, and the next VM that gets the same descriptor would get the same name.
 * Each is known all the same, under a name of its own, and has its budget. And a
 * new VM has its name though somebody still reads what an ended one left.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>

#include "../lib/cells.h"
#include "../lib/uffd.h"

#define SIZE	(4UL << 20)
#define DATA	SZ_2M
#define PAGES	64
#define BUDGET	16
/* The descriptor that VMs get: out of the way of all others. */
#define FD	40
#define TWINS	3
#define NAME	40
#define MS	10000

static void add_worker(struct vmm *vm)
{
	struct vmm_args args = { .data = DATA, .pages = PAGES };

	vmm_add(vm, GUEST_WORK, VMM_PROT, &args);
}

static int64_t value_at(int stats, const char *name)
{
	int64_t at = kvm_stats_find(stats, name), value;

	if (at < 0 || pread(stats, &value, sizeof(value), at) != sizeof(value))
		die("no statistic %s", name);
	return value;
}

/* Where KVM has no folder, its binary statistics still count. */
static int64_t resident(int stats)
{
	return value_at(stats, "pages_4k") + 512 * value_at(stats, "pages_2m") +
	       512 * 512 * value_at(stats, "pages_1g");
}

static bool is_known(const char *vm)
{
	char path[256];

	snprintf(path, sizeof(path), NPTB_DIR "/vms/%s", vm);
	return path_exists(path);
}

/* Runs until it must have evicted; never more than its budget is resident. */
static bool held(struct vmm *vm, const char *name)
{
	uint64_t end = deadline(MS);
	int stats = kvm_stats_open(vm->fd);
	int64_t now, most = 0;

	vmm_start(vm);
	do {
		now = resident(stats);
		most = now > most ? now : most;
		sleep_ms(1);
	} while (nptb_stat(name, "evictions") < PAGES && now_ms() < end);
	now = nptb_stat(name, "evictions");
	vmm_stop(vm);
	close(stats);
	if (most <= BUDGET && now >= PAGES)
		return true;
	note("%s: at most %" PRId64 " resident, %" PRId64 " evictions", name, most, now);
	return false;
}

static int session(void)
{
	int fd = open(NPTB_DIR "/run", O_RDWR | O_CLOEXEC);
	char line[96];

	snprintf(line, sizeof(line), "pid=%d budget=%d policy=fifo on_loop=log", getpid(),
		 BUDGET);
	if (fd < 0 || write(fd, line, strlen(line)) < 0)
		die("run: %s", strerror(errno));
	return fd;
}

/* What the session shows of a VM. */
static bool shows(int fd, const char *name)
{
	static char text[1 << 16];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	char line[NAME + 16];

	text[n < 0 ? 0 : n] = '\0';
	snprintf(line, sizeof(line), "vm %.*s alive\n", NAME, name);
	return strstr(text, line);
}

static void twin_name(char name[NAME], int i)
{
	if (i)
		snprintf(name, NAME, "%d-%d.%d", gettid(), FD, i + 1);
	else
		snprintf(name, NAME, "%d-%d", gettid(), FD);
}

/* As many VMs as may be, all with the same descriptor. */
static void twins(void)
{
	char name[TWINS][NAME];
	struct vmm vm[TWINS];
	bool ok = true;
	int i, fd = session();

	for (i = 0; i < TWINS; i++) {
		vmm_create_at(&vm[i], SIZE, VMM_MEM_THP, FD);
		twin_name(name[i], i);
		add_worker(&vm[i]);
		ok &= is_known(name[i]) && shows(fd, name[i]);
		if (!ok)
			note("%s is not known", name[i]);
		ok = ok && held(&vm[i], name[i]);
		vmm_let_go(&vm[i]);
	}
	ksft_test_result(ok, "three VMs of one name are known, and held\n");

	ok = !nptb_budget(name[1], 5) && nptb_stat(name[1], "resident") <= 5 &&
	     nptb_stat(name[0], "resident") > 5 && nptb_stat(name[2], "resident") > 5;
	ksft_test_result(ok, "what is done to one is not done to the others\n");

	vmm_destroy(&vm[1]);
	ok = nptb_wait_vm_gone(name[1], 2000) && is_known(name[0]) && is_known(name[2]);
	vmm_create_at(&vm[1], SIZE, VMM_MEM_THP, FD);
	add_worker(&vm[1]);
	ok = ok && is_known(name[1]) && held(&vm[1], name[1]);
	ksft_test_result(ok, "a name that is free is given again\n");
	for (i = 0; i < TWINS; i++)
		vmm_destroy(&vm[i]);
	close(fd);
}

struct stuck {
	int uffd, file;
	struct vmm *at;
	_Atomic bool answered;
};

/* Inside a file of a VM, until the memory that it reads into is there. */
static void *read_main(void *arg)
{
	struct stuck *s = arg;

	if (read(s->file, s->at->mem + DATA, PAGE_SIZE) < 0)
		note("the reader: %s", strerror(errno));
	return NULL;
}

/* So that a new VM that does wait comes to an end. */
static void *answer_main(void *arg)
{
	static const char page[PAGE_SIZE];
	struct stuck *s = arg;
	uint64_t end = deadline(MS);

	while (!atomic_load(&s->answered) && now_ms() < end)
		sleep_ms(5);
	atomic_store(&s->answered, true);
	uffd_answer(s->uffd, s->at, DATA, page);
	return NULL;
}

/* Hidden folders: what is left of VMs that have ended. */
static int left_over(void)
{
	DIR *dir = opendir(NPTB_DIR "/vms");
	struct dirent *de;
	int n = 0;

	if (!dir)
		die(NPTB_DIR "/vms: %s", strerror(errno));
	while ((de = readdir(dir)))
		n += de->d_name[0] == '.' && strcmp(de->d_name, ".") &&
		     strcmp(de->d_name, "..");
	closedir(dir);
	return n;
}

/* An end that is held up delays no new VM, not even one of the same name. */
static void ended(void)
{
	struct vmm old, again, other, buffer;
	pthread_t reader, answer;
	struct stuck s = { .at = &buffer };
	char path[256];
	uint64_t end;
	bool ok;

	vmm_create_at(&old, SIZE, VMM_MEM_4K, FD);
	vmm_create(&buffer, SIZE, VMM_MEM_4K);
	s.uffd = uffd_open(&buffer, DATA, PAGE_SIZE);
	snprintf(path, sizeof(path), NPTB_DIR "/vms/%s/stats", old.name);
	s.file = open(path, O_RDONLY | O_CLOEXEC);
	if (s.file < 0 || pthread_create(&reader, NULL, read_main, &s))
		die("%s: %s", path, strerror(errno));
	if (uffd_wait(s.uffd, &buffer, MS) != (int64_t)DATA)
		die("the reader does not read");
	vmm_destroy(&old);
	if (pthread_create(&answer, NULL, answer_main, &s))
		die("pthread_create");

	vmm_create_at(&again, SIZE, VMM_MEM_4K, FD);
	vmm_create(&other, SIZE, VMM_MEM_4K);
	ok = !atomic_load(&s.answered);
	if (!ok)
		note("a new VM waited for the end of another");
	ok &= !strcmp(old.name, again.name) && !nptb_budget(again.name, 7) &&
	      nptb_stat(again.name, "resident") == 0 && is_known(other.name);
	ok &= left_over() == 1;
	ksft_test_result(ok, "a new VM has its name while an old one's file is read\n");

	atomic_store(&s.answered, true);
	pthread_join(answer, NULL);
	pthread_join(reader, NULL);
	close(s.file);
	end = deadline(MS);
	while (left_over() && now_ms() < end)
		sleep_ms(5);
	ksft_test_result(!left_over() && is_known(again.name),
			 "the old one's files go when the reader is done\n");
	vmm_destroy(&again);
	vmm_destroy(&other);
	vmm_destroy(&buffer);
	close(s.uffd);
}

int main(void)
{
	ksft_print_header();
	need_module();
	need_uffd();
	ksft_set_plan(5);
	twins();
	ended();
	ksft_finished();
}
