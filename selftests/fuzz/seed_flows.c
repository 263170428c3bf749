// SPDX-License-Identifier: GPL-2.0-only
/* Seeds in which one packet depends on those before it: flows of the gateway's own, fragments. */
#include "seed.h"

#define FROM_US .source = PUBLIC, .destination = CLIENT

/* What the gateway sends, and the answer after WAIT. */
static void question_and_answer(__u8 mode, __u8 flags, const struct spec *question,
				const struct spec *answer, __u8 wait)
{
	struct seed seed;

	seed_begin(&seed, mode, 0, flags, MTU_USUAL, 0);
	seed_put(&seed, &(struct way){ .hook = FROM_GATEWAY }, question);
	seed_put(&seed, &(struct way){ .hook = FROM_GATEWAY, .wait = 2 }, question);
	seed_put(&seed, &(struct way){ .hook = FROM_WIRE, .wait = wait, .flags = MARKED }, answer);
	seed_end(&seed);
}

void add_flow_seeds(void)
{
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
				question_and_answer(mode, mode == 1, &questions[i], &answers[i],
						    wait);
		question_and_answer(mode, 0, &questions[0], &syn, 0);
		question_and_answer(mode, 0, &questions[1], &error, 0);
		for (__u8 wait = 0; wait < 8; wait++) {
			seed_begin(&seed, mode, 0, 0, MTU_USUAL, 0);
			seed_put(&seed, &(struct way){ .hook = FROM_GATEWAY }, &questions[0]);
			seed_put(&seed, &(struct way){ .hook = FROM_HOME, .wait = wait }, &opened);
			seed_put(&seed, &(struct way){ .hook = FROM_WIRE }, &answers[0]);
			seed_end(&seed);
		}
	}
}

/* The gateway resets a connection: it has none such, a fresh one, or one long at rest. The home then opens it. */
void add_reset_seeds(void)
{
#define ENDS .protocol = PROTO_TCP, .source_port = 40000, .destination_port = 80
	static const struct spec ours = { FROM_US, ENDS, .flags = SYN };
	static const struct spec reset = { FROM_US, ENDS, .flags = RST };
	static const struct spec opened = { FROM_PEER, ENDS, .flags = SYN };
	static const struct spec answer = { FROM_CLIENT, .protocol = PROTO_TCP, .source_port = 80,
					    .destination_port = 40000, .flags = SYN | ACK };
	struct seed seed;

	for (__u8 wait = 0; wait < 8; wait++) {
		seed_begin(&seed, TC, 0, 0, MTU_USUAL, 0);
		seed_put(&seed, &(struct way){ .hook = FROM_GATEWAY }, &ours);
		seed_put(&seed, &(struct way){ .hook = FROM_GATEWAY, .wait = wait }, &reset);
		seed_put(&seed, &(struct way){ .hook = FROM_HOME }, &opened);
		seed_put(&seed, &(struct way){ .hook = FROM_WIRE }, &answer);
		seed_end(&seed);
	}
	seed_one(TC, 0, 0, MTU_USUAL, 0, &(struct way){ .hook = FROM_GATEWAY }, &reset);
#undef ENDS
}

void add_fragment_seeds(void)
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
				seed_begin(&seed, mode, 0, 0, MTU_USUAL, 0);
				seed_put(&seed, &way, &third);
				seed_put(&seed, &way, &first);
				way.wait = wait;
				seed_put(&seed, &way, &second);
				third.df = wait & 1;
				third.ttl = wait & 2 ? 1 : 64;
				seed_put(&seed, &way, &third);
				seed_end(&seed);
			}
		}
	}
}
