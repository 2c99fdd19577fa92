/* SPDX-License-Identifier: GPL-2.0-only */
/* All VMs in one file, for those who look often. */
#ifndef NPTB_UI_OVERVIEW_H
#define NPTB_UI_OVERVIEW_H

extern const struct file_operations nptb_overview_fops;

#endif /* NPTB_UI_OVERVIEW_H */
