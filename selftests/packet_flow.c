// SPDX-License-Identifier: GPL-2.0-only
/* What the gateway itself starts: learned as it leaves, and its answers stay. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "packet_suite.h"

#define SECOND		1000000000LL
#define DAY		(24 * 3600 * SECOND)

#define SENT_TO_CLIENT	.source = PUBLIC, .destination = CLIENT

/* One step of a story: a packet from the wire and what has to become of it. */
static bool arrives(struct lab *lab, const char *what, enum nestwg_reason reason, enum fate fate,
		    struct spec in)
{
	const struct packet_case c = { .reason = reason, .fate = fate, .in = in };

	if (expect(lab, &c))
		return true;
	printf("# failed: %s\n", what);
	return false;
}

static bool stays(struct lab *lab, const char *what, struct spec in)
{
	return arrives(lab, what, NESTWG_OWN_FLOW, STAYS, in);
}

static bool goes_home(struct lab *lab, const char *what, struct spec in)
{
	return arrives(lab, what, NESTWG_FORWARDED, GOES_HOME, in);
}

static bool gateway_sends(struct lab *lab, struct spec s)
{
	return expect_learn_run(lab, &s, 0);
}

static unsigned int count_flows(struct lab *lab)
{
	int fd = bpf_map__fd(lab->skel->maps.flows);
	struct nestwg_flow key, next;
	unsigned int count = 0;
	void *last = NULL;

	while (!bpf_map_get_next_key(fd, last, &next)) {
		key = next;
		last = &key;
		count++;
	}
	return count;
}

static bool learned(struct lab *lab, const char *what, unsigned int expected)
{
	unsigned int count = count_flows(lab);

	if (count == expected)
		return true;
	printf("# %s: %u flows, expected %u\n", what, count, expected);
	return false;
}

static long long monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

/* The only flow's age: set it, or get it. */
static void set_age(struct lab *lab, long long age)
{
	struct nestwg_flow_state state = { .seen = monotonic() - age };
	struct nestwg_flow key;

	if (!bpf_map_get_next_key(bpf_map__fd(lab->skel->maps.flows), NULL, &key))
		bpf_map_update_elem(bpf_map__fd(lab->skel->maps.flows), &key, &state, BPF_EXIST);
}

static long long get_age(struct lab *lab)
{
	struct nestwg_flow_state state = {};
	struct nestwg_flow key;

	if (!bpf_map_get_next_key(bpf_map__fd(lab->skel->maps.flows), NULL, &key))
		bpf_map_lookup_elem(bpf_map__fd(lab->skel->maps.flows), &key, &state);
	return monotonic() - (long long)state.seen;
}

static bool run_tcp(struct lab *lab, const void *argument)
{
	const struct spec syn = { SENT_TO_CLIENT, TCP_TO(443), .flags = SYN, .df = true };
	const struct spec answer = { FROM_CLIENT, TCP_BY(443), .flags = SYN | ACK, .df = true };
	struct spec data = { FROM_CLIENT, TCP_BY(443), .flags = ACK, .df = true, .payload = 1460 };
	struct spec other = answer, fresh = answer;

	(void)argument;
	other.source_port = 444;
	fresh.flags = SYN;
	return goes_home(lab, "before it is learned", answer) &&
	       gateway_sends(lab, syn) &&
	       stays(lab, "the SYN-ACK", answer) &&
	       stays(lab, "a full-sized segment", data) &&
	       goes_home(lab, "the same from another port", other) &&
	       goes_home(lab, "a new connection to the same port", fresh) &&
	       stays(lab, "the old one, whoever sent that", data);
}

static bool run_reset(struct lab *lab, const void *argument)
{
	(void)argument;
	return gateway_sends(lab, (struct spec){ SENT_TO_CLIENT, TCP_TO(443), .flags = SYN }) &&
	       stays(lab, "a reset",
		     (struct spec){ FROM_CLIENT, TCP_BY(443), .flags = RST | ACK }) &&
	       stays(lab, "a FIN",
		     (struct spec){ FROM_CLIENT, TCP_BY(443), .flags = FIN | ACK });
}

