/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way out of the NIC that the kernel's tables have told, kept for a moment: asking costs more than the
 * rest of the way back. A route or a neighbour that changes is followed within NEXT_HOP_LIFETIME, whatever
 * changed it, since nothing here lives longer, in use or not. Each CPU has its own: nobody shares a line.
 */
#ifndef BPF_NEXT_HOP_H
#define BPF_NEXT_HOP_H

#define NEXT_HOP_LIFETIME	(SECOND / 10)

/* Where the way to DESTINATION is kept, whoever is there now. */
static __always_inline struct nestwg_next_hop *next_hop_slot(__be32 destination)
{
	/* Fibonacci hashing (Knuth, TAOCP 6.4). */
	__u32 index = (destination * 0x9e3779b1U) >> (32 - NESTWG_NEXT_HOPS_BITS);

	return bpf_map_lookup_elem(&next_hops, &index);
}

/* Rules may ask for the protocol, too; all else that the kernel is asked with is the interface's. */
static __always_inline bool next_hop_holds(const struct nestwg_next_hop *hop,
					   const struct nestwg_config *cfg, const struct packet *p,
					   __u64 now)
{
	return hop->destination == p->destination && hop->protocol == p->protocol &&
	       hop->nic_ifindex == cfg->nic_ifindex && now - hop->told < NEXT_HOP_LIFETIME;
}

/*
 * bpf_fib_lookup() takes a neighbour for good that has been silent for long (NUD_STALE), and nobody asks whether
 * it is still there: net/core/neighbour.c, neigh_event_send(), does as a packet leaves by bpf_redirect_neigh().
 * Whoever is the first after each lifetime goes that way; but not those who push each other from their place.
 */
static __always_inline bool next_hop_is_anothers(const struct nestwg_next_hop *hop,
						 const struct packet *p, __u64 now)
{
	return hop->destination != p->destination && now - hop->told < NEXT_HOP_LIFETIME;
}

static __always_inline void next_hop_keep(struct nestwg_next_hop *hop,
					  const struct nestwg_config *cfg, const struct packet *p,
					  const struct bpf_fib_lookup *fib, __u64 now)
{
	hop->told = now;
	hop->destination = p->destination;
	hop->nic_ifindex = cfg->nic_ifindex;
	hop->protocol = p->protocol;
	__builtin_memcpy(hop->addresses, fib->dmac, ETH_ALEN);
	__builtin_memcpy(hop->addresses + ETH_ALEN, fib->smac, ETH_ALEN);
}

#endif /* BPF_NEXT_HOP_H */
