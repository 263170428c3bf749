// SPDX-License-Identifier: GPL-2.0-only
/* Where netfilter translates nothing there is nothing to compare with: then by what has to hold. */
#include <string.h>

#include "netfilter_rows.h"

static bool has_same_header(const struct trial *trial, const struct view *sent,
			    const struct view *got)
{
	bool home = trial->probe->side == FROM_HOME_SIDE;

	if (got->header != sent->header || got->total != sent->total || got->ip[1] != sent->ip[1] ||
	    memcmp(got->ip + 4, sent->ip + 4, 2) || got->ip[8] != sent->ip[8] - 1 ||
	    got->protocol != sent->protocol)
		return false;
	if (got->source != (home ? PUBLIC : sent->source) ||
	    got->destination != (home ? sent->destination : PEER))
		return false;
	if (trial->reassembled)
		return true;
	return !memcmp(got->ip + 6, sent->ip + 6, 2) &&
	       !memcmp(got->ip + 20, sent->ip + 20, got->header - 20) &&
	       is_same_sum(sum_header(got), sum_header(sent));
}

/* From where on the bytes have to be the same. */
static unsigned int changes_end(const struct view *sent)
{
	unsigned int len;

	if (sent->later_fragment)
		return 0;
	switch (sent->protocol) {
	case PROTO_TCP:
		/* A SYN's options hold the MSS. */
		len = sent->l4_len > 13 && sent->l4[13] & SYN ? sent->l4[12] / 16 * 4 : 20;
		return len;
	case PROTO_UDP:
	case PROTO_UDPLITE:
	case PROTO_DCCP:
		return 8;
	case PROTO_ICMP:
		return is_icmp_error(sent) ? sent->l4_len : 0;
	default:
		return 0;
	}
}

static bool is_translation(const struct trial *trial, const struct view *sent,
			   const struct view *got)
{
	unsigned int at = changes_end(sent);

	if (!sent->ip || !got->ip || !has_same_header(trial, sent, got))
		return false;
	if (at < sent->l4_len && memcmp(got->l4 + at, sent->l4 + at, sent->l4_len - at))
		return false;
	if (sent->later_fragment)
		return true;
	if (sent->protocol == PROTO_UDP && sent->l4_len >= 8 && !get16(sent->l4 + 6))
		return !get16(got->l4 + 6);
	return is_same_sum(sum_transport(got), sum_transport(sent));
}

bool is_translated(const struct trial *trial)
{
	bool home = trial->probe->side == FROM_HOME_SIDE;
	struct heap *heap = home ? &trial->subject->nic : &trial->subject->tunnel;
	struct heap *other = home ? &trial->subject->tunnel : &trial->subject->nic;
	unsigned int skip = home && !trial->reassembled ? ETH_HEADER : 0;

	if (trial->probe->side == FROM_GATEWAY_SIDE || other->count || trial->subject->local.count ||
	    !heap->count || heap->count > trial->input->count)
		return false;
	for (unsigned int i = 0; i < heap->count; i++) {
		struct view sent = view(&trial->input->packets[i], 0);
		struct view got = view(&heap->packets[i], skip);

		if (!is_translation(trial, &sent, &got) ||
		    (!home && !trial->reassembled && got.total > TUNNEL_MTU))
			return false;
	}
	return true;
}

/* Is GOT an error that is due to the sender of PACKET, quoting it? */
static bool is_answer_to(const struct view *got, const struct bytes *packet, bool home)
{
	struct view sent = view((struct bytes *)packet, home ? 0 : ETH_HEADER);
	struct view quote = view_quote(got);

	return sent.ip && quote.ip && got->source == (home ? GATEWAY : PUBLIC) &&
	       got->destination == sent.source && sum_header(got) == 0xffff &&
	       is_same_sum(sum_transport(got), 0xffff) && got->l4_len - 8 <= 548 &&
	       !memcmp(quote.ip, sent.ip, got->l4_len - 8);
}

bool is_answered(const struct trial *trial)
{
	bool home = trial->probe->side == FROM_HOME_SIDE;
	struct heap *heap = home ? &trial->subject->tunnel : &trial->subject->nic;
	struct heap *other = home ? &trial->subject->nic : &trial->subject->tunnel;
	struct view got;

	if (trial->probe->side == FROM_GATEWAY_SIDE || other->count || trial->subject->local.count ||
	    !heap->count || heap->count > trial->probe->count)
		return false;
	for (unsigned int i = 0; i < heap->count; i++) {
		bool found = false;

		got = view(&heap->packets[i], home || trial->reassembled ? 0 : ETH_HEADER);
		for (unsigned int j = 0; j < trial->probe->count && got.ip; j++)
			found |= is_answer_to(&got, &trial->probe->packets[j], home);
		if (!found)
			return false;
	}
	return true;
}

bool is_nothing(const struct outcome *outcome)
{
	return !outcome->tunnel.count && !outcome->nic.count && !outcome->local.count;
}

bool is_kept(const struct trial *trial)
{
	return trial->subject->local.count && !trial->subject->tunnel.count &&
	       !trial->subject->nic.count;
}

bool is_done_right(const struct trial *trial)
{
	return is_nothing(trial->subject) || is_translated(trial) || is_answered(trial);
}
