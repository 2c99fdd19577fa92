/* SPDX-License-Identifier: GPL-2.0-only */
/* What a recording says of the machine and the VMs that it is of. */
#ifndef NPTB_NOTES_H
#define NPTB_NOTES_H

#include "model/recorder.h"

int notes_write(struct recorder *r, const char *vm);

#endif /* NPTB_NOTES_H */
