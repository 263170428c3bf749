// SPDX-License-Identifier: GPL-2.0-only
/*
 * A packet is counted once, under one reason; include/reasons.h says what is done with a packet of that
 * reason, and that has been done with it.
 */
#include <stddef.h>
#include <string.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>

#include "packet_fates.h"

static const struct {
	const char *name;
	enum nestwg_origin origin;
	enum nestwg_verdict verdict;
} reasons[NESTWG_NR_REASONS] = {
#define REASON(reason, name, origin, verdict, text) { name, NESTWG_##origin, NESTWG_##verdict },
	NESTWG_REASONS(REASON)
#undef REASON
};

__u32 wire_sum(const struct host_packet *packet)
{
	static __u8 bytes[PACKET_MAX];

	host_packet_copy(packet, bytes);
	return bpf_htons(sum_add(0, bytes + packet->network, packet->skb.len - packet->network));
}

void outcome_begin(struct outcome *out)
{
	out->xdp_action = NOT_RUN;
	out->action = NOT_RUN;
	out->copy_action = NOT_RUN;
	out->learn_action = NOT_RUN;
	out->learned = host_map_used(MAP_FLOWS);
	memcpy(out->before, host_map_array(MAP_COUNTERS), sizeof(out->before));
	memcpy(&out->watcher, host_map_array(MAP_WATCHER), sizeof(out->watcher));
}

void outcome_end(struct outcome *out)
{
	const struct nestwg_counter *after = host_map_array(MAP_COUNTERS);

	out->counted = 0;
	for (int i = 0; i < NESTWG_NR_REASONS; i++) {
		__u64 packets = after[i].packets - out->before[i].packets;

		out->counted += packets;
		if (!packets)
			continue;
		out->reason = i;
		out->bytes = after[i].bytes - out->before[i].bytes;
	}
}

void check_legal(const struct arrival_in *in, const struct outcome *out)
{
	if (out->counted > 1)
		BROKEN("counted %llu times", out->counted);
	if (out->xdp_action == XDP_DROP)
		return;
	if (out->xdp_action != NOT_RUN && out->xdp_action != XDP_PASS)
		BROKEN("XDP action %d", out->xdp_action);
	if (in->hook == HOOK_GATEWAY) {
		if (out->action != TC_ACT_UNSPEC)
			BROKEN("egress action %d", out->action);
		return;
	}
	if (out->action != TC_ACT_UNSPEC && out->action != TC_ACT_SHOT &&
	    (out->action != TC_ACT_REDIRECT || !world.redirected))
		BROKEN("action %d", out->action);
}

/* To the stack, as it came. */
static void check_untouched(const struct arrival_in *in, const struct outcome *out)
{
	static __u8 bytes[PACKET_MAX];

	if (out->action != TC_ACT_UNSPEC)
		BROKEN("%s: action %d", reasons[out->reason].name, out->action);
	host_packet_copy(&out->packet, bytes);
	if (out->packet.skb.len != in->length || memcmp(bytes, in->bytes, in->length) != 0)
		BROKEN("%s: what went to the stack is not what came", reasons[out->reason].name);
	if (out->packet.summed != in->summed)
		BROKEN("checksum state %d became %d", in->summed, out->packet.summed);
	if (out->packet.skb.mark != in->mark)
		BROKEN("mark %x is left on", out->packet.skb.mark);
}

/* The kernel compares it with the packet (__skb_checksum_complete()). */
static void check_complete(const struct host_packet *packet)
{
	if (packet->summed == SUMMED_COMPLETE && !same_sum(packet->sum, wire_sum(packet)))
		BROKEN("CHECKSUM_COMPLETE says %04x, the bytes are %04x", packet->sum,
		       wire_sum(packet));
}

