/* SPDX-License-Identifier: GPL-2.0-only */
/* Which mode is the better one for the NIC's driver, and why. */
#ifndef NESTWG_DRIVER_H
#define NESTWG_DRIVER_H

#include "nestwg.h"

#define DRIVER_TEXT_SIZE 160

/* Why tc serves this interface better than native XDP; NULL if it does not, or nothing is known. */
const char *driver_wants_tc(const char *nic);

/* Why the mode is the one that it is, for whoever asked for `auto`; empty if he did not. */
void driver_mode_reason(const char *nic, const struct nestwg_config *config,
			char text[DRIVER_TEXT_SIZE]);

#endif /* NESTWG_DRIVER_H */
