/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the gateway itself offers at its public address: sockets that listen, and ports that
 * netfilter translates.
 */
#ifndef NESTWG_SERVICES_H
#define NESTWG_SERVICES_H

#include <linux/types.h>
#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

#include "socket_owner.h"

#define TARGET_SIZE	96

struct service {
	uint8_t protocol;
	uint16_t port, last;
	unsigned long inode;			/* 0: no socket, but a rule of netfilter's */
	int pid;				/* 0: unknown */
	char process[PROCESS_NAME_SIZE];	/* "": unknown */
	char target[TARGET_SIZE];		/* "nft DNAT 172.17.0.2": what the rule does */
};

struct services {
	struct service *list;
	size_t count;
	__be32 address;
	const char *nic;
	int err;
};

/*
 * Those that can be reached at `address` through `nic` now, sorted. A UDP socket that is not
 * connected may as well be a client's. 0 or a negative errno.
 */
int services_get(struct services *services, const char *nic, __be32 address);
void services_free(struct services *services);

/* One more; for the parts of services_get(). */
struct service *services_add(struct services *services, uint8_t protocol, uint16_t first,
			     uint16_t last);

/* services_add() for what netfilter translates. */
void services_take_rules(struct services *services);

#endif /* NESTWG_SERVICES_H */
