// SPDX-License-Identifier: GPL-2.0-only
/* The filter in a port's row that spares strangers the look-up in map `flows` (include/own_slots.h). */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>

#include "own_slots.h"
#include "packet_suite.h"

#define SECOND		1000000000ULL
#define LOCAL_PORT	40000
#define MANY		200

static const __u64 lifetimes[] = { 180 * SECOND, 5 * 24 * 3600 * SECOND };
static const __u8 protocols[] = { PROTO_UDP, PROTO_TCP };

static __u64 monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (__u64)now.tv_sec * SECOND + (__u64)now.tv_nsec;
}

static struct nestwg_slots slots_of(__u32 remote, __u16 port)
{
	return nestwg_slots_of(htonl(remote), htons(port));
}

/* Another host whose slots are the same two as CLIENT's. */
static __u32 look_alike(__u16 port)
{
	struct nestwg_slots wanted = slots_of(CLIENT, port), s;
	__u32 remote = CLIENT;

	do
		s = slots_of(++remote, port);
	while (s.first != wanted.first || s.second != wanted.second);
	return remote;
}

static bool arrives(struct lab *lab, enum nestwg_reason reason, __u32 remote)
{
	const struct packet_case c = {
		.reason = reason, .fate = reason == NESTWG_OWN_FLOW ? STAYS : GOES_HOME,
		.in = { .source = remote, .destination = PUBLIC, UDP_BY(53), .payload = 40 },
	};

	return expect(lab, &c);
}

static bool asks(struct lab *lab, __u32 remote)
{
	const struct spec query = { .source = PUBLIC, .destination = remote, UDP_TO(53),
				    .payload = 20 };

	return expect_learn_run(lab, &query, 0);
}

/* In the table, but not in the filter: were the table asked first, the answer would stay. */
static bool enter_only(struct lab *lab, __u32 remote, __u64 seen)
{
	const struct nestwg_flow flow = {
		.remote = htonl(remote), .remote_port = htons(53),
		.local_port = htons(LOCAL_PORT), .protocol = PROTO_UDP,
	};
	const struct nestwg_flow_state state = { .seen = seen };

	return !bpf_map__update_elem(lab->skel->maps.flows, &flow, sizeof(flow), &state,
				     sizeof(state), BPF_ANY);
}

static bool run_stranger(struct lab *lab, const void *argument)
{
	(void)argument;
	if (!enter_only(lab, CLIENT, monotonic()) || !arrives(lab, NESTWG_FORWARDED, CLIENT))
		return false;
	nestwg_slots_note(lab->ports[LOCAL_PORT].own_tcp, slots_of(CLIENT, 53),
			  nestwg_epoch(PROTO_TCP, monotonic()));
	if (!arrives(lab, NESTWG_FORWARDED, CLIENT))
		return false;
	nestwg_slots_note(lab->ports[LOCAL_PORT].own_udp, slots_of(CLIENT, 53),
			  nestwg_epoch(PROTO_UDP, monotonic()));
	return arrives(lab, NESTWG_OWN_FLOW, CLIENT);
}

static bool run_look_alike(struct lab *lab, const void *argument)
{
	__u32 other = look_alike(53);

	(void)argument;
	return asks(lab, CLIENT) && arrives(lab, NESTWG_OWN_FLOW, CLIENT) &&
	       arrives(lab, NESTWG_FORWARDED, other) && asks(lab, other) &&
	       arrives(lab, NESTWG_OWN_FLOW, other) && arrives(lab, NESTWG_OWN_FLOW, CLIENT);
}

/* One port, many ends: a resolver that asks from a fixed port. */
static bool run_many(struct lab *lab, const void *argument)
{
	(void)argument;
	for (__u32 i = 0; i < MANY; i++)
		if (!asks(lab, CLIENT + i))
			return false;
	for (__u32 i = 0; i < MANY; i++)
		if (!arrives(lab, NESTWG_OWN_FLOW, CLIENT + i))
			return false;
	return arrives(lab, NESTWG_FORWARDED, CLIENT + MANY);
}

/* What nobody has noted for longer than a flow lives is nobody's, and the next flow starts afresh. */
static bool run_grows_old(struct lab *lab, const void *argument)
{
	__u8 *own = lab->ports[LOCAL_PORT].own_udp;
	__u64 now = monotonic();

	(void)argument;
	memset(own, (__u8)(nestwg_epoch(PROTO_UDP, now) - 8) ?: 1, NESTWG_OWN_SLOTS);
	return enter_only(lab, CLIENT, now) && arrives(lab, NESTWG_FORWARDED, CLIENT) &&
	       enter_only(lab, CLIENT, now - 3 * SECOND) && asks(lab, CLIENT) &&
	       arrives(lab, NESTWG_OWN_FLOW, CLIENT);
}

