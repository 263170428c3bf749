/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * NAT in tc. The checksum of an skb may be half done (CHECKSUM_PARTIAL) or known as a sum over all of it
 * (CHECKSUM_COMPLETE); the kernel's helpers get both right, plain arithmetic on the bytes does not.
 *
 * An IP header whose checksum is kept true sums up to the same as before, so its bytes may be written
 * directly; and the same holds for an ICMP message.
 */
#ifndef BPF_REWRITE_TC_H
#define BPF_REWRITE_TC_H

/* Volatile: else the compiler reuses a 32-bit copy, which to the verifier is no pointer any more. */
static __always_inline void *skb_data(const struct __sk_buff *skb)
{
	return (void *)(long)*(volatile const __u32 *)&skb->data;
}

static __always_inline void *skb_data_end(const struct __sk_buff *skb)
{
	return (void *)(long)*(volatile const __u32 *)&skb->data_end;
}

/* What of the packet changes. */
struct nat {
	__be32 source;		/* both addresses as they shall be */
	__be32 destination;
	__u32 mtu;		/* SYNs: of the narrower side, 0: leave the MSS alone */
	bool hop;		/* the TTL is ours to count */
};

/* How far into the frame the decision and the rewrite have to read. */
static __always_inline __u32 headers_end(const struct __sk_buff *skb, __u32 l3)
{
	void *data_end = skb_data_end(skb);
	struct iphdr *ip = skb_data(skb) + l3;
	__u8 *transport;
	__u32 l4;

	if ((void *)(ip + 1) > data_end)
		return l3 + HEADERS_MAX;
	l4 = l3 + ip->ihl * 4;
	transport = skb_data(skb) + l4;
	switch (ip->protocol) {
	case IPPROTO_TCP:
		/* The options matter in a SYN only. */
		if ((void *)(transport + sizeof(struct tcphdr)) > data_end ||
		    (transport[TCP_FLAGS] & TCP_SYN))
			return l4 + TCP_HEADER_MAX;
		return l4 + sizeof(struct tcphdr);
	case IPPROTO_ICMP:
		return l3 + HEADERS_MAX;
	default:
		return l4 + sizeof(struct udphdr);
	}
}

/* Make the headers directly readable; they seldom are not. Pointers into the packet are void then. */
static __always_inline void tc_pull_headers(struct __sk_buff *skb, __u32 l3)
{
	__u32 end = headers_end(skb, l3);

	if (end > skb->len)
		end = skb->len;
	if (skb_data(skb) + end > skb_data_end(skb))
		bpf_skb_pull_data(skb, end);
}

static __always_inline __u32 transport_checksum_offset(const struct packet *p)
{
	switch (p->protocol) {
	case IPPROTO_TCP:
		return p->l4 + offsetof(struct tcphdr, check);
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
		return p->l4 + offsetof(struct udphdr, check);
	default:
		return 0;
	}
}

/* Global, for the verifier to follow the options' loop once. Returns as mss_find() does. */
__noinline int tc_find_mss(struct __sk_buff *skb, __u32 options, __u32 length)
{
	return mss_find(skb_data(skb), skb_data_end(skb), options, length);
}

static __always_inline void tc_clamp_mss(struct __sk_buff *skb, const struct packet *p, __u32 mtu)
{
	__u32 offset = tc_find_mss(skb, p->l4 + sizeof(struct tcphdr),
				   p->tcp_header - sizeof(struct tcphdr));
	struct mss_clamp clamp = mss_clamp(offset, skb_data(skb), skb_data_end(skb), mtu);
	__be16 new = clamp.new;

	if (!clamp.offset)
		return;
	bpf_skb_store_bytes(skb, clamp.offset, &new, sizeof(new), 0);
	/* The helper wants the words as the sum sees them. */
	if ((clamp.offset - p->l4) & 1) {
		clamp.old = __builtin_bswap16(clamp.old);
		clamp.new = __builtin_bswap16(clamp.new);
	}
	bpf_l4_csum_replace(skb, p->l4 + offsetof(struct tcphdr, check), clamp.old, clamp.new,
			    sizeof(__be16));
}

