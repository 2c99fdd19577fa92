// SPDX-License-Identifier: GPL-2.0-only
/* nptbudget defaults, on a module that is a folder of files. */
#include <json-c/json.h>

#include "cmd/cmd.h"
#include "fake.h"

static void wrong_defaults(void **state)
{
	(void)state;
	WRONG("'1-2' is too much", "defaults", "1-2", "--pages", "5");
	WRONG("nothing to set for comm x", "defaults", "--comm", "x");
	WRONG("nothing to set for cgroup /a", "defaults", "--cgroup=/sys/fs/cgroup/a", "--json");
	WRONG("one --comm or one --cgroup", "defaults", "--comm", "x", "--cgroup", "/x");
	WRONG("not a name", "defaults", "--comm", "", "--pages", "5");
	WRONG("not a name", "defaults", "--comm", "/usr/bin/x", "--pages", "5");
	WRONG("not a path", "defaults", "--cgroup", "machine.slice", "--pages", "5");
	WRONG("not a path", "defaults", "--cgroup", "/sys/fs/cgroups", "--cgroup", "");
	WRONG("remove what?", "defaults", "--remove");
	WRONG("takes no values", "defaults", "--comm", "x", "--remove", "--pages", "5");
	WRONG("of one VM", "defaults", "--pin", "1");
}

static void sets_defaults(void **state)
{
	struct json_object *top, *obj;
	struct result r;
	char text[128];

	(void)state;
	COMMAND(&r, "defaults", "--pages", "7", "--seed=12", "--json");
	assert_int_equal(r.status, 0);
	fake_read("nptbudget/defaults/budget", text, sizeof(text));
	assert_string_equal(text, "7\n");
	top = json_of(r.out);
	assert_true(json_object_object_get_ex(top, "defaults", &obj));
	assert_string_equal(json_at(obj, "policy"), "clock");
	assert_string_equal(json_at(obj, "budget"), "7");
	assert_string_equal(json_at(obj, "seed"), "12");
	assert_string_equal(json_at(obj, "flush_aged"), "off");
	assert_string_equal(json_at(obj, "lend_max"), "64");
	json_object_put(top);

	COMMAND(&r, "defaults");
	assert_int_equal(r.status, 0);
	assert_has(r.out, "7        64    130      1    12  all\n");

	COMMAND(&r, "defaults", "--comm", "a b", "--pages", "5", "--policy", "fifo");
	assert_string_equal(r.err, "");
	assert_int_equal(r.status, 0);
	fake_read("nptbudget/defaults/bindings", text, sizeof(text));
	assert_string_equal(text, "policy=fifo budget=5 comm=a b\n");
	COMMAND(&r, "defaults", "--cgroup", "/sys/fs/cgroup/m", "--pages", "off");
	fake_read("nptbudget/defaults/bindings", text, sizeof(text));
	assert_string_equal(text, "budget=off cgroup=/m\n");
	COMMAND(&r, "defaults", "--cgroup", "/sys/fs/cgroup", "--remove");
	fake_read("nptbudget/defaults/bindings", text, sizeof(text));
	assert_string_equal(text, "!cgroup=/\n");
}

static void shows_bindings(void **state)
{
	struct json_object *top, *list, *obj;
	struct result r;

	(void)state;
	fake_write("nptbudget/defaults/bindings",
		   "budget=5 policy=fifo on_loop=lend seed=1 flush_aged=on lend_max=64 burst=2 backing=reclaim batch=8 new=1 comm=a b\n"
		   "budget=off policy=lru on_loop=log seed=0 flush_aged=off lend_max=64 burst=2 cgroup=/x=1\n");
	COMMAND(&r, "defaults");
	assert_int_equal(r.status, 0);
	assert_has(r.out, "fifo    lend     on          reclaim        5        64      2      8     1  comm a b\n");
	assert_has(r.out, "cgroup /x=1\n");
	assert_has(r.out, "all others\n");
	COMMAND(&r, "defaults", "--json");
	assert_documented("defaults", r.out);
	top = json_of(r.out);
	assert_true(json_object_object_get_ex(top, "bindings", &list));
	assert_int_equal(json_object_array_length(list), 2);
	obj = json_object_array_get_idx(list, 0);
	assert_string_equal(json_at(obj, "comm"), "a b");
	assert_string_equal(json_at(obj, "budget"), "5");
	obj = json_object_array_get_idx(list, 1);
	assert_string_equal(json_at(obj, "cgroup"), "/x=1");
	assert_string_equal(json_at(obj, "budget"), "null");
	json_object_put(top);

	fake_write("nptbudget/defaults/bindings", "budget=5 policy=fifo\n");
	COMMAND(&r, "defaults");
	assert_int_equal(r.status, 1);
	assert_has(r.err, "cannot read the defaults");
	fake_remove("nptbudget/defaults/bindings");
	COMMAND(&r, "defaults", "--comm", "x", "--remove");
	assert_int_equal(r.status, 1);
	assert_has(r.err, "the module binds no defaults");
	COMMAND(&r, "defaults");
	assert_int_equal(r.status, 0);
	assert_has(r.out, "  all\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(wrong_defaults), TEST(sets_defaults), TEST(shows_bindings),
	};

	return cmocka_run_group_tests_name("defaults", tests, NULL, NULL);
}
