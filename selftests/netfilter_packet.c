// SPDX-License-Identifier: GPL-2.0-only
/* See netfilter_packet.h. */
#include <string.h>

#include "netfilter_packet.h"
#include "packet_suite.h"

#define WHOLE_MAX	1480	/* what follows the IP header */
#define CUT_MAX		4000	/* the same, if it is to be cut up */
#define ETH_MIN		60

#define LENGTH(array)	(sizeof(array) / sizeof(*(array)))

__u32 pick(__u32 *random, __u32 below)
{
	return (random_next(random) >> 4) % below;
}

bool chance(__u32 *random, __u32 one_in)
{
	return !pick(random, one_in);
}

/* A host out there, and each flow has its own: none is behind another interface of the gateway's. */
static __u32 draw_remote(__u32 *random)
{
	return IP(11 + pick(random, 110), pick(random, 256), pick(random, 256),
		  1 + pick(random, 254));
}

static __u16 draw_port(__u32 *random)
{
	static const __u16 corners[] = { 0, 1, 53, 80, 443, 1723, 13131, 25565, 51819, 65535 };

	return chance(random, 5) ? corners[pick(random, LENGTH(corners))] :
				   3000 + pick(random, 40000);
}

static __u8 draw_protocol(__u32 *random)
{
	static const __u8 usual[] = {
		PROTO_TCP, PROTO_TCP, PROTO_TCP, PROTO_TCP, PROTO_TCP, PROTO_TCP, PROTO_TCP,
		PROTO_UDP, PROTO_UDP, PROTO_UDP, PROTO_UDP, PROTO_UDP, PROTO_UDP,
		PROTO_ICMP, PROTO_ICMP, PROTO_ICMP, PROTO_ICMP,
		PROTO_UDPLITE, PROTO_UDPLITE, PROTO_DCCP, PROTO_DCCP, PROTO_SCTP, PROTO_SCTP,
		PROTO_GRE, PROTO_GRE, PROTO_ESP,
	};

	return chance(random, 16) ? pick(random, 256) : usual[pick(random, LENGTH(usual))];
}

void draw_flow(struct flow *flow, __u32 local, __u32 *random)
{
	static const __u8 queries[] = { 8, 8, 8, 8, 13, 15, 17 };

	*flow = (struct flow){
		.remote = draw_remote(random),
		.local = local,
		.remote_port = draw_port(random),
		.local_port = draw_port(random),
		.icmp_id = chance(random, 8) ? 0 : random_next(random),
		.icmp_query = queries[pick(random, LENGTH(queries))],
		.protocol = draw_protocol(random),
		.seq = { random_next(random), random_next(random) },
		.tag = { random_next(random), random_next(random) },
		.tame = chance(random, 3),
	};
}

static void draw_tcp_options(struct spec *s, __u32 *random)
{
	static const __u16 sizes[] = { 0, 1, 536, 1379, 1380, 1381, 1400, 1460, 8960, 65535 };
	unsigned int at;
	__u16 mss;

	if (chance(random, 6))
		return;
	s->options_len = 4 * (1 + pick(random, 10));
	memset(s->options, 1, sizeof(s->options));
	if (chance(random, 8)) {
		for (unsigned int i = 0; i < s->options_len; i++)
			s->options[i] = random_next(random) >> 9;
		return;
	}
	mss = chance(random, 3) ? random_next(random) : sizes[pick(random, LENGTH(sizes))];
	at = pick(random, s->options_len - 3);
	s->options[at] = 2;
	s->options[at + 1] = 4;
	s->options[at + 2] = mss >> 8;
	s->options[at + 3] = mss;
}

static void draw_tcp(struct spec *s, struct flow *flow, bool local, __u32 *random)
{
	s->seq = flow->seq[local];
	s->ack = flow->seq[!local];
	if (!flow->tame && chance(random, 5)) {
		s->flags = random_next(random) >> 3;
	} else if (flow->step == 0) {
		s->flags = chance(random, 5) ? ACK : SYN;
	} else if (flow->step == 1 && local != flow->opened_here) {
		s->flags = SYN | ACK;
	} else {
		s->flags = ACK;
		if (chance(random, 6))
			s->flags |= (__u8[]){ FIN, RST, PSH, PSH | FIN }[pick(random, 4)];
	}
	if (s->flags & SYN)
		draw_tcp_options(s, random);
	if (s->flags & SYN && flow->tame)
		s->payload = 0;
	flow->seq[local] += s->payload + !!(s->flags & (SYN | FIN));
	if (!flow->tame && chance(random, 25))
		s->doff_is = 1 + pick(random, 16);
}

