// SPDX-License-Identifier: GPL-2.0-only
/* The files for wg-quick(8), which runs the lines of PostUp and PreDown in bash. */
#include "format.h"
#include "init_text.h"

static struct address_text host(const struct init_net *net, uint32_t number)
{
	return address_text(htonl(init_net_host(net, number)));
}

static void add_mtu(struct init_text *text, const struct init_plan *plan)
{
	init_text_add(text,
		      "# The link's %u, less what WireGuard adds: its own 32, UDP 8, IPv6 40 (over "
		      "IPv4 20 are spare).\n"
		      "MTU = %u\n", plan->link_mtu, init_wan_mtu(plan));
}

static void add_private_mtu(struct init_text *text, const struct init_plan *plan)
{
	unsigned int mtu = init_private_mtu(plan);

	if (init_wan_mtu(plan) - mtu == plan->link_mtu - init_wan_mtu(plan))
		init_text_add(text, "# WireGuard inside WireGuard: the WAN VPN's %u, less the same "
			      "again.\n", init_wan_mtu(plan));
	else
		init_text_add(text, "# The WAN VPN takes %u, but no phone's link more than 1500: "
			      "that, less what WireGuard adds.\n", init_wan_mtu(plan));
	init_text_add(text, "MTU = %u\n", mtu);
}

void init_text_wg0(struct init_text *text, const struct init_plan *plan,
		   const struct init_keys *keys)
{
	init_text_add(text,
		      "# The gateway's end of the WAN VPN.\n"
		      "[Interface]\n"
		      "Address = %s/%u\n"
		      "ListenPort = %u\n", host(&plan->wan, 1).s, plan->wan.length, plan->port);
	add_mtu(text, plan);
	init_text_add(text,
		      "PrivateKey = %s\n"
		      "\n"
		      "# Packets larger than the tunnel that may be fragmented are left to the "
		      "kernel, which needs this.\n"
		      "PreUp = sysctl -q net.ipv4.ip_forward=1\n"
		      "\n"
		      "# SSH, WireGuard's own port and the DHCP client stay on the gateway by "
		      "themselves; naming SSH's port does no harm.\n"
		      "PostUp = nestwg-xdp attach %s --wg %%i",
		      keys->private[INIT_GATEWAY], plan->nic);
	for (unsigned int i = 0; i < plan->nr_ssh; i++)
		init_text_add(text, " --allow %u", plan->ssh[i]);
	init_text_add(text,
		      "\n"
		      "PreDown = nestwg-xdp detach %s\n"
		      "\n"
		      "[Peer]\n"
		      "PublicKey = %s\n"
		      "AllowedIPs = %s/32\n",
		      plan->nic, keys->public[INIT_ROUTER], host(&plan->wan, 2).s);
}

static void add_forward(struct init_text *text, const struct init_forward *forward,
			const char *when, const char *protocol)
{
	char ports[INIT_PORTS_SIZE];

	init_ports_text(forward, ':', ports);
	init_text_add(text,
		      "%s PREROUTING -i %%i -p %s%s %s -j DNAT --to-destination %s\n",
		      when, protocol, forward->nr_ranges > 1 ? " -m multiport --dports" : " --dport",
		      ports, address_text(htonl(forward->address)).s);
}

static void add_forwards(struct init_text *text, const struct init_plan *plan)
{
	static const char when[] = "PostUp = iptables -t nat -A";

	if (!plan->nr_forwards) {
		init_text_add(text,
			      "# Which machine of the house has which port: none yet. One would be\n"
			      "# %s PREROUTING -i %%i -p tcp --dport 443 -j DNAT --to-destination "
			      "%s\n"
			      "# and under PreDown the same with -D.\n", when,
			      host(&plan->home, 10).s);
		return;
	}
	init_text_add(text, "# Which machine of the house has which port.\n");
	for (unsigned int i = 0; i < plan->nr_forwards; i++) {
		if (plan->forwards[i].tcp)
			add_forward(text, &plan->forwards[i], when, "tcp");
		if (plan->forwards[i].udp)
			add_forward(text, &plan->forwards[i], when, "udp");
	}
}

/* In the opposite order. */
static void remove_forwards(struct init_text *text, const struct init_plan *plan)
{
	static const char when[] = "PreDown = iptables -t nat -D";

	for (unsigned int i = plan->nr_forwards; i--;) {
		if (plan->forwards[i].udp)
			add_forward(text, &plan->forwards[i], when, "udp");
		if (plan->forwards[i].tcp)
			add_forward(text, &plan->forwards[i], when, "tcp");
	}
}

/*
 * WireGuard looks up the route of an answer with its source address, but before netfilter could set
 * a mark: hence the rule for the router's own address (send4() in drivers/net/wireguard/socket.c).
 */
