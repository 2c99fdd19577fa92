// SPDX-License-Identifier: GPL-2.0-only
/* KVM's own statistics, as binary files and as debugfs shows them. */
#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../lib/util.h"
#include "vmm.h"

int kvm_stats_open(int fd)
{
	int stats = ioctl(fd, KVM_GET_STATS_FD, NULL);

	if (stats < 0)
		die("KVM_GET_STATS_FD: %s", strerror(errno));
	return stats;
}

int64_t kvm_stats_find(int stats, const char *name)
{
	struct kvm_stats_header h;
	struct kvm_stats_desc *d;
	int64_t at = -ENOENT;
	size_t size;
	uint32_t i;

	if (pread(stats, &h, sizeof(h), 0) != sizeof(h))
		die("KVM statistics: %s", strerror(errno));
	size = sizeof(*d) + h.name_size;
	d = malloc(size);
	if (!d)
		die("out of memory");
	for (i = 0; i < h.num_desc && at < 0; i++) {
		if (pread(stats, d, size, h.desc_offset + i * size) != (ssize_t)size)
			break;
		if (!strcmp(d->name, name))
			at = h.data_offset + d->offset;
	}
	free(d);
	return at;
}

int64_t vmm_vcpu_stat(const struct vmm_vcpu *vcpu, const char *name)
{
	int stats = kvm_stats_open(vcpu->fd);
	int64_t at = kvm_stats_find(stats, name), val = -ENOENT;

	if (at >= 0 && pread(stats, &val, sizeof(val), at) != sizeof(val))
		val = -EIO;
	close(stats);
	return val;
}

int64_t vmm_vcpus_stat(const struct vmm *vm, const char *name)
{
	int64_t sum = 0;
	int v;

	for (v = 0; v < vm->vcpus; v++)
		sum += vmm_vcpu_stat(&vm->vcpu[v], name);
	return sum;
}

int64_t vmm_stat(const struct vmm *vm, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/debug/kvm/%s/%s", vm->name,
		 name);
	return file_number(path);
}
