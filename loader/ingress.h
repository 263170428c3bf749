/* SPDX-License-Identifier: GPL-2.0-only */
/* The last step: from here on packets are judged, by XDP, by tc or by both. */
#ifndef NESTWG_INGRESS_H
#define NESTWG_INGRESS_H

#include "hook.h"
#include "plan.h"
#include "state.h"
#include "xdp.h"

struct ingress {
	const struct plan *plan;
	struct state *state;		/* its config gets the mode and the flags */
	struct hook *hook;
	struct xdp_program *other;	/* whose place is taken */
};

/* 0, or -1 after reporting; then everything is as before, or in tc mode if that has been said. */
int ingress_put(const struct ingress *ingress);

#endif /* NESTWG_INGRESS_H */
