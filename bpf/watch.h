/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What `nestwg-xdp monitor` sees: packets as they came, each with its reason. While nobody watches it costs
 * a look at one word.
 */
#ifndef BPF_WATCH_H
#define BPF_WATCH_H

#define EVENT_L4_MAX	(sizeof(struct ethhdr) + 60)

static __always_inline struct nestwg_watcher *get_watcher(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&watcher, &zero);
}

/* Whoever watches says so again and again; one that was killed is forgotten. */
static __always_inline bool watcher_is_there(struct nestwg_watcher *w)
{
	if (w->until > bpf_ktime_get_coarse_ns())
		return true;
	w->on = 0;
	return false;
}

static __always_inline bool watcher_wants_ports(const struct nestwg_watcher *w,
						const struct nestwg_event *event, __u32 l4)
{
	const __be16 *ends;

	if (!w->port)
		return true;
	if (l4 > EVENT_L4_MAX)
		return false;
	ends = (const void *)(event->data + l4);
	return ends[0] == w->port || ends[1] == w->port;
}

/* Where the protocol has ports, they are the first two words (RFC 9293, 768, 3828, 9260, 4340). */
static __always_inline bool event_has_ports(const struct iphdr *ip)
{
	if (ip->frag_off & bpf_htons(IP_OFFSET))
		return false;
	switch (ip->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return true;
	default:
		return false;
	}
}

static __always_inline bool watcher_wants(const struct nestwg_watcher *w,
					  const struct nestwg_event *event, __u32 l3)
{
	const struct iphdr *ip = (const void *)(event->data + l3);

	if (!w->protocol && !w->port && !w->source_mask && !w->destination_mask)
		return true;
	if (event->captured < l3 + sizeof(*ip) || ip->version != 4)
		return false;
	if ((ip->saddr & w->source_mask) != w->source ||
	    (ip->daddr & w->destination_mask) != w->destination ||
	    (w->protocol && ip->protocol != w->protocol) || (w->port && !event_has_ports(ip)))
		return false;
	return watcher_wants_ports(w, event, l3 + ip->ihl * 4);
}

/* The event to be filled, or NULL if nobody wants it or there is no room. */
static __always_inline struct nestwg_event *event_begin(struct nestwg_watcher *w, __u32 reason)
{
	struct nestwg_event *event;

	if (!watcher_is_there(w) || reason >= NESTWG_NR_REASONS || !(w->reasons >> reason & 1) ||
	    (w->sample > 1 && bpf_get_prandom_u32() % w->sample))
		return NULL;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&w->lost, 1);
		return NULL;
	}
	event->time = bpf_ktime_get_ns();
	event->reason = reason;
	return event;
}

static __always_inline void event_end(const struct nestwg_watcher *w, struct nestwg_event *event)
{
	if (watcher_wants(w, event, bounded(event->l3, 0xf)))
		bpf_ringbuf_submit(event, 0);
	else
		bpf_ringbuf_discard(event, 0);
}

/* Global, as everything that is far from the way of most packets. */
__noinline int xdp_show(struct xdp_md *ctx, __u32 reason)
{
	struct nestwg_watcher *w = get_watcher();
	void *data_end = xdp_data_end(ctx);
	void *data = xdp_data(ctx);
	struct nestwg_event *event;

	event = w ? event_begin(w, reason) : NULL;
	if (!event)
		return 0;
	event->length = data_end - data;
	event->captured = event->length < NESTWG_EVENT_DATA ? event->length & ~1 : NESTWG_EVENT_DATA;
	event->l3 = sizeof(struct ethhdr);
	event->vlan = 0;
	__builtin_memset(event->data, 0, sizeof(event->data));
	for (int i = 0; i < NESTWG_EVENT_DATA / 2; i++) {
		__u16 *half = data + i * 2;

		if ((void *)(half + 1) > data_end)
			break;
		((__u16 *)event->data)[i] = *half;
	}
	event_end(w, event);
	return 0;
}

__noinline int tc_show(struct __sk_buff *skb, __u32 reason, __u32 l3)
{
	struct nestwg_watcher *w = get_watcher();
	struct nestwg_event *event;
	__u32 length = skb->len;

	event = w ? event_begin(w, reason) : NULL;
	if (!event)
		return 0;
	event->length = length;
	event->l3 = l3;
	event->vlan = skb->vlan_present;
	if (length > NESTWG_EVENT_DATA)
		length = NESTWG_EVENT_DATA;
	event->captured = length;
	__builtin_memset(event->data, 0, sizeof(event->data));
	/* The verifier wants to see that it is not 0; for one that is, the helper fails. */
	if (bpf_skb_load_bytes(skb, 0, event->data, bounded(length - 1, NESTWG_EVENT_DATA - 1) + 1))
		event->captured = 0;
	event_end(w, event);
	return 0;
}

static __always_inline bool is_watched(void)
{
	const struct nestwg_watcher *w = get_watcher();

	return w && w->on;
}

/* Count P, once, for REASON; and show it while it is still as it came. */
static __always_inline void xdp_note(struct xdp_md *ctx, const struct packet *p,
				     enum nestwg_reason reason)
{
	count(reason, p->total);
	if (is_watched())
		xdp_show(ctx, reason);
}

static __always_inline void tc_note(struct __sk_buff *skb, const struct packet *p,
				    enum nestwg_reason reason)
{
	count(reason, p->total);
	if (is_watched())
		tc_show(skb, reason, p->l3);
}

#endif /* BPF_WATCH_H */
