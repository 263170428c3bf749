// SPDX-License-Identifier: GPL-2.0-only
/* See packet_expect.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <linux/pkt_cls.h>

#include "packet_expect.h"

#define REASON_NAME(reason, name, origin, verdict, text) name,
static const char *const reason_names[] = { NESTWG_REASONS(REASON_NAME) };
#undef REASON_NAME

#define SHOWN	96

/* How a case comes out: what is expected, of one case. */
struct outcome {
	struct bytes frame;		/* as it comes */
	struct bytes result;		/* as it goes on, Ethernet header included */
	unsigned int total;		/* bytes to be counted; 0: not known exactly */
	unsigned int total_max;
};

static void show_bytes(const char *what, const struct bytes *b, unsigned int from)
{
	printf("#   %-8s %4u bytes, from %u:", what, b->len, from);
	for (unsigned int i = from; i < b->len && i < from + SHOWN; i++)
		printf("%s%02x", i % 2 ? "" : " ", b->data[i]);
	printf("\n");
}

bool same_bytes(const char *what, const struct bytes *expected, const struct bytes *got)
{
	unsigned int at = 0;

	while (at < expected->len && at < got->len && expected->data[at] == got->data[at])
		at++;
	if (at == expected->len && at == got->len)
		return true;
	printf("# %s: differs at byte %u\n", what, at);
	show_bytes("expected", expected, at > 16 ? (at - 16) & ~1u : 0);
	show_bytes("got", got, at > 16 ? (at - 16) & ~1u : 0);
	return false;
}

/* In whatever order they came: two ways out of the kernel are not ordered. */
bool expect_heap(const char *what, const struct heap *heap, const struct bytes *expected,
		 unsigned int count)
{
	bool taken[SEEN_MAX] = {};

	if (heap->count != count) {
		printf("# %s: %u packets, expected %u\n", what, heap->count, count);
		for (unsigned int i = 0; i < heap->count && i < SEEN_MAX; i++)
			show_bytes("got", &heap->packets[i], 0);
		return false;
	}
	for (unsigned int i = 0; i < count; i++) {
		unsigned int j = 0;

		while (j < count && (taken[j] || expected[i].len != heap->packets[j].len ||
				     memcmp(expected[i].data, heap->packets[j].data,
					    expected[i].len)))
			j++;
		if (j == count)
			return same_bytes(what, &expected[i], &heap->packets[i]);
		taken[j] = true;
	}
	return true;
}

void count_sentinels(struct nestwg_counter counters[NESTWG_NR_REASONS])
{
	counters[NESTWG_FORWARDED].packets--;
	counters[NESTWG_FORWARDED].bytes -= 46;
	counters[NESTWG_HOME_RETURNED].packets--;
	counters[NESTWG_HOME_RETURNED].bytes -= 46;
}

bool expect_counters(struct lab *lab, const struct nestwg_counter before[NESTWG_NR_REASONS],
		     const struct nestwg_counter after[NESTWG_NR_REASONS],
		     enum nestwg_reason reason, unsigned int bytes, unsigned int bytes_max)
{
	bool right = true;

	for (int i = 0; i < NESTWG_NR_REASONS; i++) {
		unsigned long long packets = after[i].packets - before[i].packets;
		unsigned long long counted = after[i].bytes - before[i].bytes;

		if (packets)
			lab->seen[i] = true;
		if (packets != (i == (int)reason)) {
			printf("# counter %s moved by %llu, expected %d\n", reason_names[i],
			  packets,
			       i == (int)reason);
			right = false;
		}
		if (i != (int)reason || (bytes && counted == bytes) ||
		    (!bytes && counted <= bytes_max))
			continue;
		printf("# counter %s: %llu bytes, expected %s %u\n", reason_names[i], counted,
		       bytes ? "exactly" : "at most", bytes ?: bytes_max);
		right = false;
	}
	return right;
}

bool expect_counted(struct lab *lab, const struct nestwg_counter before[NESTWG_NR_REASONS],
		    enum nestwg_reason reason, unsigned int bytes, unsigned int bytes_max)
{
	struct nestwg_counter after[NESTWG_NR_REASONS];

	lab_read_counters(lab, after);
	return expect_counters(lab, before, after, reason, bytes, bytes_max);
}

static bool is_from_home(enum fate fate)
{
	return fate >= HOME_STAYS;
}

