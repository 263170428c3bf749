/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What `init` writes files for: the gateway, the home router that dials in (WAN VPN), and the
 * phone, whose private VPN runs inside that. Plain data, so that a copy can try an answer out.
 */
#ifndef NESTWG_INIT_PLAN_H
#define NESTWG_INIT_PLAN_H

#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INIT_ENDPOINT_SIZE	254	/* a name has at most 253 letters (RFC 1035, 2.3.4) */
#define INIT_SSH_PORTS_MAX	8
#define INIT_FORWARDS_MAX	64
#define INIT_RANGES_MAX		15	/* of xt_multiport, which counts a range as two */
#define INIT_WHY_SIZE		384

/* Host byte order. A length of 0: not known yet. */
struct init_net {
	uint32_t address;
	unsigned int length;
};

struct init_range {
	uint16_t first, last;
};

struct init_forward {
	struct init_range ranges[INIT_RANGES_MAX];
	unsigned int nr_ranges;
	bool tcp, udp;
	uint32_t address;
};

/* 0 or "" is what is not known yet. */
struct init_plan {
	char endpoint[INIT_ENDPOINT_SIZE];
	char nic[IFNAMSIZ];
	uint16_t ssh[INIT_SSH_PORTS_MAX];
	unsigned int nr_ssh;
	uint16_t port, private_port;
	unsigned int link_mtu;
	struct init_net wan, home, private;
	uint32_t phone;
	bool mikrotik;
	struct init_forward forwards[INIT_FORWARDS_MAX];
	unsigned int nr_forwards;
	char dir[PATH_MAX];
	char why[INIT_WHY_SIZE];	/* where a text that says what is wrong may lie */
};

/* Each returns NULL, or what is wrong with `text`; `plan` is then of no use. */
const char *init_take_endpoint(struct init_plan *plan, const char *text);
const char *init_take_nic(struct init_plan *plan, const char *text);
const char *init_take_ssh(struct init_plan *plan, const char *text);
const char *init_take_port(struct init_plan *plan, const char *text);
const char *init_take_private_port(struct init_plan *plan, const char *text);
const char *init_take_link_mtu(struct init_plan *plan, const char *text);
const char *init_take_wan(struct init_plan *plan, const char *text);
const char *init_take_home(struct init_plan *plan, const char *text);
const char *init_take_private(struct init_plan *plan, const char *text);
const char *init_take_phone(struct init_plan *plan, const char *text);
const char *init_take_mikrotik(struct init_plan *plan, const char *text);
const char *init_take_forward(struct init_plan *plan, const char *text);
const char *init_take_dir(struct init_plan *plan, const char *text);

/* NULL, or what of the things known so far does not go together. */
const char *init_plan_wrong(struct init_plan *plan);

/* The first address of the network is 1. */
uint32_t init_net_host(const struct init_net *net, uint32_t number);
bool init_net_has(const struct init_net *net, uint32_t address);

/* One that nobody on the internet can call. */
bool init_is_private(uint32_t address);

unsigned int init_wan_mtu(const struct init_plan *plan);
unsigned int init_private_mtu(const struct init_plan *plan);

#define INIT_PORTS_SIZE (INIT_RANGES_MAX * sizeof("65535-65535,"))
/* "22,80,60000-61000", with `dash` between the ends of a range. */
void init_ports_text(const struct init_forward *forward, char dash, char text[INIT_PORTS_SIZE]);

#endif /* NESTWG_INIT_PLAN_H */
