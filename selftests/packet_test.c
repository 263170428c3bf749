// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packet in, packet out: what the four programs do with packets, byte for byte and counter for
 * counter, by BPF_PROG_TEST_RUN and over real devices, in each mode. TAP; exit status 0, 1, or
 * 4 (skipped). V=1 shows libbpf's messages.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <bpf/libbpf.h>

#include "packet_suite.h"

#define SKIP	4

#define REASON_NAME(reason, name, origin, verdict, text) name,
static const char *const reason_names[] = { NESTWG_REASONS(REASON_NAME) };
#undef REASON_NAME

static const struct {
	const char *name;
	enum mode mode;
	bool forwarding;
} stages[NR_STAGES] = {
	[STAGE_NATIVE] = { "native", MODE_NATIVE, false },
	[STAGE_GENERIC] = { "generic", MODE_GENERIC, false },
	[STAGE_TC] = { "tc", MODE_TC, false },
	[STAGE_HOME] = { "from home", MODE_NATIVE, false },
	[STAGE_HOME_FORWARDING] = { "from home, forwarding on", MODE_NATIVE, true },
};

void suite_add(struct suite *suite, unsigned int where, const char *name,
	       bool (*run)(struct lab *lab, const void *argument), const void *argument)
{
	if (suite->count == TESTS_MAX) {
		printf("Bail out! more than %d tests\n", TESTS_MAX);
		exit(1);
	}
	suite->tests[suite->count++] = (struct test){
		.name = name,
		.run = run,
		.argument = argument,
		.stages = where,
	};
}

void suite_add_each(struct suite *suite, unsigned int where,
		    bool (*run)(struct lab *lab, const void *argument),
		    const struct packet_case *cases, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		suite_add(suite, where, cases[i].name, run, &cases[i]);
}

static bool run_case(struct lab *lab, const void *argument)
{
	return expect(lab, argument);
}

void suite_add_cases(struct suite *suite, unsigned int where, const struct packet_case *cases,
		     unsigned int count)
{
	suite_add_each(suite, where, run_case, cases, count);
}

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
	/* "Exclusivity flag on, cannot modify": the qdisc is there already. */
	if (level != LIBBPF_WARN || !getenv("V"))
		return 0;
	return vfprintf(stderr, format, arguments);
}

static void exclude(struct lab *lab)
{
	lab->ports[PORT_SSH].excluded = NESTWG_EXCLUDED_TCP;
	lab->ports[PORT_TUNNEL].excluded = NESTWG_EXCLUDED_UDP;
	lab->protocols[PROTO_OSPF].excluded = 1;
}

static bool report(bool passed, unsigned int *number, const char *stage, const char *name)
{
	printf("%sok %u %s: %s\n", passed ? "" : "not ", ++*number, stage, name);
	fflush(stdout);
	return passed;
}

static bool run_stage(struct lab *lab, const struct suite *suite, enum stage stage,
		      unsigned int *number)
{
	bool ready = !lab_set_mode(lab, stages[stage].mode);
	bool passed = true;

	lab_set_forwarding(stages[stage].forwarding);
	for (unsigned int i = 0; i < suite->count; i++) {
		const struct test *test = &suite->tests[i];

		if (!(test->stages & 1 << stage))
			continue;
		lab_forget(lab);
		passed &= report(ready && test->run(lab, test->argument), number,
				 stages[stage].name, test->name);
	}
	return passed;
}

/* A reason that no test reaches is one that nobody knows to work. */
static bool all_reasons_were_seen(const struct lab *lab)
{
	bool all = true;

	for (int i = 0; i < NESTWG_NR_REASONS; i++) {
		if (lab->seen[i])
			continue;
		printf("# never seen: %s\n", reason_names[i]);
		all = false;
	}
	return all;
}

static unsigned int plan(const struct suite *suite)
{
	unsigned int count = 1;

	for (unsigned int i = 0; i < suite->count; i++)
		count += __builtin_popcount(suite->tests[i].stages);
	return count;
}

int main(void)
{
	static struct suite suite;
	unsigned int number = 0;
	struct lab lab;
	bool passed = true;

	/* A sentinel that never arrives must not make it wait for ever. */
	alarm(300);
	printf("TAP version 13\n");
	if (geteuid()) {
		printf("1..0 # SKIP needs root\n");
		return SKIP;
	}
	libbpf_set_print(print_libbpf);
	add_wire_tests(&suite);
	add_fragment_tests(&suite);
	add_size_tests(&suite);
	add_flow_tests(&suite);
	add_slots_tests(&suite);
	add_home_tests(&suite);
	add_next_hop_tests(&suite);
	add_flood_tests(&suite);
	add_random_tests(&suite);
	add_watch_tests(&suite);
	add_deadline_tests(&suite);
	printf("1..%u\n", plan(&suite));
	if (lab_make(&lab)) {
		printf("Bail out! cannot set the devices up\n");
		lab_close(&lab);
		return 1;
	}
	exclude(&lab);
	for (int stage = 0; stage < NR_STAGES; stage++)
		passed &= run_stage(&lab, &suite, stage, &number);
	passed &= report(all_reasons_were_seen(&lab), &number, "all",
			 "every reason was seen at least once");
	lab_close(&lab);
	return passed ? 0 : 1;
}
