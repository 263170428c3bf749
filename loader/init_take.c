// SPDX-License-Identifier: GPL-2.0-only
/*
 * The values of `init`, from the command line or from the answer to a question. What gets through
 * here is written into files that shells read (wg-quick evaluates PostUp lines, RouterOS imports
 * commands): nothing may get through that means anything to them.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "init_plan.h"
#include "spec.h"

#define LABEL_MAX	63	/* RFC 1035, 2.3.4 */
#define LINK_MTU_MIN	1280	/* what every link that carries IPv6 has (RFC 8200, 5) */
#define LINK_MTU_MAX	9000
#define NET_LENGTH_MAX	30	/* two ends, network and broadcast address */
#define NET_LENGTH_MIN	8

static const char bad_port[] = "a port is a number from 1 to 65535";

static bool usable(uint32_t address)
{
	uint32_t first = address >> 24;

	return first && first != 127 && first < 224;
}

static const char *take_address(const char *text, uint32_t *address)
{
	__be32 parsed;

	if (!address_parse(text, &parsed) || !usable(ntohl(parsed)))
		return "an IPv4 address is wanted, such as 192.168.16.10";
	*address = ntohl(parsed);
	return NULL;
}

/* RFC 1123, 2.1; the last label of a name has a letter, or it would be a mistyped address. */
static bool is_host_name(const char *text)
{
	size_t label = 0;
	bool letter = false;

	for (; *text; text++) {
		if (*text == '.') {
			if (!label || text[-1] == '-')
				return false;
			label = 0;
			letter = false;
			continue;
		}
		if (!isascii(*text) || (!isalnum(*text) && (*text != '-' || !label)) ||
		    ++label > LABEL_MAX)
			return false;
		letter |= !isdigit(*text);
	}
	return label && text[-1] != '-' && letter;
}

const char *init_take_endpoint(struct init_plan *plan, const char *text)
{
	__be32 address;

	if (!*text)
		return "the gateway's public IPv4 address, or a name for it, is wanted";
	if (strchr(text, ':'))
		return "an IPv4 address or a name is wanted, without a port: only IPv4 is "
		       "forwarded, and the ports have options of their own";
	if (strlen(text) >= sizeof(plan->endpoint))
		return "it is too long for a name";
	if (address_parse(text, &address)) {
		if (!usable(ntohl(address)))
			return "nobody on the internet has this address";
	} else if (!is_host_name(text)) {
		return "neither an IPv4 address nor a name such as home.example.org";
	}
	strcpy(plan->endpoint, text);
	return NULL;
}

const char *init_take_nic(struct init_plan *plan, const char *text)
{
	if (!*text)
		return "the name of the interface that faces the internet is wanted";
	if (strlen(text) >= sizeof(plan->nic))
		return "no interface can have so long a name";
	if (*text == '-' || *text == '.')
		return "it has to begin with a letter or a digit";
	/* The kernel would allow more, which a shell reads otherwise. */
	for (const char *c = text; *c; c++)
		if (!isascii(*c) || (!isalnum(*c) && !strchr("_.-", *c)))
			return "only letters, digits, '_', '.' and '-' are possible here";
	strcpy(plan->nic, text);
	return NULL;
}

static const char *take_port(const char *text, uint16_t *port)
{
	unsigned long number;

	if (!number_parse(text, 1, UINT16_MAX, &number))
		return bad_port;
	*port = (uint16_t)number;
	return NULL;
}

const char *init_take_port(struct init_plan *plan, const char *text)
{
	return take_port(text, &plan->port);
}

const char *init_take_private_port(struct init_plan *plan, const char *text)
{
	return take_port(text, &plan->private_port);
}

const char *init_take_ssh(struct init_plan *plan, const char *text)
{
	char list[INIT_SSH_PORTS_MAX * sizeof("65535,")], *rest = list, *item;

	if (strlen(text) >= sizeof(list))
		return "too many ports";
	strcpy(list, text);
	plan->nr_ssh = 0;
	while ((item = strsep(&rest, ","))) {
		if (plan->nr_ssh == INIT_SSH_PORTS_MAX)
			return "too many ports";
		if (take_port(item, &plan->ssh[plan->nr_ssh++]))
			return bad_port;
	}
	return NULL;
}

const char *init_take_link_mtu(struct init_plan *plan, const char *text)
{
	unsigned long mtu;

	if (!number_parse(text, LINK_MTU_MIN, LINK_MTU_MAX, &mtu))
		return "a number from 1280 to 9000 is wanted: 1500 for Ethernet, 1492 for PPPoE";
	plan->link_mtu = (unsigned int)mtu;
	return NULL;
}

