/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The packet that an ICMP error quotes: whose it is, and its translation, so that the error makes sense to
 * the one who gets it (RFC 5508, section 4; RFC 3022, section 4.3).
 */
#ifndef BPF_ICMP_QUOTE_H
#define BPF_ICMP_QUOTE_H

struct quote {
	__be32 source;
	__be32 destination;
	__be16 source_port;
	__be16 destination_port;
	__u8 l3;		/* offset of the quoted IP header */
	__u8 l4;
	__u8 protocol;
	__u8 icmp_type;
};

/* RFC 792 promises the IP header and eight bytes; a quote with less cannot be told whose it is. */
static __always_inline bool quote_parse(struct quote *q, const struct packet *p, void *data,
					void *data_end)
{
	__u32 end = p->l3 + p->total;
	struct iphdr *ip;
	__be16 *transport;

	q->l3 = p->l4 + sizeof(struct icmphdr);
	ip = data + q->l3;
	if ((void *)(ip + 1) > data_end || ip->version != 4 || ip->ihl < 5)
		return false;
	q->l4 = q->l3 + ip->ihl * 4;
	q->source = ip->saddr;
	q->destination = ip->daddr;
	q->protocol = ip->protocol;
	if (ip->frag_off & bpf_htons(IP_OFFSET))
		return false;
	transport = data + q->l4;
	if (q->l4 + 8 > end || (void *)transport + 8 > data_end)
		return false;

	q->source_port = 0;
	q->destination_port = 0;
	q->icmp_type = 0;
	if (has_port_row(q->protocol)) {
		q->source_port = transport[0];
		q->destination_port = transport[1];
	} else if (q->protocol == IPPROTO_ICMP) {
		struct icmphdr *icmp = data + q->l4;

		q->icmp_type = icmp->type;
		q->source_port = icmp_identifier(icmp);
		/* RFC 1122: no error is about an error. */
		return !icmp_is_error(icmp->type);
	}
	return true;
}

/* Where in the quote the checksum over the pseudo header lies, 0 if it has none or was cut off. */
static __always_inline __u32 quote_checksum_offset(const struct quote *q, __u32 end)
{
	switch (q->protocol) {
	case IPPROTO_TCP:
		/* As netfilter, which wants the whole header (nf_nat_proto.c, tcp_manip_pkt()). */
		return q->l4 + sizeof(struct tcphdr) <= end ?
			q->l4 + offsetof(struct tcphdr, check) : 0;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
		return q->l4 + offsetof(struct udphdr, check);
	default:
		return 0;
	}
}

/*
 * Replace FROM by TO in the quote of an ICMP error: as its source (the error goes to whom sent the quoted
 * packet) or its destination. Keeps the three checksums true if they were, and false if they were not.
 */
static __always_inline void quote_translate(const struct packet *p, void *data, void *data_end,
					    __be32 from, __be32 to, bool as_source)
{
	__u64 change = csum_change32(from, to);
	__u64 icmp_change = change;
	struct icmphdr *icmp;
	__u32 check_offset;
	struct quote q;
	struct iphdr *ip;
	__u16 *check;
	__u16 old;

	if (!quote_parse(&q, p, data, data_end) || (as_source ? q.source : q.destination) != from)
		return;
	ip = data + q.l3;
	if ((void *)(ip + 1) > data_end)
		return;

	if (as_source)
		ip->saddr = to;
	else
		ip->daddr = to;
	old = ip->check;
	ip->check = csum_update(old, change);
	icmp_change += csum_change16(old, ip->check);

	check_offset = quote_checksum_offset(&q, p->l3 + p->total);
	check = data + check_offset;
	if (check_offset && (void *)(check + 1) <= data_end) {
		old = *check;
		*check = q.protocol == IPPROTO_UDP ? csum_update_udp(old, change) :
						     csum_update(old, change);
		icmp_change += csum_change16(old, *check);
	}

	icmp = data + bounded(p->l4, 0xff);
	if ((void *)(icmp + 1) <= data_end)
		icmp->checksum = csum_update(icmp->checksum, icmp_change);
}

#endif /* BPF_ICMP_QUOTE_H */
