// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generator's frames. BPF_PROG_TEST_RUN with live frames runs this once a frame; the frame then goes into
 * a veth as a driver's would, without an skb. A page that comes back is used again as the receiver left it
 * (xdp_test_run_batch(), net/bpf/test_run.c), so all headers are written each time.
 */
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bench.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bench_shape);
} shape SEC(".maps");

#define PORTS_PER_ADDRESS	1000
#define FIRST_PORT		2000

static __always_inline __u16 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

static __always_inline __u64 fill_ip(struct iphdr *ip, const struct bench_shape *s, __u32 flow,
				     __u16 length, __u64 number)
{
	__be32 client = bpf_htonl(bpf_ntohl(s->client) + flow / PORTS_PER_ADDRESS);
	__u64 addresses = (__u64)client + s->server;

	*ip = (struct iphdr) {
		.version = 4,
		.ihl = 5,
		.tot_len = bpf_htons(length),
		.id = bpf_htons((__u16)number),
		.frag_off = bpf_htons(0x4000),
		.ttl = 64,
		.protocol = s->protocol,
		.saddr = s->reply ? s->server : client,
		.daddr = s->reply ? client : s->server,
	};
	ip->check = ~fold(bpf_htons(0x4500) + (__u64)ip->tot_len + ip->id + ip->frag_off +
			  bpf_htons(64 << 8 | s->protocol) + addresses);
	return addresses + bpf_htons(s->protocol) + bpf_htons(length - sizeof(*ip));
}

static __always_inline void fill_udp(struct udphdr *udp, const struct bench_shape *s, __be16 port,
				     __u16 length, __u64 pseudo)
{
	udp->source = s->reply ? s->server_port : port;
	udp->dest = s->reply ? port : s->server_port;
	udp->len = bpf_htons(length);
	udp->check = (__u16)~fold(pseudo + udp->source + udp->dest + udp->len + s->payload_sum) ?:
		     0xffff;
}

/* A bulk transfer: each flow's sequence numbers go on without a gap, so that GRO can bundle. */
static __always_inline void fill_tcp(struct tcphdr *tcp, const struct bench_shape *s, __be16 port,
				     __u16 length, __u64 pseudo, __u64 number)
{
	*tcp = (struct tcphdr) {
		.source = s->reply ? s->server_port : port,
		.dest = s->reply ? port : s->server_port,
		.seq = bpf_htonl((__u32)(number / s->flows) * (length - sizeof(*tcp))),
		.ack_seq = bpf_htonl(1),
		.doff = sizeof(*tcp) / 4,
		.ack = 1,
		.window = bpf_htons(0xffff),
	};
	tcp->check = ~fold(pseudo + tcp->source + tcp->dest + tcp->seq + tcp->ack_seq +
			   bpf_htons(0x5010) + tcp->window + s->payload_sum);
}

SEC("xdp")
int generate(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct bench_shape *s = bpf_map_lookup_elem(&shape, &zero);
	void *data_end, *data;
	struct ethhdr *eth;
	struct iphdr *ip;
	__u32 flow, turn;
	__u64 number;
	__u64 pseudo;
	__u16 length;
	__be16 port;

	if (!s || !s->flows || !s->sizes)
		return XDP_ABORTED;
	number = s->next++;
	flow = number % s->flows;
	turn = number % s->sizes;
	length = s->size[turn & (BENCH_SIZES - 1)];
	port = bpf_htons(FIRST_PORT + flow % PORTS_PER_ADDRESS);

	if (s->sizes > 1 && bpf_xdp_adjust_tail(ctx, (int)(length + sizeof(*eth)) -
						     (int)bpf_xdp_get_buff_len(ctx)))
		return XDP_ABORTED;
	data_end = (void *)(long)ctx->data_end;
	data = (void *)(long)ctx->data;
	eth = data;
	ip = (void *)(eth + 1);
	if ((void *)(ip + 1) + sizeof(struct tcphdr) > data_end)
		return XDP_ABORTED;

	__builtin_memcpy(eth->h_dest, s->destination_mac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, s->source_mac, ETH_ALEN);
	eth->h_proto = bpf_htons(ETH_P_IP);
	pseudo = fill_ip(ip, s, flow, length, number);
	if (s->protocol == IPPROTO_TCP)
		fill_tcp((void *)(ip + 1), s, port, length - sizeof(*ip), pseudo, number);
	else
		fill_udp((void *)(ip + 1), s, port, length - sizeof(*ip), pseudo);
	return bpf_redirect(s->ifindex, 0);
}

char LICENSE[] SEC("license") = "GPL";
