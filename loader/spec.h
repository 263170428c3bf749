/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SPEC: what stays on the gateway, as the user writes it.
 *
 *	PORT[-PORT][/tcp|/udp]		/tcp if neither is given
 *	icmp | ipip | gre | esp | ah | sctp
 */
#ifndef NESTWG_SPEC_H
#define NESTWG_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spec {
	const char *text;	/* as it was written */
	uint8_t protocol;
	uint16_t first;		/* 0: the whole protocol */
	uint16_t last;
};

struct spec_list {
	struct spec *specs;
	size_t count;
};

/* Returns NULL, or what is wrong with `text`. `spec` keeps a pointer to `text`. */
const char *spec_parse(const char *text, struct spec *spec);

bool spec_overlap(const struct spec *a, const struct spec *b);

/*
 * Adds one more. Returns 0, EXIT_USAGE if `text` is no SPEC or overlaps another of the list, or -1;
 * both have been reported.
 */
int spec_list_add(struct spec_list *list, const char *subcommand, const char *text);

/* Adds one more, whatever the others are. 0 or -ENOMEM. */
int spec_list_append(struct spec_list *list, const struct spec *spec);
void spec_list_free(struct spec_list *list);

/* Its name as in a SPEC, or NULL. */
const char *protocol_name(uint8_t protocol);

#endif /* NESTWG_SPEC_H */
