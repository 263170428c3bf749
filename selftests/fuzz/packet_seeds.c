// SPDX-License-Identifier: GPL-2.0-only
/*
 * Seeds of packet_fuzz's corpus: every packet that packet_test describes, in each mode, and sequences.
 *
 *	packet_seeds DIRECTORY
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../packet_suite.h"

/* packet_input.h has the format; its names would collide with packet_build.h's. */
#define TAKE_MAX	1700
#define MEND_SUMS	0x38	/* MEND_TOTAL, MEND_IP_SUM, MEND_SUM */
#define MEND_HALF	0x58	/* and the checksum is half a one */
#define PARTIAL		0x01
#define COMPLETE	0x02
#define VLAN		0x04
#define NOT_IP		0x08
#define MARKED		0x10
#define BUNDLE		0x20

enum { FROM_WIRE, FROM_HOME, FROM_GATEWAY, AFTER_XDP };

struct seed {
	unsigned int length;
	__u8 bytes[16384];
};

static const char *directory;
static const char *kind = "seed";
static unsigned int number;

static void add(struct seed *seed, const void *bytes, unsigned int length)
{
	memcpy(seed->bytes + seed->length, bytes, length);
	seed->length += length;
}

static void begin(struct seed *seed, __u8 mode, __u8 fault, __u8 flags, __u8 mtu, __u8 fib)
{
	const __u8 world[] = { mode, fault, flags, mtu, fib };

	seed->length = 0;
	add(seed, world, sizeof(world));
}

struct way {
	__u8 hook;
	__u8 flags;
	__u8 mend;
	__u8 linear;
	__u8 gso_size;
	__u8 wait;
};

/* Long packets are cut here and made up again there; a checksum does not stay as it was then. */
static void put_cut(struct seed *seed, const struct way *way, const struct bytes *packet,
		    __u32 take, __u32 extend)
{
	const __u8 head[] = { way->hook, way->flags, way->mend, way->linear, way->gso_size, way->wait,
			      take, take >> 8, extend, extend >> 8 };

	add(seed, head, sizeof(head));
	add(seed, packet->data, take);
}

static void put(struct seed *seed, const struct way *way, const struct bytes *packet)
{
	__u32 take = seed->length + packet->len < TAKE_MAX ? packet->len : 100;

	put_cut(seed, way, packet, take, packet->len - take);
}

static void put_spec(struct seed *seed, const struct way *way, const struct spec *s)
{
	struct bytes packet;

	if (way->hook == FROM_HOME)
		build_ip(s, &packet);
	else
		build_frame(s, &packet);
	put(seed, way, &packet);
}

static void end(const struct seed *seed)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s-%04u", directory, kind, number++);
	file = fopen(path, "we");
	if (!file || fwrite(seed->bytes, 1, seed->length, file) != seed->length || fclose(file)) {
		perror(path);
		exit(1);
	}
}

static void end_one(__u8 mode, __u8 fault, __u8 flags, __u8 mtu, __u8 fib, const struct way *way,
		    const struct spec *s)
{
	struct seed seed;

	begin(&seed, mode, fault, flags, mtu, fib);
	put_spec(&seed, way, s);
	end(&seed);
}

/* Interface MTUs as in packet_input.c's table. */
#define MTU_USUAL	0x10

