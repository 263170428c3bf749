// SPDX-License-Identifier: GPL-2.0-only
/* The differences that are meant, each as narrow as can be, with its reason. */
#include <string.h>

#include "netfilter_rows.h"

/* The datagram that was sent, or its first piece if it never becomes whole. */
static struct view sent_of(const struct trial *trial)
{
	if (trial->input->count)
		return view(&trial->input->packets[0], 0);
	return view((struct bytes *)&trial->probe->packets[0],
		    trial->probe->side == FROM_WIRE_SIDE ? ETH_HEADER : 0);
}

static bool is_invalid_from_wire(const struct trial *trial)
{
	return trial->oracle->invalid && trial->probe->side == FROM_WIRE_SIDE &&
	       !trial->oracle->tunnel.count && is_done_right(trial);
}

static bool is_invalid_from_home(const struct trial *trial)
{
	return trial->oracle->invalid && trial->probe->side == FROM_HOME_SIDE && is_done_right(trial);
}

/* What is larger than the tunnel the kernel routes after us, so the sender hears of it from the kernel. */
static bool is_told_of_problem(const struct trial *trial)
{
	struct view got = view(&trial->subject->nic.packets[0], trial->reassembled ? 0 : ETH_HEADER);

	return trial->subject->nic.count == 1 && !trial->subject->tunnel.count &&
	       !trial->subject->local.count && is_icmp_error(&got) && got.l4[0] == 12 &&
	       got.source == PUBLIC && got.destination == sent_of(trial).source;
}

/* Options, and the kernel dropped it, or told the sender of a problem with them. */
static bool is_refused_for_options(const struct trial *trial)
{
	struct view sent = sent_of(trial);

	return sent.ip && sent.header > 20 && !trial->oracle->local.count &&
	       (is_done_right(trial) || is_told_of_problem(trial));
}

static bool has_false_header(const struct trial *trial)
{
	struct view sent = sent_of(trial);

	return sent.ip && sum_header(&sent) != 0xffff && is_nothing(trial->oracle) &&
	       is_done_right(trial);
}

/* gre_manip_pkt() fails for other versions than 0 and 1, and for less than eight bytes. */
static bool is_odd_gre(const struct view *v)
{
	return v->ip && v->protocol == PROTO_GRE && !v->later_fragment &&
	       (v->l4_len < 8 || (v->l4[1] & 7) > 1);
}

static bool is_unknown_gre(const struct trial *trial)
{
	struct view sent = sent_of(trial);
	struct view quote = view_quote(&sent);

	return (is_odd_gre(&sent) || is_odd_gre(&quote)) && is_nothing(trial->oracle) &&
	       is_done_right(trial);
}

/* As for adapt_padding(): the TUN sets the offset, too, and what cannot be cut cannot become an answer. */
static bool is_gre_with_tail(const struct trial *trial)
{
	struct view sent = sent_of(trial);

	return sent.ip && sent.protocol == PROTO_GRE && trial->probe->count == 1 &&
	       trial->input->packets[0].len > sent.total && is_nothing(trial->subject) &&
	       !trial->oracle->local.count;
}

static bool is_short_quote(const struct trial *trial)
{
	struct view sent = sent_of(trial);
	struct view quote = view_quote(&sent);

	return is_icmp_error(&sent) && (!quote.ip || quote.l4_len < 8) && is_nothing(trial->subject);
}

static const __u8 *frame_of(const struct trial *trial)
{
	static const __u8 nothing[ETH_HEADER];

	return trial->probe->side == FROM_WIRE_SIDE && trial->probe->packets[0].len >= ETH_HEADER ?
	       trial->probe->packets[0].data : nothing;
}

static bool is_other_address(const struct trial *trial)
{
	struct view sent = sent_of(trial);

	return trial->probe->side == FROM_WIRE_SIDE && sent.ip && sent.destination != PUBLIC &&
	       !trial->oracle->local.count &&
	       (is_nothing(trial->subject) || (is_kept(trial) && sent.destination != PEER));
}

static bool is_priority_tagged(const struct trial *trial)
{
	const __u8 *frame = frame_of(trial);

	return (get16(frame + 12) == 0x8100 || get16(frame + 12) == 0x88a8) &&
	       trial->probe->packets[0].len > 18 && !(get16(frame + 14) & 0xfff) &&
	       (is_kept(trial) || is_nothing(trial->subject));
}

static bool is_group_frame(const struct trial *trial)
{
	return frame_of(trial)[0] & 1 && is_nothing(trial->oracle) && is_kept(trial);
}

static bool is_foreign_frame(const struct trial *trial)
{
	const __u8 *frame = frame_of(trial);

	return trial->probe->side == FROM_WIRE_SIDE && !(frame[0] & 1) &&
	       memcmp(frame, mac_nic, 6) && is_nothing(trial->oracle) && is_done_right(trial);
}

