/* SPDX-License-Identifier: GPL-2.0-only */
/* The ports by which an operator comes in: attaching must not give them away. */
#ifndef NESTWG_SSH_H
#define NESTWG_SSH_H

#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>

struct ssh_port {
	uint16_t port;
	uint8_t why;	/* NESTWG_WHY_SSHD | NESTWG_WHY_SESSION */
};

struct ssh_ports {
	struct ssh_port *list;
	size_t count;
};

/* Those by which `address` can be reached. 0, or -1 after reporting. */
int ssh_ports_get(struct ssh_ports *ports, __be32 address);
void ssh_ports_free(struct ssh_ports *ports);

/* NESTWG_WHY_* bits, 0 if SSH does not use it. */
uint8_t ssh_ports_why(const struct ssh_ports *ports, uint16_t port);

/* The server's port in the value of SSH_CONNECTION, 0 if it is no such value. */
uint16_t ssh_connection_port(const char *value);

#endif /* NESTWG_SSH_H */
