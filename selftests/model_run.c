// SPDX-License-Identifier: GPL-2.0-only
/* See model_run.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "model_run.h"

#define SECOND		1000000000ULL

struct reason_row {
	const char *name;
	enum nestwg_origin origin;
	enum nestwg_verdict verdict;
};

#define REASON_ROW(reason, name, origin, verdict, text) { name, NESTWG_##origin, NESTWG_##verdict },
static const struct reason_row rows[] = { NESTWG_REASONS(REASON_ROW) };
#undef REASON_ROW

/* What one program made of a packet. */
struct run {
	int error;
	int verdict;
	struct bytes out;
};

const char *reason_name(int reason)
{
	return rows[reason].name;
}

__attribute__((format(printf, 2, 3)))
static bool differ(struct contest *contest, const char *format, ...)
{
	unsigned int used = strlen(contest->why);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(contest->why + used, sizeof(contest->why) - used, format, arguments);
	va_end(arguments);
	return false;
}

static bool set_mtu(const char *name, unsigned int mtu)
{
	struct ifreq request = { .ifr_mtu = mtu };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return false;
	strcpy(request.ifr_name, name);
	err = ioctl(fd, SIOCSIFMTU, &request);
	close(fd);
	return !err;
}

static bool set_addresses(struct lab *lab, const struct model_config *c)
{
	const struct bpf_map *addresses = lab->skel->maps.addresses;
	const struct bpf_map *map = lab->skel->maps.config;
	struct nestwg_config config;
	__u32 zero = 0, key;
	__u64 bits = 0;
	__u8 one = 1;

	while (!bpf_map__get_next_key(addresses, NULL, &key, sizeof(key)))
		bpf_map__delete_elem(addresses, &key, sizeof(key), 0);
	for (int i = 0; i <= MODEL_OTHERS; i++) {
		key = htonl(i < MODEL_OTHERS ? c->others[i] : c->tunnel_address);
		if (!key)
			continue;
		bits |= nestwg_address_bit(key);
		if (bpf_map__update_elem(addresses, &key, sizeof(key), &one, sizeof(one), 0))
			return false;
	}
	if (bpf_map__lookup_elem(map, &zero, sizeof(zero), &config, sizeof(config), 0))
		return false;
	config.address = htonl(c->address);
	config.peer = htonl(c->peer);
	config.tunnel_address = htonl(c->tunnel_address);
	config.address_bits = bits;
	return !bpf_map__update_elem(map, &zero, sizeof(zero), &config, sizeof(config), 0);
}

static void set_port(struct lab *lab, const struct model_config *c, unsigned int port)
{
	lab->ports[port].excluded = (c->tcp[port] ? NESTWG_EXCLUDED_TCP : 0) |
				    (c->udp[port] ? NESTWG_EXCLUDED_UDP : 0);
}

/* The programs' own: bpf_ktime_get_coarse_ns(). */
static __u64 coarse_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

bool contest_begin(struct contest *contest, const struct model_config *c)
{
	struct lab *lab = contest->lab;

	memset(&contest->model, 0, sizeof(contest->model));
	contest->model.config = *c;
	contest->why[0] = 0;
	lab_forget(lab);
	contest->is_late = false;
	for (unsigned int port = 0; port < NESTWG_PORTS; port++)
		set_port(lab, c, port);
	for (int i = 0; i < NESTWG_PROTOCOLS; i++)
		lab->protocols[i].excluded = c->protocols[i];
	lab_set_forwarding(c->elsewhere);
	lab_read_counters(lab, contest->counters);
	contest->clock_set = coarse_clock();
	return set_mtu("wg", c->tunnel_mtu) && set_mtu("nic", c->nic_mtu) && set_addresses(lab, c);
}

