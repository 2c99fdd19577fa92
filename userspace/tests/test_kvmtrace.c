// SPDX-License-Identifier: GPL-2.0-only
/* What nptbudget watch reads of KVM's events: tracefs and the clock are made up. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "cmd/cmd.h"
#include "fake.h"
#include "formats.h"
#include "model/instance.h"
#include "model/kvmtrace.h"
#include "wrap_tracefs.h"

#define TID	77
#define SECOND	1000000000ULL

#define FIELD(type, name, offset, size) \
	"\tfield:" type " " name ";\toffset:" #offset ";\tsize:" #size ";\tsigned:0;\n"
#define FORMAT(name, id, fields) \
	"name: " name "\nID: " #id "\nformat:\n" COMMON_FIELDS "\n" fields \
	"\nprint fmt: \"x\"\n"

enum { EXIT = 201, FAULT, ENTRY, MMIO, INSN, SWITCH, OTHER };

/* The fields that are read, as Debian's 6.12 names them. */
static const struct {
	const char *system, *format;
} formats[] = {
	{ "kvm", FORMAT("kvm_exit", 201, FIELD("unsigned int", "vcpu_id", 8, 4)
			FIELD("u32", "intr_info", 12, 4)
			FIELD("unsigned long", "guest_rip", 16, 8)
			FIELD("u32", "isa", 24, 4) FIELD("unsigned int", "exit_reason", 28, 4)
			FIELD("u64", "info2", 32, 8)) },
	{ "kvm", FORMAT("kvm_page_fault", 202, FIELD("unsigned int", "vcpu_id", 8, 4)
			FIELD("unsigned long", "guest_rip", 16, 8)
			FIELD("u64", "fault_address", 24, 8)
			FIELD("u64", "error_code", 32, 8)) },
	{ "kvm", FORMAT("kvm_entry", 203, FIELD("unsigned int", "vcpu_id", 8, 4)
			FIELD("unsigned long", "rip", 16, 8)) },
	{ "kvm", FORMAT("kvm_mmio", 204, FIELD("u64", "gpa", 8, 8)) },
	{ "kvm", FORMAT("kvm_emulate_insn", 205, FIELD("u64", "rip", 8, 8)
			FIELD("__u8", "len", 16, 1) FIELD("__u8", "insn[15]", 17, 15)
			FIELD("__u8", "flags", 32, 1)) },
	{ "sched", FORMAT("sched_switch", 206, FIELD("pid_t", "prev_pid", 8, 4)
			  FIELD("long", "prev_state", 16, 8)) },
};

/* An event of any of them: common fields, then what FIELD() says. */
struct raw {
	unsigned short type;
	unsigned char flags, preempt;
	int pid;
	union {
		unsigned char bytes[40];
		struct {
			uint32_t vcpu, info;
			uint64_t rip, address, error;
		} exit;
		struct {
			uint64_t rip;
			uint8_t len, insn[15], flags;
		} insn;
		struct {
			int32_t pid, pad;
			uint64_t state;
		} prev;
		uint64_t gpa;
	};
};

/**
 * struct made - what is to be read, and the time that it takes
 * @raw: events
 * @nr: how many of them are left
 * @times: each of them is read so often
 * @now: the clock, ns
 * @step: what it moves by for each event
 * @readings: how many there were
 * @signal: comes after the first, 0 for none
 */
static struct made {
	const struct raw *raw;
	size_t nr, times;
	uint64_t now, step;
	unsigned int readings;
	int signal;
	bool destroyed;
} made;

/* What was handed on. */
static struct got {
	struct kvm_event event[8];
	size_t nr;
	int answer;
} got;

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	if (!made.now)
		return __real_clock_gettime(clock, now);
	now->tv_sec = (time_t)(made.now / SECOND);
	now->tv_nsec = (long)(made.now % SECOND);
	return 0;
}

struct tracefs_instance *__wrap_instance_create(const char *prefix)
{
	(void)prefix;
	return (struct tracefs_instance *)&made;
}

int __wrap_instance_write(struct tracefs_instance *instance, const char *file, const char *text)
{
	(void)instance;
	(void)file;
	(void)text;
	return 0;
}

