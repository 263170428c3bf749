// SPDX-License-Identifier: GPL-2.0-only
/* A datagram's first fragment decides, the others follow; without it they go both ways. */
#include <stdio.h>
#include <time.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>

#include "packet_suite.h"

struct step {
	const char *what;
	enum nestwg_reason reason;
	enum fate fate;
	struct spec in;
};

static bool walk(struct lab *lab, const struct step *steps, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		const struct packet_case c = {
			.reason = steps[i].reason, .fate = steps[i].fate, .in = steps[i].in,
		};

		if (expect(lab, &c))
			continue;
		printf("# failed: %s\n", steps[i].what);
		return false;
	}
	return true;
}

/* 1000 bytes of UDP in three, with the ID given. */
#define FIRST(i)	.id = (i), .payload = 992, .fragment_len = 400
#define MIDDLE(i)	.id = (i), .payload = 992, .fragment_at = 400, .fragment_len = 400
#define LAST(i)		.id = (i), .payload = 992, .fragment_at = 800

static const struct step home_steps[] = {
	{ "first", NESTWG_FORWARDED, GOES_HOME, { FROM_CLIENT, UDP_TO(443), FIRST(1) } },
	{ "middle", NESTWG_FORWARDED, GOES_HOME, { FROM_CLIENT, UDP_TO(443), MIDDLE(1) } },
	{ "last", NESTWG_FORWARDED, GOES_HOME, { FROM_CLIENT, UDP_TO(443), LAST(1) } },
	{ "twice", NESTWG_FORWARDED, GOES_HOME, { FROM_CLIENT, UDP_TO(443), LAST(1) } },
};

static const struct step no_checksum_steps[] = {
	{ "first", NESTWG_FORWARDED, GOES_HOME,
	  { FROM_CLIENT, UDP_TO(443), FIRST(2), .checksum = CHECKSUM_NONE } },
	{ "last", NESTWG_FORWARDED, GOES_HOME,
	  { FROM_CLIENT, UDP_TO(443), LAST(2), .checksum = CHECKSUM_NONE } },
};

static const struct step stay_steps[] = {
	{ "first", NESTWG_EXCLUDED, STAYS, { FROM_CLIENT, UDP_TO(PORT_TUNNEL), FIRST(3) } },
	{ "middle", NESTWG_EXCLUDED, STAYS, { FROM_CLIENT, UDP_TO(PORT_TUNNEL), MIDDLE(3) } },
	{ "last", NESTWG_EXCLUDED, STAYS, { FROM_CLIENT, UDP_TO(PORT_TUNNEL), LAST(3) } },
};

static const struct step unseen_steps[] = {
	{ "last, before the first", NESTWG_FRAGMENT_UNSEEN, GOES_BOTH_WAYS,
	  { FROM_CLIENT, UDP_TO(443), LAST(4) } },
	{ "first", NESTWG_FORWARDED, GOES_HOME, { FROM_CLIENT, UDP_TO(443), FIRST(4) } },
	{ "middle", NESTWG_FORWARDED, GOES_HOME, { FROM_CLIENT, UDP_TO(443), MIDDLE(4) } },
	{ "of another datagram", NESTWG_FRAGMENT_UNSEEN, GOES_BOTH_WAYS,
	  { FROM_CLIENT, UDP_TO(443), MIDDLE(5) } },
	{ "of another host's", NESTWG_FRAGMENT_UNSEEN, GOES_BOTH_WAYS,
	  { .source = FAR_HOST, .destination = PUBLIC, UDP_TO(443), MIDDLE(4) } },
	{ "of another protocol's", NESTWG_FRAGMENT_UNSEEN, GOES_BOTH_WAYS,
	  { FROM_CLIENT, TCP_TO(443), MIDDLE(4) } },
	{ "with IP options", NESTWG_FRAGMENT_UNSEEN, GOES_BOTH_WAYS,
	  { FROM_CLIENT, UDP_TO(443), MIDDLE(6), .ip_options = 8 } },
	{ "with one hop left: not to the home", NESTWG_FRAGMENT_UNSEEN, STAYS,
	  { FROM_CLIENT, UDP_TO(443), MIDDLE(6), .ttl = 1 } },
	{ "from a source that cannot be", NESTWG_SPOOFED_SOURCE, DROPPED,
	  { .source = PEER, .destination = PUBLIC, UDP_TO(443), MIDDLE(6) } },
};