static void draw_icmp(struct spec *s, const struct flow *flow, bool local, __u32 *random)
{
	/* Each query's reply: 8 and 0, and from 13 on the next number. */
	__u8 reply = flow->icmp_query == 8 ? 0 : flow->icmp_query + 1;

	s->icmp_type = local == flow->opened_here ? flow->icmp_query : reply;
	s->icmp_id = flow->icmp_id;
	s->icmp_mtu = random_next(random);
	if (flow->tame || chance(random, 2))
		return;
	s->icmp_type = chance(random, 3) ? pick(random, 256) : pick(random, 20);
	s->icmp_code = chance(random, 2) ? 0 : pick(random, 20);
}

static unsigned int draw_size(unsigned int room, __u32 *random)
{
	/* Around the sizes at which something is decided: RFC 791's 576, the tunnel's MTU, the NIC's. */
	static const unsigned int corners[] = { 0, 1, 8, 547, 548, 549, 556, 557, 1391, 1392, 1393,
						1399, 1400, 1401, 1472, 1480 };
	unsigned int size;

	switch (pick(random, 4)) {
	case 0:
		size = corners[pick(random, LENGTH(corners))];
		break;
	case 1:
		size = pick(random, room + 1);
		break;
	default:
		size = pick(random, 64);
	}
	return size < room ? size : room;
}

static unsigned int header_of(const struct spec *s)
{
	switch (s->protocol) {
	case PROTO_TCP:
		return 20 + s->options_len;
	case PROTO_DCCP:
		return 16;
	case PROTO_UDP:
	case PROTO_UDPLITE:
	case PROTO_ICMP:
		return 8;
	default:
		return 0;
	}
}

/* As long as the tunnel's MTU, or a byte more or less. */
static void draw_close_to_mtu(struct spec *s, __u32 *random)
{
	if (!s->payload_from && chance(random, 16))
		s->payload = TUNNEL_MTU - 1 + pick(random, 3) - 20 - s->ip_options - header_of(s);
}

/* UDP whose checksum is zero once it is translated: that has to go out as 0xffff (RFC 768). */
static void draw_zero_checksum(struct spec *s, bool local, __u32 *random)
{
	struct spec like = *s;

	if (s->protocol != PROTO_UDP || s->payload < 2 || s->udp_lie || s->checksum_error ||
	    s->checksum != CHECKSUM_RIGHT || !chance(random, 12))
		return;
	if (local)
		like.source = PUBLIC;
	else
		like.destination = PEER;
	choose_checksum_zero(s, &like);
}

/* What follows the IP header. */
static void draw_transport(struct spec *s, struct flow *flow, bool local, unsigned int room,
			   __u32 *random)
{
	static __u8 payload[BYTES_MAX];

	s->protocol = flow->protocol;
	s->source_port = local ? flow->local_port : flow->remote_port;
	s->destination_port = local ? flow->remote_port : flow->local_port;
	s->seed = random_next(random);
	s->payload = draw_size(room, random);
	switch (flow->protocol) {
	case PROTO_TCP:
		draw_tcp(s, flow, local, random);
		break;
	case PROTO_UDP:
		if (chance(random, 6))
			s->checksum = CHECKSUM_NONE;
		if (!flow->tame && chance(random, 25))
			s->udp_lie = (int)pick(random, 40) - 20;
		break;
	case PROTO_UDPLITE:
		s->coverage = chance(random, 3) ? 8 + pick(random, s->payload + 1) :
			      chance(random, 8) ? pick(random, 2000) : 0;
		/* More than there is: the builder sums no further than that. */
		if (s->coverage > s->payload + 8)
			s->coverage = s->payload + 8;
		break;
	case PROTO_DCCP:
		s->dccp_type = flow->step == 0 ? 16 : flow->step == 1 ? 1 : 2;
		break;
	case PROTO_ICMP:
		draw_icmp(s, flow, local, random);
		break;
	case PROTO_SCTP:
		s->payload = draw_sctp(payload, flow, local, room, random);
		s->payload_from = payload;
		break;
	case PROTO_GRE:
		s->payload = draw_gre(payload, flow, room, random);
		s->payload_from = payload;
		break;
	}
	draw_close_to_mtu(s, random);
	if (s->payload + header_of(s) > room)
		s->payload = room > header_of(s) ? room - header_of(s) : 0;
	if (s->udp_lie < 0 && 8 + (int)s->payload + s->udp_lie < 0)
		s->udp_lie = 0;
	if (s->protocol == PROTO_UDPLITE && s->coverage > s->payload + 8)
		s->coverage = 0;
	if (!flow->tame && chance(random, 16))
		s->checksum_error = 1 + pick(random, 65534);
	draw_zero_checksum(s, local, random);
}

