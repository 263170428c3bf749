/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the BPF programs and the loader share: the maps' keys and values, and their limits.
 *
 * Addresses and ports are in network byte order where the type is __be32 or __be16; everything else is in
 * the machine's. All structs are laid out without holes, so that a hash key has no undefined bytes.
 */
#ifndef NESTWG_H
#define NESTWG_H

#include <linux/types.h>

#include "reasons.h"

#define NESTWG_PORTS		65536
#define NESTWG_PROTOCOLS	256
#define NESTWG_FLOWS_MAX	65536	/* 65536 own flows: as many as one address has ports */
#define NESTWG_FRAGMENTS_MAX	16384
#define NESTWG_ADDRESSES_MAX	256

/*
 * RFC 791: every host takes a datagram of 576 bytes. A packet up to this size needs no MTU check, so no
 * tunnel may have a smaller MTU.
 */
#define NESTWG_MTU_MIN		576

/* Who does what, set by the loader for the mode in force. */
enum nestwg_flags {
	/* XDP rewrites what goes to the peer; tc trusts the peer's address as a destination. */
	NESTWG_XDP_REWRITES	= 1 << 0,
	/* XDP is there and has counted (and limited) what it let pass to the stack. */
	NESTWG_XDP_JUDGES	= 1 << 1,
	/* tc judges every packet, not only those that XDP left to it. */
	NESTWG_TC_JUDGES	= 1 << 2,
};

enum nestwg_mode {
	NESTWG_MODE_AUTO,	/* as wanted only: the mode in force is one of the others */
	NESTWG_MODE_NATIVE,
	NESTWG_MODE_GENERIC,
	NESTWG_MODE_TC,
	NESTWG_NR_MODES
};

/*
 * Map `config`, one element. The loader writes it; the programs read the first part. A value may change
 * under a running program, therefore each field stands for itself.
 */
struct nestwg_config {
	__be32 address;		/* the NIC's address that is given to the home */
	__be32 peer;		/* the home router's address in the tunnel */
	__be32 tunnel_address;	/* the gateway's address in the tunnel; 0: it has none */
	__u32 nic_ifindex;
	__u32 wg_ifindex;
	__u32 flags;		/* enum nestwg_flags */
	__u64 address_bits;	/* nestwg_address_bit() of all that are in map `addresses` */
	__u64 deadline;		/* CLOCK_BOOTTIME, nanoseconds: then the programs stop; 0: never */

	/* Only the loader reads what follows. */
	__u32 version;		/* NESTWG_STATE_VERSION of the loader that made the maps */
	__u32 mode_wanted;	/* enum nestwg_mode */
	__u32 mode;		/* enum nestwg_mode, never AUTO */
	__s32 native_error;	/* AUTO chose tc since native XDP failed with this errno; else 0 */
	__u32 tcx;		/* 1: tcx links; 0: clsact filters */
	__u32 clsact_made;	/* bit 0: the NIC's clsact qdisc is ours, bit 1: the tunnel's */
	__u64 attached_at;	/* seconds since the epoch; 0: never completely */
	char wg_name[16];	/* for the day when the interface with wg_ifindex has gone */
	__u32 wg_port;		/* its listen port, host order */
	__u32 netns;		/* inode of its network namespace; 0: by an older version */
};

#define NESTWG_STATE_VERSION	2

/* The bit of config.address_bits that stands for ADDRESS, and for others: what it says "no" to needs no look-up. */
static inline __u64 nestwg_address_bit(__be32 address)
{
	/* Fibonacci hashing (Knuth, TAOCP 6.4) to six bits. */
	return 1ULL << (address * 0x9e3779b1U >> 26);
}

#define NESTWG_OWN_SLOTS	8

/*
 * Map `ports`, indexed by port in host order, mapped into the loader's memory. The programs write only
 * `own_*`, the loader only `excluded` and `why_*` and, while it seeds map `flows`, `own_*` as the programs
 * do: bytes, so that neither undoes the other's write.
 */
struct nestwg_port {
	__u8 excluded;		/* NESTWG_EXCLUDED_TCP | NESTWG_EXCLUDED_UDP */
	__u8 why_tcp;		/* NESTWG_WHY_* bits; 0 when it is not excluded */
	__u8 why_udp;
	__u8 unused[5];		/* room for a target of its own (DESIGN section 7) */
	__u8 own_tcp[NESTWG_OWN_SLOTS];		/* whom the gateway's own flows by it are with: */
	__u8 own_udp[NESTWG_OWN_SLOTS];		/* own_slots.h; 0: nobody */
};

#define NESTWG_EXCLUDED_TCP	0x01
#define NESTWG_EXCLUDED_UDP	0x02

