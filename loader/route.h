/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the gateway sends what it has no other route for. */
#ifndef NESTWG_ROUTE_H
#define NESTWG_ROUTE_H

#include <linux/types.h>
#include <net/if.h>
#include <stdbool.h>

struct default_route {
	char interface[IFNAMSIZ];
	__be32 gateway;		/* 0: none, everything is on the link */
};

/* The one with the lowest metric of the main table; false if there is none. */
bool default_route_get(struct default_route *route);

enum neighbour {
	NEIGHBOUR_UNKNOWN,	/* nobody has asked for it lately */
	NEIGHBOUR_ANSWERS,
	NEIGHBOUR_SILENT,
};

/* What ARP knows of it. */
enum neighbour neighbour_look(const char *interface, __be32 address);

#endif /* NESTWG_ROUTE_H */
