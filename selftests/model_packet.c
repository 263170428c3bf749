// SPDX-License-Identifier: GPL-2.0-only
/* See model_packet.h. */
#include <string.h>

#include "model_packet.h"

/* The IP header, of whose packet LEN bytes are there. */
static bool parse_ip(const __u8 *ip, unsigned int len, struct packet *p)
{
	if (len < IP_HEADER || ip[0] >> 4 != 4)
		return false;
	*p = (struct packet){
		.ip = ip, .header = (ip[0] & 15) * 4, .total = get16(ip + 2), .id = get16(ip + 4),
		.offset = (get16(ip + 6) & 0x1fff) * 8, .more = get16(ip + 6) & 0x2000,
		.df = get16(ip + 6) & 0x4000, .ttl = ip[8], .protocol = ip[9],
		.source = get32(ip + 12), .destination = get32(ip + 16),
	};
	if (p->header < IP_HEADER || p->header > len)
		return false;
	p->l4 = ip + p->header;
	p->l4_len = len - p->header;
	return true;
}

/* RFC 3128: no second fragment that lies inside TCP's header. */
bool parse(const __u8 *ip, unsigned int len, struct packet *p)
{
	if (!parse_ip(ip, len, p) || p->total > len || p->total < p->header)
		return false;
	p->l4_len = p->total - p->header;
	if (p->offset)
		return p->protocol != PROTO_TCP || p->offset != 8;
	switch (p->protocol) {
	case PROTO_TCP:
		return p->l4_len >= 20 && p->l4[12] >> 4 >= 5 && (p->l4[12] >> 4) * 4u <= p->l4_len;
	case PROTO_UDP:
		return p->l4_len >= 8 && get16(p->l4 + 4) >= 8 &&
		       (p->more || get16(p->l4 + 4) <= p->l4_len);
	case PROTO_ICMP:
	case PROTO_UDPLITE:
	case PROTO_DCCP:
		return p->l4_len >= 8;	/* up to their checksum at least */
	default:
		return true;
	}
}

/* RFC 792: an error quotes the IP header and eight bytes at least. */
bool parse_quote(const struct packet *p, struct packet *quote)
{
	return parse_ip(p->l4 + ICMP_HEADER, p->l4_len - ICMP_HEADER, quote) &&
	       quote->l4_len >= 8 && !quote->offset && !is_icmp_error(quote);
}

bool has_ports(__u8 protocol)
{
	return protocol == PROTO_TCP || protocol == PROTO_UDP;
}

static bool is_icmp(const struct packet *p, const char *types, unsigned int count)
{
	return p->protocol == PROTO_ICMP && !p->offset && memchr(types, p->l4[0], count);
}

bool is_icmp_error(const struct packet *p)
{
	return is_icmp(p, (const char[]){ 3, 4, 5, 11, 12 }, 5);
}

bool is_icmp_query(const struct packet *p)
{
	return is_icmp(p, (const char[]){ 8, 13, 15, 17 }, 4);
}

bool is_icmp_reply(const struct packet *p)
{
	return is_icmp(p, (const char[]){ 0, 14, 16, 18 }, 4);
}

