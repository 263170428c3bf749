/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ICMP (RFC 792). <linux/icmp.h> says the same, but includes libc's headers for the host, which do not
 * compile for BPF.
 */
#ifndef BPF_ICMP_H
#define BPF_ICMP_H

enum icmp_type {
	ICMP_ECHOREPLY		= 0,
	ICMP_DEST_UNREACH	= 3,
	ICMP_SOURCE_QUENCH	= 4,
	ICMP_REDIRECT		= 5,
	ICMP_ECHO		= 8,
	ICMP_TIME_EXCEEDED	= 11,
	ICMP_PARAMETERPROB	= 12,
	ICMP_TIMESTAMP		= 13,
	ICMP_TIMESTAMPREPLY	= 14,
	ICMP_INFO_REQUEST	= 15,
	ICMP_INFO_REPLY		= 16,
	ICMP_ADDRESS		= 17,
	ICMP_ADDRESSREPLY	= 18,
};

#define ICMP_FRAG_NEEDED	4	/* code of ICMP_DEST_UNREACH */
#define ICMP_EXC_TTL		0	/* code of ICMP_TIME_EXCEEDED */

struct icmphdr {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	__be16 id;		/* queries and replies: the identifier */
	__be16 mtu;		/* queries: sequence number; fragmentation needed: MTU (RFC 1191) */
};

/* A set of types in one word: the verifier follows each way through a switch, and here there is but one. */
static __always_inline bool icmp_type_is_in(__u8 type, __u32 set)
{
	return type < 32 && (set >> type & 1);
}

static __always_inline bool icmp_is_error(__u8 type)
{
	return icmp_type_is_in(type, 1U << ICMP_DEST_UNREACH | 1U << ICMP_SOURCE_QUENCH |
				     1U << ICMP_REDIRECT | 1U << ICMP_TIME_EXCEEDED |
				     1U << ICMP_PARAMETERPROB);
}

static __always_inline bool icmp_is_query(__u8 type)
{
	return icmp_type_is_in(type, 1U << ICMP_ECHO | 1U << ICMP_TIMESTAMP |
				     1U << ICMP_INFO_REQUEST | 1U << ICMP_ADDRESS);
}

static __always_inline bool icmp_is_reply(__u8 type)
{
	return icmp_type_is_in(type, 1U << ICMP_ECHOREPLY | 1U << ICMP_TIMESTAMPREPLY |
				     1U << ICMP_INFO_REPLY | 1U << ICMP_ADDRESSREPLY);
}

/* Part of an exchange, which its identifier names. The others (RFC 1256's, unknown ones) are in no flow. */
static __always_inline bool icmp_has_identifier(__u8 type)
{
	return icmp_is_query(type) || icmp_is_reply(type);
}

/* Queries and their replies carry an identifier, which stands for the port. */
static __always_inline __be16 icmp_identifier(const struct icmphdr *icmp)
{
	return icmp_has_identifier(icmp->type) ? icmp->id : 0;
}

#endif /* BPF_ICMP_H */
