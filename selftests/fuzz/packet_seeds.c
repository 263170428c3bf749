// SPDX-License-Identifier: GPL-2.0-only
/*
 * Seeds of packet_fuzz's corpus: every packet that packet_test describes, in each mode, and sequences.
 *
 *	packet_seeds DIRECTORY
 */
#include <stdio.h>

#include "seed.h"

static void seed_case(const struct packet_case *c, unsigned int stages)
{
	const struct way as_is = { .hook = stages & IN_HOME ? FROM_HOME : FROM_WIRE };
	struct way way = as_is;

	way.flags = c->in.checksum == CHECKSUM_HALF ? PARTIAL : 0;
	if (stages & IN_HOME) {
		for (__u8 fib = 0; fib < 10; fib += 5)
			seed_one(2, 0, 0, MTU_USUAL, fib, &way, &c->in);
		return;
	}
	for (__u8 mode = 0; mode < 3; mode++)
		seed_one(mode, 0, 0, MTU_USUAL, 0, &way, &c->in);
	way.flags = COMPLETE;
	seed_one(2, 0, 0, MTU_USUAL, 0, &way, &c->in);
	way = as_is;
	way.linear = 14;
	seed_one(2, 0, 0, MTU_USUAL, 0, &way, &c->in);
}

void suite_add_each(struct suite *suite, unsigned int stages,
		    bool (*run)(struct lab *lab, const void *argument),
		    const struct packet_case *cases, unsigned int count)
{
	(void)suite;
	(void)run;
	for (unsigned int i = 0; i < count; i++)
		seed_case(&cases[i], stages);
}

void suite_add_cases(struct suite *suite, unsigned int stages, const struct packet_case *cases,
		     unsigned int count)
{
	suite_add_each(suite, stages, NULL, cases, count);
}

void suite_add(struct suite *suite, unsigned int stages, const char *name,
	       bool (*run)(struct lab *lab, const void *argument), const void *argument)
{
	(void)suite;
	(void)stages;
	(void)name;
	(void)run;
	(void)argument;
}

static const struct spec tcp_in = { FROM_CLIENT, TCP_TO(443), .flags = ACK, .payload = 20 };
static const struct spec tcp_home = { FROM_PEER, TCP_BY(443), .flags = ACK, .payload = 20 };

/* Every call of a helper fails once. */
static void seed_faults(void)
{
	static const struct spec unseen = { FROM_CLIENT, UDP_TO(53), .payload = 2000,
					    .fragment_at = 800, .fragment_len = 600, .ttl = 9 };
	static const struct spec answered = { FROM_CLIENT, UDP_TO(53), .payload = 200, .ttl = 1 };
	static const struct spec syn = { FROM_CLIENT, TCP_TO(443), .flags = SYN,
					 OPTIONS(4, "\x02\x04\x05\xb4"), .mss_at = 2 };
	static const struct spec syn_home = { FROM_PEER, TCP_BY(443), .flags = SYN,
					      OPTIONS(4, "\x02\x04\x05\xb4"), .mss_at = 2 };
	const struct spec error = { FROM_CLIENT, UNREACHABLE,
					   QUOTING(.source = PUBLIC, .destination = CLIENT,
						   TCP_BY(443), .payload = 20) };
	static const struct spec gre = { FROM_CLIENT, .protocol = PROTO_GRE, .payload = 20 };
	static const struct spec home_ttl = { FROM_PEER, UDP_BY(53), .payload = 20, .ttl = 1 };
	static const struct spec turned = { .source = PEER, .destination = PUBLIC, TCP_BY(443),
					    .flags = ACK };
	const struct {
		__u8 hook;
		const struct spec *s;
	} packets[] = {
		{ FROM_WIRE, &tcp_in }, { FROM_WIRE, &unseen }, { FROM_WIRE, &answered },
		{ FROM_WIRE, &syn }, { FROM_WIRE, &error }, { FROM_WIRE, &gre },
		{ FROM_HOME, &tcp_home }, { FROM_HOME, &syn_home }, { FROM_HOME, &home_ttl },
		{ FROM_HOME, &turned }, { FROM_GATEWAY, &turned },
	};

	for (unsigned int i = 0; i < LENGTH_OF(packets); i++) {
		for (__u8 fault = 1; fault < 20; fault++) {
			struct way way = { .hook = packets[i].hook, .linear = 20 };

			for (__u8 mode = 0; mode < 3; mode += 2)
				seed_one(mode, fault, 0, MTU_USUAL, 0, &way, packets[i].s);
		}
	}
}

