// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>

#include "netif.h"
#include "netlink.h"
#include "tc.h"
#include "verbose.h"

/*
 * Ours ("nw"), in a qdisc that others use too: early, since a verdict of theirs would end the chain, and
 * where ours has none it goes on. Not 1, which others like.
 */
#define FILTER_HANDLE	0x6e77
#define FILTER_PRIORITY	2

__u32 tc_filter_program(int ifindex, enum bpf_tc_attach_point point)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);

	return bpf_tc_query(&hook, &opts) ? 0 : opts.prog_id;
}

static const char *side_name(enum bpf_tc_attach_point point)
{
	return point == BPF_TC_EGRESS ? "egress" : "ingress";
}

int tc_filter_put(int ifindex, enum bpf_tc_attach_point point, int prog_fd)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY,
		    .prog_fd = prog_fd, .flags = BPF_TC_F_REPLACE);
	int err;

	err = bpf_tc_attach(&hook, &opts);
	if (!err)
		did("tc filter replace dev %s %s pref %d handle %#x bpf direct-action program",
		    netif_text(ifindex).s, side_name(point), FILTER_PRIORITY, FILTER_HANDLE);
	return err;
}

int tc_filter_remove(int ifindex, enum bpf_tc_attach_point point)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);
	int err;

	err = bpf_tc_detach(&hook, &opts);
	if (!err)
		did("tc filter del dev %s %s pref %d handle %#x bpf", netif_text(ifindex).s,
		    side_name(point), FILTER_PRIORITY, FILTER_HANDLE);
	return err;
}

int tc_clsact_make(int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	int err;

	err = bpf_tc_hook_create(&hook);
	if (!err)
		did("tc qdisc add dev %s clsact", netif_text(ifindex).s);
	return err;
}

static int see_filter(const struct nlmsghdr *message, void *seen)
{
	if (message->nlmsg_type == RTM_NEWTFILTER)
		*(bool *)seen = true;
	return MNL_CB_OK;
}

static bool has_filters(int ifindex, __u32 side)
{
	char buffer[256] = {};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct tcmsg *tc;
	bool seen = false;

	request->nlmsg_type = RTM_GETTFILTER;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	tc = mnl_nlmsg_put_extra_header(request, sizeof(*tc));
	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = ifindex;
	tc->tcm_parent = TC_H_MAKE(TC_H_CLSACT, side);
	return netlink_ask(NETLINK_ROUTE, request, see_filter, &seen) || seen;
}

void tc_clsact_remove_empty(int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);

	if (has_filters(ifindex, TC_H_MIN_INGRESS) || has_filters(ifindex, TC_H_MIN_EGRESS))
		return;
	if (!bpf_tc_hook_destroy(&hook))
		did("tc qdisc del dev %s clsact", netif_text(ifindex).s);
}
