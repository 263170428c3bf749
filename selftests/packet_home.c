// SPDX-License-Identifier: GPL-2.0-only
/* From the home: out of the NIC under the public address, turned round, or the gateway's. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <linux/if_ether.h>

#include "own_slots.h"
#include "packet_suite.h"

static const struct packet_case whose[] = {
	{ "the home's web server answers under the public address", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, TCP_BY(443), .flags = ACK | PSH, .df = true, .payload = 1000 } },
	{ "the home's own connections leave, too", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, TCP_TO(80), .flags = SYN, OPTIONS(4, "\x02\x04\x05\x64"),
		  .mss_at = 2 } },
	{ "a host beside the gateway is reached by its neighbour", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { .source = PEER, .destination = NEXT_HOP, UDP_TO(53), .payload = 30 } },
	{ "UDP", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, UDP_BY(13131), .payload = 92 } },
	{ "UDP of odd length", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, UDP_BY(13131), .payload = 93 } },
	{ "UDP without a checksum keeps none", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, UDP_BY(13131), .payload = 93, .checksum = CHECKSUM_NONE } },
	{ "a wrong UDP checksum stays as wrong as it was", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, UDP_BY(13131), .payload = 93, .checksum_error = 8 } },
	{ "a wrong TCP checksum stays as wrong as it was", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, TCP_BY(443), .payload = 93, .checksum_error = 8 } },
	{ "half a TCP checksum", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, TCP_BY(443), .flags = ACK, .payload = 93,
		  .checksum = CHECKSUM_HALF } },
	{ "half a UDP checksum", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, UDP_BY(443), .payload = 93, .checksum = CHECKSUM_HALF } },
	{ "UDP-Lite", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, .protocol = PROTO_UDPLITE, .payload = 10 } },
	{ "DCCP", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, .protocol = PROTO_DCCP, .payload = 10 } },
	{ "SCTP", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, .protocol = PROTO_SCTP, .payload = 40 } },
	{ "GRE", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, .protocol = PROTO_GRE, .payload = 40 } },
	{ "ESP", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, .protocol = PROTO_ESP, .payload = 40 } },
	{ "a ping from the home", NESTWG_HOME_RETURNED, HOME_OUT, .in = { FROM_PEER, PING } },
	{ "the home's answer to a ping",
	  NESTWG_HOME_RETURNED, HOME_OUT, .in = { FROM_PEER, PONG } },
	{ "IP options", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, UDP_BY(443), .ip_options = 40, .payload = 7 } },
	{ "a fragment", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, UDP_BY(443), .id = 3, .payload = 900, .fragment_len = 480 } },
	{ "a later fragment", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, UDP_BY(443), .id = 3, .payload = 900, .fragment_at = 480 } },
	{ "the last hop but one", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, UDP_BY(443), .ttl = 2 } },
	{ "1500 bytes leave", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, UDP_BY(443), .df = true, .payload = 1472 } },

	{ "a SYN's MSS is lowered to the tunnel", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, TCP_TO(80), .flags = SYN, OPTIONS(4, "\x02\x04\x05\xb4"),
		  .mss_at = 2 } },
	{ "a SYN-ACK's, too, at an odd offset", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, TCP_BY(443), .flags = SYN | ACK,
		  OPTIONS(8, "\x03\x03\x07\x02\x04\x05\xb4"), .mss_at = 5 } },
	{ "a SYN-ACK's with half a checksum", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, TCP_BY(443), .flags = SYN | ACK, .checksum = CHECKSUM_HALF,
		  OPTIONS(4, "\x02\x04\x05\xb4"), .mss_at = 2 } },
	{ "a SYN-ACK's with half a checksum, at an odd offset", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, TCP_BY(443), .flags = SYN | ACK, .checksum = CHECKSUM_HALF,
		  OPTIONS(8, "\x01\x02\x04\x05\xb4\x01\x01"), .mss_at = 3 } },

	{ "the home visits its own public address", NESTWG_HOME_HAIRPIN, HOME_TURNED,
	  .in = { .source = PEER, .destination = PUBLIC, TCP_TO(443), .flags = ACK,
		  .payload = 9 } },
	{ "by UDP", NESTWG_HOME_HAIRPIN, HOME_TURNED,
	  .in = { .source = PEER, .destination = PUBLIC, UDP_TO(13131), .payload = 148 } },
	{ "by UDP without a checksum", NESTWG_HOME_HAIRPIN, HOME_TURNED,
	  .in = { .source = PEER, .destination = PUBLIC, UDP_TO(13131), .payload = 148,
		  .checksum = CHECKSUM_NONE } },
	{ "by ping", NESTWG_HOME_HAIRPIN, HOME_TURNED,
	  .in = { .source = PEER, .destination = PUBLIC, PING } },
	{ "by a SYN, whose MSS is lowered", NESTWG_HOME_HAIRPIN, HOME_TURNED,
	  .in = { .source = PEER, .destination = PUBLIC, TCP_TO(443), .flags = SYN,
		  OPTIONS(4, "\x02\x04\x05\xb4"), .mss_at = 2 } },
	{ "with half a checksum", NESTWG_HOME_HAIRPIN, HOME_TURNED,
	  .in = { .source = PEER, .destination = PUBLIC, TCP_TO(443), .flags = ACK, .payload = 9,
		  .checksum = CHECKSUM_HALF } },
	{ "with an ICMP error about such a visit", NESTWG_HOME_HAIRPIN, HOME_TURNED,
	  .in = { .source = PEER, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = PUBLIC, .destination = PEER, UDP_TO(13131), .payload = 20) } },
	{ "with an ICMP error about such a visit, eight bytes quoted",
	  NESTWG_HOME_HAIRPIN, HOME_TURNED,
	  .in = { .source = PEER, .destination = PUBLIC, UNREACHABLE, .quote_len = 28,
		  QUOTING(.source = PUBLIC, .destination = PEER, TCP_TO(443), .payload = 20) } },
	{ "the home's SSH to the public address reaches the gateway",
	  NESTWG_HOME_EXCLUDED, HOME_STAYS,
	  .in = { .source = PEER, .destination = PUBLIC, TCP_TO(PORT_SSH), .flags = SYN } },
	{ "an excluded protocol from the home, too", NESTWG_HOME_EXCLUDED, HOME_STAYS,
	  .in = { .source = PEER, .destination = PUBLIC, .protocol = PROTO_OSPF, .payload = 8 } },
	{ "an ICMP error about that SSH, too", NESTWG_HOME_EXCLUDED, HOME_STAYS,
	  .in = { .source = PEER, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = PUBLIC, .destination = PEER, TCP_BY(PORT_SSH)) } },
	{ "an ICMP error to the public address about nothing is dropped", NESTWG_HOME_ICMP_UNRELATED,
	  HOME_DROPPED,
	  .in = { .source = PEER, .destination = PUBLIC, UNREACHABLE,
		  QUOTING(.source = CLIENT, .destination = PEER, TCP_BY(443)) } },

	{ "the home pings the gateway in the tunnel", NESTWG_HOME_TO_GATEWAY, HOME_STAYS,
	  .in = { .source = PEER, .destination = GATEWAY, PING } },
	{ "the home logs into the gateway in the tunnel", NESTWG_HOME_TO_GATEWAY, HOME_STAYS,
	  .in = { .source = PEER, .destination = GATEWAY, TCP_TO(22), .flags = SYN } },
	{ "the home's multicast stays", NESTWG_HOME_TO_GATEWAY, HOME_STAYS,
	  .in = { .source = PEER, .destination = IP(224, 0, 0, 5), UDP_TO(5353) } },
	{ "the home's broadcast stays", NESTWG_HOME_TO_GATEWAY, HOME_STAYS,
	  .in = { .source = PEER, .destination = IP(255, 255, 255, 255), UDP_TO(67) } },
	{ "127.0.0.1 does not leave", NESTWG_HOME_TO_GATEWAY, HOME_STAYS,
	  .in = { .source = PEER, .destination = IP(127, 0, 0, 1), UDP_TO(67) } },
	{ "another source in the tunnel is not ours", NESTWG_HOME_OTHER_SOURCE, HOME_STAYS,
	  .in = { .source = IP(10, 0, 18, 3), .destination = CLIENT, UDP_TO(67), .payload = 3 } },
	{ "another source with a broken packet is not ours", NESTWG_HOME_OTHER_SOURCE, HOME_STAYS,
	  .in = { .source = IP(10, 0, 18, 3), .destination = CLIENT, UDP_TO(67), .udp_lie = 3 } },

	{ "from the SSH port nothing of the home's leaves", NESTWG_HOME_RESERVED_PORT, HOME_DROPPED,
	  .in = { FROM_PEER, TCP_BY(PORT_SSH), .flags = SYN } },
	{ "nor from the tunnel's", NESTWG_HOME_RESERVED_PORT, HOME_DROPPED,
	  .in = { FROM_PEER, UDP_BY(PORT_TUNNEL), .payload = 148 } },
	{ "UDP from 2222 leaves", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, UDP_BY(PORT_SSH), .payload = 148 } },

	{ "the home's traceroute sees the gateway", NESTWG_HOME_TTL_EXCEEDED, HOME_TTL_ANSWERED,
	  .in = { FROM_PEER, UDP_TO(33434), .ttl = 1, .payload = 31 } },
	{ "with TCP", NESTWG_HOME_TTL_EXCEEDED, HOME_TTL_ANSWERED,
	  .in = { FROM_PEER, TCP_TO(80), .flags = SYN, .ttl = 1 } },
	{ "with a TTL of 0", NESTWG_HOME_TTL_EXCEEDED, HOME_TTL_ANSWERED,
	  .in = { FROM_PEER, PING, .ttl = TTL_ZERO } },
	{ "with half a checksum", NESTWG_HOME_TTL_EXCEEDED, HOME_TTL_ANSWERED,
	  .in = { FROM_PEER, UDP_TO(33434), .ttl = 1, .payload = 31, .checksum = CHECKSUM_HALF } },
	{ "to its own public address", NESTWG_HOME_TTL_EXCEEDED, HOME_TTL_ANSWERED,
	  .in = { .source = PEER, .destination = PUBLIC, UDP_TO(33434), .ttl = 1,
		  .payload = 1000 } },
	{ "an ICMP error with a TTL of 1 gets no answer",
	  NESTWG_HOME_ANSWER_FORBIDDEN, HOME_DROPPED,
	  .in = { FROM_PEER, UNREACHABLE, .ttl = 1,
		  QUOTING(.source = CLIENT, .destination = PEER, TCP_TO(443)) } },
	{ "a later fragment with a TTL of 1 gets no answer",
	  NESTWG_HOME_ANSWER_FORBIDDEN, HOME_DROPPED,
	  .in = { FROM_PEER, UDP_BY(443), .ttl = 1, .id = 3, .payload = 900, .fragment_at = 480 } },
	{ "1501 bytes do not leave: the home is told the MTU",
	  NESTWG_HOME_FRAG_NEEDED, HOME_MTU_ANSWERED,
	  .in = { FROM_PEER, UDP_BY(443), .df = true, .payload = 1473 } },
	{ "1501 bytes that may be fragmented do not leave", NESTWG_HOME_TOO_BIG, HOME_DROPPED,
	  .in = { FROM_PEER, UDP_BY(443), .payload = 1473 } },
	{ "an ICMP error of 1528 bytes gets no answer", NESTWG_HOME_ANSWER_FORBIDDEN, HOME_DROPPED,
	  .in = { FROM_PEER, UNREACHABLE, .df = true,
		  QUOTING(.source = CLIENT, .destination = PEER, UDP_TO(443), .payload = 1472) } },
};

static const struct packet_case errors[] = {
	{ "the home's ICMP error about UDP is about the public address",
	  NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, UNREACHABLE,
		  QUOTING(.source = CLIENT, .destination = PEER, UDP_TO(4000), .payload = 77) } },
	{ "about UDP without a checksum", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, UNREACHABLE,
		  QUOTING(.source = CLIENT, .destination = PEER, UDP_TO(4000), .payload = 77,
			  .checksum = CHECKSUM_NONE) } },
	{ "about TCP", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, UNREACHABLE,
		  QUOTING(.source = CLIENT, .destination = PEER, TCP_TO(443), .payload = 600),
		  .quote_len = 548 } },
	{ "about eight bytes of TCP", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, UNREACHABLE,
		  QUOTING(.source = CLIENT, .destination = PEER, TCP_TO(443)), .quote_len = 28 } },
	{ "about TCP with IP options", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, UNREACHABLE, .ip_options = 40,
		  QUOTING(.source = CLIENT, .destination = PEER, TCP_TO(443), .ip_options = 40) } },
	{ "about a ping", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, UNREACHABLE, QUOTING(.source = CLIENT, .destination = PEER, PING) } },
	{ "about GRE", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, UNREACHABLE,
		  QUOTING(.source = CLIENT, .destination = PEER, .protocol = PROTO_GRE,
			  .payload = 20) } },
	{ "about SCTP", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, UNREACHABLE,
		  QUOTING(.source = CLIENT, .destination = PEER, .protocol = PROTO_SCTP,
			  .payload = 20) } },
	{ "about the path MTU", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, ICMP(3, 4), .icmp_mtu = 1380,
		  QUOTING(.source = CLIENT, .destination = PEER, TCP_TO(443), .df = true,
			  .payload = 1380), .quote_len = 548 } },
	{ "whose checksum is wrong", NESTWG_HOME_RETURNED, HOME_OUT,
	  .in = { FROM_PEER, UNREACHABLE, .checksum_error = 3,
		  QUOTING(.source = CLIENT, .destination = PEER, UDP_TO(4000)) } },
	{ "that quotes half an IP header is dropped", NESTWG_HOME_ICMP_UNRELATED, HOME_DROPPED,
	  .in = { FROM_PEER, UNREACHABLE, .quote_len = 10,
		  QUOTING(.source = CLIENT, .destination = PEER, UDP_TO(4000)) } },
	{ "a redirect, which names an inner router, is dropped", NESTWG_HOME_ICMP_UNRELATED,
	  HOME_DROPPED,
	  .in = { FROM_PEER, ICMP(5, 1),
		  QUOTING(.source = CLIENT, .destination = PEER, UDP_TO(4000)) } },
	{ "that quotes what never was for the home is dropped", NESTWG_HOME_ICMP_UNRELATED,
	  HOME_DROPPED,
	  .in = { FROM_PEER, UNREACHABLE,
		  QUOTING(.source = CLIENT, .destination = LAN_HOST, UDP_TO(4000),
		  .payload = 9) } },
};

static const struct packet_case malformed[] = {
	{ "an IP header of 16 bytes", NESTWG_HOME_MALFORMED, HOME_DROPPED,
	  .in = { FROM_PEER, TCP_BY(443), .ihl_is = 4 } },
	{ "IP version 5", NESTWG_HOME_MALFORMED, HOME_DROPPED,
	  .in = { FROM_PEER, TCP_BY(443), .version_is = 5 } },
	{ "an IP length beyond the packet", NESTWG_HOME_MALFORMED, HOME_DROPPED,
	  .in = { FROM_PEER, TCP_BY(443), .total_lie = 1 } },
	{ "a UDP length beyond the packet", NESTWG_HOME_MALFORMED, HOME_DROPPED,
	  .in = { FROM_PEER, UDP_BY(443), .udp_lie = 1 } },
	{ "a TCP header longer than the packet", NESTWG_HOME_MALFORMED, HOME_DROPPED,
	  .in = { FROM_PEER, TCP_BY(443), .doff_is = 6 } },
	{ "a TCP header of 16 bytes", NESTWG_HOME_MALFORMED, HOME_DROPPED,
	  .in = { FROM_PEER, TCP_BY(443), .doff_is = 4 } },
};

static const struct packet_case truncated[] = {
	{ "a SYN with options, cut after each byte", NESTWG_HOME_MALFORMED, HOME_DROPPED,
	  .in = { FROM_PEER, TCP_TO(443), .flags = SYN,
		  OPTIONS(8, "\x02\x04\x05\xb4\x01\x01\x01\x01"), .payload = 3 } },
	{ "UDP, cut after each byte", NESTWG_HOME_MALFORMED, HOME_DROPPED,
	  .in = { FROM_PEER, UDP_TO(443), .payload = 3 } },
	{ "an ICMP error, cut after each byte", NESTWG_HOME_MALFORMED, HOME_DROPPED,
	  .in = { FROM_PEER, UNREACHABLE,
		  QUOTING(.source = CLIENT, .destination = PEER, UDP_TO(53)) } },
};

static bool run_truncated(struct lab *lab, const void *argument)
{
	struct packet_case c = *(const struct packet_case *)argument;
	struct bytes ip;

	build_ip(&c.in, &ip);
	for (c.in.cut = 1; c.in.cut < ip.len; c.in.cut++) {
		if (expect(lab, &c))
			continue;
		printf("# cut after %u bytes of %u\n", c.in.cut, ip.len);
		return false;
	}
	return true;
}

/* Where the NIC does not lead: only with forwarding on will the kernel say so. */
static const struct packet_case elsewhere[] = {
	{ "a network that is not behind the NIC is routed", NESTWG_HOME_TO_GATEWAY, HOME_STAYS,
	  .in = { .source = PEER, .destination = LAN_HOST, UDP_TO(80), .payload = 5 } },
	{ "nor if its MAC address is known", NESTWG_HOME_TO_GATEWAY, HOME_STAYS,
	  .in = { .source = PEER, .destination = LAN_NEIGHBOUR, UDP_TO(80), .payload = 5 } },
	{ "the tunnel's own network is routed", NESTWG_HOME_TO_GATEWAY, HOME_STAYS,
	  .in = { .source = PEER, .destination = PEER, UDP_TO(80), .payload = 5 } },
};

