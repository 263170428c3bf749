// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include <linux/if_ether.h>

#include <bpf/bpf_endian.h>

#include "packet_input.h"
#include "packet_view.h"

#define SECOND 1000000000ULL
#define ROOM 64		/* for what helpers put in front */

static const __u32 input_mtus[16] = { 1420, 1500, 0, 576, 575, 1280, 9000, 65535, 65536, 68,
				      1400, 3498, 1492, 600, 1, 16384 };

static const __u64 input_waits[8] = { 0, SECOND / 1000, SECOND + 1, 31 * SECOND, 61 * SECOND,
				      181 * SECOND, 6 * 24 * 3600 * SECOND, SECOND / 50 };

static const __u32 mode_flags[NR_MODES] = {
	[MODE_NATIVE] = NESTWG_XDP_REWRITES | NESTWG_XDP_JUDGES,
	[MODE_GENERIC] = NESTWG_XDP_JUDGES | NESTWG_TC_JUDGES,
	[MODE_TC] = NESTWG_TC_JUDGES,
};

/* What `monitor` may be asked for: nothing, each condition alone, some of them together. */
static const struct nestwg_watcher filters[16] = {
	{},
	{ .sample = 2 },
	{ .reasons = 1ULL << NESTWG_FORWARDED | 1ULL << NESTWG_HOME_RETURNED },
	{ .port = bpf_htons(443) },
	{ .port = bpf_htons(PORT_SSH) },
	{ .port = bpf_htons(40000) },
	{ .protocol = PROTO_TCP },
	{ .protocol = PROTO_UDP, .port = bpf_htons(53) },
	{ .source = bpf_htonl(CLIENT), .source_mask = ~0U },
	{ .source = bpf_htonl(PEER), .source_mask = ~0U, .port = bpf_htons(443) },
	{ .destination = bpf_htonl(ADDRESS & ~0xffU), .destination_mask = bpf_htonl(~0xffU) },
	{ .destination = bpf_htonl(CLIENT), .destination_mask = ~0U, .protocol = PROTO_TCP },
};

static void exclude_port(__u32 port, __u8 bit)
{
	struct nestwg_port *row = host_map_value(MAP_PORTS, &port);

	row->excluded |= bit;
}

static void exclude_protocol(__u32 protocol)
{
	struct nestwg_protocol *row = host_map_value(MAP_PROTOCOLS, &protocol);

	row->excluded = 1;
}

/* A way out, where bpf/next_hop.h keeps CLIENT's. It may be of another NIC: the table outlives an attachment. */
static void keep_way(__u32 destination, __u32 ifindex)
{
	struct nestwg_next_hop hop = {
		.told = world.now,
		.destination = bpf_htonl(destination),
		.nic_ifindex = ifindex,
		.protocol = PROTO_TCP,
		.addresses = { 2, 0, 0, 0, 0, 0x66, 2, 0, 0, 0, 0, 0x77 },
	};
	__u32 index = (bpf_htonl(CLIENT) * 0x9e3779b1U) >> (32 - NESTWG_NEXT_HOPS_BITS);

	host_map_put(MAP_NEXT_HOPS, &index, &hop);
}

static void fill_maps(const struct input_world *input, enum mode mode)
{
	struct nestwg_config config = {
		.address = bpf_htonl(ADDRESS),
		.peer = bpf_htonl(PEER),
		.tunnel_address = input->flags & INPUT_NO_TUNNEL_ADDRESS ?
				  0 : bpf_htonl(TUNNEL_ADDRESS),
		.nic_ifindex = IF_NIC,
		.wg_ifindex = IF_WG,
		.flags = mode_flags[mode],
		.attached_at = 1,
		/* Waits to be confirmed, as long as it runs. */
		.deadline = input->flags & INPUT_BUCKET_OLD ? ~0ULL : 0,
	};
	struct nestwg_bucket bucket = {
		.filled = input->flags & INPUT_BUCKET_OLD ? 0 : world.now,
		.tokens = input->flags & INPUT_NO_ANSWERS ? 0 : 50,
	};
	struct nestwg_watcher watcher = filters[input->mode / NR_MODES % 16];
	__be32 addresses[] = { bpf_htonl(TUNNEL_ADDRESS), bpf_htonl(OTHER_ADDRESS) };
	__u32 zero = 0;
	__u8 one = 1;

	watcher.on = !!(input->flags & INPUT_WATCHED);
	watcher.until = input->flags & INPUT_WATCHER_GONE ? 0 : world.now * 2;
	watcher.reasons = watcher.reasons ?: ~0ULL;
	config.address_bits = nestwg_address_bit(addresses[0]) | nestwg_address_bit(addresses[1]);
	host_map_put(MAP_WATCHER, &zero, &watcher);
	host_map_put(MAP_CONFIG, &zero, &config);
	host_map_put(MAP_ANSWERS, &zero, &bucket);
	host_map_put(MAP_ADDRESSES, &addresses[0], &one);
	host_map_put(MAP_ADDRESSES, &addresses[1], &one);
	exclude_port(PORT_SSH, NESTWG_EXCLUDED_TCP);
	exclude_port(PORT_TUNNEL, NESTWG_EXCLUDED_UDP);
	if (input->flags & INPUT_ICMP_EXCLUDED)
		exclude_protocol(PROTO_ICMP);
	if (input->flags & INPUT_OSPF_EXCLUDED)
		exclude_protocol(89);
}