static void check_sent(const struct outcome *out, __u32 ifindex)
{
	if (out->action != TC_ACT_REDIRECT || !world.redirected)
		BROKEN("%s: action %d", reasons[out->reason].name, out->action);
	if (world.redirect.ifindex != ifindex)
		BROKEN("%s: to interface %u, not %u", reasons[out->reason].name,
		       world.redirect.ifindex, ifindex);
}

static bool mtu_exceeded(const struct arrival_in *in, const struct view *view, __u32 ifindex)
{
	__u32 segment = segment_length(view, in->gso_size);

	if (in->gso_size == GSO_BY_FRAGS)
		return segment > 576 && world.mtu[ifindex] && in->length & 1;
	return segment > 576 && world.mtu[ifindex] && segment > world.mtu[ifindex];
}

static __u32 narrower(void)
{
	return world.mtu[IF_NIC] < world.mtu[IF_WG] ? world.mtu[IF_NIC] : world.mtu[IF_WG];
}

/* As a packet that is the home's has to be, and what the wire may send. */
static void check_may_pass(const struct arrival_in *in, const struct view *view)
{
	if (!view->sane)
		BROKEN("malformed, but not dropped");
	if (view->destination != ADDRESS || (in->bytes[0] & 1) || get16(in->bytes + 12) != ETH_P_IP)
		BROKEN("not for the public address");
	if (is_martian(view->source) || view->source == ADDRESS || view->source == PEER ||
	    view->source == TUNNEL_ADDRESS || view->source == OTHER_ADDRESS)
		BROKEN("spoofed source %08x passed", view->source);
	if (view->later_fragment)
		return;
	if ((view->protocol == PROTO_TCP && view->destination_port == PORT_SSH) ||
	    (view->protocol == PROTO_UDP && view->destination_port == PORT_TUNNEL))
		BROKEN("an excluded port's packet went home");
}

static void check_wire_translated(enum mode mode, const struct wire *came,
				  const struct host_packet *packet, bool hop, __u32 source)
{
	static struct wire went;

	wire_of_packet(packet, &went);
	check_translated(came, &went, &(struct translation) {
		.source = source, .destination = PEER, .hop = hop, .mtu = narrower(),
		.raw = mode == MODE_NATIVE,
	});
	check_complete(packet);
}

static void check_ethernet(const struct arrival_in *in, const struct host_packet *packet)
{
	if (memcmp(packet->data, in->bytes, ETH_HLEN) != 0)
		BROKEN("another Ethernet header");
}

/* A fragment without its first: as it came to the stack, and a copy to the home if it may go there. */
static void check_both(enum mode mode, const struct arrival_in *in, const struct outcome *out,
		       const struct wire *came, const struct view *view)
{
	bool too_big = mtu_exceeded(in, view, IF_WG);
	/* Generic XDP would drop a copy that is received anew. */
	bool may_go = view->ttl > 1 && !(too_big && (view->df || mode == MODE_GENERIC)) &&
		      world.mtu[too_big ? IF_NIC : IF_WG];

	check_untouched(in, out);
	check_complete(&out->packet);
	if (world.cloned != may_go)
		BROKEN("a copy %s", may_go ? "is missing" : "was sent");
	if (!may_go)
		return;
	if (world.clone.ifindex != (too_big ? IF_NIC : IF_WG) ||
	    world.clone.flags != (too_big ? BPF_F_INGRESS : 0))
		BROKEN("the copy went to %u", world.clone.ifindex);
	if (too_big && (out->copy_action != TC_ACT_UNSPEC || world.copy.skb.mark))
		BROKEN("the copy met action %d and kept mark %x", out->copy_action,
		       world.copy.skb.mark);
	check_wire_translated(mode, came, &world.copy, !too_big, view->source);
}

