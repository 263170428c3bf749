/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What has to become of a packet, a second time: from DESIGN section 3, the README's table and the reasons'
 * texts, by lists and loops over the packet's bytes, slow and plain. Nothing of bpf/ is used, so that a
 * mistake there is not made here again.
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>

#include "packet_build.h"
#include "reasons.h"

#define MODEL_OTHERS	3
#define MODEL_FLOWS	1024
#define MODEL_FRAGMENTS	1024

/* A gateway, addresses in host order. */
struct model_config {
	__u32 address;		/* the public one */
	__u32 peer;
	__u32 tunnel_address;	/* 0: none */
	__u32 others[MODEL_OTHERS];	/* the gateway's further addresses */
	unsigned int tunnel_mtu;
	unsigned int nic_mtu;
	__u32 elsewhere;	/* a /24 that is not behind the NIC; 0: nobody would know */
	/* What stays on the gateway. */
	bool tcp[65536];
	bool udp[65536];
	bool protocols[256];
};

struct model_flow {
	__u32 remote;
	__u16 remote_port;
	__u16 local_port;
	__u8 protocol;
	unsigned int seen;
};

struct model_fragment {
	__u32 source;
	__u32 destination;
	__u16 id;
	__u8 protocol;
	enum nestwg_origin origin;	/* what the wire says to be the home's is not */
	enum nestwg_reason reason;	/* of the first */
	unsigned int seen;
};

struct model {
	struct model_config config;
	unsigned int now;	/* seconds */
	unsigned int nr_flows;
	unsigned int nr_fragments;
	struct model_flow flows[MODEL_FLOWS];
	struct model_fragment fragments[MODEL_FRAGMENTS];
};

struct judgement {
	enum nestwg_reason reason;
	bool has_copy;		/* `out` goes into the tunnel, beside what the stack gets */
	bool copy_is_routed;	/* no: it is too large, the kernel takes it there, not in generic mode */
	/* The IP packet that goes on, or the answer; of what is dropped or left alone: nothing. */
	struct bytes out;
	unsigned int udp_check_at;	/* in `out`: a checksum that may not become 0 */
	unsigned int unsure_at;		/* in `out`: a checksum that looks like half a one */
};

void model_from_wire(struct model *m, const struct bytes *frame, struct judgement *j);
void model_from_home(struct model *m, const struct bytes *ip, bool is_ipv4, struct judgement *j);
/* The gateway itself sends it out of the NIC. */
void model_leaves(struct model *m, const struct bytes *frame);

#endif /* MODEL_H */
