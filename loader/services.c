// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "services.h"
#include "socket_owner.h"
#include "sockets.h"

struct service *services_add(struct services *services, uint8_t protocol, uint16_t first,
			     uint16_t last)
{
	struct service *list;

	list = reallocarray(services->list, services->count + 1, sizeof(*list));
	if (!list) {
		services->err = -ENOMEM;
		return NULL;
	}
	services->list = list;
	list[services->count] = (struct service){
		.protocol = protocol,
		.port = first,
		.last = last,
	};
	return &list[services->count++];
}

static void take_socket(const struct socket *socket, void *data)
{
	struct services *services = data;
	struct service *service;
	bool tcp = socket->protocol == IPPROTO_TCP;

	if ((socket->local && socket->local != services->address) || socket->remote ||
	    socket->state != (tcp ? SOCKET_LISTEN : SOCKET_CLOSE))
		return;
	/* WireGuard's in the kernel are listed, too, with the inode 0: nobody's file. */
	service = services_add(services, socket->protocol, socket->local_port, socket->local_port);
	if (service)
		service->inode = socket->inode;
}

/* The first one of several that share it: the parent, mostly. */
static void note_owner(const struct socket_owner *owner, unsigned long inode, void *data)
{
	struct services *services = data;

	for (size_t i = 0; i < services->count; i++) {
		struct service *service = &services->list[i];

		if (service->inode != inode || service->pid)
			continue;
		service->pid = owner->pid;
		memcpy(service->process, owner->name, sizeof(service->process));
	}
}

static int compare(const void *a, const void *b)
{
	const struct service *one = a, *other = b;

	if (one->protocol != other->protocol)
		return one->protocol - other->protocol;
	if (one->port != other->port)
		return one->port - other->port;
	/* Translated before any socket is asked. */
	return (one->inode != 0) - (other->inode != 0);
}

/* IPv4 and IPv6, or several workers' sockets (SO_REUSEPORT). */
static bool are_same(const struct service *a, const struct service *b)
{
	return a->protocol == b->protocol && a->port == b->port && a->last == b->last &&
	       strcmp(a->process, b->process) == 0 && strcmp(a->target, b->target) == 0;
}

static void sort(struct services *services)
{
	size_t kept = 0;

	if (services->count)
		qsort(services->list, services->count, sizeof(*services->list), compare);
	for (size_t i = 0; i < services->count; i++)
		if (!kept || !are_same(&services->list[kept - 1], &services->list[i]))
			services->list[kept++] = services->list[i];
	services->count = kept;
}

int services_get(struct services *services, const char *nic, __be32 address)
{
	int err;

	*services = (struct services){ .address = address, .nic = nic };
	err = sockets_each(IPPROTO_TCP, take_socket, services);
	if (!err)
		err = sockets_each(IPPROTO_UDP, take_socket, services);
	if (!err) {
		/* An owner that cannot be found stays unknown. */
		socket_owners_each(NULL, note_owner, services);
		services_take_rules(services);
		err = services->err;
	}
	if (err)
		services_free(services);
	else
		sort(services);
	return err;
}

void services_free(struct services *services)
{
	free(services->list);
	services->list = NULL;
	services->count = 0;
}
