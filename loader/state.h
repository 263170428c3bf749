/* SPDX-License-Identifier: GPL-2.0-only */
/* The pinned maps of one interface. */
#ifndef NESTWG_STATE_H
#define NESTWG_STATE_H

#include <net/if.h>
#include <stdint.h>

#include "nestwg.h"

struct state {
	char nic[IFNAMSIZ];
	int config_fd, addresses_fd, flows_fd, counters_fd;
	struct nestwg_config config;		/* as it was read */
	struct nestwg_port *ports;		/* the live maps */
	struct nestwg_protocol *protocols;
};

/* Nothing is open: state_close() may be called. */
void state_init(struct state *state);

/* 0, or a negative errno: -ENOENT when not all maps are there. */
int state_open(struct state *state, const char *nic);
void state_close(struct state *state);

/* The id of the pinned map `config`, by which programs are told from those of another state; or 0. */
__u32 state_config_map(const char *nic);

/* Writes state->config. 0 or a negative errno. */
int state_write_config(struct state *state);

/* The sum over all CPUs, NESTWG_NR_REASONS of them. 0 or a negative errno. */
int state_read_counters(const struct state *state, struct nestwg_counter *counters);

unsigned int state_count_flows(const struct state *state);

#endif /* NESTWG_STATE_H */
