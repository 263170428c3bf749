// SPDX-License-Identifier: GPL-2.0-only
#include <linux/genetlink.h>
#include <stdint.h>

#include "netlink.h"
#include "xdp_features.h"

/* include/uapi/linux/netdev.h, since 6.3: newer than some headers */
#define NETDEV_FAMILY	"netdev"
#define NETDEV_GET	1	/* NETDEV_CMD_DEV_GET */
#define DEV_IFINDEX	1	/* NETDEV_A_DEV_IFINDEX */
#define DEV_FEATURES	3	/* NETDEV_A_DEV_XDP_FEATURES */
#define ACT_BASIC	1	/* NETDEV_XDP_ACT_BASIC */

static struct nlmsghdr *begin(char *buffer, uint16_t family, uint8_t command)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *header;

	request->nlmsg_type = family;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->cmd = command;
	header->version = 1;
	return request;
}

static int take_family(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *table[CTRL_ATTR_FAMILY_ID + 1] = {};
	struct netlink_attrs attrs = { table, CTRL_ATTR_FAMILY_ID };

	if (mnl_attr_parse(message, sizeof(struct genlmsghdr), netlink_collect, &attrs) >= 0 &&
	    table[CTRL_ATTR_FAMILY_ID])
		*(uint16_t *)data = mnl_attr_get_u16(table[CTRL_ATTR_FAMILY_ID]);
	return MNL_CB_OK;
}

static int take_features(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *table[DEV_FEATURES + 1] = {};
	struct netlink_attrs attrs = { table, DEV_FEATURES };
	enum xdp_support *support = data;

	if (mnl_attr_parse(message, sizeof(struct genlmsghdr), netlink_collect, &attrs) >= 0 &&
	    table[DEV_FEATURES])
		*support = mnl_attr_get_u64(table[DEV_FEATURES]) & ACT_BASIC ? XDP_PRESENT :
									       XDP_ABSENT;
	return MNL_CB_OK;
}

/* 0: there is no such family, or it cannot be asked for. */
static uint16_t netdev_family(void)
{
	char buffer[256] = {};
	struct nlmsghdr *request = begin(buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	uint16_t family = 0;

	mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, NETDEV_FAMILY);
	return netlink_ask(NETLINK_GENERIC, request, take_family, &family) ? 0 : family;
}

bool xdp_support_is_told(void)
{
	return netdev_family();
}

enum xdp_support xdp_support_get(int ifindex)
{
	enum xdp_support support = XDP_UNKNOWN;
	uint16_t family = netdev_family();
	char buffer[256] = {};
	struct nlmsghdr *request;

	if (!family)
		return XDP_UNKNOWN;
	request = begin(buffer, family, NETDEV_GET);
	mnl_attr_put_u32(request, DEV_IFINDEX, (uint32_t)ifindex);
	if (netlink_ask(NETLINK_GENERIC, request, take_features, &support))
		return XDP_UNKNOWN;
	return support;
}
