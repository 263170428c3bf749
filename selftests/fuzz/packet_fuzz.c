// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer drives the packet path: a world and up to four packets out of the input's bytes, both ways and
 * every mode, and what has to hold of each (packet_fates.c). packet_input.h has the format.
 */
#include <string.h>

#include <linux/pkt_cls.h>

#include "packet_fates.h"

/* Garbage in all that a program has no business to read. */
static void fill_skb(struct __sk_buff *skb, __u32 protocol, bool vlan, __u32 gso_size, __u32 mark)
{
	memset(skb, 0xa5, sizeof(*skb));
	skb->protocol = protocol;
	skb->vlan_present = vlan;
	skb->gso_size = gso_size;
	skb->mark = mark;
}

/* eth_type_trans(): what is no Ethertype is a length (IEEE 802.3). */
static __u32 protocol_of(const struct arrival_in *in, const __u8 *bytes)
{
	__u16 protocol = 0x0800;

	if (in->not_ip)
		protocol = 0x86dd;
	else if (in->network && get16(bytes + 12) >= 0x600)
		protocol = get16(bytes + 12);
	else if (in->network)
		protocol = 0x0004;
	return (__u32)(__u16)(protocol << 8 | protocol >> 8);
}

static void make_skb(const struct arrival_in *in, const __u8 *bytes, struct host_packet *packet)
{
	struct view view;

	fill_skb(&packet->skb, protocol_of(in, bytes), in->vlan, in->gso_size, in->mark);
	packet->network = in->network;
	packet->summed = in->summed;
	packet->sum = 0;
	host_packet_place(packet, bytes, in->length, in->linear);
	view_packet(&view, bytes + in->network, in->length - in->network, in->gso_size);
	packet->sum_start = in->network + view.header;
	packet->sum_field = view.check_at - view.header;
	if (in->summed == SUMMED_COMPLETE)
		packet->sum = wire_sum(packet);
}

/* The XDP program; BYTES become what it made of them. */
static int run_xdp(const struct arrival_in *in, struct host_packet *packet, __u8 *bytes)
{
	struct xdp_md ctx;
	int action;

	packet->network = in->network;
	host_packet_place(packet, in->bytes, in->length, in->length);
	memset(&ctx, 0xa5, sizeof(ctx));
	ctx.data = packet->skb.data;
	ctx.data_end = packet->skb.data_end;
	action = nestwg_ingress(&ctx);
	host_packet_copy(packet, bytes);
	return action;
}

/* From the wire: XDP, if the mode has it, then tc. */
static void run_wire(enum mode mode, const struct arrival_in *in, struct outcome *out)
{
	static __u8 bytes[PACKET_MAX];

	memcpy(bytes, in->bytes, in->length);
	if (mode != MODE_TC && in->hook == HOOK_WIRE) {
		out->xdp_action = run_xdp(in, &out->packet, bytes);
		if (out->xdp_action != XDP_PASS)
			return;
		if (mode == MODE_GENERIC && memcmp(bytes, in->bytes, in->length) != 0)
			BROKEN("generic XDP changed the packet");
	}
	make_skb(in, bytes, &out->packet);
	out->action = nestwg_handoff(&out->packet.skb);
	if (world.cloned && world.clone.ifindex == IF_NIC)
		out->copy_action = nestwg_handoff(&world.copy.skb);
}

static void run_home(const struct arrival_in *in, struct outcome *out)
{
	make_skb(in, in->bytes, &out->packet);
	out->action = nestwg_return(&out->packet.skb);
	if (out->action == TC_ACT_REDIRECT && world.redirected && world.redirect.ifindex == IF_NIC)
		out->learn_action = nestwg_learn(&out->packet.skb);
}

static void run_gateway(const struct arrival_in *in, struct outcome *out)
{
	make_skb(in, in->bytes, &out->packet);
	out->action = nestwg_learn(&out->packet.skb);
}

static void run(enum mode mode, const struct arrival_in *in, struct outcome *out)
{
	world.redirected = false;
	world.cloned = false;
	world.shows = 0;
	world.now += in->wait;
	outcome_begin(out);
	switch (in->hook) {
	case HOOK_WIRE:
	case HOOK_AFTER_XDP:
		run_wire(mode, in, out);
		break;
	case HOOK_HOME:
		run_home(in, out);
		break;
	case HOOK_GATEWAY:
		run_gateway(in, out);
		break;
	}
	outcome_end(out);
	if (world.fault)
		check_legal(in, out);
	else
		check_fate(mode, in, out);
	check_shown(in, out);
}

/* The home answers what it got; to the caller it has to look like an answer. */
static void run_reply(enum mode mode, const struct arrival_in *in, struct outcome *out)
{
	static struct arrival_in reply;

	if (!make_reply(in, out, &reply))
		return;
	world.fib_result = BPF_FIB_LKUP_RET_SUCCESS;
	world.fib_ifindex = IF_NIC;
	run(mode, &reply, out);
	check_reply(in, &reply, out);
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	static struct arrival_in in;
	static struct outcome out;
	enum mode mode;
	__u32 taken;

	if (size > 8192)
		return -1;
	taken = input_world(data, size, &mode);
	for (int i = 0; taken && i < INPUT_PACKETS; i++) {
		__u32 more = input_packet(data + taken, size - taken, mode, &in);

		if (!more)
			break;
		taken += more;
		run(mode, &in, &out);
		if (!world.fault)
			run_reply(mode, &in, &out);
	}
	host_packets_forget();
	return 0;
}