static void draw_ip(struct spec *s, bool tame, __u32 *random)
{
	static const __u16 corners[] = { TTL_ZERO, 1, 1, 1, 2, 2, 3, 128, 255 };

	s->ttl = chance(random, 5) ? corners[pick(random, LENGTH(corners))] : 3 + pick(random, 253);
	s->tos = chance(random, 2) ? 0 : random_next(random) >> 7;
	s->id = chance(random, 20) ? 0 : random_next(random);
	s->df = chance(random, 2);
	if (!tame && chance(random, 10))
		s->ip_options = 4 * (1 + pick(random, 10));
	if (tame && s->ttl < 3)
		s->ttl = 64;
}

static void put_frame(const struct bytes *ip, struct bytes *frame, __u32 *random)
{
	unsigned int len = ETH_HEADER + ip->len;

	memcpy(frame->data, mac_nic, 6);
	memcpy(frame->data + MAC_OFFSET, mac_next_hop, 6);
	frame->data[12] = 0x08;
	frame->data[13] = 0;
	memcpy(frame->data + ETH_HEADER, ip->data, ip->len);
	frame->len = len;
	/* Ethernet pads short frames; sometimes there is more behind a packet than that. */
	if (len < ETH_MIN && chance(random, 2))
		frame->len = ETH_MIN;
	else if (len < 1400 && chance(random, 30))
		frame->len = len + 1 + pick(random, 50);
	for (unsigned int i = len; i < frame->len; i++)
		frame->data[i] = chance(random, 2) ? 0 : random_next(random);
	if (chance(random, 100))
		frame->len -= pick(random, frame->len - ETH_HEADER + 1);
}

/* IP becomes what SIDE sends. */
static void put_probe(struct probe *probe, enum side side, const struct bytes *ip, bool cut,
		      __u32 *random)
{
	struct bytes packet;

	probe->side = side;
	probe->count = 1;
	probe->packets[0] = *ip;
	if (cut)
		cut_up(ip, probe, random);
	for (unsigned int i = 0; i < probe->count && side == FROM_WIRE_SIDE; i++) {
		packet = probe->packets[i];
		put_frame(&packet, &probe->packets[i], random);
	}
}

static void put_addresses(struct spec *s, enum side side, const struct flow *flow)
{
	bool from_wire = side == FROM_WIRE_SIDE;

	s->source = from_wire ? flow->remote : flow->local;
	s->destination = from_wire ? PUBLIC : flow->remote;
}

void draw_packet(struct probe *probe, enum side side, struct flow *flow, __u32 *random)
{
	bool cut = side != FROM_GATEWAY_SIDE && chance(random, 12);
	struct spec s = {};
	struct bytes ip;

	put_addresses(&s, side, flow);
	draw_ip(&s, flow->tame, random);
	if (cut)
		s.id |= 1;	/* not 0: that would be the same datagram for many */
	draw_transport(&s, flow, side != FROM_WIRE_SIDE,
		       (cut ? CUT_MAX : WHOLE_MAX) - s.ip_options, random);
	flow->step++;
	build_ip(&s, &ip);
	if (!flow->tame && side != FROM_GATEWAY_SIDE)
		mutate(&ip, random);
	probe->what = "packet";
	put_probe(probe, side, &ip, cut, random);
}

static void draw_false_quote(struct bytes *quoted, enum side side, __u32 *random)
{
	struct spec s = {};
	struct flow flow;

	draw_flow(&flow, side == FROM_WIRE_SIDE && !chance(random, 4) ? PUBLIC : PEER, random);
	put_addresses(&s, side == FROM_WIRE_SIDE ? FROM_HOME_SIDE : FROM_WIRE_SIDE, &flow);
	if (side != FROM_WIRE_SIDE && !chance(random, 4))
		s.destination = PEER;
	draw_ip(&s, false, random);
	draw_transport(&s, &flow, side == FROM_WIRE_SIDE, 700, random);
	build_ip(&s, quoted);
	mutate(quoted, random);
}

/* How much is quoted: RFC 792's eight bytes, RFC 1812's 576 in all, less, or more. */
static unsigned int draw_quote_len(const struct bytes *quoted, __u32 *random)
{
	unsigned int header = (quoted->data[0] & 15) * 4;
	const unsigned int corners[] = { 0, 8, 19, 20, header, header + 2, header + 4, header + 7,
					 header + 8, header + 8, header + 12, header + 18,
					 header + 20, 548, 548 };
	unsigned int len = chance(random, 3) ? pick(random, quoted->len + 1) :
					       corners[pick(random, LENGTH(corners))];

	return len < quoted->len ? len : quoted->len;
}

