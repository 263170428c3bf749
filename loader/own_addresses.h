/* SPDX-License-Identifier: GPL-2.0-only */
/* Map `addresses`: the gateway's addresses beside the one that the home gets, and broadcast addresses. */
#ifndef NESTWG_OWN_ADDRESSES_H
#define NESTWG_OWN_ADDRESSES_H

#include "plan.h"
#include "state.h"

/*
 * Enters those of the plan, first, and then takes out those that are no longer there; and their bits
 * into state->config, which is not written. 0, or -1 after reporting.
 */
int own_addresses_write(struct state *state, const struct plan *plan);

#endif /* NESTWG_OWN_ADDRESSES_H */
