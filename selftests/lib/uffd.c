// SPDX-License-Identifier: GPL-2.0-only
/* userfaultfd on a VM's memory. */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "uffd.h"
#include "util.h"

static int try_open(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && ioctl(fd, UFFDIO_API, &api)) {
		close(fd);
		return -1;
	}
	return fd;
}

const char *uffd_unusable(void)
{
	int fd = try_open();

	if (fd < 0)
		return "no userfaultfd for faults inside the kernel (needs root)";
	close(fd);
	return NULL;
}

int uffd_open(struct vmm *vm, uint64_t gpa, uint64_t len)
{
	struct uffdio_register reg = {
		.range = { (uintptr_t)vm->mem + gpa, len },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = try_open();

	if (fd < 0)
		die("userfaultfd: %s", strerror(errno));
	if (madvise(vm->mem + gpa, len, MADV_DONTNEED))
		die("MADV_DONTNEED: %s", strerror(errno));
	if (ioctl(fd, UFFDIO_REGISTER, &reg))
		die("UFFDIO_REGISTER: %s", strerror(errno));
	return fd;
}

void uffd_block(int fd)
{
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK))
		die("fcntl: %s", strerror(errno));
}

int64_t uffd_wait(int fd, const struct vmm *vm, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct uffd_msg msg;
	uint64_t gpa;

	if (ms >= 0 && poll(&p, 1, ms) <= 0)
		return -1;
	if (read(fd, &msg, sizeof(msg)) != sizeof(msg) ||
	    msg.event != UFFD_EVENT_PAGEFAULT)
		return -1;
	gpa = msg.arg.pagefault.address - (uintptr_t)vm->mem;
	return gpa & ~(PAGE_SIZE - 1);
}

void uffd_answer(int fd, const struct vmm *vm, uint64_t gpa, const void *page)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)vm->mem + gpa,
		.src = (uintptr_t)page,
		.len = PAGE_SIZE,
	};

	if (ioctl(fd, UFFDIO_COPY, &copy) && errno != EEXIST)
		die("UFFDIO_COPY: %s", strerror(errno));
}
