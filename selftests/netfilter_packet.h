/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets drawn at random, odd ones and broken ones often: the same on every machine for the same seed. */
#ifndef NETFILTER_PACKET_H
#define NETFILTER_PACKET_H

#include "netfilter_site.h"

#define PIECES_MAX	16
#define MAC_OFFSET	6	/* of the source */

/* What is sent at once: one packet, or the fragments of one. */
struct probe {
	enum side side;
	const char *what;
	unsigned int count;
	struct bytes packets[PIECES_MAX];	/* frames where SIDE is the wire, else IP packets */
};

/* Two ends that talk. The local one is the home or the gateway. */
struct flow {
	__u32 remote;
	__u32 local;		/* its address as it knows it itself */
	__u16 remote_port;
	__u16 local_port;
	__u16 icmp_id;
	__u8 icmp_query;
	__u8 protocol;
	__u32 seq[2];		/* of the remote end, of the local end */
	__u32 tag[2];		/* SCTP's */
	unsigned int step;	/* packets so far */
	bool opened_here;	/* by the local end */
	bool tame;		/* no broken packets */
};

__u32 pick(__u32 *random, __u32 below);
bool chance(__u32 *random, __u32 one_in);

void draw_flow(struct flow *flow, __u32 local, __u32 *random);
/* The next packet of FLOW, from SIDE. */
void draw_packet(struct probe *probe, enum side side, struct flow *flow, __u32 *random);
/* An ICMP error from SIDE about QUOTED, as it came there; NULL: about something that never was. */
void draw_error(struct probe *probe, enum side side, const struct flow *flow,
		const struct bytes *quoted, __u32 *random);
/* A frame that is not simply for the public address: VLANs, other addresses, impossible sources. */
void draw_oddity(struct probe *probe, struct flow *flow, __u32 *random);

/* What SCTP wants of a packet: random payload around it (netfilter_payload.c). */
unsigned int draw_sctp(__u8 *at, const struct flow *flow, bool local, unsigned int room,
		       __u32 *random);
unsigned int draw_gre(__u8 *at, const struct flow *flow, unsigned int room, __u32 *random);

/* What is done to an IP packet that is built (netfilter_mutate.c). */
void mutate(struct bytes *ip, __u32 *random);
/* Cut IP into PROBE's packets. */
void cut_up(const struct bytes *ip, struct probe *probe, __u32 *random);
void repair_ip_checksum(struct bytes *ip);

#endif /* NETFILTER_PACKET_H */
