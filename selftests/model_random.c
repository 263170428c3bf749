// SPDX-License-Identifier: GPL-2.0-only
/* See model_random.h. */
#include <string.h>

#include "model_random.h"

#define REMOTES		3
#define PORTS		5
#define IDS		3
#define PAYLOAD_MAX	2200

/* Few of each, so that packets meet. */
struct dice {
	__u32 state;
	const struct model_config *config;
	__u32 remotes[REMOTES];
	__u16 ports[PORTS];
	__u16 ids[IDS];
};

static __u32 pick(struct dice *d, __u32 below)
{
	return (random_next(&d->state) >> 4) % below;
}

static bool chance(struct dice *d, __u32 one_in)
{
	return !pick(d, one_in);
}

static struct dice make_dice(__u32 seed)
{
	struct dice d = { .state = seed * 2654435761u ^ 0x5bd1e995 };

	d.state = d.state ?: 1;
	for (int i = 0; i < 8; i++)
		random_next(&d.state);
	return d;
}

/* A remote host that no rule knows. */
static __u32 random_host(struct dice *d)
{
	return IP(11 + pick(d, 100), pick(d, 256), pick(d, 256), 1 + pick(d, 254));
}

static void exclude_range(struct dice *d, bool *ports, unsigned int most)
{
	unsigned int first = pick(d, 65536), count = 1 + pick(d, most);

	for (unsigned int i = first; i < first + count && i < 65536; i++)
		ports[i] = true;
}

static void exclude_ports(struct dice *d, bool *ports)
{
	unsigned int ranges = pick(d, 8);

	switch (pick(d, 5)) {
	case 0:
		return;
	case 1:
		memset(ports, true, 65536);
		return;
	case 2:
		while (ranges--)
			exclude_range(d, ports, 20000);
		return;
	default:
		while (ranges--)
			exclude_range(d, ports, 1);
	}
}

static void exclude_protocols(struct dice *d, bool *protocols)
{
	static const __u8 some[] = { PROTO_ICMP, PROTO_GRE, PROTO_ESP, PROTO_SCTP, PROTO_DCCP,
				     PROTO_UDPLITE, 89, 253 };

	for (unsigned int i = 0; i < sizeof(some); i++)
		protocols[some[i]] = chance(d, 5);
}

static unsigned int random_mtu(struct dice *d, unsigned int most)
{
	static const unsigned int usual[] = { 576, 1280, 1380, 1420, 1500 };

	return chance(d, 2) ? 576 + pick(d, most - 576) : usual[pick(d, 5)];
}

void random_config(struct model_config *c, __u32 seed)
{
	struct dice d = make_dice(seed);

	memset(c, 0, sizeof(*c));
	c->address = IP(130 + pick(&d, 20), pick(&d, 256), pick(&d, 256), 1 + pick(&d, 254));
	c->peer = IP(10, pick(&d, 256), pick(&d, 256), 2 + 4 * pick(&d, 60));
	c->elsewhere = chance(&d, 2) ? ELSEWHERE : 0;
	if (!chance(&d, 4))
		c->tunnel_address = c->elsewhere || chance(&d, 2) ? LOCAL(0) : c->peer - 1;
	for (unsigned int i = pick(&d, MODEL_OTHERS + 1); i-- > 0;)
		c->others[i] = LOCAL(i + 1);
	c->tunnel_mtu = random_mtu(&d, 1600);
	c->nic_mtu = random_mtu(&d, 2000);
	exclude_ports(&d, c->tcp);
	exclude_ports(&d, c->udp);
	exclude_protocols(&d, c->protocols);
}

static __u32 special_address(struct dice *d)
{
	const struct model_config *c = d->config;
	const __u32 special[] = {
		c->address, c->peer, c->tunnel_address, c->others[0], c->others[1],
		IP(127, 0, 0, 1), IP(0, 1, 2, 3), IP(224, 0, 0, 5), IP(239, 255, 255, 250),
		IP(255, 255, 255, 255), IP(240, 0, 0, 1), IP(255, 255, 255, 254),
	};
	__u32 address = special[pick(d, sizeof(special) / sizeof(*special))];

	return address ?: random_host(d);
}

static __u32 remote(struct dice *d)
{
	return chance(d, 16) ? special_address(d) : d->remotes[pick(d, REMOTES)];
}

static void random_options(struct spec *s, struct dice *d)
{
	s->options_len = 4 * (1 + pick(d, 10));
	for (unsigned int i = 0; i < s->options_len; i++)
		s->options[i] = chance(d, 6) ? pick(d, 256) : 1;
	for (unsigned int i = pick(d, s->options_len); i + 4 <= s->options_len; i += 17) {
		s->options[i] = 2;
		s->options[i + 1] = 4;
		s->options[i + 2] = pick(d, 9);
		s->options[i + 3] = pick(d, 256);
	}
}

