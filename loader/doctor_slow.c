// SPDX-License-Identifier: GPL-2.0-only
/*
 * The slow path: what is larger than the tunnel's MTU and may be fragmented is rewritten, and then
 * the kernel routes it. Only there sysctls and firewall rules count.
 */
#include "doctor.h"

#define RP_FILTER_STRICT 1	/* Documentation/networking/ip-sysctl.rst */

static unsigned long long slow_packets(const struct doctor *doctor)
{
	return doctor_packets(doctor, NESTWG_FORWARDED_FRAGMENTED);
}

void check_ip_forward(struct doctor *doctor)
{
	unsigned long on;

	if (!doctor_number("/proc/sys/net/ipv4/ip_forward", &on))
		return;
	if (on) {
		found(doctor, SEVERITY_OK, "on");
		return;
	}
	found(doctor, SEVERITY_WARNING, "off: packets larger than the tunnel's MTU that may be "
	      "fragmented get lost (%llu so far); the others do not need it", slow_packets(doctor));
	mend(doctor, "sysctl -w net.ipv4.ip_forward=1");
}

/* The stricter of `all` and the interface's own is in force. */
static unsigned long rp_filter(const char *dev)
{
	unsigned long all = 0, own = 0;

	doctor_conf("all", "rp_filter", &all);
	doctor_conf(dev, "rp_filter", &own);
	return all > own ? all : own;
}

void check_rp_filter(struct doctor *doctor)
{
	const char *nic = doctor->name, *tunnel = doctor->tunnel.name;
	bool fine = true;

	if (doctor->tunnel.ifindex && rp_filter(tunnel) == RP_FILTER_STRICT &&
	    doctor_packets(doctor, NESTWG_HOME_OTHER_SOURCE)) {
		fine = false;
		found(doctor, SEVERITY_WARNING, "strict on %s: what the home sends from other "
		      "addresses than the peer's is dropped unless a route leads back there",
		      tunnel);
		mend(doctor, "sysctl -w net.ipv4.conf.%s.rp_filter=2", tunnel);
	}
	if (rp_filter(nic) == RP_FILTER_STRICT) {
		fine = false;
		found(doctor, SEVERITY_NOTE, "strict on %s: with the default route on another "
		      "interface, SSH and the slow path lose what comes in here", nic);
		mend(doctor, "sysctl -w net.ipv4.conf.%s.rp_filter=2", nic);
	}
	if (fine)
		found(doctor, SEVERITY_OK, "does not get in the way");
}
