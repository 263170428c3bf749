/* SPDX-License-Identifier: GPL-2.0-only */
/* What stays on the gateway: the rows of the maps `ports` and `protocols`. */
#ifndef NESTWG_EXCLUSIONS_H
#define NESTWG_EXCLUSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "spec.h"
#include "state.h"

/* An exclusion as it is shown: neighbours with the same reason are one. */
struct exclusion {
	uint8_t protocol;
	uint16_t first, last;	/* 0: the whole protocol */
	uint8_t why;
};

bool exclusions_have(const struct state *state, uint8_t protocol, uint16_t port);

/* NESTWG_WHY_* of one port, 0 if it is not excluded. */
uint8_t exclusions_why(const struct state *state, uint8_t protocol, uint16_t port);

void exclusions_add(const struct state *state, uint8_t protocol, uint16_t port, uint8_t why);
void exclusions_add_spec(const struct state *state, const struct spec *spec);
void exclusions_remove_spec(const struct state *state, const struct spec *spec);

/* Takes this one reason from a port; if it has no other, it is no longer excluded. */
void exclusions_forget(const struct state *state, uint8_t protocol, uint16_t port, uint8_t why);

/* In the order TCP, UDP, other protocols, until `each` has seen all. */
void exclusions_each(const struct state *state,
		     void (*each)(const struct exclusion *exclusion, void *data), void *data);

#define EXCLUSION_TEXT_SIZE 32
void exclusion_text(const struct exclusion *exclusion, char text[EXCLUSION_TEXT_SIZE]);

/* The name of one NESTWG_WHY_* bit, NULL past the last. */
const char *why_name(unsigned int bit);

#define WHY_TEXT_SIZE 80
/* " (sshd, session)", or "" where nobody but the user wants it. */
void why_text(uint8_t why, char text[WHY_TEXT_SIZE]);

/* "2222/tcp (sshd), 68/udp (DHCP client), icmp", on stdout without an end of line. */
void exclusions_print(const struct state *state);

/* A copy of all rows, to go back to. */
struct exclusions_copy {
	struct nestwg_port ports[NESTWG_PORTS];
	struct nestwg_protocol protocols[NESTWG_PROTOCOLS];
};

void exclusions_copy(const struct state *state, struct exclusions_copy *copy);

/* The same, in memory of its own. NULL: there is none. */
struct exclusions_copy *exclusions_save(const struct state *state);
void exclusions_restore(const struct state *state, const struct exclusions_copy *copy);

#endif /* NESTWG_EXCLUSIONS_H */
