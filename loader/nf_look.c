// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nf_look.h"
#include "run.h"

enum variant {
	VARIANT_ABSENT,
	VARIANT_LEGACY,
	VARIANT_NFT,
};

struct looking {
	nf_look *look;
	void *data;
};

/* "iptables v1.8.9 (nf_tables)", "(legacy)", or before 1.8 nothing. */
static enum variant variant_of(const char *program)
{
	const char *const argv[] = { program, "--version", NULL };
	enum variant variant = VARIANT_ABSENT;
	char *output = NULL;

	if (run(argv, &output) == 0)
		variant = strstr(output, "nf_tables") ? VARIANT_NFT : VARIANT_LEGACY;
	free(output);
	return variant;
}

static bool legacy_is_used(void)
{
	FILE *file = fopen("/proc/net/ip_tables_names", "re");
	int first = file ? fgetc(file) : EOF;

	if (file)
		fclose(file);
	return first != EOF;
}

/* False if the program cannot be asked. */
static bool look_by_iptables(const struct looking *looking, const char *program)
{
	static const char *const tables[] = { "filter", "nat" };
	struct nf_rules rules = {};
	int status = 0;

	for (size_t i = 0; !status && i < sizeof(tables) / sizeof(tables[0]); i++) {
		const char *const argv[] = { program, "-t", tables[i], "-S", NULL };
		char *output = NULL;

		status = run(argv, &output);
		if (!status)
			status = nf_parse_iptables(tables[i], output, &rules);
		free(output);
	}
	if (!status)
		looking->look(program, &rules, looking->data);
	nf_rules_free(&rules);
	return !status;
}

/* The tables that iptables-nft makes are read better by itself: nft knows few of its extensions. */
static void drop_iptables(struct nf_rules *rules)
{
	for (size_t i = 0; i < rules->nr_chains; i++) {
		struct nf_chain *chain = &rules->chains[i];

		if (strcmp(chain->family, "ip") != 0 || (strcmp(chain->table, "filter") != 0 &&
							 strcmp(chain->table, "nat") != 0))
			continue;
		if (strcmp(chain->name, "FORWARD") == 0)
			chain->hook = NF_NOWHERE;
		for (size_t j = 0; j < rules->nr_rules; j++)
			if (rules->rules[j].chain == i && chain->name[0] >= 'A' &&
			    chain->name[0] <= 'Z')
				rules->rules[j].verdict = NF_CONTINUE;
	}
}

static bool look_by_nft(const struct looking *looking, bool without_iptables)
{
	const char *const argv[] = { "nft", "-j", "list", "ruleset", NULL };
	struct nf_rules rules = {};
	char *output = NULL;
	int status = run(argv, &output);

	if (!status)
		status = nf_parse_nft(output, &rules);
	free(output);
	if (!status) {
		if (without_iptables)
			drop_iptables(&rules);
		looking->look("nft", &rules, looking->data);
	}
	nf_rules_free(&rules);
	return !status;
}

struct nf_sight nf_look_at_all(nf_look *look, void *data)
{
	const struct looking looking = { look, data };
	struct nf_sight sight = { .legacy_is_used = legacy_is_used() };
	enum variant variant = variant_of("iptables");
	bool by_iptables_nft = false;

	/* Asking iptables-legacy would load its modules: only where something is in them. */
	if (variant == VARIANT_NFT) {
		by_iptables_nft = look_by_iptables(&looking, "iptables");
		sight.iptables = by_iptables_nft;
		if (sight.legacy_is_used)
			look_by_iptables(&looking, "iptables-legacy");
	} else if (variant == VARIANT_LEGACY) {
		sight.iptables = !sight.legacy_is_used || look_by_iptables(&looking, "iptables");
		by_iptables_nft = look_by_iptables(&looking, "iptables-nft");
	}
	sight.nft = look_by_nft(&looking, by_iptables_nft);
	return sight;
}
