// SPDX-License-Identifier: GPL-2.0-only
/* See model.h. */
#include <string.h>

#include "model_packet.h"

#define ICMP_REDIRECT	5

/* Lifetimes in seconds: over at that age. */
#define FRAGMENTS_LIVE	30
#define FLOWS_LIVE	180
#define TCP_LIVES	(5 * 24 * 3600)
#define TCP_IS_SILENT	60

/* Does what is sent to PORT (or comes from it) stay on the gateway? */
static bool is_excluded(const struct model_config *c, __u8 protocol, __u16 port)
{
	if (protocol == PROTO_TCP)
		return c->tcp[port];
	if (protocol == PROTO_UDP)
		return c->udp[port];
	return protocol != PROTO_ICMP && c->protocols[protocol];
}

/* The key of the flow that P would belong to; INWARDS: it comes from the remote end. */
static struct model_flow flow_of(const struct packet *p, bool inwards)
{
	struct model_flow flow = {
		.remote = inwards ? p->source : p->destination, .protocol = p->protocol,
	};

	if (has_ports(p->protocol)) {
		flow.remote_port = get16(p->l4 + (inwards ? 0 : 2));
		flow.local_port = get16(p->l4 + (inwards ? 2 : 0));
	} else if (p->protocol == PROTO_ICMP) {
		flow.local_port = get16(p->l4 + 4);
	}
	return flow;
}

static struct model_flow *find_flow(struct model *m, const struct model_flow *key)
{
	for (struct model_flow *f = m->flows; f < m->flows + m->nr_flows; f++) {
		if (f->remote == key->remote && f->remote_port == key->remote_port &&
		    f->local_port == key->local_port && f->protocol == key->protocol)
			return f;
	}
	return NULL;
}

static bool is_in_use(struct model *m, const struct model_flow *key)
{
	const struct model_flow *flow = find_flow(m, key);

	return flow &&
	       m->now - flow->seen < (key->protocol == PROTO_TCP ? TCP_LIVES : FLOWS_LIVE);
}

static void note_flow(struct model *m, struct model_flow flow)
{
	struct model_flow *old = find_flow(m, &flow);

	flow.seen = m->now;
	if (old)
		*old = flow;
	else if (m->nr_flows < MODEL_FLOWS)
		m->flows[m->nr_flows++] = flow;
}

/* The gateway will have none of it: as if it had been silent long enough for the home to take it over. */
static void reset_flow(struct model *m, struct model_flow flow)
{
	struct model_flow *old = find_flow(m, &flow);

	if (old && m->now - old->seen < TCP_IS_SILENT)
		old->seen = m->now - TCP_IS_SILENT;
}

static struct model_fragment *find_first(struct model *m, const struct packet *p,
					 enum nestwg_origin origin)
{
	for (unsigned int i = m->nr_fragments; i-- > 0;) {
		struct model_fragment *f = &m->fragments[i];

		if (f->source == p->source && f->destination == p->destination && f->id == p->id &&
		    f->protocol == p->protocol && f->origin == origin)
			return m->now - f->seen < FRAGMENTS_LIVE ? f : NULL;
	}
	return NULL;
}

/* The latest is found first. */
static void note_first(struct model *m, const struct packet *p, enum nestwg_origin origin,
		       enum nestwg_reason reason)
{
	if (p->offset || !p->more || m->nr_fragments == MODEL_FRAGMENTS)
		return;
	m->fragments[m->nr_fragments++] = (struct model_fragment){
		.source = p->source, .destination = p->destination, .id = p->id,
		.protocol = p->protocol, .origin = origin, .reason = reason,
		.seen = m->now,
	};
}

static bool is_gateways_own(const struct model_config *c, __u32 address)
{
	for (int i = 0; i < MODEL_OTHERS; i++) {
		if (c->others[i] && address == c->others[i])
			return true;
	}
	return address == c->address || (c->tunnel_address && address == c->tunnel_address);
}

/* RFC 1122, 3.2.1.3: what is no single host's. Class E but the broadcast may be one some day. */
static bool is_no_host(__u32 address)
{
	return address >> 24 == 0 || address >> 24 == 127 || address >> 28 == 14 ||
	       address == 0xffffffff;
}

static bool is_spoofed(const struct model_config *c, __u32 source)
{
	return source == c->peer || is_gateways_own(c, source) || is_no_host(source);
}

