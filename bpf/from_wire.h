/* SPDX-License-Identifier: GPL-2.0-only */
/* What tc does with a packet from the wire: all of it in tc mode, the rest of it where XDP decides. */
#ifndef BPF_FROM_WIRE_H
#define BPF_FROM_WIRE_H

/* What WireGuard gets has the length that its header says: it asks nobody else, and pays for each byte. */
static __always_inline void tc_trim(struct __sk_buff *skb, const struct packet *p)
{
	/* An Ethernet frame's own padding is not worth the work. */
	if (!p->gso && skb->len > p->l3 + p->total && skb->len > ETH_ZLEN)
		bpf_skb_change_tail(skb, p->l3 + p->total, 0);
}

static __always_inline int tc_forward(struct __sk_buff *skb, const struct nestwg_config *cfg,
				      const struct packet *p)
{
	struct nat nat = {
		.source = p->source,
		.destination = cfg->peer,
		.mtu = is_syn(p) ? path_mtu(skb, cfg) : 0,
		.hop = true,
	};

	tc_nat(skb, p, &nat);
	tc_trim(skb, p);
	return bpf_redirect(cfg->wg_ifindex, 0);
}

static __always_inline int tc_route(struct __sk_buff *skb, const struct nestwg_config *cfg,
				    const struct packet *p)
{
	struct nat nat = {
		.source = p->source,
		.destination = cfg->peer,
		.mtu = is_syn(p) ? path_mtu(skb, cfg) : 0,
	};

	tc_nat_seldom(skb, p, &nat);
	return TC_ACT_UNSPEC;
}

/* Would our own XDP program see what tc lets the NIC receive anew, and take it for spoofed? */
static __always_inline bool xdp_is_generic(const struct nestwg_config *cfg)
{
	return (cfg->flags & (NESTWG_XDP_JUDGES | NESTWG_TC_JUDGES)) ==
	       (NESTWG_XDP_JUDGES | NESTWG_TC_JUDGES);
}

/* A fragment without its first: a copy to the home, if it can go there, and the original to the stack. */
static __always_inline int tc_both(struct __sk_buff *skb, const struct nestwg_config *cfg,
				   const struct packet *p)
{
	bool too_big = exceeded_mtu(skb, p, cfg->wg_ifindex);
	struct iphdr *ip = skb_data(skb) + p->l3;
	struct nat nat = {
		.source = p->source,
		.destination = cfg->peer,
		.hop = !too_big,
	};
	__u32 mark = skb->mark;
	__u16 check;

	if (p->ttl <= 1 || (too_big && (p->dont_fragment || xdp_is_generic(cfg))))
		return TC_ACT_UNSPEC;
	if ((void *)(ip + 1) > skb_data_end(skb))
		return TC_ACT_UNSPEC;
	check = ip->check;
	tc_nat_seldom(skb, p, &nat);
	if (too_big) {
		/* Received anew, so that the kernel routes and fragments it. */
		skb->mark = MARK_COPY;
		bpf_clone_redirect(skb, cfg->nic_ifindex, BPF_F_INGRESS);
		skb->mark = mark;
	} else {
		bpf_clone_redirect(skb, cfg->wg_ifindex, 0);
	}

	/* The helper has seen to it that the copy no longer shares the headers. */
	ip = skb_data(skb) + p->l3;
	if ((void *)(ip + 1) > skb_data_end(skb))
		return TC_ACT_SHOT;
	ip->daddr = p->destination;
	ip->ttl = p->ttl;
	ip->check = check;
	return TC_ACT_UNSPEC;
}

static __always_inline int tc_answer_wire(struct __sk_buff *skb, const struct nestwg_config *cfg,
					  const struct packet *p, enum nestwg_reason reason)
{
	struct answer a = {
		.source = cfg->address,
		.ifindex = cfg->nic_ifindex,
		.mtu = reason == NESTWG_FRAG_NEEDED ? mtu_of(skb, cfg->wg_ifindex) : 0,
	};

	return answer(skb, p, &a);
}

/*
 * Where XDP rewrites, it settles all. In generic mode it settles what it drops or leaves to the stack, and tc
 * the rest: only tc is told that a long frame is a bundle, whose segments may fit the tunnel.
 */
static __always_inline bool xdp_settles(const struct nestwg_config *cfg,
					enum nestwg_verdict verdict)
{
	return (cfg->flags & NESTWG_XDP_REWRITES) || verdict == NESTWG_STACK ||
	       verdict == NESTWG_DROP;
}

