/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gateway's own flows: learned as they leave (nestwg_learn), known again as their answers arrive.
 *
 * Only what the gateway's stack sends enters a flow, and never an answer (from an excluded port, an ICMP
 * error or reply), so nobody outside can put one in.
 */
#ifndef BPF_OWN_FLOW_H
#define BPF_OWN_FLOW_H

#define SECOND			1000000000ULL
/* The defaults of nf_conntrack for an established TCP connection and an assured UDP stream. */
#define FLOW_LIFETIME_TCP	(5 * 24 * 3600 * SECOND)
#define FLOW_LIFETIME		(180 * SECOND)

/*
 * How long nothing was seen of it. Negative if another CPU has noted it later than our NOW; and what is
 * longer ago than the machine has run wraps around.
 */
static __always_inline __s64 flow_age(const struct nestwg_flow_state *state, __u64 now)
{
	return (__s64)(now - state->seen);
}

static __always_inline __s64 flow_lifetime(__u8 protocol)
{
	return protocol == IPPROTO_TCP ? FLOW_LIFETIME_TCP : FLOW_LIFETIME;
}

static __always_inline __u8 *own_slots_of(struct nestwg_port *port, __u8 protocol)
{
	return protocol == IPPROTO_TCP ? port->own_tcp : port->own_udp;
}

/* Once a second is often enough, and keeps the cache lines shared between CPUs. PORT may be NULL. */
static __always_inline void flow_note(const struct nestwg_flow *flow,
				      struct nestwg_flow_state *state, struct nestwg_port *port,
				      __u64 now)
{
	if (flow_age(state, now) <= (__s64)SECOND)
		return;
	state->seen = now;
	if (port)
		nestwg_slots_note(own_slots_of(port, flow->protocol),
				  nestwg_slots_of(flow->remote, flow->remote_port),
				  nestwg_epoch(flow->protocol, now));
}

/* PORT: its row, or NULL if the protocol has no ports. */
static __always_inline bool flow_find(const struct nestwg_flow *flow, struct nestwg_port *port,
				      bool note)
{
	struct nestwg_flow_state *state = bpf_map_lookup_elem(&flows, flow);
	__u64 now;

	if (!state)
		return false;
	now = bpf_ktime_get_coarse_ns();
	if (flow_age(state, now) >= flow_lifetime(flow->protocol))
		return false;
	if (note)
		flow_note(flow, state, port, now);
	return true;
}

static __always_inline bool port_is_excluded(const struct nestwg_port *port, __u8 protocol)
{
	return port->excluded &
	       (protocol == IPPROTO_TCP ? NESTWG_EXCLUDED_TCP : NESTWG_EXCLUDED_UDP);
}

/* May FLOW be one of the gateway's own by PORT? If not, most of the time this says so without a clock. */
static __always_inline bool port_may_have(struct nestwg_port *port, const struct nestwg_flow *flow)
{
	struct nestwg_slots slots = nestwg_slots_of(flow->remote, flow->remote_port);
	__u8 *own = own_slots_of(port, flow->protocol);
	__u8 first, second;
	__u64 now;

	first = own[slots.first];
	if (!first)
		return false;
	second = own[slots.second];
	if (!second)
		return false;
	now = bpf_ktime_get_coarse_ns();
	return nestwg_slot_is_live(first, flow->protocol, now, flow_lifetime(flow->protocol)) &&
	       nestwg_slot_is_live(second, flow->protocol, now, flow_lifetime(flow->protocol));
}