static void check_wire_answer(const struct arrival_in *in, const struct outcome *out,
			      const struct wire *came, const struct view *view)
{
	bool too_big = out->reason == NESTWG_FRAG_NEEDED;
	static struct wire went;

	check_sent(out, IF_NIC);
	if (memcmp(out->packet.data, in->bytes + ETH_ALEN, ETH_ALEN) != 0 ||
	    memcmp(out->packet.data + ETH_ALEN, in->bytes, ETH_ALEN) != 0)
		BROKEN("the answer goes to another neighbour");
	if (too_big ? !(view->df && mtu_exceeded(in, view, IF_WG)) : view->ttl > 1)
		BROKEN("no reason for an answer");
	wire_of_packet(&out->packet, &went);
	check_answer(came, &went, ADDRESS, too_big ? world.mtu[IF_WG] : 0,
		     segment_length(view, in->gso_size));
}

/* What a reason says of the packet. */
static void check_wire_reason(const struct arrival_in *in, const struct outcome *out,
			      const struct view *view)
{
	bool is_ip = in->length >= ETH_HLEN + IP_HEADER && get16(in->bytes + 12) == ETH_P_IP &&
		     !in->vlan;

	if (reasons[out->reason].origin != NESTWG_FROM_WIRE)
		BROKEN("%s, but from the wire", reasons[out->reason].name);
	if (is_ip != (out->reason != NESTWG_NOT_IPV4) &&
	    !(get16(in->bytes + 12) == ETH_P_IP && out->reason == NESTWG_MALFORMED))
		BROKEN("%s", reasons[out->reason].name);
	if (is_ip && (get32(in->bytes + ETH_HLEN + 16) == PEER) != (out->reason == NESTWG_SPOOFED_PEER))
		BROKEN("to the peer's address, but %s", reasons[out->reason].name);
	if (view->sane && out->reason == NESTWG_MALFORMED)
		BROKEN("nothing is wrong with it, but it is malformed");
	if (out->reason == NESTWG_OWN_FLOW && !out->learned)
		BROKEN("no flow was learned");
}

static void check_from_wire(enum mode mode, const struct arrival_in *in, const struct outcome *out)
{
	enum nestwg_verdict verdict = reasons[out->reason].verdict;
	static struct wire came;
	struct view view;

	wire_of_arrival(in, &came);
	view_packet(&view, came.bytes, came.length, came.bundle);
	check_wire_reason(in, out, &view);
	if (verdict != NESTWG_STACK && verdict != NESTWG_DROP)
		check_may_pass(in, &view);
	switch (verdict) {
	case NESTWG_STACK:
		check_untouched(in, out);
		return;
	case NESTWG_DROP:
		if (out->xdp_action != XDP_DROP && out->action != TC_ACT_SHOT)
			BROKEN("%s: not dropped", reasons[out->reason].name);
		return;
	case NESTWG_TUNNEL:
		check_sent(out, IF_WG);
		if (view.ttl <= 1 || mtu_exceeded(in, &view, IF_WG))
			BROKEN("TTL %u, %u bytes went home", view.ttl, view.total);
		check_wire_translated(mode, &came, &out->packet, true, view.source);
		break;
	case NESTWG_ROUTE:
		if (out->action != TC_ACT_UNSPEC || view.df || view.ttl <= 1)
			BROKEN("action %d, DF %d, TTL %d", out->action, view.df, view.ttl);
		check_ethernet(in, &out->packet);
		check_wire_translated(mode, &came, &out->packet, false, view.source);
		break;
	case NESTWG_BOTH:
		check_both(mode, in, out, &came, &view);
		break;
	case NESTWG_ANSWER:
		check_wire_answer(in, out, &came, &view);
		break;
	default:
		BROKEN("%s", reasons[out->reason].name);
	}
	if (out->bytes != view.total)
		BROKEN("%llu bytes counted of %u", out->bytes, view.total);
}