static bool run_udp(struct lab *lab, const void *argument)
{
	const struct spec answer = { FROM_CLIENT, UDP_BY(53), .payload = 120 };
	struct spec other = answer;

	(void)argument;
	other.source = FAR_HOST;
	return goes_home(lab, "before it is learned", answer) &&
	       gateway_sends(lab, (struct spec){ SENT_TO_CLIENT, UDP_TO(53), .payload = 30 }) &&
	       stays(lab, "the answer", answer) &&
	       goes_home(lab, "the same from another host", other) &&
	       goes_home(lab, "TCP between the same ports",
			 (struct spec){ FROM_CLIENT, TCP_BY(53), .flags = ACK });
}

/* A router solicitation (RFC 1256), and an error about one: no flow has them, not even that of identifier 0. */
static bool run_no_identifier(struct lab *lab, const void *argument)
{
	const struct spec error = { FROM_CLIENT, UNREACHABLE,
				    QUOTING(SENT_TO_CLIENT, ICMP(10, 0), .payload = 20) };

	(void)argument;
	return gateway_sends(lab, (struct spec){ SENT_TO_CLIENT, ICMP(8, 0), .payload = 20 }) &&
	       arrives(lab, "the answer", NESTWG_OWN_FLOW, STAYS,
		       (struct spec){ FROM_CLIENT, ICMP(0, 0), .payload = 20 }) &&
	       arrives(lab, "a router solicitation", NESTWG_FORWARDED, GOES_HOME,
		       (struct spec){ FROM_CLIENT, ICMP(10, 0), .payload = 20 }) &&
	       arrives(lab, "an error about one", NESTWG_FORWARDED, GOES_HOME, error);
}

static bool run_ping(struct lab *lab, const void *argument)
{
	const struct spec query = { SENT_TO_CLIENT, PING };
	const struct spec answer = { FROM_CLIENT, PONG };
	struct spec other = answer;

	(void)argument;
	other.icmp_id++;
	return goes_home(lab, "before it is learned", answer) &&
	       gateway_sends(lab, query) &&
	       stays(lab, "the answer", answer) &&
	       goes_home(lab, "the answer to the home's ping", other) &&
	       goes_home(lab, "a ping with the same identifier",
			 (struct spec){ FROM_CLIENT, PING });
}

static bool run_gre(struct lab *lab, const void *argument)
{
	const struct spec answer = { FROM_CLIENT, .protocol = PROTO_GRE, .payload = 40 };
	struct spec other = answer;

	(void)argument;
	other.source = FAR_HOST;
	return goes_home(lab, "before it is learned", answer) &&
	       gateway_sends(lab, (struct spec){ SENT_TO_CLIENT, .protocol = PROTO_GRE,
						 .payload = 24 }) &&
	       stays(lab, "the other end of the gateway's tunnel", answer) &&
	       goes_home(lab, "another host's GRE", other) &&
	       goes_home(lab, "ESP", (struct spec){ FROM_CLIENT, .protocol = PROTO_ESP,
						    .payload = 24 });
}

static bool run_error(struct lab *lab, const void *argument)
{
	const struct spec error = {
		.source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		QUOTING(SENT_TO_CLIENT, UDP_TO(53), .payload = 30),
	};

	(void)argument;
	return goes_home(lab, "before it is learned", error) &&
	       gateway_sends(lab, (struct spec){ SENT_TO_CLIENT, UDP_TO(53), .payload = 30 }) &&
	       arrives(lab, "about the gateway's own", NESTWG_OWN_ICMP_ERROR, STAYS, error);
}

static bool run_error_ping(struct lab *lab, const void *argument)
{
	const struct spec error = {
		.source = FAR_HOST, .destination = PUBLIC, ICMP(11, 0),
		QUOTING(SENT_TO_CLIENT, PING, .ttl = 1),
	};

	(void)argument;
	return goes_home(lab, "about the home's traceroute", error) &&
	       gateway_sends(lab, (struct spec){ SENT_TO_CLIENT, PING, .ttl = 3 }) &&
	       arrives(lab, "about the gateway's traceroute", NESTWG_OWN_ICMP_ERROR, STAYS, error);
}