/* An answer that lets its flow live on lets its slots do so, too. */
static bool run_answer_notes(struct lab *lab, const void *argument)
{
	struct nestwg_slots slots = slots_of(CLIENT, 53);
	__u8 *own = lab->ports[LOCAL_PORT].own_udp;
	__u8 noted;

	(void)argument;
	if (!asks(lab, CLIENT))
		return false;
	noted = own[slots.first];
	nestwg_slots_note(own, slots, (__u8)(nestwg_epoch(PROTO_UDP, monotonic()) - 1));
	if (!enter_only(lab, CLIENT, monotonic() - 3 * SECOND) ||
	    !arrives(lab, NESTWG_OWN_FLOW, CLIENT))
		return false;
	if ((__u8)(own[slots.first] - noted) <= 1 && own[slots.second] == own[slots.first])
		return true;
	printf("# noted in epochs %u and %u, before in %u\n", own[slots.first], own[slots.second],
	       noted);
	return false;
}

static bool is_live(__u64 noted, __u64 now, unsigned int i)
{
	__u8 own[NESTWG_OWN_SLOTS] = {};
	struct nestwg_slots slots = slots_of(CLIENT, 53);

	nestwg_slots_note(own, slots, nestwg_epoch(protocols[i], noted));
	return nestwg_slot_is_live(own[slots.first], protocols[i], now, lifetimes[i]) &&
	       nestwg_slot_is_live(own[slots.second], protocols[i], now, lifetimes[i]);
}

/* Through all epochs, and to where they begin again: alive as long as its flow, old soon after. */
static bool run_epochs(struct lab *lab, const void *argument)
{
	static const unsigned int exponents[] = { NESTWG_EPOCH_UDP, NESTWG_EPOCH_TCP };

	(void)lab;
	(void)argument;
	for (unsigned int i = 0; i < LENGTH_OF(protocols); i++) {
		__u64 epoch = 1ULL << exponents[i], tick = SECOND / 250;

		for (__u64 noted = epoch; noted < 600 * epoch; noted += epoch / 7) {
			__u64 border = (noted | (epoch - 1)) + 1;

			if (!is_live(noted, noted, i) || !is_live(noted, noted - tick, i) ||
			    !is_live(border, border - tick, i) ||
			    !is_live(noted, noted + lifetimes[i] / 2, i) ||
			    !is_live(noted, noted + lifetimes[i] - 1, i) ||
			    is_live(noted, noted + lifetimes[i] + 3 * epoch, i)) {
				printf("# protocol %u, noted at %llu\n", protocols[i], noted);
				return false;
			}
		}
	}
	return true;
}

/* What is the filter good for? Of strangers to a port with one flow few may pass. */
static bool run_spread(struct lab *lab, const void *argument)
{
	struct nestwg_slots own = slots_of(CLIENT, 53);
	unsigned int passed = 0, count = 100000;

	(void)lab;
	(void)argument;
	for (unsigned int i = 0; i < count; i++) {
		struct nestwg_slots s = slots_of(IP(198, 18, 0, 1) + i % 1000,
						 (__u16)(2000 + i / 1000));

		if (s.first == s.second)
			return false;
		passed += (s.first == own.first || s.first == own.second) &&
			  (s.second == own.first || s.second == own.second);
	}
	if (passed < count / 20)
		return true;
	printf("# %u of %u strangers pass\n", passed, count);
	return false;
}

void add_slots_tests(struct suite *suite)
{
	suite_add(suite, IN_MODES, "a stranger costs no look-up", run_stranger, NULL);
	suite_add(suite, IN_MODES, "one who looks like a friend is none", run_look_alike, NULL);
	suite_add(suite, IN_ONE, "a port's many friends are all known", run_many, NULL);
	suite_add(suite, IN_MODES, "a friend of long ago is forgotten", run_grows_old, NULL);
	suite_add(suite, IN_MODES, "an answer keeps the friend", run_answer_notes, NULL);
	suite_add(suite, IN_ONE, "friends through all epochs", run_epochs, NULL);
	suite_add(suite, IN_ONE, "few strangers look like friends", run_spread, NULL);
}
