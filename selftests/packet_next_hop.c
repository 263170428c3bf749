// SPDX-License-Identifier: GPL-2.0-only
/* The way out that the kernel told is kept (bpf/next_hop.h), but never longer than a moment. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "packet_suite.h"

#define MS	1000000LL
#define MOMENT	(150 * MS)	/* NEXT_HOP_LIFETIME, and a tick or two of the coarse clock */

static const struct packet_case leaves = {
	.reason = NESTWG_HOME_RETURNED, .fate = HOME_OUT,
	.in = { FROM_PEER, UDP_BY(13131), .payload = 92 },
};
static const struct packet_case stays = {
	.reason = NESTWG_HOME_TO_GATEWAY, .fate = HOME_STAYS,
	.in = { FROM_PEER, UDP_BY(13131), .payload = 92 },
};

static long long monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * 1000 * MS + now.tv_nsec;
}

/* The last byte of the neighbour's MAC address that a packet leaves for; -1: none left. */
static int neighbour(struct lab *lab)
{
	static struct heap tunnel, stack, nic;
	struct bytes ip;

	build_ip(&leaves.in, &ip);
	if (lab_send_home(lab, &ip, NULL) || lab_collect(lab, &tunnel, &stack, &nic) ||
	    nic.count != 1)
		return -1;
	return nic.packets[0].data[5];
}

/* Packets go on meanwhile: what is in use must not live any longer for it. */
static bool is_at_last(struct lab *lab, int wanted)
{
	long long end = monotonic() + MOMENT;
	int got;

	while (monotonic() < end)
		neighbour(lab);
	got = neighbour(lab);
	if (got == wanted)
		return true;
	printf("# left for 02:00:00:00:00:%02x, not %02x\n", got, wanted);
	return false;
}

static bool run(const char *command)
{
	return !system(command);
}

/* Another neighbour than all other tests', whose packets are on their way, too. */
static bool run_neighbour(struct lab *lab, const void *argument)
{
	bool passed;

	(void)argument;
	passed = neighbour(lab) == 1 &&
		 run("ip neigh replace 192.0.2.7 lladdr 02:00:00:00:00:77 nud permanent dev nic") &&
		 run("ip route add 198.51.100.0/24 via 192.0.2.7") && is_at_last(lab, 0x77) &&
		 run("ip neigh replace 192.0.2.7 lladdr 02:00:00:00:00:78 nud permanent dev nic") &&
		 is_at_last(lab, 0x78);
	return run("ip route del 198.51.100.0/24 via 192.0.2.7") && is_at_last(lab, 1) && passed;
}

/* One that has been silent for long is asked whether it is still there, as the kernel does that forwards. */
static bool run_stale(struct lab *lab, const void *argument)
{
	bool passed;

	(void)argument;
	passed = run("ip neigh replace 192.0.2.7 lladdr 02:00:00:00:00:77 nud stale dev nic") &&
		 run("ip route add 198.51.100.0/24 via 192.0.2.7") && is_at_last(lab, 0x77) &&
		 is_at_last(lab, 0x77) &&
		 run("! ip neigh show 192.0.2.7 dev nic | grep STALE | sed 's/^/# /' | grep .");
	return run("ip route del 198.51.100.0/24 via 192.0.2.7") && is_at_last(lab, 1) && passed;
}

/* What a rule says of the tunnel's packets holds for the neighbour that has to be looked for, too. */
static bool run_rule(struct lab *lab, const void *argument)
{
	bool passed;

	(void)argument;
	passed = run("ip neigh replace 192.0.2.7 lladdr 02:00:00:00:00:77 nud permanent dev nic") &&
		 run("ip route add 198.51.100.0/24 via 192.0.2.7 table 100") &&
		 run("ip rule add iif wg lookup 100") && is_at_last(lab, 0x77) &&
		 !usleep(MOMENT / 1000) && neighbour(lab) == 0x77;
	return run("ip rule del iif wg lookup 100") &&
	       run("ip route flush table 100") && is_at_last(lab, 1) && passed;
}

static bool run_route(struct lab *lab, const void *argument)
{
	bool passed;

	(void)argument;
	passed = expect(lab, &leaves) && run("ip route add 198.51.100.0/24 dev stack") &&
		 !usleep(MOMENT / 1000) && expect(lab, &stays);
	return run("ip route del 198.51.100.0/24 dev stack") && expect(lab, &leaves) && passed;
}

/* CLIENT's place, on every CPU. */
static bool keep(struct lab *lab, const struct nestwg_next_hop *hop)
{
	__u32 index = (htonl(CLIENT) * 0x9e3779b1U) >> (32 - NESTWG_NEXT_HOPS_BITS);
	struct nestwg_next_hop kept[lab->cpus];

	for (unsigned int cpu = 0; cpu < lab->cpus; cpu++)
		kept[cpu] = *hop;
	return !bpf_map__update_elem(lab->skel->maps.next_hops, &index, sizeof(index), kept,
				     sizeof(kept), BPF_ANY);
}

/* What is kept is what is used: else all of this were for nothing. And nobody else's is. */
static bool run_kept(struct lab *lab, const void *argument)
{
	const struct nestwg_next_hop mine = {
		.told = (__u64)monotonic(), .destination = htonl(CLIENT),
		.nic_ifindex = lab->nic_ifindex, .protocol = PROTO_UDP,
		.addresses = { 2, 0, 0, 0, 0, 0x55, 2, 0, 0, 0, 0, 0x10 },
	};
	struct nestwg_next_hop others[] = { mine, mine, mine, mine };

	(void)argument;
	if (!keep(lab, &mine) || neighbour(lab) != 0x55) {
		printf("# not used\n");
		return false;
	}
	if (!is_at_last(lab, 1))
		return false;
	others[0].destination = htonl(FAR_HOST);
	others[1].protocol = PROTO_TCP;
	others[2].nic_ifindex = lab->wg_ifindex;
	others[3].told -= 1000 * MS;
	for (unsigned int i = 0; i < LENGTH_OF(others); i++) {
		if (i < 3)
			others[i].told = (__u64)monotonic();
		if (keep(lab, &others[i]) && neighbour(lab) == 1)
			continue;
		printf("# somebody else's was used: %u\n", i);
		return false;
	}
	return true;
}

void add_next_hop_tests(struct suite *suite)
{
	suite_add(suite, IN_HOME_ROUTED, "the way out is kept", run_kept, NULL);
	suite_add(suite, IN_HOME_ROUTED, "a neighbour's new address is followed", run_neighbour,
		  NULL);
	suite_add(suite, IN_HOME_ROUTED, "a neighbour that is silent for long is asked", run_stale,
		  NULL);
	suite_add(suite, IN_HOME_ROUTED, "a rule's neighbour", run_rule, NULL);
	suite_add(suite, IN_HOME_ROUTED, "a new route is followed", run_route, NULL);
}
