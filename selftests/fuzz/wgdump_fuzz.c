// SPDX-License-Identifier: GPL-2.0-only
/* `wg show IFACE dump`: what was read and is printed again as wg would is read as the same. */
#include "format.h"
#include "loader_fuzz.h"
#include "wgdump.h"

static void print_prefixes(FILE *out, const struct wg_device *device, size_t peer)
{
	const char *separator = "";

	for (size_t i = 0; i < device->nr_prefixes; i++) {
		const struct wg_prefix *prefix = &device->prefixes[i];

		if (prefix->peer != peer)
			continue;
		fprintf(out, "%s%s/%u", separator, address_text(prefix->address).s, prefix->length);
		separator = ",";
	}
	if (!*separator)
		fputs("(none)", out);
}

static char *print_device(const struct wg_device *device)
{
	size_t size;
	char *text;
	FILE *out;

	out = open_memstream(&text, &size);
	if (!out)
		abort();
	fprintf(out, "key\tkey\t%u\toff\n", device->listen_port);
	for (size_t i = 0; i < device->nr_peers; i++) {
		const struct wg_peer *peer = &device->peers[i];

		fprintf(out, "key\t(none)\t%s\t", *peer->endpoint ? peer->endpoint : "(none)");
		print_prefixes(out, device, i);
		fprintf(out, "\t%llu\t%llu\t%llu", (unsigned long long)peer->handshake,
			(unsigned long long)peer->received, (unsigned long long)peer->sent);
		fprintf(out, peer->keepalive ? "\t%llu\n" : "\toff\n",
			(unsigned long long)peer->keepalive);
	}
	fclose(out);
	return text;
}

static bool same_device(const struct wg_device *a, const struct wg_device *b)
{
	if (a->listen_port != b->listen_port || a->nr_peers != b->nr_peers ||
	    a->nr_prefixes != b->nr_prefixes)
		return false;
	for (size_t i = 0; i < a->nr_peers; i++)
		if (a->peers[i].handshake != b->peers[i].handshake ||
		    a->peers[i].received != b->peers[i].received ||
		    a->peers[i].sent != b->peers[i].sent ||
		    a->peers[i].keepalive != b->peers[i].keepalive ||
		    strcmp(a->peers[i].endpoint, b->peers[i].endpoint) != 0)
			return false;
	for (size_t i = 0; i < a->nr_prefixes; i++)
		if (a->prefixes[i].address != b->prefixes[i].address ||
		    a->prefixes[i].length != b->prefixes[i].length ||
		    a->prefixes[i].peer != b->prefixes[i].peer)
			return false;
	return true;
}

static void check_prefixes(const struct wg_device *device)
{
	for (size_t i = 0; i < device->nr_prefixes; i++) {
		const struct wg_prefix *prefix = &device->prefixes[i];

		EXPECT(prefix->peer < device->nr_peers && prefix->length <= 32);
		EXPECT(wg_device_peer(device, prefix->address));
		if (prefix->length == 32 && i == 0)
			EXPECT(wg_device_peer(device, prefix->address) == &device->peers[prefix->peer]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);
	struct wg_device device, again;
	char *printed;

	if (wg_dump_parse(text, &device)) {
		EXPECT(!device.peers && !device.prefixes);
		free(text);
		return 0;
	}
	check_prefixes(&device);
	printed = print_device(&device);
	EXPECT(!wg_dump_parse(printed, &again));
	EXPECT(same_device(&device, &again));
	free(printed);
	free(text);
	wg_device_free(&again);
	wg_device_free(&device);
	return 0;
}