static bool run_ipv6(struct lab *lab, const void *argument)
{
	struct nestwg_counter before[NESTWG_NR_REASONS], after[NESTWG_NR_REASONS];
	static struct heap tunnel, stack, nic;
	struct bytes packet = { .len = 48, .data = { 0x60 } };

	(void)argument;
	lab_read_counters(lab, before);
	if (lab_send_raw_home(lab, &packet, ETH_P_IPV6) || lab_collect(lab, &tunnel, &stack, &nic))
		return false;
	lab_read_counters(lab, after);
	before[NESTWG_HOME_OTHER_SOURCE].packets++;
	if (after[NESTWG_HOME_OTHER_SOURCE].packets != before[NESTWG_HOME_OTHER_SOURCE].packets) {
		printf("# not counted as home_other_source\n");
		return false;
	}
	return expect_heap("to the stack", &stack, &packet, 1) &&
	       expect_heap("out of the NIC", &nic, NULL, 0);
}

static bool run_limited(struct lab *lab, const void *argument)
{
	const struct spec in = { FROM_PEER, UDP_TO(33434), .ttl = 1 };
	struct nestwg_counter before[NESTWG_NR_REASONS], after[NESTWG_NR_REASONS];
	static struct heap tunnel, stack, nic;
	struct bytes ip;

	(void)argument;
	build_ip(&in, &ip);
	/* Time fills the bucket: a slow machine may need several tries. */
	for (int i = 0; i < 100; i++) {
		lab_read_counters(lab, before);
		lab_set_answers(lab, 0, 0);
		if (lab_send_home(lab, &ip, NULL) || lab_collect(lab, &tunnel, &stack, &nic))
			return false;
		lab_read_counters(lab, after);
		if (after[NESTWG_HOME_ANSWER_LIMITED].packets !=
		    before[NESTWG_HOME_ANSWER_LIMITED].packets)
			break;
	}
	before[NESTWG_FORWARDED].packets++;
	before[NESTWG_FORWARDED].bytes += 46;
	before[NESTWG_HOME_RETURNED].packets++;
	before[NESTWG_HOME_RETURNED].bytes += 46;
	return expect_counted(lab, before, NESTWG_HOME_ANSWER_LIMITED, ip.len, 0) &&
	       expect_heap("into the tunnel", &tunnel, NULL, 0);
}