/* RFC 1122, 3.2.2: neither about ICMP errors nor about later fragments, and to single hosts only. */
static bool may_be_answered(const struct packet *p)
{
	return !p->offset && p->source >> 28 != 15 &&
	       (p->protocol != PROTO_ICMP || is_icmp_query(p) || is_icmp_reply(p));
}

/* Rules 6 to 8. */
static enum nestwg_reason judge_limits(const struct model *m, const struct packet *p)
{
	if (p->ttl <= 1)
		return may_be_answered(p) ? NESTWG_TTL_EXCEEDED : NESTWG_ANSWER_FORBIDDEN;
	if (p->total <= m->config.tunnel_mtu)
		return NESTWG_FORWARDED;
	if (!p->df)
		return NESTWG_FORWARDED_FRAGMENTED;
	return may_be_answered(p) ? NESTWG_FRAG_NEEDED : NESTWG_ANSWER_FORBIDDEN;
}

/* Did the gateway itself send what is quoted: from an excluded port, in a flow of its own? */
static bool is_quote_own(struct model *m, const struct packet *quote)
{
	struct model_flow flow = flow_of(quote, false);

	if (quote->protocol == PROTO_ICMP && !is_icmp_query(quote))
		return is_icmp_reply(quote) && m->config.protocols[PROTO_ICMP];
	return is_excluded(&m->config, quote->protocol, flow.local_port) ||
	       is_in_use(m, &flow);
}

/* Rules 4 and 5 for an ICMP error. */
static enum nestwg_reason judge_error(struct model *m, const struct packet *p)
{
	struct packet quote;

	if (!parse_quote(p, &quote) || quote.source != m->config.address)
		return NESTWG_ICMP_UNRELATED;
	if (is_quote_own(m, &quote))
		return NESTWG_OWN_ICMP_ERROR;
	if (p->l4[0] == ICMP_REDIRECT)
		return NESTWG_ICMP_REDIRECT;
	return NESTWG_FORWARDED;
}

static bool is_new_connection(const struct packet *p)
{
	return p->protocol == PROTO_TCP && !p->offset && (p->l4[13] & (SYN | ACK | RST)) == SYN;
}

/* Rule 5. A sign of life, too. */
static bool is_own(struct model *m, const struct packet *p)
{
	struct model_flow flow = flow_of(p, true);

	if ((p->protocol == PROTO_ICMP && !is_icmp_reply(p)) || !is_in_use(m, &flow))
		return false;
	note_flow(m, flow);
	return true;
}

static bool is_for_home(enum nestwg_reason reason)
{
	return reason == NESTWG_FORWARDED || reason == NESTWG_FORWARDED_FRAGMENTED ||
	       reason == NESTWG_TTL_EXCEEDED || reason == NESTWG_FRAG_NEEDED ||
	       reason == NESTWG_ANSWER_FORBIDDEN;
}

/* Is it excluded, as far as its first bytes tell? */
static bool is_to_excluded(const struct model *m, const struct packet *p)
{
	if (p->protocol == PROTO_ICMP)
		return m->config.protocols[PROTO_ICMP] && is_icmp_query(p);
	return is_excluded(&m->config, p->protocol, has_ports(p->protocol) ? get16(p->l4 + 2) : 0);
}

/* Only the first fragment has them. Without ports every fragment says whose it is. */
static bool lacks_ports(const struct packet *p)
{
	return p->offset && (has_ports(p->protocol) || p->protocol == PROTO_ICMP);
}

/* Rules 4 and 5; NESTWG_FORWARDED: neither. */
static enum nestwg_reason judge_owner(struct model *m, const struct packet *p)
{
	const struct model_fragment *first;

	if (lacks_ports(p)) {
		first = find_first(m, p, NESTWG_FROM_WIRE);
		if (!first)
			return NESTWG_FRAGMENT_UNSEEN;
		return is_for_home(first->reason) ? NESTWG_FORWARDED : first->reason;
	}
	if (is_to_excluded(m, p))
		return NESTWG_EXCLUDED;
	if (is_icmp_error(p))
		return judge_error(m, p);
	return !is_new_connection(p) && is_own(m, p) ? NESTWG_OWN_FLOW : NESTWG_FORWARDED;
}

/* Rules 4 to 8. */
static enum nestwg_reason judge_ours(struct model *m, const struct packet *p)
{
	enum nestwg_reason reason = judge_owner(m, p);

