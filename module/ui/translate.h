/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's tables, for a reader. */
#ifndef NPTB_UI_TRANSLATE_H
#define NPTB_UI_TRANSLATE_H

#include <linux/fs.h>

extern const struct file_operations nptb_translate_fops;

#endif /* NPTB_UI_TRANSLATE_H */
