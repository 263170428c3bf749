// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <time.h>

#include "doctor.h"

/* The WireGuard paper, 6.1: a session's keys are refused after REJECT_AFTER_TIME. */
#define SESSION_SECONDS 180

/* Outer IP header (20 or 40), UDP (8), type, receiver and counter (16), Poly1305 tag (16). */
#define OVERHEAD_IPV4	60
#define OVERHEAD_IPV6	80

#define ETHERNET_MTU	1500
/* What wg-quick chooses over an MTU of 1500, with room for IPv6 outside. */
#define USUAL_MTU	(ETHERNET_MTU - OVERHEAD_IPV6)
#define IPV6_MTU_MIN	1280	/* RFC 8200, section 5 */

static void never_heard(struct doctor *doctor)
{
	const struct wg_peer *peer = doctor->peer;

	if (peer->received)
		found(doctor, SEVERITY_PROBLEM, "none yet, though the peer sends: the keys do not "
		      "match, or its clock went back");
	else if (!*peer->endpoint)
		found(doctor, SEVERITY_PROBLEM, "none yet: the home router has never called. Look "
		      "at the cloud's firewall (UDP %u), at the router's Endpoint, and at the keys",
		      doctor->wg->listen_port);
	else
		found(doctor, SEVERITY_PROBLEM, "none yet: nobody answers at %s. Look at the "
		      "firewalls (UDP %u) and at the keys", peer->endpoint,
		      doctor->wg->listen_port);
}

void check_handshake(struct doctor *doctor)
{
	const struct wg_peer *peer = doctor->peer;
	uint64_t now = (uint64_t)time(NULL), age;

	if (!peer || !(doctor->tunnel.flags & IFF_UP))
		return;
	if (!peer->handshake) {
		never_heard(doctor);
		return;
	}
	if (peer->handshake > now + 1) {
		found(doctor, SEVERITY_WARNING, "%llu seconds in the future: the clock went back, "
		      "and the peer ignores handshakes from here until it has caught up",
		      (unsigned long long)(peer->handshake - now));
		mend(doctor, "timedatectl set-ntp true");
		return;
	}
	age = now > peer->handshake ? now - peer->handshake : 0;
	if (age <= SESSION_SECONDS) {
		found(doctor, SEVERITY_OK, "%llu seconds ago, %s", (unsigned long long)age,
		      peer->endpoint);
		return;
	}
	found(doctor, SEVERITY_PROBLEM, "%llu minutes ago: the home is silent. Is its router on "
	      "line, with PersistentKeepalive = 25? Without, its provider's NAT forgets the way "
	      "in. Has UDP %u been closed in the cloud's firewall?", (unsigned long long)age / 60,
	      doctor->wg->listen_port);
}

void check_keepalive(struct doctor *doctor)
{
	const struct wg_peer *peer = doctor->peer;

	if (!peer)
		return;
	if (peer->keepalive)
		found(doctor, SEVERITY_OK, "every %llu seconds from here; behind CGNAT the "
		      "router's own counts", (unsigned long long)peer->keepalive);
	if (peer->handshake && !peer->received)
		found(doctor, SEVERITY_WARNING, "nothing has been received from the peer");
}

/* `outside`: what an outer packet may have at most; `usual`: what to make of the tunnel then. */
static void too_large(struct doctor *doctor, enum severity severity, const char *where,
		      unsigned int outside, unsigned int usual)
{
	found(doctor, severity, "%s has %u, so a full packet leaves as two outer fragments (%s "
	      "takes %u), which many a CGNAT drops. Also write MTU = %u into wg-quick's file",
	      doctor->tunnel.name, doctor->tunnel.mtu, where, outside, usual);
	mend(doctor, "ip link set %s mtu %u", doctor->tunnel.name, usual);
}

static unsigned int min(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

void check_mtu(struct doctor *doctor)
{
	bool ipv6 = doctor->peer && doctor->peer->endpoint[0] == '[';
	unsigned int overhead = ipv6 ? OVERHEAD_IPV6 : OVERHEAD_IPV4;
	unsigned int outside = doctor->nic.mtu, tunnel = doctor->tunnel.mtu;

	if (outside < NESTWG_MTU_MIN + overhead)
		return;
	if (tunnel > outside - overhead) {
		too_large(doctor, SEVERITY_PROBLEM, doctor->name, outside,
			  min(outside - overhead, USUAL_MTU));
		return;
	}
	if (tunnel > ETHERNET_MTU - overhead) {
		too_large(doctor, SEVERITY_WARNING, "the internet", ETHERNET_MTU, USUAL_MTU);
		return;
	}
	found(doctor, SEVERITY_OK, "%s %u, %s %u; a WireGuard inside it: at most %u (%u if its "
	      "endpoint is IPv6)", doctor->name, outside, doctor->tunnel.name, tunnel,
	      tunnel - OVERHEAD_IPV4,
	      tunnel - OVERHEAD_IPV6);
	if (tunnel - OVERHEAD_IPV4 < IPV6_MTU_MIN)
		found(doctor, SEVERITY_NOTE, "a WireGuard inside %s is too small for IPv6, which "
		      "wants %u",
		      doctor->tunnel.name, IPV6_MTU_MIN);
}