	if (reason != NESTWG_FORWARDED && reason != NESTWG_FRAGMENT_UNSEEN)
		return reason;
	if (is_spoofed(&m->config, p->source))
		return NESTWG_SPOOFED_SOURCE;
	return reason == NESTWG_FRAGMENT_UNSEEN ? reason : judge_limits(m, p);
}

/* What a SYN may promise: the narrower way. */
static unsigned int mss_max(const struct model_config *c)
{
	return (c->nic_mtu < c->tunnel_mtu ? c->nic_mtu : c->tunnel_mtu) - 40;
}

/* What is to become of a packet from the wire that is rewritten or answered. */
static void describe_wire(const struct model *m, const struct packet *p, struct judgement *j)
{
	const struct model_config *c = &m->config;
	struct rewrite r = { .destination = c->peer, .mss_max = mss_max(c) };
	struct bytes quoted;

	switch (j->reason) {
	case NESTWG_FRAGMENT_UNSEEN:
		j->copy_is_routed = p->ttl > 1 && p->total > c->tunnel_mtu && !p->df;
		j->has_copy = p->ttl > 1 && p->total <= c->tunnel_mtu;
		if (!j->has_copy)
			return;
		r.hops = 1;
		break;
	case NESTWG_FORWARDED:
		r.hops = 1;
		break;
	case NESTWG_FORWARDED_FRAGMENTED:
		break;	/* the kernel counts the hop */
	case NESTWG_TTL_EXCEEDED:
	case NESTWG_FRAG_NEEDED:
		quoted.len = p->total;
		memcpy(quoted.data, p->ip, p->total);
		build_answer(&quoted, c->address,
			     j->reason == NESTWG_FRAG_NEEDED ? c->tunnel_mtu : 0, &j->out);
		return;
	default:
		return;
	}
	rewrite(p, &r, j);
}

void model_from_wire(struct model *m, const struct bytes *frame, struct judgement *j)
{
	const __u8 *ip = frame->data + ETH_HEADER;
	unsigned int len = frame->len - ETH_HEADER;
	struct packet p;

	*j = (struct judgement){ .reason = NESTWG_NOT_IPV4 };
	if (get16(ip - 2) != 0x0800)
		return;
	j->reason = NESTWG_MALFORMED;
	if (len < IP_HEADER)
		return;
	j->reason = NESTWG_SPOOFED_PEER;
	if (get32(ip + 16) == m->config.peer)
		return;
	j->reason = NESTWG_OTHER_ADDRESS;
	if (get32(ip + 16) != m->config.address || (frame->data[0] & 1))
		return;
	j->reason = NESTWG_MALFORMED;
	if (!parse(ip, len, &p))
		return;
	j->reason = judge_ours(m, &p);
	note_first(m, &p, NESTWG_FROM_WIRE, j->reason);
	describe_wire(m, &p, j);
}

/* To the gateway itself, or where the NIC does not lead. */
static bool is_to_gateway(const struct model_config *c, __u32 destination)
{
	return is_gateways_own(c, destination) || is_no_host(destination) ||
	       (c->elsewhere && destination >> 8 == c->elsewhere >> 8);
}

/* TTL, and size on the way out. What came through the tunnel fits it, when it is turned round. */
static enum nestwg_reason judge_home_limits(const struct model *m, const struct packet *p,
					    enum nestwg_reason reason)
{
	if (p->ttl <= 1)
		return may_be_answered(p) ? NESTWG_HOME_TTL_EXCEEDED : NESTWG_HOME_ANSWER_FORBIDDEN;
	if (reason == NESTWG_HOME_HAIRPIN || p->total <= m->config.nic_mtu)
		return reason;
	if (!p->df)
		return NESTWG_HOME_TOO_BIG;
	return may_be_answered(p) ? NESTWG_HOME_FRAG_NEEDED : NESTWG_HOME_ANSWER_FORBIDDEN;
}

/* The home visits the public address: its own services, or the gateway's. */
static enum nestwg_reason judge_visit(struct model *m, const struct packet *p)
{
	const struct model_fragment *first;

