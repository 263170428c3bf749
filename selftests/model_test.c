// SPDX-License-Identifier: GPL-2.0-only
/*
 * The programs against the model (model.h): random packets, one after the other, at random gateways.
 *
 *	model_test [-s SEED] [-c CONFIGURATIONS] [-p STEPS] [-o ONLY]
 *
 * Both have to say the same reason for every packet and to make the same bytes of it, and every packet
 * has to be counted once. Where they disagree, the steps that it takes are searched for and shown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "model_run.h"

#define SKIP		4
#define WAIT_MS		20000	/* emulated machines are slow */
#define SHRINK_WAIT_MS	20
#define SHRINK_SECONDS	10
#define SHOWN		3	/* disagreements in full */
#define LATE_TRIES	4

static const char *const modes[] = { "native", "generic", "tc" };

struct options {
	__u32 seed;
	unsigned int configs;	/* for each mode */
	unsigned int steps;
	int only;		/* one configuration; -1: all */
};

static void show_ports(const char *what, const bool *ports)
{
	unsigned int count = 0;

	printf("#   %s:", what);
	for (unsigned int i = 0; i < 65536; i++) {
		if (!ports[i] || (i && ports[i - 1]))
			continue;
		unsigned int last = i;

		while (last < 65535 && ports[last + 1])
			last++;
		if (++count <= 8)
			printf(last > i ? " %u-%u" : " %u", i, last);
	}
	printf("%s\n", count ? "" : " none");
}

