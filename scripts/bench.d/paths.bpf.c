// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the real ways of forwarding are compared with: the cheapest that could be (drop in XDP, redirect in tc
 * with nothing rewritten); and the sinks at the far end, which count and check what arrives.
 */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bench.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bench_paths);
} paths SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bench_seen);
} seen SEC(".maps");

static __always_inline struct bench_paths *get_paths(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&paths, &zero);
}

static __always_inline struct bench_seen *get_seen(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&seen, &zero);
}

SEC("xdp")
int xdp_drop(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_DROP;
}

/* What it costs to be asked at all: the floor of what stays on the gateway. */
SEC("xdp")
int xdp_pass(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_PASS;
}

SEC("tc")
int tc_pass(struct __sk_buff *skb __attribute__((unused)))
{
	return TC_ACT_UNSPEC;
}

/* NIC, tc ingress: the floor of all ways into the tunnel. */
SEC("tc")
int to_tunnel(struct __sk_buff *skb)
{
	struct bench_paths *to = get_paths();

	if (!to || skb->protocol != bpf_htons(ETH_P_IP))
		return TC_ACT_UNSPEC;
	return bpf_redirect(to->tunnel_ifindex, 0);
}

/* Tunnel, tc ingress: what a packet has cost before any way back begins. */
SEC("tc")
int tc_drop(struct __sk_buff *skb __attribute__((unused)))
{
	return TC_ACT_SHOT;
}

/* Tunnel, tc ingress: the floor of the way back. */
SEC("tc")
int to_nic(struct __sk_buff *skb)
{
	struct bench_paths *to = get_paths();

	if (!to || bpf_skb_change_head(skb, ETH_HLEN, 0))
		return TC_ACT_SHOT;
	return bpf_redirect_neigh(to->nic_ifindex, NULL, 0, 0);
}

/* A wire, tc ingress: as if the tunnel had decrypted it. */
SEC("tc")
int from_tunnel(struct __sk_buff *skb)
{
	struct bench_paths *to = get_paths();

	if (!to || skb->protocol != bpf_htons(ETH_P_IP))
		return TC_ACT_SHOT;
	return bpf_redirect(to->tunnel_ifindex, BPF_F_INGRESS);
}

#define WIREGUARD_PORT	51820
#define WIREGUARD_DATA	4	/* the first byte of such a message */
#define CHUNK		32
#define CHUNKS_MAX	48	/* 1536 bytes */

static __always_inline __u16 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* The sum of LENGTH bytes from OFFSET on. Slow and plain: only a few packets are verified. */
static __noinline int sum_bytes(struct __sk_buff *skb, __u32 offset, __u32 length)
{
	__u64 sum = 0;
	int i, j;

	for (i = 0; i < CHUNKS_MAX && length >= CHUNK; i++) {
		__u16 words[CHUNK / 2];

		if (bpf_skb_load_bytes(skb, offset, words, CHUNK))
			return -1;
		for (j = 0; j < CHUNK / 2; j++)
			sum += words[j];
		offset += CHUNK;
		length -= CHUNK;
	}
	for (i = 0; i < CHUNK && length; i++) {
		__u8 byte;

		if (bpf_skb_load_bytes(skb, offset, &byte, 1))
			return -1;
		sum += i & 1 ? bpf_htons(byte) : bpf_htons((__u16)byte << 8);
		offset++;
		length--;
	}
	return length ? -1 : fold(sum);
}

static __always_inline bool checksums_are_true(struct __sk_buff *skb, __u32 l3,
					       const struct iphdr *ip)
{
	__u32 length = bpf_ntohs(ip->tot_len) - sizeof(*ip);
	__u64 pseudo = (__u64)ip->saddr + ip->daddr + bpf_htons(ip->protocol) + bpf_htons(length);
	__u16 check;
	int sum;

	if (sum_bytes(skb, l3, sizeof(*ip)) != 0xffff)
		return false;
	if (skb->gso_size) {
		/* GRO has left the checksum to whoever cuts the bundle up: the field holds the pseudo header's sum. */
		__u32 offset = l3 + sizeof(*ip) + (ip->protocol == IPPROTO_TCP ? 16 : 6);

		return !bpf_skb_load_bytes(skb, offset, &check, sizeof(check)) && check == fold(pseudo);
	}
	sum = sum_bytes(skb, l3 + sizeof(*ip), length);
	return sum >= 0 && fold(pseudo + sum) == 0xffff;
}

static __always_inline void judge(struct __sk_buff *skb, const struct bench_paths *want,
				  struct bench_seen *got, __u32 l3)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, l3, &ip, sizeof(ip)))
		return;
	got->bundles++;
	got->packets += skb->gso_segs ?: 1;
	got->bytes += skb->len - l3;
	if (want->wanted && ip.saddr != want->wanted && ip.daddr != want->wanted)
		got->not_rewritten++;
	else if (want->verify && !checksums_are_true(skb, l3, &ip))
		got->wrong_checksum++;
}

/* Tunnel, tc egress: what would be encrypted next. */
SEC("tc")
int sink_tunnel(struct __sk_buff *skb)
{
	struct bench_paths *want = get_paths();
	struct bench_seen *got = get_seen();

	if (!want || !got || skb->protocol != bpf_htons(ETH_P_IP))
		return TC_ACT_UNSPEC;
	if (want->mode != BENCH_TUNNEL)
		return TC_ACT_UNSPEC;
	judge(skb, want, got, 0);
	return TC_ACT_SHOT;
}

/* The home's end of the tunnel, tc ingress: what has been encrypted, sent and decrypted. */
SEC("tc")
int sink_home(struct __sk_buff *skb)
{
	struct bench_paths *want = get_paths();
	struct bench_seen *got = get_seen();

	if (!want || !got || want->mode != BENCH_HOME || skb->protocol != bpf_htons(ETH_P_IP))
		return TC_ACT_UNSPEC;
	judge(skb, want, got, 0);
	return TC_ACT_SHOT;
}

/* Sent by the gateway's WireGuard: handshakes and keepalives come when they come. */
static __always_inline bool is_wireguards(struct __sk_buff *skb)
{
	__be16 source_port;
	__u8 protocol;

	return !bpf_skb_load_bytes(skb, ETH_HLEN + offsetof(struct iphdr, protocol), &protocol, 1) &&
	       protocol == IPPROTO_UDP &&
	       !bpf_skb_load_bytes(skb, ETH_HLEN + sizeof(struct iphdr), &source_port, 2) &&
	       source_port == bpf_htons(WIREGUARD_PORT);
}

static __always_inline bool is_wireguard_data(struct __sk_buff *skb)
{
	__u8 type;

	return is_wireguards(skb) && !bpf_skb_load_bytes(skb, ETH_HLEN + 28, &type, 1) &&
	       type == WIREGUARD_DATA;
}

/* Far end of the wire, tc ingress: replies, or WireGuard's data (not its handshakes). */
SEC("tc")
int sink_wire(struct __sk_buff *skb)
{
	struct bench_paths *want = get_paths();
	struct bench_seen *got = get_seen();

	if (!want || !got || skb->protocol != bpf_htons(ETH_P_IP) ||
	    want->mode == BENCH_HOME || want->mode == BENCH_NONE)
		return TC_ACT_UNSPEC;
	if (want->mode == BENCH_WIRE ? !is_wireguard_data(skb) : is_wireguards(skb))
		return TC_ACT_UNSPEC;
	judge(skb, want, got, ETH_HLEN);
	return TC_ACT_SHOT;
}

char LICENSE[] SEC("license") = "GPL";
