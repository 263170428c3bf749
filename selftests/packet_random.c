// SPDX-License-Identifier: GPL-2.0-only
/* Many packets, the same on every machine, each with what it has to become. */
#include <stdio.h>

#include "packet_suite.h"

#define BY_TEST_RUN	2000
#define ON_THE_WIRE	200

static __u32 pick(__u32 *state, __u32 below)
{
	return (random_next(state) >> 4) % below;
}

static bool chance(__u32 *state, __u32 one_in)
{
	return !pick(state, one_in);
}

/* In one's complement 0 and 0xffff are one number: a wrong checksum may become either. */
static bool is_ambiguous(const struct spec *s)
{
	__u16 field = checksum_field(s);

	return field == 0 || field == 0xffff;
}

static void random_transport(struct spec *s, __u32 *state)
{
	static const __u8 protocols[] = { PROTO_TCP, PROTO_TCP, PROTO_TCP, PROTO_UDP, PROTO_UDP,
					  PROTO_UDP, PROTO_ICMP, PROTO_UDPLITE, PROTO_DCCP,
					  PROTO_SCTP, PROTO_GRE, PROTO_ESP };

	s->protocol = protocols[pick(state, sizeof(protocols))];
	/* Neither excluded nor one that a test has learned. */
	s->source_port = 3000 + pick(state, 30000);
	s->destination_port = 3000 + pick(state, 30000);
	s->seq = random_next(state);
	s->flags = pick(state, 64) & ~SYN;
	s->payload = chance(state, 3) ? pick(state, 64) : pick(state, 1300);
	s->seed = random_next(state);
	s->icmp_type = chance(state, 2) ? 8 : 0;
	s->icmp_id = random_next(state);
	s->icmp_mtu = random_next(state);
	if (s->protocol == PROTO_TCP && chance(state, 3)) {
		s->flags |= SYN;
		s->options_len = 4 * (1 + pick(state, 10));
		for (unsigned int i = 0; i < s->options_len; i++)
			s->options[i] = 1;
		s->mss_at = 2 + pick(state, s->options_len - 3);
		s->options[s->mss_at - 2] = 2;
		s->options[s->mss_at - 1] = 4;
		s->options[s->mss_at] = pick(state, 12);
		s->options[s->mss_at + 1] = random_next(state);
	}
	if (s->payload > 1300u - s->options_len)
		s->payload = 1300 - s->options_len;
	if (s->protocol == PROTO_UDP && chance(state, 5))
		s->checksum = CHECKSUM_NONE;
	else if (chance(state, 5))
		s->checksum_error = 1 + pick(state, 65534);
}

static void random_ip(struct spec *s, __u32 *state)
{
	s->ttl = 2 + pick(state, 254);
	s->tos = random_next(state);
	s->id = random_next(state);
	s->df = chance(state, 2);
	if (chance(state, 6))
		s->ip_options = 4 * (1 + pick(state, 10));
}

/* An unreachable port, say, of a packet of QUOTE's. */
static void random_error(struct spec *s, struct spec *quote, __u32 *state)
{
	static const __u8 types[] = { 3, 3, 4, 11, 12 };

	random_transport(quote, state);
	random_ip(quote, state);
	s->protocol = PROTO_ICMP;
	s->icmp_type = types[pick(state, sizeof(types))];
	s->icmp_code = pick(state, 5);
	s->icmp_mtu = random_next(state);
	s->quote = quote;
	s->quote_len = 20 + quote->ip_options + 8 + pick(state, 500);
	if (quote->protocol == PROTO_ICMP)
		quote->icmp_type = 8;
}

/* A remote host that no rule knows. */
static __u32 random_host(__u32 *state)
{
	return IP(11 + pick(state, 100), pick(state, 256), pick(state, 256), 1 + pick(state, 254));
}

static bool quote_has_room(const struct spec *s)
{
	struct bytes quote;

	if (!s->quote)
		return true;
	build_ip(s->quote, &quote);
	return quote.len >= 28u + s->quote->ip_options;
}

