/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel around bpf/ when that is compiled for the host: maps, packets in memory, helpers. It does
 * what the kernel does (net/core/filter.c) and what is allowed to it: a helper that may move the packet
 * moves it every time, and from then on its old place is poison to AddressSanitizer.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/types.h>

#include "nestwg.h"

/* bpf/nestwg.bpf.c */
int nestwg_ingress(struct xdp_md *ctx);
int nestwg_handoff(struct __sk_buff *skb);
int nestwg_return(struct __sk_buff *skb);
int nestwg_learn(struct __sk_buff *skb);

/* ---- maps ---- */

struct host_map {
	const void *map;	/* bpf/maps.h's variable */
	__u32 type;
	__u32 entries;
	__u32 key_size;
	__u32 value_size;
};

/* host_programs.c; by this order. */
enum { MAP_CONFIG, MAP_PORTS, MAP_PROTOCOLS, MAP_ADDRESSES, MAP_FLOWS, MAP_FRAGMENTS, MAP_COUNTERS,
       MAP_ANSWERS, MAP_WATCHER, MAP_NEXT_HOPS, NR_MAPS };
extern const struct host_map host_maps[NR_MAPS];

void host_maps_reset(void);
/* As the loader or the kernel reads and writes them: no fault. NULL: there is no such entry. */
void *host_map_value(int map, const void *key);
/* Has a hash any entry? */
bool host_map_used(int map);
/* All of an array, as a program's user reads it. */
const void *host_map_array(int map);
void host_map_put(int map, const void *key, const void *value);

/* ---- a packet ---- */

#define PACKET_MAX	(64u << 10)

/* SKB_MAX_ALLOC, with pages of 4 KiB: what a helper lets an skb grow to. */
#define LENGTH_MAX	16064

enum summed {
	SUMMED_NONE,		/* the stack will check */
	SUMMED_PARTIAL,		/* the field holds the pseudo header's sum, to be completed */
	SUMMED_COMPLETE,	/* CSUM is the sum of all from the IP header on */
};

struct host_packet {
	struct __sk_buff skb;	/* first: what the programs get is its address */
	__u32 network;		/* offset of the network header */
	__u32 linear;		/* bytes that are directly readable */
	enum summed summed;
	__u32 sum_start;	/* PARTIAL: offset of the transport header, and in it of the field */
	__u32 sum_field;
	__u32 sum;		/* in the machine's byte order of 16-bit words, as all checksums */
	__u8 *data;
	unsigned int place;	/* where in memory that is */
	__u8 rest[PACKET_MAX + 64];	/* what is not linear */
};

/* Give PACKET these bytes and a place, LINEAR of them directly readable. */
void host_packet_place(struct host_packet *packet, const __u8 *bytes, __u32 length, __u32 linear);
void host_packet_copy(const struct host_packet *packet, __u8 *bytes);
/* Poison all places. */
void host_packets_forget(void);

/* ---- the rest of the world ---- */

enum { IF_NONE, IF_NIC = 2, IF_WG = 3, IF_LAN = 4, NR_IFS };

#define NEXT_HOP	0xc0000201	/* 192.0.2.1, by which all leaves the NIC */

enum end {
	END_REDIRECT,		/* bpf_redirect() */
	END_NEIGHBOUR,		/* bpf_redirect_neigh() */
	END_CLONE,		/* bpf_clone_redirect() */
};

/* Where a packet was sent. */
struct host_sent {
	enum end end;
	__u32 ifindex;
	__u64 flags;
};

struct host_world {
	__u64 now;
	__u32 mtu[NR_IFS];	/* 0: there is no such interface */
	int fib_result;
	__u32 fib_ifindex;
	__u32 asked_for;	/* whom the last bpf_redirect_neigh() was told; 0: nobody */
	__u32 fault;		/* this call of a helper fails, counted from 1; 0: none */
	__u32 calls;
	bool fold_diff;		/* bpf_csum_diff() folds, as since Linux 6.13 */
	struct host_sent redirect;
	bool redirected;
	struct host_sent clone;
	bool cloned;
	struct host_packet copy;	/* what was cloned */
	struct nestwg_event shown;	/* the last that was submitted */
	__u32 shows;
};

extern struct host_world world;

/* Shall this call of a helper fail? */
bool host_fault(void);

__u32 sum_add(__u32 sum, const __u8 *bytes, __u32 length);	/* in network byte order */
__u16 sum_fold(__u32 sum);

#endif /* HOST_H */
