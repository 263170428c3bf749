// SPDX-License-Identifier: GPL-2.0-only
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "init_settings.h"
#include "netif.h"
#include "route.h"
#include "ssh.h"

const struct init_setting init_settings[INIT_NR_SETTINGS] = {
	[INIT_NIC] = {
		"nic", "The gateway's interface that faces the internet", NULL, false,
		init_take_nic
	},
	[INIT_ENDPOINT] = {
		"endpoint", "The gateway's public IPv4 address, or a name for it", NULL, false,
		init_take_endpoint
	},
	[INIT_SSH_PORT] = {
		"ssh-port", "The port of the gateway's SSH, which stays there", NULL, false,
		init_take_ssh
	},
	[INIT_PORT] = {
		"port", "The WAN VPN's UDP port on the gateway", "51820", false, init_take_port
	},
	[INIT_LINK_MTU] = {
		"link-mtu", "The MTU of the home's internet link (PPPoE often has 1492)", "1500",
		false, init_take_link_mtu
	},
	[INIT_WAN_NET] = {
		"wan-net", "The WAN VPN's network (gateway and router)", "10.0.18.0/30", false,
		init_take_wan
	},
	[INIT_HOME_NET] = {
		"home-net", "The home's own network", "192.168.16.0/24", false, init_take_home
	},
	[INIT_PRIVATE_NET] = {
		"private-net", "The private VPN's network (router and phone)", "192.168.17.0/24",
		false, init_take_private
	},
	[INIT_PRIVATE_PORT] = {
		"private-port", "The private VPN's UDP port", "13131", false,
		init_take_private_port
	},
	[INIT_PHONE_ADDRESS] = {
		"phone", "The phone's address in it", NULL, false, init_take_phone
	},
	[INIT_MIKROTIK] = {
		"mikrotik", "Is the home router a MikroTik (RouterOS 7)", "no", false,
		init_take_mikrotik
	},
	[INIT_FORWARD] = {
		"forward", "Ports for a machine of the home, such as 80,443/tcp=192.168.16.10", "",
		true, init_take_forward
	},
	[INIT_DIR] = {
		"dir", "The directory for the files", "wireguard", false, init_take_dir
	},
};

const char *init_apply(struct init_plan *plan, enum init_setting_id id, const char *text)
{
	struct init_plan trial = *plan;
	const char *wrong;

	wrong = init_settings[id].take(&trial, text);
	if (!wrong)
		wrong = init_plan_wrong(&trial);
	if (!wrong) {
		*plan = trial;
		return NULL;
	}
	if (wrong != trial.why)
		return wrong;
	memcpy(plan->why, trial.why, sizeof(plan->why));
	return plan->why;
}

static void default_nic(char text[INIT_DEFAULT_SIZE])
{
	struct default_route route;

	if (default_route_get(&route))
		snprintf(text, INIT_DEFAULT_SIZE, "%s", route.interface);
}

/* Of the gateway's NIC, if that is an interface of this machine; else 0. */
static __be32 nic_address(const struct init_plan *plan)
{
	struct netif_addresses addresses;
	struct netif nic;
	__be32 address;

	if (netif_by_name(plan->nic, &nic) || netif_addresses_get(&addresses))
		return 0;
	address = netif_primary_address(&addresses, nic.ifindex);
	netif_addresses_free(&addresses);
	return address;
}

static void default_endpoint(const struct init_plan *plan, char text[INIT_DEFAULT_SIZE])
{
	__be32 address = nic_address(plan);

	if (address && !init_is_private(ntohl(address)))
		snprintf(text, INIT_DEFAULT_SIZE, "%s", address_text(address).s);
}

static void default_ssh(const struct init_plan *plan, char text[INIT_DEFAULT_SIZE])
{
	__be32 address = nic_address(plan);
	struct ssh_ports ports;
	size_t used = 0;

	if (!address || ssh_ports_get(&ports, address))
		return;
	for (size_t i = 0; i < ports.count && i < INIT_SSH_PORTS_MAX; i++)
		used += (size_t)snprintf(text + used, INIT_DEFAULT_SIZE - used, "%s%u",
					 i ? "," : "", ports.list[i].port);
	ssh_ports_free(&ports);
}

/* The seed's .69, where the network has it. */
static void default_phone(const struct init_plan *plan, char text[INIT_DEFAULT_SIZE])
{
	uint32_t number = plan->private.length <= 25 ? 69 : 2;

	snprintf(text, INIT_DEFAULT_SIZE, "%s",
		 address_text(htonl(init_net_host(&plan->private, number))).s);
}

void init_default(const struct init_plan *plan, enum init_setting_id id,
		  char text[INIT_DEFAULT_SIZE])
{
	text[0] = '\0';
	if (init_settings[id].fallback)
		snprintf(text, INIT_DEFAULT_SIZE, "%s", init_settings[id].fallback);
	else if (id == INIT_NIC)
		default_nic(text);
	else if (id == INIT_ENDPOINT)
		default_endpoint(plan, text);
	else if (id == INIT_SSH_PORT)
		default_ssh(plan, text);
	else if (id == INIT_PHONE_ADDRESS)
		default_phone(plan, text);
}
