/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of nf_conntrack in this network namespace. */
#ifndef NESTWG_CONNTRACK_H
#define NESTWG_CONNTRACK_H

#include <linux/types.h>
#include <stdint.h>

struct conntrack_tuple {
	__be32 source, destination;
	__be16 source_port, destination_port;	/* 0 where the protocol has none */
	__be16 icmp_id;
	uint8_t protocol;
};

struct conntrack_flow {
	struct conntrack_tuple original, reply;
};

/*
 * Calls `each` for all IPv4 entries. 0 or a negative errno; 0 at once if nothing is tracked, so
 * that asking does not load a module.
 */
int conntrack_each(void (*each)(const struct conntrack_flow *flow, void *data), void *data);

#endif /* NESTWG_CONNTRACK_H */