static __always_inline bool has_port_row(__u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

/* Whose the local end of a conversation is. */
enum owner {
	OWNER_HOME,
	OWNER_EXCLUDED,		/* the gateway's by exclusion */
	OWNER_GATEWAY,		/* the gateway's, since it started the flow */
};

/*
 * The owner of LOCAL_PORT (ICMP: identifier) in a conversation with REMOTE. QUERY: an ICMP query came in,
 * or the answer to one went out. NOTE: the flow is in use, let it live on.
 */
static __always_inline enum owner owner_of(__be32 remote, __be16 remote_port, __be16 local_port,
					   __u8 protocol, bool query, bool note)
{
	struct nestwg_flow flow = {
		.remote = remote,
		.remote_port = remote_port,
		.local_port = local_port,
		.protocol = protocol,
	};
	struct nestwg_port *port = NULL;

	if (has_port_row(protocol)) {
		port = get_port(local_port);
		if (!port)
			return OWNER_HOME;
		if (port_is_excluded(port, protocol))
			return OWNER_EXCLUDED;
		if (!port_may_have(port, &flow))
			return OWNER_HOME;
	} else {
		struct nestwg_protocol *row = get_protocol(protocol);

		if (!row)
			return OWNER_HOME;
		/* ICMP: replies to the home's own pings, and errors, go on reaching it. */
		if (row->excluded && (protocol != IPPROTO_ICMP || query))
			return OWNER_EXCLUDED;
		if (!row->own || query)
			return OWNER_HOME;
		flow.remote_port = 0;
	}
	return flow_find(&flow, port, note) ? OWNER_GATEWAY : OWNER_HOME;
}

/* As long as a closed connection stays in TIME_WAIT. */
#define FLOW_AT_REST		(60 * SECOND)

/* The home opens connection P: one of the gateway's with the same two ends, long silent, is over. */
static __always_inline void take_over(const struct packet *p)
{
	struct nestwg_flow flow = {
		.remote = p->destination,
		.remote_port = p->destination_port,
		.local_port = p->source_port,
		.protocol = IPPROTO_TCP,
	};
	struct nestwg_port *port = get_port(p->source_port);
	struct nestwg_flow_state *state;

	if (!port || !port_may_have(port, &flow))
		return;
	state = bpf_map_lookup_elem(&flows, &flow);
	if (state && flow_age(state, bpf_ktime_get_coarse_ns()) > (__s64)FLOW_AT_REST)
		bpf_map_delete_elem(&flows, &flow);
}

/*
 * A reset tells that the gateway has no such connection (any more): RFC 9293, section 3.10.7. It does not
 * enter one, and lets the home take over at once, for its SYN may be what the reset goes back to.
 */
static __always_inline bool is_reset(const struct packet *p)
{
	return p->protocol == IPPROTO_TCP && (p->tcp_flags & TCP_RST);
}

/* Enter the flow of a packet that leaves the gateway. */
static __always_inline void learn(const struct packet *p)
{
	struct nestwg_flow flow = {
		.remote = p->destination,
		.remote_port = p->destination_port,
		.local_port = p->source_port,
		.protocol = p->protocol,
	};
	struct nestwg_protocol *row = NULL;
	struct nestwg_flow_state *state;
	struct nestwg_flow_state new = {};
	struct nestwg_port *port = NULL;

	if (has_port_row(p->protocol)) {
		port = get_port(p->source_port);
		if (!port || port_is_excluded(port, p->protocol))
			return;
	} else {
		row = get_protocol(p->protocol);
		if (!row || (p->protocol == IPPROTO_ICMP && !icmp_is_query(p->icmp_type)))
			return;
		flow.remote_port = 0;
	}

	new.seen = bpf_ktime_get_coarse_ns();
	state = bpf_map_lookup_elem(&flows, &flow);
	if (is_reset(p)) {
		if (state && flow_age(state, new.seen) <= (__s64)FLOW_AT_REST)
			state->seen = new.seen - FLOW_AT_REST - 1;
		return;
	}
	if (state) {
		flow_note(&flow, state, port, new.seen);
		return;
	}
	if (bpf_map_update_elem(&flows, &flow, &new, BPF_ANY))
		return;
	/* After the flow, so that whoever sees the mark finds it. Written once: the line stays shared. */
	if (row && !row->own)
		row->own = 1;
	if (port)
		nestwg_slots_note(own_slots_of(port, p->protocol),
				  nestwg_slots_of(flow.remote, flow.remote_port),
				  nestwg_epoch(p->protocol, new.seen));
}

/* While the first attach is at work, nestwg_return is not there yet: the home's answers come by DNAT rules of before. */
static __always_inline bool is_of_rules_before(const struct __sk_buff *skb,
					       const struct nestwg_config *cfg)
{
	return !cfg->attached_at && skb->ingress_ifindex == cfg->wg_ifindex;
}

#endif /* BPF_OWN_FLOW_H */
