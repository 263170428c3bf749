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

/* The length of an option: a NOP's kind is all of it. */
static __always_inline __u32 option_length(__u8 kind, __u8 length)
{
	__u64 mask = ones_unless_zero(kind ^ TCPOPT_NOP);

	return (length & mask) | (TCPOPT_NOP & ~mask);
}

/*
 * The offset of the option that is the MSS, if it is one (see mss_clamp()), or 0. The options start at offset
 * OPTIONS and are LENGTH bytes. Of what is shorter than an MSS option, none can be left.
 */
static __always_inline __u32 mss_find(void *data, void *data_end, __u32 options, __u32 length)
{
	__u32 offset = 0;

	if (options > HEADERS_MAX)
		return 0;
	for (int i = 0; i < TCP_OPTIONS_MAX; i++) {
		__u8 *option = data + options + offset;
		__u32 step;

		if (offset + TCPOLEN_MAXSEG > length || option + TCPOLEN_MAXSEG > (__u8 *)data_end)
			return 0;
		if (option[0] == TCPOPT_MAXSEG || option[0] == TCPOPT_EOL)
			return options + offset;
		step = option_length(option[0], option[1]);
		offset += step;
		if (!step || offset >= TCP_OPTIONS_MAX)
			return 0;
	}
	return 0;
}

/*
 * What to change in a SYN so that the other side's segments fit MTU. OPTION is what mss_find() found: the end of the
 * options and an MSS of another length are nothing to change.
 */
static __always_inline struct mss_clamp mss_clamp(__u32 option, void *data, void *data_end,
						  __u32 mtu)
{
	__u16 most = mtu - sizeof(struct iphdr) - sizeof(struct tcphdr);
	__u8 *header = data + bounded(option, 0xff);
	__be16 *mss = (__be16 *)(header + 2);
	struct mss_clamp clamp = {};

	if (mtu < NESTWG_MTU_MIN || mtu > 0xffff || !option)
		return clamp;
	if ((void *)(mss + 1) > data_end || header[0] != TCPOPT_MAXSEG ||
	    header[1] != TCPOLEN_MAXSEG || bpf_ntohs(*mss) <= most)
		return clamp;
	clamp.offset = option + 2;
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
