/* SPDX-License-Identifier: GPL-2.0-only */
/* What stands against attaching, looked for before anything is changed. */
#ifndef NESTWG_ATTACH_CHECK_H
#define NESTWG_ATTACH_CHECK_H

#include "plan.h"
#include "xdp.h"

/*
 * What an earlier attach left goes into `old`, which is all zero if there was none that was
 * completed. 0, or -1 after reporting.
 */
int attach_check_old(const struct attach_options *options, struct nestwg_config *old);

/* Another tool's XDP program goes into `other` (id 0: none). 0, or -1 after reporting. */
int attach_check_plan(const struct plan *plan, const struct attach_options *options,
		      const struct nestwg_config *old, struct xdp_program *other);

#endif /* NESTWG_ATTACH_CHECK_H */
