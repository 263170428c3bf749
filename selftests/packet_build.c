// SPDX-License-Identifier: GPL-2.0-only
/* See packet_build.h. Formats: RFC 791, 792, 768, 9293, 3828 (UDP-Lite), 4340 (DCCP). */
#include <string.h>

#include "packet_build.h"
#include "packet_words.h"

#define IP_HEADER	20
#define UDP_HEADER	8
#define TCP_HEADER	20
#define DCCP_HEADER	16
#define ICMP_HEADER	8

#define QUOTE_MAX	(576 - IP_HEADER - ICMP_HEADER)

const __u8 mac_nic[6] = { 0x02, 0, 0, 0, 0, 0x10 };
const __u8 mac_next_hop[6] = { 0x02, 0, 0, 0, 0, 0x01 };

/* Marsaglia's xorshift: the same packets on every machine. */
__u32 random_next(__u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* RFC 1071, byte for byte. */
static __u32 sum_bytes(const __u8 *data, unsigned int len)
{
	__u32 sum = 0;

	for (unsigned int i = 0; i < len; i++)
		sum += i & 1 ? data[i] : data[i] << 8;
	return sum;
}

static __u16 fold(__u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static __u16 minus(__u16 value)
{
	return ~value;
}

static __u32 sum_pseudo(const struct spec *s, unsigned int len)
{
	return (s->source >> 16) + (s->source & 0xffff) + (s->destination >> 16) +
	       (s->destination & 0xffff) + s->protocol + len;
}

static void put_payload(const struct spec *s, __u8 *at)
{
	__u32 state = s->seed + 0x9e3779b9;

	if (s->payload_from)
		memcpy(at, s->payload_from, s->payload);
	for (unsigned int i = 0; i < s->payload && !s->payload_from; i++)
		at[i] = random_next(&state) >> 8;
	if (s->has_word && s->payload >= 2)
		put16(at, s->word);
}

/* Everything after the IP header, checksum 0. Returns the checksum's offset, -1: it has none. */
static int put_transport(const struct spec *s, struct bytes *out)
{
	__u8 *at = out->data;
	struct bytes quote;

	memset(at, 0, TCP_HEADER + OPTIONS_MAX);
	switch (s->protocol) {
	case PROTO_TCP:
		put16(at, s->source_port);
		put16(at + 2, s->destination_port);
		put32(at + 4, s->seq);
		put32(at + 8, s->ack ?: 0x01020304);
		at[12] = (s->doff_is ?: (TCP_HEADER + s->options_len) / 4) << 4;
		at[13] = s->flags;
		put16(at + 14, 0xfaf0);
		memcpy(at + TCP_HEADER, s->options, s->options_len);
		put_payload(s, at + TCP_HEADER + s->options_len);
		out->len = TCP_HEADER + s->options_len + s->payload;
		return 16;
	case PROTO_UDP:
	case PROTO_UDPLITE:
		put16(at, s->source_port);
		put16(at + 2, s->destination_port);
		out->len = UDP_HEADER + s->payload;
		put16(at + 4, s->protocol == PROTO_UDP ? out->len + s->udp_lie : s->coverage);
		put_payload(s, at + UDP_HEADER);
		return 6;
	case PROTO_DCCP:
		put16(at, s->source_port);
		put16(at + 2, s->destination_port);
		at[4] = DCCP_HEADER / 4;
		at[8] = ((s->dccp_type ?: 2) & 15) << 1 | 1;
		put32(at + 12, s->seq);
		put_payload(s, at + DCCP_HEADER);
		out->len = DCCP_HEADER + s->payload;
		return 6;
	case PROTO_ICMP:
		at[0] = s->icmp_type;
		at[1] = s->icmp_code;
		put16(at + 4, s->icmp_id);
		put16(at + 6, s->icmp_mtu);
		out->len = ICMP_HEADER + s->payload;
		if (!s->quote) {
			put_payload(s, at + ICMP_HEADER);
			return 2;
		}
		build_ip(s->quote, &quote);
		if (s->quote_len && s->quote_len < quote.len)
			quote.len = s->quote_len;
		memcpy(at + ICMP_HEADER, quote.data, quote.len);
		out->len = ICMP_HEADER + quote.len;
		return 2;
	default:
		put_payload(s, at);
		out->len = s->payload;
		return -1;
	}
}

/* The checksum field of TRANSPORT, in which it is 0. */
static __u16 checksum_of(const struct spec *s, const struct bytes *transport)
{
	unsigned int covered = s->protocol == PROTO_UDPLITE && s->coverage ? s->coverage :
									     transport->len;
	/* UDP's pseudo header says what the UDP header says. */
	unsigned int len = transport->len + s->udp_lie;
	__u32 sum = s->protocol == PROTO_ICMP ? 0 : sum_pseudo(s, len);
	__u16 check;

	if (s->checksum_of)
		return checksum_field(s->checksum_of);
	if (s->checksum == CHECKSUM_NONE)
		return 0;
	if (s->checksum == CHECKSUM_HALF)
		return fold(sum);
	if (s->protocol == PROTO_UDP && s->udp_lie < 0)
		covered = len;
	check = ~fold(sum + sum_bytes(transport->data, covered) + s->checksum_error);
	return s->protocol == PROTO_UDP && !check ? 0xffff : check;
}

__u16 checksum_field(const struct spec *s)
{
	struct bytes transport;

	put_transport(s, &transport);
	return checksum_of(s, &transport);
}

/* The part of the datagram that this packet carries; the checksum is over the whole. */
static unsigned int put_fragment(const struct spec *s, const struct bytes *whole, __u8 *at,
				 bool *last)
{
	unsigned int len = whole->len - s->fragment_at;

	if (s->fragment_len && s->fragment_len < len)
		len = s->fragment_len;
	*last = s->fragment_at + len == whole->len;
	memcpy(at, whole->data + s->fragment_at, len);
	return len;
}

void build_ip(const struct spec *s, struct bytes *out)
{
	unsigned int header = IP_HEADER + s->ip_options;
	struct bytes transport;
	__u8 *ip = out->data;
	unsigned int len;
	int check_at;
	bool last;

	check_at = put_transport(s, &transport);
	if (check_at >= 0)
		put16(transport.data + check_at, checksum_of(s, &transport));
	len = put_fragment(s, &transport, ip + header, &last);

	memset(ip, 0, IP_HEADER);
	ip[0] = (s->version_is ?: 4) << 4 | ((s->ihl_is ?: header / 4) & 15);
	ip[1] = s->tos;
	put16(ip + 2, header + len + s->total_lie);
	put16(ip + 4, s->id);
	put16(ip + 6, (s->df ? 0x4000 : 0) | (last ? 0 : 0x2000) | s->fragment_at / 8);
	ip[8] = s->ttl ?: TTL_USUAL;
	if (s->ttl == TTL_ZERO)
		ip[8] = 0;
	ip[9] = s->protocol;
	put32(ip + 12, s->source);
	put32(ip + 16, s->destination);
	memset(ip + IP_HEADER, 1 /* no operation */, s->ip_options);
	put16(ip + 10, ~fold(sum_bytes(ip, header)));
	out->len = header + len;
}

void build_frame(const struct spec *s, struct bytes *out)
{
	unsigned int header = ETH_HEADER + (s->vlan ? 4 : 0);
	struct bytes ip;

	build_ip(s, &ip);
	memcpy(out->data, mac_nic, 6);
	if (s->broadcast)
		memset(out->data, 0xff, 6);
	memcpy(out->data + 6, mac_next_hop, 6);
	if (s->vlan) {
		put16(out->data + 12, 0x8100);
		put16(out->data + 14, s->vlan);
	}
	put16(out->data + header - 2, s->ethertype ?: 0x0800);
	memcpy(out->data + header, ip.data, ip.len);
	memset(out->data + header + ip.len, 0, s->padding);
	out->len = header + ip.len + s->padding;
	if (s->cut && s->cut < out->len)
		out->len = s->cut;
}

void build_frame_out(const struct bytes *ip, struct bytes *out)
{
	memcpy(out->data, mac_next_hop, 6);
	memcpy(out->data + 6, mac_nic, 6);
	put16(out->data + 12, 0x0800);
	memcpy(out->data + ETH_HEADER, ip->data, ip->len);
	out->len = ETH_HEADER + ip->len;
}

void build_answer(const struct bytes *ip, __u32 source, unsigned int mtu, struct bytes *out)
{
	unsigned int quoted = ip->len < QUOTE_MAX ? ip->len : QUOTE_MAX;
	__u8 *at = out->data;

	memset(at, 0, IP_HEADER + ICMP_HEADER);
	at[0] = 0x45;
	at[1] = 0xc0;
	put16(at + 2, IP_HEADER + ICMP_HEADER + quoted);
	put16(at + 6, 0x4000);
	at[8] = 64;
	at[9] = PROTO_ICMP;
	put32(at + 12, source);
	memcpy(at + 16, ip->data + 12, 4);
	put16(at + 10, ~fold(sum_bytes(at, IP_HEADER)));
	at += IP_HEADER;
	at[0] = mtu ? 3 : 11;
	at[1] = mtu ? 4 : 0;
	put16(at + 6, mtu);
	memcpy(at + ICMP_HEADER, ip->data, quoted);
	put16(at + 2, ~fold(sum_bytes(at, ICMP_HEADER + quoted)));
	out->len = IP_HEADER + ICMP_HEADER + quoted;
}

/* Which of a quote's fields can be told apart: RFC 792 promises eight bytes after the IP header. */
static bool quote_is_known(const struct spec *s)
{
	struct bytes quote;

	build_ip(s->quote, &quote);
	if (s->quote_len && s->quote_len < quote.len)
		quote.len = s->quote_len;
	return quote.len >= IP_HEADER + s->quote->ip_options + 8u && !s->quote->fragment_at;
}

static void translate(const struct spec *s, int hops, unsigned int mss_max, struct translation *t)
{
	unsigned int mss;

	t->packet = *s;
	t->packet.ttl = (s->ttl ?: TTL_USUAL) - hops;
	if (s->mss_at && (s->flags & SYN)) {
		mss = get16(s->options + s->mss_at);
		put16(t->packet.options + s->mss_at, mss < mss_max ? mss : mss_max);
	}
	if (!s->quote)
		return;
	t->quote = *s->quote;
	t->packet.quote = &t->quote;
	/* Netfilter changes the checksum of a quoted TCP header if it is all there. */
	if (s->quote->protocol == PROTO_TCP && s->quote_len &&
	    s->quote_len < IP_HEADER + s->quote->ip_options + (__u32)TCP_HEADER)
		t->quote.checksum_of = s->quote->checksum_of ?: s->quote;
}

/* The quoted packet went the other way: what was its source is the destination of the error. */
void translate_destination(const struct spec *s, __u32 to, int hops, unsigned int mss_max,
			   struct translation *t)
{
	translate(s, hops, mss_max, t);
	t->packet.destination = to;
	if (s->quote && quote_is_known(s) && s->quote->source == s->destination)
		t->quote.source = to;
}

void translate_source(const struct spec *s, __u32 to, int hops, unsigned int mss_max,
		      struct translation *t)
{
	translate(s, hops, mss_max, t);
	t->packet.source = to;
	if (s->quote && quote_is_known(s) && s->quote->destination == s->source)
		t->quote.destination = to;
}

/* The sum over S without its checksum and its payload's first word; PSEUDO: its pseudo header's. */
static __u16 sum_without_word(const struct spec *s, __u16 *pseudo)
{
	struct spec blank = *s;
	struct bytes transport;

	blank.has_word = true;
	blank.word = 0;
	put_transport(&blank, &transport);
	*pseudo = fold(sum_pseudo(s, transport.len));
	return fold(sum_bytes(transport.data, transport.len));
}

/* check = ~(pseudo + rest + word) shall be half. */
void choose_checksum_like_half(struct spec *s)
{
	__u16 pseudo;
	__u16 rest = sum_without_word(s, &pseudo);
	__u16 half = s->fragment_len ? fold(sum_pseudo(s, s->fragment_len)) : pseudo;

	s->has_word = true;
	s->word = fold((__u32)minus(half) + minus(pseudo) + minus(rest));
}

/* check = ~(pseudo + rest + word) shall be ~0xffff. */
void choose_checksum_zero(struct spec *s, const struct spec *like)
{
	__u16 pseudo;
	__u16 rest = sum_without_word(like, &pseudo);

	s->has_word = true;
	s->word = minus(fold((__u32)pseudo + rest));
}
