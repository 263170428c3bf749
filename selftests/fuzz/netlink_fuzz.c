// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's answers: interfaces, addresses, connection tracking. The first byte chooses the question,
 * the rest is the answer. libmnl's walk from message to message trusts the kernel, so it sees one at a time.
 */
#include <errno.h>

#include "../../loader/conntrack.c"

#include "loader_fuzz.h"
#include "netif.h"

struct answer {
	const uint8_t *data;
	size_t size;
};

static struct answer answer;

/* One message in memory of its own: type, length of what follows the header, and that. */
static struct nlmsghdr *next_message(struct answer *rest)
{
	struct nlmsghdr *message;
	uint16_t type, length;

	if (rest->size < sizeof(type) + sizeof(length))
		return NULL;
	memcpy(&type, rest->data, sizeof(type));
	memcpy(&length, rest->data + sizeof(type), sizeof(length));
	rest->data += sizeof(type) + sizeof(length);
	rest->size -= sizeof(type) + sizeof(length);
	if (length > rest->size)
		length = (uint16_t)rest->size;
	message = calloc(1, sizeof(*message) + length);
	if (!message)
		abort();
	message->nlmsg_len = (uint32_t)sizeof(*message) + length;
	message->nlmsg_type = type;
	memcpy(message + 1, rest->data, length);
	rest->data += length;
	rest->size -= length;
	return message;
}

/* In the place of netlink_ask(): the answer is what the fuzzer says. */
int __wrap_netlink_ask(int bus, struct nlmsghdr *request, mnl_cb_t each, void *data);
int __wrap_netlink_ask(int bus, struct nlmsghdr *request, mnl_cb_t each, void *data)
{
	struct answer rest = answer;
	struct nlmsghdr *message;
	int more = MNL_CB_OK;

	(void)bus;
	(void)request;
	while (more > MNL_CB_STOP && (message = next_message(&rest))) {
		more = mnl_cb_run(message, message->nlmsg_len, 0, 0, each, data);
		free(message);
	}
	return more < 0 ? -EPROTO : 0;
}

static int check_netif(const struct netif *netif, void *data)
{
	(void)data;
	EXPECT(strnlen(netif->name, sizeof(netif->name)) < sizeof(netif->name));
	return 0;
}

static void check_one_netif(void)
{
	struct netif netif = {};

	if (!netif_by_name("eth0", &netif))
		check_netif(&netif, NULL);
}

static void check_addresses(void)
{
	struct netif_addresses addresses;

	if (netif_addresses_get(&addresses))
		return;
	for (size_t i = 0; i < addresses.count; i++)
		EXPECT(netif_has_address(&addresses, addresses.list[i].ifindex,
					 addresses.list[i].address));
	netif_addresses_free(&addresses);
}

static void count_flow(const struct conntrack_flow *flow, void *data)
{
	unsigned int *count = data;

	*count += flow->original.protocol;
}

static void check_conntrack(void)
{
	unsigned int count = 0;
	struct walk walk = { count_flow, &count };

	__wrap_netlink_ask(NETLINK_NETFILTER, NULL, take_flow, &walk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	answer = (struct answer){ data + 1, size - 1 };
	switch (data[0] % 4) {
	case 0:
		check_one_netif();
		break;
	case 1:
		netif_each(check_netif, NULL);
		break;
	case 2:
		check_addresses();
		break;
	default:
		check_conntrack();
	}
	return 0;
}
