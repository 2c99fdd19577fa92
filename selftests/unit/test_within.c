// SPDX-License-Identifier: GPL-2.0-only
/* module/lib/within.h: which paths are below which. */
#include "unit.h"

#include "lib/within.h"

static const struct {
	const char *path, *top;
	bool within;
} cases[] = {
	{ "/", "/", true },
	{ "/a", "/", true },
	{ "/a/b", "/", true },
	{ "/a", "/a", true },
	{ "/a/b", "/a", true },
	{ "/a/b/c", "/a/b", true },
	{ "/", "/a", false },
	{ "/ab", "/a", false },
	{ "/a", "/ab", false },
	{ "/a", "/a/b", false },
	{ "/b/a", "/a", false },
	{ "/a b", "/a", false },
	{ "/machine.slice/machine-qemu\\x2d1.scope/libvirt/emulator", "/machine.slice", true },
	{ "/machine.slice-2", "/machine.slice", false },
	/* What a cgroup without a known path has. */
	{ "", "/", false },
	{ "", "/a", false },
};

static void table(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (nptb_path_within(cases[i].path, cases[i].top) != cases[i].within)
			fail_msg("'%s' within '%s': should be %d", cases[i].path, cases[i].top,
				 cases[i].within);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