static void seed_case(const struct packet_case *c, unsigned int stages)
{
	const struct way as_is = { .hook = stages & IN_HOME ? FROM_HOME : FROM_WIRE };
	struct way way = as_is;

	way.flags = c->in.checksum == CHECKSUM_HALF ? PARTIAL : 0;
	if (stages & IN_HOME) {
		for (__u8 fib = 0; fib < 10; fib += 5)
			end_one(2, 0, 0, MTU_USUAL, fib, &way, &c->in);
		return;
	}
	for (__u8 mode = 0; mode < 3; mode++)
		end_one(mode, 0, 0, MTU_USUAL, 0, &way, &c->in);
	way.flags = COMPLETE;
	end_one(2, 0, 0, MTU_USUAL, 0, &way, &c->in);
	way = as_is;
	way.linear = 14;
	end_one(2, 0, 0, MTU_USUAL, 0, &way, &c->in);
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
		for (__u8 fault = 1; fault < 14; fault++) {
			struct way way = { .hook = packets[i].hook, .linear = 20 };

			for (__u8 mode = 0; mode < 3; mode += 2)
				end_one(mode, fault, 0, MTU_USUAL, 0, &way, packets[i].s);
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

			end_one(2, fault, 0, MTU_USUAL, 0, &way, &syn);
			end_one(2, fault, 0, MTU_USUAL, 0, &way, &error);
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
		begin(&seed, 0, 0, 0, 0x66, 0);
		put_cut(&seed, &way, &packet, packet.len, length - 20);
		end(&seed);
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
	};
	const struct spec quench = { FROM_CLIENT, ICMP(4, 0),
				     QUOTING(.source = PUBLIC, .destination = CLIENT, TCP_BY(443),
					     .payload = 20) };
	struct spec like_half = { FROM_CLIENT, TCP_TO(443), .flags = ACK, .payload = 33, .ttl = 1 };
	struct way way = { .hook = FROM_WIRE };

	choose_checksum_like_half(&like_half);
	for (__u8 mode = 0; mode < 3; mode++) {
		for (unsigned int i = 0; i < LENGTH_OF(rare); i++)
			end_one(mode, 0, 0, 0x66, 0, &way, &rare[i]);
		end_one(mode, 0, 0, MTU_USUAL, 0, &way, &quench);
		end_one(mode, 0, 0, MTU_USUAL, 0, &way, &like_half);
	}
}

/* What the gateway sends, and the answer after WAIT. */
static void seed_flow(__u8 mode, __u8 flags, const struct spec *question, const struct spec *answer,
		      __u8 wait)
{
	struct seed seed;

	begin(&seed, mode, 0, flags, MTU_USUAL, 0);
	put_spec(&seed, &(struct way){ .hook = FROM_GATEWAY }, question);
	put_spec(&seed, &(struct way){ .hook = FROM_GATEWAY, .wait = 2 }, question);
	put_spec(&seed, &(struct way){ .hook = FROM_WIRE, .wait = wait, .flags = MARKED }, answer);
	end(&seed);
}

static void seed_flows(void)
{
#define FROM_US .source = PUBLIC, .destination = CLIENT
	static const struct spec questions[] = {
		{ FROM_US, .protocol = PROTO_TCP, .source_port = 40000, .destination_port = 80,
		  .flags = SYN },
		{ FROM_US, .protocol = PROTO_UDP, .source_port = 40000, .destination_port = 53,
		  .payload = 9 },
		{ FROM_US, PING },
		{ FROM_US, .protocol = PROTO_GRE, .payload = 20 },
		{ FROM_US, .protocol = PROTO_UDP, .source_port = PORT_TUNNEL, .destination_port = 53,
		  .payload = 9 },
	};
	static const struct spec answers[] = {
		{ FROM_CLIENT, .protocol = PROTO_TCP, .source_port = 80, .destination_port = 40000,
		  .flags = SYN | ACK },
		{ FROM_CLIENT, .protocol = PROTO_UDP, .source_port = 53, .destination_port = 40000,
		  .payload = 99 },
		{ FROM_CLIENT, PONG },
		{ FROM_CLIENT, .protocol = PROTO_GRE, .payload = 20 },
		{ FROM_CLIENT, .protocol = PROTO_UDP, .source_port = 53,
		  .destination_port = PORT_TUNNEL, .payload = 99 },
	};
	static const struct spec syn = { FROM_CLIENT, .protocol = PROTO_TCP, .source_port = 80,
					 .destination_port = 40000, .flags = SYN };
	const struct spec error = { FROM_CLIENT, UNREACHABLE,
					   QUOTING(.source = PUBLIC, .destination = CLIENT,
						   .protocol = PROTO_UDP, .source_port = 40000,
						   .destination_port = 53, .payload = 20) };
	static const struct spec opened = { FROM_PEER, .protocol = PROTO_TCP, .source_port = 40000,
					    .destination_port = 80, .flags = SYN };
	struct seed seed;

	for (__u8 mode = 0; mode < 3; mode++) {
		for (unsigned int i = 0; i < LENGTH_OF(questions); i++)
			for (__u8 wait = 0; wait < 8; wait++)
				seed_flow(mode, mode == 1, &questions[i], &answers[i], wait);
		seed_flow(mode, 0, &questions[0], &syn, 0);
		seed_flow(mode, 0, &questions[1], &error, 0);
		for (__u8 wait = 0; wait < 8; wait++) {
			begin(&seed, mode, 0, 0, MTU_USUAL, 0);
			put_spec(&seed, &(struct way){ .hook = FROM_GATEWAY }, &questions[0]);
			put_spec(&seed, &(struct way){ .hook = FROM_HOME, .wait = wait }, &opened);
			put_spec(&seed, &(struct way){ .hook = FROM_WIRE }, &answers[0]);
			end(&seed);
		}
	}
}

