/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every reason for which a packet is sent where it is sent. One table serves the BPF programs (what to
 * do), the counters (one per reason), and the loader (names and explanations): a new reason is one line.
 *
 * A packet is counted exactly once a direction, so that what came in is the sum of the reasons.
 */
#ifndef NESTWG_REASONS_H
#define NESTWG_REASONS_H

/* What is done with a packet. */
enum nestwg_verdict {
	NESTWG_STACK,	/* the gateway's own stack gets it, untouched */
	NESTWG_TUNNEL,	/* destination rewritten to the peer, handed to WireGuard */
	NESTWG_ROUTE,	/* destination rewritten, then the kernel routes and fragments it */
	NESTWG_BOTH,	/* untouched to the stack, and a rewritten copy to WireGuard */
	NESTWG_NIC,	/* source rewritten to the public address, out of the NIC */
	NESTWG_HAIRPIN,	/* both addresses rewritten, back into WireGuard */
	NESTWG_ANSWER,	/* dropped, and the sender gets an ICMP error */
	NESTWG_DROP,
};

/* Where a packet came from. */
enum nestwg_origin {
	NESTWG_FROM_WIRE,	/* it arrived on the NIC */
	NESTWG_FROM_HOME,	/* it came out of the tunnel */
};

/* X(enumerator, "name", origin, verdict, "what it means to an operator") */
#define NESTWG_REASONS(X) \
	X(FORWARDED, "forwarded", FROM_WIRE, TUNNEL, \
	  "sent to the home through the tunnel") \
	X(FORWARDED_FRAGMENTED, "forwarded_fragmented", FROM_WIRE, ROUTE, \
	  "larger than the tunnel, may be fragmented: the kernel does it and forwards") \
	X(FRAGMENT_UNSEEN, "fragment_unseen", FROM_WIRE, BOTH, \
	  "fragment whose first one has not been seen: to the home and to the gateway") \
	X(NOT_IPV4, "not_ipv4", FROM_WIRE, STACK, \
	  "not IPv4 (ARP, IPv6, VLAN): left to the gateway") \
	X(OTHER_ADDRESS, "other_address", FROM_WIRE, STACK, \
	  "not for the forwarded address (broadcast, multicast, another address): left to the gateway") \
	X(EXCLUDED, "excluded", FROM_WIRE, STACK, \
	  "port or protocol that stays on the gateway") \
	X(OWN_FLOW, "own_flow", FROM_WIRE, STACK, \
	  "belongs to a connection that the gateway itself started") \
	X(OWN_ICMP_ERROR, "own_icmp_error", FROM_WIRE, STACK, \
	  "ICMP error about the gateway's own traffic or the tunnel's outer packets") \
	X(TTL_EXCEEDED, "ttl_exceeded", FROM_WIRE, ANSWER, \
	  "TTL ran out: answered with ICMP time exceeded") \
	X(FRAG_NEEDED, "frag_needed", FROM_WIRE, ANSWER, \
	  "larger than the tunnel, must not be fragmented: answered with the tunnel's MTU") \
	X(ANSWER_LIMITED, "answer_limited", FROM_WIRE, DROP, \
	  "an ICMP answer was due, but too many were sent lately") \
	X(ANSWER_FORBIDDEN, "answer_forbidden", FROM_WIRE, DROP, \
	  "TTL or size would ask for an ICMP answer, but this packet must not get one (RFC 1122)") \
	X(SPOOFED_PEER, "spoofed_peer", FROM_WIRE, DROP, \
	  "came from the wire addressed to the tunnel address of the home") \
	X(SPOOFED_SOURCE, "spoofed_source", FROM_WIRE, DROP, \
	  "source address that nobody out there can have (the home's, the gateway's own, 127/8, ...)") \
	X(MALFORMED, "malformed", FROM_WIRE, DROP, \
	  "truncated header or impossible length") \
	X(ICMP_UNRELATED, "icmp_unrelated", FROM_WIRE, DROP, \
	  "ICMP error that quotes nothing that was sent from here") \
	X(ICMP_REDIRECT, "icmp_redirect", FROM_WIRE, DROP, \
	  "ICMP redirect about forwarded traffic (means nothing behind a NAT)") \
	X(HOME_RETURNED, "home_returned", FROM_HOME, NIC, \
	  "from the home to the internet, source rewritten to the public address") \
	X(HOME_HAIRPIN, "home_hairpin", FROM_HOME, HAIRPIN, \
	  "from the home to the public address: turned round") \
	X(HOME_EXCLUDED, "home_excluded", FROM_HOME, STACK, \
	  "from the home to an excluded port of the public address") \
	X(HOME_TO_GATEWAY, "home_to_gateway", FROM_HOME, STACK, \
	  "from the home to the gateway itself or to a network that is not behind the NIC") \
	X(HOME_OTHER_SOURCE, "home_other_source", FROM_HOME, STACK, \
	  "from another address than the peer's: left to the gateway") \
	X(HOME_TTL_EXCEEDED, "home_ttl_exceeded", FROM_HOME, ANSWER, \
	  "TTL ran out on the way back: answered with ICMP time exceeded") \
	X(HOME_FRAG_NEEDED, "home_frag_needed", FROM_HOME, ANSWER, \
	  "larger than the way out, must not be fragmented: answered with its MTU") \
	X(HOME_ANSWER_LIMITED, "home_answer_limited", FROM_HOME, DROP, \
	  "an ICMP answer to the home was due, but too many were sent lately") \
	X(HOME_ANSWER_FORBIDDEN, "home_answer_forbidden", FROM_HOME, DROP, \
	  "TTL ran out or it is too large, but this packet must not get an ICMP answer (RFC 1122)") \
	X(HOME_TOO_BIG, "home_too_big", FROM_HOME, DROP, \
	  "larger than the NIC's MTU; it may be fragmented, but not here") \
	X(HOME_RESERVED_PORT, "home_reserved_port", FROM_HOME, DROP, \
	  "from a source port that stays on the gateway: the answer could never come back") \
	X(HOME_ICMP_UNRELATED, "home_icmp_unrelated", FROM_HOME, DROP, \
	  "ICMP error from the home that quotes nothing that was sent to it") \
	X(HOME_MALFORMED, "home_malformed", FROM_HOME, DROP, \
	  "from the home with a truncated header or impossible length")

#define NESTWG_REASON_ENUM(reason, name, origin, verdict, text) NESTWG_##reason,
enum nestwg_reason {
	NESTWG_REASONS(NESTWG_REASON_ENUM)
	NESTWG_NR_REASONS
};
#undef NESTWG_REASON_ENUM

#endif /* NESTWG_REASONS_H */