void __wrap_instance_destroy(struct tracefs_instance *instance)
{
	made.destroyed = instance == (struct tracefs_instance *)&made;
}

/* What all events have in common: of the page's head alone. */
char *__wrap_tracefs_instance_file_read(struct tracefs_instance *instance, const char *file,
					int *size)
{
	char *text;

	(void)instance;
	if (!strncmp(file, "per_cpu/", 8))
		return NULL;
	text = strdup(HEADER_PAGE);
	assert_string_equal(file, "events/header_page");
	assert_non_null(text);
	*size = (int)strlen(text);
	return text;
}

char *__wrap_tracefs_event_file_read(struct tracefs_instance *instance, const char *system,
				     const char *event, const char *file, int *size)
{
	char *text, head[64];
	size_t i;

	(void)instance;
	assert_string_equal(file, "format");
	snprintf(head, sizeof(head), "name: %s\n", event);
	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		if (strcmp(formats[i].system, system) || !strstr(formats[i].format, head))
			continue;
		text = strdup(formats[i].format);
		assert_non_null(text);
		*size = (int)strlen(text);
		return text;
	}
	return NULL;
}

int __wrap_tracefs_option_enable(struct tracefs_instance *instance, enum tracefs_option_id id)
{
	(void)instance;
	(void)id;
	return 0;
}

int __wrap_tracefs_instance_file_append(struct tracefs_instance *instance, const char *file,
					const char *text)
{
	(void)instance;
	(void)file;
	return (int)strlen(text);
}

int __wrap_tracefs_event_enable(struct tracefs_instance *instance, const char *system,
				const char *event)
{
	(void)instance;
	(void)system;
	(void)event;
	return 0;
}

/*
 * As libtracefs: until there is no more, or the function wants no more; without those
 * whose format is not known.
 */
int __wrap_tracefs_iterate_raw_events(struct tep_handle *tep, struct tracefs_instance *instance,
				      cpu_set_t *cpus, int cpu_size, raw_fn fn, void *data)
{
	size_t done, nr = made.nr * made.times;
	struct tep_record record = { 0 };
	struct tep_event *event;

	(void)instance;
	(void)cpus;
	(void)cpu_size;
	if (!made.readings++ && made.signal)
		raise(made.signal);
	for (done = 0; done < nr; done++) {
		const struct raw *raw = &made.raw[done % made.nr];

		made.now += made.step;
		record.data = (void *)raw;
		record.size = sizeof(*raw);
		record.ts = made.now;
		event = tep_find_event(tep, raw->type);
		if (event && fn(event, &record, 0, data))
			break;
	}
	return 0;
}

static int keep(const struct kvm_event *event, void *data)
{
	struct got *g = data;

	if (g->nr < ARRAY_SIZE(g->event))
		g->event[g->nr] = *event;
	g->nr++;
	return g->answer;
}

/* read_all() - made-up events, each so often, with a clock that moves so much for each */
static int read_all(struct kvmtrace *trace, const struct raw *raw, size_t nr, size_t times,
		    uint64_t step)
{
	got.nr = 0;
	made.raw = raw;
	made.nr = nr;
	made.times = times;
	made.step = step;
	return kvmtrace_read(trace, keep, &got);
}

static int begin(void **state)
{
	struct kvmtrace *trace = NULL;

	memset(&got, 0, sizeof(got));
	memset(&made, 0, sizeof(made));
	made.now = SECOND;
	assert_int_equal(kvmtrace_open(&trace), 0);
	*state = trace;
	return 0;
}

static int end(void **state)
{
	kvmtrace_close(*state);
	made.now = 0;
	return made.destroyed ? 0 : -1;
}

static const struct raw one = {
	.type = EXIT, .pid = TID, .exit = { .vcpu = 3, .rip = 0x7c06 },
};

/* A VM that is slower than the reader loses nothing, and nothing is counted. */
static void in_time(void **state)
{
	assert_int_equal(read_all(*state, &one, 1, 5000, 1000), 0);
	assert_int_equal(got.nr, 5000);
	assert_int_equal(kvmtrace_cut(*state), 0);
}