/* Out of the NIC: with an Ethernet header, and past nestwg_learn, which takes off the mark. */
static void check_out(const struct arrival_in *in, const struct outcome *out,
		      const struct wire *came, const struct view *view)
{
	bool known = world.fib_result == BPF_FIB_LKUP_RET_SUCCESS;
	static struct wire went;
	bool straight;

	/* No MTU is that large. */
	if (out->action == TC_ACT_SHOT && !in->gso_size && in->length + ETH_HLEN > LENGTH_MAX)
		return;
	check_sent(out, IF_NIC);
	straight = world.redirect.end == END_REDIRECT;
	if ((straight ? !known : world.redirect.end != END_NEIGHBOUR) ||
	    get16(out->packet.data + 12) != ETH_P_IP)
		BROKEN("not to a neighbour");
	/* The first packet after a while has the kernel ask, but not for anybody else. */
	if (known && !straight && !world.asked_for)
		BROKEN("the kernel has to look for the way once more");
	if (straight && memcmp(out->packet.data, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x10",
			    2 * ETH_ALEN) != 0)
		BROKEN("to another neighbour");
	if (out->learn_action != TC_ACT_UNSPEC || out->packet.skb.mark)
		BROKEN("learn's action %d, mark %x", out->learn_action, out->packet.skb.mark);
	if (view->ttl <= 1 || mtu_exceeded(in, view, IF_NIC))
		BROKEN("TTL %u, %u bytes went out", view->ttl, view->total);
	wire_of_packet(&out->packet, &went);
	check_translated(came, &went, &(struct translation) {
		.source = ADDRESS, .destination = view->destination, .hop = true, .mtu = narrower(),
	});
}

static void check_turned(const struct outcome *out, const struct wire *came, const struct view *view)
{
	static struct wire went;

	check_sent(out, IF_WG);
	if (view->destination != ADDRESS || view->ttl <= 1)
		BROKEN("to %08x, TTL %u, but turned round", view->destination, view->ttl);
	wire_of_packet(&out->packet, &went);
	check_translated(came, &went, &(struct translation) {
		.source = ADDRESS, .destination = PEER, .hop = true, .mtu = world.mtu[IF_WG],
	});
}

static void check_home_answer(const struct arrival_in *in, const struct outcome *out,
			      const struct wire *came, const struct view *view)
{
	const struct nestwg_config *config = host_map_array(MAP_CONFIG);
	bool too_big = out->reason == NESTWG_HOME_FRAG_NEEDED;
	static struct wire went;

	check_sent(out, IF_WG);
	if (too_big ? !(view->df && mtu_exceeded(in, view, IF_NIC)) : view->ttl > 1)
		BROKEN("no reason for an answer");
	wire_of_packet(&out->packet, &went);
	check_answer(came, &went, config->tunnel_address ? TUNNEL_ADDRESS : ADDRESS,
		     too_big ? world.mtu[IF_NIC] : 0, segment_length(view, in->gso_size));
}

static void check_from_home(const struct arrival_in *in, const struct outcome *out)
{
	enum nestwg_verdict verdict = reasons[out->reason].verdict;
	static struct wire came;
	struct view view;

	wire_of_arrival(in, &came);
	view_packet(&view, came.bytes, came.length, came.bundle);
	if (reasons[out->reason].origin != NESTWG_FROM_HOME)
		BROKEN("%s, but from the home", reasons[out->reason].name);
	if (view.sane && out->reason == NESTWG_HOME_MALFORMED)
		BROKEN("nothing is wrong with it, but it is malformed");
	if (verdict != NESTWG_STACK && verdict != NESTWG_DROP && (!view.sane || view.source != PEER))
		BROKEN("%s, but from %08x", reasons[out->reason].name, view.source);
	switch (verdict) {
	case NESTWG_STACK:
		check_untouched(in, out);
		return;
	case NESTWG_DROP:
		if (out->action != TC_ACT_SHOT)
			BROKEN("%s: not dropped", reasons[out->reason].name);
		return;
	case NESTWG_NIC:
		check_out(in, out, &came, &view);
		break;
	case NESTWG_HAIRPIN:
		check_turned(out, &came, &view);
		break;
	case NESTWG_ANSWER:
		check_home_answer(in, out, &came, &view);
		break;
	default:
		BROKEN("%s", reasons[out->reason].name);
	}
	if (out->bytes != view.total)
		BROKEN("%llu bytes counted of %u", out->bytes, view.total);
}

