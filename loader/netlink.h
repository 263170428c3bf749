/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NESTWG_NETLINK_H
#define NESTWG_NETLINK_H

#include <libmnl/libmnl.h>

/*
 * Sends one request over a socket of its own and hands each message of the answer to `each`, which
 * returns MNL_CB_OK to go on. Returns 0 or a negative errno; -EINTR says that a dump was
 * inconsistent.
 */
int netlink_ask(int bus, struct nlmsghdr *request, mnl_cb_t each, void *data);

/* For mnl_attr_parse*(): a table of attributes up to `max`, those that are unknown left out. */
struct netlink_attrs {
	const struct nlattr **table;
	unsigned int max;
};

int netlink_collect(const struct nlattr *attr, void *attrs);

#endif /* NESTWG_NETLINK_H */
