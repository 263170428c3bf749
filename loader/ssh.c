// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conntrack.h"
#include "error.h"
#include "nestwg.h"
#include "run.h"
#include "socket_owner.h"
#include "sockets.h"
#include "ssh.h"

#define ANCESTORS_MAX	64
#define ENVIRON_MAX	(256u << 10)

struct listener {
	uint16_t port;
	unsigned long inode;
};

struct listeners {
	struct listener *list;
	size_t count;
	__be32 address;
	int err;
};

static int add_port(struct ssh_ports *ports, uint16_t port, uint8_t why)
{
	struct ssh_port *list;

	for (size_t i = 0; i < ports->count; i++) {
		if (ports->list[i].port == port) {
			ports->list[i].why |= why;
			return 0;
		}
	}
	list = reallocarray(ports->list, ports->count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	ports->list = list;
	list[ports->count++] = (struct ssh_port){ port, why };
	return 0;
}

static void note_listener(const struct socket *socket, void *data)
{
	struct listeners *listeners = data;
	struct listener *list;

	if (socket->state != SOCKET_LISTEN ||
	    (socket->local && socket->local != listeners->address))
		return;
	list = reallocarray(listeners->list, listeners->count + 1, sizeof(*list));
	if (!list) {
		listeners->err = -ENOMEM;
		return;
	}
	listeners->list = list;
	list[listeners->count++] = (struct listener){ socket->local_port, socket->inode };
}

static bool is_ssh_server(const struct socket_owner *owner)
{
	return strcmp(owner->name, "sshd") == 0 || strcmp(owner->name, "dropbear") == 0;
}

struct search {
	const struct listeners *listeners;
	struct ssh_ports *ports;
	int err;
};

static void add_listener(const struct socket_owner *owner, unsigned long inode, void *data)
{
	struct search *search = data;
	const struct listeners *listeners = search->listeners;

	(void)owner;
	for (size_t i = 0; !search->err && i < listeners->count; i++)
		if (listeners->list[i].inode == inode)
			search->err = add_port(search->ports, listeners->list[i].port,
					       NESTWG_WHY_SSHD);
}

static int add_sshd_listeners(const struct listeners *listeners, struct ssh_ports *ports)
{
	struct search search = { .listeners = listeners, .ports = ports };
	int err;

	err = socket_owners_each(is_ssh_server, add_listener, &search);
	return err ? err : search.err;
}

/* "port 22" or "listenaddress [::]:22" in the output of `sshd -T`; 0: another line. */
static uint16_t configured_port(const char *line)
{
	const char *number = NULL;
	unsigned long port;
	char *end;

	if (strncmp(line, "port ", 5) == 0)
		number = line + 5;
	else if (strncmp(line, "listenaddress ", 14) == 0)
		number = strrchr(line, ':') ? strrchr(line, ':') + 1 : NULL;
	if (!number)
		return 0;
	port = strtoul(number, &end, 10);
	return end != number && !*end && port <= UINT16_MAX ? (uint16_t)port : 0;
}

static bool is_listening(const struct listeners *listeners, uint16_t port)
{
	for (size_t i = 0; i < listeners->count; i++)
		if (listeners->list[i].port == port)
			return true;
	return false;
}

/*
 * Where systemd holds the listening socket (Ubuntu's ssh.socket), no process called sshd has it.
 * What sshd would listen on is a hint then, if something does listen there; and if no sshd is to be
 * found at all, perhaps since it is started later at boot, the only one there is.
 */
static int add_configured(const struct running_command *sshd, const struct listeners *listeners,
			  struct ssh_ports *ports)
{
	bool none_found = !ports->count;
	char *output, *rest, *line;
	int err = 0;

	if (run_finish(sshd, &output) < 0)
		return 0;
	rest = output;
	while (!err && (line = strsep(&rest, "\n"))) {
		uint16_t port = configured_port(line);

		if (port && (none_found || is_listening(listeners, port)))
			err = add_port(ports, port, NESTWG_WHY_SSHD);
	}
	free(output);
	return err;
}

uint16_t ssh_connection_port(const char *value)
{
	unsigned int client_port, port;
	char extra;

	/* client address, client port, server address, server port */
	if (sscanf(value, "%*63s %5u %*63s %5u%c", &client_port, &port, &extra) != 2)
		return 0;
	return port <= UINT16_MAX ? (uint16_t)port : 0;
}

static uint16_t environ_port(const char *text, size_t length)
{
	static const char name[] = "SSH_CONNECTION=";
	const char *end = text + length;

	for (; text < end; text += strlen(text) + 1)
		if (strncmp(text, name, sizeof(name) - 1) == 0)
			return ssh_connection_port(text + sizeof(name) - 1);
	return 0;
}

static size_t read_file(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	length = fread(text, 1, size - 1, file);
	fclose(file);
	text[length] = '\0';
	return length;
}

static pid_t parent_of(pid_t pid)
{
	char stat[512];
	const char *after_name;
	int parent;

	if (!read_file(pid, "stat", stat, sizeof(stat)))
		return 0;
	after_name = strrchr(stat, ')');	/* the name may hold anything */
	if (!after_name || sscanf(after_name, ") %*c %d", &parent) != 1)
		return 0;
	return parent;
}

/* sudo strips the variable from its child's environment, but not from its own. */
static int add_session(struct ssh_ports *ports)
{
	const char *own = getenv("SSH_CONNECTION");
	uint16_t port = own ? ssh_connection_port(own) : 0;
	pid_t pid = getpid();
	char *text;

	text = malloc(ENVIRON_MAX);
	if (!text)
		return -ENOMEM;
	for (int i = 0; !port && pid > 1 && i < ANCESTORS_MAX; i++) {
		port = environ_port(text, read_file(pid, "environ", text, ENVIRON_MAX));
		pid = parent_of(pid);
	}
	free(text);
	return port ? add_port(ports, port, NESTWG_WHY_SESSION) : 0;
}

struct translated {
	struct ssh_ports *ports;
	__be32 address;
	int err;
};

static void add_original_port(const struct conntrack_flow *flow, void *data)
{
	struct translated *translated = data;
	uint8_t why = ssh_ports_why(translated->ports, ntohs(flow->reply.source_port));

	if (flow->original.protocol == IPPROTO_TCP && why && !translated->err &&
	    flow->original.destination == translated->address &&
	    flow->original.destination_port != flow->reply.source_port)
		translated->err = add_port(translated->ports,
					   ntohs(flow->original.destination_port), why);
}

/*
 * The port that the world knows may be another than the socket's (iptables REDIRECT, sslh, a
 * container): open sessions tell which. Without connection tracking there is no such thing.
 */
static int add_translated(struct ssh_ports *ports, __be32 address)
{
	struct translated translated = { .ports = ports, .address = address };

	conntrack_each(add_original_port, &translated);
	return translated.err;
}

int ssh_ports_get(struct ssh_ports *ports, __be32 address)
{
	/* sshd refuses to run without an absolute path. It takes a while: meanwhile we look around. */
	const char *const argv[] = { "/usr/sbin/sshd", "-T", NULL };
	struct listeners listeners = { .address = address };
	struct running_command sshd;
	bool started = !run_start(argv, &sshd);
	int err, configured = 0;

	memset(ports, 0, sizeof(*ports));
	err = sockets_each(IPPROTO_TCP, note_listener, &listeners);
	if (!err)
		err = listeners.err;
	if (!err)
		err = add_sshd_listeners(&listeners, ports);
	if (started)
		configured = add_configured(&sshd, &listeners, ports);
	if (!err)
		err = configured;
	if (!err)
		err = add_session(ports);
	if (!err)
		err = add_translated(ports, address);
	free(listeners.list);
	if (!err)
		return 0;
	ssh_ports_free(ports);
	return fail("/proc", "cannot find the ports of sshd: %s; mount /proc", strerror(-err));
}

void ssh_ports_free(struct ssh_ports *ports)
{
	free(ports->list);
	memset(ports, 0, sizeof(*ports));
}

uint8_t ssh_ports_why(const struct ssh_ports *ports, uint16_t port)
{
	for (size_t i = 0; i < ports->count; i++)
		if (ports->list[i].port == port)
			return ports->list[i].why;
	return 0;
}
