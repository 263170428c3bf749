/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is to be attached to what: the options, completed by what is there. Nothing is changed here.
 */
#ifndef NESTWG_PLAN_H
#define NESTWG_PLAN_H

#include "attach_options.h"
#include "netif.h"
#include "nestwg.h"
#include "wgdump.h"

struct plan {
	struct netif nic;
	struct netif tunnel;
	struct wg_device wg;
	struct netif_addresses addresses;
	__be32 address;
	__be32 peer;
	__be32 tunnel_address;
	enum nestwg_mode mode;	/* as wanted */
	bool auto_is_tc;	/* that is AUTO, and tc serves this driver better */
	uint16_t *listen_ports;	/* of all WireGuard interfaces here */
	size_t nr_listen_ports;
};

/*
 * Options that are not given keep their value of `old`, if that is not NULL and still makes sense.
 * 0, or -1 after reporting.
 */
int plan_make(struct plan *plan, const struct attach_options *options,
	      const struct nestwg_config *old);
void plan_free(struct plan *plan);

/* Whether XDP is going to be tried. */
bool plan_wants_xdp(const struct plan *plan);

/* Whether some WireGuard interface here listens on this UDP port. */
bool plan_has_listen_port(const struct plan *plan, uint16_t port);

/* What is worth knowing before it is done. */
void plan_warn(const struct plan *plan, const struct attach_options *options);

#endif /* NESTWG_PLAN_H */
