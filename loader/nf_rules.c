// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "nf_rules.h"

#define DEPTH_MAX 16	/* net/netfilter/nf_tables_core.c: NFT_JUMP_STACK_SIZE */
/* Chains that jump to each other in many ways would be walked again and again. */
#define STEPS_MAX 100000

struct nf_chain *nf_chain_add(struct nf_rules *rules)
{
	struct nf_chain *chains;

	chains = reallocarray(rules->chains, rules->nr_chains + 1, sizeof(*chains));
	if (!chains)
		return NULL;
	rules->chains = chains;
	chains += rules->nr_chains++;
	memset(chains, 0, sizeof(*chains));
	return chains;
}

struct nf_rule *nf_rule_add(struct nf_rules *rules)
{
	struct nf_rule *list = reallocarray(rules->rules, rules->nr_rules + 1, sizeof(*list));

	if (!list)
		return NULL;
	rules->rules = list;
	list += rules->nr_rules++;
	memset(list, 0, sizeof(*list));
	return list;
}

void nf_rules_free(struct nf_rules *rules)
{
	for (size_t i = 0; i < rules->nr_rules; i++)
		free(rules->rules[i].text);
	free(rules->rules);
	free(rules->chains);
	memset(rules, 0, sizeof(*rules));
}

size_t nf_chain_find(const struct nf_rules *rules, const char *family, const char *table,
		     const char *name)
{
	size_t i;

	for (i = 0; i < rules->nr_chains; i++)
		if (strcmp(rules->chains[i].name, name) == 0 &&
		    strcmp(rules->chains[i].table, table) == 0 &&
		    strcmp(rules->chains[i].family, family) == 0)
			break;
	return i;
}

void nf_name(char name[NF_NAME_SIZE], const char *from)
{
	size_t length = strnlen(from, NF_NAME_SIZE - 1);

	memcpy(name, from, length);
	name[length] = '\0';
}

bool nf_same_device(const char *wanted, const char *dev)
{
	size_t length = strlen(wanted);

	if (!length)
		return true;
	if (wanted[length - 1] == '+' || wanted[length - 1] == '*')
		return strncmp(wanted, dev, length - 1) == 0;
	return strcmp(wanted, dev) == 0;
}

bool nf_rule_arrives(const struct nf_rule *rule, const char *in)
{
	return nf_same_device(rule->in, in) &&
	       !(*rule->not_in && nf_same_device(rule->not_in, in));
}

void nf_rule_add_ports(struct nf_rule *rule, unsigned long first, unsigned long last)
{
	if (!first || last < first || last > UINT16_MAX || rule->nr_ports == NF_PORTS_MAX) {
		rule->narrow = true;
		return;
	}
	rule->ports[rule->nr_ports++] = (struct nf_ports){ (uint16_t)first, (uint16_t)last };
}

static bool holds(const struct nf_rule *rule, const struct nf_packet *packet)
{
	return !rule->never && !rule->narrow && !rule->protocol && !rule->nr_ports &&
	       !rule->source_mask &&
	       nf_rule_arrives(rule, packet->in) && nf_same_device(rule->out, packet->out) &&
	       !((rule->destination ^ packet->destination) & rule->mask);
}

static bool has_port(const struct nf_rule *rule, uint16_t port)
{
	bool has = !rule->nr_ports;

	for (unsigned int i = 0; i < rule->nr_ports; i++)
		has |= rule->ports[i].first <= port && port <= rule->ports[i].last;
	return has;
}

bool nf_rule_covers(const struct nf_rule *rule, const char *in, uint8_t protocol, uint16_t port)
{
	return !rule->never && nf_rule_arrives(rule, in) &&
	       (!rule->protocol || rule->protocol == protocol) && has_port(rule, port);
}

struct walk {
	const struct nf_rules *rules;
	const struct nf_packet *packet;
	const struct nf_rule *by;
	unsigned int steps;
};

/* NF_CONTINUE: it came to the chain's end, or back from it. */
static enum nf_verdict walk_chain(struct walk *walk, size_t chain, unsigned int depth)
{
	const struct nf_rules *rules = walk->rules;
	const struct nf_chain *place = &rules->chains[chain];

	for (size_t i = 0; i < rules->nr_rules && walk->steps < STEPS_MAX; i++) {
		const struct nf_rule *rule = &rules->rules[i];
		enum nf_verdict verdict = rule->verdict;

		walk->steps++;
		if (rule->chain != chain || !holds(rule, walk->packet))
			continue;
		if (verdict == NF_RETURN)
			return NF_CONTINUE;
		if (verdict == NF_ACCEPT || verdict == NF_DROP || verdict == NF_REJECT) {
			walk->by = rule;
			return verdict;
		}
		if (verdict == NF_JUMP || verdict == NF_GOTO) {
			size_t next = nf_chain_find(rules, place->family, place->table,
						    rule->target);
			enum nf_verdict inner = NF_CONTINUE;

			if (next < rules->nr_chains && depth < DEPTH_MAX)
				inner = walk_chain(walk, next, depth + 1);
			if (inner != NF_CONTINUE || verdict == NF_GOTO)
				return inner;
		}
	}
	return NF_CONTINUE;
}

enum nf_verdict nf_judge(const struct nf_rules *rules, size_t chain, const struct nf_packet *packet,
			 const struct nf_rule **by)
{
	struct walk walk = { .rules = rules, .packet = packet };
	enum nf_verdict verdict = walk_chain(&walk, chain, 0);

	*by = walk.by;
	if (verdict != NF_CONTINUE)
		return verdict;
	return rules->chains[chain].drops ? NF_DROP : NF_ACCEPT;
}
