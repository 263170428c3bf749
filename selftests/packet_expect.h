/* SPDX-License-Identifier: GPL-2.0-only */
/* Put a packet in, and compare all that follows with what has to follow. */
#ifndef PACKET_EXPECT_H
#define PACKET_EXPECT_H

#include "packet_lab.h"

/* What has to become of a packet. */
enum fate {
	/* from the wire */
	STAYS,		/* to the gateway's stack, untouched */
	GOES_HOME,
	IS_ROUTED,	/* rewritten, and to the gateway's stack, which fragments it */
	GOES_BOTH_WAYS,
	GOES_BOTH_ROUTED,	/* as before, but the copy is larger than the tunnel */
	TTL_ANSWERED,
	MTU_ANSWERED,
	DROPPED,
	/* from the home */
	HOME_STAYS,
	HOME_OUT,	/* by the NIC */
	HOME_TURNED,	/* back to the home */
	HOME_TTL_ANSWERED,
	HOME_MTU_ANSWERED,
	HOME_DROPPED,
};

struct packet_case {
	const char *name;
	enum nestwg_reason reason;
	enum fate fate;
	bool no_wire;		/* only by BPF_PROG_TEST_RUN */
	/* The kernel changes it on its way to where we look: only see that it comes. */
	bool altered;
	struct spec in;
};

/* Run C in the mode in force. Prints what was wrong. */
bool expect(struct lab *lab, const struct packet_case *c);
/* Without waiting for what should not come: for many packets. */
bool expect_by_test_run(struct lab *lab, const struct packet_case *c);

/* What the parts of expect() are made of. */
bool same_bytes(const char *what, const struct bytes *expected, const struct bytes *got);
bool expect_heap(const char *what, const struct heap *heap, const struct bytes *expected,
		 unsigned int count);
/* Since BEFORE, REASON and nothing else was counted, once. BYTES 0: no matter how many. */
bool expect_counted(struct lab *lab, const struct nestwg_counter before[NESTWG_NR_REASONS],
		    enum nestwg_reason reason, unsigned int bytes, unsigned int bytes_max);
/* The same between BEFORE and AFTER. */
bool expect_counters(struct lab *lab, const struct nestwg_counter before[NESTWG_NR_REASONS],
		     const struct nestwg_counter after[NESTWG_NR_REASONS],
		     enum nestwg_reason reason, unsigned int bytes, unsigned int bytes_max);
/* What the sentinels of lab_collect() count, taken out. */
void count_sentinels(struct nestwg_counter counters[NESTWG_NR_REASONS]);

/* Let the gateway itself send S (INGRESS 0), or forward it from INGRESS. */
bool expect_learn_run(struct lab *lab, const struct spec *s, unsigned int ingress);

#endif /* PACKET_EXPECT_H */