static void seed_fragments(void)
{
	static const struct spec whole = { FROM_CLIENT, UDP_TO(53), .payload = 2600, .id = 77 };
	static const struct spec turned = { .source = PEER, .destination = PUBLIC, UDP_TO(53),
					    .payload = 2600, .id = 77 };
	struct spec first, second, third;
	struct seed seed;

	for (__u8 mode = 0; mode < 3; mode++) {
		for (__u8 wait = 0; wait < 8; wait++) {
			for (__u8 hook = FROM_WIRE; hook <= FROM_HOME; hook++) {
				struct way way = { .hook = hook };

				first = hook == FROM_WIRE ? whole : turned;
				first.fragment_len = 1000;
				second = first;
				second.fragment_at = 1000;
				third = second;
				third.fragment_at = 1120;
				third.fragment_len = 1480;
				begin(&seed, mode, 0, 0, MTU_USUAL, 0);
				put_spec(&seed, &way, &third);
				put_spec(&seed, &way, &first);
				way.wait = wait;
				put_spec(&seed, &way, &second);
				third.df = wait & 1;
				third.ttl = wait & 2 ? 1 : 64;
				put_spec(&seed, &way, &third);
				end(&seed);
			}
		}
	}
}

/* SCTP's bundles, of even and of odd length. */
static void seed_sctp(void)
{
	struct way way = { FROM_WIRE, BUNDLE, MEND_SUMS, 0, 255, 0 };

	for (unsigned int payload = 500; payload < 502 + 3500; payload += 1167) {
		const struct spec bundle = { FROM_CLIENT, .protocol = PROTO_SCTP, .df = true,
					     .payload = payload };

		for (__u8 mode = 1; mode < 3; mode++)
			end_one(mode, 0, 0, MTU_USUAL, 0, &way, &bundle);
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

			end_one(mode, 0, 0, MTU_USUAL, 0, &way, &bundle);
			end_one(mode, 0, 0, MTU_USUAL, 0, &way, &udp);
			way.hook = AFTER_XDP;
			end_one(mode, 0, 0, MTU_USUAL, 0, &way, &bundle);
			way.hook = FROM_HOME;
			end_one(mode, 0, 0, MTU_USUAL, 0, &way, &home);
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
			end_one(mode, 0, 0x10, mtu, 0, &way, &large);
			end_one(mode, 0, 0, mtu, 0, &way, &syn);
		}
		end_one(0, 0, 0, mtu, 0, &from_home, &home);
	}
	for (unsigned int fib = 0; fib < 64; fib++) {
		end_one(0, 0, 0, MTU_USUAL, fib, &from_home, &tcp_home);
		end_one(0, 0, 0, MTU_USUAL, fib, &from_home, &elsewhere);
	}
	for (unsigned int flags = 0; flags < 256; flags++) {
		end_one(flags % 3, 0, flags, MTU_USUAL, 0, &way, &expired);
		end_one(flags % 3, 0, flags, MTU_USUAL, 0, &from_home, &home_expired);
		end_one(flags % 3, 0, flags, MTU_USUAL, 0, &way, &ospf);
		end_one(flags % 3, 0, flags, MTU_USUAL, 0, &way, &ping);
	}
	way.flags = VLAN;
	end_one(2, 0, 0, MTU_USUAL, 0, &way, &tcp_in);
	way.hook = FROM_GATEWAY;
	end_one(2, 0, 0, MTU_USUAL, 0, &way, &tcp_in);
	from_home.flags = NOT_IP;
	end_one(2, 0, 0, MTU_USUAL, 0, &from_home, &tcp_home);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: packet_seeds DIRECTORY\n");
		return 2;
	}
	directory = argv[1];
	add_wire_tests(NULL);
	add_home_tests(NULL);
	seed_faults();
	seed_cuts();
	/* Those stay whatever libFuzzer thinks: the compiler may have made one branch of two. */
	kind = "keep";
	seed_rare();
	seed_longest();
	kind = "seed";
	seed_flows();
	seed_fragments();
	seed_bundles();
	seed_worlds();
	printf("%u seeds\n", number);
	return 0;
}
