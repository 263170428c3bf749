// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "nf_rules.h"

#define WORDS_MAX 128

struct words {
	char *text;		/* a copy of the line, cut into pieces */
	char *list[WORDS_MAX];
	size_t count, next;
};

/* xtables_save_string() in libxtables/xtables.c: "in quotes", \ before what is special. */
static char *unquote(char *from)
{
	char *to = from;

	for (from++; *from && *from != '"'; from++) {
		if (*from == '\\' && from[1])
			from++;
		*to++ = *from;
	}
	if (*from)
		from++;
	*to = '\0';
	return from;
}

static bool split(const char *line, size_t length, struct words *words)
{
	char *at;

	memset(words, 0, sizeof(*words));
	words->text = strndup(line, length);
	if (!words->text)
		return false;
	for (at = words->text; *at && words->count < WORDS_MAX;) {
		if (*at == ' ') {
			at++;
			continue;
		}
		words->list[words->count++] = at;
		if (*at == '"')
			at = unquote(at);
		else
			at += strcspn(at, " ");
		if (*at)
			*at++ = '\0';
	}
	return true;
}

/* The next word, or "" behind the last. */
static const char *take(struct words *words)
{
	return words->next < words->count ? words->list[words->next++] : "";
}

static enum nf_hook hook_of(const char *chain)
{
	if (strcmp(chain, "PREROUTING") == 0)
		return NF_PREROUTING;
	if (strcmp(chain, "FORWARD") == 0)
		return NF_FORWARD;
	return strcmp(chain, "POSTROUTING") == 0 ? NF_POSTROUTING : NF_NOWHERE;
}

static int add_chain(struct nf_rules *rules, const char *table, const char *name,
		     const char *policy)
{
	struct nf_chain *chain = nf_chain_add(rules);

	if (!chain)
		return -ENOMEM;
	nf_name(chain->table, table);
	nf_name(chain->name, name);
	chain->hook = hook_of(name);
	chain->drops = strcmp(policy, "DROP") == 0;
	return 0;
}

static void set_device(struct nf_rule *rule, char dev[IFNAMSIZ], const char *name)
{
	if (strlen(name) < IFNAMSIZ)
		strcpy(dev, name);
	else
		rule->narrow = true;
}

