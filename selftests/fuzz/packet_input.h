/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the bytes of an input of packet_fuzz become a world and up to four packets:
 *
 *	struct input_world, then for each packet a struct input_packet and TAKE bytes of it.
 *
 * Single bytes, so that the fuzzer's mutations mean something, and a mirror of them in the corpus' seeds.
 */
#ifndef PACKET_INPUT_H
#define PACKET_INPUT_H

#include "host.h"

#define ADDRESS		0xc000020a	/* 192.0.2.10 */
#define TUNNEL_ADDRESS	0x0a001201	/* 10.0.18.1 */
#define PEER		0x0a001202	/* 10.0.18.2 */
#define CLIENT		0xc6336407	/* 198.51.100.7 */
#define OTHER_ADDRESS	0xac140005	/* 172.20.0.5: the gateway's too */

#define PORT_SSH	2222
#define PORT_TUNNEL	51820

#define INPUT_PACKETS	4

struct input_world {
	__u8 mode;		/* 0 native, 1 generic, 2 tc; plus 3 times `monitor`'s filter */
	__u8 fault;		/* this call of a helper fails; 0: none */
	__u8 flags;
	__u8 mtu;		/* 4 bits for the tunnel, 4 for the NIC: input_mtus[] */
	__u8 fib;		/* 4 bits for what the look-up says, 2 for the way out, INPUT_OTHER_NIC, INPUT_OTHER_END */
};

enum {
	INPUT_ICMP_EXCLUDED	= 0x01,
	INPUT_OSPF_EXCLUDED	= 0x02,
	INPUT_NO_TUNNEL_ADDRESS	= 0x04,
	INPUT_NO_ANSWERS	= 0x08,	/* the bucket is empty */
	INPUT_FOLD_DIFF		= 0x10,
	INPUT_BUCKET_OLD	= 0x20,	/* long not filled */
	INPUT_WATCHED		= 0x40,	/* by `monitor` */
	INPUT_WATCHER_GONE	= 0x80,	/* but that was killed */
};

#define INPUT_OTHER_NIC	0x40	/* a moment ago another NIC was the way out */
#define INPUT_OTHER_END	0x80	/* where CLIENT's way out would be kept, somebody else's is */

struct input_packet {
	__u8 hook;		/* 0 from the wire, 1 from the home, 2 from the gateway, 3 after XDP */
	__u8 flags;
	__u8 mend;
	__u8 linear;		/* so many bytes are readable, 0: all */
	__u8 gso_size;		/* times 8 */
	__u8 wait;		/* before it comes: input_waits[] */
	__u8 take[2];		/* so many of the bytes that follow, little-endian */
	__u8 extend[2];		/* and so many more, made up */
};

enum {
	INPUT_SUMMED		= 0x03,	/* enum summed */
	INPUT_VLAN		= 0x04,
	INPUT_NOT_IP		= 0x08,	/* skb->protocol says otherwise */
	INPUT_MARKED		= 0x10,	/* with a mark that is not ours */
	INPUT_BUNDLE		= 0x20,
};

enum {
	MEND_HEADER		= 0x01,	/* version, header length */
	MEND_ADDRESS		= 0x02,	/* of the gateway's or the home's side */
	MEND_ETHERNET		= 0x04,
	MEND_TOTAL		= 0x08,
	MEND_IP_SUM		= 0x10,
	MEND_SUM		= 0x20,	/* the transport's checksum; over the quote, too */
	MEND_HALF		= 0x40,	/* it is still to be completed */
	MEND_QUOTE		= 0x80,	/* the quote's address */
};

enum hook { HOOK_WIRE, HOOK_HOME, HOOK_GATEWAY, HOOK_AFTER_XDP };
enum mode { MODE_NATIVE, MODE_GENERIC, MODE_TC, NR_MODES };

#define NOT_OUR_MARK	0x1234

#define GSO_LONGEST	2048	/* stands for: */
#define GSO_BY_FRAGS	0xffff	/* SCTP's bundles */

/* One packet, ready to be put in. */
struct arrival_in {
	enum hook hook;
	__u32 network;		/* 14, or 0 from the tunnel */
	__u32 length;
	__u32 linear;
	__u32 gso_size;
	__u32 mark;
	__u64 wait;
	bool vlan;
	bool not_ip;
	enum summed summed;
	__u8 bytes[PACKET_MAX];
};

/* Set the world and the maps up. Returns how many bytes that took, 0: too few. */
__u32 input_world(const __u8 *data, __u32 size, enum mode *mode);
/* The next packet. Returns how many bytes that took, 0: none is left. */
__u32 input_packet(const __u8 *data, __u32 size, enum mode mode, struct arrival_in *in);

#endif /* PACKET_INPUT_H */