static const struct step large_steps[] = {
	{ "larger than the tunnel, must not be fragmented", NESTWG_FRAGMENT_UNSEEN, STAYS,
	  { FROM_CLIENT, UDP_TO(443), .id = 7, .payload = 3000, .fragment_at = 1480,
	    .fragment_len = 1480, .df = true } },
};

/* In generic mode XDP would count such a copy as spoofed, so there is none. */
static const struct step no_routed_copy_steps[] = {
	{ "larger than the tunnel", NESTWG_FRAGMENT_UNSEEN, STAYS,
	  { FROM_CLIENT, UDP_TO(443), .id = 7, .payload = 3000, .fragment_at = 1480,
	    .fragment_len = 1480 } },
};

static const struct step routed_copy_steps[] = {
	{ "larger than the tunnel", NESTWG_FRAGMENT_UNSEEN, GOES_BOTH_ROUTED,
	  { FROM_CLIENT, UDP_TO(443), .id = 7, .payload = 3000, .fragment_at = 1480,
	    .fragment_len = 1480 } },
};

static const struct step routed_steps[] = {
	{ "first", NESTWG_FORWARDED_FRAGMENTED, IS_ROUTED,
	  { FROM_CLIENT, UDP_TO(443), .id = 8, .payload = 3000, .fragment_len = 1480 } },
	{ "middle", NESTWG_FORWARDED_FRAGMENTED, IS_ROUTED,
	  { FROM_CLIENT, UDP_TO(443), .id = 8, .payload = 3000, .fragment_at = 1480,
	    .fragment_len = 1480 } },
	{ "last", NESTWG_FORWARDED, GOES_HOME,
	  { FROM_CLIENT, UDP_TO(443), .id = 8, .payload = 3000, .fragment_at = 2960 } },
};

static const struct step limit_steps[] = {
	{ "first", NESTWG_FORWARDED, GOES_HOME, { FROM_CLIENT, UDP_TO(443), FIRST(9) } },
	{ "a later one with one hop left gets no answer", NESTWG_ANSWER_FORBIDDEN, DROPPED,
	  { FROM_CLIENT, UDP_TO(443), MIDDLE(9), .ttl = 1 } },
	{ "a large later one gets no answer", NESTWG_ANSWER_FORBIDDEN, DROPPED,
	  { FROM_CLIENT, UDP_TO(443), .id = 9, .payload = 3000, .fragment_at = 1480,
	    .fragment_len = 1480, .df = true } },
};

static const struct step dropped_steps[] = {
	{ "the first of an ICMP error about nothing", NESTWG_ICMP_UNRELATED, DROPPED,
	  { FROM_CLIENT, UNREACHABLE, .id = 10, .fragment_len = 64,
	    QUOTING(.source = CLIENT, .destination = PUBLIC, UDP_TO(7), .payload = 100) } },
	{ "the rest of it", NESTWG_ICMP_UNRELATED, DROPPED,
	  { FROM_CLIENT, UNREACHABLE, .id = 10, .fragment_at = 64,
	    QUOTING(.source = CLIENT, .destination = PUBLIC, UDP_TO(7), .payload = 100) } },
};

static const struct step tcp_steps[] = {
	{ "TCP's second fragment in its own header (RFC 3128)", NESTWG_MALFORMED, DROPPED,
	  { FROM_CLIENT, TCP_TO(443), .id = 11, .payload = 100, .fragment_at = 8,
	    .fragment_len = 40 } },
	{ "TCP's first fragment too short for its header", NESTWG_MALFORMED, DROPPED,
	  { FROM_CLIENT, TCP_TO(443), .id = 11, .payload = 100, .fragment_len = 16 } },
	{ "TCP's first", NESTWG_FORWARDED, GOES_HOME,
	  { FROM_CLIENT, TCP_TO(443), .flags = ACK, .id = 12, .payload = 100,
	    .fragment_len = 56 } },
	{ "TCP's last", NESTWG_FORWARDED, GOES_HOME,
	  { FROM_CLIENT, TCP_TO(443), .flags = ACK, .id = 12, .payload = 100, .fragment_at = 56 } },
	{ "a first fragment of a SYN", NESTWG_FORWARDED, GOES_HOME,
	  { FROM_CLIENT, TCP_TO(443), .flags = SYN, .id = 13, .payload = 100, .fragment_len = 56,
	    OPTIONS(4, "\x02\x04\x05\xb4"), .mss_at = 2 } },
};

