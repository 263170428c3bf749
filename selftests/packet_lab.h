/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where packets meet the programs: a network namespace of our own.
 *
 *   wire (AF_PACKET) ── veth ── nic: XDP, tc ingress ──redirect──> wg (TUN, read and written by us)
 *                                │                     <─redirect──     tc ingress
 *                                └─ what is left to the stack, of both ──redirect──> stack (TUN)
 *
 * After ours, a second tc filter sends what the gateway's stack would get to `stack`: so each packet
 * ends where it can be read, and the stack itself answers nothing.
 */
#ifndef PACKET_LAB_H
#define PACKET_LAB_H

#include "nestwg.h"
#include "nestwg.skel.h"

#include "packet_build.h"

#define PUBLIC		IP(192, 0, 2, 10)
#define NEXT_HOP	IP(192, 0, 2, 1)
#define CLIENT		IP(198, 51, 100, 7)
#define FAR_HOST	IP(203, 0, 113, 9)
#define GATEWAY		IP(10, 0, 18, 1)	/* in the tunnel */
#define PEER		IP(10, 0, 18, 2)
/* Behind neither the NIC nor the tunnel. */
#define LAN_HOST	IP(172, 20, 0, 5)
#define LAN_NEIGHBOUR	IP(172, 21, 0, 5)	/* and its MAC address is known */

#define NIC_MTU		1500
#define TUNNEL_MTU	1420
#define ANSWERS_BURST	50	/* as net.ipv4.icmp_msgs_burst */
#define MSS_MAX		(TUNNEL_MTU - 40)

enum mode {
	MODE_NATIVE,
	MODE_GENERIC,
	MODE_TC,
	NR_MODES
};

struct lab {
	struct nestwg_bpf *skel;
	struct nestwg_port *ports;		/* the map, in our memory */
	struct nestwg_protocol *protocols;
	int nic_ifindex;
	int wire_ifindex;
	int wg_ifindex;
	int stack_ifindex;
	int wire;		/* AF_PACKET */
	int wg;			/* TUN */
	int stack;		/* TUN */
	int sink_fd;		/* the program that sends all to `stack` */
	enum mode mode;
	int xdp_flags;		/* of the XDP program that is attached; 0: none */
	unsigned int cpus;
	bool seen[NESTWG_NR_REASONS];
};

#define SEEN_MAX	32

/* What came out at one end. */
struct heap {
	unsigned int count;
	struct bytes packets[SEEN_MAX];
};

/* How the sender left a packet's checksum and size: the virtio header of TUN and AF_PACKET. */
struct offload {
	unsigned int transport;	/* checksum from here on; 0: complete */
	unsigned int field;	/* at this offset from there */
	unsigned int gso_size;	/* TCP payload of a segment; 0: no bundle */
	unsigned int headers;
};

int lab_make(struct lab *lab);
/* Its parts: a namespace with devices but no program; the programs, with the real stack behind them. */
int lab_make_devices(struct lab *lab);
int lab_make_programs(struct lab *lab);
void lab_close(struct lab *lab);

/* Attach the programs as MODE wants, and tell them. */
int lab_set_mode(struct lab *lab, enum mode mode);

void lab_set_forwarding(bool on);
/* So many ICMP answers are allowed now, and were AGE nanoseconds ago. */
void lab_set_answers(struct lab *lab, unsigned int tokens, unsigned long long age);
void lab_forget(struct lab *lab);	/* own flows and fragments */
void lab_read_counters(struct lab *lab, struct nestwg_counter counters[NESTWG_NR_REASONS]);

int lab_send_wire(struct lab *lab, const struct bytes *frame, const struct offload *offload);
int lab_send_home(struct lab *lab, const struct bytes *ip, const struct offload *offload);
int lab_send_raw_home(struct lab *lab, const struct bytes *ip, __u16 ethertype);

/* Wait until all that was sent has gone through, and collect it. */
int lab_collect(struct lab *lab, struct heap *tunnel, struct heap *stack, struct heap *nic);
/* One packet; false: none lay there within so many milliseconds. */
bool lab_read_tunnel(struct lab *lab, int wait_ms, struct bytes *out);
bool lab_read_stack(struct lab *lab, int wait_ms, struct bytes *out);
bool lab_read_nic(struct lab *lab, int wait_ms, struct bytes *out);
/* What lies in the tunnel now. */
void lab_collect_tunnel(struct lab *lab, struct heap *tunnel);

#endif /* PACKET_LAB_H */
