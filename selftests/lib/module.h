/* SPDX-License-Identifier: GPL-2.0-only */
/* Loading and unloading modules, and reading the kernel log. */
#ifndef NPTB_ST_MODULE_H
#define NPTB_ST_MODULE_H

#include <stdbool.h>

/* The file of our module for this kernel; NULL where there is none. */
const char *module_file(void);
/* 0 or -errno, as the kernel says. */
int module_load(const char *file);
/* With parameters, "name=value name=value". */
int module_load_with(const char *file, const char *args);
/* Loads one of the selftests' own, selftests/kmod/, built beside it; 0 or -errno. */
int test_module_load(const char *name, const char *args);
/* Unloads without waiting for users, as rmmod does. */
int module_unload(const char *name);
/* KVM's module for this CPU, "kvm_amd" or "kvm_intel", as it was at the first call. */
const char *kvm_vendor(void);
/* Its parameter that turns nested paging off: "npt=0", "ept=0". */
const char *kvm_no_paging(void);

/* Opens the kernel log after what is in it now. */
int klog_open(void);
/* True where a line that came since has both texts, waiting up to @ms. */
bool klog_wait(int fd, const char *text, const char *other, unsigned int ms);

#endif
