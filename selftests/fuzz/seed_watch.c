// SPDX-License-Identifier: GPL-2.0-only
/* Seeds that `monitor` watches, by each of packet_input.c's filters. */
#include "seed.h"

#define FILTERS		16
#define AT_A_TIME	4	/* INPUT_PACKETS */

static void watched(__u8 mode, __u8 filter, __u8 hook, const struct spec *packets, unsigned int count)
{
	const struct way way = { .hook = hook };
	struct seed seed;

	for (unsigned int i = 0; i < count; i += AT_A_TIME) {
		seed_begin(&seed, mode + MODES * filter, 0, WATCHED, MTU_USUAL, 0);
		for (unsigned int j = i; j < count && j < i + AT_A_TIME; j++)
			seed_put(&seed, &way, &packets[j]);
		seed_end(&seed);
	}
}

/* Whoever watched was killed: twice six days later their time is over. */
static void watched_once(const struct spec *packet)
{
	struct seed seed;

	seed_begin(&seed, TC, 0, WATCHED, MTU_USUAL, 0);
	for (unsigned int i = 0; i < AT_A_TIME; i++) {
		const struct way way = { .hook = FROM_WIRE, .wait = i == 1 || i == 2 ? 6 : 0 };

		seed_put(&seed, &way, packet);
	}
	seed_end(&seed);
}

void add_watch_seeds(void)
{
	static const struct spec packets[] = {
		{ FROM_CLIENT, TCP_TO(443), .flags = ACK, .payload = 20 },
		{ FROM_CLIENT, TCP_TO(PORT_SSH), .flags = ACK, .ip_options = 40, .payload = 20 },
		{ FROM_CLIENT, .protocol = PROTO_UDP, .source_port = 443, .destination_port = 53,
		  .payload = 20 },
		{ FROM_CLIENT, .protocol = PROTO_UDPLITE, .source_port = 1, .destination_port = 443,
		  .payload = 20 },
		{ FROM_CLIENT, .protocol = PROTO_SCTP, .has_word = true, .word = 443,
		  .payload = 20 },
		{ FROM_CLIENT, .protocol = PROTO_DCCP, .source_port = 1, .destination_port = 443,
		  .payload = 20 },
		{ FROM_CLIENT, .protocol = PROTO_GRE, .has_word = true, .word = 443,
		  .payload = 20 },
		{ FROM_CLIENT, UDP_TO(443), .payload = 2000, .fragment_at = 800 },
		{ FROM_CLIENT, TCP_TO(443), .cut = 30 },
		{ FROM_CLIENT, TCP_TO(443), .version_is = 6 },
	};
	static const struct spec home[] = {
		{ FROM_PEER, TCP_BY(443), .flags = ACK, .payload = 20 },
		{ .source = PEER, .destination = PUBLIC, UDP_TO(443), .payload = 20 },
	};
	watched_once(&packets[0]);
	for (__u8 filter = 0; filter < FILTERS; filter++) {
		watched(NATIVE, filter, FROM_WIRE, packets, LENGTH_OF(packets));
		watched(TC, filter, FROM_WIRE, packets, LENGTH_OF(packets));
		watched(TC, filter, FROM_HOME, home, LENGTH_OF(home));
	}
}