/* Why a port stays on the gateway; several may hold. */
#define NESTWG_WHY_USER		0x01	/* `allow` */
#define NESTWG_WHY_SSHD		0x02	/* sshd listens there */
#define NESTWG_WHY_SESSION	0x04	/* the SSH session that ran `attach` came in by it */
#define NESTWG_WHY_WIREGUARD	0x08	/* the tunnel's own listen port */
#define NESTWG_WHY_DHCP		0x10	/* the gateway's DHCP client */

/* Map `protocols`, indexed by IP protocol number; TCP's and UDP's rows stay empty. */
struct nestwg_protocol {
	__u8 excluded;		/* 1: stays on the gateway; ICMP: only queries do */
	__u8 own;		/* 1: the gateway itself sent some: ask map `flows` */
	__u8 unused[6];
};

/* Map `flows`, an LRU hash: what the gateway itself sends and receives. */
struct nestwg_flow {
	__be32 remote;
	__be16 remote_port;	/* ICMP: 0 */
	__be16 local_port;	/* ICMP: the query's identifier; other protocols without ports: 0 */
	__u8 protocol;
	__u8 unused[3];
};

struct nestwg_flow_state {
	__u64 seen;		/* CLOCK_MONOTONIC, nanoseconds: when a packet of it was last noted */
};

/* Map `fragments`, an LRU hash: what became of a datagram's first fragment. */
struct nestwg_fragment {
	__be32 source;
	__be32 destination;
	__be16 id;
	__u8 protocol;
	__u8 origin;		/* enum nestwg_origin: what the wire claims is not the home's */
};

struct nestwg_fragment_state {
	__u64 seen;		/* CLOCK_MONOTONIC, nanoseconds */
	__u32 reason;		/* enum nestwg_reason of the first fragment */
	__u32 unused;
};

/*
 * Map `addresses`, a hash with a __be32 key: the gateway's addresses, the forwarded one left out, and the
 * broadcast addresses of its networks.
 */

/* Map `next_hops`, per CPU, indexed by a hash of the destination: the way out of the NIC, as the kernel told. */
struct nestwg_next_hop {
	__u64 told;		/* CLOCK_MONOTONIC, nanoseconds */
	__be32 destination;
	__u32 nic_ifindex;
	__u8 addresses[12];	/* the neighbour's, and the NIC's: how the frame begins */
	__u8 protocol;
	__u8 unused[3];
};

#define NESTWG_NEXT_HOPS_BITS	10
#define NESTWG_NEXT_HOPS	(1 << NESTWG_NEXT_HOPS_BITS)

/* Map `counters`, per CPU, indexed by enum nestwg_reason. */
struct nestwg_counter {
	__u64 packets;
	__u64 bytes;		/* at the IP layer, headers included */
};

/* Map `answers`, per CPU, one element: the token bucket of the ICMP errors that are sent. */
struct nestwg_bucket {
	__u64 filled;		/* CLOCK_MONOTONIC, nanoseconds */
	__u64 tokens;
};

/*
 * Map `watcher`, one element, mapped into the memory of `nestwg-xdp monitor`: what it wants to see. The
 * programs take off `on` when its time is over, and count what is lost.
 */
struct nestwg_watcher {
	__u32 on;		/* set last, taken off first */
	__u32 sample;		/* show one packet of so many */
	__u64 until;		/* CLOCK_MONOTONIC, nanoseconds: whoever watches moves it on */
	__u64 lost;		/* events for which there was no room */
	__u64 reasons;		/* 1 << enum nestwg_reason: those that are wanted */
	__be32 source, source_mask;		/* mask 0: any */
	__be32 destination, destination_mask;
	__be16 port;		/* either end's; 0: any */
	__u8 protocol;		/* 0: any */
	__u8 unused[5];
};

/* More than a frame's headers: Ethernet, IP with all options, TCP without. A power of two. */
#define NESTWG_EVENT_DATA	128

/* Ring buffer `events`: one packet. */
struct nestwg_event {
	__u64 time;		/* CLOCK_MONOTONIC, nanoseconds */
	__u32 length;		/* of the frame or, from the tunnel, of the IP packet */
	__u32 reason;		/* enum nestwg_reason */
	__u16 captured;		/* so much of DATA is the packet's */
	__u8 l3;		/* offset of the IP header: 14, or 0 on the tunnel */
	__u8 vlan;		/* 1: a VLAN tag was taken off before it was seen */
	__u8 unused[4];
	__u8 data[NESTWG_EVENT_DATA];	/* as the packet came */
};

/* Ring buffers are counted in pages of any size, up to 64 KiB. */
#define NESTWG_EVENTS_SIZE	(256 * 1024)

#endif /* NESTWG_H */
