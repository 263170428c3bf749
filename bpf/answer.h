/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ICMP errors that are sent: time exceeded and fragmentation needed. Always from tc: XDP would have to
 * send by XDP_TX, which wants spare queues of many drivers, and in generic mode leaves half a checksum.
 *
 * The packet becomes its own answer: cut to what is quoted, new headers in front, sent back.
 */
#ifndef BPF_ANSWER_H
#define BPF_ANSWER_H

/* As the kernel's icmp_msgs_per_sec and icmp_msgs_burst; here for each CPU. */
#define ANSWERS_PER_SECOND	1000
#define ANSWERS_BURST		50

/* RFC 1812, section 4.3.2.3: quote as much as fits 576 bytes. */
#define ANSWER_HEADERS		(sizeof(struct iphdr) + sizeof(struct icmphdr))
#define QUOTE_MAX		(NESTWG_MTU_MIN - ANSWER_HEADERS)

/* RFC 1812, section 4.3.2.5: precedence INTERNETWORK CONTROL. */
#define ANSWER_TOS		0xc0
#define ANSWER_TTL		64

struct answer {
	__be32 source;
	__u32 ifindex;		/* where it leaves: where the packet came from */
	__u32 mtu;		/* fragmentation needed: of the next hop; 0: time exceeded */
};

/* Take a token; false: too many answers lately. */
static __always_inline bool answer_is_allowed(void)
{
	__u32 zero = 0;
	struct nestwg_bucket *bucket = bpf_map_lookup_elem(&answers, &zero);
	__u64 now = bpf_ktime_get_coarse_ns();
	__u64 earned;

	if (!bucket)
		return false;
	earned = (now - bucket->filled) / (SECOND / ANSWERS_PER_SECOND);
	if (earned) {
		bucket->filled = now;
		bucket->tokens += earned;
		if (bucket->tokens > ANSWERS_BURST)
			bucket->tokens = ANSWERS_BURST;
	}
	if (!bucket->tokens)
		return false;
	bucket->tokens--;
	return true;
}

/* REASON, or LIMITED if it asks for an answer and too many were sent lately. */
static __always_inline enum nestwg_reason limit_answers(enum nestwg_reason reason,
							enum nestwg_reason limited)
{
	return verdict_of(reason) == NESTWG_ANSWER && !answer_is_allowed() ? limited : reason;
}

/*
 * Sum bytes of the packet. A folded sum, or -1: the packet ends before. Global, so that the verifier reads it
 * once, apart from its callers.
 */
__noinline int sum_bytes(struct __sk_buff *skb, __u32 offset, __u32 length)
{
	__u64 sum = 0;

	if (offset > HEADERS_MAX || length > SEGMENT_MAX ||
	    !csum_add_large(skb_data(skb) + offset, skb_data_end(skb), length, &sum) ||
	    !csum_add_small(skb_data(skb) + offset, skb_data_end(skb), length, &sum) ||
	    !csum_add_rest(skb_data(skb) + offset, skb_data_end(skb), length, &sum))
		return -1;
	return csum_fold(sum);
}

/* Is the checksum of the segment P true, as it stands? PSEUDO is the sum over the pseudo header. */
static __always_inline bool checksum_is_true(struct __sk_buff *skb, const struct packet *p,
					     __u16 pseudo)
{
	int sum;

	if (bpf_skb_pull_data(skb, p->l3 + p->total))
		return false;
	sum = sum_bytes(skb, p->l4, transport_length(p));
	return sum >= 0 && csum_fold((__u64)pseudo + (sum & 0xffff)) == 0xffff;
}

/*
 * What the transport part of the quote will sum up to on the wire, if its checksum is still to be completed
 * (CHECKSUM_PARTIAL: the field holds the pseudo header's sum F); else 0. Completing makes the sum of it
 * all, checksum included, the complement of F, whatever it was cut to. As in XDP, one true checksum in
 * 65536 looks like it; a bundle's is always partial.
 */
static __always_inline __u16 partial_sum(struct __sk_buff *skb, const struct packet *p)
{
	__u16 *field = skb_data(skb) + transport_checksum_offset(p);
	__u16 check;

	if (!has_port_row(p->protocol) || p->first_fragment || p->later_fragment)
		return 0;
	if ((void *)(field + 1) > skb_data_end(skb))
		return 0;
	check = *field;
	if (check != pseudo_sum(p))
		return 0;
	if (!p->gso && checksum_is_true(skb, p, check))
		return 0;
	return ~check;
}