/* Has it been counted (and, if an answer is due, limited) already? */
static __always_inline bool xdp_has_counted(const struct nestwg_config *cfg,
					    enum nestwg_verdict verdict)
{
	return (cfg->flags & NESTWG_XDP_JUDGES) && xdp_settles(cfg, verdict);
}

/*
 * Do what REASON asks for. Global, for the verifier to read it once, and not once for every way that leads to a
 * reason.
 */
__noinline int tc_settle_wire(struct __sk_buff *skb, const struct nestwg_config *cfg,
			      const struct packet *p, __u32 reason)
{
	if (!cfg || !p)
		return TC_ACT_SHOT;
	if (!xdp_has_counted(cfg, verdict_of(reason))) {
		reason = limit_answers(reason, NESTWG_ANSWER_LIMITED);
		tc_note(skb, p, reason);
	}

	switch (verdict_of(reason)) {
	case NESTWG_TUNNEL:
		return tc_forward(skb, cfg, p);
	case NESTWG_ROUTE:
		return tc_route(skb, cfg, p);
	case NESTWG_BOTH:
		return tc_both(skb, cfg, p);
	case NESTWG_ANSWER:
		return tc_answer_wire(skb, cfg, p, reason);
	case NESTWG_DROP:
		return TC_ACT_SHOT;
	default:
		return TC_ACT_UNSPEC;
	}
}

/* Judge a packet from the wire and do all of what follows. */
static __always_inline int tc_from_wire(struct __sk_buff *skb, const struct nestwg_config *cfg)
{
	struct packet p = { .l3 = sizeof(struct ethhdr) };
	struct arrival in = { .ctx = skb };

	if (skb->vlan_present) {
		p.total = skb->len - sizeof(struct ethhdr);
		return tc_settle_wire(skb, cfg, &p, NESTWG_NOT_IPV4);
	}
	if (skb->protocol == bpf_htons(ETH_P_IP))
		tc_pull_headers(skb, sizeof(struct ethhdr));
	in.data = skb_data(skb);
	in.data_end = skb_data_end(skb);
	in.frame = skb->len;
	in.gso_size = skb->gso_size;
	return tc_settle_wire(skb, cfg, &p, judge_from_wire(cfg, &p, &in));
}

/* XDP has rewritten it: the hop that XDP cannot make. */
static __always_inline int tc_hand_over(struct __sk_buff *skb, const struct nestwg_config *cfg)
{
	struct packet p = { .l3 = sizeof(struct ethhdr) };

	if (skb->len - sizeof(struct ethhdr) > NESTWG_MTU_MIN) {
		tc_pull_headers(skb, sizeof(struct ethhdr));
		if (!parse(&p, skb_data(skb), skb_data_end(skb), skb->len, skb->gso_size))
			return TC_ACT_SHOT;
		if (exceeded_mtu(skb, &p, cfg->wg_ifindex))
			return TC_ACT_UNSPEC;
		tc_trim(skb, &p);
	}
	return bpf_redirect(cfg->wg_ifindex, 0);
}

/* What XDP in native mode leaves to tc: what needs an answer, and fragments without their first. */
static __always_inline bool is_left_to_tc(const struct __sk_buff *skb, const struct iphdr *ip)
{
	return ip->ttl <= 1 || (ip->frag_off & bpf_htons(IP_OFFSET)) ||
	       skb->len - sizeof(struct ethhdr) > NESTWG_MTU_MIN;
}

/* What is left for tc to do with a packet. */
enum tc_task {
	TC_LEAVES,
	TC_HANDS_OVER,
	TC_JUDGES,
};

static __always_inline enum tc_task tc_task_of(struct __sk_buff *skb,
					       const struct nestwg_config *cfg)
{
	enum tc_task others = cfg->flags & NESTWG_TC_JUDGES ? TC_JUDGES : TC_LEAVES;
	struct iphdr *ip = skb_data(skb) + sizeof(struct ethhdr);

	if (skb->protocol != bpf_htons(ETH_P_IP) || skb->vlan_present)
		return others;
	if ((void *)(ip + 1) > skb_data_end(skb)) {
		tc_pull_headers(skb, sizeof(struct ethhdr));
		ip = skb_data(skb) + sizeof(struct ethhdr);
	}
	if ((void *)(ip + 1) > skb_data_end(skb))
		return others;
	if (ip->daddr == cfg->peer && take_mark(skb, MARK_COPY))
		return TC_LEAVES;
	if (!(cfg->flags & NESTWG_XDP_REWRITES))
		return others;
	if (ip->daddr == cfg->peer)
		return TC_HANDS_OVER;
	if (ip->daddr == cfg->address && is_left_to_tc(skb, ip))
		return TC_JUDGES;
	return others;
}

#endif /* BPF_FROM_WIRE_H */
