/* SPDX-License-Identifier: GPL-2.0-only */
/* An IPv4 packet read by RFC 791, 768, 9293 and 792; nothing here comes from bpf/. */
#ifndef PACKET_VIEW_H
#define PACKET_VIEW_H

#include <stdbool.h>

#include <linux/types.h>

#include "../packet_words.h"

enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_DCCP = 33, PROTO_SCTP = 132,
       PROTO_UDPLITE = 136 };

#define IP_HEADER	20
#define TCP_HEADER	20
#define UDP_HEADER	8
#define ICMP_HEADER	8

struct view {
	const __u8 *ip;
	__u32 length;		/* bytes that are there */
	bool sane;		/* header and lengths are possible, transport header included */
	__u32 header;		/* length of the IP header */
	__u32 total;
	__u32 payload;		/* length of what follows it */
	__u32 source, destination;
	__u16 source_port, destination_port;
	__u8 ttl, protocol;
	bool df, first_fragment, later_fragment;
	bool icmp_error, icmp_query, icmp_reply;
	bool syn;
	__u32 check_at;		/* of the transport checksum, from IP; 0: none */
};

/* BUNDLE: what the header says of the length is that of no packet. */
void view_packet(struct view *view, const __u8 *ip, __u32 length, bool bundle);

/* One's complement sums: of the header, of pseudo header and payload, each checksum included. */
__u16 view_header_sum(const struct view *view);
__u16 view_pseudo_sum(const struct view *view);
__u16 view_transport_sum(const struct view *view);

/* 0 and 0xffff are one number. */
bool same_sum(__u16 a, __u16 b);

/* Where the MSS value of a SYN with well-formed options is, from IP; 0: it has none. */
__u32 view_mss_at(const struct view *view);

/* The length that meets an MTU: of one segment of a bundle. */
__u32 segment_length(const struct view *view, __u32 gso_size);

#endif /* PACKET_VIEW_H */