	if (lacks_ports(p)) {
		first = find_first(m, p, NESTWG_FROM_HOME);
		return first ? first->reason : NESTWG_HOME_HAIRPIN;
	}
	if (is_icmp_error(p)) {
		switch (judge_error(m, p)) {
		case NESTWG_FORWARDED:
			return NESTWG_HOME_HAIRPIN;
		case NESTWG_OWN_ICMP_ERROR:
			return NESTWG_HOME_EXCLUDED;
		default:
			return NESTWG_HOME_ICMP_UNRELATED;
		}
	}
	return is_to_excluded(m, p) || is_own(m, p) ? NESTWG_HOME_EXCLUDED : NESTWG_HOME_HAIRPIN;
}

static enum nestwg_reason judge_way_out(struct model *m, const struct packet *p)
{
	struct packet quote;

	if (!p->offset && has_ports(p->protocol) &&
	    is_excluded(&m->config, p->protocol, get16(p->l4)))
		return NESTWG_HOME_RESERVED_PORT;
	/* A redirect would name a router of the home's. */
	if (is_icmp_error(p) && (p->l4[0] == ICMP_REDIRECT || !parse_quote(p, &quote) ||
				 quote.destination != m->config.peer))
		return NESTWG_HOME_ICMP_UNRELATED;
	return NESTWG_HOME_RETURNED;
}

/* A connection of the home's takes the place of a silent one of the gateway's. */
static void take_over(struct model *m, const struct packet *p)
{
	struct model_flow key = flow_of(p, false);
	struct model_flow *flow = find_flow(m, &key);

	if (flow && m->now - flow->seen >= TCP_IS_SILENT)
		*flow = m->flows[--m->nr_flows];
}

static void describe_home(const struct model *m, const struct packet *p, struct judgement *j)
{
	const struct model_config *c = &m->config;
	struct rewrite r = { .source = c->address, .hops = 1, .mss_max = mss_max(c) };
	struct bytes quoted;

	switch (j->reason) {
	case NESTWG_HOME_HAIRPIN:
		r.destination = c->peer;
		r.mss_max = c->tunnel_mtu - 40;
		break;
	case NESTWG_HOME_RETURNED:
		break;
	case NESTWG_HOME_TTL_EXCEEDED:
	case NESTWG_HOME_FRAG_NEEDED:
		quoted.len = p->total;
		memcpy(quoted.data, p->ip, p->total);
		build_answer(&quoted, c->tunnel_address ?: c->address,
			     j->reason == NESTWG_HOME_FRAG_NEEDED ? c->nic_mtu : 0, &j->out);
		return;
	default:
		return;
	}
	rewrite(p, &r, j);
}

void model_from_home(struct model *m, const struct bytes *ip, bool is_ipv4, struct judgement *j)
{
	struct packet p;

	*j = (struct judgement){ .reason = NESTWG_HOME_OTHER_SOURCE };
	if (!is_ipv4)
		return;
	j->reason = NESTWG_HOME_MALFORMED;
	if (ip->len < IP_HEADER)
		return;
	j->reason = NESTWG_HOME_OTHER_SOURCE;
	if (get32(ip->data + 12) != m->config.peer)
		return;
	j->reason = NESTWG_HOME_MALFORMED;
	if (!parse(ip->data, ip->len, &p))
		return;
	if (p.destination == m->config.address) {
		j->reason = judge_visit(m, &p);
		note_first(m, &p, NESTWG_FROM_HOME, j->reason);
	} else if (is_to_gateway(&m->config, p.destination)) {
		j->reason = NESTWG_HOME_TO_GATEWAY;
	} else {
		j->reason = judge_way_out(m, &p);
	}
	if (j->reason == NESTWG_HOME_HAIRPIN || j->reason == NESTWG_HOME_RETURNED)
		j->reason = judge_home_limits(m, &p, j->reason);
	if (j->reason == NESTWG_HOME_RETURNED && is_new_connection(&p))
		take_over(m, &p);
	describe_home(m, &p, j);
}

void model_leaves(struct model *m, const struct bytes *frame)
{
	struct packet p;

	if (get16(frame->data + 12) != 0x0800 ||
	    !parse(frame->data + ETH_HEADER, frame->len - ETH_HEADER, &p) || p.offset ||
	    p.source != m->config.address || is_no_host(p.destination))
		return;
	if (p.protocol == PROTO_ICMP ? !is_icmp_query(&p) :
				       is_excluded(&m->config, p.protocol,
						   has_ports(p.protocol) ? get16(p.l4) : 0))
		return;
	if (p.protocol == PROTO_TCP && p.l4[13] & RST)
		reset_flow(m, flow_of(&p, false));
	else
		note_flow(m, flow_of(&p, false));
}
