// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of a firewall. What nestwg-xdp forwards never meets them, but for the slow path
 * (FORWARD) and for what stays on the gateway (PREROUTING, where the iptables set-up that came
 * before may have left its DNAT).
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "exclusions.h"
#include "format.h"
#include "nf_look.h"

/* One program's view. */
struct firewall {
	struct doctor *doctor;
	struct nf_rules rules;
	const char *program;	/* "iptables", "iptables-legacy", "nft", ... */
	bool translates;	/* it still sends something to the home */
};

#define COMMAND_SIZE 512

/* What iptables prints is fit for a shell, but for what a shell expands between double quotes. */
static void shell_words(const char *text, char command[COMMAND_SIZE])
{
	size_t used = 0;

	for (; *text && used < COMMAND_SIZE - 2; text++) {
		if (*text == '$' || *text == '`')
			command[used++] = '\\';
		command[used++] = *text;
	}
	command[used] = '\0';
}

static void mend_delete(const struct firewall *firewall, const struct nf_rule *rule)
{
	const struct nf_chain *chain = &firewall->rules.chains[rule->chain];
	char words[COMMAND_SIZE];

	if (*chain->family) {
		mend(firewall->doctor, "nft delete rule %s %s %s %s", chain->family, chain->table,
		     chain->name, rule->text);
		return;
	}
	/* "-A CHAIN ..." */
	shell_words(rule->text + strlen("-A"), words);
	mend(firewall->doctor, "%s -t %s -D%s", firewall->program, chain->table, words);
}

static void mend_forward(const struct firewall *firewall, const struct nf_chain *chain)
{
	const char *nic = firewall->doctor->name, *tunnel = firewall->doctor->tunnel.name;

	if (*chain->family)
		mend(firewall->doctor, "nft insert rule %s %s %s iifname %s oifname %s accept",
		     chain->family, chain->table, chain->name, nic, tunnel);
	else
		mend(firewall->doctor, "%s -I %s -i %s -o %s -j ACCEPT", firewall->program,
		     chain->name, nic, tunnel);
}

