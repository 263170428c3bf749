/* SPDX-License-Identifier: GPL-2.0-only */
/* Taking off what was attached, however much of it there is. */
#ifndef NESTWG_REMOVAL_H
#define NESTWG_REMOVAL_H

#include "hook.h"

/* config.clsact_made */
#define CLSACT_NIC	0x1
#define CLSACT_TUNNEL	0x2

/* Removes all that is pinned under this name. 0, or -1 after reporting. */
int removal_of_pinned(const char *nic);

/*
 * Takes programs of ours off `nic` that belong to no pinned state (somebody removed the pins), and
 * those on other interfaces that share their maps. True if there were any.
 */
bool removal_of_strays(const char *nic);

/*
 * After an attach: whatever else of ours runs on these two interfaces, or with these maps on others.
 * `programs` are the ids of those that stay.
 */
void removal_of_others(const char *nic, int ifindex, int tunnel, const __u32 programs[NR_HOOKS]);

#endif /* NESTWG_REMOVAL_H */