/* Only the first bytes can be had: a helper could not give more of them. */
static void seed_cuts(void)
{
	static const struct spec syn = { FROM_CLIENT, TCP_TO(443), .flags = SYN,
					 OPTIONS(8, "\x01\x01\x02\x04\x05\xb4\x01\x01"), .mss_at = 4 };
	const struct spec error = { FROM_CLIENT, UNREACHABLE,
				    QUOTING(.source = PUBLIC, .destination = CLIENT, TCP_BY(443),
					    .payload = 20) };

	for (__u8 linear = 34; linear < 100; linear++) {
		for (__u8 fault = 2; fault < 5; fault++) {
			struct way way = { .hook = FROM_WIRE, .linear = linear };

			seed_one(2, fault, 0, MTU_USUAL, 0, &way, &syn);
			seed_one(2, fault, 0, MTU_USUAL, 0, &way, &error);
		}
	}
}

/* The longest segment that is ever summed up, and half a checksum. */
static void seed_longest(void)
{
	static const struct spec s = { FROM_CLIENT, TCP_TO(443), .flags = ACK };
	const struct way way = { .hook = FROM_WIRE, .mend = MEND_HALF };
	struct bytes packet;
	struct seed seed;

	build_frame(&s, &packet);
	for (__u32 length = 9215; length <= 9217; length++) {
		seed_begin(&seed, 0, 0, 0, 0x66, 0);
		seed_put_cut(&seed, &way, &packet, packet.len, length - 20);
		seed_end(&seed);
	}
}

/* What no test of packet_test has by itself. */
static void seed_rare(void)
{
	static const struct spec rare[] = {
		{ FROM_CLIENT, ICMP(15, 0), .icmp_id = 1, .ttl = 1 },
		{ FROM_CLIENT, ICMP(16, 0), .icmp_id = 1, .ttl = 1 },
		{ FROM_CLIENT, ICMP(17, 0), .icmp_id = 1, .ttl = 1 },
		{ FROM_CLIENT, ICMP(18, 0), .icmp_id = 1, .ttl = 1 },
		{ FROM_CLIENT, ICMP(13, 0), .icmp_id = 1, .ttl = 1 },
		{ FROM_CLIENT, ICMP(14, 0), .icmp_id = 1, .ttl = 1 },
		{ FROM_CLIENT, .protocol = PROTO_UDPLITE, .payload = 10, .total_lie = -12 },
		{ FROM_CLIENT, TCP_TO(443), .payload = 80, .fragment_at = 8 },
		{ .source = IP(10, 0, 18, 1), .destination = PUBLIC, TCP_TO(443), .flags = SYN },
		{ .source = LAN_HOST, .destination = PUBLIC, TCP_TO(443), .flags = SYN },
	};
	static const struct spec turned = { .source = PEER, .destination = PUBLIC,
					    .protocol = PROTO_GRE, .payload = 80,
					    .fragment_len = 40 };
	static const struct spec replied = { .source = PEER, .destination = PUBLIC, PONG };
	const struct spec quench = { FROM_CLIENT, ICMP(4, 0),
				     QUOTING(.source = PUBLIC, .destination = CLIENT, TCP_BY(443),
					     .payload = 20) };
	struct spec like_half = { FROM_CLIENT, TCP_TO(443), .flags = ACK, .payload = 33, .ttl = 1 };
	const struct way from_home = { .hook = FROM_HOME };
	const struct way way = { .hook = FROM_WIRE };

	seed_one(TC, 0, 0, MTU_USUAL, 0, &from_home, &turned);
	seed_one(TC, 0, 0, MTU_USUAL, 0, &from_home, &replied);
	choose_checksum_like_half(&like_half);
	for (__u8 mode = 0; mode < MODES; mode++) {
		for (unsigned int i = 0; i < LENGTH_OF(rare); i++)
			seed_one(mode, 0, 0, 0x66, 0, &way, &rare[i]);
		seed_one(mode, 0, 0, MTU_USUAL, 0, &way, &quench);
		seed_one(mode, 0, 0, MTU_USUAL, 0, &way, &like_half);
	}
}

/* Summing up what may be half a checksum fails at each call. */
static void seed_half_faults(void)
{
	struct spec like_half = { FROM_CLIENT, TCP_TO(443), .flags = ACK, .payload = 33, .ttl = 1 };
	const struct way way = { .hook = FROM_WIRE };

	choose_checksum_like_half(&like_half);
	for (__u8 fault = 5; fault < 20; fault++)
		seed_one(TC, fault, 0, MTU_USUAL, 0, &way, &like_half);
}

/* SCTP's bundles, of even and of odd length. */
static void seed_sctp(void)
{
	struct way way = { FROM_WIRE, BUNDLE, MEND_SUMS, 0, 255, 0 };

	for (unsigned int payload = 500; payload < 502 + 3500; payload += 1167) {
		const struct spec bundle = { FROM_CLIENT, .protocol = PROTO_SCTP, .df = true,
					     .payload = payload };

		for (__u8 mode = 1; mode < 3; mode++)
			seed_one(mode, 0, 0, MTU_USUAL, 0, &way, &bundle);
	}
}

