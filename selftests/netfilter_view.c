// SPDX-License-Identifier: GPL-2.0-only
/* See netfilter_view.h. */
#include "netfilter_view.h"

#define IP_HEADER	20
#define ICMP_HEADER	8

static __u16 fold(__u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

__u16 sum_of(const __u8 *data, unsigned int len)
{
	__u32 sum = 0;

	for (unsigned int i = 0; i < len; i++)
		sum += i & 1 ? data[i] : data[i] << 8;
	return fold(sum);
}

static struct view view_at(__u8 *ip, unsigned int len)
{
	struct view v = {};

	if (len < IP_HEADER || ip[0] >> 4 != 4 || (ip[0] & 15) < 5 || (ip[0] & 15) * 4u > len)
		return v;
	v.ip = ip;
	v.header = (ip[0] & 15) * 4;
	v.total = get16(ip + 2) < len ? get16(ip + 2) : len;
	v.l4 = ip + v.header;
	v.l4_len = v.total > v.header ? v.total - v.header : 0;
	v.protocol = ip[9];
	v.source = get32(ip + 12);
	v.destination = get32(ip + 16);
	v.later_fragment = get16(ip + 6) & 0x1fff;
	v.fragment = get16(ip + 6) & 0x3fff;
	return v;
}

struct view view(struct bytes *bytes, unsigned int skip)
{
	return view_at(bytes->data + skip, bytes->len > skip ? bytes->len - skip : 0);
}

struct view view_quote(const struct view *icmp)
{
	if (!is_icmp_error(icmp))
		return (struct view){};
	return view_at(icmp->l4 + ICMP_HEADER, icmp->l4_len - ICMP_HEADER);
}

bool is_icmp_error(const struct view *v)
{
	return v->ip && v->protocol == PROTO_ICMP && !v->later_fragment &&
	       v->l4_len >= ICMP_HEADER &&
	       (v->l4[0] == 3 || v->l4[0] == 4 || v->l4[0] == 5 || v->l4[0] == 11 || v->l4[0] == 12);
}

unsigned int checksum_at(__u8 protocol)
{
	switch (protocol) {
	case PROTO_TCP:
		return 16;
	case PROTO_UDP:
	case PROTO_UDPLITE:
	case PROTO_DCCP:
		return 6;
	default:
		return 0;
	}
}

__u16 sum_transport(const struct view *v)
{
	__u32 sum = sum_of(v->l4, v->l4_len);

	/* What does not change needs no place in a sum that must not change: protocol, length. */
	if (checksum_at(v->protocol))
		sum += sum_of(v->ip + 12, 8);
	return fold(sum);
}

__u16 sum_header(const struct view *v)
{
	return sum_of(v->ip, v->header);
}

void repair_header(const struct view *v)
{
	put16(v->ip + 10, 0);
	put16(v->ip + 10, ~sum_header(v));
}

void put16_quoted(const struct view *icmp, __u8 *at, __u16 value)
{
	bool odd = (at - icmp->l4) & 1;
	__u16 old = get16(at);
	__u16 new = value;
	__u16 check;

	if (odd) {
		old = old << 8 | old >> 8;
		new = new << 8 | new >> 8;
	}
	check = ~get16(icmp->l4 + 2);
	put16(icmp->l4 + 2, ~fold((__u32)check + (__u16)~old + new));
	put16(at, value);
}
