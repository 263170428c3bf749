// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "error.h"
#include "format.h"
#include "hook.h"
#include "nearest.h"
#include "pins.h"
#include "plan.h"
#include "state.h"
#include "wireguard.h"

#define LIST_SIZE 512

static void append(char list[LIST_SIZE], const char *item)
{
	size_t used = strlen(list);

	snprintf(list + used, LIST_SIZE - used, "%s%s", used ? ", " : "", item);
}

static const char *list_names(const struct wg_names *names, char list[LIST_SIZE])
{
	list[0] = '\0';
	for (size_t i = 0; i < names->count; i++)
		append(list, names->list[i]);
	return list;
}

struct nearest_name {
	struct nearest nearest;
	char name[IFNAMSIZ];
};

static int try_name(const struct netif *netif, void *data)
{
	struct nearest_name *found = data;

	nearest_try(&found->nearest, netif->name);
	if (found->nearest.word == netif->name)
		found->nearest.word = strcpy(found->name, netif->name);
	return 0;
}

static int no_such_nic(const char *name)
{
	char question[MEANT_SIZE];
	struct nearest_name found;

	nearest_begin(&found.nearest, name);
	netif_each(try_name, &found);
	return fail(name, "no such interface here%s; see `ip link`",
		    nearest_question(&found.nearest, "", question));
}

static int choose_nic(struct plan *plan, const char *name, const struct wg_names *tunnels)
{
	int err = netif_by_name(name, &plan->nic);

	if (err == -ENODEV)
		return no_such_nic(name);
	if (err)
		return fail(name, "cannot look it up: %s", strerror(-err));
	if (wg_names_have(tunnels, name))
		return fail(name, "cannot attach to a WireGuard interface; give the one that faces "
			    "the internet, and this one with --wg");
	if (plan->nic.type != ARPHRD_ETHER)
		return fail(name, "cannot attach: it is not an Ethernet interface; give the one "
			    "that faces the internet");
	return 0;
}

static int choose_address(struct plan *plan, __be32 given, const struct nestwg_config *old)
{
	const char *nic = plan->nic.name;
	int ifindex = plan->nic.ifindex;
	int err = netif_addresses_get(&plan->addresses);

	if (err)
		return fail(nic, "cannot read its addresses: %s", strerror(-err));
	if (given && !netif_has_address(&plan->addresses, ifindex, given))
		return fail(nic, "%s is not an address of it; see `ip -4 address show dev %s`",
			    address_text(given).s, nic);
	plan->address = given;
	if (!plan->address && old && netif_has_address(&plan->addresses, ifindex, old->address))
		plan->address = old->address;
	if (!plan->address)
		plan->address = netif_primary_address(&plan->addresses, ifindex);
	if (!plan->address)
		return fail(nic, "cannot attach: it has no IPv4 address; `ip address add` or DHCP "
			    "gives it one");
	return 0;
}

/* The interface as it was numbered before or, made anew since, as it was named. */
static bool find_old_tunnel(const struct wg_names *names, const struct nestwg_config *old,
			    char name[IFNAMSIZ])
{
	struct netif netif;

	if (!netif_by_index((int)old->wg_ifindex, &netif) && wg_names_have(names, netif.name)) {
		memcpy(name, netif.name, IFNAMSIZ);
		return true;
	}
	memcpy(name, old->wg_name, IFNAMSIZ);
	return wg_names_have(names, name);
}

static int choose_tunnel(struct plan *plan, const char *given, const struct wg_names *names,
			 const struct nestwg_config *old)
{
	char list[LIST_SIZE], name[IFNAMSIZ] = "";
	int err;

	if (!names->count)
		return fail(plan->nic.name, "no WireGuard interface here; set up the tunnel to the "
			    "home first: wg-quick up wg0");
	if (given && !wg_names_have(names, given))
		return fail(given, "not a WireGuard interface of this network namespace; there is: "
			    "%s", list_names(names, list));
	if (given)
		strncpy(name, given, sizeof(name) - 1);
	else if (names->count == 1)
		memcpy(name, names->list[0], sizeof(name));
	else if (!old || !find_old_tunnel(names, old, name))
		return fail(plan->nic.name, "there are several WireGuard interfaces: %s; choose "
			    "one with --wg", list_names(names, list));

	err = netif_by_name(name, &plan->tunnel);
	if (!err)
		err = wg_device_get(name, &plan->wg);
	if (err)
		return fail(plan->nic.name, "cannot read the WireGuard interface: %s; see `wg "
			    "show`", strerror(-err));
	if (plan->tunnel.mtu < NESTWG_MTU_MIN)
		return fail(name, "its MTU is %u, at least %u is needed; ip link set %s mtu 1420",
			    plan->tunnel.mtu, NESTWG_MTU_MIN, name);
	plan->tunnel_address = netif_primary_address(&plan->addresses, plan->tunnel.ifindex);
	return 0;
}

static int choose_only_peer(struct plan *plan)
{
	char list[LIST_SIZE] = "";
	size_t found = 0;

	for (size_t i = 0; i < plan->wg.nr_prefixes; i++) {
		if (plan->wg.prefixes[i].length != 32)
			continue;
		plan->peer = plan->wg.prefixes[i].address;
		append(list, address_text(plan->peer).s);
		found++;
	}
	if (found == 1)
		return 0;
	if (!found)
		return fail(plan->tunnel.name, "cannot tell the home router's address: none of its "
			    "peers has a single one (/32) in its AllowedIPs; name it with --peer");
	return fail(plan->tunnel.name, "cannot tell the home router's address: the AllowedIPs of "
		    "its peers have several: %s; choose one with --peer", list);
}

