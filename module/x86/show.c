// SPDX-License-Identifier: GPL-2.0-only
/* The registers of a loop as text; uapi/nptbudget.h has the format. */
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/seq_file.h>

#include "backend.h"
#include "text.h"

static const char *const event_names[] = NPTB_EVENT_NAMES;
static const char *const segment_names[] = NPTB_SEGMENT_NAMES;

static_assert(ARRAY_SIZE(event_names) == NPTB_EVENT_NR);
static_assert(ARRAY_SIZE(segment_names) == NPTB_SEG_NR);

/* Where it is: event, instruction, address space, mode. */
void nptb_state_show(struct seq_file *m, const struct nptb_state *state)
{
	seq_printf(m, " vector=%lld event=%s rip=0x%llx cr3=0x%llx", state->vector,
		   event_names[state->event], state->rip, state->cr3);
	seq_printf(m, " cr0=0x%llx cr4=0x%llx efer=0x%llx rflags=0x%llx",
		   state->cr0, state->cr4, state->efer, state->rflags);
}

/* Registers and segments, for whoever decodes the instruction. */
void nptb_machine_show(struct seq_file *m, const struct nptb_state *state,
		       const struct nptb_machine *machine)
{
	int i;

	seq_printf(m, " cpl=%u gpr=", machine->cpl);
	for (i = 0; i < NPTB_GPRS; i++)
		seq_printf(m, "%s0x%llx", i ? "," : "", state->gpr[i]);
	for (i = 0; i < NPTB_SEG_NR; i++)
		seq_printf(m, " %s=0x%x:0x%llx:0x%x:0x%x", segment_names[i],
			   machine->seg[i].selector, machine->seg[i].base,
			   machine->seg[i].limit, machine->seg[i].attr);
}

void nptb_state_stop_data(const struct nptb_state *state, u64 *data)
{
	data[NPTB_STOP_RIP] = state->rip;
	data[NPTB_STOP_CR3] = state->cr3;
}
