// SPDX-License-Identifier: GPL-2.0-only
/* Differences within a packet: make equal what may differ, and nothing else. */
#include <string.h>

#include "netfilter_rows.h"

#define DF		0x40	/* in the byte of the flags */
#define TCP_HEADER	20
#define SCTP_CHECKSUM	8
#define ETH_PADDED	46

/* One packet, as it came out of both, and as it went in. */
struct pair {
	struct view oracle;
	struct view subject;
	struct view sent;
};

typedef bool (*adapt_pair)(const struct trial *trial, struct pair *pair);

static bool adapt_heap(const struct trial *trial, adapt_pair adapt, struct heap *oracle,
		       struct heap *subject, unsigned int skip)
{
	bool adapted = false;
	struct pair pair;

	if (oracle->count != subject->count)
		return false;
	for (unsigned int i = 0; i < oracle->count && i < SEEN_MAX; i++) {
		pair.oracle = view(&oracle->packets[i], skip);
		pair.subject = view(&subject->packets[i], skip);
		pair.sent = view(&trial->input->packets[i < trial->input->count ? i : 0], 0);
		if (pair.oracle.ip && pair.subject.ip && pair.sent.ip &&
		    pair.oracle.header == pair.subject.header)
			adapted |= adapt(trial, &pair);
	}
	return adapted;
}

static bool adapt_pairs(const struct trial *trial, adapt_pair adapt)
{
	unsigned int nic_skip = trial->reassembled ? 0 : ETH_HEADER;
	bool tunnel = adapt_heap(trial, adapt, &trial->oracle->tunnel, &trial->subject->tunnel, 0);

	return adapt_heap(trial, adapt, &trial->oracle->nic, &trial->subject->nic, nic_skip) || tunnel;
}

/* Cut off what is behind the end of packets of at most MOST bytes. */
static bool trim(struct heap *heap, unsigned int skip, unsigned int most)
{
	bool adapted = false;

	for (unsigned int i = 0; i < heap->count && i < SEEN_MAX; i++) {
		struct view v = view(&heap->packets[i], skip);

		if (!v.ip || heap->packets[i].len == skip + v.total ||
		    heap->packets[i].len > skip + most)
			continue;
		heap->packets[i].len = skip + v.total;
		adapted = true;
	}
	return adapted;
}

bool adapt_padding(const struct trial *trial)
{
	/* Native XDP looks at the length of large packets only; tc leaves Ethernet's own padding. */
	unsigned int most = trial->mode == MODE_NATIVE ? NESTWG_MTU_MIN : ETH_PADDED;

	struct view sent = view(&trial->input->packets[0], 0);

	/*
	 * AF_PACKET takes what is inside GRE for the transport header, and bpf_skb_change_tail() does not cut
	 * before that. No NIC's driver sets it.
	 */
	if (sent.ip && sent.protocol == PROTO_GRE)
		most = BYTES_MAX;
	return trim(&trial->subject->tunnel, 0, most);
}

bool adapt_home_padding(const struct trial *trial)
{
	return trial->probe->side == FROM_HOME_SIDE && !trial->reassembled &&
	       trim(&trial->subject->nic, ETH_HEADER, BYTES_MAX);
}

/* The offset of the MSS value from the TCP header, or 0. */
static unsigned int find_mss(const struct view *v)
{
	unsigned int end = v->l4[12] / 16 * 4;
	unsigned int at = TCP_HEADER;

	while (at + 1 < end && v->l4[at] != 0) {
		if (v->l4[at] == 2)
			return v->l4[at + 1] == 4 && at + 4 <= end ? at + 2 : 0;
		if (v->l4[at] != 1 && !v->l4[at + 1])
			return 0;
		at += v->l4[at] == 1 ? 1 : v->l4[at + 1];
	}
	return 0;
}

static bool adapt_mss_pair(const struct trial *trial, struct pair *p)
{
	struct view *v = &p->oracle;
	__u16 before, check;
	unsigned int at;
	__u32 sum;

	if (trial->probe->side == FROM_GATEWAY_SIDE || v->protocol != PROTO_TCP || v->later_fragment || v->l4_len < TCP_HEADER ||
	    !(v->l4[13] & SYN) || v->l4[12] / 16 * 4u > v->l4_len)
		return false;
	at = find_mss(v);
	if (!at || get16(v->l4 + at) <= MSS_MAX)
		return false;
	before = sum_transport(v);
	put16(v->l4 + at, MSS_MAX);
	/* The checksum changes by what the sum changed. */
	check = get16(v->l4 + 16);
	sum = (__u32)check + before + (__u16)~sum_transport(v);
	sum = (sum & 0xffff) + (sum >> 16);
	put16(v->l4 + 16, sum + (sum >> 16));
	return true;
}

bool adapt_mss(const struct trial *trial)
{
	return adapt_pairs(trial, adapt_mss_pair);
}

/* Time exceeded and fragmentation needed: of what we make, too. */
static bool is_made_here(const struct view *v)
{
	return is_icmp_error(v) && (v->source == PUBLIC || v->source == GATEWAY) &&
	       ((v->l4[0] == 11 && v->l4[1] == 0) || (v->l4[0] == 3 && v->l4[1] == 4));
}

static bool adapt_answer_pair(const struct trial *trial, struct pair *p)
{
	(void)trial;
	if (!is_made_here(&p->oracle) || !is_made_here(&p->subject) ||
	    p->oracle.destination != p->sent.source ||
	    p->oracle.ip[1] != (0xc0 | (p->sent.ip[1] & 0x1e)) || p->subject.ip[1] != 0xc0)
		return false;
	p->oracle.ip[1] = p->subject.ip[1];
	memcpy(p->oracle.ip + 4, p->subject.ip + 4, 3);
	repair_header(&p->oracle);
	return true;
}