static int choose_peer(struct plan *plan, __be32 given, const struct nestwg_config *old)
{
	plan->peer = given;
	if (!given && old && old->peer && wg_device_peer(&plan->wg, old->peer))
		plan->peer = old->peer;
	if (!plan->peer && choose_only_peer(plan))
		return -1;
	if (!wg_device_peer(&plan->wg, plan->peer))
		return fail(plan->tunnel.name, "no peer has %s in its AllowedIPs; see `wg show %s "
			    "allowed-ips`", address_text(plan->peer).s, plan->tunnel.name);
	if (netif_has_address(&plan->addresses, 0, plan->peer))
		return fail(plan->tunnel.name, "%s is this gateway's own address; --peer wants the "
			    "home router's", address_text(plan->peer).s);
	return 0;
}

/* Also a WireGuard that has nothing to do with us must not lose its packets. */
static int find_listen_ports(struct plan *plan, const struct wg_names *names)
{
	struct wg_device device;
	uint16_t port;

	plan->listen_ports = calloc(names->count, sizeof(*plan->listen_ports));
	if (!plan->listen_ports)
		return fail(plan->nic.name, "cannot list the listen ports: %s", strerror(errno));
	for (size_t i = 0; i < names->count; i++) {
		port = plan->wg.listen_port;
		if (strcmp(names->list[i], plan->tunnel.name) != 0) {
			if (wg_device_get(names->list[i], &device))
				continue;
			port = device.listen_port;
			wg_device_free(&device);
		}
		if (port)
			plan->listen_ports[plan->nr_listen_ports++] = port;
	}
	return 0;
}

/* What comes out of a tunnel can leave by one NIC only. */
static int check_tunnel_is_free(const struct plan *plan)
{
	struct pins_names names;
	int err;

	err = pins_list(&names);
	for (size_t i = 0; !err && i < names.count; i++) {
		const char *nic = names.list[i];
		struct state state;
		bool taken;

		if (strcmp(nic, plan->nic.name) == 0 || state_open(&state, nic))
			continue;
		taken = state.config.wg_ifindex == (__u32)plan->tunnel.ifindex &&
			hook_look(nic, HOOK_RETURN, &state.config).health == HOOK_ALIVE;
		state_close(&state);
		if (taken)
			err = fail(plan->tunnel.name, "serves %s already; `" PROGRAM " detach %s` "
				   "first, or choose another tunnel with --wg", nic, nic);
	}
	pins_names_free(&names);
	return err;
}

int plan_make(struct plan *plan, const struct attach_options *options,
	      const struct nestwg_config *old)
{
	struct wg_names tunnels;
	int err;

	memset(plan, 0, sizeof(*plan));
	if (wg_names_get(&tunnels))
		return -1;
	plan->mode = NESTWG_MODE_AUTO;
	if (options->mode_given)
		plan->mode = options->mode;
	else if (old && old->mode_wanted < NESTWG_NR_MODES)
		plan->mode = old->mode_wanted;

	err = choose_nic(plan, options->nic, &tunnels);
	plan->auto_is_tc = plan->mode == NESTWG_MODE_AUTO && driver_wants_tc(options->nic);
	if (!err)
		err = choose_address(plan, options->address, old);
	if (!err)
		err = choose_tunnel(plan, options->wg, &tunnels, old);
	if (!err)
		err = choose_peer(plan, options->peer, old);
	if (!err)
		err = find_listen_ports(plan, &tunnels);
	if (!err)
		err = check_tunnel_is_free(plan);
	wg_names_free(&tunnels);
	if (err)
		plan_free(plan);
	return err;
}

bool plan_wants_xdp(const struct plan *plan)
{
	return plan->mode != NESTWG_MODE_TC && !plan->auto_is_tc;
}

void plan_free(struct plan *plan)
{
	wg_device_free(&plan->wg);
	netif_addresses_free(&plan->addresses);
	free(plan->listen_ports);
}

bool plan_has_listen_port(const struct plan *plan, uint16_t port)
{
	for (size_t i = 0; i < plan->nr_listen_ports; i++)
		if (plan->listen_ports[i] == port)
			return true;
	return false;
}

static bool forwarding_is_off(void)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_forward", "re");
	int digit = file ? fgetc(file) : EOF;

	if (file)
		fclose(file);
	return digit == '0';
}

void plan_warn(const struct plan *plan, const struct attach_options *options)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->addresses.count; i++)
		count += plan->addresses.list[i].ifindex == plan->nic.ifindex;
	if (count > 1 && !options->address)
		warn(plan->nic.name, "it has %zu addresses: %s is the one that is forwarded "
		     "(--address chooses), the others stay on the gateway", count,
		     address_text(plan->address).s);
	if (!(plan->nic.flags & IFF_UP))
		warn(plan->nic.name, "it is down: nothing arrives until `ip link set %s up`",
		     plan->nic.name);
	if (!(plan->tunnel.flags & IFF_UP))
		warn(plan->tunnel.name, "it is down: nothing is forwarded until `ip link set %s "
		     "up`", plan->tunnel.name);
	if (!plan->wg.listen_port)
		warn(plan->tunnel.name, "it has no listen port yet: when it gets one, `" PROGRAM
		     " attach %s` again", plan->nic.name);
	if (forwarding_is_off())
		warn(plan->nic.name, "net.ipv4.ip_forward is 0: packets larger than the tunnel's "
		     "MTU that may be fragmented get lost; sysctl -w net.ipv4.ip_forward=1");
}
