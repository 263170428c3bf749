/* SPDX-License-Identifier: GPL-2.0-only */
/* The headers of a packet, for people and for programs. */
#ifndef NESTWG_PACKET_TEXT_H
#define NESTWG_PACKET_TEXT_H

#include <json-c/json.h>
#include <stddef.h>

#include "nestwg.h"

/* "tcp 198.51.100.7:40000 > 192.0.2.10:25565 SYN ttl 57", into `text`; cut off where it does not fit. */
void packet_text(const struct nestwg_event *event, char *text, size_t size);

/*
 * Adds to OBJECT what there is of: ethertype, source, destination, protocol, ttl, df, fragment_offset,
 * more_fragments, source_port, destination_port, tcp_flags, icmp_type, icmp_code.
 */
void packet_json(const struct nestwg_event *event, struct json_object *object);

#endif /* NESTWG_PACKET_TEXT_H */
