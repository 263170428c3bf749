/* SPDX-License-Identifier: GPL-2.0-only */
/* What became of a packet, and whether that may be. */
#ifndef PACKET_FATES_H
#define PACKET_FATES_H

#include "packet_check.h"

#define NOT_RUN		(-1000)

struct outcome {
	int xdp_action;
	int action;
	int copy_action;	/* of a clone that is received anew */
	int learn_action;	/* at the NIC's egress */
	__u64 counted;		/* how often; REASON and BYTES: what */
	enum nestwg_reason reason;
	__u64 bytes;
	bool learned;		/* there was some flow of the gateway's before */
	struct host_packet packet;
	struct nestwg_counter before[NESTWG_NR_REASONS];
	struct nestwg_watcher watcher;	/* as it was before */
};

void outcome_begin(struct outcome *out);
void outcome_end(struct outcome *out);

/* Under a failing helper or map: the program returned something legal, and counted at most once. */
void check_legal(const struct arrival_in *in, const struct outcome *out);
void check_fate(enum mode mode, const struct arrival_in *in, struct outcome *out);

/* The answer to a forwarded packet, from the home. False: there is none to be made. */
bool make_reply(const struct arrival_in *in, const struct outcome *out, struct arrival_in *reply);
void check_reply(const struct arrival_in *in, const struct arrival_in *reply,
		 const struct outcome *out);

/* packet_shown.c */
void check_shown(const struct arrival_in *in, const struct outcome *out);

/* The sum over a packet from its IP header on, as CHECKSUM_COMPLETE has it. */
__u32 wire_sum(const struct host_packet *packet);

#endif /* PACKET_FATES_H */