static void seed_bundles(void)
{
	static const struct spec bundle = { FROM_CLIENT, TCP_TO(443), .flags = ACK, .payload = 4000,
					    .df = true };
	static const struct spec udp = { FROM_CLIENT, UDP_TO(443), .payload = 4000 };
	static const struct spec home = { FROM_PEER, TCP_BY(443), .flags = ACK, .payload = 4000,
					  .df = true, .ttl = 1 };

	for (__u8 mode = 0; mode < 3; mode++) {
		for (unsigned int size = 20; size < 256; size += 60) {
			struct way way = { FROM_WIRE, BUNDLE, MEND_SUMS, 54, size, 0 };

			seed_one(mode, 0, 0, MTU_USUAL, 0, &way, &bundle);
			seed_one(mode, 0, 0, MTU_USUAL, 0, &way, &udp);
			way.hook = AFTER_XDP;
			seed_one(mode, 0, 0, MTU_USUAL, 0, &way, &bundle);
			way.hook = FROM_HOME;
			seed_one(mode, 0, 0, MTU_USUAL, 0, &way, &home);
		}
	}
	seed_sctp();
}

/* Every MTU, every answer of the routing table, an empty bucket. */
static void seed_worlds(void)
{
	static const struct spec large = { FROM_CLIENT, TCP_TO(443), .flags = ACK, .payload = 1400,
					   .df = true };
	static const struct spec home = { FROM_PEER, TCP_BY(443), .flags = ACK, .payload = 1460,
					  .df = true };
	static const struct spec syn = { FROM_CLIENT, TCP_TO(443), .flags = SYN,
					 OPTIONS(4, "\x02\x04\x23\x28"), .mss_at = 2 };
	static const struct spec expired = { FROM_CLIENT, UDP_TO(53), .payload = 20, .ttl = 1 };
	static const struct spec home_expired = { FROM_PEER, UDP_BY(53), .payload = 20, .ttl = 1 };
	static const struct spec elsewhere = { .source = PEER, .destination = LAN_HOST, UDP_BY(53),
					       .payload = 20 };
	static const struct spec ospf = { FROM_CLIENT, .protocol = PROTO_OSPF, .payload = 20 };
	static const struct spec ping = { FROM_CLIENT, PING };
	struct way way = { FROM_WIRE, 0, MEND_SUMS, 0, 0, 0 };
	struct way from_home = { FROM_HOME, 0, MEND_SUMS, 0, 0, 0 };

	for (unsigned int mtu = 0; mtu < 256; mtu += 17) {
		for (__u8 mode = 0; mode < 3; mode++) {
			seed_one(mode, 0, 0x10, mtu, 0, &way, &large);
			seed_one(mode, 0, 0, mtu, 0, &way, &syn);
		}
		seed_one(0, 0, 0, mtu, 0, &from_home, &home);
	}
	for (unsigned int fib = 0; fib < 128; fib++) {
		seed_one(0, 0, 0, MTU_USUAL, fib, &from_home, &tcp_home);
		seed_one(0, 0, 0, MTU_USUAL, fib, &from_home, &elsewhere);
	}
	for (unsigned int flags = 0; flags < 256; flags++) {
		seed_one(flags % 3, 0, flags, MTU_USUAL, 0, &way, &expired);
		seed_one(flags % 3, 0, flags, MTU_USUAL, 0, &from_home, &home_expired);
		seed_one(flags % 3, 0, flags, MTU_USUAL, 0, &way, &ospf);
		seed_one(flags % 3, 0, flags, MTU_USUAL, 0, &way, &ping);
	}
	way.flags = VLAN;
	seed_one(2, 0, 0, MTU_USUAL, 0, &way, &tcp_in);
	way.hook = FROM_GATEWAY;
	seed_one(2, 0, 0, MTU_USUAL, 0, &way, &tcp_in);
	from_home.flags = NOT_IP;
	seed_one(2, 0, 0, MTU_USUAL, 0, &from_home, &tcp_home);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: packet_seeds DIRECTORY\n");
		return 2;
	}
	seeds_into(argv[1]);
	seeds_named("seed");
	add_wire_tests(NULL);
	add_home_tests(NULL);
	seed_faults();
	seed_cuts();
	add_flow_seeds();
	add_fragment_seeds();
	seed_bundles();
	seed_worlds();
	/* Those stay whatever libFuzzer thinks: the compiler may have made one branch of two. */
	seeds_named("keep");
	seed_rare();
	seed_longest();
	seeds_named("keep-half");
	seed_half_faults();
	seeds_named("keep-reset");
	add_reset_seeds();
	seeds_named("keep-slots");
	add_slot_seeds();
	seeds_named("keep-watch");
	add_watch_seeds();
	printf("%u seeds\n", seeds_written());
	return 0;
}