/* Three TCP segments in one: the far side of the tunnel, or the server at home, bundled them. */
static bool run_bundle(struct lab *lab, const void *argument)
{
	const unsigned int size = 1000, count = 3;
	struct spec in = { FROM_PEER, TCP_BY(443), .flags = ACK | PSH, .df = true, .id = 9,
			   .seq = 100, .payload = count * size, .checksum = CHECKSUM_HALF };
	struct offload offload = { .transport = 20, .field = 16, .gso_size = size, .headers = 40 };
	static struct heap tunnel, stack, nic;
	struct bytes ip, segment, expected[3];
	struct translation t;

	(void)argument;
	build_ip(&in, &ip);
	if (lab_send_home(lab, &ip, &offload) || lab_collect(lab, &tunnel, &stack, &nic))
		return false;
	for (unsigned int i = 0; i < count; i++) {
		struct spec s = in;

		s.payload = size;
		s.id += i;
		s.seq += i * size;
		s.flags = i + 1 < count ? ACK : ACK | PSH;
		s.checksum = CHECKSUM_RIGHT;
		s.payload_from = ip.data + 40 + i * size;
		translate_source(&s, PUBLIC, 1, MSS_MAX, &t);
		build_ip(&t.packet, &segment);
		build_frame_out(&segment, &expected[i]);
	}
	return expect_heap("out of the NIC", &nic, expected, count);
}

