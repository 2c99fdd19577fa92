// SPDX-License-Identifier: GPL-2.0-only
/* What all VMs share. */
#include "object/vm.h"

/* The list of VMs, and sessions: see object/vm.h. */
DEFINE_MUTEX(nptb_registry);
struct workqueue_struct *nptb_wq;
