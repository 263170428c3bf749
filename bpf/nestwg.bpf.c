// SPDX-License-Identifier: GPL-2.0-only
/*
 * nestwg-xdp: give a home behind CGNAT the public address of a cloud gateway.
 *
 *   internet ── NIC ──> nestwg_ingress (XDP) ──> nestwg_handoff (tc) ──> WireGuard ── home
 *            <── NIC <── nestwg_learn (tc egress) <── nestwg_return (tc) <── WireGuard <──
 *
 * XDP cannot put a packet into a WireGuard device (it has no ndo_xdp_xmit), tc can: XDP decides and
 * rewrites, tc makes the last hop. All of it is stateless, but for the gateway's own flows and fragments.
 */
#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "nestwg.h"
#include "own_slots.h"

#include "maps.h"		/* the state */
#include "counter.h"		/* reason to verdict, and counting */
#include "bounded.h"		/* for the verifier's sake */
#include "checksum.h"		/* RFC 1071, RFC 1624 */
#include "icmp.h"
#include "packet.h"		/* parsing */
#include "own_flow.h"		/* whose a port is: excluded, the gateway's own, the home's */
#include "fragment.h"		/* later fragments follow their first */
#include "mtu.h"
#include "icmp_quote.h"		/* the packet that an ICMP error quotes */
#include "mss.h"		/* the TCP MSS option */
#include "judge.h"		/* the decision */
#include "mark.h"		/* between our own programs */
#include "rewrite_xdp.h"	/* DNAT on raw bytes */
#include "rewrite_tc.h"		/* NAT on an skb */
#include "watch.h"		/* for `nestwg-xdp monitor` */
#include "answer.h"		/* ICMP errors that are sent */
#include "next_hop.h"		/* the kernel's routes and neighbours, for a moment */
#include "from_wire.h"		/* NIC to tunnel, in tc */
#include "from_home.h"		/* tunnel to NIC, in tc */

char LICENSE[] SEC("license") = "GPL";

/* NIC, XDP: decide, drop, rewrite what goes to the peer. What is left to do is tc's. */
SEC("xdp")
int nestwg_ingress(struct xdp_md *ctx)
{
	struct nestwg_config *cfg = get_config();
	struct arrival in = {
		.ctx = ctx,
		.data = (void *)(long)ctx->data,
		.data_end = (void *)(long)ctx->data_end,
		.frame = ctx->data_end - ctx->data,
	};
	enum nestwg_verdict verdict;
	enum nestwg_reason reason;
	struct packet p = {};

	if (!cfg)
		return XDP_PASS;
	keep_in_memory(&p);
	reason = judge_from_wire(cfg, &p, &in);
	verdict = verdict_of(reason);
	if (!xdp_settles(cfg, verdict))
		return XDP_PASS;
	reason = limit_answers(reason, NESTWG_ANSWER_LIMITED);
	verdict = verdict_of(reason);
	xdp_note(ctx, &p, reason);

	switch (verdict) {
	case NESTWG_DROP:
		return XDP_DROP;
	case NESTWG_TUNNEL:
	case NESTWG_ROUTE:
		xdp_dnat(ctx, cfg, &p, verdict == NESTWG_TUNNEL);
		return XDP_PASS;
	default:
		return XDP_PASS;
	}
}

/* NIC, tc ingress: into the tunnel; in tc and generic mode, all of the work on the way. */
SEC("tc")
int nestwg_handoff(struct __sk_buff *skb)
{
	struct nestwg_config *cfg = get_config();

	if (!cfg)
		return TC_ACT_UNSPEC;
	switch (tc_task_of(skb, cfg)) {
	case TC_HANDS_OVER:
		return tc_hand_over(skb, cfg);
	case TC_JUDGES:
		return tc_from_wire(skb, cfg);
	default:
		return TC_ACT_UNSPEC;
	}
}

/* WireGuard, tc ingress: from the home, out of the NIC under the public address. */
SEC("tc")
int nestwg_return(struct __sk_buff *skb)
{
	struct nestwg_config *cfg = get_config();
	enum nestwg_reason reason;
	struct way_out out = {};
	struct packet p = {};

	if (!cfg)
		return TC_ACT_UNSPEC;
	tc_pull_headers(skb, 0);
	reason = judge_from_home(skb, cfg, &p, &out);
	return tc_settle_home(skb, cfg, &p, &out, reason);
}

/* NIC, tc egress: what the gateway itself starts, so that the answers stay here. */
SEC("tc")
int nestwg_learn(struct __sk_buff *skb)
{
	struct nestwg_config *cfg = get_config();
	struct packet p = { .l3 = sizeof(struct ethhdr) };

	/* What nestwg_return sends is the home's; other peers' packets may be masqueraded here. */
	if (!cfg || skb->protocol != bpf_htons(ETH_P_IP) || skb->vlan_present ||
	    take_mark(skb, MARK_RETURNED) || is_of_rules_before(skb, cfg))
		return TC_ACT_UNSPEC;
	tc_pull_headers(skb, p.l3);
	if (!parse(&p, skb_data(skb), skb_data_end(skb), skb->len, skb->gso_size))
		return TC_ACT_UNSPEC;
	if (p.source == cfg->address && !p.later_fragment && !is_martian(p.destination))
		learn(&p);
	return TC_ACT_UNSPEC;
}