static bool run_nothing_learned(struct lab *lab, const void *argument)
{
	const struct packet_case c = {
		.reason = NESTWG_HOME_RETURNED, .fate = HOME_OUT,
		.in = { FROM_PEER, TCP_TO(80), .flags = SYN },
	};
	static const __u8 nobody[NESTWG_OWN_SLOTS];
	struct nestwg_flow key;

	(void)argument;
	if (!expect(lab, &c))
		return false;
	if (!bpf_map__get_next_key(lab->skel->maps.flows, NULL, &key, sizeof(key)) ||
	    memcmp(lab->ports[40000].own_tcp, nobody, sizeof(nobody))) {
		printf("# a flow of the home's was taken for the gateway's\n");
		return false;
	}
	return true;
}

/* A SYN of the home's on the two ends of a connection that the gateway had: gone if long silent. */
static bool run_taken_over(struct lab *lab, const void *argument)
{
	const struct packet_case c = {
		.reason = NESTWG_HOME_RETURNED, .fate = HOME_OUT,
		.in = { FROM_PEER, TCP_TO(80), .flags = SYN },
	};
	const struct nestwg_flow flow = {
		.remote = htonl(CLIENT), .remote_port = htons(80),
		.local_port = htons(40000), .protocol = PROTO_TCP,
	};
	struct nestwg_flow_state state = {};
	struct timespec now;

	(void)argument;
	clock_gettime(CLOCK_MONOTONIC, &now);
	for (unsigned int silent = 0; silent <= 70; silent += 70) {
		state.seen = ((__u64)now.tv_sec - silent) * 1000000000ULL;
		nestwg_slots_note(lab->ports[40000].own_tcp,
				  nestwg_slots_of(flow.remote, flow.remote_port),
				  nestwg_epoch(PROTO_TCP, state.seen));
		if (bpf_map__update_elem(lab->skel->maps.flows, &flow, sizeof(flow), &state,
					 sizeof(state), BPF_ANY) || !expect(lab, &c))
			return false;
		if (!!bpf_map__lookup_elem(lab->skel->maps.flows, &flow, sizeof(flow), &state,
					   sizeof(state), 0) != (silent > 60)) {
			printf("# a flow that was silent for %u s\n", silent);
			return false;
		}
	}
	return true;
}

void add_home_tests(struct suite *suite)
{
	suite_add_cases(suite, IN_HOME, whose, LENGTH_OF(whose));
	suite_add_cases(suite, IN_HOME, errors, LENGTH_OF(errors));
	suite_add_cases(suite, IN_HOME, malformed, LENGTH_OF(malformed));
	suite_add_cases(suite, IN_HOME_ROUTED, elsewhere, LENGTH_OF(elsewhere));
	suite_add_each(suite, IN_HOME_PLAIN, run_truncated, truncated, LENGTH_OF(truncated));
	suite_add(suite, IN_HOME, "IPv6 from the home is left alone", run_ipv6, NULL);
	suite_add(suite, IN_HOME, "a bundle of three segments", run_bundle, NULL);
	suite_add(suite, IN_HOME, "what comes from the home is no flow of the gateway's",
		  run_nothing_learned, NULL);
	suite_add(suite, IN_HOME, "a new connection takes over a silent one of the gateway's",
		  run_taken_over, NULL);
	suite_add(suite, IN_HOME_PLAIN, "too many answers are not sent", run_limited, NULL);
}
