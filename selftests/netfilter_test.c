// SPDX-License-Identifier: GPL-2.0-only
/*
 * The same packets through the kernel's conntrack and NAT and through our programs, in both directions, in
 * each mode: what comes out has to be the same, to the byte, but for the differences of netfilter_rows.c.
 *
 *	netfilter_test [--count PACKETS] [--seed SEED] [--only CONVERSATION]
 *
 * The kernel tracks every second conversation with its default settings, the others without regard to
 * checksums and TCP windows, so that it translates what is wrong, too. TAP; exit status 0, 1, or 4 (skipped).
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "netfilter_same.h"

#define SKIP		4
#define COUNT		20000
#define SEED		20261122
#define COMPLAINTS_MAX	5
/* Before a hash table of conntrack's default size fills. */
#define FORGET_EVERY	2000
#define ROWS_MAX	32

static const char *const mode_names[] = {
	[MODE_NATIVE] = "native",
	[MODE_GENERIC] = "generic",
	[MODE_TC] = "tc",
};

/* What the oracle did, to see that the test is about something. */
enum class {
	CLASS_TUNNEL,
	CLASS_NIC,
	CLASS_LOCAL,
	CLASS_NOTHING,
	NR_CLASSES
};

struct test {
	struct oracle oracle;
	struct site subjects[NR_MODES];
	struct receiver receivers[NR_MODES][2];
	__u32 seed;
	unsigned long count;
	long only;

	unsigned long packets;
	unsigned long conversation;
	unsigned long classes[NR_CLASSES];
	unsigned long used[NR_MODES][ROWS_MAX];
	unsigned long different[NR_MODES];
	bool broken;		/* the devices, not the packets */
};

static void count_class(struct test *test, const struct outcome *oracle)
{
	if (oracle->tunnel.count)
		test->classes[CLASS_TUNNEL]++;
	else if (oracle->nic.count)
		test->classes[CLASS_NIC]++;
	else if (oracle->local.count)
		test->classes[CLASS_LOCAL]++;
	else
		test->classes[CLASS_NOTHING]++;
}

static void complain(const struct test *test, enum mode mode, const struct probe *probe,
		     const struct outcome *oracle, const struct outcome *subject)
{
	static const char *const sides[] = { "wire", "home", "gateway" };

	printf("# %s, conversation %lu%s: %s from the %s\n", mode_names[mode], test->conversation,
	       test->oracle.lenient ? " (lenient)" : "", probe->what, sides[probe->side]);
	printf("# alone: netfilter_test --seed %u --only %lu\n", test->seed, test->conversation);
	for (unsigned int i = 0; i < probe->count; i++)
		print_bytes("sent", &probe->packets[i]);
	outcome_print("netfilter", oracle);
	outcome_print("nestwg-xdp", subject);
	fflush(stdout);
}

static bool send_all(struct site *site, const struct probe *probe, struct outcome *outcome)
{
	for (unsigned int i = 0; i < probe->count; i++) {
		if (site_send(site, probe->side, &probe->packets[i]))
			return false;
	}
	return !site_collect(site, outcome);
}

static bool try_subject(struct test *test, enum mode mode, const struct probe *probe,
			const struct outcome *oracle)
{
	static struct outcome expected, got, subject;
	struct site *site = &test->subjects[mode];
	struct trial trial = {
		.probe = probe,
		.lenient = test->oracle.lenient,
		.mode = mode,
		.oracle = &expected,
		.subject = &got,
		.home = { &test->receivers[mode][0], &test->receivers[mode][1] },
	};

	lab_set_answers(&site->lab, ANSWERS_BURST, 0);
	if (!send_all(site, probe, &subject))
		return false;
	outcome_copy(&expected, oracle);
	outcome_copy(&got, &subject);
	if (is_same(&trial, test->used[mode]))
		return true;
	if (test->different[mode]++ < COMPLAINTS_MAX)
		complain(test, mode, probe, oracle, &subject);
	return true;
}

/* Send PROBE into all of them. ORACLE: what netfilter made of it. */
static bool try(struct test *test, const struct probe *probe, struct outcome *oracle)
{
	test->packets += probe->count;
	if (test->broken || !send_all(&test->oracle.site, probe, oracle))
		goto broken;
	count_class(test, oracle);
	for (enum mode mode = 0; mode < NR_MODES; mode++) {
		if (!try_subject(test, mode, probe, oracle))
			goto broken;
	}
	return true;
broken:
	test->broken = true;
	return false;
}

