/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Gateways that get the same packets, each a network namespace with the same devices, addresses and MACs
 * (packet_lab.h), its real stack behind them:
 *
 *   wire ── veth ── nic ── oracle: the kernel's conntrack and NAT, by the seed's rules ── wg (TUN)
 *   wire ── veth ── nic ── subject: our programs in native, generic or tc mode ────────── wg (TUN)
 *                           └── INPUT: a copy to us by NFLOG, then dropped: the stack answers nothing
 *
 * and receivers, who put fragments together as the host they are for would:
 *
 *   TUN ── receiver ── INPUT, as above
 */
#ifndef NETFILTER_SITE_H
#define NETFILTER_SITE_H

#include "packet_lab.h"

enum side {
	FROM_WIRE_SIDE,		/* frames on the wire */
	FROM_HOME_SIDE,		/* IP packets out of the tunnel */
	FROM_GATEWAY_SIDE,	/* IP packets that the gateway itself sends */
};

/* What came of what was sent. Frames out of the NIC, IP packets elsewhere. */
struct outcome {
	struct heap tunnel;
	struct heap nic;
	struct heap local;
	bool invalid;		/* conntrack says so */
};

struct site {
	struct lab lab;
	int local;		/* NFLOG */
	int raw;		/* what the gateway itself sends */
};

struct oracle {
	struct site site;
	int conntrack;		/* netlink */
	int checksum_fd;	/* net.netfilter.nf_conntrack_checksum */
	int liberal_fd;		/* net.netfilter.nf_conntrack_tcp_be_liberal */
	bool lenient;
};

struct receiver {
	int tun;
	int local;		/* NFLOG */
};

int oracle_make(struct oracle *oracle);
int oracle_forget(struct oracle *oracle);	/* all connections */
/* Track packets with bad checksums and TCP outside the window, too. Strict is the kernel's default. */
int oracle_set_lenient(struct oracle *oracle, bool lenient);

int subject_make(struct site *subject, enum mode mode);

int receiver_make(struct receiver *receiver);
/* HEAP's packets, which start with SKIP bytes of Ethernet, become what the receiver's stack gets of them. */
int receiver_take(struct receiver *receiver, unsigned int skip, struct heap *heap);

int site_send(struct site *site, enum side side, const struct bytes *packet);
/* All that came out since the last call. */
int site_collect(struct site *site, struct outcome *outcome);

#endif /* NETFILTER_SITE_H */
