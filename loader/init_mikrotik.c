// SPDX-License-Identifier: GPL-2.0-only
/*
 * The home router's part as RouterOS 7 commands, for `/import`. Each line stands for itself, and
 * each thing that is made bears a comment, by which it is found again. No value needs escaping:
 * what init_take.c lets through and what `wg` makes has neither quotes nor '$' nor '\'.
 *
 * https://help.mikrotik.com/docs: WireGuard, Policy Routing, Mangle, Filter (FastTrack).
 */
#include <stdio.h>

#include "format.h"
#include "init_text.h"

#define NOTE "comment=\"nestwg-xdp\""

static struct address_text host(const struct init_net *net, uint32_t number)
{
	return address_text(htonl(init_net_host(net, number)));
}

static void add_tunnels(struct init_text *text, const struct init_plan *plan,
			const struct init_keys *keys)
{
	init_text_add(text,
		      "# The WAN VPN: the router dials in. The link's MTU is %u; WireGuard over IPv6 "
		      "takes 80 (over IPv4 20 are spare).\n"
		      "/interface wireguard add name=\"wgwan\" mtu=%u private-key=\"%s\" " NOTE "\n"
		      "/interface wireguard peers add interface=\"wgwan\" public-key=\"%s\" "
		      "endpoint-address=\"%s\" endpoint-port=%u allowed-address=0.0.0.0/0 "
		      "persistent-keepalive=25s " NOTE "\n"
		      "/ip address add address=%s/%u interface=\"wgwan\" " NOTE "\n\n",
		      plan->link_mtu, init_wan_mtu(plan), keys->private[INIT_ROUTER],
		      keys->public[INIT_GATEWAY], plan->endpoint, plan->port,
		      host(&plan->wan, 2).s, plan->wan.length);
	init_text_add(text,
		      "# The private VPN inside it: the phone dials in.\n"
		      "/interface wireguard add name=\"wgprivate\" listen-port=%u mtu=%u "
		      "private-key=\"%s\" " NOTE "\n"
		      "/interface wireguard peers add interface=\"wgprivate\" public-key=\"%s\" "
		      "allowed-address=%s/32 " NOTE "\n"
		      "/ip address add address=%s/%u interface=\"wgprivate\" " NOTE "\n\n",
		      plan->private_port, init_private_mtu(plan), keys->private[INIT_SERVER],
		      keys->public[INIT_PHONE], address_text(htonl(plan->phone)).s,
		      host(&plan->private, 1).s, plan->private.length);
}

/*
 * FastTrack passes by mangle, so that the reply would lose its mark: connections that came in by
 * the tunnel must not be fast-tracked.
 */
static void add_routing(struct init_text *text, const struct init_plan *plan)
{
	init_text_add(text,
		      "# Replies to what came in by the tunnel go back by the tunnel; all else goes on "
		      "using the ISP.\n"
		      "/routing table add name=\"nestwg\" fib " NOTE "\n"
		      "/ip route add dst-address=0.0.0.0/0 gateway=\"wgwan\" "
		      "routing-table=\"nestwg\" " NOTE "\n"
		      "/routing rule add dst-address=%s/%u action=lookup table=main " NOTE "\n"
		      "/routing rule add dst-address=%s/%u action=lookup table=main " NOTE "\n"
		      "/routing rule add src-address=%s/32 action=lookup table=nestwg " NOTE "\n",
		      host(&plan->home, 0).s, plan->home.length, host(&plan->private, 0).s,
		      plan->private.length, host(&plan->wan, 2).s);
	init_text_add(text,
		      "/ip firewall mangle add chain=prerouting in-interface=\"wgwan\" "
		      "connection-mark=no-mark action=mark-connection "
		      "new-connection-mark=\"nestwg\" passthrough=yes " NOTE "\n"
		      "/ip firewall mangle add chain=prerouting in-interface=!wgwan "
		      "connection-mark=\"nestwg\" action=mark-routing new-routing-mark=\"nestwg\" "
		      "passthrough=yes " NOTE "\n"
		      "/ip firewall mangle add chain=output connection-mark=\"nestwg\" "
		      "action=mark-routing new-routing-mark=\"nestwg\" passthrough=yes " NOTE "\n"
		      "/ip firewall filter set [find where action=fasttrack-connection] "
		      "connection-mark=no-mark\n"
		      ":if ([/ip settings get rp-filter] = \"strict\") do={ /ip settings set "
		      "rp-filter=loose }\n\n");
}