__u32 input_world(const __u8 *data, __u32 size, enum mode *mode)
{
	static const __u32 ways_out[4] = { IF_NIC, IF_WG, IF_LAN, IF_NONE };
	struct input_world input;

	if (size < sizeof(input))
		return 0;
	memcpy(&input, data, sizeof(input));
	*mode = input.mode % NR_MODES;
	world.now = 1000000 * SECOND;
	world.mtu[IF_NONE] = 0;
	world.mtu[IF_WG] = input_mtus[input.mtu & 15];
	world.mtu[IF_NIC] = input_mtus[input.mtu >> 4];
	world.mtu[IF_LAN] = 1500;
	world.fib_result = input.fib & 15;
	world.fib_ifindex = ways_out[input.fib >> 4 & 3];
	world.fault = 0;
	world.calls = 0;
	world.fold_diff = input.flags & INPUT_FOLD_DIFF;
	host_maps_reset();
	fill_maps(&input, *mode);
	if (input.fib & INPUT_OTHER_NIC)
		keep_way(CLIENT, IF_LAN);
	if (input.fib & INPUT_OTHER_END)
		keep_way(CLIENT + 1, IF_NIC);
	world.fault = input.fault;
	return sizeof(input);
}

static __u32 get_bytes(const struct input_packet *input, const __u8 *data, __u32 size,
		       struct arrival_in *in)
{
	__u32 take = input->take[0] | input->take[1] << 8;
	__u32 extend = input->extend[0] | input->extend[1] << 8;
	__u32 state = 0x2545f491;

	if (take > size)
		take = size;
	if (take > PACKET_MAX - ROOM)
		take = PACKET_MAX - ROOM;
	if (extend > PACKET_MAX - ROOM - take)
		extend = PACKET_MAX - ROOM - take;
	memcpy(in->bytes, data, take);
	for (__u32 i = 0; i < extend; i++) {
		state = state * 1664525 + 1013904223;
		in->bytes[take + i] = state >> 24;
	}
	in->length = take + extend;
	return take;
}

/* The checksum at FIELD, so that bytes and pseudo header sum up to 0xffff, or half of that. */
static void mend_sum(__u8 *ip, __u32 length, bool bundle, bool half)
{
	struct view view;
	__u8 *field;

	view_packet(&view, ip, length, bundle);
	if (!view.sane || !view.check_at)
		return;
	field = ip + view.check_at;
	if (half && view.protocol != PROTO_ICMP) {
		put16(field, view_pseudo_sum(&view));
		return;
	}
	put16(field, 0);
	put16(field, ~view_transport_sum(&view));
	if (view.protocol == PROTO_UDP && !get16(field))
		put16(field, 0xffff);
}

static void mend_ip_sum(__u8 *ip, __u32 length)
{
	__u32 header = (ip[0] & 15) * 4;

	if (header > length)
		return;
	put16(ip + 10, 0);
	put16(ip + 10, ~sum_add(0, ip, header));
}

/* The quote of an ICMP error: whom it was sent by, or to. */
static void mend_quote(__u8 *ip, __u32 length, enum hook hook)
{
	__u32 header = (ip[0] & 15) * 4;
	__u8 *quote = ip + header + ICMP_HEADER;

	if (ip[9] != PROTO_ICMP || header + ICMP_HEADER + IP_HEADER > length)
		return;
	quote[0] = 4 << 4 | ((quote[0] & 15) < 5 ? 5 : quote[0] & 15);
	if (hook == HOOK_HOME && get32(ip + 16) != ADDRESS)
		put32(quote + 16, PEER);
	else
		put32(quote + 12, ADDRESS);
	mend_ip_sum(quote, length - header - ICMP_HEADER);
}

static void mend(const struct input_packet *input, struct arrival_in *in)
{
	__u8 *ip = in->bytes + in->network;
	__u32 length = in->length - in->network;
	bool bundle = in->gso_size;

	if ((input->mend & MEND_ETHERNET) && in->network) {
		in->bytes[0] &= ~1;
		put16(in->bytes + 12, ETH_P_IP);
	}
	if (length < IP_HEADER)
		return;
	if (input->mend & MEND_HEADER)
		ip[0] = 4 << 4 | ((ip[0] & 15) < 5 ? 5 : ip[0] & 15);
	if (input->mend & MEND_TOTAL)
		put16(ip + 2, length > 0xffff ? 0 : length);
	if (input->mend & MEND_ADDRESS) {
		if (in->hook == HOOK_WIRE)
			put32(ip + 16, ADDRESS);
		else if (in->hook == HOOK_HOME)
			put32(ip + 12, PEER);
		else if (in->hook == HOOK_GATEWAY)
			put32(ip + 12, ADDRESS);
		else
			put32(ip + 16, PEER);
	}
	if (input->mend & MEND_QUOTE)
		mend_quote(ip, length, in->hook);
	if (input->mend & (MEND_SUM | MEND_HALF))
		mend_sum(ip, length, bundle, input->mend & MEND_HALF);
	if (input->mend & MEND_IP_SUM)
		mend_ip_sum(ip, length);
}