static const struct step other_steps[] = {
	{ "ping's first", NESTWG_FORWARDED, GOES_HOME,
	  { FROM_CLIENT, ICMP(8, 0), .id = 14, .payload = 100, .fragment_len = 56 } },
	{ "ping's last", NESTWG_FORWARDED, GOES_HOME,
	  { FROM_CLIENT, ICMP(8, 0), .id = 14, .payload = 100, .fragment_at = 56 } },
	{ "GRE's first", NESTWG_FORWARDED, GOES_HOME,
	  { FROM_CLIENT, .protocol = PROTO_GRE, .id = 15, .payload = 100, .fragment_len = 56 } },
	{ "GRE's last", NESTWG_FORWARDED, GOES_HOME,
	  { FROM_CLIENT, .protocol = PROTO_GRE, .id = 15, .payload = 100, .fragment_at = 56 } },
};

/* Without ports there is nothing to wait for. */
static const struct step portless_steps[] = {
	{ "GRE's last, before the first", NESTWG_FORWARDED, GOES_HOME,
	  { FROM_CLIENT, .protocol = PROTO_GRE, .id = 17, .payload = 100, .fragment_at = 56 } },
	{ "an excluded protocol's last, before the first", NESTWG_EXCLUDED, STAYS,
	  { FROM_CLIENT, .protocol = PROTO_OSPF, .id = 17, .payload = 100, .fragment_at = 56 } },
	{ "GRE's last with one hop left gets no answer", NESTWG_ANSWER_FORBIDDEN, DROPPED,
	  { FROM_CLIENT, .protocol = PROTO_GRE, .id = 17, .payload = 100, .fragment_at = 56,
	    .ttl = 1 } },
};

static const struct step hairpin_steps[] = {
	{ "a first one to the public address", NESTWG_HOME_HAIRPIN, HOME_TURNED,
	  { .source = PEER, .destination = PUBLIC, UDP_TO(443), FIRST(20) } },
	{ "its last", NESTWG_HOME_HAIRPIN, HOME_TURNED,
	  { .source = PEER, .destination = PUBLIC, UDP_TO(443), LAST(20) } },
	{ "a last one whose first was not seen", NESTWG_HOME_HAIRPIN, HOME_TURNED,
	  { .source = PEER, .destination = PUBLIC, UDP_TO(443), LAST(21) } },
	{ "a first one to an excluded port", NESTWG_HOME_EXCLUDED, HOME_STAYS,
	  { .source = PEER, .destination = PUBLIC, UDP_TO(PORT_TUNNEL), FIRST(22) } },
	{ "its last", NESTWG_HOME_EXCLUDED, HOME_STAYS,
	  { .source = PEER, .destination = PUBLIC, UDP_TO(PORT_TUNNEL), LAST(22) } },
	{ "an excluded protocol's last, without its first", NESTWG_HOME_EXCLUDED, HOME_STAYS,
	  { .source = PEER, .destination = PUBLIC, .protocol = PROTO_OSPF, .id = 23,
	    .payload = 100, .fragment_at = 56 } },
};

/* What the wire says to be the home's has no say in what becomes of the home's. */
static const struct step claimed_steps[] = {
	{ "a first one from the wire that says it is the home's", NESTWG_SPOOFED_SOURCE, DROPPED,
	  { .source = PEER, .destination = PUBLIC, UDP_TO(443), FIRST(24) } },
	{ "the home's last", NESTWG_HOME_HAIRPIN, HOME_TURNED,
	  { .source = PEER, .destination = PUBLIC, UDP_TO(443), LAST(24) } },
	{ "the home's first one to an excluded port", NESTWG_HOME_EXCLUDED, HOME_STAYS,
	  { .source = PEER, .destination = PUBLIC, UDP_TO(PORT_TUNNEL), FIRST(25) } },
	{ "a last one from the wire", NESTWG_SPOOFED_SOURCE, DROPPED,
	  { .source = PEER, .destination = PUBLIC, UDP_TO(PORT_TUNNEL), LAST(25) } },
};