/* Which reason's counter moved, since the last time: one, by one. -1: otherwise. */
static int counted(struct contest *contest, unsigned int most_bytes)
{
	struct nestwg_counter before[NESTWG_NR_REASONS];
	struct nestwg_counter *after = contest->counters;
	int reason = -1, sum = 0;

	memcpy(before, after, sizeof(before));
	lab_read_counters(contest->lab, after);
	for (int i = 0; i < NESTWG_NR_REASONS; i++) {
		if (after[i].packets == before[i].packets && after[i].bytes == before[i].bytes)
			continue;
		sum += after[i].packets - before[i].packets;
		reason = i;
		if (after[i].packets - before[i].packets != 1 ||
		    after[i].bytes - before[i].bytes > most_bytes)
			differ(contest, "%s moved by %lld packets, %lld bytes; ", rows[i].name,
			       after[i].packets - before[i].packets,
			       after[i].bytes - before[i].bytes);
	}
	if (sum != 1)
		differ(contest, "%d packets were counted; ", sum);
	return contest->why[0] ? -1 : reason;
}

/* Reason against reason. An answer that was due may have met its limit. */
static bool same_reason(struct contest *contest, struct judgement *j, bool poor, int got)
{
	enum nestwg_origin origin = rows[j->reason].origin;
	enum nestwg_reason limited = origin == NESTWG_FROM_WIRE ? NESTWG_ANSWER_LIMITED :
								   NESTWG_HOME_ANSWER_LIMITED;

	if (got < 0)
		return false;
	contest->reached[got]++;
	if (poor && rows[j->reason].verdict == NESTWG_ANSWER && got == (int)limited)
		j->reason = limited;
	if (got == (int)j->reason)
		return true;
	return differ(contest, "the model says %s, the program %s", rows[j->reason].name,
		      rows[got].name);
}

static bool is_zero(__u16 check)
{
	return check == 0 || check == 0xffff;
}

/*
 * The words of GOT from AT on against J's packet. In one's complement 0 and 0xffff are one number, and a
 * wrong checksum may become either; not UDP's, where 0 says that there is none.
 */
static bool same_packet(struct contest *contest, const char *what, const struct judgement *j,
			const struct bytes *got, unsigned int at)
{
	const struct bytes *want = &j->out;

	if (got->len < at + want->len)
		return differ(contest, "%s: %u bytes, the model says %u", what, got->len - at,
			      want->len);
	for (unsigned int i = 0; i < want->len; i += 2) {
		unsigned int size = i + 1 < want->len ? 2 : 1;
		__u16 a = want->data[i] << 8 | (size > 1 ? want->data[i + 1] : 0);
		__u16 b = got->data[at + i] << 8 | (size > 1 ? got->data[at + i + 1] : 0);

		if (a == b || (j->unsure_at && i == j->unsure_at) ||
		    (is_zero(a) && is_zero(b) && i != j->udp_check_at))
			continue;
		return differ(contest, "%s: at byte %u of the IP packet %04x, the model says %04x",
			      what, i, b, a);
	}
	return true;
}

static bool untouched(struct contest *contest, const char *what, const struct bytes *in,
		      const struct bytes *got)
{
	if (got->len == in->len && !memcmp(got->data, in->data, in->len))
		return true;
	return differ(contest, "%s: it was changed", what);
}

/* Not what the kernel says by itself: IGMP reports to all, ARP to a neighbour whose entry is stale. */
static bool read_nic(struct contest *contest, int wait_ms, struct bytes *out)
{
	while (lab_read_nic(contest->lab, wait_ms, out)) {
		if (!(out->data[0] & 1) && out->data[12] == 0x08 && !out->data[13])
			return true;
	}
	return false;
}

/* Whose is it? The first bytes of its IP packet tell. */
static bool one_too_many(struct contest *contest, const char *where, const struct bytes *packet,
			 unsigned int at)
{
	differ(contest, "one packet too many %s:", where);
	for (unsigned int i = at; i < packet->len && i < at + 64; i++)
		differ(contest, " %02x", packet->data[i]);
	return false;
}

