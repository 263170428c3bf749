/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NESTWG_EXCLUDE_H
#define NESTWG_EXCLUDE_H

#include "plan.h"
#include "ssh.h"
#include "state.h"

/*
 * Everything that an attach keeps on the gateway: added to what stays there already. `old` is the
 * configuration of before (wg_port 0: there was none).
 */
void exclude_planned(const struct state *state, const struct plan *plan,
		     const struct attach_options *options, const struct ssh_ports *ssh,
		     const struct nestwg_config *old);

#endif /* NESTWG_EXCLUDE_H */
