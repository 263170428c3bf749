// SPDX-License-Identifier: GPL-2.0-only
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "conntrack.h"
#include "netlink.h"

struct walk {
	void (*each)(const struct conntrack_flow *flow, void *data);
	void *data;
};

static bool get_u32(const struct nlattr *attr, __u32 *value)
{
	if (!attr || mnl_attr_get_payload_len(attr) != sizeof(*value))
		return false;
	*value = mnl_attr_get_u32(attr);
	return true;
}

static __be16 get_port(const struct nlattr *attr)
{
	if (!attr || mnl_attr_get_payload_len(attr) != sizeof(__be16))
		return 0;
	return mnl_attr_get_u16(attr);
}

static bool parse_addresses(const struct nlattr *nest, struct conntrack_tuple *tuple)
{
	const struct nlattr *table[CTA_IP_V4_DST + 1] = {};
	struct netlink_attrs attrs = { table, CTA_IP_V4_DST };

	return mnl_attr_parse_nested(nest, netlink_collect, &attrs) >= 0 &&
	       get_u32(table[CTA_IP_V4_SRC], &tuple->source) &&
	       get_u32(table[CTA_IP_V4_DST], &tuple->destination);
}

static bool parse_protocol(const struct nlattr *nest, struct conntrack_tuple *tuple)
{
	const struct nlattr *table[CTA_PROTO_ICMP_ID + 1] = {};
	struct netlink_attrs attrs = { table, CTA_PROTO_ICMP_ID };

	if (mnl_attr_parse_nested(nest, netlink_collect, &attrs) < 0 || !table[CTA_PROTO_NUM] ||
	    mnl_attr_get_payload_len(table[CTA_PROTO_NUM]) != sizeof(__u8))
		return false;
	tuple->protocol = mnl_attr_get_u8(table[CTA_PROTO_NUM]);
	tuple->source_port = get_port(table[CTA_PROTO_SRC_PORT]);
	tuple->destination_port = get_port(table[CTA_PROTO_DST_PORT]);
	tuple->icmp_id = get_port(table[CTA_PROTO_ICMP_ID]);
	return true;
}

static bool parse_tuple(const struct nlattr *nest, struct conntrack_tuple *tuple)
{
	const struct nlattr *table[CTA_TUPLE_PROTO + 1] = {};
	struct netlink_attrs attrs = { table, CTA_TUPLE_PROTO };

	return nest && mnl_attr_parse_nested(nest, netlink_collect, &attrs) >= 0 &&
	       table[CTA_TUPLE_IP] && table[CTA_TUPLE_PROTO] &&
	       parse_addresses(table[CTA_TUPLE_IP], tuple) &&
	       parse_protocol(table[CTA_TUPLE_PROTO], tuple);
}

static int take_flow(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *table[CTA_TUPLE_REPLY + 1] = {};
	struct netlink_attrs attrs = { table, CTA_TUPLE_REPLY };
	struct conntrack_flow flow = {};
	const struct walk *walk = data;

	if (mnl_attr_parse(message, sizeof(struct nfgenmsg), netlink_collect, &attrs) >= 0 &&
	    parse_tuple(table[CTA_TUPLE_ORIG], &flow.original) &&
	    parse_tuple(table[CTA_TUPLE_REPLY], &flow.reply))
		walk->each(&flow, walk->data);
	return MNL_CB_OK;
}

static bool tracks_something(void)
{
	unsigned long count = 0;
	FILE *file;

	file = fopen("/proc/sys/net/netfilter/nf_conntrack_count", "re");
	if (!file)
		return false;
	if (fscanf(file, "%lu", &count) != 1)
		count = 0;
	fclose(file);
	return count > 0;
}

int conntrack_each(void (*each)(const struct conntrack_flow *flow, void *data), void *data)
{
	struct walk walk = { each, data };
	char buffer[256] = {};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *family;

	if (!tracks_something())
		return 0;
	request->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	family = mnl_nlmsg_put_extra_header(request, sizeof(*family));
	family->nfgen_family = AF_INET;
	family->version = NFNETLINK_V0;
	return netlink_ask(NETLINK_NETFILTER, request, take_flow, &walk);
}
