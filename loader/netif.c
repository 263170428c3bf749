// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "netif.h"
#include "netlink.h"

#define DUMP_TRIES 5	/* a dump during which something changed is asked for again */

static int parse_link(const struct nlmsghdr *message, struct netif *netif)
{
	const struct nlattr *table[IFLA_MTU + 1] = {};
	struct netlink_attrs attrs = { table, IFLA_MTU };
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);

	memset(netif, 0, sizeof(*netif));
	if (message->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*info) ||
	    mnl_attr_parse(message, sizeof(*info), netlink_collect, &attrs) < 0)
		return -EBADMSG;
	if (!table[IFLA_IFNAME] || !table[IFLA_MTU] ||
	    mnl_attr_validate(table[IFLA_IFNAME], MNL_TYPE_NUL_STRING) < 0 ||
	    mnl_attr_validate2(table[IFLA_MTU], MNL_TYPE_U32, sizeof(__u32)) < 0)
		return -EBADMSG;

	netif->ifindex = info->ifi_index;
	netif->type = info->ifi_type;
	netif->flags = info->ifi_flags;
	netif->mtu = mnl_attr_get_u32(table[IFLA_MTU]);
	strncpy(netif->name, mnl_attr_get_str(table[IFLA_IFNAME]), sizeof(netif->name) - 1);
	return 0;
}

static int take_link(const struct nlmsghdr *message, void *netif)
{
	return parse_link(message, netif) ? MNL_CB_ERROR : MNL_CB_OK;
}

static struct ifinfomsg *link_request(struct nlmsghdr *request, __u16 flags)
{
	request->nlmsg_type = RTM_GETLINK;
	request->nlmsg_flags = NLM_F_REQUEST | flags;
	return mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
}

int netif_by_name(const char *name, struct netif *netif)
{
	char buffer[256] = {};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);

	if (!netif_name_valid(name))
		return -ENODEV;
	link_request(request, NLM_F_ACK);
	mnl_attr_put_strz(request, IFLA_IFNAME, name);
	return netlink_ask(NETLINK_ROUTE, request, take_link, netif);
}

int netif_by_index(int ifindex, struct netif *netif)
{
	char buffer[256] = {};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);

	if (ifindex <= 0)
		return -ENODEV;
	link_request(request, NLM_F_ACK)->ifi_index = ifindex;
	return netlink_ask(NETLINK_ROUTE, request, take_link, netif);
}

struct netif_list {
	struct netif *list;
	size_t count;
};

static int append_link(const struct nlmsghdr *message, void *data)
{
	struct netif_list *all = data;
	struct netif *list;

	list = reallocarray(all->list, all->count + 1, sizeof(*list));
	if (!list)
		return MNL_CB_ERROR;
	all->list = list;
	if (!parse_link(message, &list[all->count]))
		all->count++;
	return MNL_CB_OK;
}

int netif_each(int (*each)(const struct netif *netif, void *data), void *data)
{
	struct netif_list all = {};
	int err = -EINTR;

	for (int i = 0; err == -EINTR && i < DUMP_TRIES; i++) {
		char buffer[256] = {};
		struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);

		all.count = 0;
		link_request(request, NLM_F_DUMP);
		err = netlink_ask(NETLINK_ROUTE, request, append_link, &all);
	}
	for (size_t i = 0; !err && i < all.count; i++)
		err = each(&all.list[i], data);
	free(all.list);
	return err;
}

/* As the kernel's fib_add_ifaddr(): two addresses or one (RFC 3021) have no room for a broadcast. */
static __be32 broadcast_of(__be32 address, unsigned int prefix)
{
	return prefix < 31 ? address | htonl(0xffffffff >> prefix) : 0;
}

static int append_address(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *table[IFA_FLAGS + 1] = {};
	struct netlink_attrs attrs = { table, IFA_FLAGS };
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
	struct netif_addresses *all = data;
	struct netif_address *list;
	__u32 flags;

	if (message->nlmsg_type != RTM_NEWADDR ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*info) ||
	    mnl_attr_parse(message, sizeof(*info), netlink_collect, &attrs) < 0 ||
	    !table[IFA_LOCAL] || mnl_attr_get_payload_len(table[IFA_LOCAL]) != sizeof(__be32))
		return MNL_CB_OK;
	flags = info->ifa_flags;
	if (table[IFA_FLAGS] && mnl_attr_get_payload_len(table[IFA_FLAGS]) == sizeof(flags))
		flags = mnl_attr_get_u32(table[IFA_FLAGS]);

	list = reallocarray(all->list, all->count + 1, sizeof(*list));
	if (!list)
		return MNL_CB_ERROR;
	all->list = list;
	list[all->count++] = (struct netif_address){
		.ifindex = (int)info->ifa_index,
		.address = mnl_attr_get_u32(table[IFA_LOCAL]),
		.broadcast = broadcast_of(mnl_attr_get_u32(table[IFA_LOCAL]), info->ifa_prefixlen),
		.secondary = flags & IFA_F_SECONDARY,
	};
	return MNL_CB_OK;
}

int netif_addresses_get(struct netif_addresses *addresses)
{
	int err = -EINTR;

	memset(addresses, 0, sizeof(*addresses));
	for (int i = 0; err == -EINTR && i < DUMP_TRIES; i++) {
		char buffer[256] = {};
		struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
		struct ifaddrmsg *info;

		addresses->count = 0;
		request->nlmsg_type = RTM_GETADDR;
		request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
		info->ifa_family = AF_INET;
		err = netlink_ask(NETLINK_ROUTE, request, append_address, addresses);
	}
	if (err)
		netif_addresses_free(addresses);
	return err;
}

void netif_addresses_free(struct netif_addresses *addresses)
{
	free(addresses->list);
	memset(addresses, 0, sizeof(*addresses));
}

bool netif_has_address(const struct netif_addresses *addresses, int ifindex, __be32 address)
{
	for (size_t i = 0; i < addresses->count; i++)
		if (addresses->list[i].address == address &&
		    (!ifindex || addresses->list[i].ifindex == ifindex))
			return true;
	return false;
}

bool netif_has_broadcast(const struct netif_addresses *addresses, __be32 address)
{
	for (size_t i = 0; i < addresses->count; i++)
		if (addresses->list[i].broadcast == address && address)
			return true;
	return false;
}

__be32 netif_primary_address(const struct netif_addresses *addresses, int ifindex)
{
	for (size_t i = 0; i < addresses->count; i++)
		if (addresses->list[i].ifindex == ifindex && !addresses->list[i].secondary)
			return addresses->list[i].address;
	return 0;
}

/* 32 bits: struct ns_common in include/linux/ns_common.h, `inum`. */
__u32 netif_namespace(void)
{
	struct stat namespace;

	return stat("/proc/self/ns/net", &namespace) ? 0 : (__u32)namespace.st_ino;
}

struct netif_text netif_text(int ifindex)
{
	struct netif_text text;

	if (!if_indextoname((unsigned int)ifindex, text.s))
		snprintf(text.s, sizeof(text.s), "number %d", ifindex);
	return text;
}

/* dev_valid_name() in net/core/dev.c */
bool netif_name_valid(const char *name)
{
	size_t length = strlen(name);

	if (!length || length >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (; *name; name++)
		if (*name == '/' || *name == ':' || isspace((unsigned char)*name))
			return false;
	return true;
}
