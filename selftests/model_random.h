/* SPDX-License-Identifier: GPL-2.0-only */
/* Random gateways and what happens to them: all of it follows from one number. */
#ifndef MODEL_RANDOM_H
#define MODEL_RANDOM_H

#include "model.h"

/* A network that is behind neither the NIC nor the tunnel: 172.20.0.0/24, see packet_lab.c. */
#define ELSEWHERE	IP(172, 20, 0, 0)

/* Addresses that the namespace has, for the kernel's own table to know them. */
#define LOCAL(i)	IP(10, 99, 0, 1 + (i))

enum step_kind {
	STEP_WIRE,
	STEP_HOME,
	STEP_HOME_IPV6,
	STEP_LEAVES,	/* the gateway sends */
	STEP_TIME,	/* passes: `value` seconds */
	STEP_TOGGLE,	/* `allow` or `disallow` of port `value`, TCP and UDP */
};

struct step {
	enum step_kind kind;
	bool poor;	/* no more ICMP answers are allowed */
	unsigned int value;
	struct bytes packet;
};

void random_config(struct model_config *c, __u32 seed);
/* Steps that suit C. */
void random_steps(const struct model_config *c, __u32 seed, struct step *steps, unsigned int count);

#endif /* MODEL_RANDOM_H */