static __u16 fold(__u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static __u32 sum_of(const __u8 *data, unsigned int len)
{
	__u32 sum = 0;

	for (unsigned int i = 0; i < len; i++)
		sum += i & 1 ? data[i] : data[i] << 8;
	return sum;
}

/* RFC 1624, equation 3, over all LEN bytes that a checksum is over, changed or not. */
static __u16 adjust(__u16 check, const __u8 *was, const __u8 *is, unsigned int len)
{
	return ~fold((__u16)~check + (__u16)~fold(sum_of(was, len)) + fold(sum_of(is, len)));
}

/* Where the checksum that is over addresses, too, lies in L4; 0: there is none. */
static unsigned int check_offset(__u8 protocol, unsigned int l4_len)
{
	if (protocol == PROTO_TCP)
		return l4_len >= 20 ? 16 : 0;
	if (protocol == PROTO_UDP || protocol == PROTO_UDPLITE || protocol == PROTO_DCCP)
		return l4_len >= 8 ? 6 : 0;
	return 0;
}

/* The IP header IS has other addresses than WAS (TTL, ...): both checksums follow. */
static void adjust_checksums(const struct packet *p, __u8 *is, struct judgement *j)
{
	unsigned int at = p->offset ? 0 : check_offset(p->protocol, p->l4_len);
	const __u8 *was = p->ip;
	__u8 *check = is + p->header + at;
	__u16 sum;

	put16(is + 10, adjust(get16(was + 10), was, is, p->header));
	if (!at || (p->protocol == PROTO_UDP && !get16(check)))
		return;
	sum = adjust(get16(check), was + 12, is + 12, 8);
	sum = adjust(sum, was + p->header, is + p->header, p->l4_len);
	if (!sum && p->protocol == PROTO_UDP)
		sum = 0xffff;
	put16(check, sum);
	if (p->protocol == PROTO_UDP)
		j->udp_check_at = check - j->out.data;
}

/*
 * The first MSS option (RFC 9293, 3.2), unless what comes before it is broken. An option that says it has
 * one byte is broken, too, but in a way that matters to nobody: it is stepped over.
 */
static void clamp_mss(__u8 *tcp, unsigned int mss_max)
{
	unsigned int end = (tcp[12] >> 4) * 4, at = 20;

	while (at < end && tcp[at] != 0) {
		if (tcp[at] == 1) {
			at++;
			continue;
		}
		if (at + 2 > end || tcp[at + 1] == 0 || at + tcp[at + 1] > end)
			return;
		if (tcp[at] == 2) {
			if (tcp[at + 1] == 4 && get16(tcp + at + 2) > mss_max)
				put16(tcp + at + 2, mss_max);
			return;
		}
		at += tcp[at + 1];
	}
}

/* RFC 5508: what is quoted went the other way. */
static void rewrite_quote(const struct packet *p, const struct rewrite *r, struct judgement *j)
{
	struct packet quote;
	__u8 *is;

	if (!parse_quote(p, &quote))
		return;
	is = j->out.data + (quote.ip - p->ip);
	if (r->destination && quote.source == p->destination)
		put32(is + 12, r->destination);
	if (r->source && quote.destination == p->source)
		put32(is + 16, r->source);
	adjust_checksums(&quote, is, j);
	is = j->out.data + p->header;
	put16(is + 2, adjust(get16(is + 2), p->l4, is, p->l4_len));
}

/* Some senders leave the sum over the pseudo header for their NIC to complete. */
static bool looks_like_half(const struct packet *p)
{
	unsigned int at = p->offset ? 0 : check_offset(p->protocol, p->l4_len);
	__u32 pseudo = sum_of(p->ip + 12, 8) + p->protocol;
	__u16 udp_len = p->protocol == PROTO_UDP ? get16(p->l4 + 4) : p->l4_len;

	return at && (get16(p->l4 + at) == fold(pseudo + p->l4_len) ||
		      get16(p->l4 + at) == fold(pseudo + udp_len));
}

void rewrite(const struct packet *p, const struct rewrite *r, struct judgement *j)
{
	__u8 *is = j->out.data;

	j->out.len = p->total;
	memcpy(is, p->ip, p->total);
	is[8] -= r->hops;
	if (r->source)
		put32(is + 12, r->source);
	if (r->destination)
		put32(is + 16, r->destination);
	if (p->protocol == PROTO_TCP && !p->offset && (p->l4[13] & SYN))
		clamp_mss(is + p->header, r->mss_max);
	if (looks_like_half(p))
		j->unsure_at = p->header + check_offset(p->protocol, p->l4_len);
	adjust_checksums(p, is, j);
	if (is_icmp_error(p))
		rewrite_quote(p, r, j);
}
