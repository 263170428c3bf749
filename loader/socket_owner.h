/* SPDX-License-Identifier: GPL-2.0-only */
/* Which process has a socket open, by the socket's inode: what /proc/net does not say. */
#ifndef NESTWG_SOCKET_OWNER_H
#define NESTWG_SOCKET_OWNER_H

#include <stdbool.h>

#define PROCESS_NAME_SIZE	16	/* TASK_COMM_LEN */

struct socket_owner {
	int pid;
	char name[PROCESS_NAME_SIZE];	/* "": unknown */
};

/*
 * Calls `each` for every socket that a process has open, as often as it has it; `wanted`, if not
 * NULL, chooses the processes. A process that may not be looked into, or is gone by then, has none.
 * 0, or a negative errno: what could not be read is left out, all the rest has been told.
 */
int socket_owners_each(bool (*wanted)(const struct socket_owner *owner),
		       void (*each)(const struct socket_owner *owner, unsigned long inode,
				    void *data),
		       void *data);

#endif /* NESTWG_SOCKET_OWNER_H */
