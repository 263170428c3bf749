/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NESTWG_XDP_FEATURES_H
#define NESTWG_XDP_FEATURES_H

#include <stdbool.h>

enum xdp_support {
	XDP_UNKNOWN,	/* before Linux 6.3 nobody can tell without trying */
	XDP_ABSENT,
	XDP_PRESENT,	/* what the driver says: it may still want a smaller MTU or more queues */
};

/* Whether this kernel's drivers say so; anybody may ask. */
bool xdp_support_is_told(void);

/* Whether the interface's driver has native XDP; nothing is tried. */
enum xdp_support xdp_support_get(int ifindex);

#endif /* NESTWG_XDP_FEATURES_H */