static bool is_nothing_left(struct contest *contest)
{
	static struct bytes rest;

	if (lab_read_tunnel(contest->lab, 0, &rest))
		return one_too_many(contest, "went into the tunnel", &rest, 0);
	if (read_nic(contest, 0, &rest))
		return one_too_many(contest, "left by the NIC", &rest, ETH_HEADER);
	if (lab_read_stack(contest->lab, 0, &rest))
		return one_too_many(contest, "went to the stack", &rest, 0);
	return true;
}

static void run_program(const struct bpf_program *program, const struct bytes *in,
			unsigned int ifindex, struct run *run)
{
	struct __sk_buff ctx = { .ifindex = ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts,
		.data_in = in->data,
		.data_size_in = in->len,
		.data_out = run->out.data,
		.data_size_out = sizeof(run->out.data),
		.ctx_in = ifindex ? &ctx : NULL,
		.ctx_size_in = ifindex ? sizeof(ctx) : 0,
	);

	run->error = bpf_prog_test_run_opts(bpf_program__fd(program), &opts);
	run->verdict = opts.retval;
	run->out.len = opts.data_size_out;
}

static bool was_run(struct contest *contest, const char *what, const struct run *run)
{
	return !run->error || differ(contest, "%s: BPF_PROG_TEST_RUN: %s", what,
				     strerror(-run->error));
}

static bool same_verdict(struct contest *contest, const char *what, int got, int want)
{
	return got == want || differ(contest, "%s returned %d, the model's reason asks for %d", what,
				     got, want);
}

static bool same_ethernet(struct contest *contest, const struct bytes *got, const __u8 *to,
			  const __u8 *from)
{
	return (!memcmp(got->data, to, 6) && !memcmp(got->data + 6, from, 6)) ||
	       differ(contest, "the Ethernet header is wrong");
}

/* What XDP left to tc, or made of it. */
static bool check_xdp(struct contest *contest, const struct step *step, const struct judgement *j,
		      const struct run *run)
{
	enum nestwg_verdict verdict = rows[j->reason].verdict;
	bool drops = verdict == NESTWG_DROP;

	/* In generic mode tc answers, and so limits. */
	if (contest->lab->mode == MODE_GENERIC && j->reason == NESTWG_ANSWER_LIMITED)
		drops = false;
	if (!same_verdict(contest, "XDP", run->verdict, drops ? XDP_DROP : XDP_PASS))
		return false;
	if (contest->lab->mode == MODE_NATIVE &&
	    (verdict == NESTWG_TUNNEL || verdict == NESTWG_ROUTE))
		return same_packet(contest, "after XDP", j, &run->out, ETH_HEADER) &&
		       same_ethernet(contest, &run->out, mac_nic, mac_next_hop);
	return verdict == NESTWG_DROP || untouched(contest, "after XDP", &step->packet, &run->out);
}

static bool check_tc(struct contest *contest, const struct step *step, const struct judgement *j,
		     const struct run *run)
{
	switch (rows[j->reason].verdict) {
	case NESTWG_TUNNEL:
		return same_verdict(contest, "tc", run->verdict, TC_ACT_REDIRECT) &&
		       same_packet(contest, "after tc", j, &run->out, ETH_HEADER);
	case NESTWG_ROUTE:
		return same_verdict(contest, "tc", run->verdict, TC_ACT_UNSPEC) &&
		       same_packet(contest, "after tc", j, &run->out, ETH_HEADER);
	case NESTWG_ANSWER:
		return same_verdict(contest, "tc", run->verdict, TC_ACT_REDIRECT) &&
		       same_packet(contest, "the answer", j, &run->out, ETH_HEADER) &&
		       same_ethernet(contest, &run->out, mac_next_hop, mac_nic);
	case NESTWG_DROP:
		return same_verdict(contest, "tc", run->verdict, TC_ACT_SHOT);
	default:
		return same_verdict(contest, "tc", run->verdict, TC_ACT_UNSPEC) &&
		       untouched(contest, "after tc", &step->packet, &run->out);
	}
}