/* From 5.3 on Linux routes 0.0.0.0/8 but 0.0.0.0 itself (ipv4_is_zeronet()). */
static bool is_net_zero_as_source(const struct trial *trial)
{
	struct view sent = sent_of(trial);

	return trial->probe->side == FROM_WIRE_SIDE && sent.ip && sent.source >> 24 == 0 &&
	       sent.source && is_nothing(trial->subject);
}

static bool is_broadcast_as_source(const struct trial *trial)
{
	struct view sent = sent_of(trial);

	return trial->probe->side == FROM_WIRE_SIDE && sent.ip &&
	       (sent.source == IP(192, 0, 2, 255) || sent.source == IP(10, 0, 18, 3)) &&
	       is_nothing(trial->oracle) && is_done_right(trial);
}

/* RFC 4340, 5.1 to 5.6: what the generic header of that type, or the part that is there, asks for. */
static unsigned int dccp_header(const struct view *v)
{
	static const __u8 after[16] = { 4, 12, 0, 8, 8, 8, 8, 12, 8, 8 };

	if (v->l4_len < 12)
		return 12;
	return 12 + (v->l4[8] & 1) * 4 + after[v->l4[8] >> 1 & 15];
}

static bool is_dropped_dccp(const struct trial *trial)
{
	struct view sent = sent_of(trial);

	return sent.ip && sent.protocol == PROTO_DCCP && !sent.later_fragment &&
	       sent.l4_len < dccp_header(&sent) && is_nothing(trial->oracle) &&
	       (is_done_right(trial) || is_kept(trial));
}

static bool is_header_cut(const struct trial *trial)
{
	struct view sent = sent_of(trial);

	return sent.ip && (sent.protocol == PROTO_DCCP || sent.protocol == PROTO_UDPLITE) &&
	       !sent.later_fragment && sent.l4_len < 8 && is_nothing(trial->subject);
}

static bool is_peer_as_source(const struct trial *trial)
{
	struct view sent = sent_of(trial);

	return trial->probe->side == FROM_WIRE_SIDE && sent.ip && sent.source == PEER &&
	       is_nothing(trial->subject);
}

/* A fragment that is a whole packet's in size, but has not all of the TCP header. */
static bool is_tcp_header_cut(const struct trial *trial)
{
	for (unsigned int i = 0; i < trial->probe->count; i++) {
		struct bytes packet = trial->probe->packets[i];
		struct view v = view(&packet, trial->probe->side == FROM_WIRE_SIDE ? ETH_HEADER : 0);

		if (!v.ip || v.protocol != PROTO_TCP || !v.fragment)
			continue;
		if ((get16(v.ip + 6) & 0x1fff) == 1)
			return true;
		if (!v.later_fragment && (v.l4_len < 20 || v.l4[12] / 16 * 4u > v.l4_len))
			return true;
	}
	return false;
}

static bool is_tiny_fragment(const struct trial *trial)
{
	/* One that overlaps spoils the datagram, and without it the datagram becomes whole. */
	return is_tcp_header_cut(trial) && !trial->subject->local.count &&
	       (is_nothing(trial->subject) || is_translated(trial) ||
		(!trial->input->count && is_nothing(trial->oracle)));
}

static bool is_cut_error(const struct trial *trial)
{
	struct view sent = sent_of(trial);

	return trial->probe->count > 1 && is_icmp_error(&sent) &&
	       (is_nothing(trial->subject) || is_translated(trial));
}

/* nf_nat_icmp_reply_translation() looks at the checksum whatever nf_conntrack_checksum says. */
static bool is_false_error(const struct trial *trial)
{
	struct view sent = sent_of(trial);

	return is_icmp_error(&sent) && !is_same_sum(sum_transport(&sent), 0xffff) &&
	       is_nothing(trial->oracle) && (is_done_right(trial) || is_kept(trial));
}

static bool is_answer_elsewhere(const struct trial *trial)
{
	return sent_of(trial).source >> 8 == IP(172, 20, 0, 0) >> 8 && is_nothing(trial->oracle) &&
	       is_answered(trial);
}

static bool is_cut_sctp(const struct trial *trial)
{
	struct view sent = sent_of(trial);

	return trial->probe->count > 1 && sent.ip && sent.protocol == PROTO_SCTP &&
	       trial->oracle->tunnel.count + trial->oracle->nic.count == 1 && is_translated(trial);
}

static bool is_answer_about_fragment(const struct trial *trial)
{
	struct view first = view((struct bytes *)&trial->probe->packets[0],
				 trial->probe->side == FROM_WIRE_SIDE ? ETH_HEADER : 0);

	return trial->reassembled && first.ip && !trial->oracle->local.count &&
	       (is_answered(trial) || is_nothing(trial->subject));
}

