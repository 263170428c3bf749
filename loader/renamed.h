/* SPDX-License-Identifier: GPL-2.0-only */
/* The state is pinned under the interface's name, and `ip link set ... name` changes that. */
#ifndef NESTWG_RENAMED_H
#define NESTWG_RENAMED_H

#include <net/if.h>
#include <stdbool.h>

#include "netif.h"
#include "nestwg.h"

/* What the interface of a state is called now: false if there is none or it is called `nic`. */
bool renamed_to(const char *nic, const struct nestwg_config *config, struct netif *now);

/* The name under which the state of the interface that is called `nic` now is pinned. */
bool renamed_from(const char *nic, char old[IFNAMSIZ]);

/* If it was attached under another name, puts its state under this one. 0, or -1 after reporting. */
int renamed_adopt(const char *nic);

#endif /* NESTWG_RENAMED_H */
