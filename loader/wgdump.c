// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "wgdump.h"

/* wg(8), "show ... dump": tab-separated, the first line is the interface. */
enum {
	DEVICE_LISTEN_PORT = 2,
	DEVICE_FIELDS = 4,
};

enum {
	PEER_ENDPOINT = 2,
	PEER_ALLOWED_IPS,
	PEER_HANDSHAKE,
	PEER_RECEIVED,
	PEER_SENT,
	PEER_KEEPALIVE,
	PEER_FIELDS = 8,
};

static bool parse_number(const char *text, uint64_t max, uint64_t *number)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		uint64_t digit = (uint64_t)(*text - '0');

		if (*text < '0' || *text > '9' || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*number = value;
	return true;
}

static bool split(char *line, char **fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		fields[i] = strsep(&line, "\t");
		if (!fields[i])
			return false;
	}
	return !line;
}

static int parse_device(char *line, struct wg_device *device)
{
	char *fields[DEVICE_FIELDS];
	uint64_t port;

	if (!split(line, fields, DEVICE_FIELDS) ||
	    !parse_number(fields[DEVICE_LISTEN_PORT], UINT16_MAX, &port))
		return -EBADMSG;
	device->listen_port = (uint16_t)port;
	return 0;
}

static int add_prefix(struct wg_device *device, char *text)
{
	struct wg_prefix *prefixes;
	struct wg_prefix prefix = { .peer = device->nr_peers - 1 };
	uint64_t length;
	char *slash = strchr(text, '/');

	if (!slash)
		return -EBADMSG;
	*slash = '\0';
	if (strchr(text, ':'))
		return 0;
	if (!address_parse(text, &prefix.address) || !parse_number(slash + 1, 32, &length))
		return -EBADMSG;
	prefix.length = (unsigned int)length;

	prefixes = reallocarray(device->prefixes, device->nr_prefixes + 1, sizeof(*prefixes));
	if (!prefixes)
		return -ENOMEM;
	device->prefixes = prefixes;
	prefixes[device->nr_prefixes++] = prefix;
	return 0;
}

static bool parse_traffic(char **fields, struct wg_peer *peer)
{
	return parse_number(fields[PEER_HANDSHAKE], UINT64_MAX, &peer->handshake) &&
	       parse_number(fields[PEER_RECEIVED], UINT64_MAX, &peer->received) &&
	       parse_number(fields[PEER_SENT], UINT64_MAX, &peer->sent) &&
	       (strcmp(fields[PEER_KEEPALIVE], "off") == 0 ||
		parse_number(fields[PEER_KEEPALIVE], UINT16_MAX, &peer->keepalive));
}

static int parse_peer(char *line, struct wg_device *device)
{
	char *fields[PEER_FIELDS], *text;
	struct wg_peer *peers, *peer;
	int err;

	if (!split(line, fields, PEER_FIELDS))
		return -EBADMSG;
	peers = reallocarray(device->peers, device->nr_peers + 1, sizeof(*peers));
	if (!peers)
		return -ENOMEM;
	device->peers = peers;
	peer = &peers[device->nr_peers++];
	memset(peer, 0, sizeof(*peer));

	if (!parse_traffic(fields, peer))
		return -EBADMSG;
	if (strcmp(fields[PEER_ENDPOINT], "(none)") != 0)
		strncpy(peer->endpoint, fields[PEER_ENDPOINT], sizeof(peer->endpoint) - 1);
	if (strcmp(fields[PEER_ALLOWED_IPS], "(none)") == 0)
		return 0;
	while ((text = strsep(&fields[PEER_ALLOWED_IPS], ","))) {
		err = add_prefix(device, text);
		if (err)
			return err;
	}
	return 0;
}

int wg_dump_parse(char *text, struct wg_device *device)
{
	char *line;
	int err;

	memset(device, 0, sizeof(*device));
	line = strsep(&text, "\n");
	err = parse_device(line, device);
	while (!err && (line = strsep(&text, "\n")))
		if (*line)
			err = parse_peer(line, device);
	if (err)
		wg_device_free(device);
	return err;
}

void wg_device_free(struct wg_device *device)
{
	free(device->peers);
	free(device->prefixes);
	memset(device, 0, sizeof(*device));
}

static bool covers(const struct wg_prefix *prefix, __be32 address)
{
	uint32_t mask = prefix->length ? UINT32_MAX << (32 - prefix->length) : 0;

	return !((ntohl(prefix->address) ^ ntohl(address)) & mask);
}

const struct wg_peer *wg_device_peer(const struct wg_device *device, __be32 address)
{
	const struct wg_prefix *best = NULL;

	for (size_t i = 0; i < device->nr_prefixes; i++) {
		const struct wg_prefix *prefix = &device->prefixes[i];

		if (covers(prefix, address) && (!best || prefix->length > best->length))
			best = prefix;
	}
	return best ? &device->peers[best->peer] : NULL;
}
