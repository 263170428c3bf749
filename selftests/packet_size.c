// SPDX-License-Identifier: GPL-2.0-only
/* Sizes that one packet alone does not show: padding, a NIC that is narrower than the tunnel, bundles of SCTP. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <linux/pkt_cls.h>

#include "packet_suite.h"

#define GSO_BY_FRAGS	0xffff	/* include/linux/skbuff.h */

#define NARROW_MTU	1300
#define NARROW_MSS	(NARROW_MTU - 40)
#define XSTR(value)	STR(value)
#define STR(value)	#value

/* What is in the tunnel after FRAME came from the wire: only IP. */
static bool becomes_in_tunnel(struct lab *lab, const struct bytes *frame, const struct bytes *ip)
{
	static struct heap tunnel, stack, nic;

	return !lab_send_wire(lab, frame, NULL) && !lab_collect(lab, &tunnel, &stack, &nic) &&
	       expect_heap("into the tunnel", &tunnel, ip, 1);
}

/* WireGuard would encrypt, and the home pay for, what is no part of the packet. */
static bool run_padded(struct lab *lab, const void *argument)
{
	const struct spec in = {
		FROM_CLIENT, TCP_TO(443), .flags = ACK, .payload = 700, .padding = 30,
	};
	static struct bytes frame, expected;
	struct translation t;

	(void)argument;
	build_frame(&in, &frame);
	translate_destination(&in, PEER, 1, MSS_MAX, &t);
	build_ip(&t.packet, &expected);
	return becomes_in_tunnel(lab, &frame, &expected);
}

#define SYN_OF(...)	{ __VA_ARGS__, .flags = SYN, OPTIONS(4, "\2\4\5\xb4"), .mss_at = 2 }

static bool syn_from_wire(struct lab *lab)
{
	const struct spec in = SYN_OF(FROM_CLIENT, TCP_TO(443));
	static struct bytes frame, expected;
	struct translation t;

	build_frame(&in, &frame);
	translate_destination(&in, PEER, 1, NARROW_MSS, &t);
	build_ip(&t.packet, &expected);
	return becomes_in_tunnel(lab, &frame, &expected);
}

static bool syn_from_home(struct lab *lab)
{
	const struct spec in = SYN_OF(FROM_PEER, TCP_BY(443));
	static struct heap tunnel, stack, nic;
	static struct bytes ip, expected;
	struct translation t;

	build_ip(&in, &ip);
	translate_source(&in, PUBLIC, 1, NARROW_MSS, &t);
	build_ip(&t.packet, &expected);
	if (lab_send_home(lab, &ip, NULL) || lab_collect(lab, &tunnel, &stack, &nic))
		return false;
	ip = expected;
	build_frame_out(&ip, &expected);
	return expect_heap("out of the NIC", &nic, &expected, 1);
}

/* What the tunnel could take would not leave by the NIC, nor come in. */
static bool run_narrow_nic(struct lab *lab, const void *argument)
{
	bool passed;

	(void)argument;
	if (system("ip link set nic mtu " XSTR(NARROW_MTU)))
		return false;
	passed = syn_from_wire(lab) && syn_from_home(lab);
	return !system("ip link set nic mtu " XSTR(NIC_MTU)) && passed;
}

/*
 * No device hands SCTP's bundles to a test, but BPF_PROG_TEST_RUN says that IN is one. It has no packets, so the
 * kernel's answer is that each of them fits, whatever the length of all.
 */
static bool by_frags_becomes(struct lab *lab, const struct spec *in, const struct bytes *expected)
{
	struct __sk_buff ctx = { .ifindex = lab->nic_ifindex, .gso_size = GSO_BY_FRAGS };
	static struct bytes frame, got;
	LIBBPF_OPTS(bpf_test_run_opts, opts,
		.data_in = frame.data,
		.data_out = got.data,
		.data_size_out = sizeof(got.data),
		.ctx_in = &ctx,
		.ctx_size_in = sizeof(ctx),
	);
	int err;

	build_frame(in, &frame);
	opts.data_size_in = frame.len;
	err = bpf_prog_test_run_opts(bpf_program__fd(lab->skel->progs.nestwg_handoff), &opts);
	if (!err && opts.retval == TC_ACT_REDIRECT && opts.data_size_out == expected->len &&
	    !memcmp(got.data, expected->data, expected->len))
		return true;
	printf("# BPF_PROG_TEST_RUN: %s, action %u, %u bytes of %u\n", strerror(-err), opts.retval,
	       opts.data_size_out, expected->len);
	return false;
}

static bool run_by_frags(struct lab *lab, const void *argument)
{
	struct spec in = { FROM_CLIENT, .protocol = PROTO_SCTP, .payload = 3000, .df = true };
	static struct bytes ip, answer, expected;
	struct translation t;

	(void)argument;
	translate_destination(&in, PEER, 1, MSS_MAX, &t);
	build_frame(&t.packet, &expected);
	if (!by_frags_becomes(lab, &in, &expected))
		return false;
	/* No packet of it is known: what is quoted is as long as it says. */
	in.ttl = 1;
	build_ip(&in, &ip);
	build_answer(&ip, PUBLIC, 0, &answer);
	build_frame_out(&answer, &expected);
	lab_set_answers(lab, ANSWERS_BURST, 0);
	return by_frags_becomes(lab, &in, &expected);
}

void add_size_tests(struct suite *suite)
{
	suite_add(suite, IN_MODES, "the tunnel gets no padding", run_padded, NULL);
	suite_add(suite, IN_MODES, "a SYN's MSS is lowered to a NIC that is narrower than the tunnel",
		  run_narrow_nic, NULL);
	suite_add(suite, IN_TC, "a bundle of SCTP is as long as its packets", run_by_frags, NULL);
}
