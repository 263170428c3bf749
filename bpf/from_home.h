/* SPDX-License-Identifier: GPL-2.0-only */
/* The way back: what comes out of the tunnel. Always tc: WireGuard's packets have no XDP that would do. */
#ifndef BPF_FROM_HOME_H
#define BPF_FROM_HOME_H

#ifndef AF_INET
#define AF_INET		2	/* <sys/socket.h> is the host's */
#endif

/* How a packet leaves the NIC. */
struct way_out {
	bool known;		/* false: the kernel has to look for the neighbour */
	__be32 gateway;		/* whom it has to look for; 0: it has to look for that, too */
	__u8 addresses[2 * ETH_ALEN];	/* the neighbour's, and the NIC's */
};

/* A rule may have had the answer for the tunnel's packets alone: who looks for a route once more misses it. */
static __always_inline void way_out_through(struct way_out *out, const struct bpf_fib_lookup *fib)
{
	if (fib->family == AF_INET)
		out->gateway = fib->ipv4_dst;
}

/* What the kernel has told, for this packet and for those that follow. */
static __always_inline void way_out_keep(struct way_out *out, const struct nestwg_config *cfg,
					 const struct packet *p, const struct bpf_fib_lookup *fib)
{
	struct nestwg_next_hop *hop = next_hop_slot(p->destination);
	__u64 now = bpf_ktime_get_coarse_ns();

	if (!hop)
		return;
	out->known = next_hop_is_anothers(hop, p, now);
	__builtin_memcpy(out->addresses, fib->dmac, ETH_ALEN);
	__builtin_memcpy(out->addresses + ETH_ALEN, fib->smac, ETH_ALEN);
	next_hop_keep(hop, cfg, p, fib, now);
}

/*
 * Does the kernel send P out of the NIC? Its table says so, and the neighbour with it. Without
 * net.ipv4.conf.WG.forwarding it will not tell (fact 5 of the design): then all leaves by the NIC but what
 * is for the gateway itself. Global, for the verifier to read it once, and not with all that follows each answer.
 */
__noinline int routed_by_nic(struct __sk_buff *skb, const struct nestwg_config *cfg,
			     const struct packet *p, struct way_out *out)
{
	struct bpf_fib_lookup fib = { .family = AF_INET };
	__be32 destination;

	if (!cfg || !p || !out)
		return false;
	destination = p->destination;
	fib.l4_protocol = p->protocol;
	fib.ipv4_src = cfg->address;
	fib.ipv4_dst = destination;
	fib.ifindex = cfg->wg_ifindex;
	switch (bpf_fib_lookup(skb, &fib, sizeof(fib), 0)) {
	case BPF_FIB_LKUP_RET_SUCCESS:
		if (fib.ifindex != cfg->nic_ifindex)
			return false;
		way_out_through(out, &fib);
		way_out_keep(out, cfg, p, &fib);
		return true;
	case BPF_FIB_LKUP_RET_NO_NEIGH:
	case BPF_FIB_LKUP_RET_FRAG_NEEDED:
		way_out_through(out, &fib);
		return fib.ifindex == cfg->nic_ifindex;
	case BPF_FIB_LKUP_RET_FWD_DISABLED:
		return !bpf_map_lookup_elem(&addresses, &destination);
	default:
		return false;
	}
}

/* Does P leave by the NIC? Most of the time nobody has to be asked. */
static __always_inline bool leaves_by_nic(struct __sk_buff *skb, const struct nestwg_config *cfg,
					  const struct packet *p, struct way_out *out)
{
	struct nestwg_next_hop *hop;

	/* Multicast, broadcast, loopback: nobody that a packet could be routed to. */
	if (is_martian(p->destination))
		return false;
	hop = next_hop_slot(p->destination);
	if (!hop || !next_hop_holds(hop, cfg, p, bpf_ktime_get_coarse_ns()))
		return routed_by_nic(skb, cfg, p, out);
	out->known = true;
	__builtin_memcpy(out->addresses, hop->addresses, sizeof(out->addresses));
	return true;
}

