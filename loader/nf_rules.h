/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Netfilter's rules, as far as they concern what is forwarded or translated: read from `iptables -S` and from
 * `nft -j list ruleset` into the same form, and asked what becomes of a packet.
 */
#ifndef NESTWG_NF_RULES_H
#define NESTWG_NF_RULES_H

#include <linux/types.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* extensions/libxt_multiport.c: XT_MULTI_PORTS. Of more, in nft, the others are not known. */
#define NF_PORTS_MAX 15
#define NF_NAME_SIZE 64		/* longer names are cut off, and then belong to nobody */

enum nf_hook {
	NF_NOWHERE,		/* a chain of somebody's own: only by a jump */
	NF_PREROUTING,
	NF_FORWARD,
	NF_POSTROUTING,
};

enum nf_verdict {
	NF_CONTINUE,		/* none: a rule that counts, logs, marks, or is not understood */
	NF_ACCEPT,
	NF_DROP,
	NF_REJECT,
	NF_JUMP,
	NF_GOTO,
	NF_RETURN,
	NF_DNAT,
	NF_REDIRECT,
	NF_MASQUERADE,		/* SNAT too */
};

struct nf_chain {
	char family[8];		/* "ip" or "inet"; empty: iptables */
	char table[NF_NAME_SIZE];
	char name[NF_NAME_SIZE];
	enum nf_hook hook;
	bool drops;		/* its policy */
};

struct nf_ports {
	uint16_t first, last;
};

struct nf_rule {
	size_t chain;		/* index in nf_rules.chains */
	char *text;		/* the line, or nft's handle: what a command calls it by */
	char in[IFNAMSIZ], out[IFNAMSIZ];	/* empty: any; "eth+", "eth*": that begin so */
	char not_in[IFNAMSIZ];	/* empty: none is exempt */
	__be32 source, source_mask;		/* mask 0: any */
	__be32 destination, mask;
	uint8_t protocol;	/* 0: any */
	struct nf_ports ports[NF_PORTS_MAX];	/* destination's */
	unsigned int nr_ports;	/* 0: any */
	bool narrow;		/* it asks for more than the above */
	bool never;		/* it does not hold for the first packet of anything */
	enum nf_verdict verdict;
	char target[NF_NAME_SIZE];		/* of a jump; where DNAT and REDIRECT send it */
	__be32 to;		/* of DNAT; 0: unknown */
};

struct nf_rules {
	struct nf_chain *chains;
	size_t nr_chains;
	struct nf_rule *rules;
	size_t nr_rules;
};

/* What `iptables -t TABLE -S` printed; lines that cannot be read are left out. 0 or -ENOMEM. */
int nf_parse_iptables(const char *table, const char *text, struct nf_rules *rules);

/* What `nft -j list ruleset` printed. 0, -EBADMSG if it is no such thing, or -ENOMEM. */
int nf_parse_nft(const char *text, struct nf_rules *rules);

void nf_rules_free(struct nf_rules *rules);

/* For the parsers: NULL if there is no memory. Pointers are valid until the next one. */
struct nf_chain *nf_chain_add(struct nf_rules *rules);
struct nf_rule *nf_rule_add(struct nf_rules *rules);

/* One more range; it makes the rule narrow if there is no room, or if it is none. */
void nf_rule_add_ports(struct nf_rule *rule, unsigned long first, unsigned long last);

/* The index of a chain, nr_chains if there is none. */
size_t nf_chain_find(const struct nf_rules *rules, const char *family, const char *table,
		     const char *name);

/* Whether such a name, perhaps with a wildcard, stands for the interface. */
bool nf_same_device(const char *wanted, const char *dev);

/* Whether it may hold for what arrives on `in`. */
bool nf_rule_arrives(const struct nf_rule *rule, const char *in);

/* Whether a rule holds for what arrives on `in` for that port, as far as these can tell. */
bool nf_rule_covers(const struct nf_rule *rule, const char *in, uint8_t protocol, uint16_t port);

/* Copies a name; too long a one is cut off. */
void nf_name(char name[NF_NAME_SIZE], const char *from);

struct nf_packet {
	const char *in, *out;
	__be32 destination;
};

/*
 * What becomes of the first packet of a flow, of whatever protocol, in a base chain: NF_ACCEPT,
 * NF_DROP or NF_REJECT. `by` is the rule that says so, NULL for the policy. Rules that ask for more
 * than `packet` tells are passed over.
 */
enum nf_verdict nf_judge(const struct nf_rules *rules, size_t chain, const struct nf_packet *packet,
			 const struct nf_rule **by);

#endif /* NESTWG_NF_RULES_H */