static bool has_chains_of(const struct nf_rules *rules, const char *prefix)
{
	for (size_t i = 0; i < rules->nr_chains; i++)
		if (strncmp(rules->chains[i].name, prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

static const char *owner(const struct nf_rules *rules)
{
	if (has_chains_of(rules, "ufw-"))
		return " (ufw)";
	return has_chains_of(rules, "DOCKER") ? " (Docker)" : "";
}

static void blocked(const struct firewall *firewall, const struct nf_chain *chain,
		    const struct nf_rule *by)
{
	struct doctor *doctor = firewall->doctor;
	unsigned long long packets = doctor_packets(doctor, NESTWG_FORWARDED_FRAGMENTED);

	found(doctor, packets ? SEVERITY_WARNING : SEVERITY_NOTE,
	      "%s: %s%s%s: %s%s keeps out packets that are larger than the tunnel's MTU and may be "
	      "fragmented (%llu so far); all others never meet it", firewall->program,
	      *chain->family ? chain->table : "", *chain->family ? " " : "", chain->name,
	      by ? by->text : "policy DROP", by ? "" : owner(&firewall->rules), packets);
	mend_forward(firewall, chain);
}

static void look_at_forward(const struct firewall *firewall)
{
	const struct doctor *doctor = firewall->doctor;
	const struct nf_packet packet = { doctor->name, doctor->tunnel.name, doctor->peer_address };
	const struct nf_rules *rules = &firewall->rules;

	for (size_t i = 0; doctor->tunnel.ifindex && i < rules->nr_chains; i++) {
		const struct nf_rule *by;

		if (rules->chains[i].hook == NF_FORWARD &&
		    nf_judge(rules, i, &packet, &by) != NF_ACCEPT)
			blocked(firewall, &rules->chains[i], by);
	}
}

/* Whether an earlier rule of its chain lets that port pass by. */
static bool is_shielded(const struct firewall *firewall, const struct nf_rule *rule,
			uint8_t protocol, uint16_t port)
{
	const struct nf_rule *earlier = firewall->rules.rules;

	for (; earlier < rule; earlier++)
		if (earlier->chain == rule->chain && !earlier->narrow && !earlier->source_mask &&
		    (earlier->verdict == NF_ACCEPT || earlier->verdict == NF_RETURN) &&
		    nf_rule_covers(earlier, firewall->doctor->name, protocol, port))
			return true;
	return false;
}

static bool steals(const struct firewall *firewall, const struct nf_rule *rule, uint8_t protocol,
		   uint16_t port)
{
	return exclusions_have(&firewall->doctor->report.state, protocol, port) &&
	       nf_rule_covers(rule, firewall->doctor->name, protocol, port) &&
	       !is_shielded(firewall, rule, protocol, port);
}

/* The first port that should stay on the gateway and does not; false if there is none. */
static bool find_stolen(const struct firewall *firewall, const struct nf_rule *rule,
			uint8_t *protocol, uint16_t *port)
{
	uint16_t tunnel = firewall->doctor->wg ? firewall->doctor->wg->listen_port : 0;

	*protocol = IPPROTO_UDP;
	*port = tunnel;
	if (tunnel && steals(firewall, rule, IPPROTO_UDP, tunnel))
		return true;
	for (unsigned int i = 1; i < NESTWG_PORTS; i++) {
		*port = (uint16_t)i;
		for (unsigned int udp = 0; udp < 2; udp++) {
			*protocol = udp ? IPPROTO_UDP : IPPROTO_TCP;
			if (steals(firewall, rule, *protocol, *port))
				return true;
		}
	}
	return false;
}

static void leftover_dnat(struct firewall *firewall, const struct nf_rule *rule)
{
	struct doctor *doctor = firewall->doctor;
	const struct nf_chain *chain = &firewall->rules.chains[rule->chain];
	const struct address_text to = address_text(rule->to);
	uint8_t protocol;
	uint16_t port;

	firewall->translates = true;
	if (!doctor_attached(doctor))
		found(doctor, SEVERITY_NOTE, "%s: a DNAT rule in %s forwards to %s; delete it when "
		      "nestwg-xdp is attached and does so", firewall->program, chain->name, to.s);
	else if (find_stolen(firewall, rule, &protocol, &port))
		found(doctor, SEVERITY_PROBLEM, "%s: a DNAT rule in %s sends to %s what stays on "
		      "the gateway, such as %u/%s", firewall->program, chain->name, to.s, port,
		      protocol == IPPROTO_UDP ? "udp" : "tcp");
	else
		found(doctor, SEVERITY_WARNING, "%s: a DNAT rule in %s to %s is useless: "
		      "nestwg-xdp forwards before it", firewall->program, chain->name, to.s);
	mend_delete(firewall, rule);
}

static bool is_leftover_dnat(const struct firewall *firewall, const struct nf_rule *rule)
{
	const struct doctor *doctor = firewall->doctor;

	return rule->verdict == NF_DNAT && rule->to && nf_rule_arrives(rule, doctor->name) &&
	       (rule->to == doctor->peer_address ||
		(doctor->wg && wg_device_peer(doctor->wg, rule->to)));
}

static void leftover_masquerade(const struct firewall *firewall, const struct nf_rule *rule)
{
	struct doctor *doctor = firewall->doctor;
	bool covers_peer = !((rule->source ^ doctor->peer_address) & rule->source_mask);

	if (rule->narrow || rule->never || rule->mask || !doctor->tunnel.ifindex)
		return;
	if (!rule->source_mask && nf_same_device(rule->out, doctor->tunnel.name)) {
		found(doctor, doctor_attached(doctor) ? SEVERITY_WARNING : SEVERITY_NOTE,
		      "%s: a MASQUERADE rule hides from the home who called, on the slow path, and "
		      "its answers go astray", firewall->program);
		mend_delete(firewall, rule);
	} else if (doctor_attached(doctor) && rule->source_mask && covers_peer &&
		   strcmp(rule->out, doctor->name) == 0 &&
		   !doctor_packets(doctor, NESTWG_HOME_OTHER_SOURCE)) {
		found(doctor, SEVERITY_NOTE, "%s: a MASQUERADE rule for the tunnel is useless: "
		      "nestwg-xdp gives what comes from the home the public address",
		      firewall->program);
		mend_delete(firewall, rule);
	}
}

/* The seed's set-up let its own ports pass by the DNAT rule: without that they do nothing. */
static bool is_idle_accept(const struct firewall *firewall, const struct nf_rule *rule)
{
	const struct nf_chain *chain = &firewall->rules.chains[rule->chain];

	return rule->verdict == NF_ACCEPT && chain->hook == NF_PREROUTING && !*chain->family &&
	       strcmp(chain->table, "nat") == 0 && strcmp(rule->in, firewall->doctor->name) == 0;
}

static void look_at_leftovers(struct firewall *firewall)
{
	const struct nf_rules *rules = &firewall->rules;

	for (size_t i = 0; i < rules->nr_rules; i++) {
		if (is_leftover_dnat(firewall, &rules->rules[i]))
			leftover_dnat(firewall, &rules->rules[i]);
		else if (rules->rules[i].verdict == NF_MASQUERADE)
			leftover_masquerade(firewall, &rules->rules[i]);
	}
	for (size_t i = 0; !firewall->translates && i < rules->nr_rules; i++) {
		if (!doctor_attached(firewall->doctor) ||
		    !is_idle_accept(firewall, &rules->rules[i]))
			continue;
		found(firewall->doctor, SEVERITY_NOTE, "%s: an ACCEPT rule in nat PREROUTING is "
		      "left from an iptables set-up", firewall->program);
		mend_delete(firewall, &rules->rules[i]);
	}
}

static void look(const char *program, const struct nf_rules *rules, void *doctor)
{
	struct firewall firewall = { .doctor = doctor, .rules = *rules, .program = program };

	look_at_forward(&firewall);
	look_at_leftovers(&firewall);
}

void check_netfilter(struct doctor *doctor)
{
	size_t before = doctor->findings.count;
	const struct nf_sight sight = nf_look_at_all(look, doctor);

	if (!sight.iptables && !sight.nft)
		found(doctor, SEVERITY_NOTE, "not looked at: neither iptables nor nft can be run");
	else if (!sight.nft)
		found(doctor, SEVERITY_NOTE, "not looked at: nft's rules (apt-get install nftables)"
		      "");
	else if (!sight.iptables && sight.legacy_is_used)
		found(doctor, SEVERITY_NOTE, "not looked at: iptables' rules (apt-get install "
		      "iptables)");
	if (doctor->findings.count == before)
		found(doctor, SEVERITY_OK, "no rule gets in the way");
}