/* "10.0.18.2", "10.0.18.0/30" or "10.0.18.0/255.255.255.252" */
static bool parse_network(const char *text, __be32 *address, __be32 *mask)
{
	char part[INET_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	unsigned long bits;

	if (length >= sizeof(part))
		return false;
	memcpy(part, text, length);
	part[length] = '\0';
	*mask = UINT32_MAX;
	if (!address_parse(part, address))
		return false;
	if (!slash || address_parse(slash + 1, mask))
		return true;
	if (!number_parse(slash + 1, 0, 32, &bits))
		return false;
	*mask = bits ? htonl(UINT32_MAX << (32 - bits)) : 0;
	return true;
}

/* "80", "3000:3001", or a list of these */
static void add_ports(struct nf_rule *rule, const char *text)
{
	unsigned long first, last;
	char *end;

	for (;; text = end + 1) {
		first = strtoul(text, &end, 10);
		last = *end == ':' ? strtoul(end + 1, &end, 10) : first;
		nf_rule_add_ports(rule, first, last);
		if (*end != ',')
			break;
	}
	rule->narrow |= *end != '\0';
}

static void set_protocol(struct nf_rule *rule, const char *name)
{
	unsigned long number;

	if (strcmp(name, "tcp") == 0)
		rule->protocol = IPPROTO_TCP;
	else if (strcmp(name, "udp") == 0)
		rule->protocol = IPPROTO_UDP;
	else if (strcmp(name, "icmp") == 0)
		rule->protocol = IPPROTO_ICMP;
	else if (number_parse(name, 1, UINT8_MAX, &number))
		rule->protocol = (uint8_t)number;
	else if (strcmp(name, "all") != 0)
		rule->narrow = true;
}

static void set_target(struct nf_rule *rule, const char *name, enum nf_verdict otherwise)
{
	static const struct {
		const char *name;
		enum nf_verdict verdict;
	} targets[] = {
		{ "ACCEPT", NF_ACCEPT }, { "DROP", NF_DROP }, { "REJECT", NF_REJECT },
		{ "RETURN", NF_RETURN }, { "DNAT", NF_DNAT }, { "MASQUERADE", NF_MASQUERADE },
		{ "SNAT", NF_MASQUERADE }, { "REDIRECT", NF_REDIRECT },
	};

	/* Names of extensions (LOG, MARK) lead to no chain, and so to nothing. */
	rule->verdict = otherwise;
	nf_name(rule->target, name);
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (strcmp(name, targets[i].name) == 0) {
			rule->verdict = targets[i].verdict;
			rule->target[0] = '\0';
		}
}

/* "10.0.18.2", "10.0.18.2:25", "10.0.18.2-10.0.18.3" */
static void set_translation(struct nf_rule *rule, const char *text)
{
	char address[INET_ADDRSTRLEN];
	size_t length = strcspn(text, ":-");

	nf_name(rule->target, text);
	if (length >= sizeof(address))
		return;
	memcpy(address, text, length);
	address[length] = '\0';
	if (!address_parse(address, &rule->to))
		rule->to = 0;
}

/* These do not narrow anything, but bring words with them. */
static bool is_harmless(const char *word)
{
	return strcmp(word, "-m") == 0 || strcmp(word, "--comment") == 0 ||
	       strcmp(word, "--reject-with") == 0;
}

/* What does not hold leaves the rule open for all the rest: only of an interface it is kept. */
static void take_negated(struct nf_rule *rule, struct words *words)
{
	static const char *const with_value[] = { "-o", "-d", "-s", "-p", "--dport", "--dports" };
	const char *word = take(words);

	if (strcmp(word, "-i") == 0) {
		set_device(rule, rule->not_in, take(words));
		return;
	}
	rule->narrow = true;
	for (size_t i = 0; i < sizeof(with_value) / sizeof(with_value[0]); i++)
		if (strcmp(word, with_value[i]) == 0)
			take(words);
}

static void take_option(struct nf_rule *rule, struct words *words, const char *word)
{
	if (strcmp(word, "!") == 0)
		take_negated(rule, words);
	else if (strcmp(word, "-i") == 0)
		set_device(rule, rule->in, take(words));
	else if (strcmp(word, "-o") == 0)
		set_device(rule, rule->out, take(words));
	else if (strcmp(word, "-d") == 0)
		rule->narrow |= !parse_network(take(words), &rule->destination, &rule->mask);
	else if (strcmp(word, "-s") == 0)
		rule->narrow |= !parse_network(take(words), &rule->source, &rule->source_mask);
	else if (strcmp(word, "-p") == 0)
		set_protocol(rule, take(words));
	else if (strcmp(word, "--dport") == 0 || strcmp(word, "--dports") == 0)
		add_ports(rule, take(words));
	else if (strcmp(word, "--ctstate") == 0 || strcmp(word, "--state") == 0)
		rule->never |= !strstr(take(words), "NEW");
	else if (strcmp(word, "-j") == 0)
		set_target(rule, take(words), NF_JUMP);
	else if (strcmp(word, "-g") == 0)
		set_target(rule, take(words), NF_GOTO);
	else if (strcmp(word, "--to-destination") == 0)
		set_translation(rule, take(words));
	else if (strcmp(word, "--to-ports") == 0)
		nf_name(rule->target, take(words));
	else if (is_harmless(word))
		take(words);
	else
		rule->narrow = true;
}

static int add_rule(struct nf_rules *rules, const char *table, struct words *words, char *line)
{
	size_t chain = nf_chain_find(rules, "", table, take(words));
	struct nf_rule *rule;

	if (chain == rules->nr_chains) {
		free(line);
		return 0;
	}
	rule = nf_rule_add(rules);
	if (!rule) {
		free(line);
		return -ENOMEM;
	}
	rule->chain = chain;
	rule->text = line;
	while (words->next < words->count)
		take_option(rule, words, take(words));
	/* What could not be taken apart might say anything. */
	rule->narrow |= words->count == WORDS_MAX;
	return 0;
}

static int parse_line(struct nf_rules *rules, const char *table, const char *line, size_t length)
{
	struct words words;
	const char *first;
	int err = 0;

	if (!split(line, length, &words))
		return -ENOMEM;
	first = take(&words);
	if (strcmp(first, "-P") == 0 || strcmp(first, "-N") == 0) {
		const char *name = take(&words);

		err = add_chain(rules, table, name, take(&words));
	} else if (strcmp(first, "-A") == 0) {
		char *copy = strndup(line, length);

		err = copy ? add_rule(rules, table, &words, copy) : -ENOMEM;
	}
	free(words.text);
	return err;
}

int nf_parse_iptables(const char *table, const char *text, struct nf_rules *rules)
{
	int err = 0;

	while (!err && *text) {
		size_t length = strcspn(text, "\n");

		err = parse_line(rules, table, text, length);
		text += length;
		text += *text == '\n';
	}
	return err;
}
