/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What bpf/ finds under the name of libbpf's header when it is compiled for the host: the same words, and
 * the kernel's helpers as functions (host_maps.c, host_packet.c, host_helpers.c).
 */
#ifndef HOST_BPF_HELPERS_H
#define HOST_BPF_HELPERS_H

#include <linux/bpf.h>
#include <linux/types.h>

#define SEC(name)
#define __uint(name, value)	int (*name)[value]
#define __type(name, value)	__typeof__(value) *name
#define __noinline		__attribute__((noinline))
#ifndef __always_inline
#define __always_inline		inline __attribute__((always_inline))
#endif

/* bpf/bounded.h is for the verifier, and is BPF assembly. */
#define BPF_BOUNDED_H
static __always_inline __u64 bounded(__u64 value, const __u64 mask)
{
	return value & mask;
}

static __always_inline __u64 ones_unless_zero(__u64 value)
{
	return value ? ~0ULL : 0;
}

void *bpf_map_lookup_elem(void *map, const void *key);
long bpf_map_update_elem(void *map, const void *key, const void *value, __u64 flags);
long bpf_map_delete_elem(void *map, const void *key);
__u64 bpf_ktime_get_coarse_ns(void);
__u64 bpf_ktime_get_ns(void);
__u64 bpf_ktime_get_boot_ns(void);
__u32 bpf_get_prandom_u32(void);
void *bpf_ringbuf_reserve(void *ring, __u64 size, __u64 flags);
void bpf_ringbuf_submit(void *event, __u64 flags);
void bpf_ringbuf_discard(void *event, __u64 flags);
long bpf_skb_load_bytes(const struct __sk_buff *skb, __u32 offset, void *to, __u32 length);
__s64 bpf_csum_diff(__be32 *from, __u32 from_size, __be32 *to, __u32 to_size, __wsum seed);
long bpf_check_mtu(void *ctx, __u32 ifindex, __u32 *mtu_len, __s32 len_diff, __u64 flags);
long bpf_fib_lookup(void *ctx, struct bpf_fib_lookup *params, int length, __u32 flags);
long bpf_redirect(__u32 ifindex, __u64 flags);
long bpf_redirect_neigh(__u32 ifindex, struct bpf_redir_neigh *params, int length, __u64 flags);
long bpf_clone_redirect(struct __sk_buff *skb, __u32 ifindex, __u64 flags);
long bpf_skb_pull_data(struct __sk_buff *skb, __u32 length);
long bpf_skb_change_tail(struct __sk_buff *skb, __u32 length, __u64 flags);
long bpf_skb_change_head(struct __sk_buff *skb, __u32 room, __u64 flags);
long bpf_skb_adjust_room(struct __sk_buff *skb, __s32 difference, __u32 mode, __u64 flags);
long bpf_skb_store_bytes(struct __sk_buff *skb, __u32 offset, const void *from, __u32 length,
			 __u64 flags);
long bpf_csum_update(struct __sk_buff *skb, __wsum sum);
long bpf_l4_csum_replace(struct __sk_buff *skb, __u32 offset, __u64 from, __u64 to, __u64 flags);

#endif /* HOST_BPF_HELPERS_H */
