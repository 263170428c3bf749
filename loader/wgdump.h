/* SPDX-License-Identifier: GPL-2.0-only */
/* What `wg show IFACE dump` prints, taken apart. Nothing here reads or runs anything. */
#ifndef NESTWG_WGDUMP_H
#define NESTWG_WGDUMP_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "[IPv6 address%interface]:port" */
#define WG_ENDPOINT_SIZE 80

struct wg_peer {
	char endpoint[WG_ENDPOINT_SIZE];	/* empty: none known yet */
	uint64_t handshake;			/* seconds since the epoch; 0: never */
	uint64_t received, sent;		/* bytes */
	uint64_t keepalive;			/* seconds; 0: off */
};

/* One IPv4 entry of some peer's AllowedIPs. */
struct wg_prefix {
	__be32 address;
	unsigned int length;
	size_t peer;
};

struct wg_device {
	uint16_t listen_port;
	struct wg_peer *peers;
	size_t nr_peers;
	struct wg_prefix *prefixes;
	size_t nr_prefixes;
};

/*
 * Cuts `text` into pieces. 0, -EBADMSG if it is no such dump, or -ENOMEM; then nothing is to be
 * freed.
 */
int wg_dump_parse(char *text, struct wg_device *device);
void wg_device_free(struct wg_device *device);

/*
 * The peer whose AllowedIPs cover the address best, as WireGuard itself would choose; NULL: none
 * does.
 */
const struct wg_peer *wg_device_peer(const struct wg_device *device, __be32 address);

#endif /* NESTWG_WGDUMP_H */