static void random_transport(struct spec *s, struct dice *d)
{
	static const __u8 protocols[] = { PROTO_TCP, PROTO_TCP, PROTO_TCP, PROTO_UDP, PROTO_UDP,
					  PROTO_UDP, PROTO_ICMP, PROTO_ICMP, PROTO_UDPLITE,
					  PROTO_DCCP, PROTO_SCTP, PROTO_GRE, PROTO_ESP, 253 };
	static const __u8 flags[] = { SYN, SYN | ACK, ACK, ACK, ACK | PSH, FIN | ACK, RST };
	static const __u8 types[] = { 8, 8, 8, 0, 0, 0, 13, 14, 15, 16, 17, 18, 9, 10, 40 };

	s->protocol = protocols[pick(d, sizeof(protocols))];
	s->source_port = d->ports[pick(d, PORTS)];
	s->destination_port = d->ports[pick(d, PORTS)];
	s->seq = random_next(&d->state);
	s->flags = chance(d, 8) ? pick(d, 64) : flags[pick(d, sizeof(flags))];
	s->payload = pick(d, 64);
	s->seed = random_next(&d->state);
	s->icmp_type = types[pick(d, sizeof(types))];
	s->icmp_id = d->ids[pick(d, IDS)];
	s->icmp_mtu = random_next(&d->state);
	if (s->protocol == PROTO_TCP && chance(d, 2))
		random_options(s, d);
	if (s->protocol == PROTO_UDP && chance(d, 4))
		s->checksum = CHECKSUM_NONE;
	else if (chance(d, 8))
		s->checksum_error = pick(d, 65536);
}

static void random_ip(struct spec *s, struct dice *d)
{
	s->ttl = chance(d, 6) ? 1 + pick(d, 2) : 2 + pick(d, 254);
	if (chance(d, 30))
		s->ttl = TTL_ZERO;
	s->tos = random_next(&d->state);
	s->id = d->ids[pick(d, IDS)];
	s->df = chance(d, 2);
	if (chance(d, 8))
		s->ip_options = 4 * (1 + pick(d, 10));
}

/* Near a limit, or anything. */
static void random_size(struct spec *s, struct dice *d, unsigned int mtu)
{
	struct bytes ip;
	unsigned int total;

	if (!chance(d, 4))
		return;
	build_ip(s, &ip);
	total = chance(d, 3) ? pick(d, PAYLOAD_MAX) : mtu - 2 + pick(d, 5);
	if (total > ip.len)
		s->payload += total - ip.len;
}

/* A part of a datagram. */
static void random_fragment(struct spec *s, struct dice *d, unsigned int mtu)
{
	static const unsigned int offsets[] = { 0, 0, 0, 8, 16, 64, 64, 512 };
	unsigned int at = offsets[pick(d, 8)], len;
	struct bytes whole;

	s->payload += at + 8 + pick(d, chance(d, 4) ? mtu : 100);
	build_ip(s, &whole);
	len = whole.len - 20 - s->ip_options;
	if (at + 8 >= len)
		at = 0;
	s->fragment_at = at;
	if ((chance(d, 2) || !at) && len - at >= 8)
		s->fragment_len = 8 * (1 + pick(d, (len - at) / 8));
}

static void random_error(struct spec *s, struct spec *quote, struct dice *d)
{
	static const __u8 types[] = { 3, 3, 3, 4, 5, 11, 12 };

	random_transport(quote, d);
	random_ip(quote, d);
	if (chance(d, 12))
		random_fragment(quote, d, 200);
	if (chance(d, 20))
		quote->ihl_is = 1 + pick(d, 16);
	if (chance(d, 20))
		quote->version_is = 1 + pick(d, 15);
	if (chance(d, 12))
		quote->total_lie = (int)pick(d, 100) - 50;
	if (quote->protocol == PROTO_ICMP && chance(d, 6))
		quote->icmp_type = 3;
	*s = (struct spec){ .protocol = PROTO_ICMP, .quote = quote };
	s->icmp_type = types[pick(d, sizeof(types))];
	s->icmp_code = pick(d, 5);
	s->icmp_mtu = random_next(&d->state);
	s->quote_len = 20 + quote->ip_options + (chance(d, 3) ? pick(d, 12) : 8 + pick(d, 600));
	if (chance(d, 8))
		s->checksum_error = pick(d, 65536);
}

static void random_lies(struct spec *s, struct dice *d)
{
	if (chance(d, 40))
		s->total_lie = (int)pick(d, 60) - 50;
	if (chance(d, 40))
		s->udp_lie = (int)pick(d, 8 + s->payload + 10) - (int)(8 + s->payload);
	if (chance(d, 40))
		s->ihl_is = 1 + pick(d, 16);
	if (chance(d, 40))
		s->doff_is = 1 + pick(d, 16);
	if (chance(d, 80))
		s->version_is = 1 + pick(d, 15);
}

