/* SPDX-License-Identifier: GPL-2.0-only */
/* What the benchmark's BPF programs and the tool that loads them share. */
#ifndef BENCH_H
#define BENCH_H

#include <linux/types.h>

#define BENCH_SIZES	16	/* a power of two */

/*
 * Map `shape`, one element: the frames to send. The flows differ in the client's address and port: the
 * source, or for replies the destination. Addresses and ports are in network byte order.
 */
struct bench_shape {
	__be32 client;		/* the first client's address */
	__be32 server;
	__be16 server_port;
	__u8 protocol;
	__u8 reply;		/* 1: from the server to the clients */
	__u32 flows;
	__u32 sizes;		/* how many of size[] are used, in turns */
	__u16 size[BENCH_SIZES];	/* of the IP packet */
	__u32 payload_sum;	/* one's complement sum of the payload, not folded */
	__u32 ifindex;		/* frames leave by it */
	__u8 destination_mac[6];
	__u8 source_mac[6];
	__u64 next;		/* number of the next frame */
};

/* Where packets are counted and dropped. */
enum bench_mode {
	BENCH_TUNNEL,		/* as the tunnel device gets them; replies: at the far end of the wire */
	BENCH_WIRE,		/* encrypted, at the far end of the wire */
	BENCH_HOME,		/* decrypted at the home */
	BENCH_NONE,		/* nowhere */
};

/* Map `paths`, one element: where the bare paths lead to, and what the sinks look for. */
struct bench_paths {
	__u32 tunnel_ifindex;
	__u32 nic_ifindex;
	__be32 wanted;		/* source or destination that shows that a packet has been rewritten */
	__u32 verify;		/* 1: the checksums too */
	__u32 mode;		/* enum bench_mode */
};

/* Map `seen`, per CPU, one element: what came out at the far end. A bundle counts as its segments. */
struct bench_seen {
	__u64 packets;
	__u64 bytes;
	__u64 bundles;		/* as which they came */
	__u64 not_rewritten;
	__u64 wrong_checksum;
};

#endif /* BENCH_H */
