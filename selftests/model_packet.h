/* SPDX-License-Identifier: GPL-2.0-only */
/* The model's view of a packet's bytes: RFC 791, 792, 768, 9293. */
#ifndef MODEL_PACKET_H
#define MODEL_PACKET_H

#include "model.h"
#include "packet_words.h"

#define IP_HEADER	20
#define ICMP_HEADER	8

/* A packet that could be parsed; the pointers lead into its bytes. */
struct packet {
	const __u8 *ip;
	unsigned int header, total;
	__u32 source, destination;
	__u16 id;
	unsigned int offset;	/* of the fragment, in bytes */
	bool more, df;
	__u8 ttl, protocol;
	const __u8 *l4;
	unsigned int l4_len;
};

/* Which addresses a packet gets; 0: its own. */
struct rewrite {
	__u32 source;
	__u32 destination;
	unsigned int hops;
	unsigned int mss_max;
};

/* False: truncated, or of impossible length. */
bool parse(const __u8 *ip, unsigned int len, struct packet *p);
/* What an ICMP error is about; false: that cannot be told. */
bool parse_quote(const struct packet *p, struct packet *quote);

bool has_ports(__u8 protocol);
bool is_icmp_error(const struct packet *p);
bool is_icmp_query(const struct packet *p);
bool is_icmp_reply(const struct packet *p);

void rewrite(const struct packet *p, const struct rewrite *r, struct judgement *j);

#endif /* MODEL_PACKET_H */