/* What really left while the programs were only tried: the copy. */
static bool check_copy(struct contest *contest, const struct judgement *j)
{
	static struct bytes got;

	if (j->has_copy && !lab_read_tunnel(contest->lab, contest->wait_ms, &got))
		return differ(contest, "no copy went into the tunnel");
	if (j->has_copy && !same_packet(contest, "the copy", j, &got, 0))
		return false;
	/* By way of the CPU's backlog, so not at once. */
	if (j->copy_is_routed && contest->lab->mode != MODE_GENERIC &&
	    !lab_read_stack(contest->lab, contest->wait_ms, &got))
		return differ(contest, "no copy went to the stack");
	return is_nothing_left(contest);
}

/* Kernels from 6.18 on do not let tc try what is shorter than its IP header. */
static bool is_for_tc(const struct bytes *frame)
{
	bool is_ipv6 = frame->data[12] == 0x86 && frame->data[13] == 0xdd;

	return frame->len >= ETH_HEADER + (is_ipv6 ? 40u : 20u);
}

static bool step_wire(struct contest *contest, const struct step *step)
{
	static struct run xdp, tc;
	static struct judgement j;
	struct lab *lab = contest->lab;
	const struct bytes *frame = &step->packet;
	bool by_xdp = lab->mode != MODE_TC, by_tc = true;

	if (!by_xdp && !is_for_tc(frame))
		return true;
	model_from_wire(&contest->model, frame, &j);
	if (by_xdp) {
		run_program(lab->skel->progs.nestwg_ingress, frame, 0, &xdp);
		if (!was_run(contest, "XDP", &xdp))
			return false;
		by_tc = xdp.verdict == XDP_PASS && is_for_tc(frame);
		frame = &xdp.out;
	}
	if (by_tc) {
		run_program(lab->skel->progs.nestwg_handoff, frame, lab->nic_ifindex, &tc);
		if (!was_run(contest, "tc", &tc))
			return false;
	}
	contest->packets++;
	return same_reason(contest, &j, step->poor,
			   counted(contest, step->packet.len - ETH_HEADER)) &&
	       (!by_xdp || check_xdp(contest, step, &j, &xdp)) &&
	       (!by_tc || check_tc(contest, step, &j, &tc)) && check_copy(contest, &j);
}

/* To the kernel's own look-up all IGMP is for the link: ip_route_output_key_hash_rcu(). */
static bool is_lost_on_link(const struct contest *contest, const struct bytes *ip)
{
	return ip->data[9] == 2 && !contest->model.config.elsewhere;
}

static bool check_home(struct contest *contest, const struct step *step,
		       const struct judgement *j)
{
	static struct bytes got;

	switch (rows[j->reason].verdict) {
	case NESTWG_STACK:
		return (lab_read_stack(contest->lab, contest->wait_ms, &got) ||
			differ(contest, "nothing went to the stack")) &&
		       untouched(contest, "to the stack", &step->packet, &got);
	case NESTWG_NIC:
		if (is_lost_on_link(contest, &step->packet))
			return true;
		return (read_nic(contest, contest->wait_ms, &got) ||
			differ(contest, "nothing left by the NIC")) &&
		       same_packet(contest, "out of the NIC", j, &got, ETH_HEADER) &&
		       same_ethernet(contest, &got, mac_next_hop, mac_nic);
	case NESTWG_HAIRPIN:
	case NESTWG_ANSWER:
		return (lab_read_tunnel(contest->lab, contest->wait_ms, &got) ||
			differ(contest, "nothing came back through the tunnel")) &&
		       same_packet(contest, "back to the home", j, &got, 0);
	default:
		return true;
	}
}