/* The gateway does it, too; so it holds whatever forwards there. 40: IPv4's and TCP's headers. */
static void add_mss(struct init_text *text, const struct init_plan *plan)
{
	unsigned int mss = init_wan_mtu(plan) - 40;

	init_text_add(text, "# TCP segments that fit into the tunnel. (The gateway sees to it, "
		      "too.)\n");
	for (int out = 0; out < 2; out++)
		init_text_add(text,
			      "/ip firewall mangle add chain=forward %s-interface=\"wgwan\" "
			      "protocol=tcp tcp-flags=syn tcp-mss=%u-65535 action=change-mss "
			      "new-mss=%u passthrough=yes " NOTE "\n", out ? "out" : "in", mss + 1,
			      mss);
	init_text_add(text, "\n");
}

static void add_forwards(struct init_text *text, const struct init_plan *plan)
{
	char ports[INIT_PORTS_SIZE];

	init_text_add(text, "# Which machine of the house has which port.\n");
	for (unsigned int i = 0; i < plan->nr_forwards; i++) {
		const struct init_forward *forward = &plan->forwards[i];

		init_ports_text(forward, '-', ports);
		for (int udp = 0; udp < 2; udp++)
			if (udp ? forward->udp : forward->tcp)
				init_text_add(text,
					      "/ip firewall nat add chain=dstnat "
					      "in-interface=\"wgwan\" protocol=%s dst-port=%s "
					      "action=dst-nat to-addresses=%s " NOTE "\n",
					      udp ? "udp" : "tcp", ports,
					      address_text(htonl(forward->address)).s);
	}
	init_text_add(text, "\n");
}

/* Before the chain's first drop, if there is one: after it, it would come too late. */
static void add_jump(struct init_text *text, const char *chain)
{
	init_text_add(text,
		      ":if ([:len [/ip firewall filter find where chain=%s and action=drop]] > 0) "
		      "do={ /ip firewall filter add chain=%s action=jump jump-target=\"nestwg-%s\" "
		      NOTE " place-before=[:pick [/ip firewall filter find where chain=%s and "
		      "action=drop] 0] } else={ /ip firewall filter add chain=%s action=jump "
		      "jump-target=\"nestwg-%s\" " NOTE " }\n",
		      chain, chain, chain, chain, chain, chain);
}

static void add_rule(struct init_text *text, const char *chain, const char *what,
		     const char *action)
{
	init_text_add(text, "/ip firewall filter add chain=\"nestwg-%s\" %s action=%s " NOTE "\n",
		      chain, what, action);
}

static void add_filter(struct init_text *text, const struct init_plan *plan)
{
	char private[64];

	snprintf(private, sizeof(private), "in-interface=\"wgwan\" protocol=udp dst-port=%u",
		 plan->private_port);
	init_text_add(text,
		      "# The internet gets what is forwarded, the private VPN's port and ping, but "
		      "not the router's own services (WinBox,\n"
		      "# DNS, ...). The phone gets the router and the home.\n");
	add_rule(text, "input", "in-interface=\"wgwan\" connection-state=established,related",
		 "accept");
	add_rule(text, "input", private, "accept");
	add_rule(text, "input", "in-interface=\"wgwan\" protocol=icmp", "accept");
	add_rule(text, "input", "in-interface=\"wgwan\"", "drop");
	add_rule(text, "input", "in-interface=\"wgprivate\"", "accept");
	add_rule(text, "forward", "connection-mark=\"nestwg\" "
		 "connection-state=established,related", "accept");
	add_rule(text, "forward", "in-interface=\"wgwan\" connection-nat-state=dstnat", "accept");
	add_rule(text, "forward", "in-interface=\"wgwan\"", "drop");
	add_rule(text, "forward", "in-interface=\"wgprivate\"", "accept");
	add_jump(text, "input");
	add_jump(text, "forward");
}

static void add_removal(struct init_text *text)
{
	static const char *const menus[] = {
		"/ip firewall filter", "/ip firewall nat", "/ip firewall mangle", "/routing rule",
		"/ip route", "/routing table", "/ip address", "/interface wireguard peers",
		"/interface wireguard",
	};

	init_text_add(text, "#\n# To take all of it back:\n"
		      "#   /ip firewall filter set [find where action=fasttrack-connection] "
		      "!connection-mark\n");
	for (size_t i = 0; i < sizeof(menus) / sizeof(menus[0]); i++)
		init_text_add(text, "#   %s remove [find where " NOTE "]\n", menus[i]);
	init_text_add(text, "\n");
}

void init_text_mikrotik(struct init_text *text, const struct init_plan *plan,
			const struct init_keys *keys)
{
	init_text_add(text,
		      "# The home router's part, for RouterOS 7: both VPNs, the way back, the "
		      "forwarded ports. It has private keys in it:\n"
		      "# copy the file to the router, run `/import file-name=router.rsc` once, and "
		      "remove it there.\n");
	add_removal(text);
	add_tunnels(text, plan, keys);
	add_routing(text, plan);
	add_mss(text, plan);
	add_forwards(text, plan);
	add_filter(text, plan);
}
