/* SPDX-License-Identifier: GPL-2.0-only */
/* DNAT in native XDP: the raw bytes, before there is an skb. */
#ifndef BPF_REWRITE_XDP_H
#define BPF_REWRITE_XDP_H

/* Volatile: see skb_data(). */
static __always_inline void *xdp_data(const struct xdp_md *ctx)
{
	return (void *)(long)*(volatile const __u32 *)&ctx->data;
}

static __always_inline void *xdp_data_end(const struct xdp_md *ctx)
{
	return (void *)(long)*(volatile const __u32 *)&ctx->data_end;
}

/*
 * Is the checksum of the TCP or UDP segment at L4, LENGTH bytes long, true? PSEUDO is the sum over the
 * pseudo header. Global, to be verified once, apart from its callers.
 */
__noinline int segment_checksum_is_true(struct xdp_md *ctx, __u32 l4, __u32 length, __u32 pseudo)
{
	__u64 sum = pseudo & 0xffff;

	if (l4 > HEADERS_MAX || length > SEGMENT_MAX ||
	    !csum_add_large(xdp_data(ctx) + l4, xdp_data_end(ctx), length, &sum) ||
	    !csum_add_small(xdp_data(ctx) + l4, xdp_data_end(ctx), length, &sum) ||
	    !csum_add_rest(xdp_data(ctx) + l4, xdp_data_end(ctx), length, &sum))
		return 0;
	return csum_fold(sum) == 0xffff;
}

/*
 * A veth peer or virtio host may leave the checksum to be completed later (CHECKSUM_PARTIAL); then the
 * field holds the pseudo header's sum, and XDP is not told. A true checksum has that value once in 65536
 * packets, so if the field looks like it, the whole segment is summed to tell the two apart. A partial one
 * that is true as it stands cannot be told: one in 65536, and none from a NIC, which delivers whole ones.
 */
static __always_inline bool checksum_is_partial(struct xdp_md *ctx, const struct packet *p,
						__u16 check)
{
	__u32 length = transport_length(p);
	__u16 pseudo;

	if (p->first_fragment)
		return false;
	pseudo = pseudo_sum(p);
	if (check != pseudo)
		return false;
	return !segment_checksum_is_true(ctx, p->l4, length, pseudo);
}

/* Global, for the same reason: the options' loop is the longest of all. Returns as mss_find() does. */
__noinline int xdp_find_mss(struct xdp_md *ctx, __u32 options, __u32 length)
{
	return mss_find(xdp_data(ctx), xdp_data_end(ctx), options, length);
}

/* Returns what it changes in the checksum's sum. */
static __always_inline __u64 xdp_clamp_mss(struct xdp_md *ctx, const struct packet *p, __u32 mtu)
{
	__u32 offset = xdp_find_mss(ctx, p->l4 + sizeof(struct tcphdr),
				    p->tcp_header - sizeof(struct tcphdr));
	void *data_end = xdp_data_end(ctx);
	void *data = xdp_data(ctx);
	struct mss_clamp clamp = mss_clamp(offset, data, data_end, mtu);
	__be16 *mss = data + bounded(clamp.offset, 0xff);

	if (!clamp.offset || (void *)(mss + 1) > data_end)
		return 0;
	*mss = clamp.new;
	return mss_csum_change(p, &clamp);
}

static __always_inline void xdp_rewrite_tcp(struct xdp_md *ctx, const struct nestwg_config *cfg,
					    const struct packet *p, __u64 change)
{
	struct tcphdr *tcp = xdp_data(ctx) + p->l4;
	__u64 mss_change = 0;
	bool partial;

	if ((void *)(tcp + 1) > xdp_data_end(ctx))
		return;
	partial = checksum_is_partial(ctx, p, tcp->check);
	if (is_syn(p))
		mss_change = xdp_clamp_mss(ctx, p, path_mtu(ctx, cfg));
	tcp = xdp_data(ctx) + p->l4;
	if ((void *)(tcp + 1) > xdp_data_end(ctx))
		return;
	/* What completes a partial checksum sums the new MSS itself. */
	tcp->check = partial ? csum_fold((__u64)tcp->check + change) :
			       csum_update(tcp->check, change + mss_change);
}

static __always_inline void xdp_rewrite_udp(struct xdp_md *ctx, const struct packet *p,
					    __u64 change)
{
	void *data_end = xdp_data_end(ctx);
	void *data = xdp_data(ctx);
	struct udphdr *udp = data + p->l4;

	if ((void *)(udp + 1) > data_end)
		return;
	if (udp->check && checksum_is_partial(ctx, p, udp->check))
		udp->check = csum_fold((__u64)udp->check + change);
	else
		udp->check = csum_update_udp(udp->check, change);
}

/* UDP-Lite and DCCP: their checksum stands where UDP's does, and there is no "none". */
static __always_inline void xdp_rewrite_checksummed(struct xdp_md *ctx, const struct packet *p,
						    __u64 change)
{
	void *data_end = xdp_data_end(ctx);
	void *data = xdp_data(ctx);
	struct udphdr *header = data + p->l4;

	if ((void *)(header + 1) > data_end)
		return;
	header->check = csum_update(header->check, change);
}

static __always_inline void xdp_rewrite_transport(struct xdp_md *ctx,
						  const struct nestwg_config *cfg,
						  const struct packet *p, __u64 change)
{
	switch (p->protocol) {
	case IPPROTO_TCP:
		xdp_rewrite_tcp(ctx, cfg, p, change);
		return;
	case IPPROTO_UDP:
		xdp_rewrite_udp(ctx, p, change);
		return;
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
		xdp_rewrite_checksummed(ctx, p, change);
		return;
	case IPPROTO_ICMP:
		if (icmp_is_error(p->icmp_type))
			quote_translate(p, xdp_data(ctx), xdp_data_end(ctx),
					cfg->address, cfg->peer, true);
		return;
	}
}

/* Send P to the peer. HOP: it is handed over here; else the kernel's forwarding counts the hop. */
static __always_inline void xdp_dnat(struct xdp_md *ctx, const struct nestwg_config *cfg,
				     const struct packet *p, bool hop)
{
	__u64 change = csum_change32(cfg->address, cfg->peer);
	void *data_end = xdp_data_end(ctx);
	void *data = xdp_data(ctx);
	struct iphdr *ip = data + sizeof(struct ethhdr);
	__u64 ip_change = change;

	if ((void *)(ip + 1) > data_end)
		return;
	ip->daddr = cfg->peer;
	if (hop) {
		ip_change += csum_change16(bpf_htons(ip->ttl << 8), bpf_htons((ip->ttl - 1) << 8));
		ip->ttl--;
	}
	ip->check = csum_update(ip->check, ip_change);
	if (!p->later_fragment)
		xdp_rewrite_transport(ctx, cfg, p, change);
}

#endif /* BPF_REWRITE_XDP_H */