#define RUN(story) \
	static bool run_##story(struct lab *lab, const void *argument) \
	{ \
		(void)argument; \
		return walk(lab, story##_steps, LENGTH_OF(story##_steps)); \
	}

RUN(home)
RUN(no_checksum)
RUN(stay)
RUN(unseen)
RUN(large)
RUN(routed_copy)
RUN(no_routed_copy)
RUN(routed)
RUN(limit)
RUN(dropped)
RUN(tcp)
RUN(other)
RUN(portless)
RUN(hairpin)
RUN(claimed)

/* 30 seconds after the first fragment, its id may be another datagram's. */
static bool run_expired(struct lab *lab, const void *argument)
{
	const struct step first = { "first", NESTWG_EXCLUDED, STAYS,
				    { FROM_CLIENT, UDP_TO(PORT_TUNNEL), FIRST(16) } };
	const struct step early = { "20 seconds later", NESTWG_EXCLUDED, STAYS,
				    { FROM_CLIENT, UDP_TO(PORT_TUNNEL), LAST(16) } };
	const struct step late = { "31 seconds later", NESTWG_FRAGMENT_UNSEEN, GOES_BOTH_WAYS,
				   { FROM_CLIENT, UDP_TO(PORT_TUNNEL), LAST(16) } };
	struct nestwg_fragment key = {
		.source = htonl(CLIENT),
		.destination = htonl(PUBLIC),
		.id = htons(16),
		.protocol = PROTO_UDP,
	};
	int fd = bpf_map__fd(lab->skel->maps.fragments);
	struct nestwg_fragment_state state;

	(void)argument;
	if (!walk(lab, &first, 1) || bpf_map_lookup_elem(fd, &key, &state))
		return false;
	state.seen -= 20000000000ULL;
	if (bpf_map_update_elem(fd, &key, &state, BPF_EXIST) || !walk(lab, &early, 1))
		return false;
	state.seen -= 11000000000ULL;
	return !bpf_map_update_elem(fd, &key, &state, BPF_EXIST) && walk(lab, &late, 1);
}

void add_fragment_tests(struct suite *suite)
{
	suite_add(suite, IN_MODES, "fragments follow their first home", run_home, NULL);
	suite_add(suite, IN_MODES, "fragments of UDP without a checksum", run_no_checksum, NULL);
	suite_add(suite, IN_MODES, "the tunnel's fragments stay on the gateway", run_stay, NULL);
	suite_add(suite, IN_MODES, "fragments whose first is unseen go both ways", run_unseen,
			  NULL);
	suite_add(suite, IN_MODES, "a large unseen one that must not be fragmented stays",
			  run_large,
		  NULL);
	suite_add(suite, IN_NATIVE | IN_TC, "the copy of a large unseen one is routed",
		  run_routed_copy, NULL);
	suite_add(suite, IN_GENERIC, "a large unseen one is counted once in generic mode, too",
		  run_no_routed_copy, NULL);
	suite_add(suite, IN_MODES, "large fragments are routed", run_routed, NULL);
	suite_add(suite, IN_MODES, "later fragments get no answer", run_limit, NULL);
	suite_add(suite, IN_MODES, "fragments follow their first out of the world", run_dropped,
			  NULL);
	suite_add(suite, IN_MODES, "fragments of TCP", run_tcp, NULL);
	suite_add(suite, IN_MODES, "fragments of ping and GRE", run_other, NULL);
	suite_add(suite, IN_MODES, "fragments of what has no ports need no first", run_portless,
		  NULL);
	suite_add(suite, IN_MODES, "a first fragment is forgotten after 30 seconds", run_expired,
			  NULL);
	suite_add(suite, IN_HOME, "fragments to the public address", run_hairpin, NULL);
	suite_add(suite, IN_HOME, "fragments that the wire says to be the home's", run_claimed,
		  NULL);
}