static bool step_home(struct contest *contest, const struct step *step)
{
	static struct judgement j;
	bool is_ipv4 = step->kind == STEP_HOME;

	model_from_home(&contest->model, &step->packet, is_ipv4, &j);
	if (lab_send_raw_home(contest->lab, &step->packet, is_ipv4 ? ETH_P_IP : ETH_P_IPV6))
		return differ(contest, "could not be sent");
	contest->packets++;
	return same_reason(contest, &j, step->poor, counted(contest, step->packet.len)) &&
	       check_home(contest, step, &j) && is_nothing_left(contest);
}

static bool step_leaves(struct contest *contest, const struct step *step)
{
	static struct run run;

	if (!is_for_tc(&step->packet))
		return true;
	model_leaves(&contest->model, &step->packet);
	run_program(contest->lab->skel->progs.nestwg_learn, &step->packet,
		    contest->lab->nic_ifindex, &run);
	return was_run(contest, "learn", &run) &&
	       same_verdict(contest, "learn", run.verdict, TC_ACT_UNSPEC) &&
	       untouched(contest, "learn", &step->packet, &run.out);
}

/*
 * All that a map holds was seen that much earlier, and whole seconds ago: what a second has lost to the machine's
 * own pace is taken back. `seen` is the first field of both maps' values. The keys first: an LRU map that is
 * written to while it is walked through has no end.
 */
static void age(const struct bpf_map *map, __u64 now, unsigned int seconds)
{
	static __u8 keys[NESTWG_FLOWS_MAX][16];
	struct nestwg_fragment_state state;
	int fd = bpf_map__fd(map);
	unsigned int count = 0;

	while (count < NESTWG_FLOWS_MAX &&
	       !bpf_map_get_next_key(fd, count ? keys[count - 1] : NULL, keys[count]))
		count++;
	for (unsigned int i = 0; i < count; i++) {
		if (bpf_map_lookup_elem(fd, keys[i], &state))
			continue;
		state.seen = now - ((now - state.seen) / SECOND + seconds) * SECOND - 1;
		bpf_map_update_elem(fd, keys[i], &state, BPF_EXIST);
	}
}

/*
 * The model's clock stands still but for STEP_TIME, the kernel's does not. As long as it is set back at least once
 * a second, the programs see the same whole seconds as the model.
 */
static void set_clock(struct contest *contest, unsigned int seconds)
{
	__u64 now = coarse_clock();

	contest->is_late |= now - contest->clock_set > SECOND - SECOND / 8;
	age(contest->lab->skel->maps.flows, now, seconds);
	age(contest->lab->skel->maps.fragments, now, seconds);
	contest->clock_set = now;
	contest->model.now += seconds;
}

static bool step_time(struct contest *contest, const struct step *step)
{
	/* No time is earlier than the machine's start. */
	if (contest->model.now + step->value < coarse_clock() / SECOND)
		set_clock(contest, step->value);
	return true;
}

static bool take_step(struct contest *contest, const struct step *step)
{
	struct model_config *c = &contest->model.config;

	switch (step->kind) {
	case STEP_WIRE:
		return step_wire(contest, step);
	case STEP_HOME:
	case STEP_HOME_IPV6:
		return step_home(contest, step);
	case STEP_LEAVES:
		return step_leaves(contest, step);
	case STEP_TIME:
		return step_time(contest, step);
	case STEP_TOGGLE:
		c->tcp[step->value] = !c->tcp[step->value];
		c->udp[step->value] = !c->udp[step->value];
		set_port(contest->lab, c, step->value);
		return true;
	}
	return false;
}

bool contest_step(struct contest *contest, const struct step *step)
{
	bool agreed;

	if (coarse_clock() - contest->clock_set > SECOND / 8)
		set_clock(contest, 0);
	lab_set_answers(contest->lab, step->poor ? 0 : ANSWERS_BURST, 0);
	agreed = take_step(contest, step);
	contest->is_late |= coarse_clock() - contest->clock_set > SECOND - SECOND / 8;
	return agreed;
}