/* The bytes from AT on: a few wrong, or all. */
static void random_damage(struct bytes *b, unsigned int at, struct dice *d)
{
	unsigned int headers = b->len - at < 64 ? b->len - at : 64;

	if (chance(d, 40)) {
		for (unsigned int i = at; i < b->len; i++)
			b->data[i] = pick(d, 256);
		if (chance(d, 2) && headers >= 20) {
			b->data[at] = 0x40 | (5 + pick(d, 11));
			b->data[at + 2] = (b->len - at) >> 8;
			b->data[at + 3] = b->len - at;
		}
	} else if (chance(d, 12) && headers) {
		for (unsigned int i = 1 + pick(d, 4); i-- > 0;)
			b->data[at + pick(d, headers)] = pick(d, 256);
	}
	if (chance(d, 30) && headers)
		b->len -= pick(d, chance(d, 2) ? headers : b->len - at);
}

static void put_address(struct bytes *b, unsigned int at, __u32 address)
{
	for (int i = 0; i < 4 && at + i < b->len; i++)
		b->data[at + i] = address >> (24 - 8 * i);
}

static void random_packet(struct spec *s, struct spec *quote, unsigned int mtu, struct dice *d)
{
	*s = (struct spec){};
	if (chance(d, 5))
		random_error(s, quote, d);
	else
		random_transport(s, d);
	random_ip(s, d);
	if (chance(d, 5))
		random_fragment(s, d, mtu);
	else
		random_size(s, d, mtu);
	random_lies(s, d);
}

static void random_wire(struct step *step, struct dice *d)
{
	const struct model_config *c = d->config;
	struct spec s, quote = { .source = c->address, .destination = remote(d) };

	step->kind = STEP_WIRE;
	if (chance(d, 16))
		quote.source = special_address(d);
	random_packet(&s, &quote, c->tunnel_mtu, d);
	s.source = remote(d);
	s.destination = chance(d, 12) ? special_address(d) : c->address;
	s.broadcast = chance(d, 50);
	s.padding = chance(d, 10) ? pick(d, 40) : 0;
	if (chance(d, 50))
		s.ethertype = chance(d, 2) ? 0x86dd : 0x0806;
	if (chance(d, 100))
		s.vlan = 7;
	build_frame(&s, &step->packet);
	random_damage(&step->packet, ETH_HEADER, d);
	if (chance(d, 2))
		put_address(&step->packet, ETH_HEADER + 16, s.destination);
}

static void random_home(struct step *step, struct dice *d)
{
	const struct model_config *c = d->config;
	bool visit = chance(d, 3);
	unsigned int mtu = visit ? c->tunnel_mtu : c->nic_mtu;
	struct spec s, quote = { .source = visit ? c->address : remote(d), .destination = c->peer };

	step->kind = chance(d, 60) ? STEP_HOME_IPV6 : STEP_HOME;
	if (chance(d, 16))
		*(chance(d, 2) ? &quote.destination : &quote.source) = special_address(d);
	random_packet(&s, &quote, mtu, d);
	s.source = chance(d, 20) ? special_address(d) : c->peer;
	s.destination = visit ? c->address : remote(d);
	if (c->elsewhere && chance(d, 20))
		s.destination = c->elsewhere + 5;
	build_ip(&s, &step->packet);
	random_damage(&step->packet, 0, d);
	put_address(&step->packet, 12, s.source);
	put_address(&step->packet, 16, s.destination);
	if (step->kind == STEP_HOME_IPV6)
		step->packet.data[0] = 0x60;
}

static void random_leaving(struct step *step, struct dice *d)
{
	struct spec s, quote = { .source = remote(d), .destination = d->config->address };

	step->kind = STEP_LEAVES;
	random_packet(&s, &quote, d->config->nic_mtu, d);
	s.source = chance(d, 10) ? special_address(d) : d->config->address;
	s.destination = remote(d);
	build_frame(&s, &step->packet);
	random_damage(&step->packet, ETH_HEADER, d);
}

static void random_step(struct step *step, struct dice *d)
{
	/* To, before and beyond the lifetimes: 30, 60 and 180 seconds. */
	static const __u8 times[] = { 1, 1, 28, 29, 30, 31, 59, 60, 61, 90, 120 };
	unsigned int what = pick(d, 100);

	*step = (struct step){ .poor = chance(d, 20) };
	if (what < 55)
		return random_wire(step, d);
	if (what < 80)
		return random_home(step, d);
	if (what < 95)
		return random_leaving(step, d);
	step->kind = what < 98 ? STEP_TIME : STEP_TOGGLE;
	step->value = what < 98 ? times[pick(d, sizeof(times))] : d->ports[pick(d, PORTS)];
}

void random_steps(const struct model_config *c, __u32 seed, struct step *steps, unsigned int count)
{
	struct dice d = make_dice(~seed);
	const bool *excluded = chance(&d, 2) ? c->tcp : c->udp;

	d.config = c;
	for (int i = 0; i < REMOTES; i++)
		d.remotes[i] = random_host(&d);
	/* Of two ports the first that is excluded. */
	for (int i = 0; i < PORTS; i++) {
		d.ports[i] = pick(&d, 65536);
		for (int at = 0; i < 2 && at < 65536 && !excluded[d.ports[i]]; at++)
			d.ports[i]++;
	}
	for (int i = 0; i < IDS; i++)
		d.ids[i] = pick(&d, 65536);
	for (unsigned int i = 0; i < count; i++)
		random_step(&steps[i], &d);
}
