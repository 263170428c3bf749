/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a SYN says the MSS, so that it can be lowered to what fits the tunnel (RFC 9293, section 3.7.1). */
#ifndef BPF_MSS_H
#define BPF_MSS_H

#define TCPOPT_EOL		0
#define TCPOPT_NOP		1
#define TCPOPT_MAXSEG		2
#define TCPOLEN_MAXSEG		4
#define TCP_OPTIONS_MAX		40

struct mss_clamp {
	__u32 offset;		/* of the 16-bit value; 0: nothing to do */
	__be16 old;
	__be16 new;
};

static __always_inline bool is_syn(const struct packet *p)
{
	return p->protocol == IPPROTO_TCP && !p->later_fragment && (p->tcp_flags & TCP_SYN);
}

/*
 * The offset of the value of the MSS option, or 0. The options start at offset OPTIONS and are LENGTH bytes.
 *
 * The step to the next option is read from the packet in every case (a NOP's kind is 1, which is also its
 * length): so the verifier sees one state for each turn of the loop, not two to the power of the turns.
 */
static __always_inline __u32 mss_find(void *data, void *data_end, __u32 options, __u32 length)
{
	__u32 offset = 0;

	if (options > HEADERS_MAX)
		return 0;
	for (int i = 0; i < TCP_OPTIONS_MAX; i++) {
		__u8 *option = data + options + offset;
		__u8 step;

		if (offset + 1 >= length || option + 2 > (__u8 *)data_end)
			return 0;
		if (option[0] == TCPOPT_EOL)
			return 0;
		if (option[0] == TCPOPT_MAXSEG)
			return option[1] == TCPOLEN_MAXSEG && offset + TCPOLEN_MAXSEG <= length ?
				options + offset + 2 : 0;
		step = *(volatile __u8 *)(option + (option[0] != TCPOPT_NOP));
		if (!step)
			return 0;
		offset += step;
		if (offset >= TCP_OPTIONS_MAX)
			return 0;
	}
	return 0;
}

/* What to change in a SYN with its MSS at OFFSET (0: it has none) so that the other side's segments fit MTU. */
static __always_inline struct mss_clamp mss_clamp(__u32 offset, void *data, void *data_end,
						  __u32 mtu)
{
	__u16 most = mtu - sizeof(struct iphdr) - sizeof(struct tcphdr);
	struct mss_clamp clamp = {};
	__be16 *mss = data + bounded(offset, 0xff);

	if (mtu < NESTWG_MTU_MIN || mtu > 0xffff || !offset)
		return clamp;
	if ((void *)(mss + 1) > data_end || bpf_ntohs(*mss) <= most)
		return clamp;
	clamp.offset = offset;
	clamp.old = *mss;
	clamp.new = bpf_htons(most);
	return clamp;
}

/* What the clamp adds to the checksum's sum: at an odd offset its bytes stand in each other's place. */
static __always_inline __u64 mss_csum_change(const struct packet *p, const struct mss_clamp *clamp)
{
	if ((clamp->offset - p->l4) & 1)
		return csum_change16(__builtin_bswap16(clamp->old), __builtin_bswap16(clamp->new));
	return csum_change16(clamp->old, clamp->new);
}

#endif /* BPF_MSS_H */