void draw_error(struct probe *probe, enum side side, const struct flow *flow,
		const struct bytes *quoted, __u32 *random)
{
	static const __u8 types[] = { 3, 3, 3, 3, 11, 11, 12, 4, 5 };
	struct spec s = { .protocol = PROTO_ICMP };
	bool cut = chance(random, 30);
	static struct bytes quote;
	struct bytes ip;

	if (quoted)
		quote = *quoted;
	else
		draw_false_quote(&quote, side, random);
	if (quoted && !flow->tame && chance(random, 12) && quote.len)
		quote.data[pick(random, quote.len < 48 ? quote.len : 48)] = random_next(random);
	put_addresses(&s, side, flow);
	/* Routers on the way complain as well. */
	if (side == FROM_WIRE_SIDE && chance(random, 3))
		s.source = draw_remote(random);
	draw_ip(&s, flow->tame, random);
	s.icmp_type = types[pick(random, LENGTH(types))];
	s.icmp_code = s.icmp_type == 3 ? pick(random, 16) : pick(random, 3);
	s.icmp_id = chance(random, 3) ? random_next(random) : 0;
	s.icmp_mtu = chance(random, 2) ? 1400 : random_next(random);
	s.payload_from = quote.data;
	s.payload = draw_quote_len(&quote, random);
	if (s.payload > WHOLE_MAX - 8u - s.ip_options)
		s.payload = WHOLE_MAX - 8 - s.ip_options;
	build_ip(&s, &ip);
	if (!flow->tame && chance(random, 16))
		ip.data[20 + s.ip_options + 2] ^= 1 + pick(random, 255);
	if (!flow->tame)
		mutate(&ip, random);
	probe->what = quoted ? "ICMP error" : "ICMP error about nothing";
	put_probe(probe, side, &ip, cut, random);
}

static void put_address(struct bytes *frame, unsigned int at, __u32 address)
{
	struct bytes ip = { .len = frame->len - ETH_HEADER };

	for (int i = 0; i < 4; i++)
		frame->data[ETH_HEADER + at + i] = address >> (24 - 8 * i);
	memcpy(ip.data, frame->data + ETH_HEADER, ip.len);
	repair_ip_checksum(&ip);
	memcpy(frame->data + ETH_HEADER, ip.data, ip.len);
}

static void put_vlan(struct bytes *frame, __u32 *random)
{
	__u16 tag = chance(random, 2) ? pick(random, 8) << 13 : random_next(random);

	memmove(frame->data + ETH_HEADER + 4, frame->data + ETH_HEADER, frame->len - ETH_HEADER);
	memmove(frame->data + ETH_HEADER + 2, frame->data + ETH_HEADER - 2, 2);
	frame->data[12] = chance(random, 4) ? 0x88 : 0x81;
	frame->data[13] = frame->data[12] == 0x88 ? 0xa8 : 0x00;
	frame->data[14] = tag >> 8;
	frame->data[15] = tag;
	frame->len += 4;
}

void draw_oddity(struct probe *probe, struct flow *flow, __u32 *random)
{
	static const __u32 sources[] = { PEER, PUBLIC, GATEWAY, IP(127, 0, 0, 1), IP(0, 0, 0, 1), 0,
					 0xffffffff, IP(224, 0, 0, 1), IP(240, 0, 0, 1),
					 IP(192, 0, 2, 255), IP(10, 0, 18, 3), IP(172, 20, 0, 9) };
	static const __u32 destinations[] = { PEER, GATEWAY, IP(192, 0, 2, 255), 0xffffffff,
					      IP(224, 0, 0, 251), IP(172, 20, 0, 9),
					      IP(127, 0, 0, 1), IP(10, 0, 18, 3) };
	struct bytes *frame = &probe->packets[0];

	flow->tame = true;
	draw_packet(probe, FROM_WIRE_SIDE, flow, random);
	probe->what = "oddity";
	if (probe->count > 1 || frame->len < ETH_HEADER + 20)
		return;
	switch (pick(random, 6)) {
	case 0:
		put_address(frame, 12, sources[pick(random, LENGTH(sources))]);
		return;
	case 1:
		put_address(frame, 16, destinations[pick(random, LENGTH(destinations))]);
		return;
	case 2:
		put_vlan(frame, random);
		return;
	case 3:
		/* Another host's, everybody's, some group's. */
		if (chance(random, 3))
			frame->data[5] ^= 1 + pick(random, 255);
		else
			memset(frame->data, chance(random, 2) ? 0xff : 0x01, 6);
		return;
	case 4:
		frame->data[12] = random_next(random);
		frame->data[13] = random_next(random);
		return;
	default:
		frame->len = ETH_HEADER + pick(random, 28);
	}
}