static void show_address(const char *what, __u32 a)
{
	if (a)
		printf(" %s %u.%u.%u.%u", what, a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

static void show_config(const struct model_config *c, const char *mode)
{
	printf("#   %s:", mode);
	show_address("address", c->address);
	show_address("peer", c->peer);
	show_address("in the tunnel", c->tunnel_address);
	for (int i = 0; i < MODEL_OTHERS; i++)
		show_address("also", c->others[i]);
	printf("; MTU %u in the tunnel, %u outside\n", c->tunnel_mtu, c->nic_mtu);
	show_ports("TCP excluded", c->tcp);
	show_ports("UDP excluded", c->udp);
	printf("#   protocols excluded:");
	for (int i = 0; i < 256; i++) {
		if (c->protocols[i])
			printf(" %d", i);
	}
	printf("%s\n", c->elsewhere ? "; forwarding is on" : "");
}

static void show_step(const struct step *step)
{
	static const char *const kinds[] = {
		[STEP_WIRE] = "from the wire", [STEP_HOME] = "from the home",
		[STEP_HOME_IPV6] = "from the home, IPv6", [STEP_LEAVES] = "from the gateway",
		[STEP_TIME] = "seconds pass", [STEP_TOGGLE] = "toggled is port",
	};

	printf("#   %s", kinds[step->kind]);
	if (step->kind == STEP_TIME || step->kind == STEP_TOGGLE)
		printf(": %u", step->value);
	printf("%s%s", step->poor ? ", no answers allowed" : "", step->packet.len ? ": " : "");
	for (unsigned int i = 0; i < step->packet.len; i++) {
		bool is_home = step->kind == STEP_HOME || step->kind == STEP_HOME_IPV6;

		printf("%s%02x", i == ETH_HEADER && !is_home ? " " : "", step->packet.data[i]);
	}
	printf("\n");
}

/* The first step that they disagree about, COUNT: none. */
static unsigned int run_once(struct contest *contest, const struct model_config *c,
			const struct step *steps, const bool *left_out, unsigned int count)
{
	static struct bytes rest;

	if (!contest_begin(contest, c)) {
		strcpy(contest->why, "the configuration could not be set up");
		return 0;
	}
	/* What a disagreement left behind. */
	while (lab_read_tunnel(contest->lab, 0, &rest) || lab_read_stack(contest->lab, 0, &rest) ||
	       lab_read_nic(contest->lab, 0, &rest))
		;
	for (unsigned int i = 0; i < count; i++) {
		if (!(left_out && left_out[i]) && !contest_step(contest, &steps[i]))
			return i;
	}
	return count;
}

/* The same, again if it may be that only a second passed between program and model: on a machine that is busy. */
static unsigned int run(struct contest *contest, const struct model_config *c,
			const struct step *steps, const bool *left_out, unsigned int count)
{
	unsigned int at = count;

	for (int tries = 0; tries < LATE_TRIES; tries++) {
		at = run_once(contest, c, steps, left_out, count);
		if (at == count || !contest->is_late)
			break;
	}
	return at;
}

/* Leave out what the disagreement about step LAST does not need: ever smaller chunks. */
static void shrink(struct contest *contest, const struct model_config *c,
		   const struct step *steps, bool *left_out, unsigned int last)
{
	time_t end = time(NULL) + SHRINK_SECONDS;
	bool tried[last + 1];

	for (unsigned int size = last / 2; size; size /= 2) {
		for (unsigned int at = 0; at < last && time(NULL) < end; at += size) {
			memcpy(tried, left_out, sizeof(tried));
			for (unsigned int i = at; i < at + size && i < last; i++)
				tried[i] = true;
			if (run(contest, c, steps, tried, last + 1) == last)
				memcpy(left_out, tried, sizeof(tried));
		}
	}
}

static void show(struct contest *contest, const struct options *options, unsigned int number,
		 const struct model_config *c, const struct step *steps, unsigned int last)
{
	bool left_out[last + 1];

	memset(left_out, 0, sizeof(left_out));
	printf("# configuration %u, step %u: %s%s\n", number, last, contest->why,
	       contest->is_late ? " (but the machine was too slow to be sure)" : "");
	contest->wait_ms = SHRINK_WAIT_MS;
	shrink(contest, c, steps, left_out, last);
	contest->wait_ms = WAIT_MS;
	printf("#   again: build/model_test -s %u -c %u -p %u -o %u\n", options->seed,
	       options->configs, options->steps, number);
	show_config(c, modes[contest->lab->mode]);
	for (unsigned int i = 0; i <= last; i++) {
		if (!left_out[i])
			show_step(&steps[i]);
	}
	run(contest, c, steps, left_out, last + 1);
	printf("#   alone: %s\n", contest->why[0] ? contest->why : "no disagreement any more");
}

/* Configuration NUMBER; a disagreement is shown unless there were enough of them. */
static bool run_config(struct contest *contest, const struct options *options, unsigned int number,
		       bool shown)
{
	static struct model_config c;
	static struct step *steps;
	__u32 seed = options->seed + number * 7919;
	unsigned int at;

	if (!steps)
		steps = calloc(options->steps, sizeof(*steps));
	if (!steps)
		return false;
	random_config(&c, seed);
	random_steps(&c, seed, steps, options->steps);
	at = run(contest, &c, steps, NULL, options->steps);
	if (at == options->steps)
		return true;
	if (shown)
		show(contest, options, number, &c, steps, at);
	else
		printf("# configuration %u, step %u: %s\n", number, at, contest->why);
	return false;
}

static bool report(bool passed, unsigned int number, const char *format, const char *mode)
{
	printf("%sok %u ", passed ? "" : "not ", number);
	printf(format, mode);
	printf("\n");
	return passed;
}

static bool run_mode(struct contest *contest, const struct options *options, enum mode mode)
{
	bool ready = !lab_set_mode(contest->lab, mode);
	unsigned long long before = contest->packets;
	unsigned int wrong = 0;

	for (unsigned int i = 0; ready && i < options->configs; i++) {
		unsigned int number = mode * options->configs + i;

		if (options->only >= 0 && number != (unsigned int)options->only)
			continue;
		wrong += !run_config(contest, options, number, wrong < SHOWN);
	}
	printf("# %s: %llu packets at %u gateways, %u of these with a disagreement\n", modes[mode],
	       contest->packets - before, options->only < 0 ? options->configs : 1, wrong);
	return report(ready && !wrong, mode + 1, "%s: program and model agree on all packets",
		      modes[mode]);
}

/* The sum of all counters since the programs were loaded. */
static bool is_sum_right(const struct contest *contest)
{
	unsigned long long sum = 0;

	for (int i = 0; i < NESTWG_NR_REASONS; i++)
		sum += contest->counters[i].packets;
	printf("# %llu packets in, the reasons' sum is %llu\n", contest->packets, sum);
	return sum == contest->packets;
}

/* A rule that no packet came to was not tested. */
static bool were_all_reached(const struct contest *contest)
{
	bool all = true;

	for (int i = 0; i < NESTWG_NR_REASONS; i++) {
		printf("# %10llu %s\n", contest->reached[i], reason_name(i));
		all &= contest->reached[i] > 0;
	}
	return all;
}

static int print_nothing(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level;
	(void)format;
	(void)arguments;
	return 0;
}

static bool parse_options(int argc, char **argv, struct options *options)
{
	int option;

	while ((option = getopt(argc, argv, "s:c:p:o:")) != -1) {
		switch (option) {
		case 's':
			options->seed = strtoul(optarg, NULL, 0);
			break;
		case 'c':
			options->configs = strtoul(optarg, NULL, 0);
			break;
		case 'p':
			options->steps = strtoul(optarg, NULL, 0);
			break;
		case 'o':
			options->only = strtol(optarg, NULL, 0);
			break;
		default:
			return false;
		}
	}
	return optind == argc && options->configs && options->steps;
}

int main(int argc, char **argv)
{
	struct options options = { .seed = time(NULL), .configs = 100, .steps = 500, .only = -1 };
	static struct contest contest;
	struct lab lab;
	bool passed = true;

	if (!parse_options(argc, argv, &options)) {
		fprintf(stderr, "model_test [-s SEED] [-c CONFIGURATIONS] [-p STEPS] [-o ONLY]\n");
		return 2;
	}
	setlinebuf(stdout);
	printf("TAP version 13\n");
	if (geteuid()) {
		printf("1..0 # SKIP needs root\n");
		return SKIP;
	}
	printf("1..%d\n# seed %u\n", options.only < 0 ? 5 : 4, options.seed);
	libbpf_set_print(print_nothing);
	if (lab_make(&lab) || system("for i in 1 2 3 4; do ip addr add 10.99.0.$i dev lo; done")) {
		printf("Bail out! cannot set the devices up\n");
		lab_close(&lab);
		return 1;
	}
	contest.lab = &lab;
	contest.wait_ms = WAIT_MS;
	for (int mode = 0; mode < NR_MODES; mode++)
		passed &= run_mode(&contest, &options, mode);
	passed &= report(is_sum_right(&contest), 4, "packets in are the sum of the reasons", NULL);
	if (options.only < 0)
		passed &= report(were_all_reached(&contest), 5, "each reason was given at least once",
				 NULL);
	lab_close(&lab);
	return passed ? 0 : 1;
}