/* The IP packet that the far end of SIDE got, or NULL. */
static const struct bytes *arrived(enum side side, const struct outcome *outcome)
{
	static struct bytes ip;
	const struct heap *heap = side == FROM_WIRE_SIDE ? &outcome->tunnel : &outcome->nic;
	unsigned int skip = side == FROM_WIRE_SIDE ? 0 : ETH_HEADER;

	if (heap->count != 1 || heap->packets[0].len < skip + 20)
		return NULL;
	ip.len = heap->packets[0].len - skip;
	memcpy(ip.data, heap->packets[0].data + skip, ip.len);
	return &ip;
}

/* A few packets of FLOW to and fro, and errors about them; HOME answers what comes from the wire. */
static void talk(struct test *test, struct flow *flow, enum side home, __u32 *random)
{
	static struct outcome outcome;
	static struct probe probe;
	enum side side = flow->opened_here ? home : FROM_WIRE_SIDE;
	unsigned int length = 1 + pick(random, 5);
	const struct bytes *quoted;

	for (unsigned int i = 0; i < length; i++) {
		draw_packet(&probe, side, flow, random);
		if (!try(test, &probe, &outcome))
			return;
		quoted = arrived(side, &outcome);
		side = side == FROM_WIRE_SIDE ? home : FROM_WIRE_SIDE;
		if (!quoted && i == 0 && home == FROM_HOME_SIDE && !chance(random, 8))
			return;
		/* The gateway's own errors are the kernel's business. */
		if (side != FROM_GATEWAY_SIDE && quoted && chance(random, 3)) {
			draw_error(&probe, side, flow, quoted, random);
			if (!try(test, &probe, &outcome))
				return;
		}
	}
}

static void talk_about_nothing(struct test *test, struct flow *flow, __u32 *random)
{
	static struct outcome outcome;
	static struct probe probe;

	draw_error(&probe, chance(random, 2) ? FROM_HOME_SIDE : FROM_WIRE_SIDE, flow, NULL, random);
	try(test, &probe, &outcome);
}

static void talk_oddly(struct test *test, struct flow *flow, __u32 *random)
{
	static struct outcome outcome;
	static struct probe probe;

	draw_oddity(&probe, flow, random);
	try(test, &probe, &outcome);
}

static void converse(struct test *test, unsigned long conversation)
{
	/* Each from its own seed, so that each can be had alone. */
	__u32 random = (test->seed ^ conversation * 0x9e3779b1U) ?: 1;
	struct flow flow;

	for (int i = 0; i < 8; i++)
		random_next(&random);
	test->conversation = conversation;
	if (oracle_set_lenient(&test->oracle, conversation & 1))
		test->broken = true;
	draw_flow(&flow, PEER, &random);
	switch (pick(&random, 20)) {
	case 0:
		talk_about_nothing(test, &flow, &random);
		return;
	case 1:
		talk_oddly(test, &flow, &random);
		return;
	case 2:
	case 3:
		/* What conntrack holds invalid it does not know again; we do. */
		flow.tame = true;
		flow.local = PUBLIC;
		flow.opened_here = true;
		talk(test, &flow, FROM_GATEWAY_SIDE, &random);
		return;
	case 4:
		/* Excluded ports. */
		flow.local = PUBLIC;
		flow.protocol = chance(&random, 2) ? PROTO_TCP : PROTO_UDP;
		flow.local_port = flow.protocol == PROTO_TCP ? 2222 : 51820;
		talk(test, &flow, FROM_GATEWAY_SIDE, &random);
		return;
	case 5:
	case 6:
	case 7:
		flow.opened_here = true;
		talk(test, &flow, FROM_HOME_SIDE, &random);
		return;
	default:
		talk(test, &flow, FROM_HOME_SIDE, &random);
	}
}

static void converse_all(struct test *test)
{
	if (test->only >= 0) {
		converse(test, test->only);
		return;
	}
	for (unsigned long i = 0; test->packets < test->count && !test->broken; i++) {
		if (i % FORGET_EVERY == 0 && oracle_forget(&test->oracle))
			test->broken = true;
		converse(test, i);
	}
}