static void random_from_wire(struct packet_case *c, struct spec *quote, __u32 *state)
{
	struct translation t;

	do {
		*c = (struct packet_case){ .reason = NESTWG_FORWARDED, .fate = GOES_HOME };
		*quote = (struct spec){ .source = PUBLIC, .destination = random_host(state) };
		c->in.source = random_host(state);
		c->in.destination = PUBLIC;
		if (chance(state, 6))
			random_error(&c->in, quote, state);
		else
			random_transport(&c->in, state);
		random_ip(&c->in, state);
		translate_destination(&c->in, PEER, 1, MSS_MAX, &t);
	} while (!quote_has_room(&c->in) ||
		 (c->in.checksum_error && (is_ambiguous(&c->in) || is_ambiguous(&t.packet))) ||
		 (c->in.quote && (is_ambiguous(quote) || is_ambiguous(&t.quote))));
}

static void random_from_home(struct packet_case *c, struct spec *quote, __u32 *state)
{
	struct translation t;

	do {
		*c = (struct packet_case){ .reason = NESTWG_HOME_RETURNED, .fate = HOME_OUT };
		*quote = (struct spec){ .source = random_host(state), .destination = PEER };
		c->in.source = PEER;
		c->in.destination = random_host(state);
		if (chance(state, 6))
			random_error(&c->in, quote, state);
		else
			random_transport(&c->in, state);
		random_ip(&c->in, state);
		translate_source(&c->in, PUBLIC, 1, MSS_MAX, &t);
	} while (!quote_has_room(&c->in) ||
		 (c->in.checksum_error && (is_ambiguous(&c->in) || is_ambiguous(&t.packet))) ||
		 (c->in.quote && (is_ambiguous(quote) || is_ambiguous(&t.quote))));
}

static bool run_from_wire(struct lab *lab, const void *argument)
{
	__u32 state = 20260119;
	struct packet_case c;
	struct spec quote;

	(void)argument;
	for (int i = 0; i < BY_TEST_RUN; i++) {
		random_from_wire(&c, &quote, &state);
		if (i % (BY_TEST_RUN / ON_THE_WIRE) ? expect_by_test_run(lab, &c) :
						      expect(lab, &c))
			continue;
		printf("# packet %d, protocol %u\n", i, c.in.protocol);
		return false;
	}
	return true;
}

static bool run_from_home(struct lab *lab, const void *argument)
{
	__u32 state = 10018002;
	struct packet_case c;
	struct spec quote;

	(void)argument;
	for (int i = 0; i < BY_TEST_RUN / 4; i++) {
		random_from_home(&c, &quote, &state);
		if (expect(lab, &c))
			continue;
		printf("# packet %d, protocol %u\n", i, c.in.protocol);
		return false;
	}
	return true;
}

/* Whatever the bytes are, each packet is counted once, and becomes at most two. */
static bool run_noise(struct lab *lab, const void *argument)
{
	struct nestwg_counter before[NESTWG_NR_REASONS], after[NESTWG_NR_REASONS];
	struct spec base = { FROM_CLIENT, .payload = 100 };
	struct heap tunnel, stack, nic;
	unsigned long long counted = 0;
	__u32 state = 4711;
	struct bytes frame;
	const int count = 300;

	(void)argument;
	lab_read_counters(lab, before);
	for (int i = 0; i < count; i++) {
		base.protocol = (__u8[]){ PROTO_TCP, PROTO_UDP, PROTO_ICMP, 200 }[i % 4];
		build_frame(&base, &frame);
		for (unsigned int j = 0; j < 6; j++)
			frame.data[ETH_HEADER + pick(&state, 60)] = random_next(&state);
		frame.len -= pick(&state, 40);
		if (lab_send_wire(lab, &frame, NULL) || lab_collect(lab, &tunnel, &stack, &nic))
			return false;
		if (tunnel.count + stack.count + nic.count > 2) {
			printf("# packet %d became %u\n", i,
			  tunnel.count + stack.count + nic.count);
			return false;
		}
	}
	lab_read_counters(lab, after);
	for (int i = 0; i < NESTWG_NR_REASONS; i++)
		counted += after[i].packets - before[i].packets;
	/* Two sentinels each. */
	if (counted == 3ULL * count)
		return true;
	printf("# %llu counted, expected %llu\n", counted, 3ULL * count);
	return false;
}

void add_random_tests(struct suite *suite)
{
	suite_add(suite, IN_MODES, "2000 random packets", run_from_wire, NULL);
	suite_add(suite, IN_HOME, "500 random packets", run_from_home, NULL);
	suite_add(suite, IN_MODES, "300 broken packets are each counted once", run_noise, NULL);
}
