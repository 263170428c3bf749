// SPDX-License-Identifier: GPL-2.0-only
/*
 * The programs read the rows while they are written here. Each write is to a single byte: the
 * reason first, then the bit that counts.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exclusions.h"
#include "verbose.h"

/* The bytes of a row that belong to one protocol. */
struct row {
	uint8_t *excluded;
	uint8_t bit;
	uint8_t *why;	/* NULL: only the user excludes whole protocols */
};

static struct row row_of(const struct state *state, uint8_t protocol, uint16_t port)
{
	struct nestwg_port *entry = &state->ports[port];

	switch (protocol) {
	case IPPROTO_TCP:
		return (struct row){ &entry->excluded, NESTWG_EXCLUDED_TCP, &entry->why_tcp };
	case IPPROTO_UDP:
		return (struct row){ &entry->excluded, NESTWG_EXCLUDED_UDP, &entry->why_udp };
	default:
		return (struct row){ &state->protocols[protocol].excluded, 1, NULL };
	}
}

static bool row_excluded(const struct row *row)
{
	return __atomic_load_n(row->excluded, __ATOMIC_RELAXED) & row->bit;
}

static void row_add(const struct row *row, uint8_t why)
{
	if (row->why)
		__atomic_fetch_or(row->why, why, __ATOMIC_RELAXED);
	__atomic_fetch_or(row->excluded, row->bit, __ATOMIC_RELEASE);
}

static void row_remove(const struct row *row)
{
	__atomic_fetch_and(row->excluded, (uint8_t)~row->bit, __ATOMIC_RELEASE);
	if (row->why)
		__atomic_store_n(row->why, 0, __ATOMIC_RELAXED);
}

static uint8_t row_why(const struct row *row)
{
	if (!row_excluded(row))
		return 0;
	return row->why ? __atomic_load_n(row->why, __ATOMIC_RELAXED) : NESTWG_WHY_USER;
}

bool exclusions_have(const struct state *state, uint8_t protocol, uint16_t port)
{
	struct row row = row_of(state, protocol, port);

	return row_excluded(&row);
}

uint8_t exclusions_why(const struct state *state, uint8_t protocol, uint16_t port)
{
	struct row row = row_of(state, protocol, port);

	return row_why(&row);
}

static void say_spec(const char *what, const struct spec *spec)
{
	const struct exclusion exclusion = { spec->protocol, spec->first, spec->last, 0 };
	char text[EXCLUSION_TEXT_SIZE];

	exclusion_text(&exclusion, text);
	did("%s %s", what, text);
}

void exclusions_add(const struct state *state, uint8_t protocol, uint16_t port, uint8_t why)
{
	const struct exclusion exclusion = { protocol, port, port, why };
	char text[EXCLUSION_TEXT_SIZE], reason[WHY_TEXT_SIZE];
	struct row row = row_of(state, protocol, port);

	if (!(~row_why(&row) & why))
		return;
	row_add(&row, why);
	exclusion_text(&exclusion, text);
	why_text(why, reason);
	did("allow %s%s", text, reason);
}

void exclusions_add_spec(const struct state *state, const struct spec *spec)
{
	for (uint32_t port = spec->first; port <= spec->last; port++) {
		struct row row = row_of(state, spec->protocol, (uint16_t)port);

		row_add(&row, NESTWG_WHY_USER);
	}
	say_spec("allow", spec);
}

void exclusions_remove_spec(const struct state *state, const struct spec *spec)
{
	for (uint32_t port = spec->first; port <= spec->last; port++) {
		struct row row = row_of(state, spec->protocol, (uint16_t)port);

		row_remove(&row);
	}
	say_spec("disallow", spec);
}

void exclusions_forget(const struct state *state, uint8_t protocol, uint16_t port, uint8_t why)
{
	struct row row = row_of(state, protocol, port);
	uint8_t now = row_why(&row);

	if (now == why) {
		row_remove(&row);
		did("disallow %u/%s", port, protocol == IPPROTO_UDP ? "udp" : "tcp");
	} else if (now & why) {
		__atomic_fetch_and(row.why, (uint8_t)~why, __ATOMIC_RELAXED);
	}
}

