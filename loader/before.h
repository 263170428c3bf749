/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was in force before an attach that has yet to be confirmed. It is pinned like all state, so
 * that any process can go back to it: the programs as before_HOOK, another tool's as before_xdp,
 * the rest in the map `before`, which is pinned last and so says that all of it is there.
 */
#ifndef NESTWG_BEFORE_H
#define NESTWG_BEFORE_H

#include "state.h"
#include "xdp.h"

/*
 * Keeps the configuration `old` (attached_at 0: nothing was attached), the exclusions, the
 * addresses and the programs as they are now; and `other`, another tool's XDP program, if its id is
 * not 0. What is kept already stays: unconfirmed changes are taken back together. 0, or -1 after
 * reporting.
 */
int before_save(const struct state *state, const struct nestwg_config *old,
		const struct xdp_program *other);

/* Goes back to it, and forgets it. 0, or -1 after reporting. */
int before_restore(const char *nic);

void before_forget(const char *nic);

#endif /* NESTWG_BEFORE_H */
