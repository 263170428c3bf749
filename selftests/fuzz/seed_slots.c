// SPDX-License-Identifier: GPL-2.0-only
/*
 * Seeds in which the filter in a port's row (include/own_slots.h) is half right, or says what map `flows` does
 * not: flows of the gateway's own with other hosts, whose slots are some of CLIENT's.
 */
#include <arpa/inet.h>

#include "own_slots.h"
#include "seed.h"

#define THEIR_PORT	80
#define LOCAL_PORT	40000
#define SIX_DAYS	6	/* input_waits[] */

/* Another host that has CLIENT's first slot, and its second one, too, or not. */
static __u32 like_client(bool second)
{
	struct nestwg_slots wanted = nestwg_slots_of(htonl(CLIENT), htons(THEIR_PORT)), s;
	__u32 remote = CLIENT;

	do
		s = nestwg_slots_of(htonl(++remote), htons(THEIR_PORT));
	while (s.first != wanted.first || (s.second == wanted.second) != second);
	return remote;
}

static void put_syn(struct seed *seed, __u8 hook, __u32 source, __u32 destination, __u8 wait)
{
	const struct spec syn = { .source = source, .destination = destination,
				  .protocol = PROTO_TCP, .source_port = LOCAL_PORT,
				  .destination_port = THEIR_PORT, .flags = SYN };

	seed_put(seed, &(struct way){ .hook = hook, .wait = wait }, &syn);
}

static void put_answer(struct seed *seed)
{
	static const struct spec answer = { FROM_CLIENT, .protocol = PROTO_TCP,
					    .source_port = THEIR_PORT,
					    .destination_port = LOCAL_PORT, .flags = SYN | ACK };

	seed_put(seed, &(struct way){ .hook = FROM_WIRE }, &answer);
}

/* The gateway speaks with OTHER; then CLIENT sends what would be an answer. */
static void seed_stranger(__u8 mode, __u32 other)
{
	struct seed seed;

	seed_begin(&seed, mode, 0, 0, MTU_USUAL, 0);
	put_syn(&seed, FROM_GATEWAY, PUBLIC, other, 0);
	put_answer(&seed);
	seed_end(&seed);
}

/* The gateway spoke with CLIENT long ago, and now with OTHER. */
static void seed_half_old(__u8 mode, __u32 other)
{
	struct seed seed;

	seed_begin(&seed, mode, 0, 0, MTU_USUAL, 0);
	put_syn(&seed, FROM_GATEWAY, PUBLIC, CLIENT, 0);
	put_syn(&seed, FROM_GATEWAY, PUBLIC, other, SIX_DAYS);
	put_answer(&seed);
	seed_end(&seed);
}

/* The gateway speaks with OTHER; the home opens a connection to CLIENT, from the same port. */
static void seed_home_opens(__u8 mode, __u32 other)
{
	struct seed seed;

	seed_begin(&seed, mode, 0, 0, MTU_USUAL, 0);
	put_syn(&seed, FROM_GATEWAY, PUBLIC, other, 0);
	put_syn(&seed, FROM_HOME, PEER, CLIENT, 0);
	put_answer(&seed);
	seed_end(&seed);
}

/* To CLIENT, whose place among the ways out is somebody else's. */
static void seed_other_end(__u8 mode)
{
	struct seed seed;

	seed_begin(&seed, mode, 0, 0, MTU_USUAL, OTHER_END);
	put_syn(&seed, FROM_HOME, PEER, CLIENT, 0);
	seed_end(&seed);
}

void add_slot_seeds(void)
{
	__u32 half = like_client(false), look_alike = like_client(true);

	for (__u8 mode = 0; mode < MODES; mode++) {
		seed_other_end(mode);
		seed_stranger(mode, half);
		seed_stranger(mode, look_alike);
		seed_half_old(mode, half);
		seed_home_opens(mode, look_alike);
	}
}
