// SPDX-License-Identifier: GPL-2.0-only
/* `iptables -S` and `nft -j list ruleset`, as they are and as garbage: what is read can be judged. */
#include "loader_fuzz.h"
#include "nf_rules.h"

static void check_rules(const struct nf_rules *rules)
{
	for (size_t i = 0; i < rules->nr_rules; i++) {
		const struct nf_rule *rule = &rules->rules[i];

		EXPECT(rule->text && rule->chain < rules->nr_chains);
		EXPECT(strlen(rule->in) < sizeof(rule->in) && strlen(rule->out) < sizeof(rule->out));
		EXPECT(strlen(rule->target) < sizeof(rule->target));
		EXPECT(rule->nr_ports <= NF_PORTS_MAX);
		for (unsigned int j = 0; j < rule->nr_ports; j++)
			EXPECT(rule->ports[j].first && rule->ports[j].first <= rule->ports[j].last);
		EXPECT(!nf_rule_covers(rule, "enp0s6", 17, 51820) || !rule->never);
	}
}

static void check_chains(const struct nf_rules *rules)
{
	const struct nf_packet packet = { "enp0s6", "wg0", 0x0212000a };

	for (size_t i = 0; i < rules->nr_chains; i++) {
		const struct nf_chain *chain = &rules->chains[i];
		enum nf_verdict verdict;
		const struct nf_rule *by;

		EXPECT(nf_chain_find(rules, chain->family, chain->table, chain->name) <= i);
		verdict = nf_judge(rules, i, &packet, &by);
		EXPECT(verdict == NF_ACCEPT || verdict == NF_DROP || verdict == NF_REJECT);
		EXPECT(by ? by->verdict == verdict && !by->narrow && !by->never :
			    verdict == (chain->drops ? NF_DROP : NF_ACCEPT));
	}
}

static void check(struct nf_rules *rules)
{
	check_rules(rules);
	check_chains(rules);
	nf_rules_free(rules);
	EXPECT(!rules->nr_rules && !rules->nr_chains);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);
	struct nf_rules rules = {};

	EXPECT(!nf_parse_iptables("filter", text, &rules));
	check(&rules);
	nf_parse_nft(text, &rules);
	check(&rules);
	free(text);
	return 0;
}