static const char *take_net(struct init_plan *plan, struct init_net *net, const char *text)
{
	static const char wanted[] = "a network is wanted, such as 192.168.16.0/24";
	const char *slash = strchr(text, '/');
	char address[INET_ADDRSTRLEN];
	unsigned long length;
	__be32 parsed;
	uint32_t mask;

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		return wanted;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (!address_parse(address, &parsed) || !number_parse(slash + 1, 0, 32, &length))
		return wanted;
	if (length > NET_LENGTH_MAX)
		return "it is too small: two addresses are needed, as a /30 has";
	if (length < NET_LENGTH_MIN)
		return "it is too large: a /8 is the most";
	net->address = ntohl(parsed);
	net->length = (unsigned int)length;
	if (!usable(net->address))
		return "no network can have these addresses";
	mask = UINT32_MAX << (32 - length);
	if (!(net->address & ~mask))
		return NULL;
	snprintf(plan->why, sizeof(plan->why), "the network is %s/%lu",
		 address_text(htonl(net->address & mask)).s, length);
	return plan->why;
}

const char *init_take_wan(struct init_plan *plan, const char *text)
{
	return take_net(plan, &plan->wan, text);
}

const char *init_take_home(struct init_plan *plan, const char *text)
{
	return take_net(plan, &plan->home, text);
}

const char *init_take_private(struct init_plan *plan, const char *text)
{
	return take_net(plan, &plan->private, text);
}

const char *init_take_phone(struct init_plan *plan, const char *text)
{
	return take_address(text, &plan->phone);
}

const char *init_take_mikrotik(struct init_plan *plan, const char *text)
{
	bool yes = strcmp(text, "yes") == 0 || strcmp(text, "y") == 0;

	if (!yes && strcmp(text, "no") != 0 && strcmp(text, "n") != 0)
		return "yes or no?";
	plan->mikrotik = yes;
	return NULL;
}

const char *init_take_dir(struct init_plan *plan, const char *text)
{
	if (!*text)
		return "a directory is wanted";
	if (strlen(text) >= sizeof(plan->dir))
		return "it is too long";
	for (const char *c = text; *c; c++)
		if (iscntrl((unsigned char)*c))
			return "it has a control character";
	strcpy(plan->dir, text);
	return NULL;
}

static const char *take_ranges(struct init_forward *forward, char *list)
{
	unsigned int slots = 0;
	struct spec spec;
	const char *wrong;
	char *item;

	while ((item = strsep(&list, ","))) {
		wrong = spec_parse(item, &spec);
		if (wrong || !spec.first)
			return wrong && isdigit((unsigned char)*item) ? wrong : bad_port;
		slots += spec.first == spec.last ? 1 : 2;
		if (slots > INIT_RANGES_MAX)
			return "at most 15 ports go into one (a range counts as two): write two";
		forward->ranges[forward->nr_ranges++] = (struct init_range){
			.first = spec.first,
			.last = spec.last,
		};
	}
	return NULL;
}

static const char *take_protocols(struct init_forward *forward, const char *text)
{
	forward->tcp = !text || strcmp(text, "tcp") == 0;
	forward->udp = !text || strcmp(text, "udp") == 0;
	return forward->tcp || forward->udp ? NULL : "after the slash comes tcp or udp";
}

const char *init_take_forward(struct init_plan *plan, const char *text)
{
	struct init_forward *forward = &plan->forwards[plan->nr_forwards];
	char copy[INIT_PORTS_SIZE + sizeof("/tcp=255.255.255.255")], *address = copy;
	char *ports, *protocol;
	const char *wrong;

	if (plan->nr_forwards == INIT_FORWARDS_MAX)
		return "there are too many";
	if (strlen(text) >= sizeof(copy))
		return "it is too long";
	strcpy(copy, text);
	memset(forward, 0, sizeof(*forward));

	protocol = strsep(&address, "=");
	if (!address)
		return "PORTS[/tcp|/udp]=ADDRESS is wanted, such as 80,443/tcp=192.168.16.10";
	ports = strsep(&protocol, "/");
	wrong = take_protocols(forward, protocol);
	if (!wrong)
		wrong = take_ranges(forward, ports);
	if (!wrong)
		wrong = take_address(address, &forward->address);
	if (!wrong)
		plan->nr_forwards++;
	return wrong;
}
