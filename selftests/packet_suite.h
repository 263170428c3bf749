/* SPDX-License-Identifier: GPL-2.0-only */
/* The tests of packet_test, by subject. */
#ifndef PACKET_SUITE_H
#define PACKET_SUITE_H

#include "packet_expect.h"

/* Under what conditions a test runs, each a set-up of its own. */
enum stage {
	STAGE_NATIVE,
	STAGE_GENERIC,
	STAGE_TC,
	STAGE_HOME,		/* the way back is the same in all modes */
	STAGE_HOME_FORWARDING,	/* and with net.ipv4.conf.wg.forwarding=1 */
	NR_STAGES
};

enum {
	IN_MODES	= 1 << STAGE_NATIVE | 1 << STAGE_GENERIC | 1 << STAGE_TC,
	IN_NATIVE	= 1 << STAGE_NATIVE,
	IN_GENERIC	= 1 << STAGE_GENERIC,
	IN_TC		= 1 << STAGE_TC,
	IN_HOME_PLAIN	= 1 << STAGE_HOME,
	IN_HOME_ROUTED	= 1 << STAGE_HOME_FORWARDING,
	IN_HOME		= IN_HOME_PLAIN | IN_HOME_ROUTED,
	IN_ONE		= IN_NATIVE,
};

struct test {
	const char *name;
	bool (*run)(struct lab *lab, const void *argument);
	const void *argument;
	unsigned int stages;
};

#define TESTS_MAX	512

struct suite {
	unsigned int count;
	struct test tests[TESTS_MAX];
};

void suite_add(struct suite *suite, unsigned int stages, const char *name,
	       bool (*run)(struct lab *lab, const void *argument), const void *argument);
void suite_add_cases(struct suite *suite, unsigned int stages, const struct packet_case *cases,
		     unsigned int count);
/* The same, with a RUN that does more with its packet_case than to expect it. */
void suite_add_each(struct suite *suite, unsigned int stages,
		    bool (*run)(struct lab *lab, const void *argument),
		    const struct packet_case *cases, unsigned int count);

void add_wire_tests(struct suite *suite);	/* packet_wire.c: from the wire */
void add_home_tests(struct suite *suite);	/* packet_home.c: from the home */
void add_flow_tests(struct suite *suite);	/* packet_flow.c: the gateway's own flows */
void add_slots_tests(struct suite *suite);	/* packet_slots.c: whom they are with */
void add_next_hop_tests(struct suite *suite);	/* packet_next_hop.c */
void add_fragment_tests(struct suite *suite);	/* packet_fragment.c */
void add_size_tests(struct suite *suite);	/* packet_size.c */
void add_flood_tests(struct suite *suite);	/* packet_flood.c: full maps */
void add_random_tests(struct suite *suite);	/* packet_random.c */
void add_deadline_tests(struct suite *suite);	/* packet_deadline.c: what nobody confirmed */
void add_watch_tests(struct suite *suite);	/* packet_watch.c: what `monitor` is shown */

/* What is excluded in all tests. */
#define PORT_SSH	2222
#define PORT_TUNNEL	51820
#define PROTO_OSPF	89

/* Parts of descriptions. */
#define FROM_CLIENT	.source = CLIENT, .destination = PUBLIC
#define FROM_PEER	.source = PEER, .destination = CLIENT
#define TCP_TO(port)	.protocol = PROTO_TCP, .source_port = 40000, .destination_port = (port)
#define UDP_TO(port)	.protocol = PROTO_UDP, .source_port = 40000, .destination_port = (port)
#define TCP_BY(port)	.protocol = PROTO_TCP, .source_port = (port), .destination_port = 40000
#define UDP_BY(port)	.protocol = PROTO_UDP, .source_port = (port), .destination_port = 40000
#define ICMP(type, code)	.protocol = PROTO_ICMP, .icmp_type = (type), .icmp_code = (code)
#define PING		ICMP(8, 0), .icmp_id = 4242, .icmp_mtu = 1, .payload = 56
#define PONG		ICMP(0, 0), .icmp_id = 4242, .icmp_mtu = 1, .payload = 56
#define UNREACHABLE	ICMP(3, 3)
#define QUOTING(...)	.quote = &(const struct spec){ __VA_ARGS__ }
#define OPTIONS(length, text)	.options_len = (length), .options = text

#define LENGTH_OF(array)	(sizeof(array) / sizeof(*(array)))

#endif /* PACKET_SUITE_H */