/* What the packet becomes where it is looked at: OFFERED, its checksum was completed on the way. */
static void describe_result(const struct packet_case *c, bool completed, struct translation *t)
{
	struct spec in = c->in;

	if (completed && in.checksum == CHECKSUM_HALF)
		in.checksum = CHECKSUM_RIGHT;
	switch (c->fate) {
	case GOES_HOME:
	case GOES_BOTH_WAYS:
		translate_destination(&in, PEER, 1, MSS_MAX, t);
		return;
	case IS_ROUTED:
	case GOES_BOTH_ROUTED:
		translate_destination(&in, PEER, 0, MSS_MAX, t);
		return;
	case HOME_OUT:
		translate_source(&in, PUBLIC, 1, MSS_MAX, t);
		return;
	case HOME_TURNED: {
		struct translation half;

		translate_source(&in, PUBLIC, 1, MSS_MAX, &half);
		translate_destination(&half.packet, PEER, 0, MSS_MAX, t);
		return;
	}
	default:
		t->packet = in;
	}
}

/* The answer to IP, as a frame back to where FRAME came from, or from the tunnel. */
static void describe_answer(enum fate fate, const struct bytes *ip, struct bytes *out)
{
	struct bytes answer;

	switch (fate) {
	case TTL_ANSWERED:
	case MTU_ANSWERED:
		build_answer(ip, PUBLIC, fate == MTU_ANSWERED ? TUNNEL_MTU : 0, &answer);
		build_frame_out(&answer, out);
		return;
	default:
		build_answer(ip, GATEWAY, fate == HOME_MTU_ANSWERED ? NIC_MTU : 0, out);
	}
}

static bool is_answer(enum fate fate)
{
	return fate == TTL_ANSWERED || fate == MTU_ANSWERED || fate == HOME_TTL_ANSWERED ||
	       fate == HOME_MTU_ANSWERED;
}

static void describe(const struct packet_case *c, bool completed, struct outcome *o)
{
	struct translation t = {};
	struct spec in = c->in;
	struct bytes ip;

	if (is_from_home(c->fate)) {
		build_ip(&in, &o->frame);
		if (in.cut && in.cut < o->frame.len)
			o->frame.len = in.cut;
		o->total_max = o->frame.len;
	} else {
		build_frame(&in, &o->frame);
		o->total_max = o->frame.len - ETH_HEADER;
	}
	o->total = o->total_max - in.padding;
	if (in.cut || in.total_lie || in.ihl_is || in.doff_is || in.version_is || in.vlan)
		o->total = 0;

	describe_result(c, completed, &t);
	if (is_answer(c->fate)) {
		build_ip(&t.packet, &ip);
		describe_answer(c->fate, &ip, &o->result);
	} else if (is_from_home(c->fate)) {
		build_ip(&t.packet, &o->result);
		if (in.cut && in.cut < o->result.len)
			o->result.len = in.cut;
	} else {
		build_frame(&t.packet, &o->result);
	}
}

/* Padding: may be cut off, may stay. */
static void forget_padding(const struct spec *in, struct bytes *b)
{
	b->len -= b->len > in->padding ? in->padding : 0;
}

struct run {
	int error;
	int verdict;
	struct bytes out;
};

static struct run run_program(const struct bpf_program *program, const struct bytes *in,
			      void *ctx, unsigned int ctx_len)
{
	static struct run run;
	LIBBPF_OPTS(bpf_test_run_opts, opts,
		.data_in = in->data,
		.data_size_in = in->len,
		.data_out = run.out.data,
		.data_size_out = sizeof(run.out.data),
		.ctx_in = ctx,
		.ctx_size_in = ctx_len,
	);

	run.error = bpf_prog_test_run_opts(bpf_program__fd(program), &opts);
	run.verdict = opts.retval;
	run.out.len = opts.data_size_out;
	return run;
}

static struct run run_xdp(struct lab *lab, const struct bytes *in)
{
	return run_program(lab->skel->progs.nestwg_ingress, in, NULL, 0);
}

static struct run run_handoff(struct lab *lab, const struct bytes *in)
{
	struct __sk_buff ctx = { .ifindex = lab->nic_ifindex };

	return run_program(lab->skel->progs.nestwg_handoff, in, &ctx, sizeof(ctx));
}

static bool expect_run(const char *what, const struct run *run, int verdict,
		       const struct spec *in, const struct bytes *expected)
{
	struct bytes got = run->out;
	struct bytes want = *expected;

	if (run->error) {
		printf("# %s: BPF_PROG_TEST_RUN failed: %s\n", what, strerror(-run->error));
		return false;
	}
	if (run->verdict != verdict) {
		printf("# %s: returned %d, expected %d\n", what, run->verdict, verdict);
		return false;
	}
	if (in->padding && got.len < want.len) {
		forget_padding(in, &want);
		got.len = want.len;
	}
	return same_bytes(what, &want, &got);
}

