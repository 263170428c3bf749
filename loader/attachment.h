/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The change itself: everything has been checked before, and either all of it happens or nothing.
 */
#ifndef NESTWG_ATTACHMENT_H
#define NESTWG_ATTACHMENT_H

#include "plan.h"
#include "ssh.h"
#include "xdp.h"

/*
 * Attaches as planned and says what was done. `other` is another tool's XDP program whose place is
 * taken (id 0: there is none). With the signals that end a process blocked, one that waits makes it
 * stop and undo. 0, or -1 after reporting.
 */
int attachment_make(const struct plan *plan, const struct attach_options *options,
		    const struct nestwg_config *old, const struct ssh_ports *ssh,
		    struct xdp_program *other);

#endif /* NESTWG_ATTACHMENT_H */