/* A packet from the home to the public address: who has it? */
static __always_inline enum nestwg_reason judge_hairpin(const struct nestwg_config *cfg,
							const struct packet *p,
							const struct arrival *in)
{
	bool icmp = p->protocol == IPPROTO_ICMP;

	if (icmp && icmp_is_error(p->icmp_type)) {
		switch (judge_icmp_error(cfg, p, in)) {
		case NESTWG_FORWARDED:
			return NESTWG_HOME_HAIRPIN;
		case NESTWG_OWN_ICMP_ERROR:
			return NESTWG_HOME_EXCLUDED;
		default:
			return NESTWG_HOME_ICMP_UNRELATED;
		}
	}
	if (icmp && !icmp_has_identifier(p->icmp_type))
		return NESTWG_HOME_HAIRPIN;
	if (owner_of(p->source, p->source_port, p->destination_port, p->protocol,
		     icmp && icmp_is_query(p->icmp_type), true) == OWNER_HOME)
		return NESTWG_HOME_HAIRPIN;
	return NESTWG_HOME_EXCLUDED;
}

/*
 * An error about something else could not be translated, and would tell the world an inner address. So would
 * a redirect, which names a router of the home's: netfilter drops it, too (nf_nat_icmp_reply_translation()).
 */
static __always_inline bool quotes_what_home_got(const struct nestwg_config *cfg,
						 const struct packet *p, const struct arrival *in)
{
	struct quote q;

	if (p->icmp_type == ICMP_REDIRECT)
		return false;
	return quote_parse(&q, p, in->data, in->data_end) && q.destination == cfg->peer;
}

static __always_inline enum nestwg_reason judge_return(struct __sk_buff *skb,
						       const struct nestwg_config *cfg,
						       const struct packet *p,
						       const struct arrival *in,
						       struct way_out *out)
{
	struct nestwg_port *port;

	if (!leaves_by_nic(skb, cfg, p, out))
		return NESTWG_HOME_TO_GATEWAY;
	if (p->protocol == IPPROTO_ICMP && !p->later_fragment && icmp_is_error(p->icmp_type) &&
	    !quotes_what_home_got(cfg, p, in))
		return NESTWG_HOME_ICMP_UNRELATED;
	if (has_port_row(p->protocol) && !p->later_fragment) {
		port = get_port(p->source_port);
		if (port && port_is_excluded(port, p->protocol))
			return NESTWG_HOME_RESERVED_PORT;
	}
	return NESTWG_HOME_RETURNED;
}

/* TTL and size of a packet that passes. */
static __always_inline enum nestwg_reason judge_home_passage(const struct nestwg_config *cfg,
							     const struct packet *p, void *ctx,
							     enum nestwg_reason passed)
{
	if (p->ttl <= 1)
		return may_be_answered(p) ? NESTWG_HOME_TTL_EXCEEDED : NESTWG_HOME_ANSWER_FORBIDDEN;
	if (passed == NESTWG_HOME_HAIRPIN || !exceeded_mtu(ctx, p, cfg->nic_ifindex))
		return passed;
	if (!p->dont_fragment)
		return NESTWG_HOME_TOO_BIG;
	return may_be_answered(p) ? NESTWG_HOME_FRAG_NEEDED : NESTWG_HOME_ANSWER_FORBIDDEN;
}

static __always_inline enum nestwg_reason judge_from_home(struct __sk_buff *skb,
							  const struct nestwg_config *cfg,
							  struct packet *p, struct way_out *out)
{
	struct arrival in = {
		.ctx = skb,
		.data = skb_data(skb),
		.data_end = skb_data_end(skb),
		.frame = skb->len,
		.gso_size = skb->gso_size,
	};
	struct iphdr *ip = in.data;
	enum nestwg_reason reason;

	p->total = skb->len;
	if (skb->protocol != bpf_htons(ETH_P_IP))
		return NESTWG_HOME_OTHER_SOURCE;
	if ((void *)(ip + 1) > in.data_end)
		return NESTWG_HOME_MALFORMED;
	if (ip->saddr != cfg->peer)
		return NESTWG_HOME_OTHER_SOURCE;
	if (!parse(p, in.data, in.data_end, in.frame, in.gso_size))
		return NESTWG_HOME_MALFORMED;