static int make_all(struct test *test)
{
	if (oracle_make(&test->oracle))
		return -1;
	for (enum mode mode = 0; mode < NR_MODES; mode++) {
		/* What one mode leaves incomplete, the next would complete: each its own. */
		if (receiver_make(&test->receivers[mode][0]) ||
		    receiver_make(&test->receivers[mode][1]) ||
		    subject_make(&test->subjects[mode], mode))
			return -1;
	}
	return 0;
}

/* Which differences were met, how often in each mode, and why they may be. */
static void report_differences(const struct test *test)
{
	printf("# differences, met in native, generic and tc mode:\n");
	for (unsigned int i = 0; i < nr_differences; i++) {
		const struct difference *d = &differences[i];

		printf("# %6lu %6lu %6lu  %s: %s\n", test->used[MODE_NATIVE][i],
		       test->used[MODE_GENERIC][i], test->used[MODE_TC][i], d->name, d->reason);
	}
}

/* A difference that many packets never meet is one that nobody knows to be. */
static bool all_were_met(const struct test *test)
{
	bool all = true;

	for (unsigned int i = 0; i < nr_differences; i++) {
		unsigned long used = 0;

		for (enum mode mode = 0; mode < NR_MODES; mode++)
			used += test->used[mode][i];
		if (used)
			continue;
		printf("# never met: %s\n", differences[i].name);
		all = false;
	}
	return all;
}

/* Else it says nothing that both are the same. */
static bool is_about_something(const struct test *test)
{
	printf("# netfilter: %lu into the tunnel, %lu out of the NIC, %lu to the stack, %lu nowhere\n",
	       test->classes[CLASS_TUNNEL], test->classes[CLASS_NIC], test->classes[CLASS_LOCAL],
	       test->classes[CLASS_NOTHING]);
	return test->classes[CLASS_TUNNEL] > test->packets / 5 &&
	       test->classes[CLASS_NIC] > test->packets / 10 &&
	       test->classes[CLASS_LOCAL] > test->packets / 50;
}

static bool report(bool passed, unsigned int number, const char *name)
{
	printf("%sok %u %s\n", passed ? "" : "not ", number, name);
	return passed;
}

static bool report_all(const struct test *test)
{
	unsigned int number = 0;
	bool passed = true;
	char name[128];

	printf("# %lu packets in %lu conversations, seed %u\n", test->packets,
	       test->conversation + 1, test->seed);
	report_differences(test);
	all_were_met(test);
	for (enum mode mode = 0; mode < NR_MODES; mode++) {
		snprintf(name, sizeof(name), "%s: %lu packets out of %lu differ from netfilter's",
			 mode_names[mode], test->different[mode], test->packets);
		passed &= report(!test->different[mode] && !test->broken, ++number, name);
	}
	passed &= report(test->only >= 0 || is_about_something(test), ++number,
			 "netfilter forwarded, returned and kept its share");
	return passed;
}

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
	/* "Exclusivity flag on, cannot modify": the qdisc is there already. */
	if (level != LIBBPF_WARN || !getenv("V"))
		return 0;
	return vfprintf(stderr, format, arguments);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'c' },
		{ "seed", required_argument, NULL, 's' },
		{ "only", required_argument, NULL, 'o' },
		{}
	};
	static struct test test = { .seed = SEED, .count = COUNT, .only = -1 };
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			test.count = strtoul(optarg, NULL, 0);
			break;
		case 's':
			test.seed = strtoul(optarg, NULL, 0);
			break;
		case 'o':
			test.only = strtol(optarg, NULL, 0);
			break;
		default:
			return 2;
		}
	}
	/* A sentinel that never arrives must not make it wait for ever. */
	alarm(900);
	printf("TAP version 13\n");
	if (geteuid()) {
		printf("1..0 # SKIP needs root\n");
		return SKIP;
	}
	libbpf_set_print(print_libbpf);
	printf("1..4\n");
	if (make_all(&test)) {
		printf("Bail out! cannot set the devices up\n");
		return 1;
	}
	converse_all(&test);
	return report_all(&test) ? 0 : 1;
}