const struct difference differences[] = {
	{ "bytes after the packet's end",
	  "netfilter's ip_rcv_core() trims; we leave it to the tunnel's other end, which trims to the length "
	  "in the header (wg_packet_consume_data_done())", adapt_padding, NULL },
	{ "bytes after the end, from the home",
	  "the same; WireGuard has trimmed it, only this test's TUN lets it through", adapt_home_padding, NULL },
	{ "MSS clamped", "RFC 9293, 3.7.1: what is larger than the tunnel would not arrive", adapt_mss, NULL },
	{ "TOS, id, DF of an answer",
	  "RFC 1812, 4.3.2.5: TOS 0xc0; RFC 6864, 4.1: atomic, so any id; icmp_send() adds the TOS of the packet",
	  adapt_answer, NULL },
	{ "id that the kernel chooses", "__ip_select_ident(): each machine its own", adapt_id, NULL },
	{ "DF of what is refragmented",
	  "ip_do_fragment() takes DF from the largest fragment, we leave each its own", adapt_df, NULL },
	{ "IP options that routers fill in",
	  "ip_forward_options(): record route and timestamp are optional (RFC 1812, 5.2.4), we are no hop to be seen",
	  adapt_options, NULL },
	{ "DCCP's checksum",
	  "without DCCP's conntrack (since Linux 6.16, or CONFIG_NF_CT_PROTO_DCCP=n) netfilter leaves it false",
	  adapt_dccp, NULL },
	{ "DCCP that its conntrack drops",
	  "nf_conntrack_dccp_packet() (until Linux 6.16) says NF_DROP to one that ends before its type's header does, "
	  "where skb_header_pointer() or dccp_header_pointer() fails; all else it leaves untracked", NULL,
	  is_dropped_dccp },
	{ "SCTP's checksum computed anew",
	  "sctp_manip_pkt() makes a false one true, and in a quote that is cut short a true one false; it covers "
	  "no address (RFC 9260, 6.8), so we leave it", adapt_sctp, NULL },
	{ "header checksum false", "ip_rcv_core() drops it here, the home's after us: it stays false", NULL,
	  has_false_header },
	{ "invalid from the wire",
	  "conntrack's NAT leaves it to the gateway's stack: false checksums, TCP and SCTP that open nothing, "
	  "ICMP that answers nothing. We keep no state: it is the home's to judge", NULL, is_invalid_from_wire },
	{ "invalid from the home",
	  "netfilter lets it out with the inner address; we translate it, or drop it", NULL, is_invalid_from_home },
	{ "IP options refused",
	  "ip_options_compile(), ip_rcv_options(): source routes and errors; the home's kernel does the same",
	  NULL, is_refused_for_options },
	{ "GRE that netfilter cannot translate",
	  "gre_manip_pkt() fails for versions above 1 and for less than eight bytes, nothing in GRE needs it", NULL,
	  is_unknown_gre },
	{ "GRE with bytes behind, not answered",
	  "AF_PACKET and TUN take what is inside GRE for the transport header, bpf_skb_change_tail() cuts nothing "
	  "before it", NULL, is_gre_with_tail },
	{ "quote shorter than RFC 792's, or none",
	  "eight bytes after the header are promised; with four, or for protocols without ports none, conntrack "
	  "can still tell", NULL, is_short_quote },
	{ "other address", "the seed's DNAT takes broadcasts, multicasts and the gateway's other addresses, too; "
	  "and the home's own, which is spoofed", NULL, is_other_address },
	{ "priority tag", "VLAN 0 is untagged to __netif_receive_skb_core(); tagged frames stay on the gateway", NULL,
	  is_priority_tagged },
	{ "link-layer broadcast", "ip_forward() forwards no such frame; without DNAT, as here, the stack gets it",
	  NULL, is_group_frame },
	{ "another host's frame", "a NIC's filter drops it before XDP, ip_rcv_core() if it is promiscuous", NULL,
	  is_foreign_frame },
	{ "the home's address as source", "spoofed; rp_filter=2 lets it pass", NULL, is_peer_as_source },
	{ "0.0.0.0/8 as source", "RFC 1122, 3.2.1.3; Linux routes it since 5.3 (ipv4_is_zeronet())", NULL,
	  is_net_zero_as_source },
	{ "broadcast address as source",
	  "fib_validate_source() knows the gateway's networks; no answer finds back", NULL,
	  is_broadcast_as_source },
	{ "answer to behind another interface",
	  "the kernel routes its own, ours goes back to where the packet came from", NULL, is_answer_elsewhere },
	{ "less than a header", "no room for the checksum that would have to change", NULL, is_header_cut },
	{ "tiny TCP fragment", "RFC 1858, RFC 3128: the first has to hold the header; conntrack reassembles",
	  NULL, is_tiny_fragment },
	{ "ICMP error in fragments",
	  "we see the first only; a quote of 576 bytes is never fragmented (RFC 1812, 4.3.2.3)", NULL, is_cut_error },
	{ "ICMP error with a false checksum",
	  "nf_nat_icmp_reply_translation() drops it; we keep it false", NULL, is_false_error },
	{ "SCTP in fragments",
	  "seen on 6.18: a later fragment comes out of netfilter with the checksum written into it", NULL,
	  is_cut_sctp },
	{ "answer about a fragment",
	  "conntrack answers about the datagram once it is whole, we about the fragment (RFC 1812, 4.3.2.3)", NULL,
	  is_answer_about_fragment },
};
const unsigned int nr_differences = sizeof(differences) / sizeof(*differences);
