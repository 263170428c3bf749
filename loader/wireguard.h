/* SPDX-License-Identifier: GPL-2.0-only */
/* Asks wg(8) of wireguard-tools, which knows the kernel's WireGuard as well as userspace ones. */
#ifndef NESTWG_WIREGUARD_H
#define NESTWG_WIREGUARD_H

#include <net/if.h>

#include "wgdump.h"

struct wg_names {
	char (*list)[IFNAMSIZ];
	size_t count;
};

/* The WireGuard interfaces of this network namespace. 0, or -1 after reporting. */
int wg_names_get(struct wg_names *names);
void wg_names_free(struct wg_names *names);
bool wg_names_have(const struct wg_names *names, const char *name);

/* 0, or a negative errno; -ENOENT if there is no wg(8). */
int wg_device_get(const char *name, struct wg_device *device);

#endif /* NESTWG_WIREGUARD_H */