/* One that makes events for ever does not keep the command for ever. */
static void cut(void **state)
{
	/* A second is over after 2000 of them; the clock is looked at each 1024. */
	assert_int_equal(read_all(*state, &one, 1, 1000000, SECOND / 2000), 0);
	assert_in_range(got.nr, 2000, 2000 + 1024);
	assert_int_equal(kvmtrace_cut(*state), 1);
	/* The next reading has a second of its own; each that is cut counts. */
	assert_int_equal(read_all(*state, &one, 1, 1500, SECOND / 2000), 0);
	assert_int_equal(got.nr, 1500);
	assert_int_equal(kvmtrace_cut(*state), 1);
	assert_int_equal(read_all(*state, &one, 1, 1000000, SECOND / 2000), 0);
	assert_int_equal(kvmtrace_cut(*state), 2);
}

static void refused(void **state)
{
	got.answer = -ENOMEM;
	assert_int_equal(read_all(*state, &one, 1, 5000, 1000), -ENOMEM);
	assert_int_equal(got.nr, 1);
	assert_int_equal(kvmtrace_cut(*state), 0);
}

static void fields(void **state)
{
	static const struct raw raw[] = {
		{ .type = EXIT, .pid = TID,
		  .exit = { .vcpu = 3, .info = 0x80000b0e, .rip = 0x7c06 } },
		{ .type = FAULT, .pid = TID, .exit = { .vcpu = 3, .rip = 0x7c06,
						       .address = 0x200010, .error = 6 } },
		{ .type = OTHER, .pid = TID },
		{ .type = INSN, .pid = TID, .insn = { .rip = 0x7c06, .len = 2,
						      .insn = { 0x8b, 0x07 }, .flags = 5 } },
		{ .type = MMIO, .pid = TID, .gpa = 0xa0000 },
		/* Its thread came to run, was preempted, slept. */
		{ .type = SWITCH, .pid = TID, .prev = { .pid = 1, .state = 1 } },
		{ .type = SWITCH, .pid = TID, .prev = { .pid = TID } },
		{ .type = SWITCH, .pid = TID, .prev = { .pid = TID, .state = 2 } },
		{ .type = ENTRY, .pid = TID, .exit = { .vcpu = 3, .rip = 0x7c08 } },
	};
	const struct kvm_event *e = got.event;

	assert_int_equal(read_all(*state, raw, ARRAY_SIZE(raw), 1, 1000), 0);
	assert_int_equal(got.nr, 6);
	assert_int_equal(e[0].what, KVM_EVENT_EXIT);
	assert_int_equal(e[0].tid, TID);
	assert_int_equal(e[0].vcpu, 3);
	assert_int_equal(e[0].rip, 0x7c06);
	assert_int_equal(e[0].ns, SECOND + 1000);
	assert_true(e[0].delivering);
	assert_int_equal(e[0].vector, 14);
	assert_int_equal(e[1].what, KVM_EVENT_FAULT);
	assert_int_equal(e[1].address, 0x200010);
	assert_int_equal(e[1].error, 6);
	assert_int_equal(e[2].what, KVM_EVENT_INSN);
	assert_int_equal(e[2].insn_len, 2);
	assert_memory_equal(e[2].insn, "\x8b\x07", 2);
	/* CR0.PE and CS.D. */
	assert_int_equal(e[2].bits, 32);
	assert_int_equal(e[3].what, KVM_EVENT_ACCESS);
	assert_int_equal(e[3].address, 0xa0000);
	assert_int_equal(e[4].what, KVM_EVENT_SLEEP);
	assert_int_equal(e[5].what, KVM_EVENT_ENTRY);
	assert_int_equal(e[5].rip, 0x7c08);
}

/* kvm_exit of VT-x: its reason, above which is isa; then IDT-vectoring information. */
#define VTX(reason)	((uint64_t)(reason) << 32 | 1)