/* By the kernel, which knows what the field holds. */
static __always_inline void tc_replace_pseudo(struct __sk_buff *skb, const struct packet *p,
					      __be32 from, __be32 to)
{
	__u64 flags = BPF_F_PSEUDO_HDR | sizeof(__be32);

	if (from == to)
		return;
	if (p->protocol == IPPROTO_UDP)
		flags |= BPF_F_MARK_MANGLED_0;
	bpf_l4_csum_replace(skb, transport_checksum_offset(p), from, to, flags);
}

/*
 * Is P's transport checksum whole for sure? One that is half done holds the pseudo header's sum. What a bundle's holds
 * is left to the kernel, for hosts differ in it; and so are the protocols that are rare.
 */
static __always_inline bool checksum_is_whole(const struct packet *p, __u16 check)
{
	if (p->gso || p->first_fragment || !has_port_row(p->protocol))
		return false;
	return check != pseudo_sum(p);
}

/*
 * The addresses' CHANGE goes into the transport checksum. Most of them are whole, and their bytes are written here: a
 * third of what the helper takes. If the kernel knows the sum of all bytes, it is told how that has changed;
 * if it does not, it refuses, which does no harm.
 */
static __always_inline void tc_update_checksum(struct __sk_buff *skb, const struct packet *p,
					       const struct nat *nat, __u64 change)
{
	__u16 *check = skb_data(skb) + bounded(transport_checksum_offset(p), 0xff);
	__u16 old;

	if ((void *)(check + 1) > skb_data_end(skb) || !checksum_is_whole(p, *check)) {
		tc_replace_pseudo(skb, p, p->source, nat->source);
		tc_replace_pseudo(skb, p, p->destination, nat->destination);
		return;
	}
	old = *check;
	*check = p->protocol == IPPROTO_UDP ? csum_update_udp(old, change) :
					      csum_update(old, change);
	bpf_csum_update(skb, csum_change16(old, *check));
}

/* An error towards the home quotes what the home sent, one from the home quotes what it got. */
static __always_inline void tc_translate_quote(struct __sk_buff *skb, const struct packet *p,
					       const struct nat *nat)
{
	void *data_end = skb_data_end(skb);
	void *data = skb_data(skb);

	if (nat->destination != p->destination)
		quote_translate(p, data, data_end, p->destination, nat->destination, true);
	if (nat->source != p->source)
		quote_translate(p, data, data_end, p->source, nat->source, false);
}

/* Rewrite P as NAT says. Pointers into the packet are void afterwards. */
static __always_inline int tc_nat(struct __sk_buff *skb, const struct packet *p,
				  const struct nat *nat)
{
	__u64 change = csum_change32(p->source, nat->source) +
		       csum_change32(p->destination, nat->destination);
	struct iphdr *ip = skb_data(skb) + p->l3;
	__u64 ip_change = change;

	if ((void *)(ip + 1) > skb_data_end(skb))
		return -1;
	ip->saddr = nat->source;
	ip->daddr = nat->destination;
	if (nat->hop) {
		ip_change += csum_change16(bpf_htons(ip->ttl << 8), bpf_htons((ip->ttl - 1) << 8));
		ip->ttl--;
	}
	ip->check = csum_update(ip->check, ip_change);

	if (p->later_fragment)
		return 0;
	if (p->protocol == IPPROTO_ICMP && icmp_is_error(p->icmp_type)) {
		tc_translate_quote(skb, p, nat);
		return 0;
	}
	if (!transport_checksum_offset(p))
		return 0;
	if (nat->mtu && is_syn(p))
		tc_clamp_mss(skb, p, nat->mtu);
	tc_update_checksum(skb, p, nat, change);
	return 0;
}

/*
 * The same for what is seldom. Global, as what follows that is called from several places: the verifier then reads
 * it once, and not once for every way to it.
 */
__noinline int tc_nat_seldom(struct __sk_buff *skb, const struct packet *p, const struct nat *nat)
{
	return p && nat ? tc_nat(skb, p, nat) : -1;
}

#endif /* BPF_REWRITE_TC_H */
