/* SPDX-License-Identifier: GPL-2.0-only */
/* Does it fit? The MTU is asked for live: nobody has to tell us when an administrator changes it. */
#ifndef BPF_MTU_H
#define BPF_MTU_H

/* The MTU of IFINDEX, or 0 if there is no such interface. CTX is either hook's context. */
static __always_inline __u32 mtu_of(void *ctx, __u32 ifindex)
{
	__u32 mtu = 0;

	/* It fails for a packet that is too long, and still writes the MTU. */
	bpf_check_mtu(ctx, ifindex, &mtu, 0, 0);
	return mtu;
}

/* The MTU of IFINDEX if P does not fit it, else 0. Most packets are small and ask nobody. */
static __always_inline __u32 exceeded_mtu(void *ctx, const struct packet *p, __u32 ifindex)
{
	__u32 mtu = 0;

	if (p->segment <= NESTWG_MTU_MIN)
		return 0;
	/* Where XDP sees it, it is no bundle: this is tc's. */
	if (p->gso_by_frags)
		return bpf_check_mtu(ctx, ifindex, &mtu, 0, BPF_MTU_CHK_SEGS) ==
			       BPF_MTU_CHK_RET_SEGS_TOOBIG ? mtu : 0;
	mtu = mtu_of(ctx, ifindex);
	return p->segment > mtu ? mtu : 0;
}

/* The narrower of the NIC and the tunnel: what a SYN may promise. */
static __always_inline __u32 path_mtu(void *ctx, const struct nestwg_config *cfg)
{
	__u32 nic = mtu_of(ctx, cfg->nic_ifindex);
	__u32 wg = mtu_of(ctx, cfg->wg_ifindex);

	return nic < wg ? nic : wg;
}

#endif /* BPF_MTU_H */
