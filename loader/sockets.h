/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The TCP and UDP sockets of this network namespace, from /proc/net: it needs no module (inet_diag
 * does, one for each protocol), and a gateway has few sockets.
 */
#ifndef NESTWG_SOCKETS_H
#define NESTWG_SOCKETS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

/* include/net/tcp_states.h; a connected UDP socket is established. */
enum socket_state {
	SOCKET_ESTABLISHED = 1,
	SOCKET_CLOSE = 7,
	SOCKET_LISTEN = 10,
};

struct socket {
	uint8_t protocol;
	unsigned int state;
	__be32 local, remote;	/* 0: any */
	uint16_t local_port, remote_port;
	unsigned long inode;
};

/*
 * One line of /proc/net/{tcp,udp}{,6}. False for the heading and for what has nothing to do with
 * IPv4: an IPv6 socket counts when its addresses are IPv4-mapped or `::`, which listens on IPv4 as
 * well.
 */
bool socket_parse(const char *line, struct socket *socket);

/* Calls `each` for all of a protocol (IPPROTO_TCP or IPPROTO_UDP). 0 or a negative errno. */
int sockets_each(uint8_t protocol, void (*each)(const struct socket *socket, void *data),
		 void *data);

#endif /* NESTWG_SOCKETS_H */
