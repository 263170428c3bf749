/* SPDX-License-Identifier: GPL-2.0-only */
/* Inputs of packet_fuzz, written from descriptions of packets. packet_input.h has the format. */
#ifndef SEED_H
#define SEED_H

#include "../packet_suite.h"

/* packet_input.h's names would collide with packet_build.h's. */
#define MEND_SUMS	0x38	/* MEND_TOTAL, MEND_IP_SUM, MEND_SUM */
#define MEND_HALF	0x58	/* and the checksum is half a one */
#define PARTIAL		0x01
#define COMPLETE	0x02
#define VLAN		0x04
#define NOT_IP		0x08
#define MARKED		0x10
#define BUNDLE		0x20

#define WATCHED		0x40	/* INPUT_WATCHED */
#define OTHER_END	0x80	/* INPUT_OTHER_END */

enum { FROM_WIRE, FROM_HOME, FROM_GATEWAY, AFTER_XDP };
enum { NATIVE, GENERIC, TC, MODES };

/* Interface MTUs as in packet_input.c's table. */
#define MTU_USUAL	0x10

struct seed {
	unsigned int length;
	__u8 bytes[16384];
};

/* How a packet comes: struct input_packet. */
struct way {
	__u8 hook;
	__u8 flags;
	__u8 mend;
	__u8 linear;
	__u8 gso_size;
	__u8 wait;
};

/* Where they go, and how their names begin. */
void seeds_into(const char *directory);
void seeds_named(const char *kind);
unsigned int seeds_written(void);

void seed_begin(struct seed *seed, __u8 mode, __u8 fault, __u8 flags, __u8 mtu, __u8 fib);
/* The packet's first TAKE bytes; EXTEND more are made up when it is read. */
void seed_put_cut(struct seed *seed, const struct way *way, const struct bytes *packet, __u32 take,
		  __u32 extend);
void seed_put(struct seed *seed, const struct way *way, const struct spec *s);
void seed_end(const struct seed *seed);
/* All of it, with one packet. */
void seed_one(__u8 mode, __u8 fault, __u8 flags, __u8 mtu, __u8 fib, const struct way *way,
	      const struct spec *s);

void add_flow_seeds(void);	/* seed_flows.c */
void add_reset_seeds(void);
void add_fragment_seeds(void);
void add_slot_seeds(void);	/* seed_slots.c */
void add_watch_seeds(void);	/* seed_watch.c */

#endif /* SEED_H */
