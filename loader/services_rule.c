// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ports that iptables translates, such as those that Docker publishes (`userland-proxy: false`
 * leaves no socket that would listen). A rule whose conditions are not understood counts: better
 * one line too many.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "services.h"

struct rule {
	bool negated;		/* `!` stands before the option that follows */
	bool elsewhere;		/* another interface, another address */
	uint8_t protocol;
	const char *ports, *jump, *target;
};

/* 192.0.2.10/32; a network is no single address, and may contain ours. */
static bool is_other_address(const char *text, __be32 address)
{
	char copy[32];
	__be32 given;

	snprintf(copy, sizeof(copy), "%s", text);
	if (strchr(copy, '/') && strcmp(strchr(copy, '/'), "/32") != 0)
		return strncmp(copy, "127.", 4) == 0;
	copy[strcspn(copy, "/")] = '\0';
	return address_parse(copy, &given) && given != address;
}

/* iptables(8): a name that ends in + stands for all that begin so. */
static bool is_interface(const char *given, const char *nic)
{
	size_t length = strlen(given);

	if (length && given[length - 1] == '+')
		return strncmp(given, nic, length - 1) == 0;
	return strcmp(given, nic) == 0;
}

static uint8_t protocol_number(const char *name)
{
	if (strcmp(name, "tcp") == 0)
		return IPPROTO_TCP;
	return strcmp(name, "udp") == 0 ? IPPROTO_UDP : 0;
}

static void take_option(struct rule *rule, const struct services *services, const char *option,
			const char *value)
{
	if (strcmp(option, "-i") == 0)
		rule->elsewhere |= is_interface(value, services->nic) == rule->negated;
	else if (strcmp(option, "-d") == 0 && !rule->negated)
		rule->elsewhere |= is_other_address(value, services->address);
	else if (strcmp(option, "-p") == 0)
		rule->protocol = protocol_number(value);
	else if (strcmp(option, "--dport") == 0 || strcmp(option, "--dports") == 0)
		rule->ports = value;
	else if (strcmp(option, "-j") == 0)
		rule->jump = value;
	else if (strcmp(option, "--to-destination") == 0 || strcmp(option, "--to-ports") == 0)
		rule->target = value;
}

static void add_ports(struct services *services, const struct rule *rule, char *ports)
{
	char *part;

	while ((part = strsep(&ports, ","))) {
		char *colon = strchr(part, ':');
		unsigned long first, last;
		struct service *service;

		if (colon)
			*colon = '\0';
		if (!number_parse(part, 1, UINT16_MAX, &first) ||
		    !number_parse(colon ? colon + 1 : part, 1, UINT16_MAX, &last))
			continue;
		service = services_add(services, rule->protocol, (uint16_t)first, (uint16_t)last);
		if (service)
			snprintf(service->target, sizeof(service->target), "%s %s", rule->jump,
				 rule->target ? rule->target : "");
	}
}

void services_take_rule(struct services *services, char *line)
{
	struct rule rule = {};
	char *rest = line, *word, *option = NULL;
	char ports[256];

	while ((word = strsep(&rest, " "))) {
		if (strcmp(word, "!") == 0) {
			rule.negated = true;
		} else if (*word == '-') {
			option = word;
		} else if (option) {
			take_option(&rule, services, option, word);
			option = NULL;
			rule.negated = false;
		}
	}
	if (rule.elsewhere || !rule.protocol || !rule.ports || !rule.jump ||
	    (strcmp(rule.jump, "DNAT") != 0 && strcmp(rule.jump, "REDIRECT") != 0))
		return;
	snprintf(ports, sizeof(ports), "%s", rule.ports);
	add_ports(services, &rule, ports);
}
