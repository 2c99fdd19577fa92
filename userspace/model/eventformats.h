/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NPTB_MODEL_EVENTFORMATS_H
#define NPTB_MODEL_EVENTFORMATS_H

struct tep_handle;

struct tep_handle *eventformats_open(void);
int eventformats_add(struct tep_handle *tep, const char *system, const char *name);

#endif
