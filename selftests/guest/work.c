// SPDX-License-Identifier: GPL-2.0-only
/* The guest: long mode, one stack, no interrupts. rdi: rounds, rsi: parts. Ends with HLT. */
#include "work.h"

void work_guest(uint64_t rounds, uint64_t parts);

__attribute__((section(".text.startup"))) void work_guest(uint64_t rounds, uint64_t parts)
{
	uint64_t *result = (uint64_t *)WORK_RESULT;

	result[0] = work_all((struct work_arena *)WORK_ARENA, (int)rounds,
			     (uint32_t)parts);
	result[1] = rounds;
	for (;;)
		__asm__ volatile("hlt");
}
