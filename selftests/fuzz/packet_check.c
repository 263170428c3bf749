// SPDX-License-Identifier: GPL-2.0-only
/*
 * The translation, checked on the bytes: all is as it was but the address, the TTL, a SYN's MSS and the
 * checksums; and a checksum is as right, or as wrong by the same difference, as it was.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_ether.h>

#include <bpf/bpf_endian.h>

#include "packet_check.h"

#define MTU_MIN		576	/* RFC 791 */
#define ANSWER_MAX	576	/* RFC 1812, section 4.3.2.3 */
#define SUMMED_MAX	9216	/* what XDP adds up at most */

void broken(const char *file, int line, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "%s:%d: INVARIANT BROKEN: ", file, line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

/* skb_checksum_help(): the field holds the pseudo header's sum. */
static void complete(__u8 *ip, __u32 length, __u32 start, __u32 field, bool udp)
{
	__u16 check = ~sum_add(0, ip + start, length - start);

	put16(ip + start + field, udp && !check ? 0xffff : check);
}

void wire_of_arrival(const struct arrival_in *in, struct wire *wire)
{
	struct view view;

	wire->length = in->length - in->network;
	wire->bundle = in->gso_size;
	wire->partial = in->summed == SUMMED_PARTIAL;
	memcpy(wire->bytes, in->bytes + in->network, wire->length);
	if (!wire->partial)
		return;
	view_packet(&view, wire->bytes, wire->length, wire->bundle);
	complete(wire->bytes, wire->length, view.header, view.check_at - view.header,
		 view.protocol == PROTO_UDP);
}

void wire_of_packet(const struct host_packet *packet, struct wire *wire)
{
	static __u8 bytes[PACKET_MAX];

	host_packet_copy(packet, bytes);
	wire->length = packet->skb.len - packet->network;
	wire->bundle = packet->skb.gso_size;
	wire->partial = packet->summed == SUMMED_PARTIAL;
	memcpy(wire->bytes, bytes + packet->network, wire->length);
	if (wire->partial)
		complete(wire->bytes, wire->length, packet->sum_start - packet->network,
			 packet->sum_field, packet->sum_field == 6);
}

bool is_martian(__u32 address)
{
	return address >> 24 == 0 || address >> 24 == 127 || address >> 28 == 14 ||
	       address == 0xffffffff;
}

bool may_be_answered(const struct view *view)
{
	return !view->later_fragment &&
	       (view->protocol != PROTO_ICMP || view->icmp_query || view->icmp_reply);
}

/* A zero says that there is none (RFC 768); a sum that comes out as zero is sent as 0xffff. */
static void check_udp_zero(const __u8 *before, const __u8 *after)
{
	if (!get16(before) != !get16(after))
		BROKEN("UDP checksum %04x became %04x", get16(before), get16(after));
}

/* A half checksum that XDP met: the field has the pseudo header's sum, and still has to have. */
static bool looks_partial(const struct view *view)
{
	if (view->first_fragment ||
	    (view->protocol != PROTO_TCP && view->protocol != PROTO_UDP) ||
	    get16(view->ip + view->check_at) != view_pseudo_sum(view))
		return false;
	return view->payload > SUMMED_MAX || view_transport_sum(view) != 0xffff;
}

/* A half checksum that is true as a whole one, too: nothing in the packet tells which of them it is. */
static bool is_ambiguous(const struct view *view)
{
	return (view->protocol == PROTO_TCP || view->protocol == PROTO_UDP) &&
	       get16(view->ip + view->check_at) == view_pseudo_sum(view);
}

static void check_transport_sum(const struct view *in, const struct view *out, bool raw)
{
	const __u8 *before = in->ip + in->check_at;
	const __u8 *after = out->ip + out->check_at;

	if (in->protocol == PROTO_UDP)
		check_udp_zero(before, after);
	if (in->protocol == PROTO_UDP && !get16(before))
		return;
	if (raw && looks_partial(in)) {
		if (!same_sum(get16(after), view_pseudo_sum(out)))
			BROKEN("half checksum %04x became %04x, the pseudo header's sum is %04x",
			       get16(before), get16(after), view_pseudo_sum(out));
		return;
	}
	if (!same_sum(view_transport_sum(in), view_transport_sum(out)))
		BROKEN("protocol %u: the sum was %04x and is %04x", in->protocol,
		       view_transport_sum(in), view_transport_sum(out));
}

/* The sum that a quote's checksum is over, as far as it is there. */
static __u16 quoted_sum(const __u8 *quote, __u32 header, __u32 length)
{
	return sum_add(sum_add(0, quote + 12, 8), quote + header, length - header);
}

/* Where the quote's transport checksum is, from the quote; 0: it has none, or it is cut off. */
static __u32 quoted_check_at(const __u8 *quote, __u32 header, __u32 length)
{
	switch (quote[9]) {
	case PROTO_TCP:
		return length >= header + TCP_HEADER ? header + 16 : 0;
	case PROTO_UDP:
	case PROTO_UDPLITE:
	case PROTO_DCCP:
		return header + 6;
	default:
		return 0;
	}
}

static void copy16(__u8 *to, const __u8 *from, __u32 at)
{
	memcpy(to + at, from + at, 2);
}

/*
 * An ICMP error: the quote has the other address too. EXPECTED is IN with the new header, and gets what may
 * and has to be different in the quote.
 */
static void check_quote(const struct view *in, const struct view *out, const struct translation *t,
			__u8 *expected)
{
	__u32 at = in->header + ICMP_HEADER;
	__u32 length = in->total - at;
	const __u8 *before = in->ip + at;
	const __u8 *after = out->ip + at;
	__u32 header = length >= IP_HEADER ? (before[0] & 15) * 4 : 0;
	__u32 check_at;
	bool changes;

	if (header < IP_HEADER || header + 8 > length)
		BROKEN("an ICMP error with a short quote was forwarded");
	changes = t->source != in->source || t->destination != in->destination;
	if (t->destination != in->destination)
		put32(expected + at + 12, t->destination);
	if (t->source != in->source && get32(before + 16) == in->source)
		put32(expected + at + 16, t->source);
	if (!changes)
		return;
	copy16(expected, out->ip, in->check_at);
	copy16(expected, out->ip, at + 10);
	if (!same_sum(sum_add(0, before, header), sum_add(0, after, header)))
		BROKEN("the quoted header's sum was %04x and is %04x",
		       sum_add(0, before, header), sum_add(0, after, header));
	check_at = quoted_check_at(before, header, length);
	if (!check_at)
		return;
	copy16(expected, out->ip, at + check_at);
	if (before[9] == PROTO_UDP)
		check_udp_zero(before + check_at, after + check_at);
	if (before[9] == PROTO_UDP && !get16(before + check_at))
		return;
	if (!same_sum(quoted_sum(before, header, length), quoted_sum(after, header, length)))
		BROKEN("the quoted checksum's sum was %04x and is %04x",
		       quoted_sum(before, header, length), quoted_sum(after, header, length));
}

/* A SYN may promise no more than fits, and less than it did only for that. */
static void check_mss(const struct view *in, const struct view *out, __u32 mtu, __u8 *expected)
{
	bool clamps = mtu >= MTU_MIN && mtu <= 0xffff;
	__u16 most = clamps ? mtu - 40 : 0xffff;
	__u32 at = view_mss_at(in);
	__u32 end = in->header + (in->ip[in->header + 12] >> 4) * 4;

	if (at && get16(in->ip + at) > most && get16(out->ip + at) != most)
		BROKEN("MSS %u became %u, not %u", get16(in->ip + at), get16(out->ip + at), most);
	for (__u32 i = in->header + TCP_HEADER + 2; i + 2 <= end; i++) {
		if (memcmp(in->ip + i, out->ip + i, 2) == 0)
			continue;
		if (in->ip[i - 2] == 2 && in->ip[i - 1] == 4 && get16(in->ip + i) > most &&
		    get16(out->ip + i) == most) {
			copy16(expected, out->ip, i);
			return;
		}
	}
}

static void check_bytes(const char *what, const __u8 *expected, const __u8 *got, __u32 length)
{
	for (__u32 i = 0; i < length; i++)
		if (expected[i] != got[i])
			BROKEN("%s: byte %u is %02x, not %02x", what, i, got[i], expected[i]);
}

void check_translated(const struct wire *in, const struct wire *out, const struct translation *t)
{
	static __u8 expected[PACKET_MAX + 64];
	struct view before, after;

	view_packet(&before, in->bytes, in->length, in->bundle);
	view_packet(&after, out->bytes, out->length, out->bundle);
	if (!before.sane)
		BROKEN("a malformed packet was forwarded");
	if (out->length < before.total || out->length > in->length)
		BROKEN("%u bytes of %u, of which %u are the packet", out->length, in->length,
		       before.total);

	memcpy(expected, in->bytes, in->length);
	put32(expected + 12, t->source);
	put32(expected + 16, t->destination);
	expected[8] -= t->hop;
	copy16(expected, out->bytes, 10);
	if (before.later_fragment) {
		;
	} else if (before.icmp_error) {
		check_quote(&before, &after, t, expected);
	} else if (before.check_at && before.protocol != PROTO_ICMP) {
		copy16(expected, out->bytes, before.check_at);
		if (before.protocol == PROTO_TCP && before.syn)
			check_mss(&before, &after, t->mtu, expected);
	}
	check_bytes("translated", expected, out->bytes, out->length);

	if (!same_sum(view_header_sum(&before), view_header_sum(&after)))
		BROKEN("the header's sum was %04x and is %04x", view_header_sum(&before),
		       view_header_sum(&after));
	if (before.check_at && !before.later_fragment &&
	    !(t->raw && in->partial && is_ambiguous(&before)))
		check_transport_sum(&before, &after, t->raw && !in->partial);
}

/* The quote is the packet as it came, but a bundle is quoted as its first segment. */
static void check_quoted(const struct wire *in, const struct wire *out, const struct view *view,
			 __u32 segment)
{
	const __u8 *quote = out->bytes + IP_HEADER + ICMP_HEADER;
	__u32 length = out->length - IP_HEADER - ICMP_HEADER;
	__u8 expected[ANSWER_MAX];

	memcpy(expected, in->bytes, length);
	if (in->bundle) {
		put16(expected + 2, segment);
		copy16(expected, quote, 10);
		if (!same_sum(sum_add(0, quote, view->header), view_header_sum(view)))
			BROKEN("the quoted bundle's header has another sum");
	}
	/* What was cut off is missing in what completes the checksum. */
	if (in->partial)
		copy16(expected, quote, view->check_at);
	check_bytes("quote", expected, quote, length);
}

void check_answer(const struct wire *in, const struct wire *out, __u32 source, __u32 mtu,
		  __u32 segment)
{
	struct view before, after;
	const __u8 *icmp = out->bytes + IP_HEADER;
	__u32 quoted;

	view_packet(&before, in->bytes, in->length, in->bundle);
	view_packet(&after, out->bytes, out->length, false);
	if (!may_be_answered(&before) || is_martian(before.source))
		BROKEN("what must not be answered was");
	quoted = before.total;
	if (quoted > ANSWER_MAX - IP_HEADER - ICMP_HEADER)
		quoted = ANSWER_MAX - IP_HEADER - ICMP_HEADER;
	if (!after.sane || after.header != IP_HEADER || after.total != out->length ||
	    after.total != IP_HEADER + ICMP_HEADER + quoted || after.protocol != PROTO_ICMP ||
	    after.first_fragment || after.later_fragment || after.ttl < 32)
		BROKEN("no ICMP error of %u quoted bytes", quoted);
	if (after.source != source || after.destination != before.source)
		BROKEN("from %08x to %08x, not from %08x to %08x", after.source,
		       after.destination, source, before.source);
	/* What looks like a half checksum, and is a wrong one, may be taken for it. */
	if (view_header_sum(&after) != 0xffff ||
	    (view_transport_sum(&after) != 0xffff && (in->partial || !looks_partial(&before))))
		BROKEN("checksums of the answer: %04x, %04x", view_header_sum(&after),
		       view_transport_sum(&after));
	if (icmp[0] != (mtu ? 3 : 11) || icmp[1] != (mtu ? 4 : 0) || get32(icmp + 4) != mtu)
		BROKEN("type %u code %u, MTU %u", icmp[0], icmp[1], get32(icmp + 4));
	check_quoted(in, out, &before, segment);
}