static void each_port(const struct state *state, uint8_t protocol,
		      void (*each)(const struct exclusion *exclusion, void *data), void *data)
{
	struct exclusion exclusion = { .protocol = protocol };

	for (uint32_t port = 1; port < NESTWG_PORTS; port++) {
		uint8_t why = exclusions_why(state, protocol, (uint16_t)port);

		if (why != exclusion.why) {
			if (exclusion.why)
				each(&exclusion, data);
			exclusion.first = (uint16_t)port;
			exclusion.why = why;
		}
		exclusion.last = (uint16_t)port;
	}
	if (exclusion.why)
		each(&exclusion, data);
}

void exclusions_each(const struct state *state,
		     void (*each)(const struct exclusion *exclusion, void *data), void *data)
{
	each_port(state, IPPROTO_TCP, each, data);
	each_port(state, IPPROTO_UDP, each, data);
	for (unsigned int number = 0; number < NESTWG_PROTOCOLS; number++) {
		struct exclusion exclusion = {
			.protocol = (uint8_t)number,
			.why = NESTWG_WHY_USER,
		};

		if (number != IPPROTO_TCP && number != IPPROTO_UDP &&
		    exclusions_have(state, (uint8_t)number, 0))
			each(&exclusion, data);
	}
}

void exclusion_text(const struct exclusion *exclusion, char text[EXCLUSION_TEXT_SIZE])
{
	const char *name = protocol_name(exclusion->protocol);
	const char *suffix = exclusion->protocol == IPPROTO_UDP ? "udp" : "tcp";

	if (!exclusion->first && name)
		snprintf(text, EXCLUSION_TEXT_SIZE, "%s", name);
	else if (!exclusion->first)
		snprintf(text, EXCLUSION_TEXT_SIZE, "protocol %u", exclusion->protocol);
	else if (exclusion->first == exclusion->last)
		snprintf(text, EXCLUSION_TEXT_SIZE, "%u/%s", exclusion->first, suffix);
	else
		snprintf(text, EXCLUSION_TEXT_SIZE, "%u-%u/%s", exclusion->first, exclusion->last,
			 suffix);
}

const char *why_name(unsigned int bit)
{
	switch (1u << bit) {
	case NESTWG_WHY_USER:
		return "allowed";
	case NESTWG_WHY_SSHD:
		return "sshd";
	case NESTWG_WHY_SESSION:
		return "ssh session";
	case NESTWG_WHY_WIREGUARD:
		return "WireGuard";
	case NESTWG_WHY_DHCP:
		return "DHCP client";
	default:
		return NULL;
	}
}

void why_text(uint8_t why, char text[WHY_TEXT_SIZE])
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned int bit = 0; why_name(bit); bit++) {
		if (!(why & 1u << bit) || 1u << bit == NESTWG_WHY_USER)
			continue;
		used += (size_t)snprintf(text + used, WHY_TEXT_SIZE - used, "%s%s",
					 used ? ", " : " (", why_name(bit));
	}
	if (used)
		snprintf(text + used, WHY_TEXT_SIZE - used, ")");
}

static void print(const struct exclusion *exclusion, void *data)
{
	char text[EXCLUSION_TEXT_SIZE], why[WHY_TEXT_SIZE];
	bool *first = data;

	exclusion_text(exclusion, text);
	why_text(exclusion->why, why);
	printf("%s%s%s", *first ? "" : ", ", text, why);
	*first = false;
}

void exclusions_print(const struct state *state)
{
	bool first = true;

	exclusions_each(state, print, &first);
}

void exclusions_copy(const struct state *state, struct exclusions_copy *copy)
{
	memcpy(copy->ports, state->ports, sizeof(copy->ports));
	memcpy(copy->protocols, state->protocols, sizeof(copy->protocols));
}

struct exclusions_copy *exclusions_save(const struct state *state)
{
	struct exclusions_copy *copy = malloc(sizeof(*copy));

	if (copy)
		exclusions_copy(state, copy);
	return copy;
}

void exclusions_restore(const struct state *state, const struct exclusions_copy *copy)
{
	for (size_t i = 0; i < NESTWG_PORTS; i++) {
		state->ports[i].why_tcp = copy->ports[i].why_tcp;
		state->ports[i].why_udp = copy->ports[i].why_udp;
		__atomic_store_n(&state->ports[i].excluded, copy->ports[i].excluded,
				 __ATOMIC_RELEASE);
	}
	for (size_t i = 0; i < NESTWG_PROTOCOLS; i++)
		__atomic_store_n(&state->protocols[i].excluded, copy->protocols[i].excluded,
				 __ATOMIC_RELEASE);
	did("allow what was allowed before");
}
