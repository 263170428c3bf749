// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "host.h"
#include "packet_view.h"

static bool view_tcp(struct view *view, const __u8 *tcp)
{
	__u32 header;

	if (view->payload < TCP_HEADER)
		return false;
	header = (tcp[12] >> 4) * 4;
	view->check_at = view->header + 16;
	view->syn = tcp[13] & 2;
	return header >= TCP_HEADER && header <= view->payload;
}

static bool view_udp(struct view *view, const __u8 *udp, bool bundle)
{
	if (view->payload < UDP_HEADER || get16(udp + 4) < UDP_HEADER)
		return false;
	view->check_at = view->header + 6;
	return bundle || view->first_fragment || get16(udp + 4) <= view->payload;
}

static bool view_icmp(struct view *view, const __u8 *icmp)
{
	if (view->payload < ICMP_HEADER)
		return false;
	view->check_at = view->header + 2;
	view->icmp_error = icmp[0] == 3 || icmp[0] == 4 || icmp[0] == 5 || icmp[0] == 11 ||
			   icmp[0] == 12;
	view->icmp_query = icmp[0] == 8 || icmp[0] == 13 || icmp[0] == 15 || icmp[0] == 17;
	view->icmp_reply = icmp[0] == 0 || icmp[0] == 14 || icmp[0] == 16 || icmp[0] == 18;
	return true;
}

static bool view_transport(struct view *view, bool bundle)
{
	const __u8 *at = view->ip + view->header;

	switch (view->protocol) {
	case PROTO_TCP:
		return view_tcp(view, at);
	case PROTO_UDP:
		return view_udp(view, at, bundle);
	case PROTO_ICMP:
		return view_icmp(view, at);
	case PROTO_UDPLITE:
	case PROTO_DCCP:
		view->check_at = view->header + 6;
		return view->payload >= 8;
	default:
		return true;
	}
}

void view_packet(struct view *view, const __u8 *ip, __u32 length, bool bundle)
{
	__u16 fragment;

	memset(view, 0, sizeof(*view));
	view->ip = ip;
	view->length = length;
	if (length < IP_HEADER || ip[0] >> 4 != 4)
		return;
	view->source = get32(ip + 12);
	view->destination = get32(ip + 16);
	view->header = (ip[0] & 15) * 4;
	view->total = bundle ? length : get16(ip + 2);
	if (view->header < IP_HEADER || view->total < view->header || view->total > length)
		return;
	view->payload = view->total - view->header;
	view->ttl = ip[8];
	view->protocol = ip[9];
	fragment = get16(ip + 6);
	view->df = fragment & 0x4000;
	view->later_fragment = fragment & 0x1fff;
	view->first_fragment = (fragment & 0x2000) && !view->later_fragment;
	if (view->later_fragment) {
		/* RFC 3128 */
		view->sane = view->protocol != PROTO_TCP || (fragment & 0x1fff) > 1;
		return;
	}
	view->sane = view_transport(view, bundle);
	if (view->sane && (view->protocol == PROTO_TCP || view->protocol == PROTO_UDP)) {
		view->source_port = get16(ip + view->header);
		view->destination_port = get16(ip + view->header + 2);
	}
}

__u16 view_header_sum(const struct view *view)
{
	return sum_add(0, view->ip, view->header);
}

__u16 view_pseudo_sum(const struct view *view)
{
	__u32 sum = sum_add(0, view->ip + 12, 8);

	return sum_fold(sum + view->protocol + (view->payload >> 16) + (view->payload & 0xffff));
}

__u16 view_transport_sum(const struct view *view)
{
	__u32 sum = view->protocol == PROTO_ICMP ? 0 : view_pseudo_sum(view);

	return sum_add(sum, view->ip + view->header, view->payload);
}

bool same_sum(__u16 a, __u16 b)
{
	return a % 0xffff == b % 0xffff;
}

__u32 view_mss_at(const struct view *view)
{
	const __u8 *tcp = view->ip + view->header;
	__u32 end;
	__u32 at = TCP_HEADER;

	if (!view->syn || view->later_fragment)
		return 0;
	end = (tcp[12] >> 4) * 4;
	while (at < end && tcp[at] != 0) {
		if (tcp[at] == 1) {
			at++;
			continue;
		}
		if (at + 2 > end || tcp[at + 1] < 2 || at + tcp[at + 1] > end)
			return 0;
		if (tcp[at] == 2)
			return tcp[at + 1] == 4 ? view->header + at + 2 : 0;
		at += tcp[at + 1];
	}
	return 0;
}

__u32 segment_length(const struct view *view, __u32 gso_size)
{
	__u32 header = UDP_HEADER;

	/* Of SCTP's bundles only the kernel knows. */
	if (!gso_size || gso_size == 0xffff)
		return view->total;
	if (view->protocol == PROTO_TCP)
		header = (view->ip[view->header + 12] >> 4) * 4;
	return view->header + header + gso_size;
}