/* What the kernel would never say of a packet's checksum is not said. */
static enum summed summed_of(const struct input_packet *input, enum mode mode,
			     const struct arrival_in *in, const struct view *view)
{
	enum summed summed = input->flags & INPUT_SUMMED;

	if (in->not_ip || in->vlan || !view->sane)
		return SUMMED_NONE;
	if (in->gso_size == GSO_BY_FRAGS)
		return SUMMED_NONE;
	if (in->gso_size)
		return SUMMED_PARTIAL;
	/* A driver with native XDP knows no sum over the packet: a program may have changed it. */
	if (summed == SUMMED_COMPLETE && mode != MODE_NATIVE && same_sum(view_header_sum(view), 0xffff))
		return SUMMED_COMPLETE;
	if (summed != SUMMED_PARTIAL || view->first_fragment || view->later_fragment ||
	    (view->protocol != PROTO_TCP && view->protocol != PROTO_UDP) ||
	    view->total != view->length ||
	    get16(view->ip + view->check_at) != view_pseudo_sum(view))
		return SUMMED_NONE;
	return SUMMED_PARTIAL;
}

/* GRO and virtio bundle whole TCP and UDP segments, whose checksum is then partial. */
static bool may_be_bundle(struct arrival_in *in, struct view *view)
{
	view_packet(view, in->bytes + in->network, in->length - in->network, true);
	return view->sane && !view->first_fragment && !view->later_fragment && !in->vlan &&
	       !in->not_ip && (in->gso_size == GSO_BY_FRAGS ? view->protocol == PROTO_SCTP :
			       view->protocol == PROTO_TCP || view->protocol == PROTO_UDP) &&
	       segment_length(view, in->gso_size) <= view->total - (in->gso_size != GSO_BY_FRAGS);
}

/* The lengths of a bundle are those of all of it. */
static void make_bundle(__u8 *ip, __u32 length)
{
	__u32 header = (ip[0] & 15) * 4;

	put16(ip + 2, length > 0xffff ? 0 : length);
	if (ip[9] == PROTO_UDP)
		put16(ip + header + 4, length - header > 0xffff ? 0xffff : length - header);
	mend_sum(ip, length, true, true);
	mend_ip_sum(ip, length);
}

static __u32 linear_min(const struct arrival_in *in, const struct view *view)
{
	if (in->summed == SUMMED_PARTIAL)
		return in->network + view->check_at + 2;
	/* eth_type_trans() has read the header; ip_rcv() has not yet. */
	return in->network;
}

__u32 input_packet(const __u8 *data, __u32 size, enum mode mode, struct arrival_in *in)
{
	struct input_packet input;
	struct view view;
	__u32 taken;

	if (size < sizeof(input))
		return 0;
	memcpy(&input, data, sizeof(input));
	in->hook = input.hook & 3;
	if (in->hook == HOOK_AFTER_XDP && mode != MODE_NATIVE)
		in->hook = HOOK_WIRE;
	in->network = in->hook == HOOK_HOME ? 0 : ETH_HLEN;
	taken = sizeof(input) + get_bytes(&input, data + sizeof(input), size - sizeof(input), in);
	if (in->length < in->network)
		in->length = in->network;
	in->wait = input_waits[input.wait & 7];
	in->mark = input.flags & INPUT_MARKED ? NOT_OUR_MARK : 0;
	/* Native and generic XDP see no tag that the NIC has taken off. */
	in->vlan = (input.flags & INPUT_VLAN) && (mode == MODE_TC || in->hook == HOOK_GATEWAY) &&
		   in->network;
	in->not_ip = (input.flags & INPUT_NOT_IP) && !in->network;
	in->gso_size = input.flags & INPUT_BUNDLE ? input.gso_size * 8 + 8 : 0;
	if (in->gso_size == GSO_LONGEST)
		in->gso_size = GSO_BY_FRAGS;
	mend(&input, in);
	/* GRO comes after native XDP. */
	if (in->gso_size && (!may_be_bundle(in, &view) ||
			     (mode == MODE_NATIVE && in->hook == HOOK_WIRE)))
		in->gso_size = 0;
	if (in->gso_size)
		make_bundle(in->bytes + in->network, in->length - in->network);
	if (in->hook == HOOK_AFTER_XDP && in->length >= in->network + IP_HEADER)
		put32(in->bytes + in->network + 16, PEER);
	view_packet(&view, in->bytes + in->network, in->length - in->network, in->gso_size);
	in->summed = summed_of(&input, mode, in, &view);
	in->linear = input.linear ?: in->length;
	if (in->linear < linear_min(in, &view))
		in->linear = linear_min(in, &view);
	if (in->linear > in->length)
		in->linear = in->length;
	return taken;
}