static int tc_verdict(enum fate fate)
{
	switch (fate) {
	case GOES_HOME:
	case TTL_ANSWERED:
	case MTU_ANSWERED:
		return TC_ACT_REDIRECT;
	case DROPPED:
		return TC_ACT_SHOT;
	default:
		return TC_ACT_UNSPEC;
	}
}

/* What XDP has to leave to tc. */
static const struct bytes *after_xdp(const struct lab *lab, enum fate fate,
				     const struct outcome *o)
{
	return lab->mode == MODE_NATIVE && (fate == GOES_HOME || fate == IS_ROUTED) ? &o->result :
										       &o->frame;
}

static const struct bytes *after_tc(enum fate fate, const struct outcome *o)
{
	switch (fate) {
	case GOES_HOME:
	case IS_ROUTED:
	case TTL_ANSWERED:
	case MTU_ANSWERED:
		return &o->result;
	default:
		return &o->frame;
	}
}

/* The copy of GOES_BOTH_WAYS is really sent. */
static bool expect_copy(struct lab *lab, enum fate fate, const struct outcome *o)
{
	static struct heap tunnel;
	struct bytes copy;

	lab_collect_tunnel(lab, &tunnel);
	copy.len = o->result.len - ETH_HEADER;
	memcpy(copy.data, o->result.data + ETH_HEADER, copy.len);
	return expect_heap("copy in the tunnel", &tunnel, &copy, fate == GOES_BOTH_WAYS);
}

static bool run_both_hooks(struct lab *lab, const struct packet_case *c, const struct outcome *o)
{
	const struct bytes *frame = &o->frame;
	struct run run;

	if (lab->mode != MODE_TC) {
		run = run_xdp(lab, frame);
		if (!expect_run("XDP", &run, c->fate == DROPPED ? XDP_DROP : XDP_PASS, &c->in,
				after_xdp(lab, c->fate, o)))
			return false;
		if (c->fate == DROPPED)
			return true;
		frame = &run.out;
	}
	run = run_handoff(lab, frame);
	/* Kernels from 6.18 on do not take what is shorter than an IP header. */
	if (run.error == -EINVAL && frame->len < ETH_HEADER + 20)
		return true;
	return expect_run("tc", &run, tc_verdict(c->fate), &c->in, after_tc(c->fate, o)) &&
	       expect_copy(lab, c->fate, o);
}

static bool was_run(struct lab *lab, const struct packet_case *c, const struct outcome *o)
{
	return lab->mode != MODE_TC || c->fate != DROPPED || o->frame.len >= ETH_HEADER + 20;
}

bool expect_by_test_run(struct lab *lab, const struct packet_case *c)
{
	struct nestwg_counter before[NESTWG_NR_REASONS];
	static struct outcome o;

	describe(c, false, &o);
	lab_set_answers(lab, ANSWERS_BURST, 0);
	lab_read_counters(lab, before);
	if (!run_both_hooks(lab, c, &o))
		return false;
	return !was_run(lab, c, &o) || expect_counted(lab, before, c->reason, o.total, o.total_max);
}

static unsigned int strip_ethernet(const struct bytes *frame, struct bytes *out)
{
	out->len = frame->len - ETH_HEADER;
	memcpy(out->data, frame->data + ETH_HEADER, out->len);
	return 1;
}

/* What has to lie where. At most two packets at one end. */
struct places {
	unsigned int tunnel, stack, nic;
	struct bytes in_tunnel[1], in_stack[2], out_of_nic[1];
};

static void describe_places(enum fate fate, const struct outcome *o, struct places *at)
{
	at->tunnel = 0;
	at->stack = 0;
	at->nic = 0;
	switch (fate) {
	case STAYS:
		at->stack = strip_ethernet(&o->frame, at->in_stack);
		return;
	case GOES_HOME:
		at->tunnel = strip_ethernet(&o->result, at->in_tunnel);
		return;
	case IS_ROUTED:
		at->stack = strip_ethernet(&o->result, at->in_stack);
		return;
	case GOES_BOTH_WAYS:
		at->stack = strip_ethernet(&o->frame, at->in_stack);
		at->tunnel = strip_ethernet(&o->result, at->in_tunnel);
		return;
	case GOES_BOTH_ROUTED:
		at->stack = strip_ethernet(&o->frame, at->in_stack);
		at->stack += strip_ethernet(&o->result, at->in_stack + 1);
		return;
	case TTL_ANSWERED:
	case MTU_ANSWERED:
		at->out_of_nic[0] = o->result;
		at->nic = 1;
		return;
	case HOME_STAYS:
		at->in_stack[0] = o->frame;
		at->stack = 1;
		return;
	case HOME_OUT:
		build_frame_out(&o->result, at->out_of_nic);
		at->nic = 1;
		return;
	case HOME_TURNED:
	case HOME_TTL_ANSWERED:
	case HOME_MTU_ANSWERED:
		at->in_tunnel[0] = o->result;
		at->tunnel = 1;
		return;
	case DROPPED:
	case HOME_DROPPED:
		return;
	}
}

