// SPDX-License-Identifier: GPL-2.0-only
/* The inside of protocols that the packet builder knows nothing of, but conntrack reads. */
#include <string.h>

#include "netfilter_packet.h"
#include "packet_words.h"

/* RFC 9260, appendix A: CRC32c, its bytes in the order least significant first. */
static void put_crc32c(__u8 *at, const __u8 *data, unsigned int len)
{
	__u32 crc = ~0U;

	for (unsigned int i = 0; i < len; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	crc = ~crc;
	for (int i = 0; i < 4; i++)
		at[i] = crc >> (8 * i);
}

enum {
	SCTP_HEADER	= 12,
	SCTP_DATA	= 0,
	SCTP_INIT	= 1,
	SCTP_INIT_ACK	= 2,
	SCTP_COOKIE_ECHO = 10,
	SCTP_COOKIE_ACK	= 11,
};

static __u8 sctp_chunk(const struct flow *flow, __u32 *random)
{
	static const __u8 order[] = { SCTP_INIT, SCTP_INIT_ACK, SCTP_COOKIE_ECHO, SCTP_COOKIE_ACK };

	if (!flow->tame && chance(random, 4))
		return random_next(random) >> 5;
	return flow->step < sizeof(order) ? order[flow->step] : SCTP_DATA;
}

unsigned int draw_sctp(__u8 *at, const struct flow *flow, bool local, unsigned int room,
		       __u32 *random)
{
	__u8 type = sctp_chunk(flow, random);
	unsigned int len = 20 + 4 * pick(random, 30);

	if (len + SCTP_HEADER > room)
		len = 20;
	for (unsigned int i = 0; i < SCTP_HEADER + len; i++)
		at[i] = random_next(random) >> 6;
	put16(at, local ? flow->local_port : flow->remote_port);
	put16(at + 2, local ? flow->remote_port : flow->local_port);
	/* RFC 9260, section 8.5.1: INIT carries tag 0, all others the other side's. */
	put32(at + 4, type == SCTP_INIT ? 0 : flow->tag[!local]);
	put32(at + 8, 0);
	at[SCTP_HEADER] = type;
	at[SCTP_HEADER + 1] = 0;
	put16(at + SCTP_HEADER + 2, flow->tame || !chance(random, 12) ? len : pick(random, 2 * len));
	if (type == SCTP_INIT || type == SCTP_INIT_ACK)
		put32(at + SCTP_HEADER + 4, flow->tag[local]);
	put_crc32c(at + 8, at, SCTP_HEADER + len);
	if (!flow->tame && chance(random, 12))
		at[8] ^= 1;
	return SCTP_HEADER + len;
}

/* RFC 2784, 2890, and PPTP's version 1 (RFC 2637). */
unsigned int draw_gre(__u8 *at, const struct flow *flow, unsigned int room, __u32 *random)
{
	static const __u16 flags[] = { 0x0000, 0x2000, 0x8000, 0x3000 };
	unsigned int len = (flow->tame ? 4 : 0) + pick(random, 100);

	if (len > room)
		len = room;
	for (unsigned int i = 0; i < len || i < 4; i++)
		at[i] = random_next(random) >> 6;
	if (flow->tame || chance(random, 2)) {
		put16(at, flags[pick(random, 4)]);
		put16(at + 2, 0x0800);
	} else if (chance(random, 2)) {
		put16(at, 0x3001);
		put16(at + 2, 0x880b);
	}
	return len;
}