/* A bundle is quoted as its first segment, the packet that was really sent. */
static __always_inline void quote_first_segment(struct __sk_buff *skb, const struct packet *p)
{
	struct iphdr *ip = skb_data(skb) + p->l3;
	__be16 old;

	if (!p->gso || (void *)(ip + 1) > skb_data_end(skb))
		return;
	old = ip->tot_len;
	ip->tot_len = bpf_htons(p->segment);
	ip->check = csum_update(ip->check, csum_change16(old, ip->tot_len));
}

static __always_inline void answer_fill_ip(struct iphdr *ip, const struct packet *p,
					   const struct answer *a, __u32 quoted)
{
	*ip = (struct iphdr) {
		.version = 4,
		.ihl = sizeof(*ip) / 4,
		.tos = ANSWER_TOS,
		.tot_len = bpf_htons(ANSWER_HEADERS + quoted),
		/* RFC 6864: what cannot be fragmented needs no id. */
		.frag_off = bpf_htons(IP_DF),
		.ttl = ANSWER_TTL,
		.protocol = IPPROTO_ICMP,
		.saddr = a->source,
		.daddr = p->source,
	};
	ip->check = csum_update(0xffff, csum_change16(0, bpf_htons(0x4500 | ANSWER_TOS)) +
				csum_change16(0, ip->tot_len) + csum_change16(0, ip->frag_off) +
				csum_change16(0, bpf_htons(ANSWER_TTL << 8 | IPPROTO_ICMP)) +
				csum_change32(0, ip->saddr) + csum_change32(0, ip->daddr));
}

static __always_inline void answer_fill_icmp(struct icmphdr *icmp, const struct answer *a,
					     __u16 quote_sum)
{
	__u8 type = a->mtu ? ICMP_DEST_UNREACH : ICMP_TIME_EXCEEDED;
	__u8 code = a->mtu ? ICMP_FRAG_NEEDED : ICMP_EXC_TTL;
	__be16 mtu = bpf_htons(a->mtu);

	*icmp = (struct icmphdr) {
		.type = type,
		.code = code,
		/* RFC 1191. */
		.mtu = mtu,
	};
	icmp->checksum = ~csum_fold((__u64)bpf_htons(type << 8 | code) + mtu + quote_sum);
}

/* Turn the frame round: it goes back to the neighbour that it came from. */
static __always_inline void swap_macs(struct __sk_buff *skb)
{
	struct ethhdr *eth = skb_data(skb);
	__u8 mac[ETH_ALEN];

	if ((void *)(eth + 1) > skb_data_end(skb))
		return;
	__builtin_memcpy(mac, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, mac, ETH_ALEN);
}

/* Answer P as A says. The packet is used up. Returns what the program has to return. */
__noinline int answer(struct __sk_buff *skb, const struct packet *p, const struct answer *a)
{
	struct icmphdr *icmp;
	struct iphdr *ip;
	__u32 quoted;
	__u32 summed;
	__u16 partial;
	__u64 sum;

	if (!p || !a)
		return TC_ACT_SHOT;
	quoted = p->total < QUOTE_MAX ? p->total : QUOTE_MAX;
	partial = partial_sum(skb, p);
	summed = partial ? p->l4 - p->l3 : quoted;
	quote_first_segment(skb, p);
	if (bpf_skb_change_tail(skb, p->l3 + quoted, 0) ||
	    bpf_skb_adjust_room(skb, ANSWER_HEADERS, BPF_ADJ_ROOM_MAC, 0) ||
	    bpf_skb_pull_data(skb, p->l3 + ANSWER_HEADERS + quoted))
		return TC_ACT_SHOT;
	sum = (__u64)partial + (sum_bytes(skb, p->l3 + ANSWER_HEADERS, summed) & 0xffff);

	if (p->l3)
		swap_macs(skb);
	ip = skb_data(skb) + p->l3;
	icmp = (void *)(ip + 1);
	if ((void *)(icmp + 1) > skb_data_end(skb))
		return TC_ACT_SHOT;
	answer_fill_ip(ip, p, a, quoted);
	answer_fill_icmp(icmp, a, csum_fold(sum));
	return bpf_redirect(a->ifindex, 0);
}

#endif /* BPF_ANSWER_H */
