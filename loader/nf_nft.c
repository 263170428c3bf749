// SPDX-License-Identifier: GPL-2.0-only
/* libnftables-json(5) */
#include <arpa/inet.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "nf_rules.h"

/* A member, or NULL if `object` is no object or has no such one. */
static struct json_object *get(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_is_type(object, json_type_object))
		return NULL;
	json_object_object_get_ex(object, key, &value);
	return value;
}

static bool has(struct json_object *object, const char *key)
{
	return json_object_is_type(object, json_type_object) &&
	       json_object_object_get_ex(object, key, NULL);
}

/* A string, or "" if it is none. */
static const char *text_of(struct json_object *value)
{
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

static bool text_is(struct json_object *value, const char *text)
{
	return strcmp(text_of(value), text) == 0;
}

static enum nf_hook hook_of(struct json_object *chain)
{
	if (text_is(get(chain, "hook"), "prerouting"))
		return NF_PREROUTING;
	if (text_is(get(chain, "hook"), "forward"))
		return NF_FORWARD;
	return text_is(get(chain, "hook"), "postrouting") ? NF_POSTROUTING : NF_NOWHERE;
}

static bool is_ipv4(struct json_object *object)
{
	return text_is(get(object, "family"), "ip") || text_is(get(object, "family"), "inet");
}

static int add_chain(struct nf_rules *rules, struct json_object *object)
{
	struct nf_chain *chain;

	if (!is_ipv4(object))
		return 0;
	chain = nf_chain_add(rules);
	if (!chain)
		return -ENOMEM;
	strncpy(chain->family, text_of(get(object, "family")), sizeof(chain->family) - 1);
	nf_name(chain->table, text_of(get(object, "table")));
	nf_name(chain->name, text_of(get(object, "name")));
	chain->hook = hook_of(object);
	chain->drops = text_is(get(object, "policy"), "drop");
	return 0;
}

static bool set_device(char dev[IFNAMSIZ], const char *name)
{
	if (!*name || strlen(name) >= IFNAMSIZ)
		return false;
	strcpy(dev, name);
	return true;
}

static bool parse_network(struct json_object *right, __be32 *address, __be32 *mask)
{
	struct json_object *prefix = get(right, "prefix");
	int length;

	*mask = UINT32_MAX;
	if (!prefix)
		return address_parse(text_of(right), address);
	length = json_object_get_int(get(prefix, "len"));
	if (length < 0 || length > 32)
		return false;
	*mask = length ? htonl(UINT32_MAX << (32 - length)) : 0;
	return address_parse(text_of(get(prefix, "addr")), address);
}

static void set_protocol(struct nf_rule *rule, const char *name)
{
	if (strcmp(name, "tcp") == 0)
		rule->protocol = IPPROTO_TCP;
	else if (strcmp(name, "udp") == 0)
		rule->protocol = IPPROTO_UDP;
}

static unsigned long number_of(struct json_object *value)
{
	int number = json_object_is_type(value, json_type_int) ? json_object_get_int(value) : 0;

	return number > 0 ? (unsigned long)number : 0;
}

/* 80, or {"range": [3000, 3001]} */
static void add_port(struct nf_rule *rule, struct json_object *value)
{
	struct json_object *range = get(value, "range");

	if (json_object_is_type(range, json_type_array) && json_object_array_length(range) == 2)
		nf_rule_add_ports(rule, number_of(json_object_array_get_idx(range, 0)),
				  number_of(json_object_array_get_idx(range, 1)));
	else
		nf_rule_add_ports(rule, number_of(value), number_of(value));
}

static void add_ports(struct nf_rule *rule, struct json_object *right)
{
	struct json_object *set = get(right, "set");

	if (!json_object_is_type(set, json_type_array)) {
		add_port(rule, right);
		return;
	}
	for (size_t i = 0; i < json_object_array_length(set); i++)
		add_port(rule, json_object_array_get_idx(set, i));
}

/* "new", or a list with it, is among the states. */
static bool has_new(struct json_object *right)
{
	struct json_object *list = has(right, "set") ? get(right, "set") : right;

	if (!json_object_is_type(list, json_type_array))
		return text_is(list, "new");
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (text_is(json_object_array_get_idx(list, i), "new"))
			return true;
	return false;
}

/* False: it asks for more than a rule here can say. */
static bool take_match(struct nf_rule *rule, struct json_object *match)
{
	struct json_object *left = get(match, "left"), *right = get(match, "right");
	struct json_object *payload = get(left, "payload");
	const char *key = text_of(get(get(left, "meta"), "key"));
	const char *field = text_of(get(payload, "field"));

	/* With one bit wanted of several, nft says "in". */
	if (text_is(get(get(left, "ct"), "key"), "state")) {
		rule->never |= !has_new(right);
		return text_is(get(match, "op"), "in") || text_is(get(match, "op"), "==");
	}
	if (strcmp(key, "iifname") == 0 && text_is(get(match, "op"), "!="))
		return set_device(rule->not_in, text_of(right));
	if (!text_is(get(match, "op"), "=="))
		return false;
	if (strcmp(key, "iifname") == 0 || strcmp(key, "iif") == 0)
		return set_device(rule->in, text_of(right));
	if (strcmp(key, "oifname") == 0 || strcmp(key, "oif") == 0)
		return set_device(rule->out, text_of(right));
	if (strcmp(field, "daddr") == 0 && text_is(get(payload, "protocol"), "ip"))
		return parse_network(right, &rule->destination, &rule->mask);
	if (strcmp(field, "saddr") == 0 && text_is(get(payload, "protocol"), "ip"))
		return parse_network(right, &rule->source, &rule->source_mask);
	if (strcmp(field, "dport") == 0) {
		set_protocol(rule, text_of(get(payload, "protocol")));
		add_ports(rule, right);
		return true;
	}
	if (strcmp(key, "l4proto") == 0 || strcmp(field, "protocol") == 0)
		set_protocol(rule, text_of(right));
	return rule->protocol;
}

static void take_translation(struct nf_rule *rule, struct json_object *dnat,
			     enum nf_verdict verdict)
{
	const char *address = text_of(get(dnat, "addr"));
	unsigned long port = number_of(get(dnat, "port"));

	rule->verdict = verdict;
	if (port)
		snprintf(rule->target, sizeof(rule->target), "%s%s%lu", address,
			 *address ? ":" : "", port);
	else
		nf_name(rule->target, address);
	if (!address_parse(address, &rule->to))
		rule->to = 0;
}

static void take_jump(struct nf_rule *rule, struct json_object *jump, enum nf_verdict verdict)
{
	rule->verdict = verdict;
	nf_name(rule->target, text_of(get(jump, "target")));
}

static void take_expression(struct nf_rule *rule, struct json_object *expression)
{
	if (has(expression, "match"))
		rule->narrow |= !take_match(rule, get(expression, "match"));
	else if (has(expression, "accept"))
		rule->verdict = NF_ACCEPT;
	else if (has(expression, "drop"))
		rule->verdict = NF_DROP;
	else if (has(expression, "reject"))
		rule->verdict = NF_REJECT;
	else if (has(expression, "return"))
		rule->verdict = NF_RETURN;
	else if (has(expression, "jump"))
		take_jump(rule, get(expression, "jump"), NF_JUMP);
	else if (has(expression, "goto"))
		take_jump(rule, get(expression, "goto"), NF_GOTO);
	else if (has(expression, "dnat"))
		take_translation(rule, get(expression, "dnat"), NF_DNAT);
	else if (has(expression, "redirect"))
		take_translation(rule, get(expression, "redirect"), NF_REDIRECT);
	else if (has(expression, "masquerade") || has(expression, "snat"))
		rule->verdict = NF_MASQUERADE;
	else if (!has(expression, "counter") && !has(expression, "log"))
		rule->narrow = true;
}

static int add_rule(struct nf_rules *rules, struct json_object *object)
{
	struct json_object *expressions = get(object, "expr");
	struct nf_rule *rule;
	size_t chain;

	chain = nf_chain_find(rules, text_of(get(object, "family")), text_of(get(object, "table")),
			      text_of(get(object, "chain")));
	if (chain == rules->nr_chains || !json_object_is_type(expressions, json_type_array))
		return 0;
	rule = nf_rule_add(rules);
	if (!rule)
		return -ENOMEM;
	rule->chain = chain;
	if (asprintf(&rule->text, "handle %lld",
		     (long long)json_object_get_int64(get(object, "handle"))) < 0) {
		rule->text = NULL;
		return -ENOMEM;
	}
	for (size_t i = 0; i < json_object_array_length(expressions); i++)
		take_expression(rule, json_object_array_get_idx(expressions, i));
	return 0;
}

/* nft lists all chains of a table before the first rule that is in one of them. */
static int parse_all(struct json_object *list, struct nf_rules *rules)
{
	int err = 0;

	for (size_t i = 0; !err && i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		if (has(item, "chain"))
			err = add_chain(rules, get(item, "chain"));
		else if (has(item, "rule"))
			err = add_rule(rules, get(item, "rule"));
	}
	return err;
}

int nf_parse_nft(const char *text, struct nf_rules *rules)
{
	struct json_object *all = json_tokener_parse(text);
	struct json_object *list = get(all, "nftables");
	int err = -EBADMSG;

	if (json_object_is_type(list, json_type_array))
		err = parse_all(list, rules);
	json_object_put(all);
	return err;
}
