// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unloading while a vCPU stands inside a fault that user space has yet to
 * answer (userfaultfd): the unload waits, names the thread in the kernel log
 * after ten seconds, and goes on when the answer comes. The guest never knows.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>

#include "../lib/cells.h"
#include "../lib/module.h"
#include "../lib/uffd.h"

#define SIZE	(4UL << 20)
#define DATA	SZ_2M
#define PAGES	4
#define LAPS	3
#define ADDEND	5U
#define PATIENCE	9000	/* ms the unload is sure to wait in silence */

static _Atomic int unloaded = 1;

static void *unload_main(void *arg)
{
	(void)arg;
	atomic_store(&unloaded, module_unload("nptbudget"));
	return NULL;
}

int main(void)
{
	struct vmm_args args = {
		.data = DATA, .pages = PAGES, .laps = LAPS, .addend = ADDEND,
	};
	static const char page[PAGE_SIZE];
	const char *file = module_file();
	char tid[32];
	pthread_t thread;
	struct vmm vm;
	int64_t gpa;
	int uffd, log, i;

	ksft_print_header();
	need_module();
	need_uffd();
	if (!file)
		ksft_exit_skip("no module file: set NPTB_MODULE\n");
	ksft_set_plan(6);

	vmm_create(&vm, SIZE, VMM_MEM_4K);
	vmm_add(&vm, GUEST_ADD, VMM_PROT, &args);
	for (i = 0; i < PAGES; i++)
		*vmm_want32(&vm, DATA + i * PAGE_SIZE) = LAPS * ADDEND;
	uffd = uffd_open(&vm, DATA, PAGES * PAGE_SIZE);
	ksft_test_result(!nptb_budget(vm.name, 2), "budget 2 on userfaultfd memory\n");
	vmm_start(&vm);
	gpa = uffd_wait(uffd, &vm, 5000);
	ksft_test_result(gpa == (int64_t)DATA, "the vCPU stops in a fault of ours\n");
	snprintf(tid, sizeof(tid), "%d", atomic_load(&vm.vcpu[0].tid));

	log = klog_open();
	if (pthread_create(&thread, NULL, unload_main, NULL))
		die("pthread_create");
	sleep_ms(PATIENCE);
	ksft_test_result(atomic_load(&unloaded) == 1, "the unload waits\n");
	ksft_test_result(klog_wait(log, "nptbudget", tid, 8000),
			 "the log names the thread, %s\n", "its id in it");
	if (atomic_load(&unloaded) != 1)
		note("the unload did not wait for it");

	uffd_answer(uffd, &vm, gpa, page);
	/* The other pages as the guest comes to them. */
	for (i = 1; i < PAGES; i++) {
		gpa = uffd_wait(uffd, &vm, 3000);
		if (gpa >= 0)
			uffd_answer(uffd, &vm, gpa, page);
	}
	for (i = 0; i < 500 && atomic_load(&unloaded) == 1; i++)
		sleep_ms(10);
	ksft_test_result(atomic_load(&unloaded) == 0 && !path_exists(NPTB_DIR),
			 "the unload ends when the fault is answered\n");
	if (atomic_load(&unloaded) == 1)
		ksft_exit_fail_msg("the unload hangs\n");
	pthread_join(thread, NULL);
	i = vmm_wait(&vm, 5000);
	vmm_stop(&vm);
	ksft_test_result(i && vmm_check(&vm), "the guest ends with the right memory\n");
	close(uffd);
	vmm_destroy(&vm);
	if (module_load(file))
		ksft_exit_fail_msg("the module does not load any more\n");
	ksft_finished();
}
