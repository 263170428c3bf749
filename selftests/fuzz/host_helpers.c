// SPDX-License-Identifier: GPL-2.0-only
/* The helpers that do not touch the packet. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "host.h"

struct host_world world;

bool host_fault(void)
{
	return ++world.calls == world.fault;
}

__u16 sum_fold(__u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

__u32 sum_add(__u32 sum, const __u8 *bytes, __u32 length)
{
	for (__u32 i = 0; i < length; i++)
		sum += i & 1 ? bytes[i] : (__u32)bytes[i] << 8;
	return sum_fold(sum);
}

__u64 bpf_ktime_get_coarse_ns(void)
{
	return world.now;
}

__u64 bpf_ktime_get_ns(void)
{
	return world.now;
}

__u64 bpf_ktime_get_boot_ns(void)
{
	return world.now;
}

__u32 bpf_get_prandom_u32(void)
{
	return world.calls;
}

/* Not cleared, as the ring is not: what is submitted has to have been filled. */
void *bpf_ringbuf_reserve(void *ring, __u64 size, __u64 flags)
{
	void *event;

	(void)ring;
	if (size != sizeof(struct nestwg_event) || flags)
		abort();
	if (host_fault())
		return NULL;
	event = malloc(size);
	if (!event)
		abort();
	return memset(event, 0xa5, size);
}

void bpf_ringbuf_submit(void *event, __u64 flags)
{
	memcpy(&world.shown, event, sizeof(world.shown));
	world.shows++;
	bpf_ringbuf_discard(event, flags);
}

void bpf_ringbuf_discard(void *event, __u64 flags)
{
	if (!event || flags)
		abort();
	free(event);
}

__s64 bpf_csum_diff(__be32 *from, __u32 from_size, __be32 *to, __u32 to_size, __wsum seed)
{
	__u64 sum = seed;

	if (from || from_size || to_size % 4)
		abort();
	for (__u32 i = 0; i < to_size / 4; i++) {
		__u32 word;

		memcpy(&word, to + i, sizeof(word));
		sum += word;
	}
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	return world.fold_diff ? sum_fold(sum) : (__s64)sum;
}

long bpf_check_mtu(void *ctx, __u32 ifindex, __u32 *mtu_len, __s32 len_diff, __u64 flags)
{
	const struct __sk_buff *skb = ctx;

	if (*mtu_len || len_diff || flags & ~BPF_MTU_CHK_SEGS)
		abort();
	if (ifindex >= NR_IFS || !world.mtu[ifindex])
		return -ENODEV;
	*mtu_len = world.mtu[ifindex];
	/* Only the kernel knows the packets of SCTP's bundles: here those of an odd one are too large. */
	return flags && skb->len & 1 ? BPF_MTU_CHK_RET_SEGS_TOOBIG : BPF_MTU_CHK_RET_SUCCESS;
}

long bpf_fib_lookup(void *ctx, struct bpf_fib_lookup *params, int length, __u32 flags)
{
	(void)ctx;
	if (length < (int)sizeof(*params) || flags || params->family != 2)
		abort();
	switch (world.fib_result) {
	case BPF_FIB_LKUP_RET_SUCCESS:
		memcpy(params->smac, "\x02\x00\x00\x00\x00\x10", 6);
		memcpy(params->dmac, "\x02\x00\x00\x00\x00\x01", 6);
		__attribute__((fallthrough));
	case BPF_FIB_LKUP_RET_NO_NEIGH:
	case BPF_FIB_LKUP_RET_FRAG_NEEDED:
		params->ifindex = world.fib_ifindex;
		params->ipv4_dst = bpf_htonl(NEXT_HOP);
		break;
	}
	return world.fib_result;
}

static long redirect(enum end end, __u32 ifindex, __u64 flags)
{
	if (flags)
		abort();
	world.redirected = true;
	world.redirect = (struct host_sent){ end, ifindex, flags };
	return TC_ACT_REDIRECT;
}

long bpf_redirect(__u32 ifindex, __u64 flags)
{
	return redirect(END_REDIRECT, ifindex, flags);
}

long bpf_redirect_neigh(__u32 ifindex, struct bpf_redir_neigh *params, int length, __u64 flags)
{
	if (params ? length != sizeof(*params) || params->nh_family != 2 ||
		     params->ipv4_nh != bpf_htonl(NEXT_HOP) : length)
		abort();
	world.asked_for = params ? NEXT_HOP : 0;
	return redirect(END_NEIGHBOUR, ifindex, flags);
}