/* A bundle of what XDP has rewritten, or one packet of it: handed over as it is, but for padding. */
static void check_handed_over(const struct arrival_in *in, const struct outcome *out)
{
	static __u8 bytes[PACKET_MAX];
	struct view view;

	if (out->counted)
		BROKEN("counted twice: %s", reasons[out->reason].name);
	view_packet(&view, in->bytes + ETH_HLEN, in->length - ETH_HLEN, in->gso_size);
	if (out->action == TC_ACT_SHOT && view.sane)
		BROKEN("nothing is wrong with it, but it was dropped");
	if (out->action == TC_ACT_SHOT)
		return;
	host_packet_copy(&out->packet, bytes);
	if (memcmp(bytes, in->bytes, out->packet.skb.len) != 0 ||
	    (view.sane && out->packet.skb.len < ETH_HLEN + view.total))
		BROKEN("changed or cut");
	if (out->action == TC_ACT_UNSPEC && in->length == out->packet.skb.len)
		return;
	check_sent(out, IF_WG);
	if (view.sane && mtu_exceeded(in, &view, IF_WG))
		BROKEN("handed over, but larger than the tunnel");
}

void check_fate(enum mode mode, const struct arrival_in *in, struct outcome *out)
{
	check_legal(in, out);
	if (in->hook == HOOK_AFTER_XDP) {
		check_handed_over(in, out);
		return;
	}
	if (in->hook == HOOK_GATEWAY) {
		check_untouched(in, out);
		if (out->counted)
			BROKEN("what the gateway sends is counted: %s", reasons[out->reason].name);
		return;
	}
	if (out->counted != 1)
		BROKEN("counted %llu times", out->counted);
	if (in->hook == HOOK_HOME)
		check_from_home(in, out);
	else
		check_from_wire(mode, in, out);
}

bool make_reply(const struct arrival_in *in, const struct outcome *out, struct arrival_in *reply)
{
	struct view view;
	__u8 *transport;

	if (in->hook != HOOK_WIRE || !out->counted || out->reason != NESTWG_FORWARDED)
		return false;
	view_packet(&view, in->bytes + in->network, in->length - in->network, in->gso_size);
	if (view.icmp_error || view.later_fragment || view.total > 576)
		return false;
	memset(reply, 0, offsetof(struct arrival_in, bytes));
	reply->hook = HOOK_HOME;
	reply->length = view.total;
	reply->linear = view.total;
	host_packet_copy(&out->packet, reply->bytes);
	memmove(reply->bytes, reply->bytes + out->packet.network, view.total);
	memmove(reply->bytes + 16, reply->bytes + 12, 4);
	put32(reply->bytes + 12, PEER);
	reply->bytes[8] = 64;
	transport = reply->bytes + view.header;
	if (view.protocol == PROTO_TCP || view.protocol == PROTO_UDP) {
		put16(transport, view.destination_port);
		put16(transport + 2, view.source_port);
	}
	return true;
}

void check_reply(const struct arrival_in *in, const struct arrival_in *reply,
		 const struct outcome *out)
{
	struct view question, answer;
	static struct wire went;

	if (out->reason != NESTWG_HOME_RETURNED)
		BROKEN("the home's answer: %s", reasons[out->reason].name);
	view_packet(&question, in->bytes + in->network, in->length - in->network, in->gso_size);
	wire_of_packet(&out->packet, &went);
	view_packet(&answer, went.bytes, went.length, false);
	if (answer.source != question.destination || answer.destination != question.source ||
	    answer.source_port != question.destination_port ||
	    answer.destination_port != question.source_port || answer.total != reply->length)
		BROKEN("the home's answer comes from %08x:%u to %08x:%u", answer.source,
		       answer.source_port, answer.destination, answer.destination_port);
}
