// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ports that netfilter translates, such as those that Docker publishes (`userland-proxy: false`
 * leaves no socket that would listen). A rule whose conditions are not understood counts: better
 * one line too many.
 */
#include <netinet/in.h>
#include <stdio.h>

#include "nf_look.h"
#include "services.h"

static bool is_for(const struct services *services, const struct nf_rule *rule)
{
	return (rule->verdict == NF_DNAT || rule->verdict == NF_REDIRECT) && !rule->never &&
	       nf_rule_arrives(rule, services->nic) &&
	       !((rule->destination ^ services->address) & rule->mask);
}

static void add(struct services *services, const char *program, const struct nf_rule *rule,
		uint8_t protocol)
{
	if (rule->protocol && rule->protocol != protocol)
		return;
	for (unsigned int i = 0; i < rule->nr_ports; i++) {
		struct service *service = services_add(services, protocol, rule->ports[i].first,
						       rule->ports[i].last);

		if (service)
			snprintf(service->target, sizeof(service->target), "%s %s %s", program,
				 rule->verdict == NF_DNAT ? "DNAT" : "REDIRECT", rule->target);
	}
}

static void take_rules(const char *program, const struct nf_rules *rules, void *data)
{
	struct services *services = data;

	for (size_t i = 0; i < rules->nr_rules; i++) {
		if (!is_for(services, &rules->rules[i]))
			continue;
		add(services, program, &rules->rules[i], IPPROTO_TCP);
		add(services, program, &rules->rules[i], IPPROTO_UDP);
	}
}

void services_take_rules(struct services *services)
{
	nf_look_at_all(take_rules, services);
}
