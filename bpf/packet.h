/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the decision wants to know of an IPv4 packet, read once.
 *
 * Offsets count from the start of the frame, so that they outlive helpers that move the data. They are
 * bytes, so that the verifier knows a bound for them even when it has lost sight of their values.
 */
#ifndef BPF_PACKET_H
#define BPF_PACKET_H

#define IP_DF		0x4000
#define IP_MF		0x2000
#define IP_OFFSET	0x1fff

#define TCP_FLAGS	13	/* offset of the flags in the TCP header */
#define TCP_HEADER_MAX	60
#define TCP_SYN		0x02
#define TCP_RST		0x04
#define TCP_ACK		0x10

/* The gso_size of SCTP's bundles, a list of packets of any size (include/linux/skbuff.h). */
#define GSO_BY_FRAGS	0xffff

#ifndef IPPROTO_UDPLITE
#define IPPROTO_UDPLITE	136
#endif

/* A quoted header that ends beyond this offset in the IP packet can not be there: 60 + 8 + 60 + 20. */
#define HEADERS_MAX	148

struct packet {
	__u32 total;		/* length of the IP packet */
	__u32 segment;		/* length that has to fit an MTU: of one segment, if it is a bundle */
	__be32 source;
	__be32 destination;
	__be16 source_port;	/* ports: 0 where the protocol has none */
	__be16 destination_port;
	__be16 id;
	__u8 l3;		/* offset of the IP header: 14, or 0 on the tunnel */
	__u8 l4;		/* offset of what follows it */
	__u8 protocol;
	__u8 ttl;
	__u8 tcp_flags;
	__u8 tcp_header;	/* its length, options included */
	__u8 icmp_type;
	bool dont_fragment;
	bool first_fragment;	/* more are to come */
	bool later_fragment;	/* it has no transport header */
	bool gso;		/* GRO or the sender bundled several segments into it */
	bool gso_by_frags;	/* such a bundle, but of packets whose lengths only the kernel knows */
};

/*
 * P stays in memory. Else the compiler may keep each member in a register of its own, and every way out that comes
 * before they are read sets all of them to zero first, one after the other: a third of what XDP executed.
 */
static __always_inline void keep_in_memory(const struct packet *p)
{
	asm volatile("" : : "r"(p) : "memory");
}

/* Of what follows the IP header. */
static __always_inline __u32 transport_length(const struct packet *p)
{
	return p->total - (p->l4 - p->l3);
}

/* The sum over the pseudo header of TCP and UDP: what a checksum field holds that is to be completed (CHECKSUM_PARTIAL). */
static __always_inline __u16 pseudo_sum(const struct packet *p)
{
	return csum_pseudo(p->source, p->destination, p->protocol, transport_length(p));
}

static __always_inline bool parse_tcp(struct packet *p, void *data, void *data_end)
{
	struct tcphdr *tcp = data + p->l4;
	__u32 length = transport_length(p);

	if ((void *)(tcp + 1) > data_end || length < sizeof(*tcp))
		return false;
	p->source_port = tcp->source;
	p->destination_port = tcp->dest;
	p->tcp_flags = ((__u8 *)tcp)[TCP_FLAGS];
	p->tcp_header = tcp->doff * 4;
	return p->tcp_header >= sizeof(*tcp) && p->tcp_header <= length;
}

static __always_inline bool parse_udp(struct packet *p, void *data, void *data_end)
{
	struct udphdr *udp = data + p->l4;
	__u32 length = transport_length(p);
	__u32 udp_length;

	if ((void *)(udp + 1) > data_end || length < sizeof(*udp))
		return false;
	p->source_port = udp->source;
	p->destination_port = udp->dest;
	udp_length = bpf_ntohs(udp->len);
	if (udp_length < sizeof(*udp))
		return false;
	return p->first_fragment || p->gso || udp_length <= length;
}

static __always_inline bool parse_icmp(struct packet *p, void *data, void *data_end)
{
	struct icmphdr *icmp = data + p->l4;

	if ((void *)(icmp + 1) > data_end || transport_length(p) < sizeof(*icmp))
		return false;
	p->icmp_type = icmp->type;
	p->source_port = icmp_identifier(icmp);
	p->destination_port = p->source_port;
	return true;
}

/* UDP-Lite (RFC 3828) and DCCP (RFC 4340) have a checksum with a pseudo header; it has to be there. */
static __always_inline bool parse_checksummed(struct packet *p, void *data, void *data_end)
{
	return data + p->l4 + 8 <= data_end && transport_length(p) >= 8;
}

static __always_inline bool parse_transport(struct packet *p, void *data, void *data_end)
{
	switch (p->protocol) {
	case IPPROTO_TCP:
		return parse_tcp(p, data, data_end);
	case IPPROTO_UDP:
		return parse_udp(p, data, data_end);
	case IPPROTO_ICMP:
		return parse_icmp(p, data, data_end);
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
		return parse_checksummed(p, data, data_end);
	default:
		return true;
	}
}

/*
 * Read the packet whose IP header is at offset P->l3 of a frame of FRAME bytes; GSO_SIZE is the payload of
 * a segment, or 0. DATA to DATA_END may be the frame's beginning only. False: malformed; then P->total is
 * as it was, since what the packet says of its length is not to be believed.
 */
static __always_inline bool parse(struct packet *p, void *data, void *data_end, __u32 frame,
				  __u32 gso_size)
{
	struct iphdr *ip = data + p->l3;
	__u16 fragment;
	__u32 header;
	__u32 total;

	if ((void *)(ip + 1) > data_end || ip->version != 4 || ip->ihl < 5)
		return false;
	header = ip->ihl * 4;
	p->gso = gso_size != 0;
	p->gso_by_frags = gso_size == GSO_BY_FRAGS;
	/* A bundle of more than 64 KiB says 0 (skb_ip_totlen(), include/net/ip.h, Linux 6.3). */
	total = p->gso ? frame - p->l3 : bpf_ntohs(ip->tot_len);
	if (total < header || p->l3 + total > frame)
		return false;

	p->total = total;
	p->l4 = p->l3 + header;
	p->segment = p->total;
	p->source = ip->saddr;
	p->destination = ip->daddr;
	p->id = ip->id;
	p->protocol = ip->protocol;
	p->ttl = ip->ttl;
	fragment = bpf_ntohs(ip->frag_off);
	p->dont_fragment = fragment & IP_DF;
	p->later_fragment = fragment & IP_OFFSET;
	p->first_fragment = (fragment & IP_MF) && !p->later_fragment;

	if (p->later_fragment) {
		/* RFC 3128: one that would overwrite the TCP header. */
		return p->protocol != IPPROTO_TCP || (fragment & IP_OFFSET) > 1;
	}
	if (!parse_transport(p, data, data_end))
		return false;
	if (p->gso && !p->gso_by_frags)
		p->segment = header + gso_size +
			     (p->protocol == IPPROTO_TCP ? p->tcp_header : sizeof(struct udphdr));
	return true;
}

/* The first packet of a TCP connection. */
static __always_inline bool is_new_connection(const struct packet *p)
{
	return p->protocol == IPPROTO_TCP && !p->later_fragment &&
	       (p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
}

#endif /* BPF_PACKET_H */
