// SPDX-License-Identifier: GPL-2.0-only
#include <netinet/in.h>
#include <stdio.h>

#include "format.h"
#include "init_plan.h"

/*
 * What WireGuard puts around a packet: 16 bytes of header and 16 of authentication tag, UDP's 8,
 * and IPv6's 40. Over IPv4 20 of these are spare; but a name can lead to an IPv6 address, and an
 * ISP with CGNAT may carry IPv4 in IPv6 (DS-Lite, 464XLAT) without saying so. It is also what
 * wg-quick takes.
 */
#define WIREGUARD_OVERHEAD	80
#define PHONE_LINK_MTU		1500	/* no phone has a larger one, whatever the home has */
#define DHCP_CLIENT_PORT	68

static uint32_t mask_of(unsigned int length)
{
	return length ? UINT32_MAX << (32 - length) : 0;
}

uint32_t init_net_host(const struct init_net *net, uint32_t number)
{
	return net->address + number;
}

bool init_net_has(const struct init_net *net, uint32_t address)
{
	return net->length && !((address ^ net->address) & mask_of(net->length));
}

/* RFC 1918, 6598, 3927. Many clouds give a NIC such an address, and translate. */
bool init_is_private(uint32_t address)
{
	return address >> 24 == 10 || address >> 20 == 0xac1 || address >> 16 == 0xc0a8 ||
	       address >> 22 == 0x191 || address >> 16 == 0xa9fe;
}

/* Neither the network's own address nor its broadcast address. */
static bool is_host_of(const struct init_net *net, uint32_t address)
{
	return init_net_has(net, address) && address != net->address &&
	       address != (net->address | ~mask_of(net->length));
}

unsigned int init_wan_mtu(const struct init_plan *plan)
{
	return plan->link_mtu - WIREGUARD_OVERHEAD;
}

unsigned int init_private_mtu(const struct init_plan *plan)
{
	unsigned int outer = init_wan_mtu(plan);

	return (outer < PHONE_LINK_MTU ? outer : PHONE_LINK_MTU) - WIREGUARD_OVERHEAD;
}

void init_ports_text(const struct init_forward *forward, char dash, char text[INIT_PORTS_SIZE])
{
	size_t used = 0;

	for (unsigned int i = 0; i < forward->nr_ranges; i++) {
		const struct init_range *range = &forward->ranges[i];

		used += (size_t)snprintf(text + used, INIT_PORTS_SIZE - used, "%s%u", i ? "," : "",
					 range->first);
		if (range->last != range->first)
			used += (size_t)snprintf(text + used, INIT_PORTS_SIZE - used, "%c%u", dash,
						 range->last);
	}
}

#define WRONG(plan, ...) (snprintf((plan)->why, sizeof((plan)->why), __VA_ARGS__), (plan)->why)

static const char *nets_wrong(struct init_plan *plan)
{
	const struct {
		const char *name;
		const struct init_net *net;
	} nets[] = {
		{ "the WAN VPN's", &plan->wan },
		{ "the home's", &plan->home },
		{ "the private VPN's", &plan->private },
	};
	__be32 endpoint = 0;

	if (address_parse(plan->endpoint, &endpoint))
		endpoint = ntohl(endpoint);
	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		if (endpoint && init_net_has(nets[i].net, endpoint))
			return WRONG(plan, "the gateway's public address %s lies in %s network",
				     plan->endpoint, nets[i].name);
		for (size_t j = 0; j < i; j++)
			if (nets[i].net->length && nets[j].net->length &&
			    (init_net_has(nets[i].net, nets[j].net->address) ||
			     init_net_has(nets[j].net, nets[i].net->address)))
				return WRONG(plan, "%s network and %s overlap", nets[j].name,
					     nets[i].name);
	}
	return NULL;
}

static const char *phone_wrong(struct init_plan *plan)
{
	if (!plan->phone || !plan->private.length)
		return NULL;
	if (!is_host_of(&plan->private, plan->phone))
		return "the phone's address is none of the private VPN's network";
	if (plan->phone == init_net_host(&plan->private, 1))
		return "the phone's address is the router's own in the private VPN (the first one)";
	return NULL;
}

static bool has_port(const struct init_forward *forward, uint16_t port)
{
	for (unsigned int i = 0; port && i < forward->nr_ranges; i++)
		if (port >= forward->ranges[i].first && port <= forward->ranges[i].last)
			return true;
	return false;
}

/* What never reaches the router, or is the router's own. */
static const char *taken_port(struct init_plan *plan, const struct init_forward *forward)
{
	for (unsigned int i = 0; forward->tcp && i < plan->nr_ssh; i++)
		if (has_port(forward, plan->ssh[i]))
			return WRONG(plan, "%u/tcp stays on the gateway, for SSH: let its sshd "
				     "listen on another port, such as 2222 (--ssh-port)",
				     plan->ssh[i]);
	if (forward->udp && has_port(forward, plan->port))
		return WRONG(plan, "%u/udp stays on the gateway: the WAN VPN has it (--port)",
			     plan->port);
	if (forward->udp && has_port(forward, plan->private_port))
		return WRONG(plan, "%u/udp is the private VPN's, on the router itself "
			     "(--private-port)", plan->private_port);
	if (forward->udp && has_port(forward, DHCP_CLIENT_PORT))
		return "68/udp stays on the gateway: its DHCP client has it";
	return NULL;
}

static bool overlap(const struct init_range *a, const struct init_range *b)
{
	return a->first <= b->last && b->first <= a->last;
}

static const char *overlapping(struct init_plan *plan, const struct init_range *a,
			       const struct init_range *b)
{
	unsigned int port = a->first > b->first ? a->first : b->first;

	return WRONG(plan, "port %u is forwarded twice", port);
}

/* A port can go to one machine only. Also within one forward. */
static const char *twice(struct init_plan *plan, unsigned int a, unsigned int b)
{
	const struct init_forward *one = &plan->forwards[a], *other = &plan->forwards[b];

	if (!(one->tcp && other->tcp) && !(one->udp && other->udp))
		return NULL;
	for (unsigned int i = 0; i < one->nr_ranges; i++)
		for (unsigned int j = 0; j < (a == b ? i : other->nr_ranges); j++)
			if (overlap(&one->ranges[i], &other->ranges[j]))
				return overlapping(plan, &one->ranges[i], &other->ranges[j]);
	return NULL;
}

static const char *forwards_wrong(struct init_plan *plan)
{
	const char *wrong = NULL;

	for (unsigned int i = 0; !wrong && i < plan->nr_forwards; i++) {
		const struct init_forward *forward = &plan->forwards[i];

		if (plan->home.length && !is_host_of(&plan->home, forward->address))
			return WRONG(plan, "%s is no address of the home's network",
				     address_text(htonl(forward->address)).s);
		wrong = taken_port(plan, forward);
		for (unsigned int j = 0; !wrong && j <= i; j++)
			wrong = twice(plan, i, j);
	}
	return wrong;
}

const char *init_plan_wrong(struct init_plan *plan)
{
	const char *wrong = nets_wrong(plan);

	if (!wrong && plan->port && plan->port == plan->private_port)
		wrong = "the private VPN needs another port than the WAN VPN, whose port stays on "
			"the gateway";
	if (!wrong)
		wrong = phone_wrong(plan);
	if (!wrong)
		wrong = forwards_wrong(plan);
	return wrong;
}
