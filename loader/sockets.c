// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockets.h"

#define WORD_DIGITS 8	/* an address is printed as one or four 32-bit words, %08X each */

static bool parse_hex(const char *text, size_t length, uint32_t *value)
{
	char digits[WORD_DIGITS + 1] = {};
	char *end;

	if (length > WORD_DIGITS)
		return false;
	memcpy(digits, text, length);
	*value = (uint32_t)strtoul(digits, &end, 16);
	return length && end == digits + length;
}

/*
 * The words are printed as numbers of the machine, so that reading them gives network byte order
 * back.
 */
static bool parse_address(const char *text, size_t length, __be32 *address)
{
	uint32_t words[4];

	if (length == WORD_DIGITS)
		return parse_hex(text, length, address);
	if (length != 4 * (size_t)WORD_DIGITS)
		return false;
	for (size_t i = 0; i < 4; i++)
		if (!parse_hex(text + i * WORD_DIGITS, WORD_DIGITS, &words[i]))
			return false;
	*address = words[3];
	if (words[0] || words[1])
		return false;
	/* RFC 4291: ::ffff:a.b.c.d, or all zero */
	return words[2] == htonl(0xffff) || (!words[2] && !words[3]);
}

static bool parse_endpoint(const char *text, __be32 *address, uint16_t *port)
{
	const char *colon = strchr(text, ':');
	uint32_t number;

	if (!colon || !parse_address(text, (size_t)(colon - text), address) ||
	    !parse_hex(colon + 1, strlen(colon + 1), &number) || number > UINT16_MAX)
		return false;
	*port = (uint16_t)number;
	return true;
}

bool socket_parse(const char *line, struct socket *socket)
{
	char local[48], remote[48];
	unsigned int state;
	unsigned long inode;

	/* slot: local remote state queues timer retransmissions uid timeout inode */
	if (sscanf(line, "%*u: %47s %47s %x %*s %*s %*s %*u %*d %lu", local, remote, &state,
		   &inode) != 4)
		return false;
	socket->state = state;
	socket->inode = inode;
	return parse_endpoint(local, &socket->local, &socket->local_port) &&
	       parse_endpoint(remote, &socket->remote, &socket->remote_port);
}

static int read_table(const char *path, uint8_t protocol,
		      void (*each)(const struct socket *socket, void *data), void *data)
{
	struct socket socket = { .protocol = protocol };
	size_t size = 0;
	char *line = NULL;
	FILE *table;

	table = fopen(path, "re");
	if (!table)
		return errno == ENOENT ? 0 : -errno;	/* no IPv6 here */
	while (getline(&line, &size, table) >= 0)
		if (socket_parse(line, &socket))
			each(&socket, data);
	free(line);
	fclose(table);
	return 0;
}

int sockets_each(uint8_t protocol, void (*each)(const struct socket *socket, void *data),
		 void *data)
{
	bool tcp = protocol == IPPROTO_TCP;
	int err;

	err = read_table(tcp ? "/proc/net/tcp" : "/proc/net/udp", protocol, each, data);
	if (err)
		return err;
	return read_table(tcp ? "/proc/net/tcp6" : "/proc/net/udp6", protocol, each, data);
}
