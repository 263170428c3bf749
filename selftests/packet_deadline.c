// SPDX-License-Identifier: GPL-2.0-only
/* What has to be confirmed goes on until the deadline, and is as if it were not there afterwards. */
#include <string.h>
#include <time.h>

#include "packet_suite.h"

#define SECOND	1000000000ULL

static __u64 boot_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

static bool set_deadline(struct lab *lab, __u64 deadline)
{
	struct nestwg_config config;
	__u32 zero = 0;

	if (bpf_map__lookup_elem(lab->skel->maps.config, &zero, sizeof(zero), &config,
				 sizeof(config), 0))
		return false;
	config.deadline = deadline;
	return !bpf_map__update_elem(lab->skel->maps.config, &zero, sizeof(zero), &config,
				     sizeof(config), BPF_ANY);
}

static bool nothing_counted(struct lab *lab, const struct nestwg_counter *before)
{
	struct nestwg_counter after[NESTWG_NR_REASONS];

	lab_read_counters(lab, after);
	return !memcmp(before, after, sizeof(after));
}

/* In a minute: as always. */
static bool run_before(struct lab *lab, const void *argument)
{
	bool right = set_deadline(lab, boot_now() + 60 * SECOND) && expect(lab, argument);

	return set_deadline(lab, 0) && right;
}

static bool reaches_stack(struct lab *lab, const struct bytes *ip)
{
	static struct bytes got;

	return lab_read_stack(lab, 3000, &got) && same_bytes("to the stack", ip, &got);
}

static bool run_after(struct lab *lab, const void *argument)
{
	const struct packet_case *c = argument;
	struct nestwg_counter counters[NESTWG_NR_REASONS];
	static struct bytes frame, ip, other;
	bool right;

	build_ip(&c->in, &ip);
	build_frame(&c->in, &frame);
	lab_read_counters(lab, counters);
	right = set_deadline(lab, boot_now() - 1) &&
		!(c->fate == HOME_OUT ? lab_send_home(lab, &ip, NULL) :
					lab_send_wire(lab, &frame, NULL)) &&
		reaches_stack(lab, &ip) && !lab_read_tunnel(lab, 50, &other) &&
		nothing_counted(lab, counters);
	return set_deadline(lab, 0) && right;
}

/* Confirmed: the programs go on where they were. */
static bool run_again(struct lab *lab, const void *argument)
{
	return set_deadline(lab, boot_now() - 1) && set_deadline(lab, 0) && expect(lab, argument);
}

void add_deadline_tests(struct suite *suite)
{
	static const struct packet_case from_wire = {
		.reason = NESTWG_FORWARDED, .fate = GOES_HOME, .in = { FROM_CLIENT, TCP_TO(443) },
	};
	static const struct packet_case from_home = {
		.reason = NESTWG_HOME_RETURNED, .fate = HOME_OUT, .in = { FROM_PEER, TCP_BY(443) },
	};
	static const struct packet_case spoofed = {
		.fate = DROPPED, .in = { .source = CLIENT, .destination = PEER, TCP_TO(443) },
	};

	suite_add(suite, IN_MODES, "before the deadline", run_before, &from_wire);
	suite_add(suite, IN_MODES, "after the deadline", run_after, &from_wire);
	suite_add(suite, IN_MODES, "after the deadline, nothing is dropped", run_after, &spoofed);
	suite_add(suite, IN_MODES, "no deadline any more", run_again, &from_wire);
	suite_add(suite, IN_HOME, "before the deadline", run_before, &from_home);
	suite_add(suite, IN_HOME, "after the deadline", run_after, &from_home);
	suite_add(suite, IN_HOME, "no deadline any more", run_again, &from_home);
}
