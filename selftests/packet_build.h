/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets from a description, all checksums computed over all their bytes. What a test expects is
 * described and built in the same way, so nothing here is incremental and nothing comes from bpf/.
 */
#ifndef PACKET_BUILD_H
#define PACKET_BUILD_H

#include <stdbool.h>

#include <linux/types.h>

#define ETH_HEADER	14
#define BYTES_MAX	9216
#define OPTIONS_MAX	40

#define IP(a, b, c, d)	((__u32)(a) << 24 | (b) << 16 | (c) << 8 | (d))

struct bytes {
	unsigned int len;
	__u8 data[BYTES_MAX];
};

enum {
	PROTO_ICMP	= 1,
	PROTO_TCP	= 6,
	PROTO_UDP	= 17,
	PROTO_DCCP	= 33,
	PROTO_GRE	= 47,
	PROTO_ESP	= 50,
	PROTO_SCTP	= 132,
	PROTO_UDPLITE	= 136,
};

enum {
	FIN	= 0x01,
	SYN	= 0x02,
	RST	= 0x04,
	PSH	= 0x08,
	ACK	= 0x10,
};

enum checksum {
	CHECKSUM_RIGHT,
	CHECKSUM_NONE,		/* UDP's zero */
	CHECKSUM_HALF,		/* to be completed: the sum over the pseudo header,
			  not complemented */
};

#define TTL_ZERO	256	/* as 0 stands for the usual */
#define TTL_USUAL	64

/* A packet. What is 0 is as usual. Addresses and ports are in host order. */
struct spec {
	/* Ethernet */
	bool broadcast;
	__u16 vlan;
	__u16 ethertype;
	__u32 padding;		/* bytes after the IP packet */

	/* IP */
	__u32 source;
	__u32 destination;
	__u16 ttl;
	__u8 tos;
	__u8 protocol;
	__u16 id;
	bool df;
	__u8 ip_options;	/* bytes */
	__u32 fragment_at;	/* this fragment: offset in bytes */
	__u32 fragment_len;	/* 0: to the end */

	/* What follows it. */
	__u16 source_port;
	__u16 destination_port;
	__u32 seq;
	__u32 ack;
	__u8 flags;
	__u8 options[OPTIONS_MAX];	/* TCP's */
	__u8 options_len;
	__u8 mss_at;		/* where in OPTIONS the MSS value is; 0: there is none */
	__u8 icmp_type;
	__u8 icmp_code;
	__u16 icmp_id;
	__u16 icmp_mtu;		/* or sequence number */
	__u16 coverage;		/* UDP-Lite */
	__u8 dccp_type;		/* 16: 0 */
	__u32 payload;		/* bytes */
	__u32 seed;		/* of the payload */
	bool has_word;
	__u16 word;		/* the payload's first two bytes */
	const __u8 *payload_from;	/* instead of SEED: these bytes */
	const struct spec *quote;	/* ICMP errors */
	__u32 quote_len;	/* 0: all of it */

	/* Checksums */
	enum checksum checksum;
	__u16 checksum_error;	/* added to the sum */
	const struct spec *checksum_of;	/* as that packet's, right or not */

	/* Lies */
	int total_lie;		/* added to the IP total length */
	int udp_lie;		/* added to the UDP length */
	__u8 ihl_is;		/* 16: 0 */
	__u8 doff_is;		/* 16: 0 */
	__u8 version_is;
	__u32 cut;		/* bytes that are left of the frame */
};

/* A description changed by the data path, with storage for its quote. */
struct translation {
	struct spec packet;
	struct spec quote;
};

extern const __u8 mac_nic[6];
extern const __u8 mac_next_hop[6];

__u32 random_next(__u32 *state);

void build_ip(const struct spec *s, struct bytes *out);
/* As it arrives on the NIC. */
void build_frame(const struct spec *s, struct bytes *out);
/* As it leaves the NIC. */
void build_frame_out(const struct bytes *ip, struct bytes *out);
/* An ICMP error from SOURCE about IP, MTU 0: time exceeded. */
void build_answer(const struct bytes *ip, __u32 source, unsigned int mtu, struct bytes *out);

/* What the packet becomes, MSS not above MSS_MAX. */
void translate_destination(const struct spec *s, __u32 to, int hops, unsigned int mss_max,
			   struct translation *t);
void translate_source(const struct spec *s, __u32 to, int hops, unsigned int mss_max,
		      struct translation *t);

/* Choose the payload so that the true checksum looks like half a one (of a fragment, if it is). */
void choose_checksum_like_half(struct spec *s);
/* Choose S's payload so that the checksum of LIKE, S with other addresses, comes out as zero. */
void choose_checksum_zero(struct spec *s, const struct spec *like);

/* The checksum field of a TCP, UDP, UDP-Lite or DCCP packet, in host order. */
__u16 checksum_field(const struct spec *s);

#endif /* PACKET_BUILD_H */