static bool run_no_limits(struct lab *lab, const void *argument)
{
	(void)argument;
	return gateway_sends(lab, (struct spec){ SENT_TO_CLIENT, UDP_TO(53), .payload = 30 }) &&
	       stays(lab, "with one hop left",
		     (struct spec){ FROM_CLIENT, UDP_BY(53), .ttl = 1, .payload = 4 }) &&
	       stays(lab, "larger than the tunnel",
		     (struct spec){ FROM_CLIENT, UDP_BY(53), .df = true, .payload = 1472 });
}

/* The gateway knows nothing of the connection: what it refuses may be the answer to a SYN of the home's. */
static bool run_reset_is_rest(struct lab *lab, const void *argument)
{
	const struct packet_case home = {
		.reason = NESTWG_HOME_RETURNED, .fate = HOME_OUT,
		.in = { FROM_PEER, TCP_TO(443), .flags = SYN },
	};
	const struct spec answer = { FROM_CLIENT, TCP_BY(443), .flags = SYN | ACK };

	(void)argument;
	if (!gateway_sends(lab, (struct spec){ SENT_TO_CLIENT, TCP_TO(443), .flags = SYN }) ||
	    !expect(lab, &home) || !stays(lab, "the answer to the home's first SYN", answer) ||
	    !gateway_sends(lab, (struct spec){ SENT_TO_CLIENT, TCP_TO(443), .flags = RST }) ||
	    !stays(lab, "as long as the home does not want it", answer) ||
	    !gateway_sends(lab, (struct spec){ SENT_TO_CLIENT, TCP_TO(443), .flags = RST }))
		return false;
	/* A second later it sends its SYN again. */
	set_age(lab, get_age(lab) + SECOND);
	return expect(lab, &home) && goes_home(lab, "the answer to the home's next SYN", answer);
}

static bool run_not_learned(struct lab *lab, const void *argument)
{
	const struct spec forwarded = { SENT_TO_CLIENT, TCP_TO(443), .flags = SYN };
	struct spec sent[] = {
		{ SENT_TO_CLIENT, TCP_BY(PORT_SSH), .flags = ACK },
		{ SENT_TO_CLIENT, TCP_TO(443), .flags = RST },
		{ SENT_TO_CLIENT, UDP_BY(PORT_TUNNEL), .payload = 92 },
		{ SENT_TO_CLIENT, PONG },
		{ SENT_TO_CLIENT, UNREACHABLE, QUOTING(FROM_CLIENT, UDP_TO(7)) },
		{ .source = GATEWAY, .destination = CLIENT, UDP_TO(53) },
		{ .source = PUBLIC, .destination = IP(224, 0, 0, 251), UDP_TO(5353) },
		{ .source = PUBLIC, .destination = IP(255, 255, 255, 255), UDP_TO(67) },
		{ SENT_TO_CLIENT, UDP_TO(53), .id = 4, .payload = 100, .fragment_at = 48 },
	};

	(void)argument;
	for (unsigned int i = 0; i < LENGTH_OF(sent); i++) {
		if (gateway_sends(lab, sent[i]) && learned(lab, "not to be learned", 0))
			continue;
		printf("# packet %u\n", i);
		return false;
	}
	return expect_learn_run(lab, &forwarded, lab->wg_ifindex) &&
	       learned(lab, "of another peer of the tunnel, masqueraded", 1) &&
	       expect_learn_run(lab, &forwarded, lab->stack_ifindex) &&
	       learned(lab, "out of a container", 1);
}

static bool set_attached_at(struct lab *lab, __u64 when)
{
	struct nestwg_config config;
	__u32 zero = 0;

	if (bpf_map__lookup_elem(lab->skel->maps.config, &zero, sizeof(zero), &config,
				 sizeof(config), 0))
		return false;
	config.attached_at = when;
	return !bpf_map__update_elem(lab->skel->maps.config, &zero, sizeof(zero), &config,
				     sizeof(config), BPF_ANY);
}

