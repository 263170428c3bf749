/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NESTWG_FLOWS_H
#define NESTWG_FLOWS_H

#include "state.h"

/*
 * Enters the connections that are open now as the gateway's own, so that they survive the first
 * packet that is judged. state->config must have the address and the peer. Never fails: what cannot
 * be found out is warned about.
 */
void flows_seed(const struct state *state);

/* The same for what connection tracking knows: also what is masqueraded, and what goes to containers. */
void flows_seed_tracked(const struct state *state);

#endif /* NESTWG_FLOWS_H */