static void vtx(void **state)
{
	static const struct raw raw[] = {
		/* A code as it is, from shadow paging: no EPT violation was seen yet. */
		{ .type = FAULT, .pid = TID, .exit = { .address = 0x1000, .error = 6 } },
		{ .type = EXIT, .pid = TID, .exit = { .info = 0x80000b0e, .address = VTX(48),
						      .error = 0x80000320 } },
		/* A write, in place of a page that may be read; of the access, not of a walk. */
		{ .type = FAULT, .pid = TID, .exit = { .error = 0x18a } },
		/* A fetch, and nothing there; a walk's read. */
		{ .type = FAULT, .pid = TID, .exit = { .error = 0x184 } },
		{ .type = FAULT, .pid = TID, .exit = { .error = 0x81 } },
		{ .type = EXIT, .pid = TID, .exit = { .address = VTX(49) } },
	};
	const struct kvm_event *e = got.event;

	assert_int_equal(read_all(*state, raw, ARRAY_SIZE(raw), 1, 1000), 0);
	assert_int_equal(got.nr, 6);
	assert_int_equal(e[0].error, 6);
	assert_true(e[1].delivering);
	assert_int_equal(e[1].vector, 0x20);
	assert_false(e[1].mmio);
	assert_int_equal(e[2].error, 1ULL << 32 | 3);
	assert_int_equal(e[3].error, 1ULL << 32 | 0x10);
	assert_int_equal(e[4].error, 1ULL << 33);
	assert_true(e[5].mmio);
	assert_false(e[5].delivering);
}

/* Watch a vCPU that is stuck, which is told after the first reading; say how that ended. */
static int watch_one(int argc, char **argv)
{
	static const struct raw raw[] = {
		{ .type = EXIT, .pid = TID, .exit = { .rip = 0x7c06 } },
		{ .type = FAULT, .pid = TID, .exit = { .rip = 0x7c06, .address = 0x200010 } },
	};
	int ret;

	made = (struct made){ .raw = raw, .nr = 2, .times = 64, .now = SECOND,
			      .step = SECOND / 64 };
	made.signal = atoi(argv[1]);
	alarm(20);
	argv[1] = argv[0];
	ret = cmd_watch.main(argc - 1, argv + 1);
	made.now = 0;
	fprintf(stderr, "%s after %u readings\n", made.destroyed ? "gone" : "left behind",
		made.readings);
	return ret;
}

/* As under nohup. */
static int watch_ignoring(int argc, char **argv)
{
	signal(atoi(argv[1]), SIG_IGN);
	return watch_one(argc, argv);
}

static int watch_to_full(int argc, char **argv)
{
	if (!freopen("/dev/full", "w", stdout))
		return 99;
	return watch_one(argc, argv);
}

static int watch_to_nobody(int argc, char **argv)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) || dup2(fd[1], STDOUT_FILENO) < 0)
		return 99;
	close(fd[0]);
	return watch_one(argc, argv);
}

/* Whatever ends it, its instance of tracefs goes. */
static void ends(void **state)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	char text[16];
	struct result r;
	size_t i;

	(void)state;
	fake_write("sys/module/kvm_amd/refcnt", "1\n");
	assert_int_equal(setenv("NPTBUDGET_ROOT", fake_root, 1), 0);
	fake_process(77, 77, "vmm");
	fake_write("proc/77/task/77/comm", "vmm\n");
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		snprintf(text, sizeof(text), "%d", signals[i]);
		FUNCTION(&r, watch_one, "watch", text, "77");
		assert_string_equal(r.err, "gone after 1 readings\n");
		assert_has(r.out, "\nOf 1 vCPU, 1 is told of above.\n");
		assert_int_equal(r.status, 0);
	}
	snprintf(text, sizeof(text), "%d", SIGHUP);
	FUNCTION(&r, watch_ignoring, "watch", text, "77", "--seconds", "6");
	assert_string_equal(r.err, "gone after 3 readings\n");
	/* Nobody reads it any more: main() says so. */
	FUNCTION(&r, watch_to_full, "watch", "0", "77");
	assert_has(r.err, "gone after ");
	FUNCTION(&r, watch_to_nobody, "watch", "0", "77");
	assert_has(r.err, "gone after ");
	assert_int_equal(unsetenv("NPTBUDGET_ROOT"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_time, begin, end),
		cmocka_unit_test_setup_teardown(cut, begin, end),
		cmocka_unit_test_setup_teardown(refused, begin, end),
		cmocka_unit_test_setup_teardown(fields, begin, end),
		cmocka_unit_test_setup_teardown(vtx, begin, end),
		cmocka_unit_test_setup_teardown(ends, fake_setup, fake_teardown),
	};

	return cmocka_run_group_tests_name("kvmtrace", tests, NULL, NULL);
}
