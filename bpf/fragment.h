/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Only a datagram's first fragment has ports (ICMP: type and identifier); the others follow it by (source,
 * destination, id, protocol), the key of reassembly (RFC 791). One that comes before the first goes both
 * ways: whoever gets the whole datagram can put it together, the other side forgets it after its time
 * limit, silently, since without the first fragment it may not complain (RFC 1122, section 3.3.2).
 */
#ifndef BPF_FRAGMENT_H
#define BPF_FRAGMENT_H

/* Linux gives a datagram 30 s to become whole (IP_FRAG_TIME, include/net/ip.h). */
#define FRAGMENT_LIFETIME	(30 * SECOND)

/* Of a protocol without ports every fragment says by itself whose it is. */
static __always_inline bool follows_first(const struct packet *p)
{
	return p->protocol == IPPROTO_TCP || p->protocol == IPPROTO_UDP ||
	       p->protocol == IPPROTO_ICMP;
}

static __always_inline struct nestwg_fragment fragment_key(const struct packet *p,
							   enum nestwg_origin origin)
{
	return (struct nestwg_fragment) {
		.source = p->source,
		.destination = p->destination,
		.id = p->id,
		.protocol = p->protocol,
		.origin = origin,
	};
}

static __always_inline void fragment_remember(const struct packet *p,
						  enum nestwg_origin origin,
						  enum nestwg_reason reason)
{
	struct nestwg_fragment key = fragment_key(p, origin);
	struct nestwg_fragment_state state = {
		.seen = bpf_ktime_get_coarse_ns(),
		.reason = reason,
	};

	bpf_map_update_elem(&fragments, &key, &state, BPF_ANY);
}

/* The reason of the first fragment, or UNSEEN. */
static __always_inline enum nestwg_reason fragment_recall(const struct packet *p,
							  enum nestwg_origin origin,
							  enum nestwg_reason unseen)
{
	struct nestwg_fragment key = fragment_key(p, origin);
	struct nestwg_fragment_state *state = bpf_map_lookup_elem(&fragments, &key);

	if (!state || state->seen + FRAGMENT_LIFETIME < bpf_ktime_get_coarse_ns())
		return unseen;
	return state->reason;
}

#endif /* BPF_FRAGMENT_H */