	if (p->destination != cfg->address) {
		reason = judge_return(skb, cfg, p, &in, out);
	} else if (p->later_fragment && follows_first(p)) {
		reason = fragment_recall(p, NESTWG_FROM_HOME, NESTWG_HOME_HAIRPIN);
	} else {
		reason = judge_hairpin(cfg, p, &in);
		if (p->first_fragment && follows_first(p))
			fragment_remember(p, NESTWG_FROM_HOME, reason);
	}
	if (reason == NESTWG_HOME_RETURNED || reason == NESTWG_HOME_HAIRPIN)
		reason = judge_home_passage(cfg, p, skb, reason);
	return reason;
}

static __always_inline int redirect_to_neighbour(const struct nestwg_config *cfg,
						 const struct way_out *out)
{
	struct bpf_redir_neigh neighbour = { .nh_family = AF_INET, .ipv4_nh = out->gateway };

	if (!out->gateway)
		return bpf_redirect_neigh(cfg->nic_ifindex, NULL, 0, 0);
	return bpf_redirect_neigh(cfg->nic_ifindex, &neighbour, sizeof(neighbour), 0);
}

static __always_inline int home_out_of_nic(struct __sk_buff *skb, const struct nestwg_config *cfg,
					   const struct packet *p, const struct way_out *out)
{
	struct nat nat = {
		.source = cfg->address,
		.destination = p->destination,
		.mtu = is_syn(p) ? path_mtu(skb, cfg) : 0,
		.hop = true,
	};
	struct ethhdr *eth;

	if (is_new_connection(p))
		take_over(p);
	tc_nat(skb, p, &nat);
	skb->mark = MARK_RETURNED;
	if (bpf_skb_change_head(skb, sizeof(*eth), 0))
		return TC_ACT_SHOT;
	eth = skb_data(skb);
	if ((void *)(eth + 1) > skb_data_end(skb))
		return TC_ACT_SHOT;
	eth->h_proto = bpf_htons(ETH_P_IP);
	if (!out->known)
		return redirect_to_neighbour(cfg, out);
	__builtin_memcpy(eth, out->addresses, sizeof(out->addresses));
	return bpf_redirect(cfg->nic_ifindex, 0);
}

static __always_inline int home_hairpin(struct __sk_buff *skb, const struct nestwg_config *cfg,
					const struct packet *p)
{
	struct nat nat = {
		.source = cfg->address,
		.destination = cfg->peer,
		.mtu = is_syn(p) ? mtu_of(skb, cfg->wg_ifindex) : 0,
		.hop = true,
	};

	tc_nat_seldom(skb, p, &nat);
	return bpf_redirect(cfg->wg_ifindex, 0);
}

static __always_inline int home_answer(struct __sk_buff *skb, const struct nestwg_config *cfg,
				       const struct packet *p, enum nestwg_reason reason)
{
	struct answer a = {
		.source = cfg->tunnel_address ?: cfg->address,
		.ifindex = cfg->wg_ifindex,
		.mtu = reason == NESTWG_HOME_FRAG_NEEDED ? mtu_of(skb, cfg->nic_ifindex) : 0,
	};

	return answer(skb, p, &a);
}

/* Do what REASON asks for. Global, as tc_settle_wire(). */
__noinline int tc_settle_home(struct __sk_buff *skb, const struct nestwg_config *cfg,
			      const struct packet *p, const struct way_out *out, __u32 reason)
{
	if (!cfg || !p || !out)
		return TC_ACT_SHOT;
	reason = limit_answers(reason, NESTWG_HOME_ANSWER_LIMITED);
	tc_note(skb, p, reason);

	switch (verdict_of(reason)) {
	case NESTWG_NIC:
		return home_out_of_nic(skb, cfg, p, out);
	case NESTWG_HAIRPIN:
		return home_hairpin(skb, cfg, p);
	case NESTWG_ANSWER:
		return home_answer(skb, cfg, p, reason);
	case NESTWG_DROP:
		return TC_ACT_SHOT;
	default:
		return TC_ACT_UNSPEC;
	}
}

#endif /* BPF_FROM_HOME_H */
