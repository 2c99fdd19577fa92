// SPDX-License-Identifier: GPL-2.0-only
/* Lists of guest frames as text; uapi/nptbudget.h says how they are written. */
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "object/vm.h"
#include "set/ranges.h"
#include "ui/frames.h"
#include "ui/parse.h"
#include "vm/evict.h"
#include "vm/frames.h"

static int apply_word(struct nptb_ranges *ranges, char *word)
{
	bool del = *word == '!';
	u64 first, last;
	int ret;

	if (!strcmp(word, "none")) {
		ranges->count = 0;
		return 0;
	}
	ret = nptb_parse_range(word + del, &first, &last);
	if (ret)
		return ret;
	return del ? nptb_ranges_del(ranges, first, last) :
		     nptb_ranges_add(ranges, first, last);
}

/* All of a text, or an error. */
static int apply(struct nptb_ranges *ranges, void *ctx)
{
	char *text = ctx;
	bool some = false;
	char *word;
	int ret;

	while ((word = strsep(&text, "\n "))) {
		if (!*word)
			continue;
		ret = apply_word(ranges, word);
		if (ret)
			return ret;
		some = true;
	}
	return some ? 0 : -EINVAL;
}

/**
 * nptb_frames_write() - change a list of frames
 * @vm: whose
 * @which: pins or exempt frames
 * @text: as uapi/nptbudget.h says; is cut up
 *
 * Context: may sleep; no lock of ours held.
 * Return: 0; -EINVAL, -ERANGE or -ENOENT for a bad text, -ENOSPC where pins would
 * fill the budget or there would be too many ranges, -EOPNOTSUPP under an MMU
 * that makes leaves unseen, -ENODEV for an ended VM, -EINTR where a signal came
 * while faults were under way. After an error the old list is in force.
 */
int nptb_frames_write(struct nptb_vm *vm, enum nptb_frames which, char *text)
{
	return nptb_frames_change(vm, which, apply, text);
}

/**
 * nptb_frames_evict() - evict frames, once
 * @vm: whose
 * @text: ranges, as uapi/nptbudget.h says; is cut up
 *
 * Context: may sleep; no lock of ours held.
 * Return: 0; -EINVAL, -ERANGE, -ENOENT, -ENOSPC for a bad text; as nptb_vm_evict().
 */
int nptb_frames_evict(struct nptb_vm *vm, char *text)
{
	struct nptb_ranges ranges = { .count = 0 };
	int ret = apply(&ranges, text);

	return ret ?: nptb_vm_evict(vm, &ranges);
}

/**
 * nptb_frames_show() - print a list of frames, a range a line
 * @m: where
 * @vm: whose
 * @which: pins or exempt frames
 */
void nptb_frames_show(struct seq_file *m, struct nptb_vm *vm,
		      enum nptb_frames which)
{
	struct nptb_ranges ranges;
	u32 i;

	spin_lock(&vm->lock);
	ranges = vm->resident.frames[which];
	spin_unlock(&vm->lock);
	for (i = 0; i < ranges.count; i++)
		seq_printf(m, "0x%llx-0x%llx\n", ranges.r[i].first,
			   ranges.r[i].last);
}
