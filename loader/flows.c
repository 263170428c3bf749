// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include "conntrack.h"
#include "error.h"
#include "exclusions.h"
#include "flows.h"
#include "own_slots.h"
#include "sockets.h"
#include "verbose.h"

struct seed {
	const struct state *state;
	unsigned int entered;
};

/* The clock of the programs, read for each flow: they note what they see meanwhile. */
static __u64 monotonic_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * 1000000000 + (__u64)now.tv_nsec;
}

/* After the flow, so that whoever sees the mark finds it; as learn() of bpf/own_flow.h does it. */
static void mark(const struct seed *seed, const struct nestwg_flow *flow, __u64 now)
{
	struct nestwg_port *port = &seed->state->ports[ntohs(flow->local_port)];

	__atomic_thread_fence(__ATOMIC_RELEASE);
	if (flow->protocol == IPPROTO_TCP || flow->protocol == IPPROTO_UDP)
		nestwg_slots_note(flow->protocol == IPPROTO_TCP ? port->own_tcp : port->own_udp,
				  nestwg_slots_of(flow->remote, flow->remote_port),
				  nestwg_epoch(flow->protocol, now));
	else
		seed->state->protocols[flow->protocol].own = 1;
}

static void enter(struct seed *seed, const struct nestwg_flow *flow)
{
	const struct nestwg_flow_state value = { .seen = monotonic_now() };
	const struct state *state = seed->state;
	uint16_t port = ntohs(flow->local_port);
	bool ports = flow->protocol == IPPROTO_TCP || flow->protocol == IPPROTO_UDP;

	if (ports && (!port || exclusions_have(state, flow->protocol, port)))
		return;
	if (bpf_map_update_elem(state->flows_fd, flow, &value, BPF_ANY))
		return;
	seed->entered++;
	mark(seed, flow, value.seen);
}

static void enter_socket(const struct socket *socket, void *data)
{
	struct seed *seed = data;
	const struct nestwg_flow flow = {
		.remote = socket->remote,
		.remote_port = htons(socket->remote_port),
		.local_port = htons(socket->local_port),
		.protocol = socket->protocol,
	};

	if (socket->state != SOCKET_LISTEN && socket->state != SOCKET_CLOSE && socket->remote &&
	    socket->local == seed->state->config.address)
		enter(seed, &flow);
}

/*
 * As the data path keys it: ports for TCP and UDP, an identifier for ICMP, nothing for the others.
 */
static struct nestwg_flow flow_of(const struct conntrack_tuple *tuple, __be32 remote,
				  __be16 remote_port, __be16 local_port)
{
	struct nestwg_flow flow = { .remote = remote, .protocol = tuple->protocol };

	if (tuple->protocol == IPPROTO_TCP || tuple->protocol == IPPROTO_UDP) {
		flow.remote_port = remote_port;
		flow.local_port = local_port;
	} else if (tuple->protocol == IPPROTO_ICMP) {
		flow.local_port = tuple->icmp_id;
	}
	return flow;
}

static void enter_tracked(const struct conntrack_flow *tracked, void *data)
{
	const struct conntrack_tuple *original = &tracked->original, *reply = &tracked->reply;
	struct seed *seed = data;
	__be32 address = seed->state->config.address, peer = seed->state->config.peer;
	struct nestwg_flow flow;

	/*
	 * What was forwarded for the home until now goes on, without the gateway's connection
	 * tracking.
	 */
	if (original->source == peer || reply->source == peer)
		return;
	/* Both ends here: not from the wire, unless the port was translated (iptables REDIRECT). */
	if (reply->source == address && (reply->destination == address ||
					 reply->source_port == original->destination_port))
		return;
	if (reply->destination == address)
		/* Started by the gateway or masqueraded by it: answers come to this port. */
		flow = flow_of(reply, reply->source, reply->source_port, reply->destination_port);
	else if (original->destination == address)
		/* Started out there, and translated to something local, such as a container. */
		flow = flow_of(original, original->source, original->source_port,
			       original->destination_port);
	else
		return;
	enter(seed, &flow);
}

static void enter_sockets(struct seed *seed)
{
	int err;

	err = sockets_each(IPPROTO_TCP, enter_socket, seed);
	if (!err)
		err = sockets_each(IPPROTO_UDP, enter_socket, seed);
	if (err)
		warn(seed->state->nic, "cannot read the open sockets: %s; connections that are open "
		     "now may break", strerror(-err));
}

static void enter_all_tracked(struct seed *seed)
{
	int err = conntrack_each(enter_tracked, seed);

	if (err)
		warn(seed->state->nic, "cannot read the connection tracking table: %s; connections "
		     "of containers that are open now may break", strerror(-err));
}

void flows_seed(const struct state *state)
{
	struct seed seed = { .state = state };

	enter_sockets(&seed);
	enter_all_tracked(&seed);
	did("keep %u open connections of the gateway", seed.entered);
}

void flows_seed_tracked(const struct state *state)
{
	struct seed seed = { .state = state };

	enter_all_tracked(&seed);
	did("keep %u open connections that connection tracking knows", seed.entered);
}
