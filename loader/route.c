// SPDX-License-Identifier: GPL-2.0-only
#include <limits.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "route.h"

#define LINE_SIZE 256

/* One line of /proc/net/route, which is of this network namespace; the heading is none. */
static bool parse_route(const char *line, struct default_route *route, unsigned int *metric)
{
	unsigned int destination, mask;

	/* Addresses are the bytes of a __be32, printed as the machine's number. */
	return sscanf(line, "%15s %x %x %*x %*u %*u %u %x", route->interface, &destination,
		      &route->gateway, metric, &mask) == 5 && !destination && !mask;
}

bool default_route_get(struct default_route *route)
{
	FILE *file = fopen("/proc/net/route", "re");
	unsigned int best = UINT_MAX;
	char line[LINE_SIZE];

	if (!file)
		return false;
	route->interface[0] = '\0';
	while (fgets(line, sizeof(line), file)) {
		struct default_route one;
		unsigned int metric;

		if (!parse_route(line, &one, &metric) || (*route->interface && metric >= best))
			continue;
		best = metric;
		*route = one;
	}
	fclose(file);
	return *route->interface;
}

enum neighbour neighbour_look(const char *interface, __be32 address)
{
	FILE *file = fopen("/proc/net/arp", "re");
	enum neighbour state = NEIGHBOUR_UNKNOWN;
	char line[LINE_SIZE];

	if (!file)
		return NEIGHBOUR_UNKNOWN;
	while (fgets(line, sizeof(line), file)) {
		char ip[INET_ADDRSTRLEN], dev[IFNAMSIZ];
		unsigned int flags;
		__be32 one;

		if (sscanf(line, "%15s %*s %x %*s %*s %15s", ip, &flags, dev) != 3 ||
		    !address_parse(ip, &one) || one != address || strcmp(dev, interface) != 0)
			continue;
		state = flags & ATF_COM ? NEIGHBOUR_ANSWERS : NEIGHBOUR_SILENT;
	}
	fclose(file);
	return state;
}
