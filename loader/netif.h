/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The network interfaces of the namespace that the command runs in. All of it comes by rtnetlink:
 * /sys/class/net would show the namespace of whoever mounted /sys.
 */
#ifndef NESTWG_NETIF_H
#define NESTWG_NETIF_H

#include <linux/types.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

struct netif {
	char name[IFNAMSIZ];
	int ifindex;
	unsigned int type;	/* ARPHRD_* */
	unsigned int flags;	/* IFF_* */
	unsigned int mtu;
};

struct netif_address {
	int ifindex;
	__be32 address;
	__be32 broadcast;	/* of its network; 0: there is none */
	bool secondary;
};

struct netif_addresses {
	struct netif_address *list;
	size_t count;
};

/* 0, or a negative errno: -ENODEV if there is no such interface. */
int netif_by_name(const char *name, struct netif *netif);
int netif_by_index(int ifindex, struct netif *netif);

/* All interfaces, until `each` returns something else than 0, which is returned. */
int netif_each(int (*each)(const struct netif *netif, void *data), void *data);

/* All IPv4 addresses, those of an interface in the kernel's order. 0 or a negative errno. */
int netif_addresses_get(struct netif_addresses *addresses);
void netif_addresses_free(struct netif_addresses *addresses);

/* Whether `address` is there; on interface `ifindex`, if that is not 0. */
bool netif_has_address(const struct netif_addresses *addresses, int ifindex, __be32 address);

/* Whether `address` is a broadcast address of a network that an interface is in. */
bool netif_has_broadcast(const struct netif_addresses *addresses, __be32 address);

/* The interface's first address that is not secondary, or 0. */
__be32 netif_primary_address(const struct netif_addresses *addresses, int ifindex);

/*
 * The inode of the namespace, which no other has while this one lives: interface numbers repeat in
 * each. 0 if it cannot be told.
 */
__u32 netif_namespace(void);

/* Its name, or what else to call it; by value, so that several may stand in one printf(). */
struct netif_text {
	char s[32];
};

struct netif_text netif_text(int ifindex);

/* Whether the kernel could have an interface of that name. */
bool netif_name_valid(const char *name);

#endif /* NESTWG_NETIF_H */
