// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <time.h>

#include "netlink.h"

/* What the kernel fills at most for one read of a dump (net/netlink/af_netlink.c). */
#define ANSWER_SIZE 32768

static int receive(struct mnl_socket *socket, unsigned int seq, mnl_cb_t each, void *data)
{
	char answer[ANSWER_SIZE];
	ssize_t length;
	int more;

	do {
		length = mnl_socket_recvfrom(socket, answer, sizeof(answer));
		if (length < 0)
			return -errno;
		more = mnl_cb_run(answer, (size_t)length, seq, mnl_socket_get_portid(socket), each,
				  data);
		if (more < 0)
			return -errno;
	} while (more > MNL_CB_STOP);
	return 0;
}

int netlink_ask(int bus, struct nlmsghdr *request, mnl_cb_t each, void *data)
{
	struct mnl_socket *socket;
	int err;

	socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (!socket)
		return -errno;
	request->nlmsg_seq = (unsigned int)time(NULL);
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		err = -errno;
	else
		err = receive(socket, request->nlmsg_seq, each, data);
	mnl_socket_close(socket);
	return err;
}

int netlink_collect(const struct nlattr *attr, void *attrs)
{
	struct netlink_attrs *wanted = attrs;
	unsigned int type = mnl_attr_get_type(attr);

	if (type <= wanted->max)
		wanted->table[type] = attr;
	return MNL_CB_OK;
}