static void add_routing(struct init_text *text, const char *router)
{
	init_text_add(text,
		      "# Replies to what came in by the tunnel go back by the tunnel: by their mark "
		      "or, the router's own, by their\n"
		      "# source; and ICMP errors carry the tunnel's address.\n"
		      "PostUp = sysctl -q net.ipv4.ip_forward=1 net.ipv4.conf.%%i.rp_filter=2 "
		      "net.ipv4.icmp_errors_use_inbound_ifaddr=1\n"
		      "PostUp = ip route add default dev %%i table 18\n"
		      "PostUp = ip rule add pref 100 lookup main suppress_prefixlength 0\n"
		      "PostUp = ip rule add pref 110 fwmark 0x18 lookup 18\n"
		      "PostUp = ip rule add pref 120 from %s lookup 18\n"
		      "PostUp = iptables -t mangle -A PREROUTING -i %%i -j CONNMARK --set-mark "
		      "0x18\n"
		      "PostUp = iptables -t mangle -A PREROUTING ! -i %%i -j CONNMARK "
		      "--restore-mark\n"
		      "PostUp = iptables -t mangle -A OUTPUT -j CONNMARK --restore-mark\n",
		      router);
}

static void remove_routing(struct init_text *text)
{
	init_text_add(text,
		      "PreDown = iptables -t mangle -D OUTPUT -j CONNMARK --restore-mark\n"
		      "PreDown = iptables -t mangle -D PREROUTING ! -i %%i -j CONNMARK "
		      "--restore-mark\n"
		      "PreDown = iptables -t mangle -D PREROUTING -i %%i -j CONNMARK --set-mark "
		      "0x18\n"
		      "PreDown = ip rule del pref 120\n"
		      "PreDown = ip rule del pref 110\n"
		      "PreDown = ip rule del pref 100\n");
}

void init_text_wgwan(struct init_text *text, const struct init_plan *plan,
		     const struct init_keys *keys)
{
	init_text_add(text,
		      "# The home router's end of the WAN VPN: it dials in. The internet then comes by "
		      "this interface: the router's\n"
		      "# firewall decides what of the router itself it reaches (INPUT), and has to let "
		      "in what is forwarded (FORWARD).\n"
		      "[Interface]\n"
		      "Address = %s/%u\n", host(&plan->wan, 2).s, plan->wan.length);
	add_mtu(text, plan);
	init_text_add(text,
		      "PrivateKey = %s\n"
		      "# The router's own traffic goes on using the ISP.\n"
		      "Table = off\n"
		      "\n", keys->private[INIT_ROUTER]);
	add_routing(text, host(&plan->wan, 2).s);
	init_text_add(text, "\n");
	add_forwards(text, plan);
	init_text_add(text, "\n");
	remove_forwards(text, plan);
	remove_routing(text);
	init_text_add(text,
		      "\n"
		      "[Peer]\n"
		      "PublicKey = %s\n"
		      "Endpoint = %s:%u\n"
		      "# Anybody on the internet may call.\n"
		      "AllowedIPs = 0.0.0.0/0\n"
		      "# The CGNAT forgets who is silent.\n"
		      "PersistentKeepalive = 25\n",
		      keys->public[INIT_GATEWAY], plan->endpoint, plan->port);
}

void init_text_wgprivate(struct init_text *text, const struct init_plan *plan,
			 const struct init_keys *keys)
{
	init_text_add(text,
		      "# The private VPN's server, on the home router: what arrives at the gateway's "
		      "port %u comes here.\n"
		      "[Interface]\n"
		      "Address = %s/%u\n"
		      "ListenPort = %u\n", plan->private_port, host(&plan->private, 1).s,
		      plan->private.length, plan->private_port);
	add_private_mtu(text, plan);
	init_text_add(text,
		      "PrivateKey = %s\n"
		      "\n"
		      "[Peer]\n"
		      "PublicKey = %s\n"
		      "AllowedIPs = %s/32\n", keys->private[INIT_SERVER],
		      keys->public[INIT_PHONE], address_text(htonl(plan->phone)).s);
}

void init_text_phone(struct init_text *text, const struct init_plan *plan,
		     const struct init_keys *keys)
{
	init_text_add(text,
		      "# The phone, which knows nothing of the WAN VPN.\n"
		      "[Interface]\n"
		      "Address = %s/%u\n", address_text(htonl(plan->phone)).s,
		      plan->private.length);
	add_private_mtu(text, plan);
	init_text_add(text,
		      "PrivateKey = %s\n"
		      "\n"
		      "[Peer]\n"
		      "PublicKey = %s\n"
		      "Endpoint = %s:%u\n"
		      "AllowedIPs = %s/32, %s/%u\n"
		      "# So that the home can reach the phone, too.\n"
		      "PersistentKeepalive = 25\n",
		      keys->private[INIT_PHONE], keys->public[INIT_SERVER], plan->endpoint,
		      plan->private_port, host(&plan->private, 1).s, host(&plan->home, 0).s,
		      plan->home.length);
}
