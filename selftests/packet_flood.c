// SPDX-License-Identifier: GPL-2.0-only
/* Full maps: what is pushed out, and what that does to those who were there before. */
#include <stdio.h>

#include <bpf/bpf.h>

#include "packet_suite.h"

#define ANYBODY		IP(198, 18, 0, 0)	/* RFC 2544's, for benchmarks */
#define FLOWS		(2 * NESTWG_FLOWS_MAX + 10000)
#define DATAGRAMS	(3 * NESTWG_FRAGMENTS_MAX)

/* Without a look at what becomes of it. */
static bool run_blindly(const struct bpf_program *program, const struct bytes *frame)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts,
		.data_in = frame->data,
		.data_size_in = frame->len,
	);

	return !bpf_prog_test_run_opts(bpf_program__fd(program), &opts);
}

static unsigned int count_keys(const struct bpf_map *map)
{
	__u8 key[sizeof(struct nestwg_flow)];
	unsigned int count = 0;
	void *last = NULL;

	while (!bpf_map_get_next_key(bpf_map__fd(map), last, key)) {
		last = key;
		count++;
	}
	return count;
}

static bool is_full(const struct bpf_map *map, unsigned int most)
{
	unsigned int count = count_keys(map);

	/* Each CPU keeps some free for itself (LOCAL_FREE_TARGET, kernel/bpf/bpf_lru_list.c). */
	if (count <= most && count >= most / 2)
		return true;
	printf("# %s: %u entries, at most %u fit\n", bpf_map__name(map), count, most);
	return false;
}

/* A connection to CLIENT:443, used now and then, while others are opened by the ten thousand. */
static bool run_flows(struct lab *lab, const void *argument)
{
	const struct packet_case answer = {
		.reason = NESTWG_OWN_FLOW, .fate = STAYS,
		.in = { FROM_CLIENT, TCP_BY(443), .flags = ACK, .payload = 10 },
	};
	const struct spec syn = { .source = PUBLIC, .destination = CLIENT, TCP_TO(443),
				  .flags = SYN };
	struct spec other = { .source = PUBLIC, UDP_TO(53), .payload = 20 };
	struct bytes ip, frame;

	(void)argument;
	if (!expect_learn_run(lab, &syn, 0))
		return false;
	for (unsigned int i = 0; i < FLOWS; i++) {
		other.destination = ANYBODY + i;
		build_ip(&other, &ip);
		build_frame_out(&ip, &frame);
		if (!run_blindly(lab->skel->progs.nestwg_learn, &frame))
			return false;
		if (i % 4096 == 0 && !expect_by_test_run(lab, &answer)) {
			printf("# after %u others\n", i);
			return false;
		}
	}
	return expect_by_test_run(lab, &answer) &&
	       is_full(lab->skel->maps.flows, NESTWG_FLOWS_MAX);
}

/*
 * Its entry is gone: the rest of an honest datagram goes both ways, and so still comes whole. The first
 * fragment passes once only, for an entry that is used twice is not pushed out by those used once.
 */
static bool run_datagrams(struct lab *lab, const void *argument)
{
	const struct spec whole = { FROM_CLIENT, UDP_TO(443), .id = 7, .payload = 992 };
	struct spec first = whole;
	struct packet_case last = { .reason = NESTWG_FRAGMENT_UNSEEN, .fate = GOES_BOTH_WAYS,
				    .in = whole };
	struct spec other = { .destination = PUBLIC, UDP_TO(443), .id = 7, .payload = 992,
			      .fragment_len = 400 };
	struct bytes frame;

	(void)argument;
	first.fragment_len = 400;
	last.in.fragment_at = 400;
	build_frame(&first, &frame);
	if (!run_blindly(lab->skel->progs.nestwg_ingress, &frame))
		return false;
	for (unsigned int i = 0; i < DATAGRAMS; i++) {
		other.source = ANYBODY + i;
		build_frame(&other, &frame);
		if (!run_blindly(lab->skel->progs.nestwg_ingress, &frame))
			return false;
	}
	return expect(lab, &last) && is_full(lab->skel->maps.fragments, NESTWG_FRAGMENTS_MAX);
}

/* What strangers get from the gateway: many answers, and no flow. */
static bool run_answers(struct lab *lab, const void *argument)
{
	struct spec answers[] = {
		{ .source = PUBLIC, TCP_BY(PORT_SSH), .flags = SYN | ACK },
		{ .source = PUBLIC, TCP_BY(PORT_SSH), .flags = RST | ACK },
		{ .source = PUBLIC, UNREACHABLE, QUOTING(FROM_CLIENT, UDP_TO(PORT_TUNNEL)) },
		{ .source = PUBLIC, PONG },
	};
	struct bytes ip, frame;

	(void)argument;
	for (unsigned int i = 0; i < 10000; i++) {
		struct spec *s = &answers[i % LENGTH_OF(answers)];

		s->destination = ANYBODY + i;
		build_ip(s, &ip);
		build_frame_out(&ip, &frame);
		if (!run_blindly(lab->skel->progs.nestwg_learn, &frame))
			return false;
	}
	if (!count_keys(lab->skel->maps.flows))
		return true;
	printf("# %u flows\n", count_keys(lab->skel->maps.flows));
	return false;
}

void add_flood_tests(struct suite *suite)
{
	suite_add(suite, IN_ONE, "a flow in use survives twice as many as fit", run_flows, NULL);
	suite_add(suite, IN_ONE, "a datagram whose first fragment was pushed out still comes whole",
		  run_datagrams, NULL);
	suite_add(suite, IN_ONE, "answers to strangers are no flows", run_answers, NULL);
}