/* Until a first attach is complete: selftests/migration_test.sh has the rules. */
static bool run_rules_before(struct lab *lab, const void *argument)
{
	const struct spec answer = { SENT_TO_CLIENT, TCP_BY(443), .flags = ACK };
	bool passed;

	(void)argument;
	passed = set_attached_at(lab, 0) && expect_learn_run(lab, &answer, lab->wg_ifindex) &&
		 learned(lab, "of the home, by the rules of before", 0) &&
		 expect_learn_run(lab, &answer, lab->stack_ifindex) &&
		 learned(lab, "meanwhile, out of a container", 1);
	return set_attached_at(lab, 1) && passed;
}

static bool run_truncated(struct lab *lab, const void *argument)
{
	struct spec s = { SENT_TO_CLIENT, TCP_TO(443), .flags = SYN, .total_lie = 1 };

	(void)argument;
	return gateway_sends(lab, s) && learned(lab, "malformed", 0);
}

/* By the real hook: a packet that a socket of the gateway's sends. */
static bool run_socket(struct lab *lab, const void *argument)
{
	const struct spec answer = { FROM_CLIENT, UDP_BY(53), .payload = 120 };
	struct sockaddr_in local = { .sin_family = AF_INET, .sin_port = htons(40000),
				     .sin_addr.s_addr = htonl(PUBLIC) };
	struct sockaddr_in remote = { .sin_family = AF_INET, .sin_port = htons(53),
				      .sin_addr.s_addr = htonl(CLIENT) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	static struct heap tunnel, stack, nic;
	bool sent;

	(void)argument;
	sent = fd >= 0 && !bind(fd, (struct sockaddr *)&local, sizeof(local)) &&
	       sendto(fd, "query", 5, 0, (struct sockaddr *)&remote, sizeof(remote)) == 5;
	if (fd >= 0)
		close(fd);
	if (!sent || lab_collect(lab, &tunnel, &stack, &nic))
		return false;
	if (nic.count != 1) {
		printf("# %u packets left, expected 1\n", nic.count);
		return false;
	}
	return learned(lab, "a socket's query", 1) && stays(lab, "the answer", answer);
}

struct lifetime {
	const char *name;
	struct spec sent;
	struct spec answer;
	long long lifetime;
};

static const struct lifetime lifetimes[] = {
	{ "an own UDP flow lives 180 seconds",
	  { SENT_TO_CLIENT, UDP_TO(53) }, { FROM_CLIENT, UDP_BY(53) }, 180 * SECOND },
	{ "an own TCP flow lives five days",
	  { SENT_TO_CLIENT, TCP_TO(80), .flags = SYN }, { FROM_CLIENT, TCP_BY(80), .flags = ACK },
	  5 * DAY },
	{ "an own ping lives 180 seconds",
	  { SENT_TO_CLIENT, PING }, { FROM_CLIENT, PONG }, 180 * SECOND },
};

static bool run_lifetime(struct lab *lab, const void *argument)
{
	const struct lifetime *l = argument;
	/* The clock began with the machine. A time before that wraps, and is not noted again. */
	bool is_time = monotonic() > l->lifetime + SECOND;

	if (!gateway_sends(lab, l->sent))
		return false;
	set_age(lab, l->lifetime - 30 * SECOND);
	if (!stays(lab, "30 seconds before its end", l->answer))
		return false;
	if (is_time && get_age(lab) > 30 * SECOND) {
		printf("# its answer did not let it live on\n");
		return false;
	}
	set_age(lab, l->lifetime + SECOND);
	if (!goes_home(lab, "a second after its end", l->answer))
		return false;
	return !is_time ||
	       (gateway_sends(lab, l->sent) && stays(lab, "sent anew", l->answer));
}

static bool run_noted(struct lab *lab, const void *argument)
{
	const struct spec answer = { FROM_CLIENT, UDP_BY(53) };
	long long age;

	(void)argument;
	if (!gateway_sends(lab, (struct spec){ SENT_TO_CLIENT, UDP_TO(53) }))
		return false;
	set_age(lab, 3 * SECOND);
	if (!stays(lab, "the answer", answer))
		return false;
	age = get_age(lab);
	if (age < 3 * SECOND)
		return true;
	printf("# still %lld ns old\n", age);
	return false;
}

/* An error about it is no sign of life: anybody can send one. */
static bool run_error_is_no_life(struct lab *lab, const void *argument)
{
	const struct spec error = {
		.source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		QUOTING(SENT_TO_CLIENT, UDP_TO(53)),
	};

	(void)argument;
	if (!gateway_sends(lab, (struct spec){ SENT_TO_CLIENT, UDP_TO(53) }))
		return false;
	set_age(lab, 3 * SECOND);
	if (!arrives(lab, "the error", NESTWG_OWN_ICMP_ERROR, STAYS, error))
		return false;
	if (get_age(lab) >= 3 * SECOND)
		return true;
	printf("# the error let the flow live on\n");
	return false;
}

/* Nor is a new connection, which goes to the home: the gateway's own may be over. */
static bool run_syn_is_no_life(struct lab *lab, const void *argument)
{
	(void)argument;
	if (!gateway_sends(lab, (struct spec){ SENT_TO_CLIENT, TCP_TO(443), .flags = SYN }))
		return false;
	set_age(lab, 3 * SECOND);
	if (!goes_home(lab, "the SYN", (struct spec){ FROM_CLIENT, TCP_BY(443), .flags = SYN }))
		return false;
	if (get_age(lab) >= 3 * SECOND)
		return true;
	printf("# the SYN let the flow live on\n");
	return false;
}

static bool with_icmp_excluded(struct lab *lab)
{
	const struct spec error = {
		.source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		QUOTING(SENT_TO_CLIENT, TCP_BY(443)),
	};
	const struct spec own_error = {
		.source = FAR_HOST, .destination = PUBLIC, UNREACHABLE,
		QUOTING(SENT_TO_CLIENT, PONG),
	};

	return arrives(lab, "a ping", NESTWG_EXCLUDED, STAYS, (struct spec){ FROM_CLIENT, PING }) &&
	       arrives(lab, "a timestamp query", NESTWG_EXCLUDED, STAYS,
		       (struct spec){ FROM_CLIENT, ICMP(13, 0), .payload = 12 }) &&
	       goes_home(lab, "the answer to a ping of the home's",
			 (struct spec){ FROM_CLIENT, PONG }) &&
	       goes_home(lab, "an ICMP error about the home's TCP", error) &&
	       arrives(lab, "an ICMP error about the gateway's answer to a ping",
		       NESTWG_OWN_ICMP_ERROR, STAYS, own_error) &&
	       gateway_sends(lab, (struct spec){ SENT_TO_CLIENT, PING }) &&
	       stays(lab, "the answer to a ping of the gateway's",
		     (struct spec){ FROM_CLIENT, PONG });
}

static bool run_icmp_excluded(struct lab *lab, const void *argument)
{
	bool passed;

	(void)argument;
	lab->protocols[PROTO_ICMP].excluded = 1;
	passed = with_icmp_excluded(lab);
	lab->protocols[PROTO_ICMP].excluded = 0;
	return passed;
}

static bool run_ports_live(struct lab *lab, const void *argument)
{
	const struct spec in = { FROM_CLIENT, UDP_TO(60000), .payload = 20 };
	bool passed;

	(void)argument;
	passed = goes_home(lab, "before it is excluded", in);
	lab->ports[60000].excluded = NESTWG_EXCLUDED_UDP;
	passed &= arrives(lab, "while it is excluded", NESTWG_EXCLUDED, STAYS, in);
	lab->ports[60000].excluded = 0;
	return passed & goes_home(lab, "after it was excluded", in);
}

/* `allow` of a port that a flow of the gateway's own had used: else a SYN, which no own flow takes, would go home. */
static bool run_excluded_first(struct lab *lab, const void *argument)
{
	const struct spec query = { SENT_TO_CLIENT, TCP_BY(8443), .flags = SYN };
	const struct spec answer = { FROM_CLIENT, TCP_TO(8443), .flags = ACK, .payload = 20 };
	const struct spec syn = { FROM_CLIENT, TCP_TO(8443), .flags = SYN };
	bool passed;

	(void)argument;
	passed = gateway_sends(lab, query) && stays(lab, "before it is excluded", answer);
	lab->ports[8443].excluded = NESTWG_EXCLUDED_TCP;
	passed = passed && arrives(lab, "an answer", NESTWG_EXCLUDED, STAYS, answer) &&
		 arrives(lab, "a new connection", NESTWG_EXCLUDED, STAYS, syn);
	lab->ports[8443].excluded = 0;
	return passed;
}

/* The home may visit the public address from and to ports that the gateway uses as well. */
static bool run_hairpin(struct lab *lab, const void *argument)
{
	struct packet_case c = {
		.reason = NESTWG_HOME_HAIRPIN, .fate = HOME_TURNED,
		.in = { .source = PEER, .destination = PUBLIC, UDP_BY(53), .payload = 5 },
	};

	(void)argument;
	if (!expect(lab, &c) ||
	    !gateway_sends(lab, (struct spec){ SENT_TO_CLIENT, UDP_TO(53) }) || !expect(lab, &c))
		return false;
	/* The gateway asks the home itself, by its public address. */
	c.reason = NESTWG_HOME_EXCLUDED;
	c.fate = HOME_STAYS;
	return gateway_sends(lab, (struct spec){ .source = PUBLIC, .destination = PEER,
						 UDP_TO(53) }) &&
	       expect(lab, &c);
}

void add_flow_tests(struct suite *suite)
{
	suite_add(suite, IN_MODES, "the gateway's own TCP comes back to it", run_tcp, NULL);
	suite_add(suite, IN_MODES, "and its end does", run_reset, NULL);
	suite_add(suite, IN_MODES, "its own reset leaves the connection to the home",
		  run_reset_is_rest, NULL);
	suite_add(suite, IN_MODES, "the gateway's own DNS comes back to it", run_udp, NULL);
	suite_add(suite, IN_MODES, "the gateway's own ping comes back to it", run_ping, NULL);
	suite_add(suite, IN_MODES, "what has no identifier is no answer to ping number 0",
		  run_no_identifier, NULL);
	suite_add(suite, IN_MODES, "the gateway's own GRE comes back to it", run_gre, NULL);
	suite_add(suite, IN_MODES, "an ICMP error about the gateway's own DNS", run_error, NULL);
	suite_add(suite, IN_MODES, "an ICMP error about the gateway's own traceroute",
			  run_error_ping,
		  NULL);
	suite_add(suite, IN_MODES, "neither TTL nor size matters to what is the gateway's own",
		  run_no_limits, NULL);
	suite_add(suite, IN_ONE, "only what the gateway starts is learned", run_not_learned, NULL);
	suite_add(suite, IN_ONE, "what DNAT rules forward while it attaches is not learned",
		  run_rules_before, NULL);
	suite_add(suite, IN_ONE, "a malformed packet is not learned", run_truncated, NULL);
	suite_add(suite, IN_MODES, "a socket's query is learned as it leaves", run_socket, NULL);
	for (unsigned int i = 0; i < LENGTH_OF(lifetimes); i++)
		suite_add(suite, IN_MODES, lifetimes[i].name, run_lifetime, &lifetimes[i]);
	suite_add(suite, IN_MODES, "an answer lets its flow live on", run_noted, NULL);
	suite_add(suite, IN_MODES, "an ICMP error does not let a flow live on",
			  run_error_is_no_life,
		  NULL);
	suite_add(suite, IN_MODES, "a new connection does not let a flow live on",
		  run_syn_is_no_life, NULL);
	suite_add(suite, IN_MODES, "allow icmp: pings stay on the gateway, errors find their way",
		  run_icmp_excluded, NULL);
	suite_add(suite, IN_MODES, "allow and disallow take effect at once", run_ports_live, NULL);
	suite_add(suite, IN_MODES, "an exclusion comes before a flow of the gateway's own",
		  run_excluded_first, NULL);
	suite_add(suite, IN_HOME, "the home's visits and the gateway's own flows", run_hairpin,
			  NULL);
}
