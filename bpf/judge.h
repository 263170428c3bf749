/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The decision: one packet, one reason. Written once, compiled for both hooks. DESIGN section 3 has the
 * order; it is what keeps an operator from being locked out, so a rule's place matters as much as the rule.
 */
#ifndef BPF_JUDGE_H
#define BPF_JUDGE_H

/* What a program knows of the packet besides its bytes. */
struct arrival {
	void *ctx;		/* the hook's own, for helpers that both hooks have */
	void *data;
	void *data_end;
	__u32 frame;		/* length of the frame; data_end may come earlier */
	__u32 gso_size;
};

/* RFC 1122, section 3.2.1.3: no packet on a wire may have such a source. Class E passes. */
static __always_inline bool is_martian(__be32 address)
{
	__u32 a = bpf_ntohl(address);

	return a >> 24 == 0 || a >> 24 == 127 || a >> 28 == 14 || a == 0xffffffff;
}

/*
 * Is ADDRESS one of the gateway's other addresses, or the broadcast address of a network that it is in? Most
 * sources are none, and the bits say so without a look-up.
 */
static __always_inline bool is_gateways(const struct nestwg_config *cfg, __be32 address)
{
	return cfg->address_bits & nestwg_address_bit(address) &&
	       bpf_map_lookup_elem(&addresses, &address);
}

/*
 * A source that nobody beyond the NIC has. The kernel's __fib_validate_source() refuses every local
 * address: the home would answer to it, and so speak to what listens on the gateway's inner ones alone.
 */
static __always_inline bool is_spoofed(const struct nestwg_config *cfg, __be32 source)
{
	return source == cfg->address || source == cfg->peer || is_martian(source) ||
	       is_gateways(cfg, source);
}

/*
 * RFC 1122, section 3.2.2: what never gets an ICMP error. Broadcasts do not come this far, nor do most of
 * the sources that are no single host; class E is one more.
 */
static __always_inline bool may_be_answered(const struct packet *p)
{
	if (p->later_fragment || bpf_ntohl(p->source) >> 28 == 15)
		return false;
	return p->protocol != IPPROTO_ICMP || icmp_has_identifier(p->icmp_type);
}

/* An ICMP error stays on the gateway if what it quotes was sent by the gateway. */
static __always_inline enum nestwg_reason judge_icmp_error(const struct nestwg_config *cfg,
							   const struct packet *p,
							   const struct arrival *in)
{
	enum owner owner = OWNER_HOME;
	struct quote q;

	if (!quote_parse(&q, p, in->data, in->data_end) || q.source != cfg->address)
		return NESTWG_ICMP_UNRELATED;
	/* The quoted packet left here: its source port is ours. What it answered was a query to us. */
	if (q.protocol != IPPROTO_ICMP || icmp_has_identifier(q.icmp_type))
		owner = owner_of(q.destination, q.destination_port, q.source_port, q.protocol,
				 icmp_is_reply(q.icmp_type) && q.protocol == IPPROTO_ICMP, false);
	if (owner != OWNER_HOME)
		return NESTWG_OWN_ICMP_ERROR;
	/* As netfilter drops it: nf_nat_icmp_reply_translation(). */
	if (p->icmp_type == ICMP_REDIRECT)
		return NESTWG_ICMP_REDIRECT;
	return NESTWG_FORWARDED;
}

/* Rules 4 and 5: does it stay on the gateway? NESTWG_FORWARDED if not. */
static __always_inline enum nestwg_reason judge_owner(const struct nestwg_config *cfg,
						      const struct packet *p,
						      const struct arrival *in)
{
	bool query = p->protocol == IPPROTO_ICMP && icmp_is_query(p->icmp_type);
	bool fresh = is_new_connection(p);

	if (p->protocol == IPPROTO_ICMP && icmp_is_error(p->icmp_type))
		return judge_icmp_error(cfg, p, in);
	if (p->protocol == IPPROTO_ICMP && !icmp_has_identifier(p->icmp_type))
		return NESTWG_FORWARDED;

	switch (owner_of(p->source, p->source_port, p->destination_port, p->protocol, query,
			 !fresh)) {
	case OWNER_EXCLUDED:
		return NESTWG_EXCLUDED;
	case OWNER_GATEWAY:
		/* A new connection to a port where an old one was: only the home can be meant. */
		return fresh ? NESTWG_FORWARDED : NESTWG_OWN_FLOW;
	default:
		return NESTWG_FORWARDED;
	}
}

/* Rules 6 and 7, for a packet that goes to the home. */
static __always_inline enum nestwg_reason judge_passage(const struct nestwg_config *cfg,
							const struct packet *p,
							const struct arrival *in,
							enum nestwg_reason passed)
{
	if (is_spoofed(cfg, p->source))
		return NESTWG_SPOOFED_SOURCE;
	/* Perhaps it is not for the home at all; what the copy may do is seen when it is made. */
	if (passed == NESTWG_FRAGMENT_UNSEEN)
		return passed;
	if (p->ttl <= 1)
		return may_be_answered(p) ? NESTWG_TTL_EXCEEDED : NESTWG_ANSWER_FORBIDDEN;
	if (!exceeded_mtu(in->ctx, p, cfg->wg_ifindex))
		return passed;
	if (!p->dont_fragment)
		return NESTWG_FORWARDED_FRAGMENTED;
	return may_be_answered(p) ? NESTWG_FRAG_NEEDED : NESTWG_ANSWER_FORBIDDEN;
}

/* A frame that arrived on the NIC. Fills P when the verdict is about an IPv4 packet for us. */
static __always_inline enum nestwg_reason judge_from_wire(const struct nestwg_config *cfg,
							  struct packet *p,
							  const struct arrival *in)
{
	struct ethhdr *eth = in->data;
	struct iphdr *ip = (void *)(eth + 1);
	enum nestwg_reason reason;

	p->l3 = sizeof(*eth);
	p->total = in->frame > sizeof(*eth) ? in->frame - sizeof(*eth) : 0;
	if ((void *)(eth + 1) > in->data_end || eth->h_proto != bpf_htons(ETH_P_IP))
		return NESTWG_NOT_IPV4;
	if ((void *)(ip + 1) > in->data_end)
		return NESTWG_MALFORMED;
	if (ip->daddr == cfg->peer)
		return NESTWG_SPOOFED_PEER;
	/* RFC 1122, section 3.3.6: a link-layer broadcast is not for one host. */
	if (ip->daddr != cfg->address || (eth->h_dest[0] & 1))
		return NESTWG_OTHER_ADDRESS;
	if (!parse(p, in->data, in->data_end, in->frame, in->gso_size))
		return NESTWG_MALFORMED;

	if (p->later_fragment && follows_first(p)) {
		reason = fragment_recall(p, NESTWG_FROM_WIRE, NESTWG_FRAGMENT_UNSEEN);
	} else {
		reason = judge_owner(cfg, p, in);
		if (p->first_fragment && follows_first(p))
			fragment_remember(p, NESTWG_FROM_WIRE, reason);
	}
	if (reason == NESTWG_FORWARDED || reason == NESTWG_FRAGMENT_UNSEEN)
		reason = judge_passage(cfg, p, in, reason);
	return reason;
}

#endif /* BPF_JUDGE_H */