/* How a half checksum has to be offered. */
static struct offload offload_of(const struct spec *s, unsigned int l3)
{
	struct offload offload = {};

	if (s->checksum != CHECKSUM_HALF)
		return offload;
	offload.transport = l3 + 20 + s->ip_options;
	offload.field = s->protocol == PROTO_TCP ? 16 : 6;
	return offload;
}

static void altered_as_got(const struct heap *heap, struct bytes *expected, unsigned int count)
{
	for (unsigned int i = 0; i < count && i < heap->count; i++)
		expected[i] = heap->packets[i];
}

static bool expect_on_wire(struct lab *lab, const struct packet_case *c)
{
	struct nestwg_counter before[NESTWG_NR_REASONS], after[NESTWG_NR_REASONS];
	static struct heap tunnel, stack, nic;
	static struct places at;
	static struct outcome o;
	struct offload offload = offload_of(&c->in, is_from_home(c->fate) ? 0 : ETH_HEADER);
	bool passed;

	describe(c, true, &o);
	describe_places(c->fate, &o, &at);
	lab_set_answers(lab, ANSWERS_BURST, 0);
	lab_read_counters(lab, before);
	if (is_from_home(c->fate) ? lab_send_home(lab, &o.frame, &offload) :
				    lab_send_wire(lab, &o.frame, &offload))
		return false;
	if (c->in.checksum == CHECKSUM_HALF && (c->fate == STAYS || c->fate == HOME_STAYS)) {
		/* What is offered as half is completed as it leaves for where we look. */
		struct spec whole = c->in;

		whole.checksum = CHECKSUM_RIGHT;
		build_ip(&whole, at.in_stack);
	}
	if (lab_collect(lab, &tunnel, &stack, &nic))
		return false;
	lab_read_counters(lab, after);
	count_sentinels(after);
	if (c->altered) {
		altered_as_got(&tunnel, at.in_tunnel, at.tunnel);
		altered_as_got(&stack, at.in_stack, at.stack);
		altered_as_got(&nic, at.out_of_nic, at.nic);
	}
	if (c->in.padding && at.tunnel && tunnel.count &&
	    tunnel.packets[0].len < at.in_tunnel[0].len) {
		forget_padding(&c->in, at.in_tunnel);
		tunnel.packets[0].len = at.in_tunnel[0].len;
	}
	passed = expect_heap("wire: into the tunnel", &tunnel, at.in_tunnel, at.tunnel);
	passed &= expect_heap("wire: to the stack", &stack, at.in_stack, at.stack);
	passed &= expect_heap("wire: out of the NIC", &nic, at.out_of_nic, at.nic);
	passed &= expect_counters(lab, before, after, c->reason, o.total, o.total_max);
	return passed;
}

bool expect(struct lab *lab, const struct packet_case *c)
{
	bool by_run = !is_from_home(c->fate) && c->fate != GOES_BOTH_ROUTED;
	bool right = true;

	/* A test run's packet is complete for tc, whatever its checksum looks like. */
	if (c->in.checksum == CHECKSUM_HALF && lab->mode != MODE_NATIVE)
		by_run = false;
	if (c->in.checksum == CHECKSUM_HALF && is_answer(c->fate))
		by_run = false;
	if (by_run)
		right = expect_by_test_run(lab, c);
	if (!c->no_wire)
		right &= expect_on_wire(lab, c);
	return right;
}

bool expect_learn_run(struct lab *lab, const struct spec *s, unsigned int ingress)
{
	struct __sk_buff ctx = { .ifindex = lab->nic_ifindex, .ingress_ifindex = ingress };
	struct bytes ip, frame;
	struct run run;

	build_ip(s, &ip);
	build_frame_out(&ip, &frame);
	run = run_program(lab->skel->progs.nestwg_learn, &frame, &ctx, sizeof(ctx));
	return expect_run("learn", &run, TC_ACT_UNSPEC, s, &frame);
}