bool adapt_answer(const struct trial *trial)
{
	return adapt_pairs(trial, adapt_answer_pair);
}

static bool adapt_id_pair(const struct trial *trial, struct pair *p)
{
	if (trial->probe->side != FROM_GATEWAY_SIDE || get16(p->sent.ip + 4))
		return false;
	memcpy(p->oracle.ip + 4, p->subject.ip + 4, 2);
	repair_header(&p->oracle);
	return true;
}

bool adapt_id(const struct trial *trial)
{
	return adapt_pairs(trial, adapt_id_pair);
}

static bool adapt_df_pair(const struct trial *trial, struct pair *p)
{
	if (!trial->reassembled || !((p->oracle.ip[6] ^ p->subject.ip[6]) & DF))
		return false;
	p->oracle.ip[6] ^= DF;
	repair_header(&p->oracle);
	return true;
}

bool adapt_df(const struct trial *trial)
{
	return adapt_pairs(trial, adapt_df_pair);
}

static bool take_sent_options(struct pair *p, bool by_us_too)
{
	unsigned int len = p->sent.header - 20;

	if (!len || p->oracle.header != p->sent.header ||
	    !memcmp(p->oracle.ip, p->subject.ip, p->sent.header))
		return false;
	if (!by_us_too && memcmp(p->subject.ip + 20, p->sent.ip + 20, len))
		return false;
	memcpy(p->oracle.ip + 20, p->sent.ip + 20, len);
	memcpy(p->subject.ip + 20, p->sent.ip + 20, len);
	repair_header(&p->oracle);
	if (by_us_too)
		repair_header(&p->subject);
	return true;
}

/* A receiver fills them in, too. */
static bool adapt_options_pair(const struct trial *trial, struct pair *p)
{
	return take_sent_options(p, trial->reassembled);
}

static bool adapt_local_options_pair(const struct trial *trial, struct pair *p)
{
	(void)trial;
	return take_sent_options(p, true);
}

bool adapt_options(const struct trial *trial)
{
	bool local = adapt_heap(trial, adapt_local_options_pair, &trial->oracle->local,
				&trial->subject->local, 0);

	return adapt_pairs(trial, adapt_options_pair) || local;
}

/* A checksum that netfilter left as it was, and we kept true (or as false as it was). */
static bool is_untouched(const struct view *oracle, const struct view *subject,
			 const struct view *sent, __u8 protocol)
{
	return oracle->ip && subject->ip && sent->ip && sent->protocol == protocol &&
	       oracle->protocol == protocol && subject->protocol == protocol &&
	       !sent->later_fragment && sent->l4_len >= 8 && oracle->l4_len >= 8 &&
	       subject->l4_len >= 8 && get16(oracle->l4 + 6) == get16(sent->l4 + 6) &&
	       is_same_sum(sum_transport(subject), sum_transport(sent));
}

static bool adapt_untouched(struct pair *p, __u8 protocol)
{
	struct view quote[] = { view_quote(&p->oracle), view_quote(&p->subject),
				view_quote(&p->sent) };

	if (is_untouched(&p->oracle, &p->subject, &p->sent, protocol) &&
	    memcmp(p->oracle.l4 + 6, p->subject.l4 + 6, 2)) {
		memcpy(p->oracle.l4 + 6, p->subject.l4 + 6, 2);
		return true;
	}
	if (!is_untouched(&quote[0], &quote[1], &quote[2], protocol) ||
	    !memcmp(quote[0].l4 + 6, quote[1].l4 + 6, 2))
		return false;
	put16_quoted(&p->oracle, quote[0].l4 + 6, get16(quote[1].l4 + 6));
	return true;
}

static bool adapt_dccp_pair(const struct trial *trial, struct pair *p)
{
	(void)trial;
	return adapt_untouched(p, PROTO_DCCP);
}

bool adapt_dccp(const struct trial *trial)
{
	return adapt_pairs(trial, adapt_dccp_pair);
}

static bool adapt_sctp_pair(const struct trial *trial, struct pair *p)
{
	struct view quote[] = { view_quote(&p->oracle), view_quote(&p->subject),
				view_quote(&p->sent) };
	const unsigned int at = SCTP_CHECKSUM;

	(void)trial;
	/* An answer quotes what was sent, which is no error. */
	if (!is_icmp_error(&p->sent) && is_made_here(&p->oracle) && is_made_here(&p->subject))
		quote[2] = p->sent;
	if (p->sent.protocol == PROTO_SCTP && !p->sent.later_fragment && p->sent.l4_len >= at + 4 &&
	    p->subject.l4_len >= at + 4 && p->oracle.l4_len >= at + 4 &&
	    memcmp(p->oracle.l4 + at, p->sent.l4 + at, 4) &&
	    !memcmp(p->subject.l4 + at, p->sent.l4 + at, 4)) {
		memcpy(p->oracle.l4 + at, p->sent.l4 + at, 4);
		return true;
	}
	for (int i = 0; i < 3; i++) {
		if (!quote[i].ip || quote[i].protocol != PROTO_SCTP || quote[i].l4_len < at + 4)
			return false;
	}
	if (!memcmp(quote[0].l4 + at, quote[2].l4 + at, 4) ||
	    memcmp(quote[1].l4 + at, quote[2].l4 + at, 4))
		return false;
	put16_quoted(&p->oracle, quote[0].l4 + at, get16(quote[2].l4 + at));
	put16_quoted(&p->oracle, quote[0].l4 + at + 2, get16(quote[2].l4 + at + 2));
	return true;
}

bool adapt_sctp(const struct trial *trial)
{
	return adapt_pairs(trial, adapt_sctp_pair);
}
