/* SPDX-License-Identifier: GPL-2.0-only */
/* attach --dry-run: what would happen. Nothing is changed. */
#ifndef NESTWG_DRY_RUN_H
#define NESTWG_DRY_RUN_H

#include "plan.h"
#include "ssh.h"
#include "xdp.h"

/*
 * After all that attach itself checks; `other` is another tool's XDP program (id 0: there is none).
 * 0, or -1 after reporting, also where it can be told that the attach would fail.
 */
int dry_run(const struct plan *plan, const struct attach_options *options,
	    const struct nestwg_config *old, const struct ssh_ports *ssh,
	    const struct xdp_program *other);

#endif /* NESTWG_DRY_RUN_H */
